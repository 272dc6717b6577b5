"""Where drawings are made one after the other with the model that is warm; lives on the worker's thread."""

from __future__ import annotations

import gc
import time
from dataclasses import dataclass
from pathlib import Path

from gemini_diffusion.catalogue import ImageModel
from gemini_diffusion.engines.diffusion.loading import load
from gemini_diffusion.engines.diffusion.packages import open_packages
from gemini_diffusion.engines.diffusion.pipeline import Pipeline
from gemini_diffusion.engines.diffusion.worker import Job
from gemini_diffusion.engines.seed import new_seed
from gemini_diffusion.engines.translation import in_our_words
from gemini_diffusion.errors import OutOfMemory
from gemini_diffusion.types import ImageRequest, ImageResult


@dataclass(frozen=True, slots=True)
class Commission:
    """One picture to draw with the model in `folder`."""

    request: ImageRequest
    entry: ImageModel
    folder: Path


class Bench:
    """Keeps the last-used model in memory; another one takes its place."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._pipeline: Pipeline | None = None

    def draw(self, job: Job, commission: Commission) -> ImageResult:
        """Load if need be, then draw. Out of memory gives everything back, so that the next commission works."""
        try:
            with in_our_words(commission.entry.label):
                return self._draw(job, commission)
        except OutOfMemory:
            self.release()
            raise

    def release(self) -> None:
        """Give the memory back."""
        gone, self._pipeline, self._folder = self._pipeline, None, None
        if gone is None:
            return
        torch = gone.packages.torch
        del gone
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def _draw(self, job: Job, commission: Commission) -> ImageResult:
        request, label = commission.request, commission.entry.label
        pipeline = self._open(job, commission)
        seed = new_seed() if request.seed is None else request.seed
        with job.stage("drawing", f"Drawing with {label}") as stage:
            started = time.monotonic()
            drawn = pipeline.draw(request, seed, job)
            seconds = time.monotonic() - started
            stage.text = f"Drew it, {request.num_inference_steps} steps"
        return ImageResult(
            image=drawn.image,
            request=request,
            seed=seed,
            engine="local",
            seconds=seconds,
            ignored=drawn.ignored,
            notices=drawn.notices,
            scheduler=drawn.scheduler,
            versions=pipeline.packages.versions,
        )

    def _open(self, job: Job, commission: Commission) -> Pipeline:
        """The warm pipeline; where it was put, and why, is the last word of loading it."""
        if self._pipeline is not None and self._folder == commission.folder:
            return self._pipeline
        label = commission.entry.label
        with job.stage("loading", f"Loading {label} into memory") as stage:
            self.release()
            self._pipeline = load(commission.folder, open_packages())
            self._folder = commission.folder
            stage.text = f"{label} is in memory: {self._pipeline.placement}"
        return self._pipeline
