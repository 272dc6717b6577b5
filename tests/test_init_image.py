"""Image to image: what is read of an attached picture, how it is made to fit, and how far a drawing moves from it."""

from __future__ import annotations

import asyncio
import dataclasses
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy
import pytest
from PIL import Image

from gemini_diffusion.config.settings import Settings
from gemini_diffusion.engines.local.loading.loader import load_pipeline
from gemini_diffusion.engines.local.sampling.encode import encode
from gemini_diffusion.engines.local.sampling.init_image import InitImage, read_init_image
from gemini_diffusion.engines.local.sampling.preview import SECONDS_BETWEEN
from gemini_diffusion.engines.torch_imports import TorchImports
from gemini_diffusion.types import Event, ImageRequest, Preview, Progress, StageFinished
from gemini_diffusion.types.errors import BadAnswer, BadInput, RequestRefused
from postcard.judge import Judge
from tests.closeness import nearly_same
from tests.engine_harness import Local, asked, out_of_memory, own_time, reading, warm_pipeline
from tests.pictures import distance, encoded, gradient

ATTACHED = encoded(gradient(64, 64))
RED_CAT: dict[str, Any] = {"prompt": "a red cat on the beach at sunset", "seed": 1}
POSTCARD: dict[str, Any] = {"width": 128, "height": 128, "num_inference_steps": 16, "guidance_scale": 3.0}


def begun(image: bytes, width: int = 64, height: int = 64, **changes: Any) -> InitImage:
    """What a request with this picture begins from."""
    init_image = read_init_image(dataclasses.replace(ImageRequest("", "", width, height, 9, 5.0), image=image, **changes))
    assert init_image
    return init_image


# --- reading ---


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_pictures_of_three_kinds_are_read(kind: str) -> None:
    assert distance(begun(encoded(gradient(64, 64), kind, quality=95)).picture, gradient(64, 64)) < 2


def test_a_photo_is_turned_as_its_camera_says() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the top is on the right
    lying = gradient(64, 48).transpose(Image.Transpose.ROTATE_90)
    upright = begun(encoded(lying, "JPEG", quality=95, exif=exif), 64, 48).picture
    assert distance(upright, gradient(64, 48)) < 2
    assert begun(encoded(lying, "JPEG", quality=95), 48, 64).picture.size == (48, 64)


def test_what_shines_through_is_white_and_greys_of_sixteen_bits_keep_their_brightness() -> None:
    glass = Image.new("RGBA", (64, 64), (255, 0, 0, 0))
    assert begun(encoded(glass)).picture.getpixel((9, 9)) == (255, 255, 255)
    grey = Image.fromarray(numpy.full((64, 64), 128 * 257, dtype=numpy.uint16))
    assert begun(encoded(grey)).picture.getpixel((9, 9)) == (128, 128, 128)


@pytest.mark.parametrize(
    ("content", "reads"),
    [
        (b"a letter", "The attached picture is not a picture that can be read. Attach a PNG, JPEG or WebP file."),
        (encoded(gradient(64, 64), "BMP"), "is not a picture that can be read"),
        (ATTACHED[:-90], "The attached picture is damaged or cut off. Save it once more and attach that."),
    ],
)
async def test_what_is_no_whole_picture_is_refused_before_anything_is_loaded(
    local: Local, sdxl: Path, content: bytes, reads: str
) -> None:
    with reading(BadInput, reads):
        await local.draw(sdxl, image=content)
    assert local.events == []


@pytest.mark.parametrize(("side", "reads"), [(30_000, ""), (7_000, " has 7000 x 7000 pixels, too many to read. Attach a")])
def test_a_small_file_that_claims_a_huge_picture_is_not_unpacked(side: int, reads: str) -> None:
    head = struct.pack(">4sIIBBBBB", b"IHDR", side, side, 8, 2, 0, 0, 0)
    bomb = ATTACHED[:8] + struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head)) + ATTACHED[33:]
    with reading(BadInput, f"The attached picture{reads}"):
        begun(bomb)


# --- fitting ---


def test_a_picture_of_the_drawings_size_is_taken_as_it_is() -> None:
    assert begun(ATTACHED).picture.tobytes() == gradient(64, 64).tobytes()
    assert begun(ATTACHED).notices == ()


@pytest.mark.parametrize(
    ("width", "height", "share"), [(128, 64, "50 %"), (64, 256, "75 %"), (70, 64, "9 %"), (66, 64, ""), (640, 640, "")]
)
def test_another_shape_is_cut_on_both_sides_alike_and_said_where_it_matters(width: int, height: int, share: str) -> None:
    init_image = begun(encoded(gradient(width, height)))
    left, right = init_image.picture.getpixel((0, 32)), init_image.picture.getpixel((63, 32))
    assert isinstance(left, tuple) and isinstance(right, tuple)
    assert abs((255 - right[0]) - left[0]) <= 3  # as far from the one end of the colours as from the other
    assert init_image.picture.size == (64, 64)
    said = "The attached picture has another shape than 64 x 64, so {} of it was cut away."
    assert init_image.notices == ((said.format(share.replace(" ", "")),) if share else ())


# --- drawing from it ---


@pytest.mark.parametrize("model", ["sdxl", "sd15"])
async def test_it_is_the_picture_that_diffusers_draws_from_the_same_latents(
    local: Local, packages: TorchImports, model: str, request: pytest.FixtureRequest
) -> None:
    folder, torch = request.getfixturevalue(model), packages.torch
    pipeline = packages.diffusers.AutoPipelineForImage2Image.from_pretrained(folder, local_files_only=True)
    pixels = torch.from_numpy(numpy.array(gradient(64, 64))).permute(2, 0, 1)[None] / 127.5 - 1
    with torch.no_grad():
        latents = pipeline.vae.encode(pixels).latent_dist.mode() * pipeline.vae.config.scaling_factor
    generator = torch.Generator().manual_seed(7)
    plain = pipeline(
        "a cat", image=latents, strength=0.6, num_inference_steps=10, guidance_scale=5.0, generator=generator
    ).images[0]
    ours = await local.draw(folder, image=ATTACHED, strength=0.6, num_inference_steps=10)
    assert nearly_same(ours.image, plain)
    assert [(step.done, step.total) for step in local.told(Progress)] == [(number, 6) for number in range(1, 7)]
    assert local.told(StageFinished)[-1].text == "Drew it, 6 steps"


async def test_the_more_strength_the_further_and_all_of_it_forgets_the_picture(local: Local) -> None:
    first = (await local.draw("postcard", **POSTCARD, **RED_CAT)).image
    other: dict[str, Any] = {**POSTCARD, "prompt": "a blue boat in the city at night", "seed": 3}
    drawn = [
        (await local.draw("postcard", **other, image=encoded(first), strength=strength)).image for strength in (0.1, 0.5, 1.0)
    ]
    distances = [distance(first, each) for each in drawn]
    assert distances == sorted(distances)
    assert distances[0] < 10 < distances[-1] / 4
    seen = Judge.load().judge_all([first, drawn[0], drawn[-1]])
    assert [(each.subject, each.place) for each in seen] == [("cat", "beach"), ("cat", "beach"), ("boat", "city")]
    assert drawn[-1].tobytes() == (await local.draw("postcard", **other)).image.tobytes()


async def test_less_than_one_step_is_one_and_said(local: Local, sdxl: Path) -> None:
    result = await local.draw(sdxl, image=ATTACHED, strength=0.2)
    assert result.notices == ("At strength 0.2 not even one of the steps would be made, so one was.",)
    assert [(step.done, step.total) for step in local.told(Progress)] == [(1, 1)]
    assert (await local.draw(sdxl, image=ATTACHED, strength=0.34)).notices == ()
    single = await local.draw(sdxl, image=ATTACHED, strength=0.5, num_inference_steps=1, guidance_scale=0.0)
    assert single.notices == ("At strength 0.5 not even one of the steps would be made, so one was.",)


@pytest.mark.parametrize("strength", [-0.1, 1.01, float("nan")])
async def test_a_strength_that_is_none_is_refused(local: Local, sdxl: Path, strength: float) -> None:
    with reading(RequestRefused, "Strength is how far to move from the picture, between 0 and 1."):
        await local.draw(sdxl, image=ATTACHED, strength=strength)


async def test_pictures_of_one_party_begin_from_one_reading_and_are_drawn_together(local: Local, sdxl: Path) -> None:
    others = [Local(local.engine) for _ in range(3)]
    wish: dict[str, Any] = {"image": ATTACHED, "party": "a", "strength": 0.7}
    results = await asyncio.gather(*(each.draw(sdxl, seed=seed, **wish) for seed, each in enumerate([local, *others])))
    assert len({result.seconds for result in results}) == 1
    alone = await local.draw(sdxl, seed=2, image=ATTACHED, strength=0.7)
    assert nearly_same(results[2].image, alone.image)


async def test_one_who_leaves_while_a_picture_is_read_takes_it_from_nobody(local: Local, sdxl: Path) -> None:
    image = encoded(gradient(3000, 3000))
    left, stays = (asyncio.create_task(local.draw(sdxl, seed=seed, image=image)) for seed in (1, 2))
    await asyncio.sleep(0)  # both have begun, and reading a picture of nine megapixels takes longer
    left.cancel()
    assert (await stays).image.size == (64, 64)
    with pytest.raises(asyncio.CancelledError):
        await left


async def test_previews_are_shown_on_the_way_from_a_picture(sdxl: Path, packages: TorchImports) -> None:
    pipeline, events = load_pipeline(sdxl, packages), list[Event]()
    one = dataclasses.replace(asked(events.append, strength=0.9), init_image=InitImage(gradient(64, 64)))
    with own_time() as clock, pipeline.base.unet.register_forward_hook(lambda *_: clock.pass_by(SECONDS_BETWEEN)):
        pipeline.draw([one])
    await asyncio.sleep(0)
    assert [event for event in events if isinstance(event, Preview)]


# --- what goes wrong ---


def test_an_encoder_that_overflows_in_half_precision_is_run_again_in_full(sdxl: Path, packages: TorchImports) -> None:
    torch, vae = packages.torch, load_pipeline(sdxl, packages).base.vae
    with torch.no_grad():
        vae.encoder.conv_in.weight *= 2e5  # what comes out is too large for float16; the next layer evens it out
    exact = encode(vae, gradient(64, 64), torch)
    vae.to(torch.float16)
    assert torch.allclose(encode(vae, gradient(64, 64), torch), exact, atol=0.02)
    assert vae.dtype == torch.float32


async def test_an_encoder_without_numbers_and_memory_that_ends_are_told_and_the_next_drawing_works(
    local: Local, sdxl: Path, packages: TorchImports
) -> None:
    before = await local.draw(sdxl, image=ATTACHED)
    spoilt = warm_pipeline(local).base.vae.encoder.register_forward_hook(lambda *given: given[2] * float("nan"))
    with reading(BadAnswer, "The encoder of this model makes no numbers out of the picture."):
        await local.draw(sdxl, image=ATTACHED)
    spoilt.remove()
    warm_pipeline(local).base.vae.encoder.register_forward_pre_hook(out_of_memory(packages))
    result = await local.draw(sdxl, image=ATTACHED)
    assert result.notices == ("The memory did not suffice, so pictures are decoded in tiles.",)
    assert nearly_same(result.image, before.image)


async def test_the_engine_says_that_it_can(local: Local, sdxl: Path) -> None:
    can = local.engine.capabilities(str(sdxl), Settings())
    assert (can.image, can.mask, can.hd, can.weights, can.max_tokens) == (True, True, True, True, 602)
    assert not local.engine.capabilities("sd-turbo", Settings()).weights
