"""Pictures drawn in one go: each is the one that would come of it alone, fails, is stopped and is told by itself."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gemini_diffusion.engines import models
from gemini_diffusion.engines.local.loading.loader import load_pipeline
from gemini_diffusion.engines.local.model_cache import DrawCommand
from gemini_diffusion.engines.local.sampling.batch import DrawnImage
from gemini_diffusion.engines.torch_imports import TorchImports
from gemini_diffusion.engines.worker import JobCancelled
from gemini_diffusion.types import Adapter, ImageRequest, ImageResult, Progress, StageFinished
from gemini_diffusion.types.errors import BadAnswer
from gemini_diffusion.types.finishing import FinishStep
from tests.closeness import nearly_same
from tests.engine_harness import Local, asked, out_of_memory, warm_pipeline
from tests.waiting import until


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
        assert all(nearly_same(one.image, other.image) for one, other in zip(batch, alone, strict=True))
    assert len({result.image.tobytes() for result in alone}) == 4


async def test_pictures_of_a_batch_really_share_their_steps(sdxl: Path, packages: TorchImports) -> None:
    pipeline, rows = load_pipeline(sdxl, packages), []
    pipeline.base.unet.register_forward_hook(lambda unet, inputs, output: rows.append(len(inputs[0])))
    drawn = pipeline.draw([asked(seed=seed) for seed in range(3)])
    assert all(isinstance(one, DrawnImage) for one in drawn)
    assert rows == [6, 6, 6]  # three pictures, each with and without its words


async def test_one_of_a_batch_is_stopped_by_itself_and_the_others_go_on(sdxl: Path, packages: TorchImports) -> None:
    pipeline, decoded = load_pipeline(sdxl, packages), []
    pipeline.base.vae.decoder.register_forward_hook(lambda *_: decoded.append(1))
    heard: list[list[Any]] = [[], [], []]
    three = [asked(heard[place].append, seed=place, num_inference_steps=6) for place in range(3)]
    steps: list[int] = []

    def count(*_: object) -> None:
        steps.append(1)
        if len(steps) == 2:
            three[1].job.cancel()

    pipeline.base.unet.register_forward_hook(count)
    first, stopped, last = await asyncio.to_thread(pipeline.draw, three)
    await asyncio.sleep(0)
    assert isinstance(first, DrawnImage) and isinstance(last, DrawnImage)
    assert isinstance(stopped, JobCancelled)
    assert len(decoded) == 2
    steps_told = [[event.done for event in events if isinstance(event, Progress)] for events in heard]
    assert steps_told == [list(range(1, 7)), [1], list(range(1, 7))]


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
    assert nearly_same(drawn.image, (await local.draw(sdxl, seed=1)).image)
    assert not [event for event in bad.told(StageFinished) if event.stage == "drawing"]


async def test_a_batch_that_does_not_fit_into_the_memory_is_drawn_one_by_one(
    local: Local, sdxl: Path, packages: TorchImports
) -> None:
    three = [Local(local.engine) for _ in range(3)]
    await local.draw(sdxl)
    fails = out_of_memory(packages, when=lambda given: len(given[0]) > 2)
    warm_pipeline(local).base.unet.register_forward_pre_hook(fails)
    results = await asyncio.gather(*(one.draw(sdxl, party="a", seed=seed) for seed, one in enumerate(three)))
    assert [result.seed for result in results] == [0, 1, 2]
    assert all([event.stage for event in one.told(StageFinished)][-1] == "drawing" for one in three)


async def test_one_that_is_stopped_after_a_batch_did_not_fit_takes_none_of_the_others_with_it(
    local: Local, sdxl: Path, packages: TorchImports
) -> None:
    three = [Local(local.engine) for _ in range(3)]
    await local.draw(sdxl)
    fails = out_of_memory(packages)
    warm_pipeline(local).base.unet.register_forward_pre_hook(fails)  # of the first pipeline, not of those loaded after it
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
    """Whatever else a request has or will have keeps it out of another's batch, whoever's settings it came from."""

    def kind(**changes: Any) -> Hashable:
        return DrawCommand(asked(**changes).request, models.find_model("postcard"), Path("/model")).kind

    assert kind(prompt="a dog", seed=3, party="b") == kind()
    assert kind(negative_prompt="a") == kind(negative_prompt="b") != kind()
    assert kind(prompt_2="a") == kind(prompt_2="b") != kind()
    apart: dict[str, Any] = {
        "model": "x", "width": 72, "height": 72, "num_inference_steps": 4, "guidance_scale": 1.0, "scheduler": "DDIM",
        "adapters": (Adapter("fox"),), "refine": 0.8, "image": b"x", "mask": b"x", "strength": 0.5, "tile": True, "hd": True,
        "clip_skip": 2, "source": "a", "finish": (FinishStep("sharpen", 0.5),),
    }  # fmt: skip
    words = {"prompt", "negative_prompt", "prompt_2", "seed", "party"}
    assert {each.name for each in dataclasses.fields(ImageRequest)} == words | set(apart)
    assert not [name for name, value in apart.items() if kind(**{name: value}) == kind()]


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
