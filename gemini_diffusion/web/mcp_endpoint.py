"""The MCP endpoint: one address of the window's server, behind its middleware and, if there is one, its login.

Gradio has an MCP server of its own. It is not used: all its calls share one client and so one visitor, a client that leaves
leaves its drawing running, it lets anybody in where the window asks for a password, and it fixes pydantic to one version.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

if TYPE_CHECKING:
    from mcp.server import Server

PATH = "/gradio_api/mcp"
"""Where Gradio's own would be: what is written of those addresses elsewhere holds here."""
LONGEST_REQUEST = 100_000
SESSIONS, IDLE = 500, 600
"""Connections of clients of the older protocol that are kept open, and for how many seconds of silence."""
_LATER = 429


class McpEndpoint:
    """ASGI app. Under a login it wants the same name and password with every request, as HTTP's Basic scheme sends them."""

    def __init__(self, server: Server[Any]) -> None:
        from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

        self._manager = StreamableHTTPSessionManager(
            server, max_sessions=SESSIONS, session_idle_timeout=IDLE, max_request_body_size=LONGEST_REQUEST
        )
        self._let_in: dict[bytes, str] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = await self._refusal(scope) or self._manager.asgi_app
        await answer(scope, receive, send)

    @contextlib.asynccontextmanager
    async def open(self, app: Any) -> AsyncIterator[None]:
        """The lifespan of the server it belongs to."""
        async with self._manager.run():
            yield

    async def _refusal(self, scope: Scope) -> ASGIApp | None:
        """Why somebody stays outside; the window's own login judges a password, and slows down who guesses."""
        if scope["app"].auth is None:
            return None
        given = Headers(scope=scope).get("authorization", "")
        digest = hashlib.sha256(given.encode("utf-8", "replace")).digest()
        if self._let_in.get(digest) in scope["app"].tokens.values():  # the login's; without one it was taken back since
            return None
        name, password = _basic(given)
        status = await _login(scope, name, password) if given else 0
        if status == _LATER:
            return PlainTextResponse("That was wrong several times. Try again in a minute.", status)
        if status != 200:
            said = "Send the window's name and password with each request: Authorization: Basic ..."
            return PlainTextResponse(said, 401, {"WWW-Authenticate": 'Basic realm="Gemini Diffusion"'})
        self._let_in[digest] = name.strip()
        return None


def add_mcp_endpoint(server: Server[Any]) -> dict[str, Any]:
    """What the window's server is to be started with so that `server` answers at PATH."""
    door = McpEndpoint(server)
    return {"routes": [Route(path, door) for path in (PATH, f"{PATH}/")], "lifespan": door.open}


def _basic(header: str) -> tuple[str, str]:
    """Name and password of an Authorization header; both empty where it is none of the Basic scheme."""
    scheme, _, coded = header.partition(" ")
    try:
        text = base64.b64decode(coded, validate=True).decode("utf-8") if scheme.lower() == "basic" else ""
    except (binascii.Error, ValueError):
        text = ""
    name, _, password = text.partition(":")
    return name, password


async def _login(scope: Scope, name: str, password: str) -> int:
    """The status the window's login answers with, asked from within as its page would ask."""
    body = urlencode({"username": name, "password": password}).encode("ascii")
    status = 0

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        nonlocal status
        status = message.get("status", status)

    headers = [entry for entry in scope["headers"] if entry[0] == b"host"]
    headers += [(b"content-type", b"application/x-www-form-urlencoded"), (b"content-length", str(len(body)).encode())]
    asked = {"method": "POST", "path": "/login", "raw_path": b"/login", "query_string": b"", "headers": headers}
    await scope["app"]({**scope, **asked}, receive, send)
    return status
