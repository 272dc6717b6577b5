"""The one line before a device, fair between parties, and the thread that draws for it; knows neither models nor torch.

Parties take turns, within a party the first to come is the first served. A turn is one drawing. While nobody else stands
in line it is a batch: the party's next drawings that can be made in one go, so that a batch never makes another party wait.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import threading
import time
import traceback
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from gemini_diffusion.engines.worker import JobCancelled, WorkerJob
from gemini_diffusion.types import Emit, StageFinished, StageStarted

MOST_PIXELS = 2 * 1024 * 1024
"""Pixels drawn at once: eight pictures of 512 x 512, two of 1024 x 1024, whose UNet takes about 4 GB beside its weights in
half precision. Decoding is done one by one and does not count. What still does not fit is drawn one after the other."""
MOST_PICTURES = 8


class QueuedDrawing(Protocol):
    """What the line has to know of a drawing: who stands in line as one, what can be drawn together, and how large it is."""

    @property
    def party(self) -> str: ...

    @property
    def kind(self) -> Hashable: ...

    @property
    def pixels(self) -> int: ...


D = TypeVar("D", bound=QueuedDrawing)
R = TypeVar("R")
T = TypeVar("T")


@dataclass(eq=False)
class Ticket(Generic[D, R]):
    """A drawing in line: `place` is how many are before it, None until it was told."""

    job: WorkerJob
    drawing: D
    done: Future[R] = field(default_factory=Future)
    place: int | None = None

    def tell(self, place: int) -> None:
        """Tell whoever waits how many are before it, if that is news."""
        if place != self.place:
            self.place = place
            self.job.emit(StageStarted("waiting", f"Waiting, {place} before this one" if place else "Waiting, the next one"))

    def begin(self) -> None:
        """Its turn has come."""
        if self.place is not None:
            self.job.emit(StageFinished("waiting", "Waited", time.monotonic() - self.job.asked))

    def finish(self, result: R) -> None:
        self.done.set_result(result)

    def fail(self, error: BaseException) -> None:
        """Its turn ended without a picture. The frames the error came through let go of what they hold: with it, a model half
        loaded would stay in memory."""
        each: BaseException | None = error
        while each:
            traceback.clear_frames(each.__traceback__)
            each = each.__cause__ or each.__context__
        if not self.done.done():
            self.done.set_exception(error)


class FairQueue(Generic[D, R]):
    """Who waits, by party; pure bookkeeping. A request without a party is a party of its own."""

    def __init__(self) -> None:
        self._parties: dict[Hashable, list[Ticket[D, R]]] = {}
        self._served: Hashable = None

    def join(self, ticket: Ticket[D, R]) -> None:
        self._parties.setdefault(_party(ticket), []).append(ticket)

    def leave(self, ticket: Ticket[D, R]) -> None:
        """Out of the line, wherever it stands, if it still does."""
        waiting = self._parties.get(_party(ticket), [])
        if ticket in waiting:
            waiting.remove(ticket)
        if not waiting:
            self._parties.pop(_party(ticket), None)

    def prefer(self, party: Hashable) -> None:
        """The party is the next one to be served, if it waits."""
        if waiting := self._parties.pop(party, None):
            self._parties = {party: waiting, **self._parties}
            self._served = None

    def order(self) -> list[Ticket[D, R]]:
        """Everybody in line in the order of their turns; the party that was served last comes last in each round."""
        parties = sorted(self._parties, key=lambda party: party == self._served)
        rounds = itertools.zip_longest(*(self._parties[party] for party in parties))
        return [ticket for turns in rounds for ticket in turns if ticket]

    def take(self) -> list[Ticket[D, R]]:
        """The next turn, out of the line: one drawing, or with nobody else in line those that can be drawn with it."""
        order = self.order()
        turn = order[:1]
        if len(self._parties) == 1:
            together = itertools.takewhile(lambda ticket: ticket.drawing.kind == order[0].drawing.kind, order)
            turn = list(itertools.islice(together, _most(order[0].drawing)))
        for ticket in turn:
            self._end_round(_party(ticket))
            self.leave(ticket)
        return turn

    def _end_round(self, served: Hashable) -> None:
        """Whoever was served before goes to the end of the rotation, behind all who came meanwhile."""
        if self._served in self._parties and self._served != served:
            self._parties[self._served] = self._parties.pop(self._served)
        self._served = served


class DrawingQueue(Generic[D, R]):
    """One thread, one line. `serve` draws a turn on that thread: it finishes or fails each ticket, or raises for all."""

    def __init__(self, serve: Callable[[Sequence[Ticket[D, R]]], None]) -> None:
        self._serve = serve
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="drawing")
        self._lock = threading.Lock()
        self._line: FairQueue[D, R] = FairQueue()
        self._at_work: Sequence[Ticket[D, R]] = ()

    async def draw(self, drawing: D, emit: Emit) -> R:
        """Stand in line and be drawn. Cancelling returns at once; the thread ends its step and takes the next turn."""
        ticket: Ticket[D, R] = Ticket(WorkerJob(asyncio.get_running_loop(), emit), drawing)
        with self._lock:
            self._line.join(ticket)
        ticket.job.loop.call_soon(self._begin, ticket)  # not now: what is asked in the same breath can be drawn together
        try:
            return await asyncio.wrap_future(ticket.done)
        except JobCancelled:
            raise asyncio.CancelledError from None  # closed while it was drawn
        finally:
            ticket.job.cancel()
            with self._lock:
                self._line.leave(ticket)
            if ticket.done.cancelled() or not ticket.done.done():  # else its turn is over, and the next one tells
                self._tell()

    def prefer(self, party: Hashable) -> None:
        """What waits for a party is drawn next."""
        with self._lock:
            self._line.prefer(party)
        self._tell()

    async def run_between(self, work: Callable[[], T]) -> T:
        """What `work` returns, done on the thread between two turns."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    def run_soon(self, work: Callable[[], None]) -> None:
        """The same for work that nobody waits for; nothing happens where the queue is closed."""
        with contextlib.suppress(RuntimeError):
            self._pool.submit(work)

    async def close(self) -> None:
        """Cancel everything and wait until the thread has ended its step."""
        with self._lock:
            for ticket in (*self._at_work, *self._line.order()):
                ticket.job.cancel()
                ticket.done.cancel()
        await asyncio.to_thread(self._pool.shutdown, wait=True, cancel_futures=True)

    def _begin(self, ticket: Ticket[D, R]) -> None:
        """As many turns as tickets: a turn that finds the line empty, because a batch took all, is none."""
        try:
            self._pool.submit(self._turn)
        except RuntimeError:  # closed meanwhile
            ticket.done.cancel()
        self._tell()

    def _turn(self) -> None:
        with self._lock:
            self._at_work = [ticket for ticket in self._line.take() if ticket.done.set_running_or_notify_cancel()]
        try:
            self._tell()
            for ticket in self._at_work:
                ticket.begin()
            if self._at_work:
                self._serve(self._at_work)
        except BaseException as error:
            for ticket in self._at_work:
                ticket.fail(error)
            raise
        finally:
            self._at_work = ()

    def _tell(self) -> None:
        """Tell everybody in line how many are before them; with an idle thread nobody waits longer than a moment."""
        with self._lock:
            at_work = sum(not ticket.job.is_cancelled for ticket in self._at_work)
            for place, ticket in enumerate(self._line.order() if self._at_work else ()):
                ticket.tell(at_work + place)


def _party(ticket: Ticket[D, R]) -> Hashable:
    return ticket.drawing.party or ticket


def _most(drawing: QueuedDrawing) -> int:
    """How many such drawings fit into one go."""
    return max(1, min(MOST_PICTURES, MOST_PIXELS // max(1, drawing.pixels)))
