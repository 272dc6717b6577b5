"""What happens while a drawing is sampled: the question whether anybody still waits, and the news; knows no model."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from gemini_diffusion.engines.local.sampling.preview import SECONDS_BETWEEN, SHARE, Previews
from gemini_diffusion.engines.worker import JoinedJob
from gemini_diffusion.types import Preview, Progress

BLOCKS = ("ResnetBlock2D", "BasicTransformerBlock", "CLIPEncoderLayer")
"""The pieces that take most of a step's time: on a processor one step of a large model can take half a minute."""


class StepCallbacks:
    """Tells of each step, how long the rest will take by those already done, and how the pictures look so far.

    A drawing may be the work of several pipelines, one after the other. Of the one at work `previews` are shown, None for none;
    `later` steps are made after it.
    """

    def __init__(self, jobs: JoinedJob, previews: Previews | None = None, later: int = 0) -> None:
        self.previews, self.later = previews, later
        self.done = 0
        self._jobs = jobs
        self._started = time.monotonic()
        self._due = self._started + SECONDS_BETWEEN
        self._first = 0.0
        self._total = 0

    def after_step(self, view: Any, step: int, timestep: Any, tensors: dict[str, Any]) -> dict[str, Any]:
        """diffusers' callback. The first step includes the encoding, so it is not measured by."""
        self._jobs.check()
        now = time.monotonic()
        self._first = self._first or now
        if step == 0:
            self._total = self.done + view.num_timesteps + self.later
        self.done += 1
        left = max(0, self._total - self.done)
        per_step = (now - self._first) / (self.done - 1) if self.done > 1 else now - self._started
        self._jobs.emit(Progress("drawing", self.done, self.done + left, "step", per_step * left))
        if left and self.previews:
            self.show(self.previews.jpeg)
        return tensors

    def show(self, jpeg: Callable[[int], bytes]) -> None:
        """Tell how each picture looks so far, by its place in the drawing, if that is due: at most twice a second, and later
        where it is dear. b"" is nothing to be seen."""
        started = time.monotonic()
        if started < self._due:
            return
        for place, job in enumerate(self._jobs.jobs):
            if not job.is_cancelled and (content := jpeg(place)):
                job.emit(Preview(content))
        ended = time.monotonic()
        self._due = ended + max(SECONDS_BETWEEN, (ended - started) / SHARE)


@contextmanager
def stoppable(parts: Iterable[Any], check: Callable[[], None]) -> Iterator[None]:
    """Within it `check` is asked before each block of the `parts` (torch modules), so that Stop need not wait for a step."""

    def ask(*_: Any) -> None:
        check()

    with ExitStack() as hooks:
        for part in parts:
            for module in part.modules():
                if type(module).__name__ in BLOCKS:
                    hooks.callback(module.register_forward_pre_hook(ask).remove)
        yield
