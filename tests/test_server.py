"""The window as it is served: what programs find, what is shut, what never leaves, and where it may open."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import gradio as gr
import httpx
import pytest
from gradio_client import Client  # type: ignore[import-untyped]
from gradio_client.exceptions import AppError  # type: ignore[import-untyped]

from gemini_diffusion.chat_models import ChatModel
from gemini_diffusion.chat_models.builtin import BuiltinChatModel
from gemini_diffusion.config.settings import Settings
from gemini_diffusion.generation import health
from gemini_diffusion.generation.services import Services
from gemini_diffusion.generation.visitors import Visitors
from gemini_diffusion.storage.gallery import Gallery
from gemini_diffusion.types.errors import BadInput
from gemini_diffusion.ui.window import build
from gemini_diffusion.web.server import OpenWindow, ServerOptions, network_address, open_window
from tests.scripted import ScriptedChatModel
from tests.sketch_engine import SketchEngine
from tests.waiting import PATIENCE

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenWindow]:
    home = tmp_path_factory.mktemp("home")
    models: dict[str, ChatModel] = {"gemini": ScriptedChatModel(), "builtin": BuiltinChatModel()}
    services = Services(models, {"local": SketchEngine()}, Gallery(home / "pictures"))
    settings = Settings(home=str(home))
    opened = open_window(
        build(Visitors(services, settings, lends=True, owner=True), health.welcome(services, settings)),
        ServerOptions(browser=False),
    )
    with contextlib.chdir(tempfile.gettempdir()):  # it is opened from any folder
        yield opened
    opened.close()


def pressed(window: OpenWindow, client: httpx.Client, event: str, data: list[Any]) -> list[dict[str, Any]]:
    """Sends one of the window's own events as the page does; every message that comes back."""
    config = client.get(f"{window.url}config").json()
    index = next(entry["id"] for entry in config["dependencies"] if entry["api_name"] == event)
    body = {"data": data, "fn_index": index, "session_hash": "s", "trigger_id": None}
    client.post(f"{window.url}gradio_api/queue/join", json=body).raise_for_status()
    messages = []
    with client.stream("GET", f"{window.url}gradio_api/queue/data", params={"session_hash": "s"}) as stream:
        for line in stream.iter_lines():
            if line.startswith("data:"):
                messages.append(json.loads(line[5:]))
                if messages[-1]["msg"] in ("process_completed", "close_stream"):
                    break
    return messages


@pytest.mark.parametrize(("event", "data"), [("arrive", []), ("send_example", []), ("lists", []), ("open_1", []), ("new", [])])
def test_what_a_page_asks_first_is_answered_from_whatever_folder_the_app_was_started(
    window: OpenWindow, event: str, data: list[Any]
) -> None:
    with httpx.Client() as client:
        client.get(window.url)
        assert pressed(window, client, event, data)[-1]["success"] is True


def test_programs_hear_the_notices_and_get_the_plan_of_a_dry_line(window: OpenWindow) -> None:
    client = Client(window.url, verbose=False)
    _, [drawn] = client.predict("a fox --bogus 3 --tile --steps 1", api_name="/imagine")
    assert [("--bogus" in notice, "--tile" in notice) for notice in drawn["notices"][:2]] == [(True, False), (False, True)]
    assert drawn["ignored"] == ["tile"]
    files, [planned] = client.predict("a fox --dry --seed 4", api_name="/imagine")
    assert (files, planned["seed"], planned["created"], planned["model"]) == ([], 4, "", "postcard")


def test_a_failure_for_programs_is_the_windows_sentence(window: OpenWindow) -> None:
    client = Client(window.url, verbose=False)
    with pytest.raises(AppError, match="There is nothing to send"):
        client.predict("  ", api_name="/chat")
    with pytest.raises(AppError, match="There is no engine called hosted"):
        client.predict("a fox --engine hosted", api_name="/imagine")
    with pytest.raises(AppError, match="Did you mean /imagine"):
        client.predict("/imagin a fox", api_name="/imagine")
    with pytest.raises(AppError, match="A text is needed"):
        client.predict(None, api_name="/imagine")
    with pytest.raises(AppError, match="Say what you want to see, in any language"):
        client.predict("/help", api_name="/imagine")


def test_the_page_names_no_outside_host_and_keeps_no_history(window: OpenWindow) -> None:
    config = httpx.get(f"{window.url}config").json()
    assert config["analytics_enabled"] is False
    assert not config.get("run_history")
    assert httpx.get(window.url, headers={"host": "evil.com"}).status_code == 400


def test_a_port_that_is_taken_or_impossible_is_said(window: OpenWindow) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(BadInput, match="is taken"):
            open_window(gr.Blocks(analytics_enabled=False), ServerOptions(port=taken.getsockname()[1], browser=False))
    with pytest.raises(BadInput, match="no port"):
        open_window(gr.Blocks(analytics_enabled=False), ServerOptions(port=99999, browser=False))


@pytest.mark.parametrize(
    ("place", "private"),
    [
        (ServerOptions(), True),
        (ServerOptions("localhost"), True),
        (ServerOptions("127.0.0.7"), True),
        (ServerOptions("0.0.0.0"), False),
        (ServerOptions(share=True), False),
        (ServerOptions(names=frozenset({"pictures.example.org"})), False),
    ],
)
def test_only_a_loopback_window_without_a_link_or_a_proxy_is_private(place: ServerOptions, private: bool) -> None:
    assert place.private is private


@pytest.mark.parametrize(
    ("host", "here", "nearby"),
    [("0.0.0.0", "127.0.0.1", network_address()), ("127.0.0.1", "127.0.0.1", ""), ("localhost", "localhost", "")],
)
def test_a_window_says_where_it_is_for_this_machine_and_for_others(host: str, here: str, nearby: str) -> None:
    with gr.Blocks(analytics_enabled=False) as blocks:
        gr.Markdown("hello")
    opened = open_window(blocks, ServerOptions(host, browser=False))
    try:
        assert httpx.get(opened.url).status_code == 200 and urlsplit(opened.url).hostname == here
        assert (urlsplit(opened.network_url).hostname or "") == nearby
    finally:
        opened.close()


def test_building_the_window_loads_no_engine_and_no_service() -> None:
    program = (
        "import sys, tempfile, pathlib\n"
        "from gemini_diffusion.config.settings import Settings\n"
        "from gemini_diffusion.ui.window import build\n"
        "from gemini_diffusion.generation import health\n"
        "from gemini_diffusion.generation.services import open_services\n"
        "from gemini_diffusion.generation.visitors import Visitors\n"
        "home = pathlib.Path(tempfile.mkdtemp())\n"
        "services = open_services(home)\n"
        "settings = Settings(home=str(home))\n"
        "build(Visitors(services, settings, lends=True, owner=True), health.welcome(services, settings))\n"
        "print([name for name in ('torch', 'diffusers', 'transformers', 'google.genai') if name in sys.modules])\n"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT, timeout=PATIENCE)
    assert done.stdout.strip() == "[]"
