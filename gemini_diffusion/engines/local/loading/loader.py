"""A model from its folder or file into memory: safetensors only, nothing fetched, no code of the model's run; draws nothing."""

from __future__ import annotations

import dataclasses
import importlib.util
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gemini_diffusion.engines.downloads.model_store import ALONE, ModelParts, index_of, parts_of, variant_of, weights_bytes
from gemini_diffusion.engines.local.loading import single_file
from gemini_diffusion.engines.local.loading.alignment import align_pipeline
from gemini_diffusion.engines.local.loading.device import SMALL, place
from gemini_diffusion.engines.local.loading.memory_plan import MemoryPlan, Weights
from gemini_diffusion.engines.local.loading.offload import PartOffload, offload_layers
from gemini_diffusion.engines.local.pipeline import Pipeline
from gemini_diffusion.engines.local.sampling.decode import in_tiles
from gemini_diffusion.engines.models.detect import UNET, numbers_in, shapes_in
from gemini_diffusion.engines.models.entry import WEIGHTS
from gemini_diffusion.engines.torch_imports import TorchImports
from gemini_diffusion.types.errors import ModelNotFound, PackageMissing, RequestRefused

CLASSES = ("StableDiffusionXLPipeline", "StableDiffusionPipeline")
"""The pipelines whose latents decoding.py can decode."""
FAST = "fast"


@contextmanager
def interruptible(torch: Any, check: Callable[[], None]) -> Iterator[None]:
    """Around all that loads: `check` is asked before each tensor is put into its dtype or its place, so that Stop need not
    wait for gigabytes. What is half loaded goes with the frames. However it ends, new tensors are of the dtype they were of
    before: a diffusers that is broken off leaves the model's behind, for every model after it."""

    class Asking(torch.overrides.TorchFunctionMode):
        """torch's own way to see each operation of this thread. Others than `to` may be the last of somebody's clearing up."""

        def __torch_function__(self, operation: Any, types: Any, args: Any = (), options: Any = None) -> Any:
            if operation is torch.Tensor.to:
                check()
            return operation(*args, **(options or {}))

    before = torch.get_default_dtype()
    try:
        with Asking():
            yield
    finally:
        torch.set_default_dtype(before)


def count_weights(source: Path) -> Weights:
    """How many numbers the model in a folder or a file holds, from the heads of its files."""
    counts = (
        _in_file(source) if source.is_file() else [_in_part(source / part, variant_of(source)) for part in parts_of(source)]
    )
    return Weights(sum(counts), max(counts, default=0))


def load_pipeline(source: Path, packages: TorchImports, plan: MemoryPlan | None = None, parts: ModelParts = ALONE) -> Pipeline:
    """Load the model in a folder or a file as planned, with what belongs to it; without a plan all of it to the best device."""
    kind = single_file.class_of(source) if source.is_file() else str(index_of(source).get("_class_name"))
    if kind not in CLASSES:
        raise RequestRefused(f"A model of the kind {kind[:60]} cannot be drawn with here.", "Choose another model.")
    size = weights_bytes(source)
    plan = plan or MemoryPlan(place(packages.torch, size))
    base = _opened(getattr(packages.diffusers, kind), source, packages, plan, parts)
    if parts.timestep_spacing:
        config = base.scheduler.config
        base.scheduler = type(base.scheduler).from_config(config, timestep_spacing=parts.timestep_spacing)
    if parts.lora:
        _fuse(base, parts.lora)
    if size >= SMALL:
        base.unet.to(memory_format=packages.torch.channels_last)  # of a small model's tensors the turning takes longer
    if plan.placement.dtype == "float16":
        base.vae.to(packages.torch.float32)  # SDXL's decoder overflows in float16: the cause of black pictures
    _settle(base, packages.torch, plan)
    align_pipeline(base, packages.torch)
    placement = plan.placement
    if plan.reason:
        placement = dataclasses.replace(placement, reason=f"{placement.reason}. {plan.reason.rstrip('.')}")
    return Pipeline(base, packages, placement)


def _opened(kind: Any, source: Path, packages: TorchImports, plan: MemoryPlan, parts: ModelParts) -> Any:
    """The diffusers pipeline, its weights in memory and nowhere else yet."""
    options: dict[str, Any] = {"dtype": getattr(packages.torch, plan.placement.dtype), "local_files_only": True}
    if kind.__name__ == "StableDiffusionXLPipeline":
        options["add_watermarker"] = False
    if parts.vae:
        options["vae"] = packages.diffusers.AutoencoderKL.from_pretrained(
            parts.vae, dtype=options["dtype"], use_safetensors=True, local_files_only=True
        )
    if not source.is_file():
        return kind.from_pretrained(source, variant=variant_of(source) or None, use_safetensors=True, **options)
    if parts.settings is None:
        raise ModelNotFound(f"The settings that {source.name} needs are not here.", "Fetch them, or choose another model.")
    return kind.from_single_file(str(source), config=str(parts.settings), **options)


def _fuse(base: Any, lora: Path) -> None:
    """Add a LoRA that belongs to the model into its weights for good, as if it had been trained so."""
    if not importlib.util.find_spec("peft"):
        raise PackageMissing("peft is not installed, so the fast way of this model cannot be used.")
    base.load_lora_weights(lora.parent, weight_name=lora.name, adapter_name=FAST, local_files_only=True)
    base.fuse_lora(adapter_names=[FAST])
    base.unload_lora_weights()


def _settle(base: Any, torch: Any, plan: MemoryPlan) -> None:
    """Put every part where the plan wants it."""
    device = plan.placement.device
    if plan.tiling:
        in_tiles(base.vae)
    if not plan.offload:
        base.to(device)
        return
    turns = PartOffload(device)
    for part in base.components.values():
        if isinstance(part, torch.nn.Module):
            if plan.offload == "model":
                turns.join(part)
            else:
                offload_layers(part, device)


def _in_file(file: Path) -> list[int]:
    """Numbers in the parts of a single file: what draws, and the rest."""
    shapes = shapes_in(file)
    unet = numbers_in({name: shape for name, shape in shapes.items() if name.startswith(UNET)})
    return [unet, numbers_in(shapes) - unet]


def _in_part(folder: Path, variant: str) -> int:
    """Numbers in one part of a model, of whose weights there may be two kinds."""
    files = list(folder.glob(f"*{WEIGHTS}"))
    wanted: Iterable[Path] = [path for path in files if (".fp16" in path.name) == bool(variant)] or files
    return sum(numbers_in(shapes_in(path)) for path in wanted)
