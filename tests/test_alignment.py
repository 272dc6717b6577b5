"""The same weights draw the same picture to the last bit, wherever in its file a tensor lies."""

from __future__ import annotations

import dataclasses
import shutil
import struct
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from gemini_diffusion.engines.downloads.model_store import ModelParts
from gemini_diffusion.engines.local.adapters.adapter_files import read_adapter
from gemini_diffusion.engines.local.adapters.apply import AppliedAdapters
from gemini_diffusion.engines.local.loading.alignment import ALIGNMENT, align_weights
from gemini_diffusion.engines.local.loading.loader import load_pipeline
from gemini_diffusion.engines.local.pipeline import Pipeline
from gemini_diffusion.engines.local.sampling.batch import DrawnImage
from gemini_diffusion.engines.local.sampling.refiner import open_refiner
from gemini_diffusion.engines.torch_imports import TorchImports
from tests.adapter_makers import UNET, RandomLora
from tests.engine_harness import asked
from tests.original_layout import save_single_file
from tests.tiny_sdxl import build_refiner, build_sd15

STEP = 8
"""Bytes: a header's length is padded to a multiple of so many, so a tensor can begin at each of them."""
ONE_ROW_LAYER = (UNET, "time_embedding.linear_1")
"""Without guidance a single row passes through it, and a single row is where the address shows."""

Drawer = Callable[[], bytes]
Case = Callable[[Path, Path, TorchImports], tuple[Iterable[Path], Drawer]]


def draw(pipeline: Pipeline, refine: float = 1.0) -> bytes:
    """The picture, and before it all that the networks say: rounded to 255 shades, most pictures hide a last bit."""
    said: list[Any] = []
    bases = [pipeline.base, *filter(None, [pipeline.refiner])]
    hooks = [base.unet.register_forward_hook(lambda *called: said.append(called[-1][0])) for base in bases]
    (outcome,) = pipeline.draw([asked(num_inference_steps=2, guidance_scale=1.0, refine=refine)])
    for hook in hooks:
        hook.remove()
    assert isinstance(outcome, DrawnImage), outcome
    return b"".join(output.numpy().tobytes() for output in said) + outcome.image.tobytes()


def model_folder(place: Path, sdxl: Path, packages: TorchImports) -> tuple[Iterable[Path], Drawer]:
    folder = shutil.copytree(sdxl, place / "model")
    return folder.rglob("*.safetensors"), lambda: draw(load_pipeline(folder, packages))


def single_file(place: Path, sdxl: Path, packages: TorchImports) -> tuple[Iterable[Path], Drawer]:
    folder = build_sd15(place / "sd15")
    file = save_single_file(load_pipeline(folder, packages).base, place / "sd15.safetensors")
    return [file], lambda: draw(load_pipeline(file, packages, parts=ModelParts(settings=folder)))


def refiner(place: Path, sdxl: Path, packages: TorchImports) -> tuple[Iterable[Path], Drawer]:
    folder, base = build_refiner(place / "refiner"), load_pipeline(sdxl, packages)

    def refined() -> bytes:
        return draw(dataclasses.replace(base, refiner=open_refiner(folder, base.base, packages)), 0.5)

    return folder.rglob("*.safetensors"), refined


def lora(place: Path, sdxl: Path, packages: TorchImports) -> tuple[Iterable[Path], Drawer]:
    base = load_pipeline(sdxl, packages)
    file = RandomLora.of(base.base, [ONE_ROW_LAYER]).as_peft(place / "ink.safetensors")

    def adapted() -> bytes:
        with AppliedAdapters(base.base, packages.torch).applied([(read_adapter(file), 1.0)]):
            return draw(base)

    return [file], adapted


def lengthen_header(file: Path) -> None:
    """Let the same numbers begin a step further on, as another program's notes would."""
    content = file.read_bytes()
    end = 8 + struct.unpack("<Q", content[:8])[0]
    header = content[8:end] + b" " * STEP
    file.write_bytes(struct.pack("<Q", len(header)) + header + content[end:])


@pytest.mark.parametrize("case", [model_folder, single_file, refiner, lora])
async def test_a_header_of_another_length_draws_the_same_bytes(
    case: Case, sdxl: Path, packages: TorchImports, tmp_path: Path
) -> None:
    found, drawer = case(tmp_path, sdxl, packages)
    files, pictures = list(found), set()
    for _ in range(3):
        pictures.add(drawer())
        for file in files:
            lengthen_header(file)
    assert files and len(pictures) == 1


def test_only_what_lies_elsewhere_is_copied(packages: TorchImports) -> None:
    torch = packages.torch
    module = torch.nn.Linear(16, 16)
    room = torch.empty(16 * 16 + 64)
    begin = (-room.data_ptr() % ALIGNMENT + STEP) // room.element_size()
    apart = room[begin : begin + 256].view(16, 16)
    apart.copy_(module.weight)
    module.weight.data, bias = apart, module.bias.data_ptr()
    align_weights(module)
    assert module.weight.data_ptr() % ALIGNMENT == 0 and torch.equal(module.weight, apart)
    assert module.bias.data_ptr() == bias
