"""What every request passes first: the hosts that are ours, what is never served, what a page may do, who a visitor is."""

from __future__ import annotations

import asyncio
import contextlib
import re
from typing import Any

import gradio as gr
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route
from starlette.testclient import TestClient
from starlette.types import Message, Receive, Scope, Send

from gemini_diffusion.generation.visitors import COOKIELESS
from gemini_diffusion.web.cookies import COOKIE, visitor_name
from gemini_diffusion.web.security_headers import (
    COLAB,
    LONGEST,
    LOOPBACK,
    POLICY,
    SENSELESS,
    AllowedHosts,
    SecurityHeaders,
    own_hosts,
)
from tests.waiting import patiently

COOKIE_LINE = re.compile(rf"{COOKIE}=[0-9a-f]{{32}}; Path=/; Max-Age=\d+; HttpOnly; SameSite=Lax")


async def anything(request: Request) -> PlainTextResponse:
    return PlainTextResponse("served")


async def stream(request: Request) -> StreamingResponse:
    return StreamingResponse(iter(["one ", "two ", "three"]))


def door(bound: str = "127.0.0.1", **options: Any) -> TestClient:
    routes = [Route("/gradio_api/queue/data", stream), Route("/{path:path}", anything, methods=["GET", "POST"])]
    guard = Middleware(SecurityHeaders, names=AllowedHosts(own_hosts(bound), **options))
    return TestClient(Starlette(routes=routes, middleware=[guard]), base_url="http://127.0.0.1:7860")


# Hosts

OURS = ("127.0.0.1:7860", "localhost", "LOCALHOST:7860", "[::1]:7860")
STRANGE = ("evil.com", "127.0.0.1.evil.com", "localhost.evil.com", "evil.hf.space", "192.168.1.5", "", "[", "x.gradio.live",
           "a.googleusercontent.com", "localhost@evil.com")  # fmt: skip
FOR_ALL: dict[str, Any] = {"bound": "0.0.0.0", "any_address": True, "public": {"pictures.example.org"}}
IN_COLAB: dict[str, Any] = {"suffixes": COLAB}


@pytest.mark.parametrize(
    ("opened", "host", "status"),
    [
        *(({}, host, 200) for host in OURS), *(({}, host, 400) for host in STRANGE),
        (FOR_ALL, "192.168.1.5:7860", 200), (FOR_ALL, "evil.com", 400),
        (IN_COLAB, "a.googleusercontent.com", 200), (IN_COLAB, "evilgoogleusercontent.com", 400),
    ],
)  # fmt: skip
def test_a_name_of_ours_is_served_and_any_other_refused_with_the_next_step(
    opened: dict[str, Any], host: str, status: int
) -> None:
    answer = door(**opened).get("/", headers={"host": host, "origin": "http://a.page.that.links.here"})
    assert answer.status_code == status
    assert ("served" if status == 200 else "--host") in answer.text


@pytest.mark.parametrize(
    ("opened", "host", "origin", "status"),
    [
        (FOR_ALL, "127.0.0.1:7860", "http://127.0.0.1:7860", 200),
        (FOR_ALL, "127.0.0.1:7860", "http://localhost:3000", 200),
        (FOR_ALL, "127.0.0.1:7860", "http://evil.com", 403),
        (FOR_ALL, "127.0.0.1:7860", "null", 403),
        (FOR_ALL, "127.0.0.1:7860", "http://[", 403),
        (FOR_ALL, "127.0.0.1:7860", "https://evil.hf.space", 403),
        (FOR_ALL, "192.168.1.5:7860", "http://192.168.1.5:7860", 200),
        (FOR_ALL, "192.168.1.5:7860", "http://6.6.6.6", 403),
        (FOR_ALL, "192.168.1.5:7860", "http://localhost:3000", 403),
        (FOR_ALL, "pictures.example.org", "https://pictures.example.org", 200),
        (FOR_ALL, "127.0.0.1:7860", "https://pictures.example.org", 200),
        (FOR_ALL, "pictures.example.org", "https://other.example.org", 403),
        (IN_COLAB, "localhost", "https://a.googleusercontent.com", 200),
    ],
)
def test_another_page_cannot_ask_for_anything(opened: dict[str, Any], host: str, origin: str, status: int) -> None:
    asked = {"host": host, "origin": origin}
    assert door(**opened).post("/gradio_api/queue/join", headers=asked).status_code == status


def test_a_name_that_is_added_while_it_runs_is_ours_from_then_on() -> None:
    names = AllowedHosts(own_hosts("127.0.0.1"))
    client = TestClient(SecurityHeaders(anything_at_all, names), base_url="https://abc.gradio.live")
    assert client.get("/").status_code == 400
    names.public.add("abc.gradio.live")
    assert client.get("/").status_code == 200


async def anything_at_all(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse("served")(scope, receive, send)


# What is never served


@pytest.mark.parametrize(
    "path",
    ["file=http://169.254.169.254/", "file=HTTPS://public.example/x.png", "file=%68ttp://x/", "file=//evil.example/x", "file=ftp://x/",
     "deep_link", "deep_link?session_hash=x", "monitoring", "monitoring/summary", "runs", "upload", "proxy=https://x.hf.space/",
     "call/v2/chat", "api/chat", "token", "dev/reload", "run-history/records", "component_server", "vibe-edit",
     "stream/x/1/2/playlist.m3u8", "upload_progress", "file/app.py",
     "profiling/traces", "logout", "custom_component/x/client/component/index.js", "something new"],
)  # fmt: skip
def test_what_could_leak_or_fetch_is_not_there(path: str) -> None:
    for prefix in ("/gradio_api/", "/"):
        assert door().get(prefix + path).status_code == 404


def test_pictures_and_the_page_itself_are() -> None:
    for path in ("/", "/gradio_api/file=/home/me/pictures/1/fox.png", "/gradio_api/file=C:/pictures/fox.png", "/config"):
        assert door().get(path).status_code == 200


def test_a_request_that_is_too_long_or_does_not_say_how_long_it_is_refused_unread() -> None:
    client = door()
    assert client.post("/gradio_api/queue/join", content=b"x" * LONGEST).status_code == 200
    assert client.post("/gradio_api/queue/join", content=b"x" * (LONGEST + 1)).status_code == 413
    assert client.post("/gradio_api/queue/join", content=iter([b"x"])).status_code == 411
    for length in ("-1", "1e3", "x", ""):
        assert client.post("/gradio_api/queue/join", headers={"content-length": length}).status_code == 411
    assert client.post("/gradio_api/queue/join", headers={"content-length": "9" * 5000}).status_code == 413


async def falls(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["path"] == "/config":
        await send({"type": "http.response.start", "status": 200, "headers": []})
    raise KeyError("AIza-a-key-in-an-error")


def test_what_falls_below_is_a_sentence_for_the_client_and_a_line_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    client = TestClient(SecurityHeaders(falls, AllowedHosts(own_hosts(""))), base_url="http://127.0.0.1")
    answer = client.get("/")
    assert (answer.status_code, answer.text) == (400, SENSELESS)
    assert answer.headers["content-security-policy"] == POLICY
    assert len(caplog.text.splitlines()) == 1 and "KeyError" in caplog.text and "a-key-in-an-error" not in caplog.text
    client.get("/config")
    assert "/config' could not be answered" in caplog.text
    client.get("/assets/%1b[2J%0aAll%20is%20well")
    assert r"/assets/\x1b[2J\nAll is well" in caplog.text


# Who takes too long

POST: Scope = {
    "type": "http", "method": "POST", "path": "/gradio_api/queue/join", "scheme": "http", "query_string": b"",
    "headers": [(b"host", b"localhost"), (b"content-length", b"2")],
}  # fmt: skip


def arriving(*parts: bytes) -> Receive:
    """A body of which no more comes than `parts`; two bytes are the whole."""
    coming = [{"type": "http.request", "body": part, "more_body": part != parts[-1] or len(parts) < 2} for part in parts]

    async def receive() -> Message:
        if not coming:
            await asyncio.Event().wait()
        return coming.pop(0)

    return receive


async def test_who_sends_half_and_no_more_is_let_go() -> None:
    async def reads(scope: Scope, receive: Receive, send: Send) -> None:
        await Request(scope, receive).body()

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async with patiently("the rest to be given up"):
        await SecurityHeaders(reads, AllowedHosts(LOOPBACK), patience=0.05)(POST, arriving(b"{"), send)
    assert sent[0]["status"] == 408 and (b"connection", b"close") in sent[0]["headers"]


async def test_who_sent_all_may_be_answered_as_long_as_it_takes() -> None:
    left: list[bool] = []

    async def answers_late(scope: Scope, receive: Receive, send: Send) -> None:
        await Request(scope, receive).body()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.3):
                left.append((await receive())["type"] == "http.disconnect")

    async def send(message: Message) -> None:
        raise AssertionError(message)

    await SecurityHeaders(answers_late, AllowedHosts(LOOPBACK), patience=0.05)(POST, arriving(b"{", b"}"), send)
    assert not left


# What a page may do


def test_every_answer_carries_the_policy_and_its_fellows_refusals_too() -> None:
    streamed = door().get("/gradio_api/queue/data")
    assert streamed.text == "one two three"
    for answer in (door().get("/"), door().get("/", headers={"host": "evil.com"}), streamed):
        assert answer.headers["content-security-policy"] == POLICY
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"


def test_the_policy_names_no_outside_host_for_scripts_pictures_or_forms() -> None:
    rules = dict(rule.strip().split(" ", 1) for rule in POLICY.split(";"))
    for name in ("default-src", "script-src", "style-src", "img-src", "connect-src", "form-action", "font-src"):
        assert "http" not in rules[name] and "*" not in rules[name]


# Who a visitor is


def test_the_first_page_gives_a_cookie_of_its_own_that_no_script_can_read() -> None:
    client, behind_https = door(), {"x-forwarded-proto": "https"}
    cookie = client.get("/").headers["set-cookie"]
    assert COOKIE_LINE.fullmatch(cookie) and door().get("/").headers["set-cookie"] != cookie
    assert "set-cookie" not in client.get("/").headers and "set-cookie" not in door().get("/config").headers
    assert door().get("/", headers=behind_https).headers["set-cookie"].endswith("; Secure")
    in_a_frame = door(**IN_COLAB)
    assert in_a_frame.get("/", headers=behind_https).headers["set-cookie"].endswith("; SameSite=None; Secure; Partitioned")
    assert COOKIE_LINE.fullmatch(in_a_frame.get("/").headers["set-cookie"])


@pytest.mark.parametrize("value", ["", "x", "0" * 31, "0" * 33, "Z" * 32, "../../etc"])
def test_a_cookie_that_is_not_ours_is_replaced(value: str) -> None:
    assert "set-cookie" in door().get("/", headers={"cookie": f"{COOKIE}={value}"}).headers


def asked(cookie: str = "", connection: str = "c1", user: str | None = None) -> gr.Request:
    return gr.Request(username=user, session_hash=connection, cookies={COOKIE: cookie} if cookie else {})


def test_a_visitor_is_the_cookie_and_the_login_whatever_the_connection() -> None:
    ada = visitor_name(asked("a" * 32))
    assert ada == visitor_name(asked("a" * 32, "c2")) != visitor_name(asked("b" * 32))
    assert len({visitor_name(asked("a" * 32, user=user)) for user in (None, "ann", "ben")}) == 3
    assert not ada.startswith(COOKIELESS) and "a" * 32 not in ada


def test_without_a_cookie_of_ours_a_visitor_is_the_connection_alone_and_cannot_come_back() -> None:
    nobody = visitor_name(asked("", "c1"))
    assert nobody == visitor_name(asked("nonsense", "c1")) != visitor_name(asked("", "c2"))
    assert nobody.startswith(COOKIELESS) and visitor_name(asked("", "a" * 32)) != visitor_name(asked("a" * 32))
