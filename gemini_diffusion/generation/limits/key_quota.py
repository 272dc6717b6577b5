"""What the host's keys were lent for today, by visitor and in all, kept on disk; knows no service and no conversation."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date

from gemini_diffusion.chat_models import ChatModel
from gemini_diffusion.config.settings import Settings
from gemini_diffusion.generation.limits.daily_count import DailyCount, utc_today
from gemini_diffusion.types.errors import OutOfQuota

_HINT = "Add a key of your own in Settings, or come back tomorrow."


class KeyQuota:
    """The count of one UTC day, of answers and pictures alike; another day begins at zero. One for all visitors of a host.

    A count that cannot be read counts as used up, since it is the host who would pay for the mistake.
    """

    def __init__(self, host: Settings, today: Callable[[], date] = utc_today) -> None:
        self._host = host
        self._count = DailyCount(host.home_path / "lending.json", host.lend_in_all, today)

    @property
    def per_visitor(self) -> int:
        """Answers and pictures that one visitor may have in a day."""
        return self._host.lend_per_visitor

    def pays_for_answers(self, model: ChatModel, settings: Settings) -> bool:
        """Whether answers of this chat model under these settings of a visitor are at the host's expense."""
        used = [(getattr(settings, name), getattr(self._host, name)) for name in model.paid_by]
        return any(bool(value) and value == of_the_host for value, of_the_host in used)

    def pays_for_pictures(self, settings: Settings) -> bool:
        """Whether hosted pictures under these settings of a visitor are at the host's expense."""
        return bool(settings.hf_inference_url) or self.lends_token(settings)

    def lends_token(self, settings: Settings) -> bool:
        """Whether the Hugging Face token among these settings of a visitor is the host's."""
        return bool(settings.hf_token) and settings.hf_token == self._host.hf_token

    def left(self, visitor: str) -> int:
        """How many answers and pictures this visitor may still have today."""
        mine, all_together = self._count.of(visitor), self._count.total
        return max(0, int(min(self.per_visitor - mine, self._host.lend_in_all - all_together)))

    def refusal(self, visitor: str) -> OutOfQuota | None:
        """Why this visitor is lent nothing more today; None where something is left."""
        if self.left(visitor):
            return None
        if self._count.of(visitor) >= self.per_visitor:
            share = f"{self.per_visitor} of {self.per_visitor}"
            return OutOfQuota(f"Your share of the host's keys for today is used up ({share}).", _HINT)
        return OutOfQuota("The host's keys have given everything they lend in a day.", _HINT)

    async def take(self, visitor: str) -> None:
        """Counts one answer or picture before it is asked for, whatever comes of it; on disk too when this returns.

        Belongs to one event loop. Raises OutOfQuota over a limit, DiskFull or BadInput where the count cannot be kept.
        """
        if refusal := self.refusal(visitor):
            raise refusal
        self._count.add(visitor, 1)
        await asyncio.to_thread(self._count.save)
