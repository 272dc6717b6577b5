"""The built-in helper: it says what the app can do, in nine languages, and what it cannot."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from gemini_diffusion.chat_models import builtin
from gemini_diffusion.chat_models.builtin import BuiltinChatModel
from gemini_diffusion.config.options import Secret
from gemini_diffusion.config.settings import Settings
from gemini_diffusion.types import ChatRequest, Message, ignore
from gemini_diffusion.types.errors import RequestRefused
from tests.tables import read_table

TEXTS = json.loads(Path(builtin.__file__).with_suffix(".json").read_text(encoding="utf-8"))
SAID = read_table("greetings")
TOPICS = ("greeting", "abilities", "imagine", "key", "chat", "thanks", "saved", "seed")


async def answer(*said: str, key: str = "") -> str:
    messages = tuple(Message("user", text) for text in said)
    settings = Settings(google_api_key=Secret(key))
    return (await BuiltinChatModel().answer(ChatRequest(messages), settings, ignore)).text


@pytest.mark.parametrize(("language", "topic"), [(language, topic) for language in SAID for topic in TOPICS])
async def test_it_answers_in_the_persons_language_on_what_was_asked(language: str, topic: str) -> None:
    texts = TEXTS[language]["texts"]
    assert await answer(SAID[language][TOPICS.index(topic)]) == f"{texts['no key']}\n\n{texts[topic]}"


async def test_it_always_says_who_speaks_and_whether_a_key_is_set() -> None:
    assert (await answer("xyzzy")).startswith("I am the built-in helper; no Gemini key is set.")
    assert (await answer("xyzzy", key="a-key-of-some-length")).startswith("I am the built-in helper.\n")


async def test_it_says_plainly_that_it_cannot_chat_freely() -> None:
    assert "I cannot talk freely" in await answer("Tell me a story about the sea")


async def test_it_keeps_to_the_language_spoken_before_where_a_word_tells_none() -> None:
    assert await answer("안녕하세요", "ok") == await answer("프랑스의 수도는 어디야?")


async def test_a_schema_is_refused_rather_than_answered_in_prose() -> None:
    with pytest.raises(RequestRefused, match="cannot answer by a schema"):
        await BuiltinChatModel().answer(ChatRequest((Message("user", "Hi"),), schema={"type": "object"}), Settings(), ignore)


def test_every_language_has_every_text_calm_and_with_the_same_commands() -> None:
    commands = {topic: re.findall(r"`(?:/imagine|--[^`]+)", text) for topic, text in TEXTS["en"]["texts"].items()}
    for language in SAID:
        texts = TEXTS[language]["texts"]
        assert set(texts) == {*TOPICS, *builtin.TOPICS, "name", "no key"}, language
        assert not re.search("[!\uff01¡\U0001f300-\U0001faff]", " ".join(texts.values())), language
        for topic in ("imagine", "abilities", "greeting", "chat"):
            assert set(commands[topic]) == set(re.findall(r"`(?:/imagine|--[^`]+)", texts[topic])), (language, topic)
        assert "aistudio.google.com/apikey" in texts["key"]
