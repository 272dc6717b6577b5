"""The line before the device: fair between parties, with places told, Stop for each, and batches that change no picture."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from gemini_diffusion import catalogue
from gemini_diffusion.engines.diffusion.bench import Commission
from gemini_diffusion.engines.diffusion.loading import load
from gemini_diffusion.engines.diffusion.packages import Packages
from gemini_diffusion.engines.diffusion.pipeline import Drawn
from gemini_diffusion.engines.diffusion.queue import MOST_PICTURES, DrawingQueue, Line, Ticket
from gemini_diffusion.engines.diffusion.worker import Abandoned, Job
from gemini_diffusion.engines.local import LocalEngine
from gemini_diffusion.errors import BadAnswer
from gemini_diffusion.types import ImageResult, Progress, StageFinished, StageStarted
from tests.bench import Local, asked, until, warm_pipeline

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # diffusers' own, about numpy


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


@pytest.fixture
async def local(tmp_path: Path) -> AsyncIterator[Local]:
    made = Local(LocalEngine(tmp_path / "home"))
    yield made
    await made.engine.close()


# --- whose turn it is ---


async def test_parties_take_turns_and_within_one_the_first_to_come_is_the_first_served(studio: Studio) -> None:
    tasks = [studio.ask(name, name[0]) for name in ("a1", "a2", "a3")]
    await until(lambda: studio.turns)
    tasks += [studio.ask(name, name[0]) for name in ("b1", "b2", "c1")]
    await asyncio.sleep(0)
    studio.may_go_on.release(6)
    assert await asyncio.gather(*tasks) == ["a1", "a2", "a3", "b1", "b2", "c1"]
    assert studio.drawn() == "a1 b1 c1 a2 b2 a3"


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
    done = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 5)
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
    line: Line[Errand, str] = Line()
    for number in range(20):
        job = Job(asyncio.get_running_loop(), lambda event: None)
        line.join(Ticket(job, Errand(str(number), "a", 1, side * side)))
    assert len(line.take()) == together


async def test_a_picture_of_a_batch_is_the_picture_drawn_alone(local: Local, sdxl: Path) -> None:
    words: list[dict[str, Any]] = [
        {"prompt": "a cat", "seed": 1},
        {"prompt": "a dog, very long " * 9, "seed": 2},
        {"prompt": "a cat", "seed": 3},
        {"prompt": "two dogs", "seed": 4},
    ]
    for scheduler in ("", "Euler a", "DPM++ 2M SDE"):  # two of them draw noise at every step
        more: dict[str, Any] = {"scheduler": scheduler, "negative_prompt": "blurry", "num_inference_steps": 4}
        batch = await asyncio.gather(*(local.draw(sdxl, party="a", **more, **one) for one in words))
        alone = [await local.draw(sdxl, **more, **one) for one in words]
        assert [result.seed for result in batch] == [1, 2, 3, 4]
        assert _largest_difference(batch, alone) <= 1
    assert len({result.image.tobytes() for result in alone}) == 4


async def test_pictures_of_a_batch_really_share_their_steps(sdxl: Path, packages: Packages) -> None:
    pipeline, rows = load(sdxl, packages), []
    pipeline.base.unet.register_forward_hook(lambda unet, inputs, output: rows.append(len(inputs[0])))
    drawn = pipeline.draw([asked(seed=seed) for seed in range(3)])
    assert all(isinstance(one, Drawn) for one in drawn)
    assert rows == [6, 6, 6]  # three pictures, each with and without its words


async def test_one_of_a_batch_is_stopped_by_itself_and_the_others_go_on(sdxl: Path, packages: Packages) -> None:
    pipeline, decoded = load(sdxl, packages), []
    pipeline.base.vae.decoder.register_forward_hook(lambda *_: decoded.append(1))
    heard: list[list[Progress]] = [[], [], []]
    three = [asked(heard[place].append, seed=place, num_inference_steps=6) for place in range(3)]  # type: ignore[arg-type]
    steps: list[int] = []

    def count(*_: object) -> None:
        steps.append(1)
        if len(steps) == 2:
            three[1].job.abandon()

    pipeline.base.unet.register_forward_hook(count)
    first, stopped, last = await asyncio.to_thread(pipeline.draw, three)
    await asyncio.sleep(0)
    assert isinstance(first, Drawn) and isinstance(last, Drawn)
    assert isinstance(stopped, Abandoned)
    assert len(decoded) == 2
    assert [[event.done for event in events] for events in heard] == [list(range(1, 7)), [1], list(range(1, 7))]


async def test_numbers_that_overflow_in_one_picture_fail_that_one_alone(local: Local, sdxl: Path) -> None:
    good, bad = Local(local.engine), Local(local.engine)
    await local.draw(sdxl)
    with _nan_in_row(warm_pipeline(local).base.unet, 1):
        drawn, lost = await asyncio.gather(
            good.draw(sdxl, party="a", seed=1), bad.draw(sdxl, party="a", seed=2), return_exceptions=True
        )
    assert isinstance(drawn, ImageResult)
    assert isinstance(lost, BadAnswer)
    assert "overflowed in float32" in str(lost)
    assert _largest_difference([drawn], [await local.draw(sdxl, seed=1)]) <= 1
    assert not [event for event in bad.told(StageFinished) if event.stage == "drawing"]


async def test_a_batch_that_does_not_fit_into_the_memory_is_drawn_one_by_one(
    local: Local, sdxl: Path, packages: Packages
) -> None:
    three = [Local(local.engine) for _ in range(3)]
    await local.draw(sdxl)

    def fail(unet: Any, inputs: Any) -> None:
        if len(inputs[0]) > 2:
            raise packages.torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")

    warm_pipeline(local).base.unet.register_forward_pre_hook(fail)
    results = await asyncio.gather(*(one.draw(sdxl, party="a", seed=seed) for seed, one in enumerate(three)))
    assert [result.seed for result in results] == [0, 1, 2]
    assert all([event.stage for event in one.told(StageFinished)][-1] == "drawing" for one in three)


async def test_one_that_is_stopped_after_a_batch_did_not_fit_takes_none_of_the_others_with_it(
    local: Local, sdxl: Path, packages: Packages
) -> None:
    three = [Local(local.engine) for _ in range(3)]
    await local.draw(sdxl)

    def fail(unet: Any, inputs: Any) -> None:
        raise packages.torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")

    warm_pipeline(local).base.unet.register_forward_pre_hook(fail)  # of the first pipeline, not of those loaded after it
    more: dict[str, Any] = {"party": "a", "num_inference_steps": 40}
    tasks = [asyncio.create_task(one.draw(sdxl, seed=seed, **more)) for seed, one in enumerate(three)]
    await until(lambda: three[1].told(Progress))
    tasks[1].cancel()
    first, stopped, last = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(stopped, asyncio.CancelledError)
    assert isinstance(first, ImageResult) and isinstance(last, ImageResult)
    assert (first.seed, last.seed) == (0, 2)
    assert len(three[1].told(Progress)) < 40


async def test_a_batch_shares_everything_but_words_and_seeds() -> None:
    def commission(**changes: Any) -> Commission:
        return Commission(asked(**changes).request, catalogue.find("postcard"), Path("/model"))

    same = commission(prompt="a dog", seed=3, party="b")
    assert same.kind == commission().kind
    others = ({"width": 72}, {"num_inference_steps": 4}, {"guidance_scale": 1.0}, {"scheduler": "DDIM"}, {"tile": True})
    more = ({"refine": 0.8}, {"image": b"x"}, {"hd": True}, {"negative_prompt": "blurry"}, {"prompt_2": "soft"})
    assert not [changes for changes in (*others, *more) if commission(**changes).kind == commission().kind]


async def test_the_next_drawing_starts_within_a_second_of_a_stop(local: Local, sdxl: Path) -> None:
    await local.draw(sdxl)
    long = asyncio.create_task(local.draw(sdxl, num_inference_steps=500))
    await until(lambda: [event for event in local.told(Progress) if event.total == 500])
    long.cancel()
    stopped = asyncio.get_running_loop().time()
    following = Local(local.engine)
    drawing = asyncio.create_task(following.draw(sdxl))
    await until(lambda: [event for event in following.told(StageStarted) if event.stage == "drawing"])
    assert asyncio.get_running_loop().time() - stopped < 1
    await drawing


@contextmanager
def _nan_in_row(unet: Any, row: int) -> Iterator[None]:
    """The network says nonsense for one picture of a batch of two; with guidance its rows are 2 + 2."""

    def spoil(module: Any, inputs: Any, output: Any) -> Any:
        if len(output[0]) == 4:
            output[0][row :: len(output[0]) // 2] = float("nan")
        return output

    hook = unet.register_forward_hook(spoil)
    try:
        yield
    finally:
        hook.remove()


def _largest_difference(ours: Sequence[ImageResult], others: Sequence[ImageResult]) -> int:
    """Of 255, over all pixels."""
    pairs = zip(ours, others, strict=True)
    return max(abs(a - b) for one, other in pairs for a, b in zip(one.image.tobytes(), other.image.tobytes(), strict=True))
