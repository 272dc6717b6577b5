"""While it draws: how the picture looks so far, how long the rest will take, a stop inside a step, and what all that costs."""

from __future__ import annotations

import asyncio
import inspect
import io
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image

from gemini_diffusion.engines import models
from gemini_diffusion.engines.local.loading.loader import load_pipeline
from gemini_diffusion.engines.local.pipeline import Pipeline
from gemini_diffusion.engines.local.sampling import schedulers
from gemini_diffusion.engines.local.sampling.batch import DrawnImage
from gemini_diffusion.engines.local.sampling.callbacks import StepCallbacks
from gemini_diffusion.engines.local.sampling.pipeline_view import view_of
from gemini_diffusion.engines.local.sampling.preview import FACTORS, Previews
from gemini_diffusion.engines.local.sampling.schedulers import SCHEDULERS
from gemini_diffusion.engines.small_jpeg import SIDE
from gemini_diffusion.engines.torch_imports import TorchImports
from gemini_diffusion.engines.worker import JobCancelled, JoinedJob
from gemini_diffusion.types import Event, Preview, Progress
from tests.engine_harness import asked, own_time
from tests.pictures import distance

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # diffusers' own, about numpy


@pytest.fixture(scope="module")
def postcard(packages: TorchImports) -> Pipeline:
    return load_pipeline(Path(models.find_model("postcard").source), packages)


# --- how it looks so far ---


@pytest.mark.parametrize("name", SCHEDULERS)
def test_the_last_preview_is_the_picture_and_an_earlier_one_is_nearer_to_it_than_the_noise(
    postcard: Pipeline, packages: TorchImports, name: str
) -> None:
    torch = packages.torch
    view = view_of(postcard.base, schedulers.make_scheduler(packages.diffusers, name, postcard.base.scheduler))
    previews, seen, noisy = Previews(torch, [view]), [], []

    def look(_: Any, step: int, timestep: Any, tensors: dict[str, Any]) -> dict[str, Any]:
        seen.append(previews.predicted().clone())
        noisy.append(tensors["latents"].clone())
        return tensors

    final = view(
        "a red cat on the beach", num_inference_steps=9, guidance_scale=1.0, output_type="latent",
        generator=torch.Generator().manual_seed(1), callback_on_step_end=look,
    ).images  # fmt: skip
    third = len(seen) // 3
    assert (seen[-1] - final).std() < 0.2 * final.std()
    assert (seen[third] - final).std() < 0.65 * (noisy[third] - final).std()


def test_a_preview_is_a_small_jpeg_that_resembles_the_picture(postcard: Pipeline, packages: TorchImports) -> None:
    torch = packages.torch
    view = view_of(postcard.base, schedulers.make_scheduler(packages.diffusers, "", postcard.base.scheduler))
    previews, jpegs = Previews(torch, [view]), []

    def look(_: Any, step: int, timestep: Any, tensors: dict[str, Any]) -> dict[str, Any]:
        jpegs.append(previews.jpeg(0))
        return tensors

    picture = view(
        "a red cat on the beach", num_inference_steps=8, guidance_scale=3.0,
        generator=torch.Generator().manual_seed(1), callback_on_step_end=look,
    ).images[0]  # fmt: skip
    opened = [Image.open(io.BytesIO(jpeg)) for jpeg in jpegs]
    assert {(image.format, image.size) for image in opened} == {("JPEG", (SIDE, SIDE))}
    assert max(map(len, jpegs)) < 20_000
    distances = [distance(image.resize(picture.size), picture) for image in opened]
    assert distances[-1] < 8 < distances[0]


def test_the_wrapped_step_keeps_the_signature_by_which_pipelines_pass_their_generator(packages: TorchImports) -> None:
    scheduler = packages.diffusers.EulerAncestralDiscreteScheduler()
    Previews(packages.torch, [SimpleNamespace(scheduler=scheduler, vae=None)])
    assert "generator" in inspect.signature(scheduler.step).parameters


@pytest.mark.parametrize("scaling", [0.13025, 0.18215])
def test_the_published_fits_turn_latents_into_colours(packages: TorchImports, scaling: float) -> None:
    jpeg = _shown(packages, 4, scaling, packages.torch.full((1, 4, 96, 128), 0.5))
    opened = Image.open(io.BytesIO(jpeg))
    factors, offset = FACTORS[4, scaling]
    expected = [round((0.5 * sum(row[band] for row in factors) + offset[band] + 1) * 127.5) for band in range(3)]
    assert opened.size == (SIDE, 192)
    assert max(abs(a - b) for a, b in zip(opened.getpixel((9, 9)), expected, strict=True)) <= 3  # type: ignore[arg-type]
    assert _shown(packages, 4, scaling, packages.torch.full((1, 4, 8, 8), float("nan"))), "an overflow breaks no preview"
    assert _shown(packages, 16, 0.36, packages.torch.zeros(1, 16, 8, 8)) == b"", "there is no fit, and the decoder is large"


async def test_previews_come_at_most_twice_a_second_and_none_with_the_last_step(packages: TorchImports) -> None:
    events = list[Event]()
    job, previews = asked(events.append).job, _previews(packages, 4, 0.13025, packages.torch.zeros(1, 4, 8, 8))
    with own_time() as clock:
        steps = StepCallbacks(JoinedJob([job]), previews)
        for step in range(16):
            clock.pass_by(0.11)
            steps.after_step(SimpleNamespace(num_timesteps=16), step, 0, {})
    await asyncio.sleep(0)
    assert [place for place, event in enumerate(events) if isinstance(event, Preview)] == [5, 11, 17]  # after 0.55, 1.1, 1.65 s
    assert len(events) == 16 + 3
    events.clear()
    with own_time() as clock:
        steps = StepCallbacks(JoinedJob([job]), previews)
        clock.pass_by(9)
        steps.after_step(SimpleNamespace(num_timesteps=1), 0, 0, {})
    await asyncio.sleep(0)
    assert [type(event) for event in events] == [Progress]


async def test_a_dear_preview_makes_the_next_one_wait_longer() -> None:
    seen = list[float]()
    with own_time() as clock:
        steps = StepCallbacks(JoinedJob([asked().job]))

        def dear(_: int) -> bytes:
            clock.pass_by(0.05)
            seen.append(clock.now)
            return b"jpeg"

        for _ in range(50):
            clock.pass_by(0.1)
            steps.show(dear)
    assert len(seen) == 2
    assert 2.5 < seen[1] - seen[0] < 2.7  # 50 ms are 2 % of 2.5 s


# --- how long it will take ---


@pytest.mark.parametrize("first", [0.0, 0.4])
async def test_three_steps_tell_how_long_the_rest_takes(first: float) -> None:
    """Of steps of about the same length; the first one is longer, as with the encoding before it."""
    told, ends = list[Any](), list[float]()
    with own_time() as clock:
        steps = StepCallbacks(JoinedJob([asked(told.append).job]))
        for step, length in enumerate([0.06 + first, 0.07, 0.05, 0.06, 0.06, 0.08, 0.05, 0.06, 0.07, 0.05, 0.06, 0.06]):
            clock.pass_by(length)
            steps.after_step(SimpleNamespace(num_timesteps=12), step, 0, {})
            ends.append(clock.now)
    await asyncio.sleep(0)
    for event, at in list(zip(told, ends, strict=True))[3:-1]:
        assert event.seconds_left == pytest.approx(ends[-1] - at, rel=0.25), event
    assert told[-1].seconds_left == 0


# --- a stop inside a step, and the price of asking ---


async def test_a_stop_inside_a_long_step_does_not_wait_for_its_end(sdxl: Path, packages: TorchImports) -> None:
    pipeline, begun, ended = load_pipeline(sdxl, packages), list[float](), list[int]()
    one = asked(num_inference_steps=3)

    def slow(*_: object) -> None:
        begun.append(time.monotonic())
        one.job.cancel()

    pipeline.base.unet.down_blocks[0].register_forward_pre_hook(slow)
    pipeline.base.unet.mid_block.register_forward_hook(lambda *_: ended.append(1))
    with pytest.raises(JobCancelled):
        pipeline.draw([one])
    assert (len(begun), ended) == (1, [])


async def test_when_all_of_a_batch_are_stopped_the_sampling_ends_within_the_step(sdxl: Path, packages: TorchImports) -> None:
    pipeline, blocks = load_pipeline(sdxl, packages), []
    two = [asked(num_inference_steps=30) for _ in range(2)]
    finished: list[int] = []
    pipeline.base.unet.register_forward_hook(lambda *_: finished.append(1))

    def stop(*_: object) -> None:
        blocks.append(1)
        if len(blocks) == 3:  # inside the third step, before its later blocks
            for one in two:
                one.job.cancel()

    pipeline.base.unet.down_blocks[0].register_forward_hook(stop)
    with pytest.raises(JobCancelled):
        pipeline.draw(two)
    assert len(finished) == 2
    assert not [hook for module in pipeline.base.unet.modules() for hook in module._forward_pre_hooks.values()]


async def test_a_stop_while_decoding_does_not_wait_for_the_picture(sdxl: Path, packages: TorchImports) -> None:
    pipeline, one = load_pipeline(sdxl, packages), asked()
    finished: list[int] = []
    pipeline.base.vae.decoder.register_forward_pre_hook(lambda *_: one.job.cancel())
    pipeline.base.vae.decoder.register_forward_hook(lambda *_: finished.append(1))
    (outcome,) = pipeline.draw([one])
    assert isinstance(outcome, JobCancelled)
    assert finished == []


async def test_previews_progress_and_questions_cost_a_drawing_next_to_nothing(
    postcard: Pipeline, packages: TorchImports
) -> None:
    """Processor time of the same drawing, bare and with all that; the claim of 1.03 is a benchmark's, measured in quiet."""
    view = view_of(postcard.base, postcard.base.scheduler)

    def bare() -> None:
        view(
            "a red cat", num_inference_steps=10, guidance_scale=3.0, width=128, height=128,
            generator=packages.torch.Generator().manual_seed(1),
        )  # fmt: skip

    one = asked(prompt="a red cat", num_inference_steps=10, guidance_scale=3.0, width=128, height=128)

    def ours() -> None:
        assert isinstance(postcard.draw([one])[0], DrawnImage)

    pairs = [(_processor_seconds(bare), _processor_seconds(ours)) for _ in range(2)]
    while min(told for _, told in pairs) >= 1.15 * min(plain for plain, _ in pairs) + 0.05:
        assert len(pairs) < 6, pairs  # other programs can only make one of them dearer, and not every time
        pairs.append((_processor_seconds(bare), _processor_seconds(ours)))


def _processor_seconds(work: Callable[[], None]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def _shown(packages: TorchImports, channels: int, scaling: float, latents: Any) -> bytes:
    return _previews(packages, channels, scaling, latents).jpeg(0)


def _previews(packages: TorchImports, channels: int, scaling: float, latents: Any) -> Previews:
    """Previews of a drawing whose latest step gave these latents, with a large decoder beside it."""
    torch = packages.torch
    decoder = torch.nn.Linear(3000, 3000, device="meta")
    vae = SimpleNamespace(config=SimpleNamespace(latent_channels=channels, scaling_factor=scaling), decoder=decoder)
    scheduler = packages.diffusers.EulerDiscreteScheduler()
    scheduler.set_timesteps(2)
    previews = Previews(torch, [SimpleNamespace(scheduler=scheduler, vae=vae)])
    scheduler.is_scale_input_called = True
    scheduler.step(torch.zeros_like(latents), scheduler.timesteps[0], latents, return_dict=False)
    return previews
