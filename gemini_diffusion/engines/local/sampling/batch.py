"""One drawing of pictures alike but for words and seed: sampled together, decoded one by one; loads nothing."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gemini_diffusion.engines.local.sampling import inpaint, schedulers
from gemini_diffusion.engines.local.sampling.callbacks import StepCallbacks, stoppable
from gemini_diffusion.engines.local.sampling.conditioning import Conditioning
from gemini_diffusion.engines.local.sampling.decode import BLACK, decode
from gemini_diffusion.engines.local.sampling.encode import encode
from gemini_diffusion.engines.local.sampling.init_image import InitImage
from gemini_diffusion.engines.local.sampling.sampling import Models, SamplingRun, Segment, Start
from gemini_diffusion.engines.local.sampling.seamless import seamless
from gemini_diffusion.engines.local.sampling.tiles import enlarged_size
from gemini_diffusion.engines.worker import JobCancelled, WorkerJob
from gemini_diffusion.types import ImageRequest
from gemini_diffusion.types.errors import GeminiDiffusionError

NEAR = 0.35
"""Up to this strength a large picture of an attached one is that one, enlarged; with more it is drawn from it first."""
ONE_STEP = "At strength {strength:g} not even one of the steps would be made, so one was."


@dataclass(frozen=True, slots=True)
class BatchItem:
    """One picture of a drawing, every number decided, the job of whoever waits for it, and what it begins from."""

    request: ImageRequest
    seed: int
    job: WorkerJob
    init_image: InitImage | None = None

    @property
    def size(self) -> tuple[int, int]:
        """What is drawn."""
        return self.request.width, self.request.height

    @property
    def large(self) -> tuple[int, int] | None:
        """What it is then enlarged to, None where that is not asked for or there is nothing to gain."""
        large = enlarged_size(*self.size)
        return large if self.request.hd and large != self.size else None

    @property
    def strength(self) -> float | None:
        """How far the drawing moves from the picture it begins from; None where there is none or nothing of it stays."""
        return self.request.strength if self.init_image and self.request.strength < 1 else None

    @property
    def is_drawn_already(self) -> bool:
        """Whether the picture it begins from is the very one to be enlarged."""
        is_whole = self.init_image is not None and self.init_image.mask is None
        return is_whole and self.large is not None and self.request.strength <= NEAR


@dataclass(frozen=True, slots=True)
class DrawnImage:
    """A picture and what has to be known of how it came about; `steps` are those really made."""

    image: Any
    scheduler: str
    ignored: tuple[str, ...]
    notices: tuple[str, ...]
    steps: int = 0

    def after(self, notice: str) -> DrawnImage:
        """The same picture, with one thing more to know."""
        return dataclasses.replace(self, notices=(notice, *self.notices))


Outcome = DrawnImage | GeminiDiffusionError | JobCancelled


@dataclass(frozen=True, slots=True)
class Batch:
    """Pictures that the same `segments` draw in one go; `texts` are the words of each for each segment."""

    models: Models
    segments: Sequence[Segment]
    asked: Sequence[BatchItem]
    texts: Sequence[Sequence[Conditioning]]

    def outcomes(self, steps: StepCallbacks, later: int = 0) -> list[Outcome]:
        """For each its picture, or why there is none; `later` steps of the same drawing follow.

        Raises what concerns all of them.
        """
        first = self.asked[0]
        if first.is_drawn_already:
            return [self._attached_image(one, texts[0]) for one, texts in zip(self.asked, self.texts, strict=True)]
        init_image = first.init_image and first.init_image.at(*first.size)
        packages = self.models.packages
        with seamless([segment.view.unet for segment in self.segments], packages.torch, first.request.tile):
            sampling_run = SamplingRun(self.segments, self._start(init_image), later)
            latents = sampling_run.run([one.seed for one in self.asked], self.texts, steps, packages)
        return [self._finish(place, latents[place : place + 1], init_image) for place in range(len(self.asked))]

    def _start(self, init_image: InitImage | None) -> Start:
        """The latents of the picture it begins from, where something of that stays."""
        torch = self.models.packages.torch
        if init_image is None or (init_image.mask is None and self.asked[0].strength is None):
            return Start()
        latents = encode(self.models.base.vae, init_image.picture, torch)
        if init_image.mask is None:
            return Start(latents)
        return Start(latents, inpaint.mask_to_latents(inpaint.soften_mask(init_image.mask), latents, torch))

    def _finish(self, place: int, latents: Any, init_image: InitImage | None) -> Outcome:
        """The picture of one's latents; whoever left meanwhile is not decoded for."""
        one, view = self.asked[place], self.segments[0].view
        try:
            one.job.check()
            with stoppable([view.vae], one.job.check):
                image, notices = decode(view, latents, self.models.packages.torch, one.request.tile)
        except (GeminiDiffusionError, JobCancelled) as error:
            return error
        if init_image and init_image.mask:
            notices = tuple(notice for notice in notices if notice != BLACK)  # only a part of it would be
            image = inpaint.paste_unmasked(image, init_image.picture, inpaint.soften_mask(init_image.mask))
        steps, strength = one.request.num_inference_steps, one.strength
        if strength is not None and int(steps * strength + 1e-6) < 1:
            notices = (*notices, ONE_STEP.format(strength=strength))
        return self._drawn_image(one, self.texts[place][0], image, notices)

    def _attached_image(self, one: BatchItem, text: Conditioning) -> DrawnImage:
        """The attached picture itself, in the size that it is enlarged to."""
        assert one.init_image and one.large
        return self._drawn_image(one, text, one.init_image.at(*one.large).picture, ())

    def _drawn_image(self, one: BatchItem, text: Conditioning, image: Any, notices: tuple[str, ...]) -> DrawnImage:
        """The picture and what of its request had no effect."""
        request = one.request
        ignored = ["refine"] if request.refine < 1 and not any(segment.refines for segment in self.segments) else []
        ignored += ["hd"] if request.hd and one.large is None else []
        scheduler = schedulers.scheduler_name(self.segments[0].view.scheduler)
        return DrawnImage(image, scheduler, (*text.ignored, *ignored), (*text.notices, *notices))
