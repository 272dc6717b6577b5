"""Each visitor's events at a pace: a burst at once, the rest one after another, what would wait too long refused."""

from __future__ import annotations

from collections import Counter
from typing import Any, cast

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from gemini_diffusion.web.cookies import COOKIE
from gemini_diffusion.web.rate_limit import ADDRESS, NEWCOMERS, PROGRAMS, STRANGERS, VISITOR, VISITORS, RateLimiter, RateRule

JOIN, MCP = "/gradio_api/queue/join", "/gradio_api/mcp"
ADA, BOB = {"Cookie": f"{COOKIE}={'a' * 32}"}, {"Cookie": f"{COOKIE}={'b' * 32}"}


class Gate:
    """A turnstile that is asked directly how long an event waits, on a clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.turnstile = RateLimiter(PlainTextResponse("served"), lambda: self.now)

    def waits(self, times: int, visitor: str, pace: RateRule) -> list[float | None]:
        return [self.turnstile._wait(visitor, pace) for _ in range(times)]


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.mark.parametrize(
    ("pace", "burst", "apart", "patience"),
    [(VISITOR, 20, 0.2, 5.0), (STRANGERS, 8, 0.5, 20.0), (NEWCOMERS, 300, 0.5, 20.0), (PROGRAMS, 40, 0.1, 20.0),
     (ADDRESS, 100, 0.2, 10.0)],
)  # fmt: skip
def test_a_burst_passes_at_once_the_rest_in_steps_and_what_is_too_far_off_not_at_all(
    gate: Gate, pace: RateRule, burst: int, apart: float, patience: float
) -> None:
    waits = gate.waits(1000, "ada", pace)
    assert waits[:burst] == [pytest.approx(0.0, abs=1e-6)] * burst
    steps = [wait for wait in waits[burst:] if wait is not None]
    assert steps == [pytest.approx((number + 1) * apart) for number in range(len(steps))]
    assert len(steps) == pytest.approx(patience / apart, abs=1)
    assert waits[burst + len(steps) :] == [None] * (1000 - burst - len(steps))


def test_one_visitor_does_not_wait_behind_another(gate: Gate) -> None:
    gate.waits(1000, "ada", VISITOR)
    assert gate.waits(1, "bob", VISITOR) == [0.0]


def test_cookies_that_nobody_has_seen_before_pass_at_one_pace_and_keep_waiting_nobody_who_was_here(gate: Gate) -> None:
    assert gate.turnstile._welcome("ada") == 0.0
    made_up = [gate.turnstile._welcome(f"{number:032x}") for number in range(1000)]
    assert made_up[: NEWCOMERS.burst - 1] == [pytest.approx(0.0, abs=1e-6)] * (NEWCOMERS.burst - 1)  # ada was one of them
    passed = [wait for wait in made_up if wait is not None]
    assert len(passed) == pytest.approx(NEWCOMERS.burst + NEWCOMERS.rate * NEWCOMERS.patience, abs=2)
    assert made_up[len(passed) :] == [None] * (1000 - len(passed))
    assert gate.turnstile._welcome("ada") == 0.0


def test_who_was_refused_is_let_through_again_with_time(gate: Gate) -> None:
    gate.waits(1000, "ada", VISITOR)
    gate.now += VISITOR.patience + VISITOR.burst / VISITOR.rate
    assert gate.waits(VISITOR.burst, "ada", VISITOR) == [pytest.approx(0.0, abs=1e-6)] * VISITOR.burst


def test_what_is_remembered_has_an_end(gate: Gate) -> None:
    for number in range(VISITORS + 10):
        gate.waits(1, f"visitor {number}", VISITOR)
    assert len(gate.turnstile._due) == VISITORS


def asking(app: ASGIApp) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1")


async def test_an_event_too_many_is_told_to_wait_and_nothing_else_is_counted() -> None:
    stopped = RateLimiter(PlainTextResponse("served"), lambda: 0.0)
    for _ in range(10_000):
        if stopped._wait("a" * 32, VISITOR) is None:
            break
    async with asking(stopped) as client:
        answers = [await client.post(path, headers=ADA) for path in (JOIN, "/gradio_api/run/x", "/gradio_api/call/x/")]
        free = [await client.get(JOIN, headers=ADA), await client.post("/gradio_api/cancel", headers=ADA)]
        other = [await client.post(JOIN, headers=BOB), await client.post(JOIN)]
    assert [(answer.status_code, answer.headers["retry-after"]) for answer in answers] == [(429, "5")] * 3
    assert [answer.status_code for answer in (*free, *other)] == [200] * 4


async def test_all_programs_that_speak_mcp_share_one_pace_with_nobody_else() -> None:
    stopped = RateLimiter(PlainTextResponse("served"), lambda: 1000.0)
    async with asking(stopped) as client:
        served = [(await client.post(MCP, headers=ADA)).status_code for _ in range(PROGRAMS.burst)]
        while stopped._wait("programs", PROGRAMS) is not None:
            pass
        refused = [(await client.post(path)).status_code for path in (MCP, f"{MCP}/")]
        others = [await client.get(MCP), await client.post(JOIN, headers=ADA), await client.post(JOIN)]
    assert served == [200] * PROGRAMS.burst and refused == [429, 429]
    assert [answer.status_code for answer in others] == [200] * 3


def invented(address: str, times: int, path: str = JOIN) -> list[Scope]:
    """Events of as many cookies that nobody has seen, all from one address."""
    cookies = [f"{COOKIE}={number:032x}".encode() for number in range(times)]
    return [{"path": path, "client": (address, 1), "headers": [(b"cookie", cookie)]} for cookie in cookies]


@pytest.mark.parametrize("path", [JOIN, MCP])
def test_who_makes_up_cookies_at_one_address_gets_no_more_than_that_address(path: str) -> None:
    turnstile = RateLimiter(PlainTextResponse("served"), lambda: 1000.0)
    waits = [turnstile._turn(event) for event in invented("192.0.2.7", 1000, path)]
    assert sum(wait is not None for wait in waits) <= ADDRESS.burst + ADDRESS.rate * ADDRESS.patience
    assert turnstile._turn(invented("192.0.2.8", 1)[0]) == 0.0


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_a_tunnel_that_does_not_say_for_whom_it_asks_is_nobodys_address(address: str) -> None:
    turnstile = RateLimiter(PlainTextResponse("served"), lambda: 1000.0)
    waits = [turnstile._turn(event) for event in invented(address, NEWCOMERS.burst)]
    assert waits == [pytest.approx(0.0, abs=1e-6)] * NEWCOMERS.burst


@pytest.mark.parametrize(("peer", "seen"), [("127.0.0.1", "192.0.2.7"), ("192.0.2.9", "192.0.2.9")])
async def test_an_address_is_what_a_tunnel_here_adds_and_never_what_a_stranger_claims(peer: str, seen: str) -> None:
    """The server below sees to it."""
    scopes: list[Scope] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scopes.append(scope)

    claims: Scope = {"type": "http", "client": (peer, 1), "headers": [(b"x-forwarded-for", b"6.6.6.6, 192.0.2.7")]}
    await ProxyHeadersMiddleware(cast("Any", app))(cast("Any", claims), cast("Any", None), cast("Any", None))
    assert scopes[0]["client"][0] == seen


async def test_whoever_has_no_cookie_of_ours_shares_one_pace() -> None:
    stopped = RateLimiter(PlainTextResponse("served"), lambda: 0.0)
    while stopped._wait("", STRANGERS) is not None:
        pass
    async with asking(stopped) as client:
        cookies: list[dict[str, str]] = [{}, {"Cookie": "other=1"}, {"Cookie": f"{COOKIE}=made-up"}]
        answers = Counter([(await client.post(JOIN, headers=cookie)).status_code for cookie in cookies])
    assert answers == {429: 3}
