"""Names and passwords of a file: hashed where they were written, let in one by one, and taken back while the window is open."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import Mock

import gradio as gr
import httpx
import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gemini_diffusion.types.errors import BadInput
from gemini_diffusion.web.accounts import Accounts, RemovedAccounts
from gemini_diffusion.web.server import ServerOptions, open_window
from tests.waiting import until


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "people.txt"
    path.write_text("# the class\nada:love lace\n\nbob: ross:2\n", "utf-8")
    return path


def take_out_ada(file: Path, more: str = "") -> None:
    kept = file.read_text("utf-8").splitlines(True)
    file.write_text("".join(line for line in kept if not line.startswith("ada:")) + more, "utf-8")


def test_passwords_become_hashes_in_their_place_and_let_in_whom_they_are_of(file: Path) -> None:
    people = Accounts(file)
    tries = (("ada", "love lace"), ("bob", "ross:2"), ("ada", "ross:2"), ("eve", ""), ("", ""), ("ada", ""))
    assert [asyncio.run(people.let_in(*each)) for each in tries] == [True, True, False, False, False, False]
    kept = file.read_text("utf-8")
    assert kept.startswith("# the class\nada:scrypt$") and "lace" not in kept and "ross" not in kept
    assert file.stat().st_mode & 0o077 == 0
    assert asyncio.run(Accounts(file).let_in("ada", "love lace")) and file.read_text("utf-8") == kept


@pytest.mark.parametrize("content", [b"ada\n", b":x\n", b"ada:\n", b"\xff\xfe"])
def test_a_file_that_cannot_be_one_is_said_at_the_start_and_changes_nothing_later(
    file: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    people = Accounts(file)
    file.write_bytes(content)
    assert asyncio.run(people.let_in("ada", "love lace")) and "stay as they were" in caplog.text
    with pytest.raises(BadInput, match="NAME:PASSWORD"):
        Accounts(file)


def test_who_is_removed_is_asked_again_at_the_next_request_and_the_others_are_not(file: Path) -> None:
    with gr.Blocks(analytics_enabled=False) as page:
        pass
    options = ServerOptions(auth=Accounts(file), browser=False)
    with contextlib.closing(open_window(page, options)) as window, contextlib.ExitStack() as open_clients:
        ada, bob = (open_clients.enter_context(httpx.Client(base_url=window.url, trust_env=False)) for _ in range(2))
        assert "Gemini Diffusion. The name and the password come from" in ada.get("/").text
        for client, name, password in ((ada, "ada", "love lace"), (bob, "bob", "ross:2")):
            assert client.post("/login", data={"username": name, "password": password}).status_code == 200
        take_out_ada(file, "carl:new\n")
        assert [client.get("/config").status_code for client in (ada, bob)] == [401, 200]
        assert ada.post("/login", data={"username": "carl", "password": "new"}).status_code == 200


async def test_what_is_streamed_to_somebody_who_is_removed_ends_and_to_others_goes_on(file: Path) -> None:
    people, sent = Accounts(file), dict[str, list[bytes]](ada=[], bob=[])
    tokens = {"ada-token": "ada", "bob-token": "bob"}
    remove = asyncio.Event()

    async def stream(scope: Scope, receive: Receive, send: Send) -> None:
        for piece in (b"one", b"two", b"three"):
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            await remove.wait()

    async def nothing(scope: Scope, receive: Receive, send: Send) -> None:
        return

    async def ask(name: str, app: ASGIApp = stream) -> None:
        async def send(message: Message) -> None:
            sent[name].append(message["body"])

        headers = [(b"cookie", f"access-token={name}-token".encode())]
        scope = {"type": "http", "app": SimpleNamespace(tokens=tokens), "headers": headers}
        await RemovedAccounts(app, people)(scope, Mock(), send)

    streams = [asyncio.create_task(ask(name)) for name in sent]
    await until(lambda: all(sent.values()))
    take_out_ada(file)
    await ask("bob", nothing)
    remove.set()
    await asyncio.gather(*streams)
    assert sent == {"ada": [b"one", b""], "bob": [b"one", b"two", b"three"]}
