"""What the terminal shows: the address, the public link and its password, and when the link has ended."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from gemini_diffusion.types.errors import GeminiDiffusionError
from gemini_diffusion.web.accounts import Accounts

if TYPE_CHECKING:
    from gemini_diffusion.web.server import OpenWindow

MAKING = "Making a public link. The first time this can take a minute."
LIFE = "It lasts a week at most and ends with this program. What passes through it is relayed by Gradio's service."
ENDED = "The public link has ended. For a new one, start again with --share."
NEARBY = "For others on your network, start with --host 0.0.0.0."


def announce_address(window: OpenWindow, folder: Path, say: Callable[[str], None]) -> None:
    """Prints the address of `window`; if it is shared, goes on to print its public links. `folder` is for the link's data."""
    say(f"Gemini Diffusion is at {window.url}")
    if window.network_url:
        say(f"On your network: {window.network_url}")
    if isinstance(window.place.auth, Accounts):
        say(f"Names and passwords: {window.place.auth.file}")
    elif window.place.auth:
        say("Name: {}  Password: {}".format(*window.place.auth))
    if window.host_url and not window.place.private:
        say(f"For you as the host: {window.host_url}")
    if window.place.mcp:
        say(f"The MCP endpoint is {window.url}gradio_api/mcp")
    if window.place.api_key:
        say(f"OpenAI's API is at {window.url}v1  Key: {window.place.api_key}")
    if window.place.share:
        say(MAKING)
        threading.Thread(target=_share, args=(window, folder, say), name="public-link", daemon=True).start()


def _share(window: OpenWindow, folder: Path, say: Callable[[str], None]) -> None:
    try:
        for link in window.share(folder):
            say(f"Public link: {link}\n{LIFE}")
    except GeminiDiffusionError as error:
        say(f"There is no public link. {error} {_meanwhile(window)}")
        return
    if not window.closing:
        say(f"{ENDED} {_meanwhile(window)}")


def _meanwhile(window: OpenWindow) -> str:
    if window.network_url:
        return f"The window goes on at {window.network_url} on your network."
    return f"The window goes on at {window.url} on this machine. {NEARBY}"
