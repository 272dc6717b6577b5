"""No black picture without its cause: numbers that overflow, weights that are none, safety checkers, and real night."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from gemini_diffusion.engines.local.loading.device import Placement
from gemini_diffusion.engines.local.loading.loader import load_pipeline
from gemini_diffusion.engines.local.loading.memory_plan import MemoryPlan
from gemini_diffusion.engines.local.sampling.batch import DrawnImage
from gemini_diffusion.engines.local.sampling.decode import decode
from gemini_diffusion.engines.torch_imports import TorchImports
from gemini_diffusion.types.errors import BadAnswer, Blocked, RequestRefused
from tests.engine_harness import Local, asked, draw_one, reading
from tests.tiny_sdxl import build_sd15


def test_a_decoder_that_overflows_in_half_precision_is_run_again_in_full(sdxl: Path, packages: TorchImports) -> None:
    torch = packages.torch
    pipeline = load_pipeline(sdxl, packages).base
    latents = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        pipeline.vae.decoder.conv_in.weight *= 2e4  # what comes out is too large for float16; the next layer evens it out
    expected, notices = decode(pipeline, latents, torch)
    assert notices == ()
    pipeline.vae.to(torch.float16)
    mended, notices = decode(pipeline, latents, torch)
    assert notices == ("The decoder's numbers overflowed in float16, so it was run again in float32.",)
    assert max(abs(a - b) for a, b in zip(mended.tobytes(), expected.tobytes(), strict=True)) <= 4
    again, notices = decode(pipeline, latents, torch)
    assert (again.tobytes(), notices) == (mended.tobytes(), ())


async def test_a_model_that_overflows_in_half_precision_is_drawn_once_more_in_numbers_with_more_range(
    sdxl: Path, packages: TorchImports
) -> None:
    torch, pipeline = packages.torch, load_pipeline(sdxl, packages)
    with torch.no_grad():
        pipeline.base.unet.conv_in.weight *= 2e5  # what comes out is too large for float16; the next layer evens it out
    (exact,) = pipeline.draw([asked()])
    for part in (pipeline.base.unet, pipeline.base.text_encoder, pipeline.base.text_encoder_2):
        part.to(torch.float16)
    steps: list[object] = []
    pipeline.base.unet.register_forward_hook(lambda unet, *_: steps.append(unet.dtype))
    mended, other = pipeline.draw([asked(), asked(seed=8)])
    assert isinstance(exact, DrawnImage) and isinstance(mended, DrawnImage) and isinstance(other, DrawnImage)
    assert steps == [torch.float16] * 3 + [torch.bfloat16] * 3
    told = "The model's numbers overflowed in float16, so it was drawn again in bfloat16."
    assert (mended.notices, other.notices) == ((told,), (told,))
    assert _mean_difference(mended, exact) < _mean_difference(mended, other) / 2
    (again,) = pipeline.draw([asked()])
    assert isinstance(again, DrawnImage)
    assert (again.notices, len(steps)) == ((), 9)  # it stays so


async def test_numbers_that_overflow_in_every_precision_are_not_drawn_more_than_twice(
    sdxl: Path, packages: TorchImports
) -> None:
    torch, pipeline = packages.torch, load_pipeline(sdxl, packages)
    for part in (pipeline.base.unet, pipeline.base.text_encoder, pipeline.base.text_encoder_2):
        part.to(torch.float16)
    steps: list[int] = []

    def spoil(unet: Any, inputs: Any, output: Any) -> Any:
        steps.append(1)
        return (output[0] * float("nan"),)

    pipeline.base.unet.register_forward_hook(spoil)
    (outcome,) = pipeline.draw([asked()])
    assert isinstance(outcome, BadAnswer)
    assert "The model's numbers overflowed in bfloat16" in str(outcome)
    assert len(steps) == 6


def _mean_difference(one: DrawnImage, other: DrawnImage) -> float:
    pairs = zip(one.image.tobytes(), other.image.tobytes(), strict=True)
    return sum(abs(a - b) for a, b in pairs) / len(one.image.tobytes())


@pytest.mark.parametrize(
    ("part", "reads"),
    [("unet", "The model's numbers overflowed in bfloat16"), ("vae", "The decoder of this model makes no numbers out of it")],
)
async def test_numbers_that_overflow_although_all_weights_are_numbers_are_told_and_never_shown_as_black(
    sdxl: Path, packages: TorchImports, part: str, reads: str
) -> None:
    pipeline, steps = load_pipeline(sdxl, packages, MemoryPlan(Placement("cpu", "bfloat16", "it is tried"))), list[int]()
    spoiled = pipeline.base.unet if part == "unet" else pipeline.base.vae.decoder
    spoiled.register_forward_hook(
        lambda _, given, output: (output[0] * float("nan"),) if part == "unet" else output * float("nan")
    )
    pipeline.base.unet.register_forward_hook(lambda *_: steps.append(1))
    (outcome,) = pipeline.draw([asked()])
    assert isinstance(outcome, BadAnswer)
    assert f"{reads}, so there is no picture. Draw it with another seed" in str(outcome)
    assert len(steps) == 3  # bfloat16 reaches as far as float32, so nothing is drawn twice


async def test_a_decoder_that_overflows_in_bfloat16_is_run_again_in_full_too(sdxl: Path, packages: TorchImports) -> None:
    pipeline = load_pipeline(sdxl, packages, MemoryPlan(Placement("cpu", "bfloat16", "it is tried")))
    decoder, half = pipeline.base.vae.decoder, packages.torch.bfloat16
    decoder.register_forward_hook(lambda _, given, output: output * float("nan") if output.dtype == half else output)
    drawn = draw_one(pipeline)
    assert drawn.notices == ("The decoder's numbers overflowed in bfloat16, so it was run again in float32.",)


@pytest.mark.parametrize("part", ["unet", "vae"])
async def test_weights_that_are_no_numbers_are_told_by_the_network_they_are_of(
    local: Local, sdxl: Path, packages: TorchImports, tmp_path: Path, part: str
) -> None:
    broken = shutil.copytree(sdxl, tmp_path / "broken-xl")
    path = broken / part / "diffusion_pytorch_model.safetensors"
    _change_weights(path, "conv_out.weight" if part == "unet" else "decoder.conv_out.weight", float("nan"))
    with reading(RequestRefused, f"The weights of this model's {part} are not all numbers, so there is no picture. Delete its"):
        await local.draw(broken)
    assert (await local.draw(sdxl)).image.size == (64, 64)


async def test_a_picture_that_is_black_is_shown_with_its_cause(local: Local, sdxl: Path, tmp_path: Path) -> None:
    dark = shutil.copytree(sdxl, tmp_path / "dark-xl")
    path = dark / "vae" / "diffusion_pytorch_model.safetensors"
    _change_weights(path, "decoder.conv_out.weight", 0.0)
    _change_weights(path, "decoder.conv_out.bias", -1.0)
    result = await local.draw(dark)
    assert result.image.getextrema() == ((0, 0),) * 3
    assert "black all over" in result.notices[-1]


async def test_a_safety_checker_that_came_with_a_model_is_heard(local: Local, tmp_path: Path) -> None:
    with reading(Blocked, "The safety checker that came with this model hid the picture. Say it in other words."):
        await local.draw(build_sd15(tmp_path / "checked-sd15", checked=True))


def _change_weights(path: Path, name: str, value: float) -> None:
    from safetensors.torch import load_file, save_file

    weights = load_file(path)
    weights[name].fill_(value)
    save_file(weights, path, metadata={"format": "pt"})
