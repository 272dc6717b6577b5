"""An error of ours as a turn tells it: what happened, what to do, and which button leads on; knows no window."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping

from gemini_diffusion.engines import ImageEngine, fallback
from gemini_diffusion.types import Event, Failed, Stopped
from gemini_diffusion.types.errors import (
    AgreementNeeded,
    BadInput,
    GaveUp,
    GeminiDiffusionError,
    KeyNeeded,
    KeyRefused,
    NotKept,
    OutOfCredit,
    OutOfQuota,
    Transient,
)
from gemini_diffusion.types.turn import Kind, Turn

_LOG = logging.getLogger(__name__)


def describe_failure(error: GeminiDiffusionError, kind: Kind, engines: Mapping[str, ImageEngine]) -> Failed:
    """An error as the person reads it, with the button that leads on: where a service cannot draw, this machine can."""
    if isinstance(error, AgreementNeeded) and error.download_bytes:
        return Failed(error.message, error.hint, f"download:{error.model}")
    if isinstance(error, NotKept):
        return Failed(error.message, error.hint, f"unsaved:{error.name}")
    if isinstance(error, (KeyNeeded, KeyRefused)):
        return Failed(error.message, error.hint, "settings")
    if isinstance(error, (Transient, GaveUp, OutOfCredit, OutOfQuota)):
        return Failed(error.message, error.hint, f"engine:{fallback(engines).name}" if kind == "imagine" else "retry")
    return Failed(error.message, error.hint)


def describe_end(error: BaseException, turn: Turn, engines: Mapping[str, ImageEngine]) -> Event:
    """How a turn ends with an error: stopped by the person, failed, or failed in a way nobody foresaw, which is logged."""
    if isinstance(error, asyncio.CancelledError):
        return Stopped(turn.last_words())
    if isinstance(error, GeminiDiffusionError):
        return describe_failure(error, turn.kind, engines)
    _LOG.error("A turn failed in a way nobody foresaw.", exc_info=error)
    return Failed("Something unexpected went wrong.", "Try again; the log on this machine says more.", "retry")


def nothing_to_draw(notices: Iterable[str]) -> BadInput:
    """What is wrong with a line without an idea, for whoever cannot be shown the help."""
    return BadInput(
        " ".join(notices) or "There is nothing to draw.", "Say what you want to see, as in: /imagine a fox in the snow --n 2."
    )
