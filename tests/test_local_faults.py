"""What goes wrong on this machine: too little memory while drawing, and models that are damaged or hostile."""

from __future__ import annotations

import json
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from gemini_diffusion.engines.error_map import translate_errors
from gemini_diffusion.engines.torch_imports import TorchImports
from gemini_diffusion.types.errors import GeminiDiffusionError, ModelNotFound, OutOfMemory, PackageMissing, RequestRefused
from tests.closeness import nearly_same
from tests.engine_harness import Local, Trap, out_of_memory, reading, warm_pipeline


@pytest.mark.parametrize("part", ["a step", "decoding"])
async def test_too_little_memory_while_drawing_is_mended_by_the_next_cheaper_plan(
    local: Local, sdxl: Path, packages: TorchImports, part: str
) -> None:
    before = await local.draw(sdxl)
    base = warm_pipeline(local).base
    (base.unet.mid_block if part == "a step" else base.vae.decoder).register_forward_pre_hook(out_of_memory(packages))
    result = await local.draw(sdxl)
    assert result.notices == ("The memory did not suffice, so pictures are decoded in tiles.",)
    assert warm_pipeline(local).base.vae.use_tiling
    assert nearly_same(result.image, before.image)
    assert (await local.draw(sdxl)).notices == ()  # it stays with the plan that works


async def test_too_little_memory_for_one_decoding_does_not_cost_the_sampling(
    local: Local, sdxl: Path, packages: TorchImports
) -> None:
    before = await local.draw(sdxl)
    warm = warm_pipeline(local)
    warm.base.vae.decoder.register_forward_pre_hook(out_of_memory(packages, 1))
    result = await local.draw(sdxl)
    assert result.notices == ("The memory did not suffice to decode the picture at once, so it was done in tiles.",)
    assert nearly_same(result.image, before.image)
    assert warm_pipeline(local) is warm


async def test_with_other_models_in_memory_those_are_given_up_first(
    local: Local, sdxl: Path, sd15: Path, packages: TorchImports
) -> None:
    await local.draw(sd15)
    before = await local.draw(sdxl)
    warm_pipeline(local).base.unet.register_forward_pre_hook(out_of_memory(packages))
    result = await local.draw(sdxl)
    assert (result.notices, result.image.tobytes()) == ((), before.image.tobytes())
    assert len(local.engine._model_cache._warm) == 1


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
    path.with_suffix(".bin").write_bytes(pickle.dumps(Trap(folder / "ran")))
    path.unlink()


def _disguised(folder: Path) -> None:
    (folder / "unet" / "diffusion_pytorch_model.safetensors").write_bytes(pickle.dumps(Trap(folder / "ran")))


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
    told = translate_errors(RuntimeError("operator torchvision::nms does not exist"), "SDXL")
    assert isinstance(told, PackageMissing)
    assert "pip uninstall torchvision" in told.hint
