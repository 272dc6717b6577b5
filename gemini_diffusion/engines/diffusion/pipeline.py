"""A diffusers pipeline kept warm, and one drawing with it; runs on the worker's thread only and knows no event loop."""

from __future__ import annotations

import inspect
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gemini_diffusion.engines.diffusion import schedulers
from gemini_diffusion.engines.diffusion.decoding import decode
from gemini_diffusion.engines.diffusion.device import Placement, place
from gemini_diffusion.engines.diffusion.packages import Packages
from gemini_diffusion.engines.diffusion.shelf import index_of, variant_of, weights_bytes
from gemini_diffusion.engines.diffusion.worker import Job
from gemini_diffusion.errors import RequestRefused
from gemini_diffusion.types import ImageRequest, Progress

CLASSES = ("StableDiffusionXLPipeline", "StableDiffusionPipeline")
"""The pipelines whose latents decoding.py can decode."""


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

    @classmethod
    def load(cls, folder: Path, packages: Packages) -> Pipeline:
        """Load the model in `folder`: safetensors only, nothing fetched, no code of the model's run."""
        kind = index_of(folder).get("_class_name")
        if kind not in CLASSES:
            raise RequestRefused(f"A model of the kind {str(kind)[:60]} cannot be drawn with here.", "Choose another model.")
        placement = place(packages.torch, weights_bytes(folder))
        options: dict[str, Any] = {"add_watermarker": False} if kind == "StableDiffusionXLPipeline" else {}
        base = getattr(packages.diffusers, kind).from_pretrained(
            folder,
            dtype=getattr(packages.torch, placement.dtype),
            variant=variant_of(folder) or None,
            use_safetensors=True,
            local_files_only=True,
            **options,
        )
        base.to(placement.device)
        base.unet.to(memory_format=packages.torch.channels_last)
        if placement.dtype == "float16":
            base.vae.to(packages.torch.float32)  # SDXL's decoder overflows in float16: the cause of black pictures
        return cls(base, packages, placement)

    def draw(self, request: ImageRequest, seed: int, job: Job) -> Drawn:
        """One picture; `job` hears of each step and can stop it after any. The generator is on the CPU for one seed on all."""
        torch = self.packages.torch
        view = self._view(request.scheduler)
        with _threads(torch, self.placement.threads):
            latents = view(
                **self._arguments(view, request),
                generator=torch.Generator("cpu").manual_seed(seed),
                output_type="latent",
                callback_on_step_end=_Steps(job).after_step,
            ).images
            image, notices = decode(view, latents, torch)
        ignored = tuple(_ignored(view, request))
        return Drawn(image, schedulers.name_of(view.scheduler), ignored, (*self._cut(view, request), *notices))

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

    def _arguments(self, view: Any, request: ImageRequest) -> dict[str, Any]:
        arguments = {
            "prompt": request.prompt,
            "negative_prompt": request.negative_prompt or None,
            "width": request.width,
            "height": request.height,
            "num_inference_steps": request.num_inference_steps,
            "guidance_scale": request.guidance_scale,
        }
        if request.prompt_2 and _takes_prompt_2(view):
            arguments["prompt_2"] = request.prompt_2
        return arguments

    def _cut(self, view: Any, request: ImageRequest) -> list[str]:
        """A sentence for each text of which the encoder reads only the beginning."""
        texts = {"prompt": request.prompt, "negative prompt": request.negative_prompt}
        ends = {name: _left_out(view.tokenizer, text) for name, text in texts.items()}
        return [
            f'The end of the {name} did not fit the encoder and was left out: "{end}".' for name, end in ends.items() if end
        ]


@contextmanager
def _threads(torch: Any, wanted: int) -> Iterator[None]:
    """So many threads for one drawing, 0 for torch's own choice, which comes back for the next model."""
    before = torch.get_num_threads()
    torch.set_num_threads(wanted or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


class _Steps:
    """Tells of each step, and how long the rest will take by those already done."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._started = time.monotonic()
        self._first = 0.0

    def after_step(self, view: Any, step: int, timestep: Any, tensors: dict[str, Any]) -> dict[str, Any]:
        """diffusers' callback; `step` counts from 0. The first step includes the encoding, so it is not measured by."""
        self._job.check()
        now, total = time.monotonic(), view.num_timesteps
        self._first = self._first or now
        per_step = (now - self._first) / step if step else now - self._started
        self._job.emit(Progress("drawing", step + 1, total, "step", per_step * (total - step - 1)))
        return tensors


def _takes_prompt_2(view: Any) -> bool:
    return "prompt_2" in inspect.signature(view.__call__).parameters


def _ignored(view: Any, request: ImageRequest) -> list[str]:
    """Fields that had no effect: no second encoder, or guidance so low that the negative prompt is never looked at."""
    ignored = ["prompt_2"] if request.prompt_2 and not _takes_prompt_2(view) else []
    return [*ignored, "negative_prompt"] if request.negative_prompt and request.guidance_scale <= 1 else ignored


def _left_out(tokenizer: Any, text: str) -> str:
    """The words of `text` beyond the encoder's window, shortened where they are many."""
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    return textwrap.shorten(str(tokenizer.decode(ids[tokenizer.model_max_length - 2 :])), 160, placeholder=" ...")
