"""What one person sent while something ran: it waits in line, in view, and can be taken back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gemini_diffusion.generation.turn.dispatch import Sent, new_id
from gemini_diffusion.types.errors import BadInput
from gemini_diffusion.types.turn import Turn

MOST = 8
"""Messages that wait at once."""


@dataclass(frozen=True, slots=True)
class Queued:
    """A message in line. `turn` shows it until its own turn begins, under the same id; `talk` says that it draws nothing."""

    turn: Turn
    sent: Sent
    talk: bool = False


class TurnQueue:
    """The messages in line, the next one first."""

    def __init__(self) -> None:
        self.waiting: tuple[Queued, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.waiting)

    def add(self, sent: Sent, *, talk: bool = False, first: bool = False) -> Turn:
        """Lines a message up, `first` before all others. Raises BadInput where too many wait already."""
        if len(self.waiting) >= MOST and not first:
            raise BadInput(f"{MOST} messages wait already.", "Take one back, or wait until one of them is done.")
        turn = Turn(new_id(), sent.text, state="queued", source=sent.source)
        queued = Queued(turn, sent, talk)
        self.waiting = (queued, *self.waiting) if first else (*self.waiting, queued)
        return turn

    def put_back(self, waiting: Sequence[Queued]) -> None:
        """Lines up what waited when the program was killed."""
        self.waiting = (*waiting, *self.waiting)

    def find(self, identity: str) -> Queued | None:
        return next((queued for queued in self.waiting if queued.turn.id == identity), None)

    def take(self, identity: str) -> Turn | None:
        """Takes a message out of the line; None where its turn has begun."""
        found = self.find(identity)
        self.waiting = tuple(queued for queued in self.waiting if queued is not found)
        return found.turn if found else None
