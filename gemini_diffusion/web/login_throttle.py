"""Slows down whoever guesses a password, and keeps the right one out for nobody: a guesser waits, never a name.

Who tries is told apart by the cookie, else by an address that is somebody's own. Both can be made up, and behind a public link
all have one address, so everybody's wrong tries share a pace too: there one waits in line and is not refused. A password is
wrong if the login below refuses it.
"""

from __future__ import annotations

import asyncio
import hashlib
import math
import time
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gemini_diffusion.web.cookies import cookie_in
from gemini_diffusion.web.rate_limit import UNTOLD

T = TypeVar("T")
LONGEST_FORM = 10_000
"""Bytes of a login form at most."""
GUESSERS = 1000
"""Guessers remembered, each with the name they try; who tried longest ago is forgotten first."""
LINE, OF_ONE = 500, 5
"""Tries that may wait for their turn at once, and those of one guesser."""
RIGHT, WRONG = 200, 400
SCRIPT = Path(__file__).parent / "static" / "login.js"
_LOGIN_PAGE = b'"auth_required"'


@dataclass(frozen=True, slots=True)
class BackoffRule:
    """How wrong tries are slowed: `free` cost nothing, then each doubles the wait in seconds up to `longest`; one is forgiven
    every `forgiven` seconds."""

    free: int
    longest: float
    forgiven: float


BY_GUESSER = BackoffRule(free=5, longest=60.0, forgiven=120.0)
IN_ALL = BackoffRule(free=300, longest=0.5, forgiven=2.0)


class FailedTries:
    """The wrong tries of one guesser, or of all. Times are seconds of any steady clock."""

    def __init__(self, pace: BackoffRule) -> None:
        self._pace = pace
        self._wrong = 0
        self._latest = 0.0

    def wait(self, now: float) -> float:
        """Seconds until the next try is let through; 0 when it is."""
        over = self._wrong - self._pace.free
        if over < 0:
            return 0.0
        return max(0.0, self._latest + min(self._pace.longest, 2.0 ** min(over + 1, 32)) - now)

    def add(self, now: float) -> None:
        forgiven = int((now - self._latest) / self._pace.forgiven)
        self._wrong, self._latest = max(0, self._wrong - forgiven) + 1, now


class LoginThrottle:
    """ASGI middleware in front of a login that answers 400 where the password is wrong. One try at a time is judged, in the
    order in which they come; one that a guesser makes too early is answered 429 and changes nothing. Who has got in before
    stands in no line."""

    def __init__(
        self,
        app: ASGIApp,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.app, self._clock, self._sleep = app, clock, sleep
        self._script = f"<head><script>{SCRIPT.read_text('utf-8')}</script>".encode()
        self._turn, self._line = asyncio.Lock(), Counter[bytes]()
        self._all = FailedTries(IN_ALL)
        self._guessers: OrderedDict[bytes, FailedTries] = OrderedDict()
        self._known: OrderedDict[bytes, None] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
        elif scope["method"] == "POST" and scope["path"].rstrip("/") == "/login":
            await self._login(scope, receive, send)
        elif scope["method"] == "GET" and scope["path"] == "/":
            await self.app(scope, receive, _explaining(send, self._script))
        else:
            await self.app(scope, receive, send)

    async def _login(self, scope: Scope, receive: Receive, send: Send) -> None:
        form = await _whole(Request(scope, receive))
        if form is None:
            await JSONResponse({"detail": "That is too long for a name and a password."}, 413)(scope, receive, send)
            return
        guesser, answer = await _guesser(scope, form), _Answer()
        if guesser in self._known:
            wait = await self._try(scope, form, guesser, answer)
        else:
            wait = await self._in_line(scope, form, guesser, answer)
        if wait:
            await _later(wait)(scope, receive, send)
        else:
            await answer.give(send)

    async def _in_line(self, scope: Scope, form: bytes, guesser: bytes, answer: _Answer) -> float:
        if self._line.total() >= LINE or (guesser and self._line[guesser] >= OF_ONE):
            return IN_ALL.longest
        self._line[guesser] += 1
        try:
            async with self._turn:
                if not self._wait(guesser):
                    await self._sleep(self._all.wait(self._clock()))
                return await self._try(scope, form, guesser, answer)
        finally:
            self._line[guesser] -= 1
            self._line += Counter()  # forgets who has none

    async def _try(self, scope: Scope, form: bytes, guesser: bytes, answer: _Answer) -> float:
        """Has a try judged. Returns the seconds that its guesser has to wait before one is, 0 where it was."""
        wait = self._wait(guesser)
        if not wait:
            await self.app(scope, _again(form), answer.take)
            self._judge(guesser, answer.status)
        return wait

    def _wait(self, guesser: bytes) -> float:
        return self._guessers[guesser].wait(self._clock()) if guesser in self._guessers else 0.0

    def _judge(self, guesser: bytes, status: int) -> None:
        now = self._clock()
        if status == RIGHT:
            self._guessers.pop(guesser, None)
            _remember(self._known, guesser, None)
        elif status == WRONG:
            self._all.add(now)
            tries = self._guessers.get(guesser) or FailedTries(BY_GUESSER)
            tries.add(now)
            _remember(self._guessers, guesser, tries)


def _remember(those: OrderedDict[bytes, T], guesser: bytes, value: T) -> None:
    """Only of those who can be told apart."""
    if guesser:
        those[guesser] = value
        those.move_to_end(guesser)
        if len(those) > GUESSERS:
            those.popitem(last=False)


class _Answer:
    """An answer kept back until the next try may be judged: a slow reader holds up nobody."""

    def __init__(self) -> None:
        self.status = 0
        self._messages: list[Message] = []

    async def take(self, message: Message) -> None:
        self.status = message.get("status", self.status)
        self._messages.append(message)

    async def give(self, send: Send) -> None:
        for message in self._messages:
            await send(message)


async def _whole(request: Request) -> bytes | None:
    """What is sent, None where it is more than a form can be."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LONGEST_FORM:
            return None
    return body


def _again(body: bytes) -> Receive:
    """Hands out what was already read."""

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


async def _guesser(scope: Scope, form: bytes) -> bytes:
    """Who tries and which name, as the login below reads it; a digest, so that a long one takes no more room. Empty for
    somebody who cannot be told from others."""
    who = cookie_in(Headers(scope=scope).get("cookie", "")) or (scope.get("client") or ("",))[0]
    try:
        async with Request(scope, _again(form)).form(max_files=0) as fields:
            tried = str(fields.get("username", "")).strip()
    except (HTTPException, MultiPartException):
        tried = ""  # the login below says what is wrong with it
    return b"" if who in UNTOLD else hashlib.sha256(f"{who} {tried}".encode("utf-8", "replace")).digest()


def _later(wait: float) -> JSONResponse:
    seconds = math.ceil(wait)
    said = f"That was wrong several times. The next try counts in {seconds} s."
    return JSONResponse({"detail": said}, 429, {"Retry-After": str(seconds)})


def _explaining(send: Send, script: bytes) -> Send:
    """Puts our script into the page that asks for the password: Gradio's own shows nothing at all for a 429."""
    start: list[Message] = []

    async def send_explaining(message: Message) -> None:
        if message["type"] == "http.response.start" and "text/html" in Headers(raw=message["headers"]).get("content-type", ""):
            start.append(message)
            return
        if start:
            body = message.get("body", b"")
            if _LOGIN_PAGE in body:
                body = body.replace(b"<head>", script, 1)
            first = start.pop()
            MutableHeaders(scope=first)["content-length"] = str(len(body))
            await send(first)
            message = {**message, "body": body}
        await send(message)

    return send_explaining
