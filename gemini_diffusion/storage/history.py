"""A visitor's conversation on disk; does not know how it came about."""

from __future__ import annotations

import dataclasses
import functools
import logging
from pathlib import Path
from typing import TYPE_CHECKING

from gemini_diffusion.storage.files import write_atomically
from gemini_diffusion.types.turn import Turn

if TYPE_CHECKING:
    from pydantic import TypeAdapter

LONGEST = 200
"""Turns that are kept of one conversation; older ones leave the screen, their pictures stay."""


class History:
    """A file of the visitor's folder: the turns on the screen."""

    def __init__(self, folder: Path) -> None:
        self._turns = folder / "conversation.json"

    def turns(self) -> tuple[Turn, ...]:
        """The turns as they were kept; what was under way when the program ended is stopped, and says so."""
        from pydantic import ValidationError

        if not self._turns.exists():
            return ()
        try:
            kept = _kinds().validate_json(self._turns.read_bytes())
        except (OSError, ValidationError) as error:
            aside = self._turns.with_suffix(".unreadable.json")
            self._turns.replace(aside)
            logging.getLogger(__name__).warning("The conversation could not be read (%s); it is kept as %s.", error, aside.name)
            return ()
        return tuple(_ended(turn) for turn in kept)

    def keep(self, turns: tuple[Turn, ...]) -> None:
        """Writes the conversation, whole. Raises DiskFull, BadInput."""
        write_atomically(self._turns, _kinds().dump_json(turns[-LONGEST:]))


@functools.cache
def _kinds() -> TypeAdapter[tuple[Turn, ...]]:
    """How turns are read and written; made once, since making it takes longer than using it."""
    from pydantic import TypeAdapter

    return TypeAdapter(tuple[Turn, ...])


def _ended(turn: Turn) -> Turn:
    if not turn.running:
        return turn
    notices = (*turn.notices, "The app was closed while this was under way.")
    return dataclasses.replace(turn, state="stopped", waiting=None, progress=(), notices=notices)
