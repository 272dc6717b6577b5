"""How long a drawing will take, from how long those before it took on this machine; measures nothing itself.

Seconds for each step and megapixel are kept by model, device and whether guidance doubles the work: size and steps hardly
change them, so that a picture of one size tells about one of another.
"""

from __future__ import annotations

import json
import statistics
from dataclasses import dataclass
from pathlib import Path

from gemini_diffusion.disk import write_whole

REMEMBERED = 5
"""Drawings of each kind; their median is the estimate, so that one slow hour does not spoil it."""
MEGAPIXEL = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Work:
    """What decides how long a drawing takes: `model` is its catalogue id, `device` as torch names it, sides in pixels."""

    model: str
    device: str
    width: int
    height: int
    num_inference_steps: int
    guidance_scale: float

    @property
    def kind(self) -> str:
        return f"{self.model} {self.device} {'guided' if self.guidance_scale > 1 else 'unguided'}"

    @property
    def amount(self) -> float:
        """Steps times megapixels."""
        return self.num_inference_steps * self.width * self.height / MEGAPIXEL


@dataclass(frozen=True, slots=True)
class Pace:
    """What was measured, kept in one small file."""

    file: Path

    def estimate(self, work: Work) -> float | None:
        """Seconds the work will take; None before anything like it was drawn here."""
        known = self._read().get(work.kind)
        return statistics.median(known) * work.amount if known else None

    def learn(self, work: Work, seconds: float) -> None:
        """Remember how long the work took, loading left out. Raises DiskFull, BadInput."""
        told = self._read()
        told[work.kind] = [*told.get(work.kind, []), seconds / work.amount][-REMEMBERED:]
        write_whole(self.file, json.dumps(told, indent=1, sort_keys=True).encode())

    def _read(self) -> dict[str, list[float]]:
        """The file's numbers; none where it is missing or damaged, since it can be measured again."""
        try:
            told = json.loads(self.file.read_text(encoding="utf-8"))
            return {str(kind): [float(each) for each in values] for kind, values in told.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return {}
