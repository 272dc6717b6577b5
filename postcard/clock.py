"""How long a training may run and what that makes of its learning rate; knows nothing of what is trained."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field


@dataclass
class Clock:
    """Counts down the minutes that a training was given; what is measured is time, not steps."""

    minutes: float
    spent_before: float = 0.0
    _start: float = field(default_factory=time.monotonic)

    @property
    def minutes_spent(self) -> float:
        """Minutes of training so far, those before a resume included."""
        return self.spent_before + (time.monotonic() - self._start) / 60

    @property
    def progress(self) -> float:
        """From 0 at the start to 1 when the time is used up."""
        return min(1.0, self.minutes_spent / max(self.minutes, 1e-9))

    def rate(self, peak: float, warm_up: float = 0.02) -> float:
        """Give the learning rate now: a short rise to `peak`, then half a cosine down to a fiftieth of it."""
        if self.progress < warm_up:
            return peak * max(self.progress / warm_up, 0.01)
        fall = (self.progress - warm_up) / (1 - warm_up)
        return peak * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * fall)))


def set_rate(optimizer: object, rate: float) -> None:
    """Give every group of a torch optimizer this learning rate."""
    for group in optimizer.param_groups:  # type: ignore[attr-defined]
        group["lr"] = rate
