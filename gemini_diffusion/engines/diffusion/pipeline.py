"""A diffusers pipeline kept warm, and one drawing with it; runs on the worker's thread only and knows no event loop."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from gemini_diffusion.engines.diffusion import schedulers
from gemini_diffusion.engines.diffusion.conditioning import condition
from gemini_diffusion.engines.diffusion.decoding import decode
from gemini_diffusion.engines.diffusion.device import Placement
from gemini_diffusion.engines.diffusion.packages import Packages
from gemini_diffusion.engines.diffusion.steps import Steps
from gemini_diffusion.engines.diffusion.worker import Job
from gemini_diffusion.types import ImageRequest


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture and what has to be known of how it came about."""

    image: Any
    scheduler: str
    ignored: tuple[str, ...]
    notices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A loaded model: `base` is shared by all drawings and never called; each drawing gets a view of its own."""

    base: Any
    packages: Packages
    placement: Placement

    def draw(self, request: ImageRequest, seed: int, job: Job) -> Drawn:
        """One picture; `job` hears of each step and can stop it after any. The generator is on the CPU for one seed on all."""
        torch = self.packages.torch
        view = self._view(request.scheduler)
        with _threads(torch, self.placement.threads):
            conditioning = condition(view, request)
            latents = view(
                **conditioning.arguments,
                width=request.width,
                height=request.height,
                num_inference_steps=request.num_inference_steps,
                guidance_scale=request.guidance_scale,
                generator=torch.Generator("cpu").manual_seed(seed),
                output_type="latent",
                callback_on_step_end=Steps(job).after_step,
            ).images
            image, notices = decode(view, latents, torch)
        said = (*conditioning.notices, *notices)
        return Drawn(image, schedulers.name_of(view.scheduler), conditioning.ignored, said)

    def _view(self, scheduler: str) -> Any:
        """A pipeline that shares all weights with the base and has a scheduler and a state of its own."""
        kind, base = type(self.base), self.base
        switches = {
            name: base.config[name]
            for name in inspect.signature(kind.__init__).parameters
            if name in base.config and name not in base.components and isinstance(base.config[name], bool)
        }
        own = schedulers.fresh(self.packages.diffusers, scheduler, base.scheduler)
        if "add_watermarker" in inspect.signature(kind.__init__).parameters:
            switches["add_watermarker"] = False
        view = kind(**{**base.components, "scheduler": own}, **switches)
        view.set_progress_bar_config(disable=True)
        return view


@contextmanager
def _threads(torch: Any, wanted: int) -> Iterator[None]:
    """So many threads for one drawing, 0 for torch's own choice, which comes back for the next model."""
    before = torch.get_num_threads()
    torch.set_num_threads(wanted or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)
