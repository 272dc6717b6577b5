"""What the host's keys were lent for today, by visitor and in all, kept on disk; knows no service and no conversation."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date

from gemini_diffusion.chat_models import ChatModel
from gemini_diffusion.config.prices import Prices, names_model
from gemini_diffusion.config.settings import Settings
from gemini_diffusion.engines import ImageEngine
from gemini_diffusion.generation.limits.daily_count import DailyCount, utc_today
from gemini_diffusion.types import ChatAnswer
from gemini_diffusion.types.errors import OutOfQuota, RequestRefused

LEDGER = "lending.json"
TOKENS_IN, TOKENS_OUT, PICTURES, DOLLARS = "tokens_in", "tokens_out", "pictures", "dollars"
"""What is counted beside the calls."""
_HINT = "Add a key of your own in Settings, or come back tomorrow."


class KeyQuota:
    """The count of one UTC day, of answers and pictures alike, their tokens and their price; another day begins at zero. One
    for all visitors of a host. Raises BadInput for prices that are none.

    A count that cannot be read counts as used up, since it is the host who would pay for the mistake.
    """

    def __init__(self, host: Settings, today: Callable[[], date] = utc_today) -> None:
        self._host = host
        self._prices = Prices(host.lend_prices)
        self._count = DailyCount(host.home_path / LEDGER, host.lend_in_all, today)

    @property
    def per_visitor(self) -> int:
        """Answers and pictures that one visitor may have in a day."""
        return self._host.lend_per_visitor

    @property
    def longest_answer(self) -> int:
        """Tokens of one answer at most."""
        return self._host.lend_longest_answer

    def pays_for(self, part: ChatModel | ImageEngine, settings: Settings) -> bool:
        """Whether what this chat model or engine does under these settings of a visitor is at the host's expense."""
        used = [(getattr(settings, name), getattr(self._host, name)) for name in part.paid_by]
        return any(bool(value) and value == of_the_host for value, of_the_host in used)

    def lends_token(self, settings: Settings) -> bool:
        """Whether the Hugging Face token among these settings of a visitor is the host's."""
        return bool(settings.hf_token) and settings.hf_token == self._host.hf_token

    def refuse_model(self, model: str) -> None:
        """Raises RequestRefused for a model that is not lent; what the host's own settings choose always is."""
        allowed = self._host.lend_models
        if not allowed or model in (self._host.chat_model, self._host.image_model) or names_model(allowed, model):
            return
        hint = f"Choose one of {allowed}, or add a key of your own in Settings."
        raise RequestRefused(f"The host's keys are not lent for {model}.", hint)

    def left(self, visitor: str) -> int:
        """How many answers and pictures this visitor may still have today."""
        if self._tokens_refusal(visitor):
            return 0
        mine, all_together = self._count.of(visitor), self._count.total()
        return max(0, int(min(self.per_visitor - mine, self._host.lend_in_all - all_together)))

    def refusal(self, visitor: str, *, begun: bool = False) -> OutOfQuota | None:
        """Why this visitor is lent nothing more today; None where something is left. What has `begun` is counted already."""
        if begun or self.left(visitor):
            return self._tokens_refusal(visitor)
        if self._count.of(visitor) >= self.per_visitor:
            share = f"{self.per_visitor} of {self.per_visitor}"
            return OutOfQuota(f"Your share of the host's keys for today is used up ({share}).", _HINT)
        return self._tokens_refusal(visitor) or OutOfQuota("The host's keys have given everything they lend in a day.", _HINT)

    def _tokens_refusal(self, visitor: str) -> OutOfQuota | None:
        kinds = (TOKENS_IN, TOKENS_OUT)
        mine, all_together = sum(self._count.of(visitor, kind) for kind in kinds), sum(map(self._count.total, kinds))
        if mine >= self._host.lend_tokens_per_visitor:
            share = f"{self._host.lend_tokens_per_visitor:,} tokens"
            return OutOfQuota(f"Your share of the host's keys for today is used up ({share}).", _HINT)
        if all_together >= self._host.lend_tokens_in_all:
            return OutOfQuota("The host's keys have given all the tokens they lend in a day.", _HINT)
        return None

    async def take(self, visitor: str, picture: str = "") -> None:
        """Counts one answer, or a picture of the model named, before it is asked for, whatever comes of it; on disk too when
        this returns.

        Belongs to one event loop. Raises OutOfQuota over a limit, DiskFull or BadInput where the count cannot be kept.
        """
        if refusal := self.refusal(visitor):
            raise refusal
        self._count.add(visitor, 1)
        if picture:
            self._count.add(visitor, 1, PICTURES)
            self._count.add(visitor, self._prices.picture(picture) or 0.0, DOLLARS)
        await asyncio.to_thread(self._count.save)

    async def count_answer(self, visitor: str, answer: ChatAnswer) -> None:
        """Counts the tokens of an answer that was taken."""
        self._count.add(visitor, answer.input_tokens, TOKENS_IN)
        self._count.add(visitor, answer.output_tokens, TOKENS_OUT)
        price = self._prices.answer(answer.model, answer.input_tokens, answer.output_tokens)
        self._count.add(visitor, price or 0.0, DOLLARS)
        await asyncio.to_thread(self._count.save)
