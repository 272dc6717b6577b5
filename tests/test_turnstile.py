"""Each visitor's events at a pace: a burst at once, the rest one after another, what would wait too long refused."""

from __future__ import annotations

from collections import Counter

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp

from gemini_diffusion.ui.identity import COOKIE
from gemini_diffusion.ui.turnstile import NEWCOMERS, PROGRAMS, STRANGERS, VISITOR, VISITORS, Pace, Turnstile

JOIN, MCP = "/gradio_api/queue/join", "/gradio_api/mcp"
ADA, BOB = {"Cookie": f"{COOKIE}={'a' * 32}"}, {"Cookie": f"{COOKIE}={'b' * 32}"}


class Gate:
    """A turnstile that is asked directly how long an event waits, on a clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.turnstile = Turnstile(PlainTextResponse("served"), lambda: self.now)

    def waits(self, times: int, visitor: str, pace: Pace) -> list[float | None]:
        return [self.turnstile._wait(visitor, pace) for _ in range(times)]


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.mark.parametrize("pace", [VISITOR, STRANGERS, NEWCOMERS, PROGRAMS])
def test_a_burst_passes_at_once_the_rest_in_steps_and_what_is_too_far_off_not_at_all(gate: Gate, pace: Pace) -> None:
    waits = gate.waits(1000, "ada", pace)
    assert waits[: pace.burst] == [pytest.approx(0.0, abs=1e-6)] * pace.burst
    steps = [wait for wait in waits[pace.burst :] if wait is not None]
    assert steps == [pytest.approx((number + 1) / pace.rate) for number in range(len(steps))]
    assert len(steps) == pytest.approx(pace.rate * pace.patience, abs=1)
    assert waits[pace.burst + len(steps) :] == [None] * (1000 - pace.burst - len(steps))


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
    stopped = Turnstile(PlainTextResponse("served"), lambda: 0.0)
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
    stopped = Turnstile(PlainTextResponse("served"), lambda: 1000.0)
    async with asking(stopped) as client:
        served = [(await client.post(MCP, headers=ADA)).status_code for _ in range(PROGRAMS.burst)]
        while stopped._wait("programs", PROGRAMS) is not None:
            pass
        refused = [(await client.post(path)).status_code for path in (MCP, f"{MCP}/")]
        others = [await client.get(MCP), await client.post(JOIN, headers=ADA), await client.post(JOIN)]
    assert served == [200] * PROGRAMS.burst and refused == [429, 429]
    assert [answer.status_code for answer in others] == [200] * 3


async def test_whoever_has_no_cookie_of_ours_shares_one_pace() -> None:
    stopped = Turnstile(PlainTextResponse("served"), lambda: 0.0)
    while stopped._wait("", STRANGERS) is not None:
        pass
    async with asking(stopped) as client:
        cookies: list[dict[str, str]] = [{}, {"Cookie": "other=1"}, {"Cookie": f"{COOKIE}=made-up"}]
        answers = Counter([(await client.post(JOIN, headers=cookie)).status_code for cookie in cookies])
    assert answers == {429: 3}
