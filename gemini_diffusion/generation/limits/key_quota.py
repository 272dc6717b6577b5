"""What the host's keys were lent for today, by visitor and in all, kept on disk; knows no service and no conversation."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime

from gemini_diffusion.config.settings import Settings
from gemini_diffusion.storage.files import write_atomically
from gemini_diffusion.types.errors import OutOfQuota

_HINT = "Add a key of your own in Settings, or come back tomorrow."
_LOG = logging.getLogger(__name__)


def utc_today() -> date:
    return datetime.now(UTC).date()


class KeyQuota:
    """The count of one UTC day, of answers and pictures alike; another day begins at zero. One for all visitors of a host.

    A count that cannot be read counts as used up, since it is the host who would pay for the mistake.
    """

    def __init__(self, host: Settings, today: Callable[[], date] = utc_today) -> None:
        self._host = host
        self._file = host.home_path / "lending.json"
        self._today = today
        self._writing = threading.Lock()
        self._day = today()
        self._lent = self._load()

    @property
    def per_visitor(self) -> int:
        """Answers and pictures that one visitor may have in a day."""
        return self._host.lend_per_visitor

    def pays_for_answers(self, settings: Settings) -> bool:
        """Whether answers under these settings of a visitor are at the host's expense."""
        return bool(settings.google_api_key) and settings.google_api_key == self._host.google_api_key

    def pays_for_pictures(self, settings: Settings) -> bool:
        """Whether hosted pictures under these settings of a visitor are at the host's expense."""
        return bool(settings.hf_inference_url) or self.lends_token(settings)

    def lends_token(self, settings: Settings) -> bool:
        """Whether the Hugging Face token among these settings of a visitor is the host's."""
        return bool(settings.hf_token) and settings.hf_token == self._host.hf_token

    def left(self, visitor: str) -> int:
        """How many answers and pictures this visitor may still have today."""
        self._roll_over_day()
        return max(0, min(self.per_visitor - self._lent[visitor], self._in_all - self._lent.total()))

    def refusal(self, visitor: str) -> OutOfQuota | None:
        """Why this visitor is lent nothing more today; None where something is left."""
        if self.left(visitor):
            return None
        if self._lent[visitor] >= self.per_visitor:
            share = f"{self.per_visitor} of {self.per_visitor}"
            return OutOfQuota(f"Your share of the host's keys for today is used up ({share}).", _HINT)
        return OutOfQuota("The host's keys have given everything they lend in a day.", _HINT)

    async def take(self, visitor: str) -> None:
        """Counts one answer or picture before it is asked for, whatever comes of it; on disk too when this returns.

        Belongs to one event loop. Raises OutOfQuota over a limit, DiskFull or BadInput where the count cannot be kept.
        """
        if refusal := self.refusal(visitor):
            raise refusal
        self._lent[visitor] += 1
        await asyncio.to_thread(self._save)

    @property
    def _in_all(self) -> int:
        return self._host.lend_in_all

    def _roll_over_day(self) -> None:
        if self._day != self._today():
            self._day, self._lent = self._today(), Counter()

    def _save(self) -> None:
        """Each writes the count as it is when its turn comes, so that none puts an older one in its place."""
        with self._writing:
            kept = {"day": self._day.isoformat(), "lent": dict(self._lent)}
            write_atomically(self._file, json.dumps(kept, indent=1).encode("ascii"))

    def _load(self) -> Counter[str]:
        """Today's count as it was kept."""
        if not self._file.exists():
            return Counter()
        try:
            kept = json.loads(self._file.read_text("ascii"))
            day, lent = (
                date.fromisoformat(kept["day"]),
                Counter({str(name): int(count) for name, count in kept["lent"].items()}),
            )
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            _LOG.warning(
                "What was lent today could not be read (%r), so nothing more is lent today. "
                "To begin at zero, remove %s and start again.",
                error,
                self._file,
            )
            return Counter({"": self._in_all})
        return lent if day == self._day else Counter()
