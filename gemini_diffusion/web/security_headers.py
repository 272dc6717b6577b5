"""Checks every request: which host names are ours, which paths are served; sets the headers that bound what a page may do."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import re
import socket
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gemini_diffusion.config.log import redacted
from gemini_diffusion.web.cookies import set_cookie

POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; media-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; "
    "worker-src 'self' blob:; form-action 'self'; base-uri 'self'; object-src 'none'; "
    "frame-ancestors 'self' http://localhost:* http://127.0.0.1:* https://colab.research.google.com "
    "https://*.googleusercontent.com https://huggingface.co"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
}
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
LATE = "The request took too long to arrive."
SENSELESS = "This request cannot be handled. Reload the page and try again."
COLAB = (".googleusercontent.com", ".colab.dev")
PATIENCE = 60.0
"""Seconds for a whole request to arrive, so that nobody holds a connection by sending a byte now and then."""
_LOG = logging.getLogger(__name__)
LONGEST = 1_000_000
"""Bytes of the longest request: the window sends words and choices, no files."""
LONGEST_WITH_PICTURES = 24_000_000
"""The same where programs send pictures, to whom their token opens the door before a byte of it is read."""
_WITH_PICTURES = ("/v1/images/edits", "/v1/chat/completions")
_PAGE = (
    r"|config/?|login/?|theme\.css|favicon\.ico|manifest\.json|robots\.txt|pwa_icon(/\d+)?|(static|assets)/.+|"
    r"unsaved/[0-9a-f]{32}\.png|v1/(models(/.+)?|images/(generations|edits)|chat/completions|files/[0-9a-f]{32}-[0-9a-f]{32}\.png)|"
    r"host/[0-9a-f]{32}(/(end|first)/[0-9a-f]{32}/[0-9a-f]+)?"
)
_PROGRAMS = (
    r"info/?|openapi\.json|startup-events|app_id/?|user/?|login_check/?|theme\.css|heartbeat/.+|queue/(join|data|status)|"
    r"(call|run)/(?!v2/).+|cancel|reset/?|mcp(/.*)?"
)
"""Among what is not served: /logout, with which one who knows a shared password sends everybody back to ask for it."""
_FILE = r"file=(?!\s*[a-z][a-z0-9+.\-]+:)(?![/\\]{2}).+"
"""A path, never an address: what would be fetched from elsewhere could be anything."""
_SERVED = re.compile(rf"/({_PAGE}|gradio_api/({_PROGRAMS}|{_FILE}))", re.IGNORECASE | re.DOTALL)


def own_hosts(bound: str) -> frozenset[str]:
    """The names under which a server bound to `bound` is rightly reached."""
    if bound in ("0.0.0.0", "::", ""):
        name = socket.gethostname().lower()
        return LOOPBACK | {name, f"{name}.local"}
    return LOOPBACK | {bound.lower()}


@dataclass
class AllowedHosts:
    """Who we answer to. `own` are exact names, `suffixes` domains whose every name is fine; `any_address` lets every numeric
    address pass: a hostile page can make a name of its own lead here, but not a number. `public` are the names of whoever
    stands before us and hands requests on, a proxy or a share link; one that comes later is added."""

    own: frozenset[str]
    suffixes: tuple[str, ...] = ()
    any_address: bool = False
    public: set[str] = field(default_factory=set)

    def allows(self, host: str) -> bool:
        """Whether a request for `host` is for us."""
        if host in self.own or host in self.public or host.endswith(self.suffixes):
            return True
        return self.any_address and _is_address(host)

    def allows_origin(self, origin: str, host: str) -> bool:
        """Whether a page of the host `origin` may ask what is addressed to `host`: it is the same one, both are this
        machine, or somebody before us put another name into the request."""
        if origin == host or {origin, host} <= LOOPBACK:
            return True
        return origin in self.public or origin.endswith(self.suffixes)


class SecurityHeaders:
    """ASGI middleware in front of everything else of the window."""

    def __init__(self, app: ASGIApp, names: AllowedHosts, patience: float = PATIENCE) -> None:
        self.app, self.names, self.patience = app, names, patience

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        cookie = set_cookie(scope, framed=bool(self.names.suffixes))
        started = False

        async def send_guarded(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                if cookie:
                    headers.append("set-cookie", cookie)
            await send(message)

        answer = self._refusal(scope) or self.app
        try:
            await answer(scope, _in_time(receive, self.patience), send_guarded)
        except ClientDisconnect:
            await PlainTextResponse(LATE, 408, {"Connection": "close"})(scope, receive, send_guarded)
        except Exception as error:  # noqa: BLE001 - the last line before the server: it would print whole pages of a forged request
            _LOG.warning(
                "%s %s could not be answered: %s", scope["method"], redacted(ascii(scope["path"])), redacted(repr(error))
            )
            if not started:
                await PlainTextResponse(SENSELESS, 400)(scope, receive, send_guarded)

    def _refusal(self, scope: Scope) -> ASGIApp | None:
        headers = Headers(scope=scope)
        host = _host(headers.get("host", ""))
        if not self.names.allows(host):
            return PlainTextResponse("This address is not one of mine. Start with --host and the name you use.", 400)
        origin = headers.get("origin")
        if origin and scope["method"] not in ("GET", "HEAD") and not self.names.allows_origin(_name(origin), host):
            return PlainTextResponse("Another page may not ask me for anything.", 403)
        if not _SERVED.fullmatch(scope["path"]):
            return PlainTextResponse("There is nothing here.", 404)
        most = LONGEST_WITH_PICTURES if scope["path"] in _WITH_PICTURES else LONGEST
        return _too_long(headers, most) if scope["method"] not in ("GET", "HEAD", "OPTIONS", "DELETE") else None


def _in_time(receive: Receive, patience: float) -> Receive:
    """Hands a request on for so many seconds; what has not come by then counts as sent by somebody who is gone."""
    late = asyncio.get_running_loop().time() + patience
    whole = False

    async def receive_in_time() -> Message:
        nonlocal whole
        try:
            async with asyncio.timeout_at(None if whole else late):
                message = await receive()
        except TimeoutError:
            return {"type": "http.disconnect"}
        whole = not message.get("more_body", False)
        return message

    return receive_in_time


def _too_long(headers: Headers, most: int) -> ASGIApp | None:
    """The server below holds a request to the length it gives, so that one is enough to look at."""
    length = headers.get("content-length", "")
    if not length.isdecimal():
        return PlainTextResponse("A request needs to say how long it is.", 411)
    return PlainTextResponse("That is more than I read at once.", 413) if int(length[:12]) > most else None


def _host(header: str) -> str:
    """The name in a Host header, without its port and brackets, in small letters."""
    return _name(f"//{header}")


def _name(address: str) -> str:
    """The host's name in an address, empty where there is none to be read."""
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
