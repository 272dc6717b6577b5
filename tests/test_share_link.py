"""A window that is shared: the link and its password, what a stranger finds behind it, how it fails, moves and ends."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import re
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import httpx
import pytest
from gradio import tunneling

from gemini_diffusion.types.errors import Fixable, GeminiDiffusionError, Unreachable
from gemini_diffusion.web.server import OpenWindow, ServerOptions, network_address, open_window
from gemini_diffusion.web.share_link import open_share_link
from gemini_diffusion.web.startup_message import announce_address
from tests.app_process import NOWHERE, App, free_port
from tests.local_services import HOST_KEY, StandIns
from tests.servers.tunnel import API, LINK, LinkService, install_client
from tests.waiting import PATIENCE, wait_until

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the stand-in for the client is a script")

FOLDER = "hub"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LinkService]:
    with LinkService(tmp_path_factory.mktemp("service")) as running:
        yield running


@pytest.fixture(scope="module")
def shared(services: StandIns, service: LinkService, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """A shared window of a host with keys."""
    folder = tmp_path_factory.mktemp("shared")
    install_client(folder / FOLDER, tunneling.BINARY_FILENAME)
    with App(folder, ("--share",), {**services.environment, **service.environment}) as app:
        app.hear("^Public link: ")
        yield app


def stranger(service: LinkService, host: str = LINK) -> httpx.Client:
    """Somebody who opens the link, as the service hands them on."""
    headers = {"Host": host, "X-Forwarded-Proto": "https", "X-Forwarded-Host": host}
    return httpx.Client(base_url=service.public, headers=headers, trust_env=False, timeout=PATIENCE)


def enter(client: httpx.Client, app: App) -> httpx.Response:
    """Logs in with what the app printed."""
    name, password = app.hear(r"^Name: (\S+)  Password: (\S+)$").groups()
    answer = client.post("/login", data={"username": name, "password": password})
    client.headers["Cookie"] = "; ".join(f"{cookie.name}={cookie.value}" for cookie in answer.cookies.jar)
    return answer


# The link


def test_behind_the_link_everything_waits_for_the_password(shared: App, service: LinkService) -> None:
    with stranger(service) as client:
        assert '"auth_required":true' in client.get("/").text.replace(" ", "")
        for path in ("/config", "/gradio_api/info", "/gradio_api/queue/data?session_hash=x", "/gradio_api/file=app.py"):
            assert client.get(path).status_code == 401
        assert client.post("/gradio_api/call/chat", json={"data": ["hello"]}).status_code == 401
        assert client.post("/login", data={"username": "guest", "password": "guess"}).status_code == 400
        assert enter(client, shared).status_code == 200
        assert client.get("/config").status_code == 200


def test_the_pages_scripts_come_from_the_app(shared: App, service: LinkService) -> None:
    with stranger(service) as client:
        enter(client, shared)
        page = client.get("/").text
        scripts = re.findall(r'<script[^>]* src="([^"]+)"', page)
        assert scripts and not [address for address in scripts if re.match(r"(https?:)?//", address)]
        assert all(client.get(address.removeprefix(".")).status_code == 200 for address in scripts)


def test_the_hosts_keys_are_not_lent_to_who_comes_by_the_link(shared: App, service: LinkService, services: StandIns) -> None:
    services.forget()
    with stranger(service) as client:
        enter(client, shared)
        asked = client.post("/gradio_api/call/chat", json={"data": ["Who are you?"]}).json()["event_id"]
        said = client.get(f"/gradio_api/call/chat/{asked}").text
    assert "event: complete" in said
    assert services.gemini.calls == [] and services.hub.calls == []


@pytest.mark.parametrize(
    ("origin", "status"), [(f"https://{LINK}", 400), ("https://evil.gradio.live", 403), ("http://localhost:3000", 403)]
)
def test_only_the_links_own_page_may_ask(shared: App, service: LinkService, origin: str, status: int) -> None:
    with stranger(service) as client:
        tried = client.post("/login", data={"username": "eve", "password": "x"}, headers={"origin": origin})
    assert tried.status_code == status


def test_it_is_printed_asked_of_the_service_alone_and_leaves_nothing_where_the_app_was_started(
    shared: App, service: LinkService
) -> None:
    assert f"Public link: https://{LINK}\n" in shared.said and "a week at most" in shared.said
    assert re.search(r"^Name: guest  Password: [\w-]{12}$", shared.said, re.MULTILINE)
    assert service.wanted == [API]
    assert not (shared.folder / ".gradio").exists()
    assert (shared.home / "share-link.pem").read_text() == service.certificate.read_text()


def test_when_the_service_changes_the_link_the_new_one_is_printed_and_works(shared: App, service: LinkService) -> None:
    service.move("moved.gradio.live")
    shared.hear("^Public link: https://moved.gradio.live$")
    for link, status in (("moved.gradio.live", 200), ("evil.gradio.live", 400)):
        with stranger(service, link) as client:
            assert client.get("/").status_code == status


def running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


# A link that ends, or that there is none of


@pytest.fixture
def here(service: LinkService, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where this process looks for the client, which is there; the service is the stand-in."""
    for name, value in service.environment.items():
        monkeypatch.setenv(name, value)
    install_client(Path(os.environ["HF_HOME"]), tunneling.BINARY_FILENAME)
    yield Path(tunneling.BINARY_PATH)
    Path(tunneling.BINARY_PATH).unlink(missing_ok=True)


Announced = Callable[..., tuple[OpenWindow, list[str]]]


@pytest.fixture
def announced(here: Path, tmp_path: Path) -> Iterator[Announced]:
    """Opens an empty window that is to be shared; what is said of it comes with it, and goes on."""
    with contextlib.ExitStack() as opened:

        def announced(**place: Any) -> tuple[OpenWindow, list[str]]:
            with gr.Blocks(analytics_enabled=False) as page:
                pass
            window = opened.enter_context(
                contextlib.closing(open_window(page, ServerOptions(share=True, browser=False, **place)))
            )
            said: list[str] = []
            announce_address(window, tmp_path, said.append)
            return window, said

        yield announced


def hear(said: list[str], beginning: str) -> str:
    """Waits until something is said that begins so."""
    wait_until(lambda: any(line.startswith(beginning) for line in said))
    return next(line for line in said if line.startswith(beginning))


def test_an_own_password_is_kept_and_the_client_is_told_no_secret_and_ends_with_the_window(
    service: LinkService, announced: Announced, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = {"GOOGLE_API_KEY": HOST_KEY, "HF_TOKEN": "hf_the_hosts_own_token_0002"}
    for name, value in keys.items():
        monkeypatch.setenv(name, value)
    window, said = announced(auth=("ada", "lovelace"))
    hear(said, "Name: ada  Password: lovelace")
    hear(said, "Public link: ")
    with stranger(service) as client:
        assert client.get("/config").status_code == 401
        assert client.post("/login", data={"username": "ada", "password": "lovelace"}).status_code == 200
    process = service.processes[-1]
    assert running(process)
    if sys.platform == "linux":  # elsewhere a program's variables are nowhere to be read
        told = Path(f"/proc/{process}/environ").read_bytes() + Path(f"/proc/{process}/cmdline").read_bytes()
        assert b"HTTPS_PROXY=" in told
        assert not [secret for secret in (*keys.values(), "lovelace") if secret.encode() in told]
    window.close()
    wait_until(lambda: not running(process) and "public-link" not in [thread.name for thread in threading.enumerate()])
    assert "has ended" not in " ".join(said)


def test_the_end_of_a_link_is_told_and_the_window_goes_on(service: LinkService, announced: Announced) -> None:
    window, said = announced()
    hear(said, "Public link: ")
    service.end()
    told = hear(said, "The public link has ended.")
    assert "--share" in told and window.url in told
    assert httpx.get(window.url, trust_env=False).status_code == 200


def test_without_a_network_the_reason_and_the_address_nearby_are_said_and_the_window_goes_on(
    announced: Announced, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", NOWHERE)
    window, said = announced(host="0.0.0.0")
    told = hear(said, "There is no public link.")
    nearby = network_address()
    assert "did not answer" in told and "firewall" in told
    assert (f"http://{nearby}:{window.blocks.server_port}/ on your network" if nearby else window.url) in told
    assert httpx.get(window.url, trust_env=False).status_code == 200


def test_where_the_client_may_not_run_that_is_said_and_the_window_goes_on(here: Path, announced: Announced) -> None:
    here.chmod(0o644)
    window, said = announced()
    told = hear(said, "There is no public link.")
    assert "not allowed to run" in told and "antivirus" in told and tunneling.BINARY_FILENAME in told
    assert f"{window.url} on this machine" in told and "--host 0.0.0.0" in told
    assert httpx.get(window.url, trust_env=False).status_code == 200


def test_a_window_closes_at_once_while_somebody_waits_for_an_answer() -> None:
    with gr.Blocks(analytics_enabled=False) as page:
        gr.Button().click(functools.partial(asyncio.sleep, PATIENCE), api_name="wait")
    window = open_window(page, ServerOptions(browser=False))
    with httpx.Client(base_url=f"{window.url}gradio_api/call/", trust_env=False) as client:
        asked = client.post("wait", json={"data": []}).json()["event_id"]
        with client.stream("GET", f"wait/{asked}"):
            begun = time.monotonic()
            window.close()
    assert time.monotonic() - begun < 4, "left to itself, the server waits five seconds"


def refused(folder: Path, patience: float = PATIENCE) -> GeminiDiffusionError:
    with pytest.raises(GeminiDiffusionError) as caught:
        open_share_link("127.0.0.1", free_port(), "token", folder, patience)
    return caught.value


def test_a_client_that_cannot_be_fetched_is_named_with_where_it_belongs(
    service: LinkService, here: Path, tmp_path: Path
) -> None:
    here.unlink()
    error = refused(tmp_path)
    assert isinstance(error, Unreachable) and "could not be fetched" in error.message
    assert tunneling.BINARY_URL in error.hint and str(here) in error.hint
    assert service.wanted[-1] == "cdn-media.huggingface.co"


def test_a_client_that_gives_up_is_not_waited_for_and_one_that_is_mute_is_ended(
    service: LinkService, here: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    service.mute = True
    try:
        error = refused(tmp_path, patience=2)
    finally:
        service.mute = False
    assert isinstance(error, Unreachable) and "could not reach its service" in error.message
    assert not running(service.processes[-1])
    here.write_text("#!/bin/sh\necho 'login to server failed: no route to host'\nexit 1\n")
    begun = time.monotonic()
    assert "could not reach its service" in refused(tmp_path).message and "no route to host" in caplog.text
    assert time.monotonic() - begun < PATIENCE


def test_a_certificate_that_cannot_be_kept_is_said(here: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    error = refused(tmp_path / "file")
    assert isinstance(error, Fixable) and "--data-dir" in error.hint


@pytest.mark.parametrize("answer", [b"not json", b"[]", b'[{"host": "x"}]', b'{"detail": "gone"}'])
def test_a_service_that_says_something_else_counts_as_no_answer(
    answer: bytes, service: LinkService, here: Path, tmp_path: Path, spoken: Callable[[bytes], None]
) -> None:
    spoken(answer)
    assert "did not answer" in refused(tmp_path).message


@pytest.fixture
def spoken(service: LinkService) -> Iterator[Callable[[bytes], None]]:
    def say(answer: bytes) -> None:
        service.answer = answer

    yield say
    service.answer = b""


def test_the_network_address_is_a_number_of_this_machine() -> None:
    found = network_address()
    if found:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind((found, 0))
