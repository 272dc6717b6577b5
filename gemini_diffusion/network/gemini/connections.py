"""Open connections to Gemini, one per key and address and event loop; knows nothing of what is said over them.

A client costs about 80 ms to make, so it is kept; it holds the key, so it is closed an hour after its last use. Nothing
of the host's environment decides whose key is used or where it goes.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from gemini_diffusion.config.library_variables import naming_variables
from gemini_diffusion.config.options import Secret
from gemini_diffusion.config.settings import Settings
from gemini_diffusion.types import ModelChoice
from gemini_diffusion.types.errors import BadInput, KeyNeeded, KeyRefused, PackageMissing

if TYPE_CHECKING:
    import httpx2
    from google import genai

ADDRESS = "https://generativelanguage.googleapis.com"
MOST = 32
"""Connections kept at once; those in use are never closed for it."""
IDLE = 3600.0
"""Seconds after its last use at which a connection is closed and its key forgotten; a listing is as old at most."""
CONNECT = 10.0
"""Seconds to reach the service at most: an address that swallows every packet must not cost the whole deadline."""


@dataclass
class Connection:
    """A client for one key at one address, with the models it was last told of at `listed_at` (time.monotonic()), and those
    that are `speaking`.
    """

    sdk: genai.Client
    http: httpx2.AsyncClient
    listing: list[ModelChoice] = field(default_factory=list)
    speaking: tuple[str, ...] = ()
    listed_at: float = 0.0

    @property
    def fresh_listing(self) -> list[ModelChoice]:
        """The models it was told of within the hour, else none."""
        return self.listing if time.monotonic() - self.listed_at < IDLE else []


class _ConnectionKey(NamedTuple):
    key: Secret
    address: str
    loop: asyncio.AbstractEventLoop  # a client works on one loop only


@dataclass
class _PooledConnection:
    opening: asyncio.Future[Connection]
    users: int = 0
    closing: asyncio.TimerHandle | None = None


class GeminiConnections:
    """The connections of one chat model; `acquire` gives one for a visitor's settings."""

    def __init__(self, most: int = MOST, idle: float = IDLE) -> None:
        self._most, self._idle = most, idle
        self._pool: dict[_ConnectionKey, _PooledConnection] = {}  # the one used last is the last
        self._closing: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def acquire(self, settings: Settings) -> AsyncIterator[Connection]:
        """A connection for the key of these settings; KeyNeeded without one, and then nothing is opened or sent."""
        name = _ConnectionKey(_usable(settings.google_api_key), _address(settings.google_base_url), asyncio.get_running_loop())
        pooled = self._pool.pop(name, None) or _PooledConnection(
            asyncio.ensure_future(asyncio.to_thread(_open, name.key, name.address))
        )
        self._pool[name] = pooled
        if pooled.closing:
            pooled.closing.cancel()
        pooled.users += 1
        try:
            yield await asyncio.shield(pooled.opening)  # others may wait for the same one
        finally:
            pooled.users -= 1
            if self._pool.get(name) is pooled and not pooled.users:
                pooled.closing = name.loop.call_later(self._idle, self._forget, name)
            self._make_room()

    async def close(self) -> None:
        """Close all of them."""
        for name in list(self._pool):
            self._forget(name)
        await asyncio.gather(*self._closing)

    def _make_room(self) -> None:
        for name in [name for name, pooled in self._pool.items() if name.loop.is_closed() or _failed(pooled)]:
            self._forget(name)
        idle = [name for name, pooled in self._pool.items() if not pooled.users]
        for name in idle[: max(0, len(self._pool) - self._most)]:
            self._forget(name)

    def _forget(self, name: _ConnectionKey) -> None:
        """Take one out and close it; one of another loop can only be let go of, its sockets went or will go with the loop."""
        pooled = self._pool.pop(name)
        if pooled.closing:
            pooled.closing.cancel()
        if name.loop is asyncio.get_running_loop():
            ending = name.loop.create_task(_close_connection(pooled))
            self._closing.add(ending)
            ending.add_done_callback(self._closing.discard)


def _usable(key: Secret) -> Secret:
    """The key, if it can be one."""
    if not key:
        raise KeyNeeded("Gemini needs a key.", "Add one in Settings; it is free at aistudio.google.com/apikey.")
    if not (key.reveal().isascii() and key.reveal().isprintable()) or " " in key.reveal():
        raise KeyRefused("The Gemini key has characters that no key has.", "Copy it again and save it in Settings.")
    if key.reveal().startswith("auth_tokens/"):
        raise KeyRefused("This is a token for live calls, not a Gemini key.", "Get a key at aistudio.google.com/apikey.")
    return key


def _address(given: str) -> str:
    """Where to send it; never the client's own default, which the host's environment could move."""
    address = given or ADDRESS
    if not re.match(r"https?://[\w.-]+(:\d+)?(/|$)|https?://\[[0-9a-fA-F:.]+\](:\d+)?(/|$)", address):
        raise BadInput(f"The Gemini address {address[:100]!r} cannot be used.", "Give it as https://... or leave it empty.")
    return address


def _open(key: Secret, address: str) -> Connection:
    """A new connection; takes a moment, so it is called in a thread."""
    try:
        import httpx2
        from google import genai

        from gemini_diffusion.network.gemini.bounded_answer import ask_plain, bound
        from gemini_diffusion.network.gemini.event_stream import read_plainly
    except ImportError as error:
        raise PackageMissing(f"The package {error.name} is not installed.") from error

    hooks: dict[str, list[Callable[..., Any]]] = {
        "request": [_limit_connect_time, ask_plain],
        "response": [bound, read_plainly],
    }
    with naming_variables():
        trust = httpx2.create_ssl_context()
        # Our own transport: never aiohttp where that happens to be installed, and no redirect may take the key elsewhere.
        http = httpx2.AsyncClient(verify=trust, follow_redirects=False, event_hooks=hooks)
        unused = httpx2.Client(verify=trust)  # the client would make one itself, more slowly
    options = genai.types.HttpOptions(
        base_url=address,
        api_version="v1beta",  # names that follow the newest model exist there only
        httpx_async_client=http,
        httpx_client=unused,
    )
    return Connection(genai.Client(enterprise=False, api_key=key.reveal(), http_options=options), http)


async def _limit_connect_time(request: httpx2.Request) -> None:
    """Bound the time to connect; the client knows only one limit for connecting and reading."""
    limits = request.extensions.get("timeout", {})
    request.extensions["timeout"] = {**limits, "connect": min(CONNECT, (limits.get("read") or CONNECT) / 3)}


def _failed(pooled: _PooledConnection) -> bool:
    return pooled.opening.done() and (pooled.opening.cancelled() or pooled.opening.exception() is not None)


async def _close_connection(pooled: _PooledConnection) -> None:
    await asyncio.wait([pooled.opening])
    if not _failed(pooled):
        await pooled.opening.result().http.aclose()
