"""How long a training may run, its learning rate meanwhile, and its precision; knows nothing of what is trained."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Clock:
    """Counts down the minutes that this run of a training was given.

    What is measured is processor time, one thread's: on an idle machine that is the time on the wall, and on a busy one a
    training is not called done for having waited.
    """

    minutes: float
    spent_before: float = 0.0
    _start: float = field(default_factory=time.process_time)
    _threads: int = field(default_factory=lambda: _count_threads())

    @property
    def minutes_spent(self) -> float:
        """Minutes of training so far, those of earlier runs included."""
        return self.spent_before + self._here

    @property
    def progress(self) -> float:
        """From 0 at the start of this run to 1 when its time is used up."""
        return min(1.0, self._here / max(self.minutes, 1e-9))

    def rate(self, peak: float, warm_up: float = 0.02, decay: float = 0.25) -> float:
        """Give the learning rate now: a short rise, a plateau, and in the last quarter of the time a fall to a fiftieth.

        A plateau and not a cosine, because a training that is resumed again and again does not know its end.
        """
        if self.progress < warm_up:
            return peak * max(self.progress / warm_up, 0.01)
        return peak * max(0.02, min(1.0, (1 - self.progress) / decay))

    @property
    def _here(self) -> float:
        return (time.process_time() - self._start) / 60 / self._threads


def _count_threads() -> int:
    import torch

    return torch.get_num_threads()


def autocast(device: str) -> AbstractContextManager[Any]:
    """Compute in bfloat16 where the hardware does: a GPU, a processor with AVX512 or AMX; elsewhere it is ten times slower."""
    import torch

    quick = device != "cpu" or torch.cpu._is_avx512_bf16_supported()
    return torch.autocast(device, torch.bfloat16) if quick else nullcontext()
