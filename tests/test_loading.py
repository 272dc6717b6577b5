"""What belongs to a model is loaded with it: another decoder, the LoRA that makes it fast, its spacing, its checker."""

from __future__ import annotations

import asyncio
import gc
import itertools
import json
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gemini_diffusion.engines.downloads.model_store import ModelParts
from gemini_diffusion.engines.local.loading.device import Placement
from gemini_diffusion.engines.local.loading.loader import interruptible, load_pipeline
from gemini_diffusion.engines.local.loading.memory_plan import MemoryPlan
from gemini_diffusion.engines.local.sampling.schedulers import make_scheduler
from gemini_diffusion.engines.torch_imports import TorchImports
from gemini_diffusion.engines.worker import JobCancelled
from gemini_diffusion.types import StageStarted
from gemini_diffusion.types.errors import OutOfMemory
from tests.engine_harness import Local
from tests.tiny_sdxl import build_sd15
from tests.waiting import PATIENCE, until

LAYER = "down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q"


def test_another_decoder_takes_the_place_of_the_models_own_which_need_not_be_there(
    sdxl: Path, packages: TorchImports, tmp_path: Path
) -> None:
    from safetensors.torch import load_file, save_file

    other = shutil.copytree(sdxl / "vae", tmp_path / "vae")
    (file,) = other.glob("*.safetensors")
    weights = load_file(file)
    weights["decoder.conv_out.bias"].fill_(0.5)
    save_file(weights, file)
    model = shutil.copytree(sdxl, tmp_path / "model")
    (model / "vae" / file.name).unlink()
    base = load_pipeline(model, packages, parts=ModelParts(vae=other)).base
    assert base.vae.decoder.conv_out.bias.tolist() == [0.5] * 3


@pytest.fixture
def lora(packages: TorchImports, sdxl: Path, tmp_path: Path) -> Path:
    """A LoRA of one layer, as trainers save it."""
    from safetensors.torch import save_file

    ones = packages.torch.ones
    wide = load_pipeline(sdxl, packages).base.unet.get_parameter(f"{LAYER}.weight").shape[0]
    down, up = ones(2, wide), ones(wide, 2)
    save_file({f"unet.{LAYER}.lora_A.weight": down, f"unet.{LAYER}.lora_B.weight": up}, tmp_path / "fast.safetensors")
    return tmp_path / "fast.safetensors"


def test_the_lora_of_an_entry_becomes_part_of_the_weights_and_leaves_room_for_others(
    sdxl: Path, packages: TorchImports, lora: Path
) -> None:
    plain = load_pipeline(sdxl, packages).base.unet.get_parameter(f"{LAYER}.weight")
    base = load_pipeline(sdxl, packages, parts=ModelParts(lora=lora)).base
    fused = base.unet.get_parameter(f"{LAYER}.weight")
    assert packages.torch.allclose(fused, plain + 2.0)
    assert not base.get_list_adapters()
    assert not [name for name, _ in base.unet.named_modules() if "lora" in name]


@pytest.mark.parametrize("scheduler", ["", "Euler", "DPM++ 2M"])
def test_a_few_step_models_steps_begin_at_the_last_one_whatever_the_scheduler(
    sdxl: Path, packages: TorchImports, scheduler: str
) -> None:
    def first_step(spacing: str) -> int:
        own = load_pipeline(sdxl, packages, parts=ModelParts(timestep_spacing=spacing)).base.scheduler
        chosen = make_scheduler(packages.diffusers, scheduler, own)
        chosen.set_timesteps(4)
        return round(float(chosen.timesteps[0]))

    assert first_step("trailing") == 999
    assert first_step("") < 999


def test_a_safety_checker_is_kept_although_its_helper_has_another_name_today(packages: TorchImports, tmp_path: Path) -> None:
    folder = build_sd15(tmp_path / "checked", checked=True)
    index = folder / "model_index.json"
    told = json.loads(index.read_text())
    index.write_text(json.dumps({**told, "feature_extractor": ["transformers", "CLIPFeatureExtractor"]}))
    base = load_pipeline(folder, packages).base
    assert base.safety_checker is not None
    assert base.feature_extractor is not None
    pixels = packages.torch.zeros(1, 3, 64, 64)
    assert base.run_safety_checker(pixels, pixels.device, pixels.dtype)[1] == [True]


def test_the_tensors_of_a_small_model_are_not_turned_for_large_ones_sake(sdxl: Path, packages: TorchImports) -> None:
    weights = load_pipeline(sdxl, packages).base.unet.conv_in.weight
    assert weights.is_contiguous()
    assert not weights.is_contiguous(memory_format=packages.torch.channels_last)


# Too little memory while a model is loaded


def running_out(kind: Any, packages: TorchImports, times: int) -> Any:
    """The way a pipeline of this kind is loaded, on a machine that has not the memory for it so many times."""
    load_it, left = kind.from_pretrained, [times]

    def loaded(*arguments: Any, **options: Any) -> Any:
        if not left[0]:
            return load_it(*arguments, **options)
        left[0] -= 1
        raise packages.torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB")

    return loaded


async def test_too_little_memory_for_loading_steps_down_once_and_ends_in_a_picture(
    local: Local, sdxl: Path, packages: TorchImports, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = packages.diffusers.StableDiffusionXLPipeline
    monkeypatch.setattr(kind, "from_pretrained", running_out(kind, packages, 1))
    result = await local.draw(sdxl)
    assert result.image.size == (64, 64)
    assert result.notices[0] == "The memory did not suffice, so pictures are decoded in tiles."


async def test_too_little_memory_for_loading_at_all_ends_in_a_sentence_and_the_next_drawing_works(
    local: Local, sdxl: Path, packages: TorchImports, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = packages.diffusers.StableDiffusionXLPipeline
    with monkeypatch.context() as machine:
        machine.setattr(kind, "from_pretrained", running_out(kind, packages, 99))
        with pytest.raises(OutOfMemory) as caught:
            await local.draw(sdxl)
    assert "memory" in caught.value.message and caught.value.hint
    assert (await local.draw(sdxl)).notices == ()


# Stop while a model is loaded


class Gate:
    """A disk so slow that the second network of a model does not come before somebody opens it; the order is diffusers' own."""

    def __init__(self, *kinds: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self.reached, self.opened = threading.Event(), threading.Event()
        self._loads = itertools.count()
        for kind in kinds:
            monkeypatch.setattr(kind, "from_pretrained", self._before(kind.from_pretrained))

    def _before(self, load_it: Any) -> Any:
        def loaded(*arguments: Any, **options: Any) -> Any:
            if next(self._loads) == 1:
                self.reached.set()
                self.opened.wait(PATIENCE)
            return load_it(*arguments, **options)

        return loaded


async def test_a_stop_while_a_model_is_loaded_ends_that_and_the_next_drawing_starts_at_once(
    local: Local, sdxl: Path, packages: TorchImports, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = await local.draw(sdxl)
    gate = Gate(packages.diffusers.AutoencoderKL, packages.diffusers.UNet2DConditionModel, monkeypatch=monkeypatch)
    slow = shutil.copytree(sdxl, tmp_path / "slow-xl")
    gc.collect()
    before = _networks(packages)
    loading = asyncio.create_task(local.draw(slow))
    await until(gate.reached.is_set)
    assert _networks(packages) > before
    loading.cancel()
    await asyncio.wait([loading])
    following = Local(local.engine)
    drawing = asyncio.create_task(following.draw(sdxl))
    gc.disable()  # nobody has to look for what was loaded: it goes at once
    try:
        gate.opened.set()
        await until(lambda: [event for event in following.told(StageStarted) if event.stage == "drawing"])
        assert _networks(packages) == before
    finally:
        gc.enable()
    assert (await drawing).image.tobytes() == expected.image.tobytes()
    assert len(local.engine._model_cache._warm) == 1
    assert (await local.draw(slow)).image.tobytes() == expected.image.tobytes()


def test_a_stop_at_any_moment_of_loading_leaves_nothing_behind(sdxl: Path, packages: TorchImports) -> None:
    """Least of all its dtype, which diffusers makes everybody's for as long as it builds a network."""
    torch, plan = packages.torch, MemoryPlan(Placement("cpu", "bfloat16", "16 bits are tried"))
    asked = list[None]()
    with interruptible(torch, lambda: asked.append(None)):
        load_pipeline(sdxl, packages, plan)
    gc.collect()
    before = _networks(packages)
    for share in (0.0, 0.3, 0.6, 0.99):
        left = itertools.chain(range(int(share * len(asked))), [None])

        def check(left: Iterator[int | None] = left) -> None:
            if next(left) is None:
                raise JobCancelled

        with pytest.raises(JobCancelled), interruptible(torch, check):
            load_pipeline(sdxl, packages, plan)
        assert (torch.get_default_dtype(), torch.is_grad_enabled()) == (torch.float32, True), share
        assert _networks(packages) == before, share


def test_a_model_that_cannot_be_built_leaves_its_dtype_to_none_after_it(
    sdxl: Path, packages: TorchImports, tmp_path: Path
) -> None:
    odd = shutil.copytree(sdxl, tmp_path / "odd-xl")
    config = odd / "unet" / "config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), "down_block_types": ["NoSuchBlock"] * 2}))
    with pytest.raises(ValueError, match="NoSuchBlock"), interruptible(packages.torch, lambda: None):
        load_pipeline(odd, packages, MemoryPlan(Placement("cpu", "bfloat16", "16 bits are tried")))
    assert packages.torch.get_default_dtype() == packages.torch.float32


def _networks(packages: TorchImports) -> int:
    """How many layers of networks are in memory."""
    return sum(issubclass(type(each), packages.torch.nn.Module) for each in gc.get_objects())
