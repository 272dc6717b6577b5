"""One thread with a queue before it, for work that blocks; news goes back to the event loop, Stop comes over as a flag.

It does not know what the work is.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from gemini_diffusion.types import Emit, Event, Stage, StageFinished, StageStarted

T = TypeVar("T")
LOW = 10
"""The niceness of work that nobody waits for."""


class JobCancelled(BaseException):
    """Nobody waits for this work any more. Like CancelledError no Exception, so that no library swallows it."""


@dataclass
class RunningStage:
    """A stage while it runs; `text` may be told better at its end."""

    text: str


class CancellableJob(ABC):
    """Work that somebody waits for."""

    @abstractmethod
    def check(self) -> None:
        """Raises JobCancelled once nobody waits any more."""

    @abstractmethod
    def emit(self, event: Event) -> None:
        """Tell whoever waits."""

    @contextmanager
    def stage(self, stage: Stage, text: str) -> Iterator[RunningStage]:
        """A named and timed part of the work; one that fails is not told as finished."""
        self.check()
        running, started = RunningStage(text), time.monotonic()
        self.emit(StageStarted(stage, text))
        yield running
        self.emit(StageFinished(stage, running.text, time.monotonic() - started))


@dataclass(eq=False)
class WorkerJob(CancellableJob):
    """One piece of work as the thread sees it: a way to tell news, and the question whether anybody still waits."""

    loop: asyncio.AbstractEventLoop
    watcher: Emit
    asked: float = field(default_factory=time.monotonic)
    _cancelled: threading.Event = field(default_factory=threading.Event)

    def check(self) -> None:
        if self._cancelled.is_set():
            raise JobCancelled

    def cancel(self) -> None:
        self._cancelled.set()

    @property
    def is_cancelled(self) -> bool:
        return self._cancelled.is_set()

    def emit(self, event: Event) -> None:
        """Hand an event to the loop's thread; after a cancel nothing is heard any more."""
        if not self.is_cancelled:
            self.loop.call_soon_threadsafe(self._deliver, event)

    def _deliver(self, event: Event) -> None:
        if not self.is_cancelled:
            self.watcher(event)


@dataclass(frozen=True, slots=True, eq=False)
class JoinedJob(CancellableJob):
    """Several jobs done as one: each hears the news, and the work goes on for as long as one of them is waited for."""

    jobs: Sequence[WorkerJob]

    def check(self) -> None:
        if all(job.is_cancelled for job in self.jobs):
            raise JobCancelled

    def emit(self, event: Event) -> None:
        for job in self.jobs:
            job.emit(event)


class UnwatchedJob(CancellableJob):
    """Work that nobody waits for or hears of."""

    def check(self) -> None:
        """It is never cancelled."""

    def emit(self, event: Event) -> None:
        """Nobody is told."""


def step_back() -> None:
    """Let everything else on this machine go before the thread that calls; where the system cannot, nothing changes."""
    if sys.platform == "linux":  # elsewhere the whole process would step back
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), LOW)


class Worker:
    """A single thread: what is asked of it is done one after the other. Made cheaply; the thread starts with the first work."""

    def __init__(self, name: str) -> None:
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        self._jobs: list[WorkerJob] = []

    async def run(self, work: Callable[[WorkerJob], T], emit: Emit) -> T:
        """What `work` returns. Cancelling returns at once: the thread ends its step by itself and then takes the next job.

        While others are before it in the queue, the stage "waiting" is shown.
        """
        job = WorkerJob(asyncio.get_running_loop(), emit)
        ahead = sum(not other.is_cancelled for other in self._jobs)
        waited = StageStarted("waiting", f"Waiting, {ahead} before this one") if ahead else None
        if waited:
            emit(waited)
        self._jobs.append(job)
        try:
            return await job.loop.run_in_executor(self._pool, _do, work, job, waited)
        finally:
            job.cancel()
            self._jobs.remove(job)

    async def close(self) -> None:
        """Cancel everything and wait until the thread has ended its step."""
        for job in self._jobs:
            job.cancel()
        await asyncio.to_thread(self._pool.shutdown, wait=True, cancel_futures=True)


def _do(work: Callable[[WorkerJob], T], job: WorkerJob, waited: StageStarted | None) -> T:
    job.check()
    if waited:
        job.emit(StageFinished(waited.stage, waited.text, time.monotonic() - job.asked))
    return work(job)
