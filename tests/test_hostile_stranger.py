"""A hostile stranger at one window for others: 120 tries, none of which gets in, gets out, or keeps another visitor waiting."""

from __future__ import annotations

import contextlib
import secrets
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from tests.app_process import AppHere
from tests.visitor import PAGE, AppError, Visitor
from tests.waiting import PATIENCE

SECRET = "nobody outside may ever read this"
BOMB = "[" * 300_000
TRIES: dict[str, list[str]] = {  # request lines; each is refused
    "files": [
        f"GET /gradio_api/file={name}"
        for name in (
            "/etc/passwd", "{folder}/.env", "{folder}/app.py", "{folder}/home/log.txt", "../.env", "..%2f.env", "%2e%2e/.env",
            "%00", "{folder}/home/visitors", "{folder}/home/lending.json", "{folder}/home/pictures/../strangers.txt", ".",
            "C:/x",
        )
    ],
    "folders": [
        f"GET /{name}"
        for name in (
            "static/../../../../etc/passwd", "assets/..%2f..%2fapp.py", "static/%2e%2e/%2e%2e/theme.py", ".env", "app.py",
            "gradio_api/file/app.py", "gradio_api/../.env", "unsaved/../../.env", f"unsaved/{'0' * 32}.png", "unsaved/x.png",
        )
    ],
    "addresses": [
        f"GET /gradio_api/{name}"
        for name in (
            "file=http://169.254.169.254/", "file=https://127.0.0.1/", "file=%68ttp://x/", "file=//evil.example/x", "file=ftp://x/",
            "file=HTTP://[::1]/", "proxy=https://x.hf.space/", "proxy=http://127.0.0.1/", "deep_link?session_hash=x",
            "file=http://0x7f000001/", "file=file:///etc/passwd", "file=gopher://x/",
        )
    ],
    "closed doors": [
        f"{method} /gradio_api/{name}"
        for method in ("GET", "POST")
        for name in (
            "upload", "monitoring/summary", "runs", "component_server", "token", "dev/reload", "profiling/traces", "vibe-edit",
            "stream/x/1/2/playlist.m3u8", "api/chat", "call/v2/chat", "mcp",
        )
    ],
    "the host's page": [
        *(f"GET /host{rest}" for rest in ("", "/", "/" + "0" * 32, "/../host", "/x")),
        *(f"POST /host/{'0' * 32}/{act}/{'0' * 32}/aa" for act in ("end", "first")),
    ],
    "methods": [f"{method} /gradio_api/queue/join" for method in ("PUT", "DELETE", "PATCH", "TRACE", "CONNECT", "PROPFIND")],
}  # fmt: skip
BODIES = (
    "", "null", "[]", '"x"', "{}", '{"data": {}}', '{"data": null}', '{"data": [], "fn_index": -1}', BOMB, "{" * 9000,
    '{"data": [], "fn_index": 99999}', '{"data": [], "fn_index": NaN}', '{"data": [], "fn_index": 1e308}', "\x00", "\ud800",
    '{"data": [], "fn_index": [], "session_hash": {}}', '{"data": [], "fn_index": true, "session_hash": "x"}x', "x" * 1_100_000,
)  # fmt: skip
HEADERS = (
    "Host: evil.com", "Host: 127.0.0.1.evil.com", "Host: localhost@evil.com", "Host:", "Host: [", "Host: evil.hf.space",
)  # fmt: skip
ORIGINS = ("http://evil.com", "null", "http://[", "https://evil.hf.space", "file://")
LINES = {  # what a program of theirs sends, and what it reads
    "/imagine a fox --model /etc/passwd": "is the host's to choose",
    "/imagine a fox --model ../../app.py": "is the host's to choose",
    "/imagine a fox --model file:///etc/passwd": "is the host's to choose",
    "/imagine a fox --model ~/x.safetensors": "is the host's to choose",
    r"/imagine a fox --model \\evil\share\x.safetensors": "is the host's to choose",
    "/imagine a fox --model https://me:x@169.254.169.254/draw --engine hosted": "inside a private network",
    f"/imagine picture:{'0' * 32} a fox": "no picture",
    "x" * 20_001: "Keep it under 20,000",
}
BROKEN = (  # bytes that are no request
    b"GET / HTTP/9.9\r\n\r\n", b"\x16\x03\x01\x02\x00", b"GET /\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.com\r\n\r\n", b"GET / HTTP/1.1\r\n" + b"x: y\r\n" * 9000 + b"\r\n",
    b"POST /login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n", b"\x00" * 4000 + b"\r\n\r\n",
)  # fmt: skip


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppHere]:
    """A window for others with something to find, and two hundred connections of the stranger that say nothing."""
    environment = {"GEMINI_DIFFUSION_PICTURE_FILTER": "off"}
    folder = tmp_path_factory.mktemp("window")
    flags = ("--host", "0.0.0.0")
    with AppHere(folder, flags, environment, env_file=f"NOTE={SECRET}\n".encode()) as running, contextlib.ExitStack() as held:
        for _ in range(200):
            silent = held.enter_context(connected(running))
            silent.sendall(b"POST /gradio_api/queue/join HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9999\r\n\r\n{")
        yield running


@pytest.fixture(scope="module")
def other(app: AppHere) -> Visitor:
    """Somebody who only wants to draw."""
    return Visitor(app.url)


@pytest.fixture(autouse=True)
def _others_are_served(other: Visitor) -> Iterator[None]:
    """Before and after each class of tries another visitor is."""
    assert '"success":true' in other.press(PAGE, "load").text.replace(" ", "")
    yield
    assert '"success":true' in other.press("settings-tab", "select").text.replace(" ", "")


def connected(app: AppHere) -> socket.socket:
    place = urlsplit(app.url)
    return socket.create_connection((place.hostname or "", place.port or 0), timeout=PATIENCE)


def knock(app: AppHere, raw: bytes, *, whole: bool = True) -> tuple[int, str]:
    """The status of what is answered, 0 where the connection is closed without a word, and all that came."""
    with connected(app) as line:
        came = b""
        with contextlib.suppress(OSError):  # closed while it was still being told
            line.sendall(raw)
            if not whole:
                line.shutdown(socket.SHUT_WR)
        with contextlib.suppress(OSError):
            while piece := line.recv(65536):
                came += piece
    text = came.decode("utf-8", "replace")
    assert not any(told in text for told in (SECRET, "Traceback", 'File "', "root:"))
    return int(came.split()[1]) if came.startswith(b"HTTP/") else 0, text


def asked(line: str, *headers: str, body: str = "") -> bytes:
    """A request from somebody who was never here."""
    content = body.encode("utf-8", "surrogatepass")
    own = [] if any(header.startswith("Host:") for header in headers) else ["Host: 127.0.0.1"]
    cookie = f"Cookie: gemini_diffusion_visitor={secrets.token_hex(16)}"
    lines = [f"{line} HTTP/1.1", *own, *headers, cookie, "Connection: close", f"Content-Length: {len(content)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


@pytest.mark.parametrize("kind", TRIES)
def test_no_door_but_those_of_the_window_opens(kind: str, app: AppHere) -> None:
    found = {line: knock(app, asked(line.replace("{folder}", str(app.folder))))[0] for line in TRIES[kind]}
    assert {line: status for line, status in found.items() if not 400 <= status < 500} == {}


def test_no_request_of_another_shape_is_taken(app: AppHere) -> None:
    join = "POST /gradio_api/queue/join"
    found = [knock(app, asked(join, "Content-Type: application/json", body=body))[0] for body in BODIES]
    found += [knock(app, asked("GET /", header))[0] for header in HEADERS]
    found += [knock(app, asked(join, f"Origin: {origin}", body="{}"))[0] for origin in ORIGINS]
    assert [place for place, status in enumerate(found) if not 400 <= status < 500] == []
    broken = {raw[:40]: knock(app, raw, whole=False)[0] for raw in BROKEN}
    assert {raw: status for raw, status in broken.items() if status and not 400 <= status < 500} == {}


def test_no_words_of_a_program_reach_what_is_the_hosts_or_anothers(app: AppHere, other: Visitor) -> None:
    program = Visitor(app.url).program()
    for line, told in LINES.items():
        with pytest.raises(AppError, match=told):
            program.predict(line, api_name="/imagine" if line.startswith("/imagine") else "/chat")
    stranger = Visitor(app.url)
    stranger._connection = other._connection  # a connection's name is no identity
    assert SECRET not in stranger.press("settings-tab", "select").text
    for name in ("home", "lend_per_visitor", "picture_filter", "hf_inference_url"):
        with pytest.raises(LookupError):
            stranger.press(f"set-{name}", "blur", "x")


def test_the_tries_are_a_hundred_and_twenty() -> None:
    counts = [*map(len, TRIES.values()), len(BODIES), len(HEADERS), len(ORIGINS), len(LINES), len(BROKEN), 5]
    assert sum(counts) >= 120
