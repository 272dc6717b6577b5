"""What the local servers have in common: scripts, faults, leaving clients, and running by hand."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import pytest
from google import genai
from google.genai import errors, types
from huggingface_hub import AsyncInferenceClient
from huggingface_hub import errors as hub_errors
from PIL import UnidentifiedImageError

from tests.servers import faults
from tests.servers import gemini as g
from tests.servers import hugging_face as h
from tests.servers.clients import endpoint_client, gemini_client
from tests.servers.picture import Picture
from tests.servers.wire import Call, Reply

ROOT = Path(__file__).parents[1]
MODEL = "gemini-flash-latest"


@pytest.fixture
def gemini() -> Iterator[g.GeminiServer]:
    with g.GeminiServer() as server:
        yield server


@pytest.fixture
def hub() -> Iterator[h.HuggingFaceServer]:
    with h.HuggingFaceServer() as server:
        yield server


def say(client: genai.Client, text: str = "Hi") -> types.GenerateContentResponse:
    return client.models.generate_content(model=MODEL, contents=text)


WORD: Any = g.reply("word")
GEMINI_FAULTS = [
    ("hang", faults.hang(), httpx2.ReadTimeout),
    ("headers only", faults.headers_only(), httpx2.ReadTimeout),
    ("stall", faults.stall(WORD), httpx2.ReadTimeout),
    ("slow", faults.slow(WORD, 2), httpx2.ReadTimeout),
    ("hang up", faults.hang_up(), httpx2.RemoteProtocolError),
    ("cut", faults.cut(WORD), httpx2.RemoteProtocolError),
    ("reset", faults.reset(), httpx2.ReadError),
    ("cut by reset", faults.cut_by_reset(WORD), (httpx2.ReadError, httpx2.RemoteProtocolError)),
    ("page", faults.html(), json.JSONDecodeError),
    ("page 502", faults.html(502), errors.ServerError),
    ("page 504", faults.html(504), errors.ServerError),
    ("invalid JSON", faults.invalid_json(), json.JSONDecodeError),
]


def patience(error: Any) -> float:
    """Seconds a client waits: few for what never comes, many for what does, however slow the machine is."""
    return 0.3 if error in (httpx2.ReadTimeout, hub_errors.InferenceTimeoutError) else 20


@pytest.mark.parametrize(("fault", "error"), [row[1:] for row in GEMINI_FAULTS], ids=[row[0] for row in GEMINI_FAULTS])
def test_geminis_client_meets_the_fault(gemini: g.GeminiServer, fault: Any, error: Any) -> None:
    gemini.enqueue(fault)
    with pytest.raises(error):
        say(gemini_client(gemini.url, timeout=patience(error)))


def test_an_empty_body_is_no_error_to_geminis_client(gemini: g.GeminiServer) -> None:
    gemini.enqueue(faults.empty())
    assert say(gemini_client(gemini.url)).text is None


NOISE = Picture.noise(5, 128, 128)
HUB_FAULTS = [
    ("hang", faults.hang(), hub_errors.InferenceTimeoutError),
    ("headers only", faults.headers_only(), hub_errors.InferenceTimeoutError),
    ("stall", faults.stall(h.picture()), hub_errors.InferenceTimeoutError),
    ("slow", faults.slow(h.picture(), 2), hub_errors.InferenceTimeoutError),
    ("hang up", faults.hang_up(), httpx2.RemoteProtocolError),
    ("cut", faults.cut(h.picture(NOISE.png())), httpx2.RemoteProtocolError),
    ("reset", faults.reset(), httpx2.ReadError),
    ("cut by reset", faults.cut_by_reset(h.picture(NOISE.png())), (httpx2.ReadError, httpx2.RemoteProtocolError)),
    ("page", faults.html(), UnidentifiedImageError),
    ("page 502", faults.html(502), hub_errors.HfHubHTTPError),
    ("empty", faults.empty(), UnidentifiedImageError),
    ("JSON", h.json_instead(), UnidentifiedImageError),
    ("invalid JSON", faults.invalid_json(), UnidentifiedImageError),
    ("bomb", faults.gzip_bomb(2), UnidentifiedImageError),
]


@pytest.mark.parametrize(("fault", "error"), [row[1:] for row in HUB_FAULTS], ids=[row[0] for row in HUB_FAULTS])
def test_hugging_faces_client_meets_the_fault(hub: h.HuggingFaceServer, fault: Any, error: Any) -> None:
    hub.enqueue(fault)
    with pytest.raises(error):
        endpoint_client(hub.url, timeout=patience(error)).text_to_image("a fox")


def test_a_trickle_outlives_a_timeout_between_reads(hub: h.HuggingFaceServer) -> None:
    hub.enqueue(faults.trickle(h.picture(Picture.solid(width=4, height=4).png()), every=0.03))
    started = time.monotonic()
    endpoint_client(hub.url, timeout=1.0).text_to_image("a fox")
    assert time.monotonic() - started > 1.5


def test_a_redirect_is_followed_by_the_client_alone(hub: h.HuggingFaceServer) -> None:
    hub.enqueue(faults.redirect("/elsewhere", 307), h.picture(NOISE.png()))
    assert endpoint_client(hub.url).text_to_image("a fox").size == (128, 128)
    assert [call.path for call in hub.calls] == ["/draw", "/elsewhere"]


def test_a_flood_goes_on_until_the_client_leaves(hub: h.HuggingFaceServer) -> None:
    hub.enqueue(faults.flood())
    with httpx2.stream("POST", hub.url + "/draw", json={}) as answer:
        assert int(answer.headers["content-length"]) == 3_000_000_000
        assert next(answer.iter_raw())
    assert hub.wait_for(lambda: hub.calls[0].disconnected)


def has_left(server: g.GeminiServer | h.HuggingFaceServer) -> bool:
    return server.calls[0].disconnected


async def test_a_client_that_cancels_is_seen_to_leave(gemini: g.GeminiServer, hub: h.HuggingFaceServer) -> None:
    gemini.enqueue(g.reply("one ", "two", every=30))
    hub.enqueue(faults.hang())
    client = gemini_client(gemini.url)

    async def listen() -> None:
        async for _ in await client.aio.models.generate_content_stream(model=MODEL, contents="Hi"):
            pass

    async with AsyncInferenceClient(model=hub.url + "/draw", token="hf_a") as artist:
        tasks = [asyncio.create_task(listen()), asyncio.create_task(artist.text_to_image("a fox"))]
        for server in (gemini, hub):
            assert await asyncio.to_thread(server.wait_for, partial(bool, server.calls))
        assert not gemini.calls[0].disconnected and not hub.calls[0].disconnected
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for server in (gemini, hub):
            assert await asyncio.to_thread(server.wait_for, partial(has_left, server))


def test_scripts_are_used_up_in_order_then_the_server_answers(gemini: g.GeminiServer) -> None:
    gemini.respond = lambda call: g.reply(f"echo {call.last_user_text}")
    gemini.enqueue(g.reply("one"), lambda call: g.reply(call.last_user_text.upper())(call))
    client = gemini_client(gemini.url)
    assert [say(client, "hi").text for _ in range(3)] == ["one", "HI", "echo hi"]
    assert gemini.calls[0].at <= gemini.calls[1].at <= time.monotonic()


def test_a_mistake_in_a_script_fails_the_test_that_wrote_it() -> None:
    def mistaken(call: Call) -> Reply:
        raise KeyError("nobody")

    with pytest.raises(KeyError, match="nobody"), g.GeminiServer() as gemini:
        gemini.enqueue(mistaken)
        with pytest.raises(errors.ServerError):
            say(gemini_client(gemini.url))


def test_many_clients_at_once_are_told_apart(hub: h.HuggingFaceServer) -> None:
    async def draw(client: httpx2.AsyncClient, n: int) -> None:
        asked = {"inputs": f"fox {n}", "parameters": {"seed": n, "width": 8, "height": 8}}
        answer = await client.post(hub.url + "/draw", json=asked, headers={"authorization": f"Bearer hf_{n}"})
        assert answer.status_code == 200

    async def all_at_once() -> None:
        async with httpx2.AsyncClient() as client:
            await asyncio.gather(*(draw(client, n) for n in range(60)))

    asyncio.run(all_at_once())
    assert sorted((call.seed, call.token) for call in hub.calls) == [(n, f"hf_{n}") for n in range(60)]


def test_the_servers_run_by_hand_and_say_where_they_are() -> None:
    with subprocess.Popen([sys.executable, "-m", "tests.servers"], cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            said = "".join(process.stdout.readline() for _ in range(4)) if process.stdout else ""
            addresses = re.findall(r"http://127\.0\.0\.1:\d+", said)
            assert len(addresses) == 3
            assert httpx2.get(f"{addresses[0]}/v1beta/models", headers={"x-goog-api-key": "k"}).status_code == 200
            assert httpx2.post(f"{addresses[1]}/draw", json={"inputs": "a fox"}).content.startswith(b"\x89PNG")
        finally:
            process.terminate()
    assert process.returncode == 0


def test_noise_is_the_same_for_the_same_seed() -> None:
    assert Picture.noise(1).png() == Picture.noise(1).png() != Picture.noise(2).png()
