"""Every fault of a wire at every remote door: none hangs, none outlives its deadline, each is told in words of ours."""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest

from gemini_diffusion.chat_models import ChatModel
from gemini_diffusion.chat_models.gemini.chat_model import GeminiChatModel
from gemini_diffusion.chat_models.openai_compatible.completion_models import OpenAiChatModel
from gemini_diffusion.config.settings import Settings
from gemini_diffusion.engines.gemini.gemini_image_engine import GeminiImageEngine
from gemini_diffusion.engines.hosted.hosted_engine import HostedEngine
from gemini_diffusion.engines.openai.openai_engine import OpenAiEngine
from gemini_diffusion.types import ignore
from gemini_diffusion.types.errors import GeminiDiffusionError
from tests.engine_harness import REQUEST
from tests.gemini_harness import HELLO
from tests.servers import faults as f
from tests.servers import gemini, hugging_face, openai_chat, openai_images
from tests.servers.picture import Picture
from tests.servers.wire import Scripted, as_json
from tests.waiting import PATIENCE, patiently

DEADLINE = 0.9
KEY = "key-of-one-visitor-77aa"
Spoil = Callable[[Any], Scripted[Any]]

FAULTS: dict[str, Spoil] = {  # of a good reply
    "silence": lambda good: f.hang(),
    "headers and then nothing": lambda good: f.headers_only(),
    "a byte now and then": lambda good: f.trickle(good, 0.2),
    "a stall": lambda good: f.stall(good),
    "a late answer": lambda good: f.slow(good, 30),
    "a hang-up": lambda good: f.hang_up(),
    "a reset": lambda good: f.reset(),
    "cut off": lambda good: f.cut(good),
    "cut off by a reset": lambda good: f.cut_by_reset(good),
    "nothing at all": lambda good: f.empty(),
    "half a JSON": lambda good: f.invalid_json(),
    "JSON of nothing": lambda good: as_json([]),
    "a page": lambda good: f.html(),
    "a flood": lambda good: f.flood(70, "application/json"),
    "a bomb": lambda good: f.gzip_bomb(70),
    "a redirect": lambda good: f.redirect("http://127.0.0.1:9/"),
    "a page from a gateway": lambda good: f.html(502),
    "a crash": lambda good: as_json({"error": {"message": f"boom {KEY}"}}, 500),
    "busy": lambda good: as_json({"error": {"message": "busy"}}, 503, {"Retry-After": "99"}),
    "too many": lambda good: as_json({"error": {"message": "slow down"}}, 429, {"Retry-After": "99"}),
    "a refused key": lambda good: as_json({"error": {"message": f"no such key {KEY}"}}, 401),
    "no credit": lambda good: as_json({"error": {"message": "pay first"}}, 402),
}
SETTINGS = Settings(provider="hf-inference").replaced(dict.fromkeys(Settings.key_names(), KEY))


@dataclass(frozen=True)
class Door:
    """What stands behind it, the setting with its address, what it answers where nothing is wrong, and how it is asked."""

    server: Callable[[], Any]
    address: Callable[[Any], dict[str, str]]
    good: Scripted[Any]
    ask: Callable[[Any, Settings], Awaitable[object]]


def hosted(server: Any, settings: Settings) -> Awaitable[object]:
    return HostedEngine(server.url, server.url).generate(REQUEST, settings, ignore)


def image_server(server: Any, settings: Settings) -> Awaitable[object]:
    return OpenAiEngine().generate(dataclasses.replace(REQUEST, model="openai:auto"), settings, ignore)


def gemini_images(server: Any, settings: Settings) -> Awaitable[object]:
    return GeminiImageEngine().generate(dataclasses.replace(REQUEST, model="gemini:gemini-3-pro-image"), settings, ignore)


def chat(model: Callable[[], ChatModel]) -> Callable[[Any, Settings], Awaitable[object]]:
    return lambda server, settings: model().answer(HELLO, settings, ignore)


DOORS = {
    "Hugging Face": Door(hugging_face.HuggingFaceServer, lambda server: {}, hugging_face.picture(), hosted),
    "endpoint": Door(
        hugging_face.HuggingFaceServer,
        lambda server: {"hf_inference_url": f"{server.url}/draw"},
        hugging_face.picture(),
        hosted,
    ),
    "image server": Door(
        openai_images.ImagesServer, lambda server: {"openai_images_url": server.address}, openai_images.drawn, image_server
    ),
    "Gemini's pictures": Door(
        gemini.GeminiServer,
        lambda server: {"google_base_url": server.url},
        gemini.Answer(image=Picture.noise(1).png()),
        gemini_images,
    ),
    "Gemini": Door(
        gemini.GeminiServer,
        lambda server: {"google_base_url": server.url},
        gemini.reply(*["words "] * 30),
        chat(GeminiChatModel),
    ),
    "chat server": Door(
        openai_chat.ChatServer,
        lambda server: {"openai_base_url": server.address, "chat_model": "openai:llama3.2:3b"},
        openai_chat.say("A fox ", "in the snow."),
        chat(OpenAiChatModel),
    ),
}


async def outcome(door: Door, spoil: Spoil | None) -> str:
    """What is wrong with how a fault is met, "" where nothing is; None is no fault."""
    with door.server() as server:
        server.enqueue(*[spoil(door.good) if spoil else door.good] * 9)
        settings = dataclasses.replace(SETTINGS.replaced(door.address(server)), deadline=DEADLINE if spoil else PATIENCE)
        due = list[float]()
        asyncio.get_running_loop().call_later(DEADLINE, lambda: due.append(time.thread_time()))
        try:
            async with patiently("its deadline"):
                await door.ask(server, settings)
        except GeminiDiffusionError as error:
            late = time.thread_time() - due[0] if due else 0.0
            told = f"{error} {error!r} {error.__cause__!r} {error.__context__!r}"
            sentence = error.message.endswith((".", "?")) and error.hint.endswith(".")
            wrong = {"untold": not sentence, "late": late > 0.5, "the key was told": KEY in told, "no fault": spoil is None}
            return ", ".join(name for name, found in wrong.items() if found)
        return "taken for an answer" if spoil else ""


@pytest.mark.parametrize("door", DOORS)
async def test_every_fault_of_a_wire_ends_in_time_and_in_words_of_ours(door: str) -> None:
    faults: dict[str, Spoil | None] = {"none": None, **FAULTS}
    found = dict(zip(faults, await asyncio.gather(*(outcome(DOORS[door], each) for each in faults.values())), strict=True))
    assert {name: wrong for name, wrong in found.items() if wrong} == {}
    assert len(FAULTS) == 22
