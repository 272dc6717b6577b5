"""Serves the page: host, port, public link, login, and the parts of Gradio that stay closed."""

from __future__ import annotations

import contextlib
import ipaddress
import logging
import os
import secrets
import socket
import sys
import threading
import webbrowser
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import gradio as gr
from gradio.utils import LRUCache
from starlette.middleware import Middleware

from gemini_diffusion.types.errors import BadInput
from gemini_diffusion.web import page_style
from gemini_diffusion.web.accounts import Accounts, RemovedAccounts
from gemini_diffusion.web.health_endpoint import HealthEndpoint
from gemini_diffusion.web.host_page import HostPage
from gemini_diffusion.web.login_throttle import LoginThrottle
from gemini_diffusion.web.rate_limit import RateLimiter
from gemini_diffusion.web.security_headers import COLAB, LONGEST, AllowedHosts, SecurityHeaders, own_hosts
from gemini_diffusion.web.share_link import ShareLink, open_share_link

CONNECTIONS = 500
"""Pages whose state (the selected picture, updates not fetched yet) is kept at once. Each takes about half a megabyte, and a
stranger can open one after another."""
OPEN_FILES = 16_384
"""Connections that a window for others can hold where the system grants them: many systems begin with 256 or 1024."""
EVENTS = 500
"""Events under way at once: Gradio counts them by its threads, though ours, being coroutines, use none."""
WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1"}
"""Addresses that mean every one of this machine, and the one under which it reaches itself."""
LOGIN = "Gemini Diffusion. The name and the password come from whoever sent you this link, or started the program."
"""Stands above the form that asks for a password."""
FAREWELL = 1.0
"""Seconds to wait for what ends together."""
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """Where a window opens. `port` None takes the first free from 7860; `share` also makes a public link; `auth` is a name and
    a password asked of everybody, or those of a file; `names` are those of a proxy in front; `browser` opens a tab, `mcp` also
    speaks MCP, and `api_key` is the token of programs that speak OpenAI's API."""

    host: str = "127.0.0.1"
    port: int | None = None
    share: bool = False
    auth: tuple[str, str] | Accounts | None = None
    names: frozenset[str] = frozenset()
    browser: bool = True
    mcp: bool = False
    api_key: str = field(default="", repr=False)

    @property
    def private(self) -> bool:
        """Whether only this machine reaches it: behind a proxy or a link, strangers do."""
        return not (self.share or self.names) and _is_loopback(self.host)

    @property
    def here(self) -> str:
        """The address under which this machine itself reaches it."""
        return WILDCARDS.get(self.host, self.host)


@dataclass(frozen=True, slots=True)
class OpenWindow:
    """A window that is open at `url`, which works on this machine."""

    url: str
    place: ServerOptions
    blocks: gr.Blocks
    names: AllowedHosts
    host_page: HostPage | None
    _closing: threading.Event = field(default_factory=threading.Event)
    _tunnels: list[ShareLink] = field(default_factory=list)

    @property
    def network_url(self) -> str:
        """Where other machines of the same network find it; empty where they cannot."""
        host = network_address() if self.place.host in WILDCARDS else self.place.host
        return f"http://{_bracketed(host)}:{self.blocks.server_port}/" if host and not _is_loopback(host) else ""

    @property
    def host_url(self) -> str:
        """The host's own page; empty where there is none."""
        return f"{self.url.rstrip('/')}{self.host_page.path}" if self.host_page else ""

    def share(self, folder: Path) -> Iterator[str]:
        """Public links to this window: one at first, another whenever the service changes it, until they end.

        `folder` keeps the service's certificate. Raises GeminiDiffusionError where there can be none."""
        token = secrets.token_hex(32)  # Gradio's own may begin with a minus, which the tunnel's program takes for a flag
        tunnel, link = open_share_link(self.place.here, int(self.blocks.server_port), token, folder)
        self._tunnels.append(tunnel)
        yield self._answer_to(link)
        for later in tunnel.links():
            yield self._answer_to(later)
        if not self._closing.wait(FAREWELL):  # what ends us may end the tunnel a moment earlier
            _LOG.warning("The tunnel of the public link has ended. %s", tunnel.said)

    def _answer_to(self, link: str) -> str:
        self.names.public.add(urlsplit(link).hostname or "")
        return link

    @property
    def closing(self) -> bool:
        return self._closing.is_set()

    def close(self) -> None:
        self._closing.set()
        for tunnel in self._tunnels:
            tunnel.close()
        ending = threading.Thread(target=self.blocks.close, args=(False,), name="closing", daemon=True)
        ending.start()
        ending.join(FAREWELL)  # uvicorn itself waits longer, for open requests


def open_window(blocks: gr.Blocks, place: ServerOptions, host_page: HostPage | None = None) -> OpenWindow:
    """Serves `blocks` from a thread of its own and returns at once; public links are made afterwards.

    Raises BadInput for a place that cannot be had."""
    _leave_loopback_alone()
    _check(place)
    if not place.private:
        _hold_many_connections()
    blocks._queue.pending_messages_per_session = _Unfetched(CONNECTIONS)
    names = AllowedHosts(own_hosts(place.host), _suffixes(), not _is_loopback(place.host), {*place.names, *_space()})
    try:
        blocks.launch(
            server_name=place.host,
            server_port=place.port,
            share=False,  # ours makes the link; a page that Gradio shares fetches its script from another host
            auth=place.auth.let_in if isinstance(place.auth, Accounts) else place.auth,
            auth_message=LOGIN,
            mcp_server=place.mcp,
            prevent_thread_lock=True,
            quiet=True,
            show_error=False,
            run_history=False,
            enable_monitoring=False,
            max_file_size=LONGEST,
            footer_links=[],
            state_session_capacity=CONNECTIONS,
            max_threads=EVENTS,
            ssr_mode=False,
            app_kwargs={"middleware": _middleware(place, names), "routes": host_page.routes if host_page else []},
            theme=page_style.build_theme(),
            css_paths=list(page_style.STYLES),
            head=page_style.page_head(),
            favicon_path=page_style.ICON,
        )
    except OSError as error:
        raise BadInput(f"The window cannot open at {place.host}: {error}", "Choose another --host or --port.") from error
    window = OpenWindow(f"http://{_bracketed(place.here)}:{blocks.server_port}/", place, blocks, names, host_page)
    if place.browser:
        webbrowser.open(window.url)
    return window


class _Unfetched(LRUCache[str, Any]):
    """Updates that pages have not fetched yet. Gradio's own cache drops the oldest page even while it listens."""

    def __getitem__(self, connection: str) -> Any:
        self.move_to_end(connection)
        return super().__getitem__(connection)


def _middleware(place: ServerOptions, names: AllowedHosts) -> list[Middleware]:
    """What a request passes, in this order; on a private server no rate limit is needed."""
    always = [Middleware(HealthEndpoint), Middleware(SecurityHeaders, names=names), Middleware(LoginThrottle)]
    if isinstance(place.auth, Accounts):
        always.append(Middleware(RemovedAccounts, people=place.auth))
    return always if place.private else [*always, Middleware(RateLimiter)]


def network_address() -> str:
    """This machine's address on its network, empty where it has none. Nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # an address of nobody's, only to learn which of ours would be used
        except OSError:
            return ""
        address: str = probe.getsockname()[0]
        return address


def _suffixes() -> tuple[str, ...]:
    """In Colab the page is served from a host name of Google's that changes each time."""
    return COLAB if "COLAB_RELEASE_TAG" in os.environ or "google.colab" in sys.modules else ()


def _space() -> set[str]:
    """The name of the Space we may be running in."""
    return {os.environ["SPACE_HOST"].lower()} if os.environ.get("SPACE_HOST") else set()


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _check(place: ServerOptions) -> None:
    """Raises BadInput for a port or host that cannot be used."""
    if place.port is not None and not 1 <= place.port <= 65535:
        raise BadInput(f"There is no port {place.port}.", "Choose one from 1024 to 65535.")
    family = socket.AF_INET6 if ":" in place.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((place.host, place.port or 0))
        except OSError as error:
            if place.port is None or isinstance(error, socket.gaierror):
                raise BadInput(f"{place.host} is not an address of this machine.", "Choose another --host.") from error
            raise BadInput(
                f"Port {place.port} is taken or not allowed here.", "Choose another --port, or leave it out."
            ) from error


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _hold_many_connections() -> None:
    """Raises the limit of open files, so that one stranger cannot use up all connections."""
    try:
        import resource
    except ImportError:
        return  # Windows counts none
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, OPEN_FILES)
    if soft != resource.RLIM_INFINITY and soft < most:
        with contextlib.suppress(ValueError, OSError):  # some systems grant less than they say
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def _leave_loopback_alone() -> None:
    """Gradio asks itself whether it is up; that request must not go to a proxy."""
    for name in ("NO_PROXY", "no_proxy"):
        known = [part for part in os.environ.get(name, "").split(",") if part]
        os.environ[name] = ",".join(dict.fromkeys((*known, "localhost", "127.0.0.1")))
