"""Where drawings are made with the models that are warm, and what is done when memory runs out; lives on the queue's thread."""

from __future__ import annotations

import gc
import time
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from gemini_diffusion.engines.downloads.model_store import ALONE, ModelParts, weights_bytes
from gemini_diffusion.engines.error_map import translate_error
from gemini_diffusion.engines.local.adapters.adapter_files import AdapterFile, short_hash
from gemini_diffusion.engines.local.adapters.apply import AppliedAdapters
from gemini_diffusion.engines.local.drawing_queue import Ticket
from gemini_diffusion.engines.local.eta import DurationEstimator, WorkSize
from gemini_diffusion.engines.local.loading.device import PeakMemory, measure, place
from gemini_diffusion.engines.local.loading.loader import count_weights, interruptible, load_pipeline
from gemini_diffusion.engines.local.loading.memory_plan import MemoryPlan, fits_beside, plan_memory
from gemini_diffusion.engines.local.pipeline import Outcome, Pipeline
from gemini_diffusion.engines.local.sampling.batch import BatchItem, DrawnImage
from gemini_diffusion.engines.local.sampling.decode import LatentsOverflowed
from gemini_diffusion.engines.local.sampling.init_image import InitImage
from gemini_diffusion.engines.local.sampling.refiner import open_refiner
from gemini_diffusion.engines.models import ImageModel
from gemini_diffusion.engines.seed import new_seed
from gemini_diffusion.engines.torch_imports import TorchImports, import_torch
from gemini_diffusion.engines.worker import CancellableJob, JobCancelled, JoinedJob, UnwatchedJob
from gemini_diffusion.types import ImageRequest, ImageResult, StageFinished, StageStarted
from gemini_diffusion.types.errors import BadAnswer, GeminiDiffusionError, OutOfMemory


@dataclass(frozen=True, slots=True)
class DrawCommand:
    """One picture to draw with the model in `folder` (or file) and the `parts` that belong to it.

    `refiner` is the folder of the model that makes the last steps, if any. `adapters` are drawn with at their strengths.
    `init_image` is the picture it begins from, if any. `notices` are what a person should read of how it was understood.
    """

    request: ImageRequest
    entry: ImageModel
    folder: Path
    refiner: Path | None = None
    parts: ModelParts = ALONE
    adapters: tuple[tuple[AdapterFile, float], ...] = ()
    init_image: InitImage | None = None
    notices: tuple[str, ...] = ()

    @property
    def party(self) -> str:
        return self.request.party

    @property
    def pixels(self) -> int:
        return self.request.width * self.request.height

    @property
    def most_pixels(self) -> int:
        """Of this picture and of all that the model is usually asked for, so that it is not loaded anew for another shape."""
        return max([self.pixels, *(width * height for width, height in self.entry.sizes)])

    @property
    def key(self) -> Hashable:
        """The model by what it is and where it lies: entries of one folder may load it with different parts."""
        return self.entry, self.folder

    @property
    def kind(self) -> Hashable:
        """What has to be the same for two to be drawn in one go: everything but the words and the seed.

        An absent negative prompt is not an empty one, so both have one or neither has. Large pictures are drawn one by one:
        their tiles are, and together they would only wait for each other.
        """
        request = self.request
        if request.hd:
            return id(self)
        alike = replace(request, prompt="", negative_prompt="", prompt_2="", seed=None, party="")
        given = bool(request.negative_prompt), bool(request.prompt_2)
        return alike, given, self.folder, self.refiner, self.parts, self.adapters


Tickets = Sequence[Ticket[DrawCommand, ImageResult]]
MOST_WARM = 3
"""Models kept in memory at once; where fewer fit, fewer stay. The least recently used one goes first."""


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A model in memory, put there by `plan` for pictures of at most so many `pixels`."""

    pipeline: Pipeline
    plan: MemoryPlan
    pixels: int
    adapters: AppliedAdapters


class ModelCache:
    """Keeps the last models in memory, and in `durations` how long drawing takes."""

    def __init__(self, durations: DurationEstimator) -> None:
        self._durations = durations
        self._warm: dict[Hashable, LoadedModel] = {}
        self._tried: MemoryPlan | None = None

    def draw(self, tickets: Tickets) -> None:
        """Load if need be, then draw what the tickets ask for in one go, and finish or fail each.

        Out of memory gives everything back, so that the next commission works, and what needs less is tried: several one by
        one; one without other models beside it, and at last by the next cheaper plan.
        """
        lost = self._lost(tickets)
        if lost is None:
            return
        crowded = any(key != tickets[0].drawing.key for key in self._warm)
        cheaper = self._tried and self._tried.cheaper()
        self.release()
        if len(tickets) > 1:
            for ticket in tickets:
                self._alone(ticket)
            return
        for plan in (*((None,) if crowded else ()), *((cheaper,) if cheaper else ())):
            if self._lost(tickets, plan) is None:
                return
            self.release()
        raise lost

    def is_warm(self, entry: ImageModel) -> bool:
        """Whether a model is in memory, as far as another thread can tell."""
        return any(isinstance(key, tuple) and key[0] == entry for key in list(self._warm))

    def load(self, command: DrawCommand) -> None:
        """Load the model of a drawing that may come. Raises errors of errors.py."""
        with translate_error(command.entry.label):
            self._open(command, UnwatchedJob(), None)

    def _lost(self, tickets: Tickets, stepped_down: MemoryPlan | None = None) -> OutOfMemory | None:
        """Why an attempt lacked memory; not the error itself, for it holds the frames, and they the memory."""
        try:
            self._attempt(tickets, stepped_down)
        except OutOfMemory as error:
            return OutOfMemory(error.message, error.hint)
        return None

    def release(self, kept: int = 0) -> None:
        """Give the memory back, but for the `kept` models that were used last."""
        gone = [self._warm.pop(key) for key in list(self._warm)[: max(0, len(self._warm) - kept)]]
        torch = gone[0].pipeline.packages.torch if gone else None
        gone.clear()
        gc.collect()
        if torch is not None and torch.cuda.is_available():
            torch.cuda.empty_cache()

    def _alone(self, ticket: Ticket[DrawCommand, ImageResult]) -> None:
        """One of several that did not fit into the memory together."""
        if ticket.job.is_cancelled:
            return
        try:
            self.draw([ticket])
        except (GeminiDiffusionError, JobCancelled) as error:  # the others are still waited for
            ticket.fail(error)

    def _attempt(self, tickets: Tickets, stepped_down: MemoryPlan | None) -> None:
        """One way of drawing them: by a plan that was `stepped_down` to, else by the best there is."""
        command, jobs = tickets[0].drawing, JoinedJob([ticket.job for ticket in tickets])
        seeds = [new_seed() if (seed := ticket.drawing.request.seed) is None else seed for ticket in tickets]
        with translate_error(command.entry.label):
            warm = self._open(command, jobs, stepped_down)
            work = _work_size(command, warm, len(tickets))
            about = self._durations.about(work) if work else ""
            jobs.emit(StageStarted("drawing", f"Drawing with {command.entry.label}{about}"))
            started = time.monotonic()
            width, height = warm.plan.size(command.request.width, command.request.height)
            asked = [
                BatchItem(
                    replace(ticket.drawing.request, width=width, height=height), seed, ticket.job, ticket.drawing.init_image
                )
                for ticket, seed in zip(tickets, seeds, strict=True)
            ]
            peak = PeakMemory(warm.pipeline.packages.torch, warm.pipeline.placement.device)
            with warm.adapters.applied(command.adapters):
                outcomes, memory = warm.pipeline.draw(asked), peak.taken()
        made = _DrawingStats(time.monotonic() - started, warm, bool(stepped_down), memory)
        for ticket, seed, outcome in zip(tickets, seeds, outcomes, strict=True):
            _hand_over(ticket, seed, outcome, made)
        if work and all(isinstance(outcome, DrawnImage) for outcome in outcomes):
            self._durations.learn(work, made.seconds)

    def _open(self, command: DrawCommand, jobs: CancellableJob, plan: MemoryPlan | None) -> LoadedModel:
        """The warm model; where it was put, and why, is the last word of loading it."""
        jobs.check()
        label, key, self._tried = command.entry.label, command.key, None
        warm = self._warm.pop(key, None)
        if warm is None or not _fits_warm_model(warm, command):
            warm = None  # and nothing else holds it
            with jobs.stage("loading", f"Loading {label} into memory") as stage:
                started, packages = time.monotonic(), import_torch()
                self._tried = plan or self._plan(command, packages)
                with interruptible(packages.torch, jobs.check):
                    pipeline = load_pipeline(command.folder, packages, self._tried, command.parts)
                pipeline = replace(pipeline, clip_skip=command.entry.clip_skip)
                warm = LoadedModel(pipeline, self._tried, command.most_pixels, AppliedAdapters(pipeline.base, packages.torch))
                self._durations.learn_loading(command.entry.id, time.monotonic() - started)
                stage.text = f"{label} is in memory: {pipeline.placement}"
        self._warm[key], self._tried = warm, warm.plan
        if command.refiner and warm.pipeline.refiner is None:
            packages = warm.pipeline.packages
            with (
                jobs.stage("loading", "Loading the refiner into memory") as stage,
                interruptible(packages.torch, jobs.check),
            ):
                refiner = open_refiner(command.refiner, warm.pipeline.base, packages)
                warm = replace(warm, pipeline=replace(warm.pipeline, refiner=refiner))
                self._warm[key] = warm
                stage.text = "The refiner is in memory"
        return warm

    def _plan(self, command: DrawCommand, packages: TorchImports) -> MemoryPlan:
        """The best plan for a model; others make room until it fits whole. Raises OutOfMemory."""
        self.release(MOST_WARM - 1)
        while True:
            try:
                plan = _plan_for(command, packages)
                if not (plan.reason and self._warm):
                    return plan
            except OutOfMemory:
                if not self._warm:
                    raise
            self.release(len(self._warm) - 1)


def _fits_warm_model(warm: LoadedModel, command: DrawCommand) -> bool:
    """Whether a warm model can stay as it is: for pictures so large, and with the refiner where that has to come beside it."""
    pipeline, refiner = warm.pipeline, command.refiner
    if warm.pixels < command.pixels:
        return False
    if refiner is None or pipeline.refiner:
        return True
    machine = measure(pipeline.packages.torch, pipeline.placement)
    return fits_beside(warm.plan, count_weights(command.folder), count_weights(refiner), machine, warm.pixels)


def _work_size(command: DrawCommand, warm: LoadedModel, pictures: int) -> WorkSize | None:
    """What of a commission decides how long it takes; None where it is more than the steps of a picture from noise."""
    request = command.request
    if request.hd or command.init_image:
        return None
    device, size = warm.pipeline.placement.device, warm.plan.size(request.width, request.height)
    return WorkSize(command.entry.id, device, *size, request.num_inference_steps, request.guidance_scale, pictures)


def _plan_for(command: DrawCommand, packages: TorchImports) -> MemoryPlan:
    """The best plan as things are now, with room for the refiner where there is one."""
    source, refiner = command.folder, command.refiner
    weights = count_weights(source) + count_weights(refiner) if refiner else count_weights(source)
    machine = measure(packages.torch, place(packages.torch, weights_bytes(source)))
    return plan_memory(command.entry.label, weights, machine, command.most_pixels)


@dataclass(frozen=True, slots=True)
class _DrawingStats:
    """What a picture's account takes from the drawing; `seconds` of the whole go."""

    seconds: float
    warm: LoadedModel
    stepped_down: bool
    memory: int


def _explained(why: BaseException, adapters: Sequence[tuple[AdapterFile, float]]) -> BaseException:
    """Why there is no picture, with what helps most: numbers overflow by a LoRA more often than by the model alone."""
    if not (adapters and isinstance(why, LatentsOverflowed)):
        return why
    names = " and ".join(file.name for file, _ in adapters)
    return BadAnswer(why.message, f"Draw it without {names}, or with less of it.")


def _hand_over(ticket: Ticket[DrawCommand, ImageResult], seed: int, outcome: Outcome, made: _DrawingStats) -> None:
    """The picture to whoever waits for it, or why there is none."""
    if not isinstance(outcome, DrawnImage):
        return ticket.fail(_explained(outcome, ticket.drawing.adapters))
    request, plan = ticket.drawing.request, made.warm.plan
    notices = (*ticket.drawing.notices, *outcome.notices)
    ticket.job.emit(StageFinished("drawing", f"Drew it, {outcome.steps} steps", made.seconds))
    ticket.finish(
        ImageResult(
            image=outcome.image,
            request=request,
            seed=seed,
            engine="local",
            seconds=made.seconds,
            ignored=outcome.ignored,
            notices=(plan.reason, *notices) if made.stepped_down or plan.scale < 1 else notices,
            scheduler=outcome.scheduler,
            memory=made.memory,
            hashes={file.name: digest for file, _ in ticket.drawing.adapters if (digest := short_hash(file))},
            versions=made.warm.pipeline.packages.stack(plan.placement.device, plan.placement.dtype),
        )
    )
    return None
