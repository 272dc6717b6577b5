"""HTTP as our local servers speak it: calls that arrive, replies that can misbehave, a server in a thread; knows no service."""

from __future__ import annotations

import asyncio
import json
import math
import socket
import struct
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from http import HTTPStatus
from types import TracebackType
from typing import Any, Generic, Literal, Self, TypeVar
from urllib.parse import parse_qsl, unquote, urlsplit

from tests.waiting import PATIENCE, in_vain

FOREVER = math.inf
MAIN = "main"
"""The purpose of the calls a server exists for (talking, drawing); `enqueue` scripts these unless told otherwise."""


@dataclass
class Call:
    """One request as it arrived. `at` is time.monotonic(); header names are lower-case; `origin` is the server's own URL."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    content: bytes
    at: float
    origin: str
    disconnected: bool = False
    """True once the client has left before the whole reply was written."""

    @property
    def body(self) -> dict[str, Any]:
        """The JSON object that was sent, or {} when it was none."""
        try:
            value = json.loads(self.content)
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}


@dataclass(frozen=True)
class Piece:
    """Bytes of a body, written `after` so many seconds."""

    data: bytes
    after: float = 0.0


@dataclass(frozen=True)
class Reply:
    """What goes over the wire. `status=None` says nothing at all; `length` is the declared one where it should be a lie."""

    status: int | None = 200
    headers: tuple[tuple[str, str], ...] = ()
    pieces: tuple[Piece, ...] = ()
    delay: float = 0.0
    chunked: bool = False
    length: int | None = None
    ending: Literal["keep", "close", "reset"] = "keep"

    @property
    def content(self) -> bytes:
        """The whole body."""
        return b"".join(piece.data for piece in self.pieces)

    def head(self) -> bytes:
        """Status line and headers."""
        length = sum(len(piece.data) for piece in self.pieces) if self.length is None else self.length
        framing = ("Transfer-Encoding", "chunked") if self.chunked else ("Content-Length", str(length))
        status = HTTPStatus(self.status or 200)
        lines = [f"HTTP/1.1 {status.value} {status.phrase}", *(f"{name}: {value}" for name, value in (*self.headers, framing))]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


C = TypeVar("C", bound=Call)
Scripted = Reply | Callable[[C], Reply]
"""A reply, or a function that makes one for the call at hand."""


def for_call(scripted: Scripted[C], call: C) -> Reply:
    """The reply that `scripted` is for this call."""
    return scripted if isinstance(scripted, Reply) else scripted(call)


def whole(data: bytes, content_type: str, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """A well-behaved reply in one piece."""
    return Reply(status, (("Content-Type", content_type), *(headers or {}).items()), (Piece(data),))


def as_json(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """A well-behaved JSON reply."""
    return whole(json.dumps(value).encode(), "application/json; charset=UTF-8", status, headers)


async def pause(seconds: float) -> None:
    """Sleep; FOREVER is allowed."""
    if seconds == FOREVER:
        await asyncio.Event().wait()
    elif seconds > 0:
        await asyncio.sleep(seconds)


async def write(reply: Reply, writer: asyncio.StreamWriter, with_body: bool) -> None:
    """Put the reply on the wire with its delays; returns once all of it is handed to the system."""
    await pause(reply.delay)
    if reply.status is not None:
        writer.write(reply.head())
        await writer.drain()
    for piece in reply.pieces if with_body else ():
        await pause(piece.after)
        if piece.data:
            writer.write(b"%x\r\n%s\r\n" % (len(piece.data), piece.data) if reply.chunked else piece.data)
            await writer.drain()
    if reply.chunked and with_body and reply.ending == "keep":
        writer.write(b"0\r\n\r\n")
        await writer.drain()


def reset(writer: asyncio.StreamWriter) -> None:
    """End the connection with RST, which the client sees as "connection reset by peer"."""
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


class Ears(asyncio.StreamReader):
    """A reader that knows when its client has left, without taking a byte from what the client says next."""

    def __init__(self) -> None:
        super().__init__()
        self.left = asyncio.Event()

    def feed_eof(self) -> None:
        super().feed_eof()
        self.left.set()

    def set_exception(self, exc: Exception) -> None:
        super().set_exception(exc)
        self.left.set()


@dataclass
class Server(Generic[C]):
    """A server on a loopback port, in a thread of its own, as a context manager; a subclass says how calls are answered.

    `calls` holds every call in order of arrival. An error in a scripted function becomes a 500 and is raised at the end.
    """

    port: int = 0
    calls: list[C] = field(default_factory=list)
    _scripts: defaultdict[str, deque[Scripted[C]]] = field(default_factory=lambda: defaultdict(deque), repr=False)
    _changed: threading.Condition = field(default_factory=threading.Condition, repr=False)
    _errors: list[Exception] = field(default_factory=list, repr=False)

    call_type: type[C] = field(init=False, repr=False)

    @property
    def url(self) -> str:
        """Where the server is: http://127.0.0.1:port, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    def enqueue(self, *replies: Scripted[C], to: str = MAIN) -> None:
        """Script the next replies to calls of one purpose, in order; when they are used up, the server answers by itself."""
        self._scripts[to].extend(replies)

    def scripted(self, purpose: str) -> Scripted[C] | None:
        """Take the next scripted reply to a call of this purpose, if there is one."""
        return self._scripts[purpose].popleft() if self._scripts[purpose] else None

    def answer(self, call: C) -> Reply:
        """The reply to one call."""
        raise NotImplementedError

    def wait_for(self, condition: Callable[[], bool]) -> bool:
        """Wait until the condition on this server's calls holds. AssertionError where it never does. Blocks its thread."""
        with self._changed:
            assert self._changed.wait_for(condition, PATIENCE), in_vain(condition)
        return True

    def __enter__(self) -> Self:
        bound: Future[int] = Future()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve(bound)), daemon=True)
        self._thread.start()
        self.port = bound.result(PATIENCE)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join(PATIENCE)
        if self._errors and error is None:
            raise self._errors[0]

    async def _serve(self, bound: Future[int]) -> None:
        self._loop, self._stopped = asyncio.get_running_loop(), asyncio.Event()
        try:
            listener = await self._loop.create_server(self._conversation, "127.0.0.1", self.port)
        except OSError as error:
            bound.set_exception(error)
            return
        bound.set_result(listener.sockets[0].getsockname()[1])
        await self._stopped.wait()
        listener.close()

    def _conversation(self) -> asyncio.StreamReaderProtocol:
        ears = Ears()
        return asyncio.StreamReaderProtocol(ears, lambda _, writer: self._converse(ears, writer))

    async def _converse(self, ears: Ears, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._exchange(ears, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client hung up between two calls, or the server ends: both are the normal end of a conversation
        finally:
            writer.close()

    async def _exchange(self, ears: Ears, writer: asyncio.StreamWriter) -> bool:
        """One call and its reply; True when the connection lives on."""
        call = await self._read(ears)
        self._note(lambda: self.calls.append(call))
        reply = self._reply(call)
        sending = asyncio.ensure_future(write(reply, writer, with_body=call.method != "HEAD"))
        leaving = asyncio.ensure_future(ears.left.wait())
        await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
        failure = sending.exception() if sending.done() else None
        if isinstance(failure, Exception) and not isinstance(failure, ConnectionError):
            self._errors.append(failure)
        if failure or not sending.done():
            self._note(lambda: setattr(call, "disconnected", True))
        sending.cancel()
        leaving.cancel()
        if reply.ending == "reset":
            reset(writer)
        return reply.ending == "keep" and not call.disconnected

    def _note(self, change: Callable[[], None]) -> None:
        with self._changed:
            change()
            self._changed.notify_all()

    def _reply(self, call: C) -> Reply:
        try:
            return self.answer(call)
        except Exception as error:  # noqa: BLE001 - a test's own function: told to the client now, raised at the end
            self._errors.append(error)
            return whole(repr(error).encode(), "text/plain", 500)

    async def _read(self, reader: Ears) -> C:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, target, _ = head[0].split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
        content = await reader.readexactly(int(headers.get("content-length", 0)))
        address = urlsplit(target)
        query = dict(parse_qsl(address.query, keep_blank_values=True))
        return self.call_type(method, unquote(address.path), query, headers, content, time.monotonic(), self.url)
