"""A diffusers pipeline kept warm, and one drawing with it; runs on the queue's thread only and knows no event loop."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from gemini_diffusion.engines.diffusion import refining, schedulers
from gemini_diffusion.engines.diffusion.conditioning import Conditioning, condition
from gemini_diffusion.engines.diffusion.decoding import Overflowed, decode
from gemini_diffusion.engines.diffusion.device import Placement
from gemini_diffusion.engines.diffusion.packages import Packages
from gemini_diffusion.engines.diffusion.preview import Previews
from gemini_diffusion.engines.diffusion.steps import Steps, stoppable
from gemini_diffusion.engines.diffusion.tiling import seamless
from gemini_diffusion.engines.diffusion.view import parts_of, view_of
from gemini_diffusion.engines.diffusion.worker import Abandoned, Job, Together
from gemini_diffusion.errors import GeminiDiffusionError
from gemini_diffusion.types import ImageRequest

WIDENED = "The model's numbers overflowed in float16, so it was drawn again in bfloat16."
NOT_YET = ("image", "mask", "hd")
"""Fields of a request that are not honoured here."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One picture of a drawing, every number decided, and the job of whoever waits for it."""

    request: ImageRequest
    seed: int
    job: Job


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture and what has to be known of how it came about."""

    image: Any
    scheduler: str
    ignored: tuple[str, ...]
    notices: tuple[str, ...]

    def after(self, notice: str) -> Drawn:
        """The same picture, with one thing more to know."""
        return dataclasses.replace(self, notices=(notice, *self.notices))


Outcome = Drawn | GeminiDiffusionError | Abandoned


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A loaded model: `base` is shared by all drawings and never called; each drawing gets a view of its own.

    `refiner` is the diffusers pipeline that goes on after it where a request wants that, None while none is loaded. The last
    `clip_skip` layers of the base's encoder are left out.
    """

    base: Any
    packages: Packages
    placement: Placement
    refiner: Any = None
    clip_skip: int = 0

    def draw(self, asked: Sequence[Asked]) -> list[Outcome]:
        """One picture for each, in one go: their requests differ in words and seeds only. Each fails or is stopped by itself.

        A picture is the one that would come of it alone. Generators are on the CPU, for one seed on all devices. Raises
        Abandoned when nobody waits any more, and what concerns all of them, like too little memory.
        """
        outcomes = self._draw(asked)
        lost = [place for place, outcome in enumerate(outcomes) if isinstance(outcome, Overflowed)]
        if lost and self._widened():
            for place, again in zip(lost, self._draw([asked[place] for place in lost]), strict=True):
                outcomes[place] = again.after(WIDENED) if isinstance(again, Drawn) else again
        return outcomes

    def _draw(self, asked: Sequence[Asked]) -> list[Outcome]:
        """Conditioning, sampling, decoding."""
        torch, request = self.packages.torch, asked[0].request
        outcomes: dict[int, Outcome] = {}
        with (
            _threads(torch, self.placement.threads),
            stoppable(self._parts(), Together([one.job for one in asked]).check),
            seamless(self._parts(), torch, request.tile),
        ):
            views = self._views(request)
            texts = [[self._condition(view, one.request) for view in views] for one in asked]
            for places in _alike(texts):
                latents = self._sample(views, [asked[place] for place in places], [texts[place] for place in places])
                for row, place in enumerate(places):
                    outcomes[place] = self._finish(views, asked[place], latents[row : row + 1], texts[place][0])
        return [outcomes[place] for place in range(len(asked))]

    def _condition(self, view: Any, request: ImageRequest) -> Conditioning:
        return condition(view, request, clip_skip=self.clip_skip if type(view) is type(self.base) else 0)

    def _views(self, request: ImageRequest) -> list[Any]:
        """The base's view for this drawing, and the refiner's where it has steps to make; they follow one schedule."""
        scheduler = schedulers.fresh(self.packages.diffusers, request.scheduler, self.base.scheduler)
        views = [view_of(self.base, scheduler)]
        if self.refiner is not None and refining.steps_left(scheduler, request):
            views.append(view_of(self.refiner, type(scheduler).from_config(scheduler.config)))
        return views

    def _sample(self, views: Sequence[Any], asked: Sequence[Asked], texts: Sequence[Sequence[Conditioning]]) -> Any:
        """Latents [pictures, channels, height / 8, width / 8]: the base's, and the refiner's after them."""
        torch, request = self.packages.torch, asked[0].request
        words = [_merged(column, torch) for column in zip(*texts, strict=True)]
        jobs, previews = Together([one.job for one in asked]), Previews(torch, views)
        later = refining.steps_left(views[0].scheduler, request) if len(views) > 1 else 0
        options: dict[str, Any] = {
            "num_inference_steps": request.num_inference_steps,
            "guidance_scale": request.guidance_scale,
            "generator": [torch.Generator("cpu").manual_seed(one.seed) for one in asked],
            "output_type": "latent",
            "callback_on_step_end": Steps(jobs, previews, later).after_step,
        }
        size = {"width": request.width, "height": request.height}
        if not later:
            return views[0](**words[0], **size, **options).images
        latents = views[0](**words[0], **size, **options, denoising_end=request.refine).images
        return views[1](**words[1], **options, image=latents, denoising_start=request.refine).images

    def _finish(self, views: Sequence[Any], one: Asked, latents: Any, text: Conditioning) -> Outcome:
        """The picture of one's latents; whoever left meanwhile is not decoded for."""
        request = one.request
        try:
            one.job.check()
            with stoppable([self.base.vae], one.job.check):
                image, notices = decode(views[0], latents, self.packages.torch, request.tile)
        except (GeminiDiffusionError, Abandoned) as error:
            return error
        ignored = [name for name in NOT_YET if getattr(request, name)]
        if request.refine < 1 and len(views) == 1:
            ignored.append("refine")
        scheduler = schedulers.name_of(views[0].scheduler)
        return Drawn(image, scheduler, (*text.ignored, *ignored), (*text.notices, *notices))

    def _parts(self) -> list[Any]:
        """Every network of the model, each once."""
        pipelines = (self.base, self.refiner) if self.refiner else (self.base,)
        return list({id(part): part for pipeline in pipelines for part in parts_of(pipeline)}.values())

    def _widened(self) -> bool:
        """Whether the networks could be changed to numbers with the same size and a larger range; they stay so."""
        torch, unet = self.packages.torch, self.base.unet
        if unet.dtype != torch.float16 or unet.device.type == "meta":  # its layers come from elsewhere one by one
            return False
        for part in self._parts():
            if part is not self.base.vae:  # decoding has its own remedy
                part.to(torch.bfloat16)
        return True


def _alike(texts: Sequence[Sequence[Conditioning]]) -> list[list[int]]:
    """Places that can be sampled in one go: long prompts and weighted ones come as embeddings, of different lengths."""
    groups: dict[Any, list[int]] = {}
    for place, stages in enumerate(texts):
        values = [item for text in stages for item in text.arguments.items()]
        shapes = tuple((name, getattr(value, "shape", type(value))) for name, value in values)
        groups.setdefault(shapes, []).append(place)
    return list(groups.values())


def _merged(texts: Sequence[Conditioning], torch: Any) -> dict[str, Any]:
    """The arguments of several drawings as those of one: a list of texts, the rows of a tensor, or None for all."""

    def merged(values: list[Any]) -> Any:
        if torch.is_tensor(values[0]):
            return torch.cat(values)
        return None if values[0] is None else values

    return {name: merged([text.arguments[name] for text in texts]) for name in texts[0].arguments}


@contextmanager
def _threads(torch: Any, wanted: int) -> Iterator[None]:
    """So many threads for one drawing, 0 for torch's own choice, which comes back for the next model."""
    before = torch.get_num_threads()
    torch.set_num_threads(wanted or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)
