"""Where drawings are made with the models that are warm, and what is done when the memory ends; lives on the queue's thread."""

from __future__ import annotations

import dataclasses
import gc
import time
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path

from gemini_diffusion.catalogue import ImageModel
from gemini_diffusion.engines.diffusion.loading import load
from gemini_diffusion.engines.diffusion.packages import open_packages
from gemini_diffusion.engines.diffusion.pipeline import Asked, Drawn, Outcome, Pipeline
from gemini_diffusion.engines.diffusion.queue import Ticket
from gemini_diffusion.engines.diffusion.refining import open_refiner
from gemini_diffusion.engines.diffusion.worker import Together
from gemini_diffusion.engines.seed import new_seed
from gemini_diffusion.engines.translation import in_our_words
from gemini_diffusion.errors import GeminiDiffusionError, OutOfMemory
from gemini_diffusion.types import ImageRequest, ImageResult, StageFinished, StageStarted


@dataclass(frozen=True, slots=True)
class Commission:
    """One picture to draw with the model in `folder`, and with the one in `refiner` for its last steps where that is wanted."""

    request: ImageRequest
    entry: ImageModel
    folder: Path
    refiner: Path | None = None

    @property
    def party(self) -> str:
        return self.request.party

    @property
    def pixels(self) -> int:
        return self.request.width * self.request.height

    @property
    def kind(self) -> Hashable:
        """What has to be the same for two to be drawn in one go: everything but the words and the seed.

        An absent negative prompt is not an empty one, so both have one or neither has.
        """
        request = self.request
        alike = dataclasses.replace(request, prompt="", negative_prompt="", prompt_2="", seed=None, party="")
        return alike, bool(request.negative_prompt), bool(request.prompt_2), self.folder, self.refiner


Tickets = Sequence[Ticket[Commission, ImageResult]]


MOST_WARM = 3
"""Models kept in memory at once; the least recently used one goes first."""


class Bench:
    """Keeps the last models in memory."""

    def __init__(self) -> None:
        self._warm: dict[Path, Pipeline] = {}

    def draw(self, tickets: Tickets) -> None:
        """Load if need be, then draw what the tickets ask for in one go, and finish or fail each.

        Out of memory gives everything back, so that the next commission works, and what needs less is tried once.
        """
        try:
            return self._attempt(tickets)
        except OutOfMemory as error:
            lost = OutOfMemory(error.message, error.hint)  # the caught one holds the frames, and they what fills the memory
        others = len(self._warm) > 1
        self.release()
        if len(tickets) > 1:
            for ticket in tickets:
                self._alone(ticket)
        elif others:
            self._attempt(tickets)
        else:
            raise lost

    def release(self, least: int = 0) -> None:
        """Give the memory back, but for the models used last, `least` of them."""
        gone = list(self._warm)[: max(0, len(self._warm) - least)]
        torch = self._warm[gone[0]].packages.torch if gone else None
        for folder in gone:
            del self._warm[folder]
        gc.collect()
        if torch is not None and torch.cuda.is_available():
            torch.cuda.empty_cache()

    def _alone(self, ticket: Ticket[Commission, ImageResult]) -> None:
        """One of several that did not fit into the memory together."""
        if ticket.job.is_abandoned:
            return
        try:
            self.draw([ticket])
        except GeminiDiffusionError as error:
            ticket.fail(error)

    def _attempt(self, tickets: Tickets) -> None:
        commission, jobs = tickets[0].drawing, Together([ticket.job for ticket in tickets])
        requests = [ticket.drawing.request for ticket in tickets]
        seeds = [new_seed() if request.seed is None else request.seed for request in requests]
        with in_our_words(commission.entry.label):
            pipeline = self._open(commission, jobs)
            jobs.emit(StageStarted("drawing", f"Drawing with {commission.entry.label}"))
            started = time.monotonic()
            asked = [Asked(request, seed, ticket.job) for request, seed, ticket in zip(requests, seeds, tickets, strict=True)]
            outcomes = pipeline.draw(asked)
        seconds = time.monotonic() - started
        for ticket, seed, outcome in zip(tickets, seeds, outcomes, strict=True):
            _hand_over(ticket, outcome, _Made(seed, seconds, pipeline))

    def _open(self, commission: Commission, jobs: Together) -> Pipeline:
        """The warm pipeline; where it was put, and why, is the last word of loading it."""
        jobs.check()
        label, folder = commission.entry.label, commission.folder
        pipeline = self._warm.pop(folder, None)
        if pipeline is None:
            with jobs.stage("loading", f"Loading {label} into memory") as stage:
                self.release(MOST_WARM - 1)
                pipeline = load(folder, open_packages())
                stage.text = f"{label} is in memory: {pipeline.placement}"
        self._warm[folder] = pipeline
        if commission.refiner and pipeline.refiner is None:
            with jobs.stage("loading", "Loading the refiner into memory") as stage:
                refiner = open_refiner(commission.refiner, pipeline.base, pipeline.packages)
                stage.text = "The refiner is in memory"
            pipeline = self._warm[folder] = dataclasses.replace(pipeline, refiner=refiner)
        return pipeline


@dataclass(frozen=True, slots=True)
class _Made:
    """What a picture's account takes from the drawing; `seconds` of the whole go."""

    seed: int
    seconds: float
    pipeline: Pipeline


def _hand_over(ticket: Ticket[Commission, ImageResult], outcome: Outcome, made: _Made) -> None:
    """The picture to whoever waits for it, or why there is none."""
    if not isinstance(outcome, Drawn):
        return ticket.fail(outcome)
    request = ticket.drawing.request
    ticket.job.emit(StageFinished("drawing", f"Drew it, {request.num_inference_steps} steps", made.seconds))
    ticket.finish(
        ImageResult(
            image=outcome.image,
            request=request,
            seed=made.seed,
            engine="local",
            seconds=made.seconds,
            ignored=outcome.ignored,
            notices=outcome.notices,
            scheduler=outcome.scheduler,
            versions=made.pipeline.packages.versions,
        )
    )
    return None
