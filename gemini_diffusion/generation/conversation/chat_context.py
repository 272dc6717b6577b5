"""What a chat model is told of a conversation: its last words, as many as are needed and not all that were said."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from gemini_diffusion.types import Message
from gemini_diffusion.types.turn import Turn

MOST = 20
"""Messages."""
ROOM = 16_000
"""Characters of all of them."""
LONGEST = 4_000
"""Characters of one; the middle of a longer one is left out."""


def chat_context(turns: Iterable[Turn]) -> tuple[Message, ...]:
    """The newest messages of the ended turns, oldest first: questions with their answers, never half of a pair."""
    told: list[Message] = []
    for turn in reversed(tuple(turns)):
        pair = [replace(message, text=_shortened(message.text)) for message in turn.messages()]
        if len(told) + len(pair) > MOST or sum(len(message.text) for message in (*told, *pair)) > ROOM:
            break
        told[:0] = pair
    return tuple(told)


def _shortened(text: str) -> str:
    half = LONGEST // 2
    return text if len(text) <= LONGEST else f"{text[:half]}\n[...]\n{text[-half:]}"
