"""Large pictures: drawn without seams, they show what the small ones do, finer; what one sees meanwhile, Stop and faults."""

from __future__ import annotations

import asyncio
import dataclasses
import io
import threading
from pathlib import Path
from typing import Any

import numpy
import pytest
from PIL import Image

from gemini_diffusion.engines.local.loading.loader import load_pipeline
from gemini_diffusion.engines.local.sampling.init_image import InitImage
from gemini_diffusion.engines.local.sampling.refiner import open_refiner
from gemini_diffusion.engines.torch_imports import TorchImports
from gemini_diffusion.types import Preview, Progress, StageFinished
from gemini_diffusion.types.errors import BadAnswer
from postcard.judge import Judge
from postcard.render import render
from postcard.scene import Scene
from tests.engine_harness import Local, asked, draw_one, out_of_memory, own_time, reading, warm_pipeline
from tests.pictures import distance, edge_jump, encoded, gradient, marked
from tests.tiny_sdxl import build_refiner, build_sd15
from tests.waiting import PATIENCE

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # diffusers' own, about numpy

POSTCARD: dict[str, Any] = {"width": 128, "height": 128, "num_inference_steps": 16, "guidance_scale": 3.0}
LARGE = "The picture was enlarged to 128 x 128, in 4 tiles gone over at strength 0.1."


# --- drawing them ---


async def test_a_postcard_is_drawn_twice_as_large_and_shows_the_same_without_a_seam(local: Local) -> None:
    words: dict[str, Any] = {**POSTCARD, "prompt": "a yellow boat in the city at night", "seed": 1}
    small, large = [(await local.draw("postcard", **words, hd=hd)) for hd in (False, True)]
    assert large.image.size == (256, 256)
    assert large.notices == ("The picture was enlarged to 256 x 256, in 4 tiles gone over at strength 0.1.",)
    assert distance(large.image.resize((128, 128), Image.Resampling.BOX), small.image) < 6
    assert Judge.load().judge(large.image) == Judge.load().judge(small.image)
    plain = small.image.resize((256, 256), Image.Resampling.LANCZOS)
    assert _sharpness(large.image) > 1.2 * _sharpness(plain)
    seams = _seams(numpy.asarray(large.image).astype(float))
    assert max(seams) < 1.5, seams


def _seams(values: Any) -> list[float]:
    """How much more neighbours differ across the lines where a tile ends than across the lines beside them."""
    found = []
    for axis in (0, 1):
        jumps = abs(numpy.diff(values, axis=axis)).mean(axis=(1 - axis, 2))
        # Where the second tile begins and where the first one ends.
        found += [float(jumps[edge - 1] / numpy.median(jumps[edge - 9 : edge + 9])) for edge in (112, 144)]
    return found


async def test_all_steps_are_counted_from_the_first_on(local: Local, sdxl: Path) -> None:
    result = await local.draw(sdxl, hd=True, num_inference_steps=20)
    assert [(step.done, step.total) for step in local.told(Progress)] == [(number, 28) for number in range(1, 29)]
    assert local.told(Progress)[-1].seconds_left == 0
    assert local.told(StageFinished)[-1].text == "Drew it, 28 steps"
    assert (result.image.size, result.notices) == ((128, 128), (LARGE,))


async def test_an_attached_picture_is_enlarged_as_it_is(local: Local, sdxl: Path, tmp_path: Path) -> None:
    attached = gradient(256, 256)
    for model in (sdxl, build_sd15(tmp_path / "sd15")):
        local.events.clear()
        result = await local.draw(model, image=encoded(attached), hd=True, strength=0.3, num_inference_steps=20)
        assert (result.image.size, result.notices, result.ignored) == ((128, 128), (LARGE,), ())
        assert local.told(Progress)[-1].total == 8  # none but those of the tiles
        assert distance(result.image.resize((16, 16), Image.Resampling.BOX), attached.resize((16, 16))) < 6


async def test_an_attached_picture_is_moved_from_as_far_as_asked(sdxl: Path, packages: TorchImports) -> None:
    pipeline = load_pipeline(sdxl, packages)
    for strength, tiles_at, steps in ((0.05, "0.05", 4), (0.35, "0.35", 28), (0.6, "0.3", 12 + 24)):
        one = asked(hd=True, strength=strength, width=264, height=64, num_inference_steps=20)
        drawn = draw_one(pipeline, item=dataclasses.replace(one, init_image=InitImage(gradient(528, 128))))
        assert drawn.notices == (f"The picture was enlarged to 528 x 128, in 4 tiles gone over at strength {tiles_at}.",)
        assert drawn.steps == steps


async def test_a_picture_drawn_from_another_is_enlarged_as_it_was_drawn(local: Local) -> None:
    beach = render(Scene("cat", "red", "beach", "day"))
    words: dict[str, Any] = {**POSTCARD, "prompt": "a blue boat on the beach by day", "seed": 3}
    small, large = [
        (await local.draw("postcard", **words, image=encoded(beach), strength=0.8, hd=hd)).image for hd in (False, True)
    ]
    assert distance(large.resize((128, 128), Image.Resampling.BOX), small) < 6
    assert distance(small, beach) > 12


async def test_where_tiles_overlap_they_begin_from_the_same_noise(sdxl: Path, packages: TorchImports) -> None:
    """Else each would make other details there, and the picture would be blurred where they fade into each other."""
    pipeline, seen = load_pipeline(sdxl, packages), list[Any]()
    pipeline.base.unet.register_forward_pre_hook(lambda _, given: seen.append(given[0][0]))
    one = asked(hd=True, strength=0.35, width=264, height=264, num_inference_steps=20, scheduler="DDIM")
    pipeline.draw([dataclasses.replace(one, init_image=InitImage(gradient(528, 528)))])
    left, right = seen[0], seen[7]  # of four tiles with 36 latents a side the first two, which share six columns
    assert left.shape == (4, 36, 36)
    apart = left[..., 32:34] - right[..., 2:4]
    assert float(apart.std()) < 0.2 * float(left[..., 32:34].std())


async def test_a_tile_that_is_all_night_is_no_news(sdxl: Path, packages: TorchImports) -> None:
    pipeline, decoded = load_pipeline(sdxl, packages), [0]

    def darken(_: Any, given: Any, output: Any) -> Any:
        decoded[0] += 1
        return output * 0 - 1 if decoded[0] == 2 else output

    pipeline.base.vae.decoder.register_forward_hook(darken)
    drawn = draw_one(pipeline, hd=True)
    assert (decoded, drawn.notices) == ([5], (LARGE,))


async def test_with_a_mask_a_part_is_drawn_anew_first(local: Local, sdxl: Path) -> None:
    mask = encoded(marked(64, 64, (0, 0, 31, 31)))
    result = await local.draw(sdxl, image=encoded(gradient(64, 64)), mask=mask, strength=1.0, hd=True, num_inference_steps=10)
    assert local.told(Progress)[-1].total == 14
    rest = (40, 40, 64, 64)
    small = result.image.resize((64, 64), Image.Resampling.BOX)
    assert distance(small.crop(rest), gradient(64, 64).crop(rest)) < 10
    assert distance(small.crop((0, 0, 24, 24)), gradient(64, 64).crop((0, 0, 24, 24))) > 15


async def test_what_is_as_large_as_can_be_is_named_as_ignored(packages: TorchImports, sdxl: Path) -> None:
    pipeline = load_pipeline(sdxl, packages)
    drawn = draw_one(pipeline, hd=True, width=2048, height=32, num_inference_steps=1)
    assert (drawn.image.size, drawn.ignored) == ((2048, 32), ("hd",))


async def test_the_edges_of_a_seamless_picture_meet_also_when_it_is_large(local: Local) -> None:
    words: dict[str, Any] = {**POSTCARD, "hd": True}
    jumps = {tile: edge_jump((await local.draw("postcard", **words, tile=tile)).image) for tile in (False, True)}
    assert jumps[True] < 3 < jumps[False] / 3, jumps


async def test_the_refiner_goes_over_the_tiles_where_it_is_wanted(sdxl: Path, packages: TorchImports, tmp_path: Path) -> None:
    base = load_pipeline(sdxl, packages)
    pair = dataclasses.replace(base, refiner=open_refiner(build_refiner(tmp_path / "refiner"), base.base, packages))
    steps = [0, 0]
    pair.base.unet.register_forward_hook(lambda *_: steps.__setitem__(0, steps[0] + 1))
    pair.refiner.unet.register_forward_hook(lambda *_: steps.__setitem__(1, steps[1] + 1))
    drawn = draw_one(pair, hd=True, refine=0.8, num_inference_steps=20)
    assert (steps, drawn.steps, drawn.ignored) == ([16, 12], 28, ())


async def test_while_its_tiles_are_drawn_the_whole_picture_is_shown_with_those_that_lie(
    sdxl: Path, packages: TorchImports
) -> None:
    pipeline, events = load_pipeline(sdxl, packages), list[Any]()
    with own_time() as clock:
        pipeline.base.unet.register_forward_pre_hook(lambda *_: clock.pass_by(0.3))
        pipeline.base.vae.decoder.register_forward_hook(lambda _, given, out: out * 0 + 1 if len(out[0][0]) == 80 else out)
        pipeline.draw([asked(events.append, hd=True, num_inference_steps=20)])
    await asyncio.sleep(0)
    assert [event.done for event in events if isinstance(event, Progress)] == list(range(1, 29))
    begun = next(place for place, event in enumerate(events) if isinstance(event, Progress) and event.done == 21)
    looks = [Image.open(io.BytesIO(event.jpeg)) for event in events[begun:] if isinstance(event, Preview)]
    assert [look.size for look in looks] == [(256, 256)] * 3  # before the second, third and fourth tile, 0.6 s apart
    white = [(numpy.asarray(look.convert("L")) > 250)[::255, ::255].ravel().tolist() for look in looks]
    assert white == [[True, False, False, False], [True, True, False, False], [True, True, True, False]]


# --- memory, Stop and faults ---


async def test_no_more_than_one_tile_is_drawn_encoded_or_decoded_at_once(local: Local, sdxl: Path) -> None:
    await local.draw(sdxl)
    sizes: dict[str, set[int]] = {"unet": set(), "encoder": set(), "decoder": set()}
    base = warm_pipeline(local).base
    for name, part in (("unet", base.unet), ("encoder", base.vae.encoder), ("decoder", base.vae.decoder)):
        part.register_forward_pre_hook(lambda _, given, name=name: sizes[name].add(max(given[0].shape[-2:])))
    await local.draw(sdxl, hd=True)
    assert sizes == {"unet": {8, 10}, "encoder": {80}, "decoder": {8, 10}}


async def test_large_pictures_are_drawn_one_by_one(local: Local, sdxl: Path) -> None:
    second = Local(local.engine)
    one, other = await asyncio.gather(
        local.draw(sdxl, hd=True, party="a", seed=1), second.draw(sdxl, hd=True, party="a", seed=2)
    )
    assert one.seconds != other.seconds and one.image.tobytes() != other.image.tobytes()
    assert (await local.draw(sdxl, hd=True, seed=1)).image.tobytes() == one.image.tobytes()


async def test_stop_ends_it_within_a_step_of_a_tile_and_the_next_drawing_works(local: Local, sdxl: Path) -> None:
    await local.draw(sdxl)
    steps, decoded, base = list[int](), list[int](), warm_pipeline(local).base
    task = asyncio.create_task(local.draw(sdxl, hd=True, num_inference_steps=20))
    loop, stopped = asyncio.get_running_loop(), threading.Event()
    task.add_done_callback(lambda _: stopped.set())

    def stop(*_: object) -> None:
        steps.append(1)
        if len(steps) == 21:  # the first of the first tile
            loop.call_soon_threadsafe(task.cancel)
            stopped.wait(PATIENCE)

    base.unet.register_forward_hook(stop)
    base.vae.decoder.register_forward_hook(lambda *_: decoded.append(1))
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await local.draw(sdxl)).image.size == (64, 64)
    assert (len(steps), len(decoded)) == (21 + 3, 1 + 1)  # none after the stop but the next drawing's


async def test_too_little_memory_for_a_tile_is_mended_by_the_next_cheaper_plan(
    local: Local, sdxl: Path, packages: TorchImports
) -> None:
    await local.draw(sdxl)

    fails = out_of_memory(packages, when=lambda given: given[0].shape[-1] == 10)
    warm_pipeline(local).base.unet.register_forward_pre_hook(fails)
    result = await local.draw(sdxl, hd=True)
    assert result.image.size == (128, 128)
    assert result.notices == ("The memory did not suffice, so pictures are decoded in tiles.", LARGE)


async def test_numbers_that_overflow_in_a_tile_are_told_and_the_next_drawing_works(local: Local, sdxl: Path) -> None:
    await local.draw(sdxl)

    def spoil(_: Any, given: Any, output: Any) -> Any:
        return (output[0] * float("nan"),) if given[0].shape[-1] == 10 else output

    hook = warm_pipeline(local).base.unet.register_forward_hook(spoil)
    with reading(BadAnswer, "The model's numbers overflowed in float32, so there is no picture."):
        await local.draw(sdxl, hd=True)
    hook.remove()
    assert (await local.draw(sdxl, hd=True)).image.size == (128, 128)


def _sharpness(picture: Image.Image) -> float:
    values = numpy.asarray(picture.convert("L")).astype(float)
    return float((numpy.diff(values, axis=0) ** 2).mean() + (numpy.diff(values, axis=1) ** 2).mean())
