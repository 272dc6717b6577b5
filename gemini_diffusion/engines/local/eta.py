"""How long a drawing will take, from how long those before it took on this machine; measures nothing itself.

Seconds for each step and megapixel are kept by model, device and whether guidance doubles the work: size and steps hardly
change them, so that a picture of one size tells about one of another.
"""

from __future__ import annotations

import json
import logging
import statistics
from dataclasses import dataclass
from pathlib import Path

from gemini_diffusion.storage.files import write_atomically
from gemini_diffusion.types.errors import GeminiDiffusionError

REMEMBERED = 5
"""Drawings of each kind; their median is the estimate, so that one slow hour does not spoil it."""
MEGAPIXEL = 1024 * 1024
WORTH_SAYING = 3.0
"""Seconds; what takes less is there before it is read."""
FILE = "pace.json"
"""In the data folder."""
_LOADING = "loading:"
"""How the kinds begin that are no drawings; no model is called that."""
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class WorkSize:
    """What decides how long a drawing takes: `model` is its catalogue id, `device` as torch names it, sides in pixels.

    `device` "" is whichever was drawn on; so many `pictures` are drawn in one go.
    """

    model: str
    device: str
    width: int
    height: int
    num_inference_steps: int
    guidance_scale: float
    pictures: int = 1

    @property
    def kind(self) -> str:
        return f"{self.model} {self.device} {self._way}"

    @property
    def amount(self) -> float:
        """Steps times megapixels, of all pictures."""
        return self.pictures * self.num_inference_steps * self.width * self.height / MEGAPIXEL

    def is_alike(self, kind: str) -> bool:
        """Whether drawings of a kind tell about this one."""
        return kind == self.kind if self.device else kind.startswith(f"{self.model} ") and kind.endswith(f" {self._way}")

    @property
    def _way(self) -> str:
        return "guided" if self.guidance_scale > 1 else "unguided"


@dataclass(frozen=True, slots=True)
class DurationEstimator:
    """What was measured, kept in one small file."""

    file: Path

    def estimate(self, work: WorkSize) -> float | None:
        """Seconds the work will take; None before anything like it was drawn here."""
        known = [each for kind, values in self._read().items() if work.is_alike(kind) for each in values]
        return statistics.median(known) * work.amount if known else None

    def about(self, work: WorkSize) -> str:
        """The estimate as the end of a sentence: ", about 40 s"; "" where nothing is known or it is hardly worth saying."""
        seconds = self.estimate(work) or 0.0
        if seconds < WORTH_SAYING:
            return ""
        return f", about {seconds / 60:.0f} min" if seconds >= 120 else f", about {seconds:.0f} s"

    def loading(self, model: str) -> float | None:
        """Seconds that a model takes to come into memory; None before it was loaded here."""
        known = [each for kind, values in self._read().items() if kind == f"{_LOADING} {model}" for each in values]
        return statistics.median(known) if known else None

    def learn(self, work: WorkSize, seconds: float) -> None:
        """Remember how long the work took, loading left out."""
        self._remember(work.kind, seconds / work.amount)

    def learn_loading(self, model: str, seconds: float) -> None:
        """Remember how long a model took to come into memory."""
        self._remember(f"{_LOADING} {model}", seconds)

    def _remember(self, kind: str, value: float) -> None:
        """Where it cannot be written, the log says so: a picture is worth more than an estimate."""
        told = self._read()
        told[kind] = [*told.get(kind, []), value][-REMEMBERED:]
        try:
            write_atomically(self.file, json.dumps(told, indent=1, sort_keys=True).encode())
        except GeminiDiffusionError as error:
            _LOG.warning("How long the drawing took was not kept: %s", error)

    def _read(self) -> dict[str, list[float]]:
        """The file's numbers; none where it is missing or damaged, since it can be measured again."""
        try:
            told = json.loads(self.file.read_text(encoding="utf-8"))
            return {str(kind): [float(each) for each in values] for kind, values in told.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return {}
