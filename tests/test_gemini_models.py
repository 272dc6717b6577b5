"""Gemini's models as they are offered: live, sorted, kept for a while, and a near name for one that is gone."""

from __future__ import annotations

import dataclasses
import io
import wave
from typing import Any

import pytest

from gemini_diffusion.chat_models.gemini.chat_model import GeminiChatModel
from gemini_diffusion.chat_models.gemini.model_list import FALLBACK
from gemini_diffusion.config.settings import Settings
from gemini_diffusion.network.gemini.connections import IDLE
from gemini_diffusion.types import ModelChoice
from gemini_diffusion.types.errors import GeminiDiffusionError, KeyRefused, ModelNotFound, RequestRefused
from tests.gemini_harness import KEY, Gemini
from tests.servers import gemini as g
from tests.servers.faults import hang

GONE = (
    "gemini-1.0-pro", "gemini-1.5-flash", "gemini-2.0-flash", "gemini-2.0-flash-lite", "gemini-pro", "gemini-2.5-pro",
    "gemini-2.5-flash", "gemini-3-pro-preview", "gemini-3.1-flash-lite-preview",
)  # fmt: skip
NOT_FOR_CHAT = (
    "gemini-embedding-2", "gemini-3.8-flash-tts", "gemini-3-pro-image", "gemini-nano-banana-2.1", "gemini-3.8-flash-live",
    "gemini-native-audio", "gemini-robotics-er-2", "gemini-3-computer-use", "gemini-4-omni", "lyria-3", "veo-4", "imagen-4.0",
    "gemini-transcribe", "gemini-3.1-pro-preview-customtools", "aqa", "deep-research-pro", "antigravity-1",
)  # fmt: skip


async def test_the_models_that_chat_are_listed_newest_first_the_default_on_top(gemini: Gemini) -> None:
    assert [choice.id for choice in await gemini.models()] == [
        "gemini-flash-latest", "gemini-flash-lite-latest", "gemini-3.8-flash", "gemini-3.6-flash", "gemini-3.5-flash-lite",
        "gemini-3.1-pro-preview", "gemma-4-31b-it",
    ]  # fmt: skip
    assert ModelChoice("gemini-3.8-flash", "Gemini 3.8 Flash") in await gemini.models()


async def test_what_is_gone_or_does_something_else_is_never_offered(gemini: Gemini) -> None:
    stays = ("gemini-2.5-flash-lite", "gemini-3.1-pro-preview", "gemini-3.5-flash", "gemini-4-argon")
    gemini.server.listing = tuple(g.model(name, name) for name in (*GONE, *NOT_FOR_CHAT, *stays))
    assert {choice.id for choice in await gemini.models()} == set(stays)


async def test_a_listing_is_kept_until_it_is_checked_again(gemini: Gemini) -> None:
    pages = -(-len(gemini.server.listing) // gemini.server.page)
    assert await gemini.models() == await gemini.models()
    assert len(gemini.server.calls) == pages
    gemini.server.listing = (g.model("gemini-5-flash", "Gemini 5 Flash"),)
    assert len(await gemini.models()) == 7
    assert await gemini.check() == "The key works: 1 chat model."
    assert [choice.id for choice in await gemini.models()] == ["gemini-5-flash"]


async def test_a_listing_is_told_anew_after_an_hour(gemini: Gemini) -> None:
    before = await gemini.models()
    async with gemini.model._connections.acquire(gemini.settings) as connection:
        connection.listed_at -= IDLE
    gemini.server.listing = gemini.server.listing[4:]
    assert await gemini.models() != before


async def test_each_key_has_a_listing_of_its_own(gemini: Gemini) -> None:
    await gemini.models()
    gemini.server.keys = frozenset({KEY})
    with pytest.raises(KeyRefused):
        await gemini.models(google_api_key="another-key-entirely")
    assert await gemini.models()


async def test_without_a_key_the_known_models_are_offered() -> None:
    choices = await GeminiChatModel().models(Settings())
    assert choices == list(FALLBACK) and choices[0].id == Settings().chat_model


async def test_a_key_without_a_model_that_chats_does_not_count_as_working(gemini: Gemini) -> None:
    gemini.server.listing = tuple(g.model(name, name) for name in NOT_FOR_CHAT)
    with pytest.raises(RequestRefused) as raised:
        await gemini.check()
    assert str(raised.value) == "Gemini lists no model that chats for this key. Use another key."


@pytest.mark.parametrize(
    ("asked", "near"),
    [
        ("gemini-2.0-flash", "gemini-3.8-flash"), ("gemini-2.5-flash-lite", "gemini-3.5-flash-lite"),
        ("gemini-3.8-flsh", "gemini-3.8-flash"), ("gemini-3-pro-preview", "gemini-3.1-pro-preview"),
        ("gemma-3-27b-it", "gemma-4-31b-it"), ("gpt-5", "gemini-flash-latest"),
    ],
)  # fmt: skip
async def test_for_a_model_that_is_not_there_the_nearest_one_is_named(asked: str, near: str, gemini: Gemini) -> None:
    gemini.server.listing = tuple(entry for entry in gemini.server.listing if entry["name"] != f"models/{asked}")
    with pytest.raises(ModelNotFound) as raised:
        await gemini.answer(chat_model=asked)
    assert raised.value.message == f"There is no Gemini model called {asked!r}, or not any more."
    assert raised.value.hint == f"Choose another model, {near} for one."
    assert len(gemini.server.generations) == 1


async def test_a_near_name_is_found_even_if_the_listing_fails(gemini: Gemini) -> None:
    gemini.server.enqueue(g.invalid_key(), to=g.MODELS)
    with pytest.raises(ModelNotFound, match=r"gemini-3\.8-flash for one"):
        await gemini.answer(chat_model="gemini-2.8-flash")


async def test_a_listing_that_never_comes_ends_at_the_deadline(gemini: Gemini) -> None:
    gemini.server.enqueue(hang(), to=g.MODELS)
    with pytest.raises(Exception, match=r"No whole answer came\. Asked once"):
        await gemini.models(deadline=0.8)


async def test_a_text_is_spoken_by_the_newest_model_that_speaks_and_its_samples_become_a_wav(gemini: Gemini) -> None:
    samples = b"\x01\x00\xff\x7f"
    gemini.server.enqueue(g.overloaded(), g.Answer(image=samples, mime="audio/L16;codec=pcm;rate=24000"))
    content = await gemini.model.speak("**Good** day.", gemini.settings)
    with wave.open(io.BytesIO(content)) as sound:
        told = (sound.getnchannels(), sound.getsampwidth(), sound.getframerate(), sound.readframes(9))
    assert told == (1, 2, 24000, samples)
    call = gemini.server.generations[-1]
    assert (call.model, call.last_user_text, call.config["responseModalities"]) == (
        "gemini-3.8-flash-tts", "Good day.", ["AUDIO"]
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "answer", "said"),
    [
        ("Good day.", g.reply("I would rather write."), "Gemini sent no sound."),
        ("Good day.", g.Answer(image=b"png", mime="image/png"), "Gemini sent no sound."),
        ("Good day.", g.invalid_key(), "Gemini does not accept this key"),
        ("", g.reply(), "There is nothing to read."),
        ("a" * 3001, g.reply(), "longer than 3,000"),
    ],
)
async def test_what_cannot_be_spoken_is_told(text: str, answer: Any, said: str, gemini: Gemini) -> None:
    gemini.server.respond = lambda call: answer
    with pytest.raises(GeminiDiffusionError, match=said):
        await gemini.model.speak(text, dataclasses.replace(gemini.settings, deadline=2.0))


async def test_a_key_without_a_model_that_speaks_is_told_so(gemini: Gemini) -> None:
    gemini.server.listing = tuple(entry for entry in gemini.server.listing if "tts" not in entry["name"])
    with pytest.raises(ModelNotFound, match="no model that speaks"):
        await gemini.model.speak("Good day.", gemini.settings)
