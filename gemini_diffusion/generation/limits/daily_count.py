"""What each visitor has had today, of whatever is counted, kept on disk; another UTC day begins at zero."""

from __future__ import annotations

import json
import logging
import threading
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

from gemini_diffusion.storage.files import write_atomically

_LOG = logging.getLogger(__name__)


def utc_today() -> date:
    return datetime.now(UTC).date()


class DailyCount:
    """A count by name in `file`; one that cannot be read has `unreadable` counted for nobody in particular."""

    def __init__(self, file: Path, unreadable: float = 0.0, today: Callable[[], date] = utc_today) -> None:
        self._file, self._today = file, today
        self._writing = threading.Lock()
        self._day = today()
        self._had = self._load(unreadable)

    def of(self, name: str) -> float:
        self._roll_over_day()
        return self._had.get(name, 0.0)

    @property
    def counts(self) -> dict[str, float]:
        """All of today's."""
        self._roll_over_day()
        return dict(self._had)

    @property
    def total(self) -> float:
        self._roll_over_day()
        return sum(self._had.values())

    def add(self, name: str, amount: float) -> None:
        """In memory alone, until `save`."""
        self._roll_over_day()
        self._had[name] += amount

    def save(self) -> None:
        """Each writes the count as it is when its turn comes, so that none puts an older one in its place. Raises DiskFull,
        BadInput."""
        with self._writing:
            kept = {"day": self._day.isoformat(), "lent": dict(self._had)}
            write_atomically(self._file, json.dumps(kept, indent=1).encode("ascii"))

    def _roll_over_day(self) -> None:
        if self._day != self._today():
            self._day, self._had = self._today(), defaultdict(float)

    def _load(self, unreadable: float) -> defaultdict[str, float]:
        """Today's count as it was kept."""
        if not self._file.exists():
            return defaultdict(float)
        try:
            kept = json.loads(self._file.read_text("ascii"))
            day, had = date.fromisoformat(kept["day"]), {str(name): float(count) for name, count in kept["lent"].items()}
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            _LOG.warning(
                "What was lent today could not be read (%r), so nothing more is lent today. "
                "To begin at zero, remove %s and start again.",
                error,
                self._file,
            )
            return defaultdict(float, {"": unreadable})
        return defaultdict(float, had if day == self._day else {})
