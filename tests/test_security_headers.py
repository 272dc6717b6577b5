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


@pytest.mark.parametrize("host", ["127.0.0.1:7860", "localhost", "LOCALHOST:7860", "[::1]:7860"])
def test_a_name_of_ours_is_served(host: str) -> None:
    assert door().get("/", headers={"host": host}).text == "served"


@pytest.mark.parametrize(
    "host",
    ["evil.com", "127.0.0.1.evil.com", "localhost.evil.com", "evil.hf.space", "192.168.1.5", "", "[", "x.gradio.live",
     "a.googleusercontent.com", "localhost@evil.com"],
)  # fmt: skip
def test_any_other_name_is_refused_with_the_next_step(host: str) -> None:
    answer = door().get("/", headers={"host": host})
    assert answer.status_code == 400
    assert "--host" in answer.text


def test_in_a_notebook_the_notebooks_names_are_ours() -> None:
    client = door(suffixes=COLAB)
    assert client.get("/", headers={"host": "a.googleusercontent.com"}).status_code == 200
    assert client.get("/", headers={"host": "evilgoogleusercontent.com"}).status_code == 400
    assert client.post("/login", headers={"host": "localhost", "origin": "https://a.googleusercontent.com"}).status_code == 200


def test_an_open_window_answers_to_its_numbers_but_not_to_strange_names() -> None:
    client = door("0.0.0.0", any_address=True)
    assert client.get("/", headers={"host": "192.168.1.5:7860"}).status_code == 200
    assert client.get("/", headers={"host": "evil.com"}).status_code == 400


def test_a_name_that_is_added_while_it_runs_is_ours_from_then_on() -> None:
    names = AllowedHosts(own_hosts("127.0.0.1"))
    client = TestClient(SecurityHeaders(anything_at_all, names), base_url="https://abc.gradio.live")
    assert client.get("/").status_code == 400
    names.public.add("abc.gradio.live")
    assert client.get("/").status_code == 200


async def anything_at_all(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse("served")(scope, receive, send)


@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [
        ("127.0.0.1:7860", "http://127.0.0.1:7860", 200),
        ("127.0.0.1:7860", "http://localhost:3000", 200),
        ("127.0.0.1:7860", "http://evil.com", 403),
        ("127.0.0.1:7860", "null", 403),
        ("127.0.0.1:7860", "http://[", 403),
        ("127.0.0.1:7860", "https://evil.hf.space", 403),
        ("192.168.1.5:7860", "http://192.168.1.5:7860", 200),
        ("192.168.1.5:7860", "http://6.6.6.6", 403),
        ("192.168.1.5:7860", "http://localhost:3000", 403),
        ("pictures.example.org", "https://pictures.example.org", 200),
        ("127.0.0.1:7860", "https://pictures.example.org", 200),
        ("pictures.example.org", "https://other.example.org", 403),
    ],
)
def test_another_page_cannot_ask_for_anything(host: str, origin: str, status: int) -> None:
    client = door("0.0.0.0", any_address=True, public={"pictures.example.org"})
    assert client.post("/gradio_api/queue/join", headers={"host": host, "origin": origin}).status_code == status


def test_reading_a_page_from_a_link_elsewhere_is_fine() -> None:
    assert door().get("/", headers={"origin": "http://evil.com"}).status_code == 200


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
    for answer in (door().get("/"), door().get("/", headers={"host": "evil.com"}), door().get("/gradio_api/queue/data")):
        assert answer.headers["content-security-policy"] == POLICY
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"


def test_the_policy_names_no_outside_host_for_scripts_pictures_or_forms() -> None:
    rules = dict(rule.strip().split(" ", 1) for rule in POLICY.split(";"))
    for name in ("default-src", "script-src", "style-src", "img-src", "connect-src", "form-action", "font-src"):
        assert "http" not in rules[name] and "*" not in rules[name]


def test_a_stream_passes_as_it_is() -> None:
    assert door().get("/gradio_api/queue/data").text == "one two three"


# Who a visitor is


def test_the_first_page_gives_a_cookie_that_no_script_can_read_and_the_next_gives_none() -> None:
    client = door()
    assert COOKIE_LINE.fullmatch(client.get("/").headers["set-cookie"])
    assert "set-cookie" not in client.get("/").headers
    assert "set-cookie" not in door().get("/config").headers


def test_two_visitors_never_get_the_same_cookie() -> None:
    assert door().get("/").headers["set-cookie"] != door().get("/").headers["set-cookie"]


@pytest.mark.parametrize("value", ["", "x", "0" * 31, "0" * 33, "Z" * 32, "../../etc"])
def test_a_cookie_that_is_not_ours_is_replaced(value: str) -> None:
    assert "set-cookie" in door().get("/", headers={"cookie": f"{COOKIE}={value}"}).headers


def test_behind_https_the_cookie_stays_on_https() -> None:
    assert "set-cookie" in door().get("/").headers
    assert door().get("/", headers={"x-forwarded-proto": "https"}).headers["set-cookie"].endswith("; Secure")


def test_in_a_frame_of_another_site_the_cookie_is_sent_back_too() -> None:
    colab = door(suffixes=COLAB)
    assert (
        colab.get("/", headers={"x-forwarded-proto": "https"})
        .headers["set-cookie"]
        .endswith("; SameSite=None; Secure; Partitioned")
    )
    assert COOKIE_LINE.fullmatch(colab.get("/").headers["set-cookie"])


def asked(cookie: str = "", connection: str = "c1", user: str | None = None) -> gr.Request:
    return gr.Request(username=user, session_hash=connection, cookies={COOKIE: cookie} if cookie else {})


def test_a_visitor_is_the_cookie_whatever_the_connection() -> None:
    assert visitor_name(asked("a" * 32, "c1")) == visitor_name(asked("a" * 32, "c2"))
    assert visitor_name(asked("a" * 32)) != visitor_name(asked("b" * 32))


def test_without_a_cookie_or_with_a_wrong_one_a_visitor_is_the_connection_alone() -> None:
    assert visitor_name(asked("", "c1")) == visitor_name(asked("nonsense", "c1")) != visitor_name(asked("", "c2"))


def test_only_who_has_a_cookie_can_come_back() -> None:
    assert not visitor_name(asked("a" * 32)).startswith(COOKIELESS)
    assert all(visitor_name(asked(cookie)).startswith(COOKIELESS) for cookie in ("", "nonsense"))


def test_under_a_login_the_same_browser_is_another_visitor() -> None:
    assert len({visitor_name(asked("a" * 32, user=user)) for user in (None, "ann", "ben")}) == 3


def test_a_connection_cannot_pass_for_a_cookie() -> None:
    assert visitor_name(asked("a" * 32)) != visitor_name(asked("", "a" * 32))


def test_a_visitors_name_does_not_give_the_cookie_away() -> None:
    assert "a" * 32 not in visitor_name(asked("a" * 32))
