"""Slows down wrong passwords: each after the fifth waits longer, by name and in total, and nobody is ever locked out.

Behind a public link all come from one address, so the address does not count here. A password is wrong if the login below
refuses it.
"""

from __future__ import annotations

import asyncio
import hashlib
import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LONGEST_FORM = 10_000
"""Bytes of a login form at most."""
NAMES = 1000
"""Names remembered; the one tried longest ago is forgotten first."""
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


BY_NAME = BackoffRule(free=5, longest=60.0, forgiven=120.0)
IN_ALL = BackoffRule(free=50, longest=5.0, forgiven=2.0)


class FailedTries:
    """The wrong tries of one name, or of all. Times are seconds of any steady clock."""

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
    """ASGI middleware in front of a login that answers 400 where the password is wrong. One try at a time is judged, so that
    a hundred at once count as a hundred; one that comes too early is answered 429 and changes nothing."""

    def __init__(self, app: ASGIApp, clock: Callable[[], float] = time.monotonic) -> None:
        self.app, self._clock = app, clock
        self._script = f"<head><script>{SCRIPT.read_text('utf-8')}</script>".encode()
        self._turn = asyncio.Lock()
        self._all = FailedTries(IN_ALL)
        self._names: OrderedDict[bytes, FailedTries] = OrderedDict()

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
        name = await _name(scope, form)
        answer = _Answer()
        async with self._turn:
            wait = self._wait(name)
            if not wait:
                await self.app(scope, _again(form), answer.take)
                self._judge(name, answer.status)
        if wait:
            await _later(wait)(scope, receive, send)
        else:
            await answer.give(send)

    def _wait(self, name: bytes) -> float:
        now = self._clock()
        by_name = self._names[name].wait(now) if name in self._names else 0.0
        return max(by_name, self._all.wait(now))

    def _judge(self, name: bytes, status: int) -> None:
        if status == RIGHT:
            self._names.pop(name, None)
        if status != WRONG:
            return
        now = self._clock()
        self._all.add(now)
        self._names.setdefault(name, FailedTries(BY_NAME)).add(now)
        self._names.move_to_end(name)
        if len(self._names) > NAMES:
            self._names.popitem(last=False)


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


async def _name(scope: Scope, form: bytes) -> bytes:
    """The name that is tried, as the login below reads it; a digest, so that a long one takes no more room."""
    try:
        async with Request(scope, _again(form)).form(max_files=0) as fields:
            tried = str(fields.get("username", "")).strip()
    except (HTTPException, MultiPartException):
        tried = ""  # the login below says what is wrong with it
    return hashlib.sha256(tried.encode("utf-8", "replace")).digest()


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
