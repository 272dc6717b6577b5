"""Names and passwords of a file: hashed where they were written, let in one by one, and taken back while the window is open."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import gradio as gr
import httpx
import pytest

from gemini_diffusion.types.errors import BadInput
from gemini_diffusion.web.people import People
from gemini_diffusion.web.server import ServerOptions, open_window


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "people.txt"
    path.write_text("# the class\nada:love lace\n\nbob: ross:2\n", "utf-8")
    return path


def test_passwords_become_hashes_in_their_place_and_let_in_whom_they_are_of(file: Path) -> None:
    people = People(file)
    tries = (("ada", "love lace"), ("bob", "ross:2"), ("ada", "ross:2"), ("eve", ""), ("", ""), ("ada", ""))
    assert [asyncio.run(people.let_in(*each)) for each in tries] == [True, True, False, False, False, False]
    kept = file.read_text("utf-8")
    assert kept.startswith("# the class\nada:scrypt$") and "lace" not in kept and "ross" not in kept
    assert file.stat().st_mode & 0o077 == 0
    assert asyncio.run(People(file).let_in("ada", "love lace")) and file.read_text("utf-8") == kept


@pytest.mark.parametrize("content", [b"ada\n", b":x\n", b"ada:\n", b"\xff\xfe"])
def test_a_file_that_cannot_be_one_is_said_at_the_start_and_changes_nothing_later(
    file: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    people = People(file)
    file.write_bytes(content)
    assert asyncio.run(people.let_in("ada", "love lace")) and "stay as they were" in caplog.text
    with pytest.raises(BadInput, match="NAME:PASSWORD"):
        People(file)


def test_who_is_removed_is_asked_again_at_the_next_request_and_the_others_are_not(file: Path) -> None:
    with gr.Blocks(analytics_enabled=False) as page:
        pass
    options = ServerOptions(auth=People(file), browser=False)
    with contextlib.closing(open_window(page, options)) as window, contextlib.ExitStack() as open_clients:
        ada, bob = (open_clients.enter_context(httpx.Client(base_url=window.url, trust_env=False)) for _ in range(2))
        assert "Gemini Diffusion. The name and the password come from" in ada.get("/").text
        for client, name, password in ((ada, "ada", "love lace"), (bob, "bob", "ross:2")):
            assert client.post("/login", data={"username": name, "password": password}).status_code == 200
        kept = file.read_text("utf-8").splitlines()
        file.write_text("\n".join(line for line in kept if not line.startswith("ada:")) + "\ncarl:new\n", "utf-8")
        assert [client.get("/config").status_code for client in (ada, bob)] == [401, 200]
        assert ada.post("/login", data={"username": "carl", "password": "new"}).status_code == 200
