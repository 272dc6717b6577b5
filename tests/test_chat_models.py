"""What every chat model keeps to, whichever it is: one list of promises, each run against each of them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest

from gemini_diffusion.chat_models import ChatModel, choose, fallback, open_chat_models
from gemini_diffusion.chat_models.openai_compatible.completion_models import HuggingFaceChatModel
from gemini_diffusion.config.settings import Settings
from gemini_diffusion.types import ChatAnswer, ChatRequest, Event, Message, ModelChoice, TextGrew, ignore
from gemini_diffusion.types.errors import BadInput, GaveUp, KeyNeeded
from tests.gemini_harness import KEY, Gemini
from tests.servers import gemini as g
from tests.servers import openai_chat
from tests.servers.faults import hang
from tests.waiting import PATIENCE, patiently, until

HELLO = ChatRequest((Message("user", "Hello, what can you do?"),), "Be brief.")


@dataclass
class Service:
    """A chat model, the server it asks, what that says, and the settings of a visitor with a key."""

    model: ChatModel
    server: Any
    say: Callable[..., Any]
    settings: Settings


@pytest.fixture(params=["gemini", "openai", "huggingface", "builtin"])
async def service(request: pytest.FixtureRequest, gemini: Gemini) -> AsyncIterator[Service]:
    models, kind = open_chat_models(), request.param
    assert set(models) == {"gemini", "openai", "huggingface", "builtin"}, "a new chat model joins the promises here"
    with openai_chat.ChatServer() as other:
        model = HuggingFaceChatModel(other.address) if kind == "huggingface" else models[kind]
        if kind in ("gemini", "builtin"):
            yield Service(model, gemini.server, g.reply, gemini.settings)
        else:
            chosen = {"openai_base_url": other.address, model.key: KEY, "chat_model": f"{kind}:llama3.2:3b", "deadline": 20}
            yield Service(model, other, openai_chat.say, Settings().replaced(chosen))
    for opened in models.values():
        await opened.close()


@pytest.fixture
def model(service: Service) -> ChatModel:
    return service.model


@pytest.fixture
def server(service: Service) -> Any:
    return service.server


@pytest.fixture
def settings(service: Service) -> Settings:
    return service.settings


async def test_it_is_a_chat_model_under_its_own_name(model: ChatModel) -> None:
    assert isinstance(model, ChatModel)
    assert type(open_chat_models()[model.name]) is type(model)
    assert isinstance(model.structured, bool)


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({}, "builtin"),
        ({"google_api_key": KEY}, "gemini"),
        ({"google_api_key": KEY, "openai_api_key": KEY}, "gemini"),
        ({"openai_base_url": "http://localhost:11434/v1"}, "openai"),
        ({"hf_token": KEY}, "builtin"),  # what costs credit is used only when it is chosen
        ({"hf_token": KEY, "google_api_key": KEY, "chat_model": "huggingface:org/model:auto"}, "huggingface"),
        ({"google_api_key": KEY, "openai_api_key": KEY, "chat_model": "openai:gpt-9"}, "openai"),
        ({"google_api_key": KEY, "chat_model": "openai:gpt-9"}, "gemini"),
        ({"google_api_key": KEY, "chat_model": "builtin"}, "builtin"),
    ],
)
def test_the_one_that_was_chosen_answers_else_the_first_that_is_set_up(given: dict[str, str], name: str) -> None:
    models = open_chat_models()
    assert choose(models, Settings().replaced(given)).name == name
    assert fallback(models).name == "builtin"


async def test_an_answer_is_seen_growing_and_its_last_words_are_the_answer(model: ChatModel, settings: Settings) -> None:
    events: list[Event] = []
    answer = await model.answer(HELLO, settings, events.append)
    texts = [event.text for event in events if isinstance(event, TextGrew)]
    assert isinstance(answer, ChatAnswer) and answer.model and not answer.truncated
    assert len(texts) > 1 and len(texts) == len(events)
    assert all(longer.startswith(shorter) and longer != shorter for shorter, longer in pairwise(texts))
    assert texts[-1] == answer.text


async def test_stop_works_in_the_middle_of_an_answer(service: Service) -> None:
    model, settings = service.model, service.settings
    service.server.enqueue(service.say(*["word "] * 50, every=PATIENCE))
    begun = asyncio.Event()
    answering = asyncio.ensure_future(model.answer(HELLO, settings, lambda event: begun.set()))
    await until(begun.is_set)
    answering.cancel()
    async with patiently("the answer to stop"):
        with pytest.raises(asyncio.CancelledError):
            await answering


async def test_stop_works_before_anything_is_heard(model: ChatModel, settings: Settings, server: Any) -> None:
    server.enqueue(hang())
    answering = asyncio.ensure_future(model.answer(HELLO, settings, ignore))
    await asyncio.sleep(0)
    answering.cancel()
    async with patiently("the question to stop"):
        with pytest.raises(asyncio.CancelledError):
            await answering


async def test_without_a_key_no_call_is_made(model: ChatModel, settings: Settings, server: Any) -> None:
    keyless = settings.replaced({"google_api_key": "", "hf_token": "", "openai_api_key": "", "openai_base_url": ""})
    assert await model.models(keyless) is not None
    try:
        assert "no Gemini key is set" in (await model.answer(HELLO, keyless, ignore)).text
        assert await model.check(keyless) == "Always works."
    except KeyNeeded as needed:
        assert "Settings" in needed.hint
        with pytest.raises(KeyNeeded):
            await model.check(keyless)
    assert server.calls == []


async def test_two_visitors_at_once_are_kept_apart(service: Service) -> None:
    model, server, setting = service.model, service.server, service.model.key or "google_api_key"
    server.respond = lambda call: service.say(f"{call.key} ", f"asked {call.last_user_text}", every=0.01)
    visitors = [service.settings.replaced({setting: key}) for key in ("key-of-the-first-visitor", "key-of-the-second-visitor")]

    async def ask(number: int) -> tuple[Settings, str, ChatAnswer]:
        mine, said = visitors[number % 2], f"hello number {number}"
        return mine, said, await model.answer(ChatRequest((Message("user", said),)), mine, ignore)

    answers = await asyncio.gather(*(ask(number) for number in range(60)))
    keys = [(getattr(mine, setting).reveal(), said) for mine, said, _ in answers]
    if model.key:
        assert [answer.text for _, _, answer in answers] == [f"{key} asked {said}" for key, said in keys]
        assert sorted((call.key or "", call.last_user_text) for call in server.calls) == sorted(keys)
    else:
        assert len({answer.text for _, _, answer in answers}) == 1 and server.calls == []


async def test_nothing_outlasts_its_deadline(model: ChatModel, settings: Settings, server: Any) -> None:
    await model.answer(HELLO, settings, ignore)  # the client's own start is not the service's slowness
    server.enqueue(*[hang()] * 4)
    started = time.monotonic()
    async with patiently("the deadline"):
        try:
            await model.answer(HELLO, settings.replaced({"deadline": 1}), ignore)
        except GaveUp as end:
            assert end.message and end.hint
            assert time.monotonic() - started >= 0.95


async def test_a_conversation_without_a_question_is_told_so(model: ChatModel, settings: Settings, server: Any) -> None:
    with pytest.raises(BadInput) as raised:
        await model.answer(ChatRequest(()), settings, ignore)
    assert str(raised.value) == "There is nothing to answer. Write something first."
    assert server.calls == []


async def test_its_models_are_choices_with_a_name_to_read(model: ChatModel, settings: Settings) -> None:
    choices = await model.models(settings)
    assert choices and all(isinstance(choice, ModelChoice) and choice.id and choice.label for choice in choices)
    assert len({choice.id for choice in choices}) == len(choices)


async def test_it_says_that_it_works(model: ChatModel, settings: Settings) -> None:
    assert await model.check(settings) in (
        "Always works.",
        "The key works: 7 chat models.",
        "The server answers: 2 chat models.",
    )


async def test_one_instance_works_on_after_its_event_loop_is_gone(model: ChatModel, settings: Settings) -> None:
    def ask_on_a_loop_of_its_own() -> str:
        return asyncio.run(model.answer(HELLO, settings, ignore)).text

    texts = [await asyncio.to_thread(ask_on_a_loop_of_its_own) for _ in range(3)]
    assert texts[0] and texts == [texts[0]] * 3
