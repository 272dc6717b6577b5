"""A chat model whose answers the host pays for: each no longer than they lend, and its tokens counted whatever comes of it."""

from __future__ import annotations

import asyncio
import dataclasses
from dataclasses import dataclass

from gemini_diffusion.chat_models import Answerer
from gemini_diffusion.config.settings import Settings
from gemini_diffusion.generation.limits.key_quota import KeyQuota
from gemini_diffusion.types import ChatAnswer, ChatRequest, Emit, Event, TextGrew

BYTES_PER_TOKEN = 4
"""About, where a service does not say how many there were."""
TOKENS_OF_A_PICTURE = 1100
"""What a picture of a message counts as, about."""


@dataclass(frozen=True, slots=True)
class LentChatModel:
    """`model` as `visitor` is lent it."""

    model: Answerer
    quota: KeyQuota
    visitor: str

    @property
    def structured(self) -> bool:
        return self.model.structured

    async def answer(self, request: ChatRequest, settings: Settings, emit: Emit) -> ChatAnswer:
        """As the model's own. Raises OutOfQuota where the tokens of today are used up."""
        if refusal := self.quota.refusal(self.visitor, begun=True):
            raise refusal
        heard = ""

        def watched(event: Event) -> None:
            nonlocal heard
            heard = event.text if isinstance(event, TextGrew) else heard
            emit(event)

        longest = min(settings.max_output_tokens or self.quota.longest_answer, self.quota.longest_answer)
        answer = ChatAnswer("", settings.chat_model)
        try:
            answer = await self.model.answer(request, settings.replaced({"max_output_tokens": longest}), watched)
            return answer
        finally:
            tokens_in, tokens_out = answer.input_tokens or _estimate(request), answer.output_tokens or _tokens(heard)
            said = dataclasses.replace(answer, input_tokens=tokens_in, output_tokens=tokens_out)
            await asyncio.shield(self.quota.count_answer(self.visitor, said))


def _estimate(request: ChatRequest) -> int:
    """Tokens of a question, about."""
    told = [request.system_instruction, str(request.schema or ""), *(message.text for message in request.messages)]
    seen = sum(bool(message.image) for message in request.messages)
    return sum(map(_tokens, told)) + seen * TOKENS_OF_A_PICTURE


def _tokens(text: str) -> int:
    return -(-len(text.encode("utf-8", "replace")) // BYTES_PER_TOKEN)
