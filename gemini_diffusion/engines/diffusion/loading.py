"""A model from its folder into memory: safetensors only, nothing fetched, no code of the model's run; draws nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gemini_diffusion.engines.diffusion.device import place
from gemini_diffusion.engines.diffusion.packages import Packages
from gemini_diffusion.engines.diffusion.pipeline import Pipeline
from gemini_diffusion.engines.diffusion.shelf import index_of, variant_of, weights_bytes
from gemini_diffusion.errors import RequestRefused

CLASSES = ("StableDiffusionXLPipeline", "StableDiffusionPipeline")
"""The pipelines whose latents decoding.py can decode."""


def load(folder: Path, packages: Packages) -> Pipeline:
    """Load the model in `folder`: safetensors only, nothing fetched, no code of the model's run."""
    kind = index_of(folder).get("_class_name")
    if kind not in CLASSES:
        raise RequestRefused(f"A model of the kind {str(kind)[:60]} cannot be drawn with here.", "Choose another model.")
    placement = place(packages.torch, weights_bytes(folder))
    options: dict[str, Any] = {"add_watermarker": False} if kind == "StableDiffusionXLPipeline" else {}
    base = getattr(packages.diffusers, kind).from_pretrained(
        folder,
        dtype=getattr(packages.torch, placement.dtype),
        variant=variant_of(folder) or None,
        use_safetensors=True,
        local_files_only=True,
        **options,
    )
    base.to(placement.device)
    base.unet.to(memory_format=packages.torch.channels_last)
    if placement.dtype == "float16":
        base.vae.to(packages.torch.float32)  # SDXL's decoder overflows in float16: the cause of black pictures
    return Pipeline(base, packages, placement)
