"""Opens a built window to the world: host, port, share link, login, and everything of Gradio's that stays shut."""

from __future__ import annotations

import ipaddress
import os
import socket
from dataclasses import dataclass

import gradio as gr
from starlette.middleware import Middleware

from gemini_diffusion.errors import BadInput
from gemini_diffusion.ui import look
from gemini_diffusion.ui.guard import NOTEBOOKS, SHARED, Guard, own_hosts

LONGEST_REQUEST = "1mb"
CONNECTIONS = 2000
"""Pages whose connection's state (which picture is on the easel) is kept at once."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a window opens. `port` None takes the first free from 7860; `auth` is a name and a password asked of everybody;
    `browser` opens a tab, `mcp` also speaks MCP."""

    host: str = "127.0.0.1"
    port: int | None = None
    share: bool = False
    auth: tuple[str, str] | None = None
    browser: bool = True
    mcp: bool = False

    @property
    def private(self) -> bool:
        """Whether only this machine reaches it."""
        return not self.share and (self.host == "localhost" or _is_loopback(self.host))


@dataclass(frozen=True, slots=True)
class OpenWindow:
    """A window that is open: `share_url` is empty where no share link was asked for, or could not be had."""

    url: str
    share_url: str
    blocks: gr.Blocks

    def close(self) -> None:
        self.blocks.close(verbose=False)


def open_window(blocks: gr.Blocks, place: Place) -> OpenWindow:
    """Serves `blocks` from a thread of its own and returns at once. Raises BadInput for a place that cannot be had."""
    _leave_loopback_alone()
    _check(place)
    try:
        blocks.launch(
            server_name=place.host,
            server_port=place.port,
            share=place.share,
            auth=place.auth,
            inbrowser=place.browser,
            mcp_server=place.mcp,
            prevent_thread_lock=True,
            quiet=True,
            show_error=False,
            run_history=False,
            enable_monitoring=False,
            max_file_size=LONGEST_REQUEST,
            footer_links=[],
            state_session_capacity=CONNECTIONS,
            ssr_mode=False,
            app_kwargs={"middleware": [_guard(place)]},
            theme=look.theme(),
            css_paths=[look.STYLE],
            head=look.head(),
            favicon_path=look.ICON,
        )
    except OSError as error:
        raise BadInput(f"The window cannot open at {place.host}: {error}", "Choose another --host or --port.") from error
    share_url = blocks.share_url or ""
    blocks.share = False  # a shared page would fetch its script from another host; ours serves it itself
    return OpenWindow(blocks.local_url or "", share_url, blocks)


def _guard(place: Place) -> Middleware:
    suffixes = NOTEBOOKS + SHARED if place.share else NOTEBOOKS
    return Middleware(Guard, hosts=own_hosts(place.host), suffixes=suffixes, any_address=not _is_loopback(place.host))


def _check(place: Place) -> None:
    """An asked-for port that cannot be had is an error with a next step, not a surprise."""
    if place.port is not None and not 1 <= place.port <= 65535:
        raise BadInput(f"There is no port {place.port}.", "Choose one from 1024 to 65535.")
    family = socket.AF_INET6 if ":" in place.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((place.host, place.port or 0))
        except OSError as error:
            if place.port is None or isinstance(error, socket.gaierror):
                raise BadInput(f"{place.host} is no address of this machine.", "Choose another --host.") from error
            raise BadInput(
                f"Port {place.port} is taken or not allowed here.", "Choose another --port, or leave it out."
            ) from error


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _leave_loopback_alone() -> None:
    """Gradio asks itself whether it is up; behind a proxy that question must not leave the machine."""
    for name in ("NO_PROXY", "no_proxy"):
        known = [part for part in os.environ.get(name, "").split(",") if part]
        os.environ[name] = ",".join(dict.fromkeys((*known, "localhost", "127.0.0.1")))
