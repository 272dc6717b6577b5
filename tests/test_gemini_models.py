"""Gemini's models as they are offered: live, sorted, kept for a while, and a near name for one that is gone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest

from gemini_diffusion.chat_models.gemini.chat_model import GeminiChatModel
from gemini_diffusion.chat_models.gemini.connections import IDLE
from gemini_diffusion.chat_models.gemini.model_list import FALLBACK
from gemini_diffusion.config.options import Secret
from gemini_diffusion.config.settings import Settings
from gemini_diffusion.types import ChatRequest, Event, Message, ModelChoice
from gemini_diffusion.types.errors import KeyRefused, ModelNotFound, RequestRefused
from tests.servers import gemini as g
from tests.servers.faults import hang

HELLO = ChatRequest((Message("user", "Hello"),))
GONE = (
    "gemini-1.0-pro", "gemini-1.5-flash", "gemini-2.0-flash", "gemini-2.0-flash-lite", "gemini-pro", "gemini-2.5-pro",
    "gemini-2.5-flash", "gemini-3-pro-preview", "gemini-3.1-flash-lite-preview",
)  # fmt: skip
NOT_FOR_CHAT = (
    "gemini-embedding-2", "gemini-3.8-flash-tts", "gemini-3-pro-image", "gemini-nano-banana-2.1", "gemini-3.8-flash-live",
    "gemini-native-audio", "gemini-robotics-er-2", "gemini-3-computer-use", "gemini-4-omni", "lyria-3", "veo-4", "imagen-4.0",
    "gemini-transcribe", "gemini-3.1-pro-preview-customtools", "aqa", "deep-research-pro", "antigravity-1",
)  # fmt: skip


@pytest.fixture
def server() -> Iterator[g.GeminiServer]:
    with g.GeminiServer() as gemini:
        yield gemini


@pytest.fixture
async def model() -> AsyncIterator[GeminiChatModel]:
    gemini = GeminiChatModel()
    yield gemini
    await gemini.close()


@pytest.fixture
def settings(server: g.GeminiServer) -> Settings:
    return Settings(google_api_key=Secret("a-key-of-some-length"), google_base_url=server.url, deadline=20.0)


def ignore(event: Event) -> None:
    """Nobody watches."""


async def test_the_models_that_chat_are_listed_newest_first_the_default_on_top(
    model: GeminiChatModel, settings: Settings
) -> None:
    assert [choice.id for choice in await model.models(settings)] == [
        "gemini-flash-latest", "gemini-flash-lite-latest", "gemini-3.8-flash", "gemini-3.6-flash", "gemini-3.5-flash-lite",
        "gemini-3.1-pro-preview", "gemma-4-31b-it",
    ]  # fmt: skip
    assert ModelChoice("gemini-3.8-flash", "Gemini 3.8 Flash") in await model.models(settings)


async def test_what_is_gone_or_does_something_else_is_never_offered(
    server: g.GeminiServer, model: GeminiChatModel, settings: Settings
) -> None:
    stays = ("gemini-2.5-flash-lite", "gemini-3.1-pro-preview", "gemini-3.5-flash", "gemini-4-argon")
    server.listing = tuple(g.model(name, name) for name in (*GONE, *NOT_FOR_CHAT, *stays))
    assert {choice.id for choice in await model.models(settings)} == set(stays)


async def test_a_listing_is_kept_until_it_is_checked_again(
    server: g.GeminiServer, model: GeminiChatModel, settings: Settings
) -> None:
    pages = -(-len(server.listing) // server.page)
    assert await model.models(settings) == await model.models(settings)
    assert len(server.calls) == pages
    server.listing = (g.model("gemini-5-flash", "Gemini 5 Flash"),)
    assert len(await model.models(settings)) == 7
    assert await model.check(settings) == "The key works: 1 chat model."
    assert [choice.id for choice in await model.models(settings)] == ["gemini-5-flash"]


async def test_a_listing_is_told_anew_after_an_hour(server: g.GeminiServer, model: GeminiChatModel, settings: Settings) -> None:
    before = await model.models(settings)
    async with model._connections.acquire(settings) as connection:
        connection.listed_at -= IDLE
    server.listing = server.listing[4:]
    assert await model.models(settings) != before


async def test_each_key_has_a_listing_of_its_own(server: g.GeminiServer, model: GeminiChatModel, settings: Settings) -> None:
    await model.models(settings)
    server.keys = frozenset({settings.google_api_key.reveal()})
    with pytest.raises(KeyRefused):
        await model.models(settings.replaced({"google_api_key": "another-key-entirely"}))
    assert await model.models(settings)


async def test_without_a_key_the_known_models_are_offered(model: GeminiChatModel) -> None:
    choices = await model.models(Settings())
    assert choices == list(FALLBACK) and choices[0].id == Settings().chat_model


async def test_a_key_without_a_model_that_chats_does_not_count_as_working(
    server: g.GeminiServer, model: GeminiChatModel, settings: Settings
) -> None:
    server.listing = tuple(g.model(name, name) for name in NOT_FOR_CHAT)
    with pytest.raises(RequestRefused) as raised:
        await model.check(settings)
    assert str(raised.value) == "Gemini lists no model that chats for this key. Use another key."


@pytest.mark.parametrize(
    ("asked", "near"),
    [
        ("gemini-2.0-flash", "gemini-3.8-flash"), ("gemini-2.5-flash-lite", "gemini-3.5-flash-lite"),
        ("gemini-3.8-flsh", "gemini-3.8-flash"), ("gemini-3-pro-preview", "gemini-3.1-pro-preview"),
        ("gemma-3-27b-it", "gemma-4-31b-it"), ("gpt-5", "gemini-flash-latest"),
    ],
)  # fmt: skip
async def test_for_a_model_that_is_not_there_the_nearest_one_is_named(
    asked: str, near: str, server: g.GeminiServer, model: GeminiChatModel, settings: Settings
) -> None:
    server.listing = tuple(entry for entry in server.listing if entry["name"] != f"models/{asked}")
    with pytest.raises(ModelNotFound) as raised:
        await model.answer(HELLO, settings.replaced({"chat_model": asked}), ignore)
    assert raised.value.message == f"There is no chat model called {asked!r}, or not any more."
    assert raised.value.hint == f"Choose another model, {near} for one."
    assert len(server.generations) == 1


async def test_a_near_name_is_found_even_if_the_listing_fails(
    server: g.GeminiServer, model: GeminiChatModel, settings: Settings
) -> None:
    server.enqueue(g.invalid_key(), to=g.MODELS)
    with pytest.raises(ModelNotFound, match=r"gemini-3\.8-flash for one"):
        await model.answer(HELLO, settings.replaced({"chat_model": "gemini-2.8-flash"}), ignore)


async def test_a_listing_that_never_comes_ends_at_the_deadline(
    server: g.GeminiServer, model: GeminiChatModel, settings: Settings
) -> None:
    server.enqueue(hang(), to=g.MODELS)
    with pytest.raises(Exception, match=r"No answer came\. Asked once"):
        await model.models(replace(settings, deadline=0.8))
