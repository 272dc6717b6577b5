"""How whoever watches something learns that it has changed, without polling and not too often."""

from __future__ import annotations

import asyncio
import contextlib

FRAMES = 8
"""States that a watcher is shown in a second at most; it is shown one at least."""


class ChangeSignal:
    """Told of every change; `wait` returns after the next one. Belongs to one event loop."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def tell(self) -> None:
        """Whoever waits wakes up; whoever looks next waits for the next change."""
        self._event.set()
        self._event = asyncio.Event()

    @property
    def next(self) -> asyncio.Event:
        """The change that comes next; taken before a state is shown, so that none is missed meanwhile."""
        return self._event


async def wait_for(change: asyncio.Event) -> None:
    """Returns when it has come, no sooner than a frame and no later than a second from now."""
    await asyncio.sleep(1 / FRAMES)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(1 - 1 / FRAMES):  # wait_for of Python 3.11 loses a cancellation that meets a change
            await change.wait()
