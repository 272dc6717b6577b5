"""What each visitor has had today, of whatever is counted, kept on disk; another UTC day begins at zero."""

from __future__ import annotations

import json
import logging
import threading
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

from gemini_diffusion.storage.files import write_atomically

CALLS = "lent"
"""The kind of count that a file of an older version has, too."""
_LOG = logging.getLogger(__name__)


def utc_today() -> date:
    return datetime.now(UTC).date()


class DailyCount:
    """Counts by kind and name in `file`; of one that cannot be read nobody in particular has had `unreadable` calls."""

    def __init__(self, file: Path, unreadable: float = 0.0, today: Callable[[], date] = utc_today) -> None:
        self._file, self._today = file, today
        self._writing = threading.Lock()
        self._day = today()
        self._had: defaultdict[str, Counter[str]] = defaultdict(Counter, self._load(unreadable))

    def of(self, name: str, kind: str = CALLS) -> float:
        return self.counts(kind)[name]

    def counts(self, kind: str = CALLS) -> Counter[str]:
        """All of today's of one kind, by name."""
        self._roll_over_day()
        return self._had[kind]

    def total(self, kind: str = CALLS) -> float:
        return self.counts(kind).total()

    def add(self, name: str, amount: float, kind: str = CALLS) -> None:
        """In memory alone, until `save`."""
        self.counts(kind)[name] += amount  # type: ignore[assignment]  # a Counter holds any number

    def save(self) -> None:
        """Each writes the count as it is when its turn comes, so that none puts an older one in its place. Raises DiskFull,
        BadInput."""
        with self._writing:
            kept = {"day": self._day.isoformat(), **{kind: dict(had) for kind, had in list(self._had.items())}}
            write_atomically(self._file, json.dumps(kept, indent=1).encode("ascii"))

    def _roll_over_day(self) -> None:
        if self._day != self._today():
            self._day = self._today()
            self._had.clear()

    def _load(self, unreadable: float) -> dict[str, Counter[str]]:
        """Today's counts as they were kept."""
        if not self._file.exists():
            return {}
        try:
            kept = json.loads(self._file.read_text("ascii"))
            day = date.fromisoformat(kept.pop("day"))
            had = {kind: _counted(counts) for kind, counts in {CALLS: kept.pop(CALLS), **kept}.items()}
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            _LOG.warning(
                "What was lent today could not be read (%r), so nothing more is lent today. "
                "To begin at zero, remove %s and start again.",
                error,
                self._file,
            )
            return {CALLS: _counted({"": unreadable})}
        return had if day == self._day else {}


def _counted(counts: dict[str, float]) -> Counter[str]:
    return Counter({str(name): float(count) for name, count in counts.items()})
