"""An answer of chat completions as it grows and what it means at its end, thinking left out; knows no connection."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gemini_diffusion.types import ChatAnswer
from gemini_diffusion.types.errors import BadAnswer, Blocked, RequestRefused

OPENING, CLOSING = "<think>", "</think>"


@dataclass
class PartialCompletion:
    """One streamed answer of `model`, which is what was asked for until the server names another."""

    model: str
    told: str = ""
    finish: str = ""
    refusal: str = ""
    tokens: tuple[int, int] = (0, 0)

    @property
    def text(self) -> str:
        """What is for the person: models also think in the text itself, and some servers cut off where that began."""
        return without_thoughts(self.told)

    def add(self, chunk: Mapping[str, Any]) -> bool:
        """Take in one chunk, or a whole answer; whether the text grew. What has another shape says nothing."""
        before = self.text
        self.model = str(chunk.get("model") or self.model)
        choices = chunk.get("choices")
        choice = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}
        said = choice.get("delta") or choice.get("message") or {}
        if isinstance(said, dict):
            self.told += _words(said.get("content"))
            self.refusal += _words(said.get("refusal"))
        self.finish = str(choice.get("finish_reason") or self.finish)
        if isinstance(used := chunk.get("usage"), dict):
            self.tokens = _count(used.get("prompt_tokens")), _count(used.get("completion_tokens"))
        return self.text != before

    def ended(self, notices: tuple[str, ...], limit: int | None) -> ChatAnswer:
        """The answer, or why there is none; `limit` is the longest that was asked for, in tokens."""
        if self.finish == "content_filter":
            raise Blocked(f"A filter withheld the answer of {self.model}.")
        if self.refusal:
            raise Blocked(f'{self.model} declined: "{self.refusal[:300]}".')
        if self.text.strip():
            cut = self._cut(limit)
            return ChatAnswer(self.text, self.model, bool(cut), (*notices, *([cut] if cut else [])), *self.tokens)
        if self.finish == "length":
            raise RequestRefused(
                f"{self.model} spent its whole limit of words on thinking and said nothing.",
                "Raise Max output tokens in Settings or clear it, or choose another model.",
            )
        raise BadAnswer(f"{self.model} sent an empty answer.", "Say it in other words, or choose another model.")

    def _cut(self, limit: int | None) -> str:
        """What to say of an answer that is not whole; "" of one that is."""
        if self.finish == "length":
            return (
                f"The answer was cut at {limit} tokens, the longest set in Settings."
                if limit
                else "The answer was cut: it got too long."
            )
        return "" if self.finish else "The answer may be incomplete: the chat model did not say that it was finished."


def without_thoughts(text: str) -> str:
    """A text less the thinking it begins with, also one whose opening mark was left out or is only half here."""
    begun = text.lstrip()
    if begun and OPENING.startswith(begun):
        return ""
    if begun.startswith(OPENING) or CLOSING in begun:
        _, closed, rest = begun.partition(CLOSING)
        return rest.lstrip() if closed else ""
    return text


def _words(value: Any) -> str:
    """The text of a content, which may also be a list of parts."""
    if isinstance(value, list):
        return "".join(str(part.get("text") or "") for part in value if isinstance(part, dict) and part.get("type") == "text")
    return re.sub(r"\x00", "", value) if isinstance(value, str) else ""


def _count(value: Any) -> int:
    """A count as JSON has it, 0 for anything else."""
    return value if isinstance(value, int) and value > 0 else 0
