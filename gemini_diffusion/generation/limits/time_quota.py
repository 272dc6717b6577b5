"""How long this machine has drawn for each visitor today; knows no engine and no picture."""

from __future__ import annotations

import logging
import math
import time
from collections import Counter
from collections.abc import Callable
from datetime import date

from gemini_diffusion.config.settings import Settings
from gemini_diffusion.generation.limits.daily_count import DailyCount, utc_today
from gemini_diffusion.types.errors import GeminiDiffusionError, OutOfQuota

_LOG = logging.getLogger(__name__)


class TimeQuota:
    """The minutes of one UTC day, by visitor: pictures that are drawn at once count once. Belongs to one event loop."""

    def __init__(
        self, host: Settings, clock: Callable[[], float] = time.monotonic, today: Callable[[], date] = utc_today
    ) -> None:
        self._limit, self._clock = host.draw_minutes_per_visitor, clock
        self._count = DailyCount(host.home_path / "drawing_time.json", today=today)
        self._drawing: Counter[str] = Counter()
        self._since: dict[str, float] = {}

    def refuse(self, visitor: str, seconds: float | None) -> None:
        """Raises OutOfQuota where what is left today does not suffice; `seconds` None is nobody knows how many."""
        left = max(0.0, self._limit - self._count.of(visitor) / 60)
        if left > 0 and (seconds or 0.0) / 60 <= left:
            return
        takes = (
            f"That takes about {math.ceil(seconds / 60)} min of this machine" if seconds else "This machine draws for everybody"
        )
        said = f"{takes}, and {math.floor(left)} of your {self._limit} min of today are left."
        raise OutOfQuota(said, "Ask for fewer pictures, steps or pixels, draw with a key of your own, or come back tomorrow.")

    def begin(self, visitor: str) -> None:
        """A drawing of this visitor's begins."""
        if not self._drawing[visitor]:
            self._since[visitor] = self._clock()
        self._drawing[visitor] += 1

    def end(self, visitor: str) -> None:
        """One that began ended, however it did."""
        self._drawing[visitor] -= 1
        if self._drawing[visitor]:
            return
        del self._drawing[visitor]
        self._count.add(visitor, self._clock() - self._since.pop(visitor))
        try:
            self._count.save()
        except GeminiDiffusionError as error:  # until the next start it counts all the same
            _LOG.warning("The time of a drawing could not be kept: %s", error)
