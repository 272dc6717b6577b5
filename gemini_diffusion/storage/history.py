"""The turns of one conversation as a file, and how much of them one conversation holds; does not know how they came about."""

from __future__ import annotations

import dataclasses
import functools
import logging
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from gemini_diffusion.storage.files import write_atomically
from gemini_diffusion.types import Picture
from gemini_diffusion.types.turn import Turn

if TYPE_CHECKING:
    from pydantic import TypeAdapter

LONGEST = 200
"""Turns of one conversation."""
CLOSED = "The app was closed while this was under way."
HEAVIEST = 1_000_000
"""Characters of one conversation: with what a page is shown of it, they take some 16 times as many bytes of memory."""


def read_turns(file: Path) -> tuple[Turn, ...]:
    """The turns as they were kept; what was under way when the program ended is stopped, and says so. A file that cannot be
    read is set aside.
    """
    if not file.exists():
        return ()
    try:
        return parse_turns(file.read_bytes())
    except (OSError, ValueError) as error:
        aside = file.with_suffix(".unreadable.json")
        file.replace(aside)
        logging.getLogger(__name__).warning("The conversation could not be read (%s); it is kept as %s.", error, aside.name)
        return ()


def parse_turns(content: bytes) -> tuple[Turn, ...]:
    """Turns from their JSON. Raises ValueError for anything else."""
    return tuple(ended(turn) for turn in _kinds().validate_json(content))


def dump_turns(turns: Iterable[Turn]) -> bytes:
    return _kinds().dump_json(tuple(turns))


def keep_turns(file: Path, turns: Iterable[Turn]) -> None:
    """Writes a conversation, whole. Raises DiskFull, BadInput."""
    write_atomically(file, dump_turns(turns))


def with_pictures(turn: Turn, found: Callable[[Picture], Picture | None]) -> Turn:
    """The turn with each of its pictures as `found` gives it, without those for which it gives none."""
    pairs = [(entry, found(entry.picture)) for entry in turn.kept]
    kept = tuple(dataclasses.replace(entry, picture=picture) for entry, picture in pairs if picture)
    source, selected = turn.source and found(turn.source), turn.selected and found(turn.selected)
    return dataclasses.replace(turn, kept=kept, source=source, selected=selected)


def overflow(turns: tuple[Turn, ...]) -> int:
    """How many of the oldest turns are to leave a conversation that has grown too long: none, or about half."""
    if len(turns) <= LONGEST and sum(map(_weight, turns)) <= HEAVIEST:
        return 0
    half, weight = sum(map(_weight, turns)) / 2, 0
    for place, turn in enumerate(turns[:-1]):
        weight += _weight(turn)
        if weight >= half or place + 1 >= LONGEST // 2:
            return place + 1
    return max(0, len(turns) - 1)


def _weight(turn: Turn) -> int:
    return len(turn.asked) + len(turn.text) + len(turn.writing)


@functools.cache
def _kinds() -> TypeAdapter[tuple[Turn, ...]]:
    """How turns are read and written; made once, since making it takes longer than using it."""
    from pydantic import TypeAdapter

    return TypeAdapter(tuple[Turn, ...])


def ended(turn: Turn) -> Turn:
    """A turn as it was when the program ended, which nobody goes on with."""
    if not turn.running:
        return turn
    notices = (*turn.notices, CLOSED)
    return dataclasses.replace(turn, state="stopped", waiting=None, progress=(), notices=notices)
