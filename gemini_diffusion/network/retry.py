"""The one retry loop: asks again after a Transient, counts down, keeps a total deadline; knows no service and no window."""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NoReturn, TypeVar

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type

from gemini_diffusion.types import Emit, Waiting
from gemini_diffusion.types.errors import BadAnswer, ColdStart, GaveUp, Transient, Unreachable

BUSY_HINT = "Try again in a while, or choose another model."
T = TypeVar("T")

MOST_ATTEMPTS = 4
"""Calls in all, the first one too, after which a service is not asked again."""
OTHER_ATTEMPTS: dict[type[Transient], float] = {Unreachable: 3, BadAnswer: 2, ColdStart: math.inf}
"""The same for some kinds of trouble; a cold start is limited by the deadline alone."""
LONGEST_WAIT = 60.0
"""Seconds after which a service is asked again at the latest, whatever it advised."""
SHORTEST_WAIT = 0.25
"""Seconds before which no service is asked again, whatever it advised."""
TICK = 1.0
"""Seconds between two Waiting events."""

SLOW = "Try again, or give it more time: GEMINI_DIFFUSION_DEADLINE. Where nothing ever comes, check the network."
"""Not that the network is down: an answer may have been on its way still."""


async def retrying(attempt: Callable[[], Awaitable[T]], *, deadline: float, emit: Emit) -> T:
    """What `attempt` returns, asked again after each Transient; whatever else it raises passes through untouched.

    `deadline` in seconds bounds all attempts and waits together, a single hanging attempt included. Raises GaveUp, its
    cause the last Transient, when the attempts are used up, the deadline is reached or the next wait would outlast it.
    """
    asking = _Asking(deadline, emit)
    try:
        async with asyncio.timeout(deadline) as limit:
            return await asking.run(attempt)
    except TimeoutError:
        if not limit.expired():  # the attempt's own error, not our deadline
            raise
        raise asking.gave_up(f"the {_seconds(deadline)} s it may take are over") from asking.trouble


@contextmanager
def ordered_once() -> Iterator[None]:
    """An order for a picture: asked again only where the service cannot have begun, else it could be paid twice.

    Raises GaveUp instead of a Transient that has `begun`, and of every BadAnswer: something came, so something was done.
    """
    try:
        yield
    except Transient as trouble:
        if not (trouble.begun or isinstance(trouble, BadAnswer)):
            raise
        said = f"{trouble.message} The picture may have been drawn and paid for, so it was not asked for again."
        raise GaveUp(said, "Send it again if you want another try.") from trouble


def seconds_to_wait(trouble: Transient, failures: int) -> float:
    """Seconds until the next attempt, after so many failures of this kind: the advice, else exponential with jitter."""
    growing = 2.0 ** min(failures - 1, 10) * random.uniform(1.0, 1.25)
    return min(LONGEST_WAIT, max(SHORTEST_WAIT, trouble.retry_after or growing))


@dataclass
class _Asking:
    """One request on its way through several attempts."""

    deadline: float
    emit: Emit
    attempts: int = 0
    failures: Counter[type[Transient]] = field(default_factory=Counter)
    trouble: Transient = field(default_factory=lambda: Unreachable("No whole answer came.", SLOW))
    started: float = field(default_factory=time.monotonic)

    async def run(self, attempt: Callable[[], Awaitable[T]]) -> T:
        async def once() -> T:
            self.attempts += 1
            return await attempt()

        again = AsyncRetrying(
            retry=retry_if_exception_type(Transient),
            wait=self._wait,
            stop=self._is_in_vain,
            sleep=self._count_down,
            retry_error_callback=self._end,
        )
        return await again(once)

    def gave_up(self, why: str) -> GaveUp:
        """What is told at the end: what the service said last, how often it was asked and why it is not asked again."""
        times = "once" if self.attempts == 1 else f"{self.attempts} times"
        own_hint = self.trouble.hint if self.trouble.hint != Transient.default_hint else ""
        return GaveUp(f"{self.trouble.message} Asked {times}; {why}.", own_hint)

    @property
    def _elapsed(self) -> float:
        return time.monotonic() - self.started

    @property
    def _left(self) -> float:
        return self.deadline - self._elapsed

    @property
    def _used_up(self) -> bool:
        kind = type(self.trouble)
        return self.failures[kind] >= OTHER_ATTEMPTS.get(kind, MOST_ATTEMPTS)

    def _wait(self, state: RetryCallState) -> float:
        """The first that tenacity asks after a failure; notes it."""
        trouble = state.outcome.exception() if state.outcome else None
        if isinstance(trouble, Transient):
            self.trouble = trouble
            self.failures[type(trouble)] += 1
        return seconds_to_wait(self.trouble, self.failures[type(self.trouble)])

    def _needs(self, state: RetryCallState) -> float:
        """Seconds the next attempt has to wait for, the service's whole advice where it is longer than we would wait."""
        return max(state.upcoming_sleep, self.trouble.retry_after or 0.0)

    def _is_in_vain(self, state: RetryCallState) -> bool:
        return self._used_up or self._needs(state) >= self._left

    def _end(self, state: RetryCallState) -> NoReturn:
        why = f"that took {_seconds(self._elapsed)} s"
        if not self._used_up:
            why = f"asking again would need {_seconds(self._needs(state))} s more, {_seconds(max(self._left, 0.0))} s left"
        raise self.gave_up(why) from self.trouble

    async def _count_down(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self.emit(Waiting(self.trouble.message, left, self.attempts + 1))
            await asyncio.sleep(min(TICK, left))
        self.emit(Waiting(self.trouble.message, 0.0, self.attempts + 1))


def _seconds(seconds: float) -> str:
    """Seconds as a person reads them: 0.4, 7, 180."""
    return f"{seconds:.0f}" if seconds >= 9.95 else f"{seconds:.1f}".removesuffix(".0")
