"""The two tools as the official MCP client sees and calls them: in the real app, under a login, behind the guard, and left."""

from __future__ import annotations

import asyncio
import base64
import io
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.types import CallToolResult
from PIL import Image

from gemini_diffusion.commands import FLAGS
from gemini_diffusion.config.settings import Settings
from gemini_diffusion.generation.services import Services
from gemini_diffusion.generation.visitors import Visitors
from gemini_diffusion.storage.gallery import Gallery, read_recipe
from gemini_diffusion.types.errors import PackageMissing
from gemini_diffusion.ui.window import Page
from gemini_diffusion.web.mcp_tools import CHAT, IMAGINE
from tests.app_process import AppHere
from tests.local_services import Held, StandIns, drawn
from tests.servers.gemini import reply
from tests.servers.hugging_face import credits_exhausted

ERAS = ["auto", "legacy"]
"""The protocol with and without a session; clients of both are about."""


@pytest.fixture(autouse=True)
def as_on_the_first_day(services: StandIns) -> None:
    services.forget()


@pytest.fixture(scope="module")
def app(services: StandIns, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppHere]:
    with AppHere(tmp_path_factory.mktemp("mcp"), ("--mcp",), services.environment) as running:
        yield running


@pytest.fixture(scope="module")
def guarded(services: StandIns, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppHere]:
    """The same behind a password."""
    with AppHere(tmp_path_factory.mktemp("auth"), ("--mcp", "--auth", "ada:love lace"), services.environment) as running:
        yield running


@asynccontextmanager
async def speaking(app: AppHere, era: str = "auto", **headers: str) -> AsyncIterator[Client]:
    async with httpx2.AsyncClient(headers=headers, timeout=60, trust_env=False) as http:
        transport = streamable_http_client(f"{app.url}/gradio_api/mcp", http_client=http)
        async with Client(transport, mode=era) as client:
            yield client


def texts(result: CallToolResult) -> str:
    return "\n".join(part.text for part in result.content if part.type == "text")


def pictures(result: CallToolResult) -> list[Image.Image]:
    return [Image.open(io.BytesIO(base64.b64decode(part.data))) for part in result.content if part.type == "image"]


# What a model is told


@pytest.mark.parametrize("era", ERAS)
async def test_a_client_finds_exactly_two_tools_with_what_they_take(app: AppHere, era: str) -> None:
    async with speaking(app, era) as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    assert {name: tool.input_schema["required"] for name, tool in tools.items()} == {"imagine": ["line"], "chat": ["message"]}
    assert (tools["imagine"].description, tools["chat"].description) == (IMAGINE, CHAT)


def test_the_description_names_only_flags_that_work() -> None:
    built = {name for flag in FLAGS for name in (flag.name, *flag.aliases)}
    named = set(re.findall(r"--([a-z]+)", IMAGINE))
    assert {"ar", "n", "seed", "no"} <= named <= built


# Drawing and talking


@pytest.mark.parametrize("era", ERAS)
async def test_imagine_gives_each_picture_to_be_seen_with_its_account(services: StandIns, app: AppHere, era: str) -> None:
    async with speaking(app, era) as client:
        result = await client.call_tool("imagine", {"line": "a fox in the snow --seed 5 --n 2 --ar 3:2"})
    assert not result.is_error
    shown = pictures(result)
    assert [picture.format for picture in shown] == ["JPEG", "JPEG"] and all(max(picture.size) <= 725 for picture in shown)
    told = result.structured_content["pictures"]
    assert [entry["recipe"]["seed"] for entry in told] == [5, 6]
    files = [Path(path) for path in re.findall(r"File: (.+)", texts(result))]
    assert [read_recipe(file).line in texts(result) for file in files] == [True, True]
    assert (await served(told[0]["url"])) == files[0].read_bytes()


async def served(url: str) -> bytes:
    async with httpx2.AsyncClient(trust_env=False) as http:
        return (await http.get(url)).content


async def test_chat_gives_the_whole_answer_and_each_call_stands_alone(services: StandIns, app: AppHere) -> None:
    async with speaking(app) as client:
        first = await client.call_tool("chat", {"message": "My cat is called Pixel."})
        await client.call_tool("chat", {"message": "What is my cat called?"})
    assert texts(first).startswith("You said: My cat is called Pixel.")
    assert [len(call.turns) for call in services.gemini.generations] == [1, 1]


async def test_calls_run_side_by_side(app: AppHere) -> None:
    async with speaking(app) as client:
        calls = [client.call_tool("imagine", {"line": f"a fox, number {number} --seed {number}"}) for number in range(4)]
        results = await asyncio.gather(*calls)
    assert [result.structured_content["pictures"][0]["recipe"]["seed"] for result in results] == [0, 1, 2, 3]


async def test_the_stages_are_told_on_the_way(services: StandIns, app: AppHere) -> None:
    heard: list[tuple[float, str | None]] = []
    held = Held(drawn)
    services.hub.enqueue(held)

    async def watch(progress: float, total: float | None, message: str | None) -> None:
        heard.append((progress, message))
        if message and "drawing" in message.lower():
            held.let_go()

    async with speaking(app) as client:
        result = await client.call_tool("imagine", {"line": "a fox"}, progress_callback=watch)
    held.let_go()
    assert not result.is_error
    counts = [count for count, _ in heard]
    assert len(heard) > 1 and counts == sorted(set(counts))


@pytest.mark.parametrize(
    ("tool", "arguments", "sentence"),
    [
        ("imagine", {"line": "  "}, "Say what you want to see"),
        ("imagine", {"line": "a fox --n 9"}, "8"),
        ("chat", {"message": ""}, "There is nothing to send."),
        ("imagine", {"line": 7}, "Both are texts."),
        ("imagine", {}, "Both are texts."),
        ("on_send", {"message": "hello"}, "There is imagine"),
    ],
)
async def test_what_cannot_be_done_is_a_sentence_for_the_model(
    app: AppHere, tool: str, arguments: dict[str, Any], sentence: str
) -> None:
    async with speaking(app) as client:
        result = await client.call_tool(tool, arguments)
    assert sentence in texts(result)


async def test_a_review_waits_for_nobody_and_a_services_refusal_is_an_error(services: StandIns, app: AppHere) -> None:
    async with speaking(app) as client:
        assert pictures(await client.call_tool("imagine", {"line": "a fox --review"}))
        services.hub.enqueue(credits_exhausted())
        result = await client.call_tool("imagine", {"line": "a fox"})
    assert result.is_error and texts(result).startswith("This month's credit at Hugging Face is used up.")


# Leaving


@pytest.mark.parametrize("era", ERAS)
async def test_cancelling_a_call_ends_the_drawing(services: StandIns, app: AppHere, era: str) -> None:
    held = Held(drawn)
    services.hub.enqueue(held)
    async with speaking(app, era) as client:
        call = asyncio.create_task(client.call_tool("imagine", {"line": "a slow fox"}))
        assert await asyncio.to_thread(services.hub.wait_for, lambda: len(services.hub.drawings) == 1)
        call.cancel()
        left = await asyncio.to_thread(services.hub.wait_for, lambda: services.hub.drawings[0].disconnected)
    held.let_go()
    assert left, "the service is still drawing for nobody"


PROGRAM = """
import asyncio, sys
from mcp.client import Client
async def main():
    async with Client(sys.argv[1], mode=sys.argv[2]) as client:
        await client.call_tool("chat", {"message": "Tell me a long story."})
asyncio.run(main())
"""


@pytest.mark.parametrize("era", ERAS)
def test_a_client_that_is_gone_leaves_nothing_running(services: StandIns, app: AppHere, era: str) -> None:
    held = Held(reply("Once upon a time", " there was a fox."))
    services.gemini.enqueue(held)
    command = [sys.executable, "-c", PROGRAM, f"{app.url}/gradio_api/mcp", era]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as program:
        assert services.gemini.wait_for(lambda: len(services.gemini.generations) == 1)
        program.kill()
    left = services.gemini.wait_for(lambda: services.gemini.generations[0].disconnected)
    held.let_go()
    assert left, "the service is still talking to nobody"


# Who may come in


def basic(name: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode("ascii")


async def knock(app: AppHere, **headers: str) -> httpx2.Response:
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
    accept = {"accept": "application/json, text/event-stream"}
    async with httpx2.AsyncClient(trust_env=False) as http:
        return await http.post(f"{app.url}/gradio_api/mcp", json=body, headers={**accept, **headers})


async def test_under_a_password_a_client_sends_it_with_its_requests(services: StandIns, guarded: AppHere) -> None:
    async with speaking(guarded, Authorization=basic("ada", "love lace")) as client:
        assert texts(await client.call_tool("chat", {"message": "hello"})).startswith("You said: hello")


@pytest.mark.parametrize("given", ["", "Bearer x", "Basic !!", basic("ada", "wrong"), basic("", ""), basic("eve", "love lace")])
async def test_without_it_nothing_is_told_or_done(services: StandIns, guarded: AppHere, given: str) -> None:
    answer = await knock(guarded, **({"Authorization": given} if given else {}))
    assert answer.status_code == 401 and "Authorization: Basic" in answer.text
    assert services.gemini.calls == []


async def test_who_guesses_there_keeps_nobody_out(guarded: AppHere) -> None:
    statuses = [(await knock(guarded, Authorization=basic("ada", f"guess {number}"))).status_code for number in range(8)]
    assert statuses == [401] * 8
    assert (await knock(guarded, Authorization=basic("ada", "love lace"))).status_code not in (401, 429)


async def test_a_name_that_is_not_ours_and_another_page_are_refused(app: AppHere) -> None:
    assert (await knock(app, Host="evil.example")).status_code == 400
    assert (await knock(app, Origin="http://evil.example")).status_code == 403


async def test_too_long_a_request_is_refused(app: AppHere) -> None:
    assert (await knock(app, padding="x")).status_code != 413
    async with httpx2.AsyncClient(trust_env=False) as http:
        answer = await http.post(f"{app.url}/gradio_api/mcp", content=b"x" * 200_000)
    assert answer.status_code == 413


def test_without_the_package_a_sentence_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mcp.server", None)
    visitors = Visitors(Services({}, {}, Gallery(tmp_path)), Settings(home=str(tmp_path)), lends=False, owner=False)
    with pytest.raises(PackageMissing, match=r"not installed. Start with start.sh or .* --mcp"):
        Page(visitors, analytics_enabled=False).launch(mcp_server=True)
