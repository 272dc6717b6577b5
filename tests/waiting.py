"""Waiting for what happens, never for a time; whoever gives up says what for."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

PATIENCE = 180.0
"""Seconds anything may take: far more than the slowest machine under load needs, so that only what never comes is given up."""
_PAUSE = 0.01


async def until(condition: Callable[[], object]) -> None:
    """Waits until the condition holds. Raises AssertionError with its source where it never does."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, in_vain(condition)
        await asyncio.sleep(_PAUSE)


def wait_until(condition: Callable[[], object]) -> None:
    """The same for a thread, which it blocks."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, in_vain(condition)
        time.sleep(_PAUSE)


@asynccontextmanager
async def patiently(what: str) -> AsyncIterator[None]:
    """What is awaited inside has to end. Raises AssertionError that names it where it never does."""
    try:
        async with asyncio.timeout(PATIENCE):
            yield
    except TimeoutError:
        raise AssertionError(f"Waited {PATIENCE:g} s in vain for {what}.") from None


def in_vain(condition: Callable[[], object]) -> str:
    """What is said of a condition that never held."""
    try:
        source = " ".join(inspect.getsource(condition).split())
    except (OSError, TypeError):
        source = repr(condition)
    return f"Waited {PATIENCE:g} s in vain for: {source}"
