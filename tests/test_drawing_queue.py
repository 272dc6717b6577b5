"""The line before the device: fair between parties, with places told, Stop for each, and batches that change no picture."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Hashable, Sequence
from dataclasses import dataclass, field

import pytest

from gemini_diffusion.engines.local.drawing_queue import MOST_PICTURES, DrawingQueue, FairQueue, Ticket
from gemini_diffusion.engines.worker import WorkerJob
from tests.waiting import patiently, until


@dataclass(frozen=True)
class Errand:
    """Something to be drawn, as the line sees it."""

    name: str
    party: str = ""
    kind: Hashable = field(default_factory=object)
    pixels: int = 128 * 128


@dataclass
class Studio:
    """A queue whose drawings take as long as the test wants; `turns` are the names of those drawn in one go."""

    turns: list[list[str]] = field(default_factory=list)
    told: dict[str, list[str]] = field(default_factory=dict)
    may_go_on: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def __post_init__(self) -> None:
        self.queue: DrawingQueue[Errand, str] = DrawingQueue(self._serve)

    def ask(self, name: str, party: str = "", kind: Hashable = None) -> asyncio.Task[str]:
        heard = self.told.setdefault(name, [])
        errand = Errand(name, party) if kind is None else Errand(name, party, kind)
        return asyncio.create_task(self.queue.draw(errand, lambda event: heard.append(getattr(event, "text", ""))))

    def _serve(self, tickets: Sequence[Ticket[Errand, str]]) -> None:
        self.turns.append([ticket.drawing.name for ticket in tickets])
        self.may_go_on.acquire()
        for ticket in tickets:
            ticket.finish(ticket.drawing.name)

    def drawn(self) -> str:
        return " ".join("+".join(turn) for turn in self.turns)


@pytest.fixture
async def studio() -> AsyncIterator[Studio]:
    made = Studio()
    yield made
    made.may_go_on.release(100)
    await made.queue.close()


# --- whose turn it is ---


async def test_parties_take_turns_and_within_one_the_first_to_come_is_the_first_served(studio: Studio) -> None:
    tasks = [studio.ask(name, name[0]) for name in ("a1", "a2", "a3")]
    await until(lambda: studio.turns)
    tasks += [studio.ask(name, name[0]) for name in ("b1", "b2", "c1")]
    await asyncio.sleep(0)
    studio.may_go_on.release(6)
    assert await asyncio.gather(*tasks) == ["a1", "a2", "a3", "b1", "b2", "c1"]
    assert studio.drawn() == "a1 b1 c1 a2 b2 a3"


async def test_whom_the_host_prefers_is_next_and_then_all_take_turns_again(studio: Studio) -> None:
    tasks = [studio.ask("a1", "a")]
    await until(lambda: studio.turns)
    tasks += [studio.ask(name, name[0]) for name in ("a2", "b1", "b2", "c1", "c2")]
    await asyncio.sleep(0)
    studio.queue.prefer("c")
    studio.queue.prefer("nobody")
    studio.may_go_on.release(6)
    await asyncio.gather(*tasks)
    assert studio.drawn() == "a1 c1 a2 b1 c2 b2"


async def test_whoever_comes_later_does_not_overtake_the_second_picture_of_another(studio: Studio) -> None:
    tasks = [studio.ask("a1", "a"), studio.ask("a2", "a")]
    for newcomer in ("b", "c", "d"):
        await until(lambda: len(studio.turns) == len(tasks) - 1)
        tasks.append(studio.ask(newcomer))
        await asyncio.sleep(0)
        studio.may_go_on.release()
    studio.may_go_on.release(2)
    await asyncio.gather(*tasks)
    assert studio.drawn() == "a1 b a2 c d"


async def test_each_place_in_line_is_told_again_when_it_changes_and_never_twice(studio: Studio) -> None:
    first, leaving, last = studio.ask("1"), studio.ask("2"), studio.ask("3")
    await until(lambda: len(studio.told["3"]) == 1)
    leaving.cancel()
    await until(lambda: len(studio.told["3"]) == 2)
    bystander = studio.ask("4")  # changes nobody's place but its own
    await until(lambda: studio.told["4"])
    studio.may_go_on.release(4)
    await asyncio.gather(first, last, bystander)
    assert studio.told["1"] == []
    assert studio.told["2"] == ["Waiting, 1 before this one"]
    assert studio.told["3"] == ["Waiting, 2 before this one", "Waiting, 1 before this one", "Waited"]
    assert studio.told["4"] == ["Waiting, 2 before this one", "Waiting, 1 before this one", "Waited"]
    assert studio.drawn() == "1 3 4"


async def test_a_stop_of_what_is_drawn_brings_the_others_forward_at_once(studio: Studio) -> None:
    stopped, waiting = studio.ask("1"), studio.ask("2")
    await until(lambda: studio.told["2"])
    stopped.cancel()
    await until(lambda: len(studio.told["2"]) == 2)
    assert studio.told["2"] == ["Waiting, 1 before this one", "Waiting, the next one"]
    studio.may_go_on.release(2)
    assert await waiting == "2"


async def test_a_closed_queue_cancels_whoever_waits_and_whoever_comes(studio: Studio) -> None:
    tasks = [studio.ask("1"), studio.ask("2")]
    await until(lambda: studio.turns)
    studio.may_go_on.release()
    await studio.queue.close()
    tasks.append(studio.ask("3"))
    async with patiently("everybody's end"):
        done = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(each) for each in done[1:]] == [asyncio.CancelledError] * 2


# --- what is drawn together ---


async def test_a_partys_like_drawings_are_one_turn_up_to_the_first_that_differs(studio: Studio) -> None:
    kinds = {"a1": 1, "a2": 1, "a3": 2, "a4": 1}
    tasks = [studio.ask(name, "a", kind) for name, kind in kinds.items()]
    studio.may_go_on.release(4)
    await asyncio.gather(*tasks)
    assert studio.drawn() == "a1+a2 a3 a4"
    assert [text for heard in (studio.told["a1"], studio.told["a2"]) for text in heard] == []


async def test_no_batch_is_made_while_another_party_waits_or_where_nobody_says_that_they_belong_together(
    studio: Studio,
) -> None:
    strangers = [studio.ask(name, "", 1) for name in ("1", "2")]
    await until(lambda: studio.turns)
    tasks = [studio.ask(name, name[0], 1) for name in ("a1", "a2", "b1", "a3")]
    await asyncio.sleep(0)
    studio.may_go_on.release(6)
    await asyncio.gather(*strangers, *tasks)
    assert studio.drawn() == "1 2 a1 b1 a2+a3"


@pytest.mark.parametrize(("side", "together"), [(128, MOST_PICTURES), (512, 8), (1024, 2), (2048, 1)])
async def test_a_batch_is_no_larger_than_its_pixels_allow(side: int, together: int) -> None:
    line: FairQueue[Errand, str] = FairQueue()
    for number in range(20):
        job = WorkerJob(asyncio.get_running_loop(), lambda event: None)
        line.join(Ticket(job, Errand(str(number), "a", 1, side * side)))
    assert len(line.take()) == together
