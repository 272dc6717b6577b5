"""What one person asked for and is not done: on disk from before it begins, so that it goes on after the program was killed."""

from __future__ import annotations

import asyncio
import dataclasses
import functools
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gemini_diffusion.config.settings import Settings
from gemini_diffusion.generation.turn.dispatch import Sent
from gemini_diffusion.generation.turn.turn_queue import Queued, TurnQueue
from gemini_diffusion.storage import history
from gemini_diffusion.storage.files import write_atomically
from gemini_diffusion.types import Event, Failed, Picture, PictureKept, TextGrew
from gemini_diffusion.types.errors import GeminiDiffusionError
from gemini_diffusion.types.turn import Turn

if TYPE_CHECKING:
    from pydantic import TypeAdapter

NAME = "under_way.json"
MOST_TRIES = 2
"""How often one request is begun, so that one that kills the program does not do so for ever."""
EVERY = 1.0
"""Seconds between two states of a growing answer on disk."""
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class UnfinishedTurn:
    """A turn that runs, begun `tries` times, or waits in line; `keys` are the names of those that it would be done with."""

    turn: Turn
    tries: int = 0
    talk: bool = False
    keys: tuple[str, ...] = ()

    @staticmethod
    def waiting(queued: Queued) -> UnfinishedTurn:
        return UnfinishedTurn(queued.turn, queued.sent.tries, queued.talk, keys_in(queued.sent.settings))


class UnfinishedTurns:
    """The file of it in `folder`; `running` says which turn runs, `line` what waits. `counted` is told when the folder has
    changed; without it nothing is kept. Belongs to one event loop."""

    def __init__(
        self, folder: Path, running: Callable[[], Turn | None], line: TurnQueue, counted: Callable[[], None] | None
    ) -> None:
        self._file, self._running, self._line, self._counted = folder / NAME, running, line, counted
        self._begun = UnfinishedTurn(Turn("", ""))
        self._writing = asyncio.Lock()
        self._soon = set[asyncio.Task[None]]()
        self._kept, self._kept_at = b"", 0.0

    def read(self) -> tuple[UnfinishedTurn, ...]:
        """What was not done when the program ended; nothing where that cannot be read."""
        if not self._file.exists():
            return ()
        try:
            return _kinds().validate_json(self._file.read_bytes())
        except (OSError, ValueError) as error:
            _LOG.warning("What was under way could not be read: %s", error)
            return ()

    def begin(self, turn: Turn, settings: Settings, tries: int) -> None:
        """A turn runs from now on that was begun so often before."""
        self._begun = UnfinishedTurn(turn, tries + 1, keys=keys_in(settings))

    def _not_done(self) -> tuple[UnfinishedTurn, ...]:
        running = self._running()
        now = [dataclasses.replace(self._begun, turn=dataclasses.replace(running, preview=None))] if running else []
        return (*now, *map(UnfinishedTurn.waiting, self._line.waiting)) if self._counted else ()

    async def keep(self) -> None:
        """Writes what is not done now; each waits for the one before, so that the newest stays."""
        async with self._writing:
            entries = self._not_done()
            content = _kinds().dump_json(entries) if entries else b""
            if content != self._kept:
                await asyncio.to_thread(self._write, content)
            self._kept, self._kept_at = content, time.monotonic()

    def keep_soon(self, event: Event | None = None) -> None:
        """The same beside what runs; after an event only where it brought something to keep."""
        grown = isinstance(event, TextGrew) and time.monotonic() - self._kept_at > EVERY
        if event is None or grown or isinstance(event, PictureKept):
            task = asyncio.get_running_loop().create_task(self.keep())
            self._soon.add(task)
            task.add_done_callback(self._soon.discard)

    def _write(self, content: bytes) -> None:
        try:
            if content:
                write_atomically(self._file, content)
            else:
                self._file.unlink(missing_ok=True)
            if self._counted:
                self._counted()
        except (GeminiDiffusionError, OSError) as error:  # it goes on all the same, unless the program is killed
            _LOG.warning("What is under way could not be kept: %s", error)


def keys_in(settings: Settings) -> tuple[str, ...]:
    """The names of the keys that are set."""
    return tuple(name for name in Settings.key_names() if getattr(settings, name))


def after_a_crash(
    unfinished: Sequence[UnfinishedTurn], turns: tuple[Turn, ...], settings: Settings, find: Callable[[Picture], Picture | None]
) -> tuple[tuple[Turn, ...], list[Queued]]:
    """The conversation with what had been seen, and what is asked for again: what had brought no word and no picture yet."""
    again = list[Queued]()
    for entry in unfinished:
        turn = history.with_pictures(entry.turn, find)
        kept = next((each for each in turns if each.id == turn.id), None)
        if kept and history.CLOSED not in kept.notices:
            continue  # it had ended
        others = tuple(each for each in turns if each.id != turn.id)
        if entry.tries and (turn.pictures or turn.text):
            turns = (*others, history.ended(turn))
        elif why := _reason(entry, settings):
            turns = (*others, turn.after(Failed(why, "Send it again.", "retry")))
        else:
            turns = others
            asked = Turn(turn.id, turn.asked, state="queued", source=turn.source)
            again.append(Queued(asked, Sent(turn.asked, settings, (), source=turn.source, tries=entry.tries), entry.talk))
    return turns, again


def _reason(entry: UnfinishedTurn, settings: Settings) -> str:
    """Why a request is not begun again, "" where it is."""
    if entry.tries >= MOST_TRIES:
        return "The app ended twice while this was under way, so it was not begun again."
    if set(entry.keys) - set(keys_in(settings)):
        return "The app was closed while this was under way, and a key that it had is not here any more."
    return ""


@functools.cache
def _kinds() -> TypeAdapter[tuple[UnfinishedTurn, ...]]:
    """How it is read and written; made once, since making it takes longer than using it."""
    from pydantic import TypeAdapter

    return TypeAdapter(tuple[UnfinishedTurn, ...])
