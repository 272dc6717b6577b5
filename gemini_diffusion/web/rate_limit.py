"""Limits the rate of each visitor's events, so that whoever sends hundreds delays only themselves.

All visitors without a cookie share one limit, since a connection is easily made up. So is a cookie: new ones share a limit too,
and those seen before do not wait behind them. Where the address is known, all cookies from it share one more.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from gemini_diffusion.web.cookies import cookie_in

VISITORS = 5000
"""Visitors remembered; the one seen longest ago is forgotten first."""
_EVENT = re.compile(r"/gradio_api/(queue/join|call/.+|run/.+)", re.IGNORECASE)
_PROGRAM = re.compile(r"/gradio_api/mcp/?|/v1/.+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class RateRule:
    """`burst` events pass at once, then `rate` a second; one that would wait longer than `patience` seconds is refused."""

    burst: int
    rate: float
    patience: float


VISITOR = RateRule(burst=20, rate=5.0, patience=5.0)
STRANGERS = RateRule(burst=8, rate=2.0, patience=20.0)
NEWCOMERS = RateRule(burst=300, rate=2.0, patience=20.0)
PROGRAMS = RateRule(burst=40, rate=10.0, patience=20.0)
"""For all programs together, those that only guess a token too."""
ADDRESS = RateRule(burst=100, rate=5.0, patience=10.0)
"""For all behind one address, as a household or a class: making up cookies gains nothing."""
UNTOLD = ("", "127.0.0.1", "::1")
"""Not a visitor's address, but that of a tunnel or a local proxy that does not name its client."""
_NEW, _PROGRAMS = "new", "programs"
"""Keys beside the cookies; no cookie can equal one."""


class RateLimiter:
    """ASGI middleware: an event waits for its turn or is answered 429; other requests pass untouched."""

    def __init__(self, app: ASGIApp, clock: Callable[[], float] = time.monotonic) -> None:
        self.app, self._clock = app, clock
        self._due: OrderedDict[str, float] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        wait = self._turn(scope) if scope["type"] == "http" and scope["method"] == "POST" else 0.0
        if wait is None:
            await PlainTextResponse("That is too much at once. Wait a moment.", 429, {"Retry-After": "5"})(scope, receive, send)
            return
        if wait:
            await asyncio.sleep(wait)
        await self.app(scope, receive, send)

    def _turn(self, scope: Scope) -> float | None:
        """Seconds until a request may pass, 0 for what is no event; None where it is refused."""
        program = _PROGRAM.fullmatch(scope["path"])
        if not (program or _EVENT.fullmatch(scope["path"])):
            return 0.0
        address = (scope.get("client") or ("",))[0]
        together = 0.0 if address in UNTOLD else self._wait(address, ADDRESS)
        if together is None:
            return None
        own = self._wait(_PROGRAMS, PROGRAMS) if program else self._welcome(cookie_in(Headers(scope=scope).get("cookie", "")))
        return None if own is None else max(together, own)

    def _welcome(self, visitor: str) -> float | None:
        """The same for an event of the window's: of somebody with a cookie, or of those without."""
        if not visitor:
            return self._wait("", STRANGERS)
        first = 0.0 if visitor in self._due else self._wait(_NEW, NEWCOMERS)
        own = None if first is None else self._wait(visitor, VISITOR)
        return None if first is None or own is None else max(first, own)

    def _wait(self, visitor: str, pace: RateRule) -> float | None:
        """Seconds until it is this event's turn, None where that is too far off. A visitor's next turn is one step of the pace
        after the last, and the steps they did not use add up to a burst."""
        now = self._clock()
        due = max(self._due.get(visitor, 0.0), now - pace.burst / pace.rate) + 1 / pace.rate
        if due - now > pace.patience:
            return None
        self._due[visitor] = due
        self._due.move_to_end(visitor)
        if len(self._due) > VISITORS:
            self._due.popitem(last=False)
        return max(0.0, due - now)
