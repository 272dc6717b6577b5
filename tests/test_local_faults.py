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
from tests.bench import Local, reading
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


@pytest.mark.parametrize("place_of_fault", ["unet", "vae"])
async def test_too_little_memory_ends_in_a_sentence_and_the_next_drawing_works(
    local: Local, sdxl: Path, packages: Packages, place_of_fault: str
) -> None:
    await local.draw(sdxl)
    loaded = local.engine._bench._warm[sdxl]
    part = loaded.base.unet.mid_block if place_of_fault == "unet" else loaded.base.vae.decoder

    def fail(*_: object) -> None:
        raise packages.torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")

    part.register_forward_pre_hook(fail)
    with reading(OutOfMemory, "Draw it smaller, close other programs, or use another engine."):
        await local.draw(sdxl)
    assert (await local.draw(sdxl)).image.size == (64, 64)


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
