"""What goes wrong on this machine: numbers that overflow, too little memory, models that are damaged or hostile."""

from __future__ import annotations

import json
import pickle
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from gemini_diffusion.engines.diffusion.decoding import decode
from gemini_diffusion.engines.diffusion.loading import load
from gemini_diffusion.engines.diffusion.packages import Packages
from gemini_diffusion.engines.diffusion.pipeline import Drawn
from gemini_diffusion.engines.local import LocalEngine
from gemini_diffusion.engines.translation import translated
from gemini_diffusion.errors import (
    BadAnswer,
    Blocked,
    GeminiDiffusionError,
    ModelNotFound,
    OutOfMemory,
    PackageMissing,
    RequestRefused,
)
from gemini_diffusion.types import ImageResult
from tests.bench import Local, asked, reading, warm_pipeline
from tests.tiny_sdxl import build_sd15

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # diffusers' own, about numpy


@pytest.fixture
async def local(tmp_path: Path) -> AsyncIterator[Local]:
    made = Local(LocalEngine(tmp_path / "home"))
    yield made
    await made.engine.close()


# --- numbers that overflow, and other people's safety checkers ---


def test_a_decoder_that_overflows_in_half_precision_is_run_again_in_full(sdxl: Path, packages: Packages) -> None:
    torch = packages.torch
    pipeline = load(sdxl, packages).base
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
    sdxl: Path, packages: Packages
) -> None:
    torch, pipeline = packages.torch, load(sdxl, packages)
    with torch.no_grad():
        pipeline.base.unet.conv_in.weight *= 2e5  # what comes out is too large for float16; the next layer evens it out
    (exact,) = pipeline.draw([asked()])
    for part in (pipeline.base.unet, pipeline.base.text_encoder, pipeline.base.text_encoder_2):
        part.to(torch.float16)
    steps: list[object] = []
    pipeline.base.unet.register_forward_hook(lambda unet, *_: steps.append(unet.dtype))
    mended, other = pipeline.draw([asked(), asked(seed=8)])
    assert isinstance(exact, Drawn) and isinstance(mended, Drawn) and isinstance(other, Drawn)
    assert steps == [torch.float16] * 3 + [torch.bfloat16] * 3
    told = "The model's numbers overflowed in float16, so it was drawn again in bfloat16."
    assert (mended.notices, other.notices) == ((told,), (told,))
    assert _mean_difference(mended, exact) < _mean_difference(mended, other) / 2
    (again,) = pipeline.draw([asked()])
    assert isinstance(again, Drawn)
    assert (again.notices, len(steps)) == ((), 9)  # it stays so


async def test_numbers_that_overflow_in_every_precision_are_not_drawn_more_than_twice(sdxl: Path, packages: Packages) -> None:
    torch, pipeline = packages.torch, load(sdxl, packages)
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


def _mean_difference(one: Drawn, other: Drawn) -> float:
    pairs = zip(one.image.tobytes(), other.image.tobytes(), strict=True)
    return sum(abs(a - b) for a, b in pairs) / len(one.image.tobytes())


@pytest.mark.parametrize("part", ["unet", "vae"])
async def test_numbers_that_overflow_everywhere_are_told_and_not_shown_as_black(
    local: Local, sdxl: Path, packages: Packages, tmp_path: Path, part: str
) -> None:
    broken = shutil.copytree(sdxl, tmp_path / "broken-xl")
    path = broken / part / "diffusion_pytorch_model.safetensors"
    _change_weights(path, "conv_out.weight" if part == "unet" else "decoder.conv_out.weight", float("nan"))
    with reading(BadAnswer, "so there is no picture. Draw it with another seed"):
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


# --- memory and damaged models ---


def _out_of_memory(packages: Packages, times: int) -> Callable[..., None]:
    """A hook that fails so many times, as torch does."""
    left = [times]

    def fail(*_: object) -> None:
        left[0] -= 1
        if left[0] >= 0:
            raise packages.torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")

    return fail


@pytest.mark.parametrize("part", ["a step", "decoding"])
async def test_too_little_memory_while_drawing_is_mended_by_the_next_cheaper_plan(
    local: Local, sdxl: Path, packages: Packages, part: str
) -> None:
    before = await local.draw(sdxl)
    base = warm_pipeline(local).base
    (base.unet.mid_block if part == "a step" else base.vae.decoder).register_forward_pre_hook(_out_of_memory(packages, 99))
    result = await local.draw(sdxl)
    assert result.notices == ("The memory did not suffice, so pictures are decoded in tiles.",)
    assert warm_pipeline(local).base.vae.use_tiling
    assert _largest_difference(result, before) <= 1
    assert (await local.draw(sdxl)).notices == ()  # it stays with the plan that works


async def test_too_little_memory_for_one_decoding_does_not_cost_the_sampling(
    local: Local, sdxl: Path, packages: Packages
) -> None:
    before = await local.draw(sdxl)
    warm = warm_pipeline(local)
    warm.base.vae.decoder.register_forward_pre_hook(_out_of_memory(packages, 1))
    result = await local.draw(sdxl)
    assert result.notices == ("The memory did not suffice to decode the picture at once, so it was done in tiles.",)
    assert _largest_difference(result, before) <= 1
    assert warm_pipeline(local) is warm


async def test_with_other_models_in_memory_those_are_given_up_first(
    local: Local, sdxl: Path, packages: Packages, tmp_path: Path
) -> None:
    await local.draw(build_sd15(tmp_path / "other"))
    before = await local.draw(sdxl)
    warm_pipeline(local).base.unet.register_forward_pre_hook(_out_of_memory(packages, 99))
    result = await local.draw(sdxl)
    assert (result.notices, result.image.tobytes()) == ((), before.image.tobytes())
    assert len(local.engine._bench._warm) == 1


async def test_too_little_memory_whatever_the_plan_ends_in_a_sentence_and_the_next_drawing_works(
    local: Local, sdxl: Path, tmp_path: Path
) -> None:
    huge = shutil.copytree(sdxl, tmp_path / "huge-xl")
    path = huge / "unet" / "diffusion_pytorch_model.safetensors"
    _claim_more_than_there_is(path)
    with reading(OutOfMemory, "huge-xl needs about"):
        await local.draw(huge)
    assert (await local.draw(sdxl)).image.size == (64, 64)


def _claim_more_than_there_is(path: Path) -> None:
    """A file whose head names weights of half a petabyte; the rest of it is never read."""
    content = path.read_bytes()
    length = int.from_bytes(content[:8], "little")
    head = json.loads(content[8 : 8 + length])
    head["huge"] = {"dtype": "F32", "shape": [2**47], "data_offsets": [0, 2**49]}
    written = json.dumps(head).encode()
    path.write_bytes(len(written).to_bytes(8, "little") + written + content[8 + length :])


def _largest_difference(one: ImageResult, other: ImageResult) -> int:
    return max(abs(a - b) for a, b in zip(one.image.tobytes(), other.image.tobytes(), strict=True))


def _without_a_part(folder: Path) -> None:
    shutil.rmtree(folder / "vae")


def _cut_off(folder: Path) -> None:
    path = folder / "unet" / "diffusion_pytorch_model.safetensors"
    path.write_bytes(path.read_bytes()[:5000])


def _of_another_kind(folder: Path) -> None:
    _edit_index(folder, _class_name="FluxPipeline")


def _with_code_of_its_own(folder: Path) -> None:
    (folder / "evil.py").write_text(f"open({str(folder / 'ran')!r}, 'w')\nclass Evil: pass\n")
    _edit_index(folder, _class_name=["evil", "Evil"])


def _with_code_for_a_part(folder: Path) -> None:
    (folder / "scheduler" / "evil.py").write_text(f"open({str(folder / 'ran')!r}, 'w')\nclass Evil: pass\n")
    _edit_index(folder, scheduler=["evil", "Evil"])


def _pickled(folder: Path) -> None:
    path = folder / "unet" / "diffusion_pytorch_model.safetensors"
    path.with_suffix(".bin").write_bytes(pickle.dumps(_Trap(str(folder / "ran"))))
    path.unlink()


def _disguised(folder: Path) -> None:
    (folder / "unet" / "diffusion_pytorch_model.safetensors").write_bytes(pickle.dumps(_Trap(str(folder / "ran"))))


class _Trap:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return open, (self.path, "w")


def _edit_index(folder: Path, **changes: object) -> None:
    path = folder / "model_index.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


@pytest.mark.parametrize(
    ("damage", "error", "reads"),
    [
        (_without_a_part, ModelNotFound, "is not there, or not whole. Choose another model."),
        (_pickled, ModelNotFound, "is not there, or not whole"),
        (_disguised, RequestRefused, "files of broken-xl are damaged"),
        (_cut_off, RequestRefused, "files of broken-xl are damaged"),
        (_of_another_kind, RequestRefused, "A model of the kind FluxPipeline cannot be drawn with here"),
        (_with_code_of_its_own, RequestRefused, "cannot be drawn with here"),
        (_with_code_for_a_part, GeminiDiffusionError, ""),
    ],
)
async def test_a_damaged_or_hostile_model_is_refused_and_runs_nothing(
    local: Local, sdxl: Path, tmp_path: Path, damage: Callable[[Path], None], error: type[GeminiDiffusionError], reads: str
) -> None:
    broken = shutil.copytree(sdxl, tmp_path / "broken-xl")
    damage(broken)
    with pytest.raises(error) as caught:
        await local.draw(broken)
    assert reads in str(caught.value)
    assert not (broken / "ran").exists()
    assert (await local.draw(sdxl)).image.size == (64, 64)


def test_a_torchvision_of_another_build_is_told_with_what_helps() -> None:
    told = translated(RuntimeError("operator torchvision::nms does not exist"), "SDXL")
    assert isinstance(told, PackageMissing)
    assert "pip uninstall torchvision" in told.hint
