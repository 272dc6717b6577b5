"""What happens after each step of a drawing: the question whether anybody still waits, and the news; knows no model."""

from __future__ import annotations

import time
from typing import Any

from gemini_diffusion.engines.diffusion.worker import Job
from gemini_diffusion.types import Progress


class Steps:
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
