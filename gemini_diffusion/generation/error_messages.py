"""An error of ours as a turn tells it: what happened, what to do, and which button leads on; knows no window."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable

from gemini_diffusion.types import Alternative, Event, Failed, Stopped
from gemini_diffusion.types.errors import (
    AgreementNeeded,
    BadInput,
    Blocked,
    DiskFull,
    GaveUp,
    GeminiDiffusionError,
    KeyNeeded,
    KeyRefused,
    NotKept,
    OutOfCredit,
    OutOfQuota,
    Transient,
)
from gemini_diffusion.types.turn import Turn

_ANYWHERE = (BadInput, Blocked, DiskFull)
"""What would fail on any engine, or is not to be got round by another."""
_LOG = logging.getLogger(__name__)


def describe_failure(error: GeminiDiffusionError, other: Alternative | None = None) -> Failed:
    """An error as the person reads it, with the button that leads on; where an `other` engine can do it, what changes then."""
    elsewhere = other is not None and not isinstance(error, _ANYWHERE)
    hint = f"{error.hint} {other.changes}".strip() if other and elsewhere else error.hint
    return Failed(error.message, hint, _action(error), elsewhere=elsewhere)


def _action(error: GeminiDiffusionError) -> str:
    if isinstance(error, AgreementNeeded) and error.download_bytes:
        return f"download:{error.model}"
    if isinstance(error, NotKept):
        return f"unsaved:{error.name}"
    if isinstance(error, (KeyNeeded, KeyRefused)):
        return "settings"
    return "retry" if isinstance(error, (Transient, GaveUp, OutOfCredit, OutOfQuota)) else ""


def describe_end(error: BaseException, turn: Turn) -> Event:
    """How a turn ends with an error: stopped by the person, failed, or failed in a way nobody foresaw, which is logged."""
    if isinstance(error, asyncio.CancelledError):
        return Stopped(turn.last_words())
    if isinstance(error, GeminiDiffusionError):
        return describe_failure(error, turn.alternative)
    _LOG.error("A turn failed in a way nobody foresaw.", exc_info=error)
    return Failed("Something unexpected went wrong.", "Try again; the log on this machine says more.", "retry")


def nothing_to_draw(notices: Iterable[str]) -> BadInput:
    """What is wrong with a line without an idea, for whoever cannot be shown the help."""
    return BadInput(
        " ".join(notices) or "There is nothing to draw.", "Say what you want to see, as in: /imagine a fox in the snow --n 2."
    )
