"""The built-in chat model: says what the app can do, in the person's language, and no more; knows no network and no drawing."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from gemini_diffusion.config.settings import Settings
from gemini_diffusion.types import ChatAnswer, ChatRequest, Emit, ModelChoice, TextGrew
from gemini_diffusion.types.errors import BadInput, RequestRefused

TOPICS = ("key", "saved", "seed", "steps", "guidance", "negative", "size", "imagine", "abilities", "thanks", "greeting")
"""What it can talk about; the first that is spoken of is answered."""
PACE = 0.02
"""Seconds between two pieces of an answer, so that it is seen to be written."""
SCRIPTS = (("ko", r"[가-힣ᄀ-ᇿㄱ-ㅎ]"), ("ja", r"[ぁ-ヿ]"), ("zh", r"[㐀-鿿]"), ("ar", r"[؀-ۿ]"))
"""Languages known by their letters; kana before the characters that Chinese shares."""


class BuiltinChatModel:
    """The ChatModel that is always there; deterministic, and never pretends to be more than it is."""

    name = "builtin"
    key = ""
    paid_by: tuple[str, ...] = ()
    structured = False
    sees = False

    def is_ready(self, settings: Settings) -> bool:
        return True

    async def answer(self, request: ChatRequest, settings: Settings, emit: Emit) -> ChatAnswer:
        """One of a few texts about the app, preceded by who says it."""
        if request.schema is not None:
            raise RequestRefused("The built-in helper cannot answer by a schema.", "Add a Gemini key in Settings.")
        said = [message.text for message in request.messages if message.role == "user"]
        if not said:
            raise BadInput("There is nothing to answer.", "Write something first.")
        text = await asyncio.to_thread(_answer, said, has_key=bool(settings.google_api_key))
        for end in [match.end() for match in re.finditer(r"\n\n|[.:;?]\s|[\u3002\uff1f\uff01]|$", text)]:
            emit(TextGrew(text[:end]))
            await asyncio.sleep(PACE)
        return ChatAnswer(text, self.name)

    def unused_settings(self, settings: Settings) -> tuple[str, ...]:
        return ()

    async def models(self, settings: Settings) -> list[ModelChoice]:
        return [ModelChoice(self.name, "Built in")]

    async def check(self, settings: Settings) -> str:
        return "Always works."

    async def close(self) -> None:
        """Nothing is open."""


def _answer(said: list[str], *, has_key: bool) -> str:
    language = next((found for text in reversed(said) if (found := _language(text))), "en")
    words = _words()[language]
    topic = next((topic for topic in TOPICS if _speaks_of(said[-1], words[topic])), "chat")
    return f"{words['texts']['name' if has_key else 'no key']}\n\n{words['texts'][topic]}"


def _language(text: str) -> str:
    """The language of a text by its letters or by the words it is known by; "" where nothing speaks for one."""
    for language, letters in SCRIPTS:
        if re.search(letters, text):
            return language
    scores = {
        language: sum(
            _speaks_of(text, [word]) for word in {*words["signs"], *(word for topic in TOPICS for word in words[topic])}
        )
        for language, words in _words().items()
        if language not in dict(SCRIPTS)
    }
    best = max(scores, key=lambda language: scores[language])
    return best if scores[best] else ""


def _speaks_of(text: str, words: list[str]) -> bool:
    """Whether one of the words is in the text: whole in Latin letters, as a part where words are not set apart."""
    plain = text.casefold().replace("\u2019", "'")
    return any(re.search(rf"(?<!\w){re.escape(word)}(?!\w)" if word < "\u0250" else re.escape(word), plain) for word in words)


@cache
def _words() -> Mapping[str, Any]:
    """The texts by language and, by topic, the words that ask for them."""
    words: dict[str, Any] = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
    return words
