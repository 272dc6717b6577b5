"""The retry loop: what is asked again, how long it waits, what it tells meanwhile and how it ends."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest

from gemini_diffusion.network.retry import retrying, seconds_to_wait
from gemini_diffusion.types import Event, Waiting, ignore
from gemini_diffusion.types.errors import (
    BadAnswer,
    Blocked,
    ColdStart,
    GaveUp,
    KeyRefused,
    Overloaded,
    RateLimited,
    Transient,
    Unreachable,
)
from tests.waiting import PATIENCE, patiently


class Service:
    """Fails in the given ways, one per call, then answers; keeps the times of its calls."""

    def __init__(self, *failures: BaseException) -> None:
        self.failures = list(failures)
        self.calls: list[float] = []

    async def __call__(self) -> str:
        self.calls.append(time.monotonic())
        if self.failures:
            raise self.failures.pop(0)
        return "a picture"


async def test_an_answer_at_the_first_attempt_is_returned_without_a_word() -> None:
    service, events = Service(), list[Event]()
    assert await retrying(service, deadline=1, emit=events.append) == "a picture"
    assert (len(service.calls), events) == (1, [])


async def test_the_services_advice_is_followed_and_never_undercut() -> None:
    service = Service(ColdStart("It wakes up.", retry_after=0.4), RateLimited("Too many.", retry_after=0.3))
    assert await retrying(service, deadline=60, emit=ignore) == "a picture"
    first, second, third = service.calls
    assert second - first >= 0.4
    assert third - second >= 0.3


async def test_a_wait_is_counted_down_from_the_first_second_to_zero() -> None:
    events: list[Event] = []
    await retrying(Service(ColdStart("It wakes up.", retry_after=1.2)), deadline=5, emit=events.append)
    waits = [event for event in events if isinstance(event, Waiting)]
    assert [round(wait.seconds_left, 1) for wait in waits] == [1.2, 0.2, 0.0]
    assert {(wait.reason, wait.attempt) for wait in waits} == {("It wakes up.", 2)}


def test_without_advice_waits_grow_and_differ() -> None:
    waits = [[seconds_to_wait(Overloaded("Busy."), failures) for _ in range(50)] for failures in (1, 2, 3)]
    for low, several in zip((1, 2, 4), waits, strict=True):
        assert all(low <= wait <= 1.25 * low for wait in several)
        assert len(set(several)) > 1


@pytest.mark.parametrize(
    ("trouble", "failures", "least", "most"),
    [
        (ColdStart("It wakes up.", retry_after=600), 1, 60, 60), (Overloaded("Busy."), 500, 60, 60),
        (ColdStart("It wakes up.", retry_after=0), 4, 8, 60), (ColdStart("It wakes up.", retry_after=0.001), 1, 0.25, 0.25),
    ],
)  # fmt: skip
def test_no_single_wait_passes_a_minute_and_none_becomes_a_hammer(
    trouble: Transient, failures: int, least: float, most: float
) -> None:
    assert least <= seconds_to_wait(trouble, failures) <= most


@pytest.mark.parametrize("refusal", [KeyRefused("No."), Blocked("No."), ValueError("ours"), TimeoutError("the attempt's own")])
async def test_whatever_is_not_transient_passes_through_untouched_after_one_call(refusal: Exception) -> None:
    service = Service(refusal)
    with pytest.raises(type(refusal)) as raised:
        await retrying(service, deadline=5, emit=ignore)
    assert raised.value is refusal
    assert len(service.calls) == 1


@pytest.mark.parametrize(("kind", "most"), [(Overloaded, 4), (RateLimited, 4), (Unreachable, 3), (BadAnswer, 2)])
async def test_each_kind_of_trouble_has_its_own_number_of_attempts(kind: type[Transient], most: int) -> None:
    troubles = [kind("It failed.", retry_after=0.1) for _ in range(9)]
    service = Service(*troubles)
    with pytest.raises(GaveUp) as raised:
        await retrying(service, deadline=30, emit=ignore)
    assert len(service.calls) == most
    assert raised.value.__cause__ is troubles[most - 1]
    assert raised.value.message.startswith(f"It failed. Asked {most} times; that took ")


async def test_a_cold_start_is_limited_by_the_deadline_alone() -> None:
    service = Service(*[ColdStart("It wakes up.", retry_after=0.1)] * 5)
    assert await retrying(service, deadline=30, emit=ignore) == "a picture"
    assert len(service.calls) == 6


async def test_cold_starts_before_it_do_not_use_up_the_attempts_of_another_trouble() -> None:
    service = Service(*[ColdStart("It wakes up.", retry_after=0.1)] * 2, BadAnswer("Not a picture.", retry_after=0.1))
    assert await retrying(service, deadline=5, emit=ignore) == "a picture"


async def test_a_wait_that_would_outlast_the_deadline_is_refused_at_once() -> None:
    events: list[Event] = []
    service = Service(ColdStart("It wakes up.", retry_after=14))
    with pytest.raises(GaveUp) as raised:
        await retrying(service, deadline=5, emit=events.append)
    assert raised.value.message == "It wakes up. Asked once; asking again would need 14 s more, 5 s left."
    assert (events, len(service.calls)) == ([], 1)
    with pytest.raises(GaveUp, match="would need 300 s more, 100 s left"):  # though one wait would fit
        await retrying(Service(ColdStart("It wakes up.", retry_after=300)), deadline=100, emit=ignore)


async def hang() -> str:
    await asyncio.Event().wait()
    return "too late"


def failing_then_hanging() -> Callable[[], Awaitable[str]]:
    service = Service(Overloaded("Busy.", retry_after=0.1))
    return lambda: service() if not service.calls else hang()


async def test_an_attempt_that_hangs_ends_at_the_deadline() -> None:
    started = time.monotonic()
    with pytest.raises(GaveUp) as raised:
        await retrying(hang, deadline=0.4, emit=ignore)
    assert time.monotonic() - started >= 0.4
    assert raised.value.message == "No whole answer came. Asked once; the 0.4 s it may take are over."
    assert isinstance(raised.value.__cause__, Transient)


async def test_a_later_attempt_that_hangs_ends_with_what_the_service_said_before() -> None:
    with pytest.raises(GaveUp, match=r"Busy\. Asked 2 times; the 0\.8 s it may take are over"):
        await retrying(failing_then_hanging(), deadline=0.8, emit=ignore)


async def test_the_troubles_own_advice_to_the_person_is_kept() -> None:
    with pytest.raises(GaveUp) as raised:
        await retrying(Service(ColdStart("It sleeps.", "Choose a smaller model.", retry_after=9)), deadline=1, emit=ignore)
    assert raised.value.hint == "Choose a smaller model."
    with pytest.raises(GaveUp) as raised:
        await retrying(Service(ColdStart("It sleeps.", retry_after=9)), deadline=1, emit=ignore)
    assert raised.value.hint == GaveUp.default_hint


@pytest.mark.parametrize("attempt", [Service(*[ColdStart("It wakes up.", retry_after=30)] * 99), hang])
async def test_stop_works_at_once_while_waiting_and_while_asking(attempt: Callable[[], Awaitable[str]]) -> None:
    task = asyncio.ensure_future(retrying(attempt, deadline=10 * PATIENCE, emit=ignore))
    await asyncio.sleep(0.05)
    task.cancel()
    async with patiently("it to stop"):
        with pytest.raises(asyncio.CancelledError):
            await task
