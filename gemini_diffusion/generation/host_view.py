"""What a host sees of everybody, and can do about it: who is here, what runs and waits, ended or brought to the front."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from gemini_diffusion.config.settings import Settings
from gemini_diffusion.generation.limits.usage import UsageRow, usage_rows
from gemini_diffusion.generation.visitors import Visitors
from gemini_diffusion.storage.files import free_bytes
from gemini_diffusion.types.errors import BadInput
from gemini_diffusion.types.turn import Turn


@dataclass(frozen=True, slots=True)
class VisitorTurn:
    """A turn that runs or waits, and whose it is, named by a digest."""

    visitor: str
    turn: Turn

    @property
    def state(self) -> str:
        """What it is doing, in a few words."""
        if self.turn.state == "queued":
            return "waits for their own turn before it"
        under_way = [step.text for step in self.turn.steps if step.seconds is None]
        return under_way[-1] if under_way else "runs"


class HostView:
    """All visitors of a window, as its host sees them. Belongs to its event loop."""

    def __init__(self, visitors: Visitors, host: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        self._visitors, self._host, self._clock = visitors, host, clock

    @property
    def seen(self) -> dict[str, float]:
        """Who is in memory, and the seconds since they last asked for anything."""
        return {name: self._clock() - visitor.seen for name, visitor in self._visitors.here.items()}

    @property
    def turns(self) -> list[VisitorTurn]:
        """All that runs, and behind it all that waits."""
        everybody = self._visitors.here.items()
        running = [VisitorTurn(name, visitor.session.running) for name, visitor in everybody if visitor.session.running]
        waiting = [VisitorTurn(name, queued.turn) for name, visitor in everybody for queued in visitor.session.line.waiting]
        return [*running, *waiting]

    def usage(self) -> list[UsageRow]:
        """What visitors had today, the first row in all. Reads files."""
        return usage_rows(self._host)

    @property
    def free(self) -> int:
        """Bytes of the disk that are free."""
        return free_bytes(self._host.home_path)

    async def end(self, visitor: str, identity: str) -> None:
        """Stops a turn that runs, or takes one out of the line. Raises BadInput where it is over."""
        session = self._visitors.here[visitor].session if visitor in self._visitors.here else None
        if session and session.running and session.running.id == identity:
            await session.stop()
        elif session:
            session.take_back(identity)
        else:
            raise BadInput("That visitor is not here any more.", "Load the page anew.")

    def bring_to_front(self, visitor: str) -> None:
        """What this visitor draws on this machine is drawn next. Raises BadInput for one who is not here."""
        if visitor not in self._visitors.here:
            raise BadInput("That visitor is not here any more.", "Load the page anew.")
        self._visitors.bring_to_front(visitor)
