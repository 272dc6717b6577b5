"""Drawing a part of a picture anew: what is marked changes as the words say, all else stays as it is to the last bit."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from gemini_diffusion.engines.local.loading.loader import load_pipeline
from gemini_diffusion.engines.local.loading.memory_plan import MemoryPlan
from gemini_diffusion.engines.local.pipeline import Pipeline
from gemini_diffusion.engines.local.sampling.batch import DrawnImage
from gemini_diffusion.engines.local.sampling.encode import encode
from gemini_diffusion.engines.local.sampling.init_image import InitImage, read_init_image
from gemini_diffusion.engines.local.sampling.inpaint import soften_mask
from gemini_diffusion.engines.local.sampling.refiner import open_refiner
from gemini_diffusion.engines.local.sampling.schedulers import SCHEDULERS
from gemini_diffusion.engines.torch_imports import TorchImports
from gemini_diffusion.types import ImageRequest
from gemini_diffusion.types.errors import BadInput, RequestRefused
from postcard.judge import Judge
from tests.closeness import nearly_equal, nearly_same
from tests.engine_harness import Local, asked, draw_one, out_of_memory, reading, warm_pipeline
from tests.pictures import distance, encoded, gradient, marked
from tests.tiny_sdxl import build_refiner

ATTACHED = encoded(gradient(64, 64))
CORNER = marked(64, 64, (0, 0, 31, 31))
POSTCARD: dict[str, Any] = {"width": 128, "height": 128, "num_inference_steps": 16, "guidance_scale": 3.0}


@pytest.fixture(scope="module")
def pipeline(sdxl: Path, packages: TorchImports) -> Pipeline:
    """Loaded once; whoever hangs a hook on it takes it away."""
    return load_pipeline(sdxl, packages)


def outside(picture: Image.Image, edge: int = 34) -> list[bytes]:
    """The pixels right of the marked corner with its soft edge, and those below."""
    return [picture.crop(box).tobytes() for box in ((edge, 0, 64, 64), (0, edge, 64, 64))]


def inside(picture: Image.Image) -> Image.Image:
    return picture.crop((0, 0, 32, 32))


# --- the mask ---


def begun(mask: Image.Image | bytes, width: int = 64, image: bytes = ATTACHED) -> InitImage:
    content = mask if isinstance(mask, bytes) else encoded(mask)
    init_image = read_init_image(ImageRequest("", "", width, 64, 9, 5.0, image=image, mask=content))
    assert init_image
    return init_image


def test_a_mask_goes_where_its_picture_goes_whatever_its_size() -> None:
    wide = encoded(gradient(128, 64))
    left_half = marked(256, 128, (0, 0, 127, 127))  # of a picture twice as large
    mask = begun(left_half, image=wide).mask
    assert mask and mask.size == (64, 64)
    assert mask.getbbox() == (0, 0, 32, 64)  # the middle of the picture is what stays
    glass = Image.new("RGBA", (128, 64), (255, 255, 255, 0))
    glass.paste("white", (64, 0, 96, 64))
    mask = begun(glass, image=wide).mask
    assert mask and mask.getbbox() == (32, 0, 64, 64)


def test_a_mask_is_black_or_white_and_its_edge_fades_to_the_outside_only() -> None:
    grey = Image.new("L", (64, 64), 100)
    grey.paste(200, (0, 0, 32, 64))
    mask = begun(grey).mask
    assert mask and mask.getcolors() == [(2048, 0), (2048, 255)]
    soft = soften_mask(mask.resize((512, 512)))
    row = soft.crop((0, 256, 512, 257)).tobytes()
    assert set(row[:256]) == {255}
    assert row[256] > row[258] > row[260] > 0
    assert set(row[270:]) == {0}


async def test_a_mask_without_a_picture_an_empty_one_and_no_picture_at_all_are_refused_in_words(
    local: Local, sdxl: Path
) -> None:
    with reading(RequestRefused, "A mask says what of a picture is drawn anew, and there is no picture. Attach one."):
        await local.draw(sdxl, mask=encoded(CORNER))
    with reading(RequestRefused, "Nothing is marked in the mask, so nothing would be drawn anew. Paint over what should"):
        await local.draw(sdxl, image=ATTACHED, mask=encoded(Image.new("L", (64, 64), 90)))
    with reading(BadInput, "The mask is not a picture that can be read."):
        await local.draw(sdxl, image=ATTACHED, mask=b"a letter")
    assert local.events == []


async def test_a_mask_that_marks_all_is_image_to_image(local: Local, sdxl: Path) -> None:
    white = encoded(Image.new("L", (64, 64), 255))
    masked = await local.draw(sdxl, image=ATTACHED, mask=white, strength=0.7, num_inference_steps=6)
    plain = await local.draw(sdxl, image=ATTACHED, strength=0.7, num_inference_steps=6)
    assert masked.image.tobytes() == plain.image.tobytes()


# --- the drawing ---


@pytest.mark.parametrize(("family", "strength"), [("sdxl", 0.4), ("sd15", 0.9), ("sdxl", 1.0)])
async def test_only_what_is_marked_changes(local: Local, family: str, strength: float, request: pytest.FixtureRequest) -> None:
    model = request.getfixturevalue(family)
    drawn = (await local.draw(model, image=ATTACHED, mask=encoded(CORNER), strength=strength, num_inference_steps=6)).image
    assert outside(drawn) == outside(gradient(64, 64))
    assert distance(inside(drawn), inside(gradient(64, 64))) > 10


@pytest.mark.parametrize("strength", [0.5, 1.0])
@pytest.mark.parametrize("name", SCHEDULERS)
async def test_every_scheduler_draws_under_its_own_name_and_holds_what_is_not_marked(
    pipeline: Pipeline, packages: TorchImports, name: str, strength: float
) -> None:
    """Seen in the latents after the last step: outside the mask they are the picture's own, as the encoder gives them."""
    torch, ended = packages.torch, list[Any]()
    own = encode(pipeline.base.vae, gradient(64, 64), torch)
    one = asked(num_inference_steps=7, scheduler=name.lower(), strength=strength)
    with pipeline.base.vae.post_quant_conv.register_forward_pre_hook(lambda _, given: ended.append(given[0])):
        drawn = draw_one(pipeline, item=dataclasses.replace(one, init_image=InitImage(gradient(64, 64), CORNER)))
    assert (drawn.scheduler, drawn.image.size) == (name, (64, 64))
    kept = ended[0] * pipeline.base.vae.config.scaling_factor
    assert nearly_equal(kept[..., 5:], own[..., 5:])  # the mask with its edge reaches into five
    assert nearly_equal(kept[..., 5:, :], own[..., 5:, :])
    assert not torch.allclose(kept[..., :4, :4], own[..., :4, :4], atol=0.1)


@pytest.mark.parametrize(
    ("name", "strength"),
    [("Euler", 0.8), ("DPM++ 2M Karras", 1.0), ("DDIM", 0.8), ("LCM", 1.0), ("Heun", 0.8), ("UniPC", 1.0), ("Euler a", 0.8)],
)
async def test_what_is_held_always_has_the_noise_that_the_step_expects(
    pipeline: Pipeline, packages: TorchImports, name: str, strength: float
) -> None:
    """Else the model would be shown a picture of two ages. Its input is undone by the schedule: noise remains, as much as 1."""
    picture, seen = gradient(128, 128), list[tuple[Any, float]]()
    own = encode(pipeline.base.vae, picture, packages.torch)[..., 9:]
    one = asked(num_inference_steps=20, scheduler=name, strength=strength, width=128, height=128)

    def watch(_: Any, given: Any) -> None:
        seen.append((given[0][:1, :, :, 9:], float(given[1])))

    with pipeline.base.unet.register_forward_pre_hook(watch):
        pipeline.draw([dataclasses.replace(one, init_image=InitImage(picture, marked(128, 128, (0, 0, 63, 127))))])
    signals = pipeline.base.scheduler.alphas_cumprod
    left = [
        (seen_then - signals[int(when)] ** 0.5 * own) / (1 - signals[int(when)]) ** 0.5 for seen_then, when in seen if when > 99
    ]
    assert len(left) >= 10
    assert all(0.95 < float(noise.std() / left[0].std()) < 1.05 for noise in left), [float(noise.std()) for noise in left]
    assert all(float((noise * left[0]).mean() / left[0].var()) > 0.95 for noise in left)  # and it is the same noise


async def test_the_refiner_goes_on_within_the_mask_alone(pipeline: Pipeline, packages: TorchImports, tmp_path: Path) -> None:
    refiner = open_refiner(build_refiner(tmp_path / "refiner"), pipeline.base, packages)
    pair = dataclasses.replace(pipeline, refiner=refiner)
    init_image = InitImage(gradient(64, 64), CORNER)
    drawn = {
        refine: pair.draw(
            [dataclasses.replace(asked(num_inference_steps=10, refine=refine, strength=0.9), init_image=init_image)]
        )[0]
        for refine in (0.7, 1.0)
    }
    refined, plain = drawn[0.7], drawn[1.0]
    assert isinstance(refined, DrawnImage) and isinstance(plain, DrawnImage)
    assert refined.ignored == ()
    assert outside(refined.image) == outside(plain.image) == outside(gradient(64, 64))
    assert distance(inside(refined.image), inside(plain.image)) > 1


async def test_pictures_of_a_batch_are_those_drawn_alone(pipeline: Pipeline) -> None:
    init_image = InitImage(gradient(64, 64), CORNER)

    def one(seed: int) -> Any:
        return dataclasses.replace(asked(seed=seed, strength=0.9, num_inference_steps=6), init_image=init_image)

    together = pipeline.draw([one(1), one(2)])
    for drawn, seed in zip(together, (1, 2), strict=True):
        (alone,) = pipeline.draw([one(seed)])
        assert isinstance(drawn, DrawnImage) and isinstance(alone, DrawnImage)
        assert nearly_same(drawn.image, alone.image)


async def test_the_subject_of_a_postcard_becomes_another_and_its_surroundings_stay(local: Local) -> None:
    cat = (await local.draw("postcard", **POSTCARD, prompt="a red cat on the beach by day", seed=1)).image
    middle = encoded(marked(128, 128, (20, 40, 100, 124)))
    changed = await local.draw(
        "postcard", **POSTCARD, prompt="a blue boat on the beach by day", seed=3, image=encoded(cat), mask=middle, strength=1.0
    )
    before, after = Judge.load().judge_all([cat, changed.image])
    assert (before.subject, before.colour) == ("cat", "red")
    assert (after.subject, after.colour, after.place, after.time) == ("boat", "blue", "beach", "day")
    for box in ((0, 0, 128, 36), (0, 0, 16, 128), (105, 0, 128, 128)):
        assert changed.image.crop(box).tobytes() == cat.crop(box).tobytes()


@pytest.mark.parametrize("offload", ["model", "sequential"])
async def test_a_model_whose_parts_wait_in_memory_draws_the_same_part_and_makes_it_as_large(
    sdxl: Path, packages: TorchImports, offload: Any
) -> None:
    whole = load_pipeline(sdxl, packages)
    waiting = load_pipeline(sdxl, packages, MemoryPlan(whole.placement, offload=offload))
    for hd in (False, True):
        one = dataclasses.replace(asked(strength=0.8, hd=hd), init_image=InitImage(gradient(64, 64), CORNER))
        (expected,), (drawn,) = whole.draw([one]), waiting.draw([one])
        assert isinstance(expected, DrawnImage) and isinstance(drawn, DrawnImage)
        assert drawn.image.tobytes() == expected.image.tobytes()


async def test_too_little_memory_while_a_part_is_drawn_is_mended_and_the_part_stays_a_part(
    local: Local, sdxl: Path, packages: TorchImports
) -> None:
    await local.draw(sdxl)
    warm_pipeline(local).base.unet.mid_block.register_forward_pre_hook(out_of_memory(packages))
    result = await local.draw(sdxl, image=ATTACHED, mask=encoded(CORNER), strength=1.0)
    assert result.notices == ("The memory did not suffice, so pictures are decoded in tiles.",)
    assert outside(result.image) == outside(gradient(64, 64))
