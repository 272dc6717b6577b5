"""What a model on this machine is, told from its table of contents or the head of its weights; loads no weights.

A name can say anything and so can an ending: only what is inside counts, and nothing inside is ever run.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from gemini_diffusion.engines.models.entry import Family
from gemini_diffusion.engines.models.safetensors_header import PICKLES, Shapes, read_safetensors_header
from gemini_diffusion.types.errors import BadInput

Kind = Literal[
    "sdxl", "sd15", "sd2", "flux", "sdxl refiner", "inpainting", "lora", "vae", "controlnet", "embedding", "part",
    "gguf", "pickle", "other",
]  # fmt: skip
UNET = "model.diffusion_model."
DECODERS = ("first_stage_model.", "vae.")
FIRST_LAYER = f"{UNET}input_blocks.0.0.weight"
_FAMILIES: Mapping[str, Family] = {"sdxl": "sdxl", "sd15": "sd15", "sd2": "generic", "flux": "flux"}


def family_of(place: Path) -> Family | None:
    """The family of the model in a folder or a file; None where it is none that is known, or not there."""
    return _FAMILIES.get(kind_of_folder(place) if place.is_dir() else kind_of(place))


def kind_of_folder(folder: Path) -> Kind:
    """What a folder in the layout of diffusers holds, by its model_index.json and the width of its UNet's attention."""
    name = str(json_in(folder / "model_index.json").get("_class_name", ""))
    if name.startswith("StableDiffusionXL"):
        return "sdxl refiner" if json_in(folder / "unet" / "config.json").get("cross_attention_dim") == 1280 else "sdxl"
    if name.startswith("Flux"):
        return "flux"
    if name == "StableDiffusionPipeline":
        return "sd2" if json_in(folder / "unet" / "config.json").get("cross_attention_dim") == 1024 else "sd15"
    return "other"


def kind_of(path: Path) -> Kind:
    """What one file holds, by its first bytes and the names of its tensors; "other" for a file that cannot be read."""
    try:
        with path.open("rb") as file:
            start = file.read(8)
    except OSError:
        return "other"
    if start[:4] == b"GGUF":
        return "gguf"
    if start.startswith(PICKLES):
        return "pickle"
    shapes = shapes_in(path)
    return _kind(shapes) if shapes else "other"


def shapes_in(path: Path) -> Shapes:
    """The shape of every tensor in a safetensors file, read from its head alone; {} for a file that is none."""
    try:
        return read_safetensors_header(path)[0]
    except BadInput:
        return {}


def text_width(place: Path) -> int:
    """How long the vectors of a text are that the UNet of a model in a folder or a file looks at; 0 where it does not tell."""
    if place.is_dir():
        told = json_in(place / "unet" / "config.json").get("cross_attention_dim")
        widths = {told} if isinstance(told, int) else set()
    else:
        shapes = shapes_in(place)
        widths = {shapes[name][-1] for name in shapes if name.startswith(UNET) and name.endswith("attn2.to_k.weight")}
    return widths.pop() if len(widths) == 1 else 0


def numbers_in(shapes: Shapes) -> int:
    """How many numbers these tensors hold."""
    return sum(math.prod(shape) for shape in shapes.values())


def _kind(shapes: Shapes) -> Kind:
    """The kind by the names that trainers and their programs give to tensors."""
    if _any(shapes, "lora_", ".lora", "lora.", ".hada_", ".lokr_"):
        return "lora"
    if _begins(shapes, "control_model.", "controlnet_", "input_hint_block."):
        return "controlnet"
    if _any(shapes, "double_blocks.", "single_transformer_blocks."):
        return "flux"
    if _begins(shapes, UNET):
        return _checkpoint(shapes)
    if {"emb_params", "clip_l", "clip_g"} & shapes.keys() or (len(shapes) == 1 and all(len(s) < 3 for s in shapes.values())):
        return "embedding"
    if _begins(shapes, "down_blocks.", "text_model."):
        return "part"
    return "vae" if _begins(shapes, "decoder.", *DECODERS) else "other"


def _checkpoint(shapes: Shapes) -> Kind:
    """Which whole model it is, by its encoders of text; without one, or without a decoder, it is only a part."""
    if not _begins(shapes, *DECODERS):
        return "part"
    if shapes.get(FIRST_LAYER, (0, 4))[1] != 4:
        return "inpainting"
    if _begins(shapes, "conditioner.embedders.1."):
        return "sdxl"
    if _begins(shapes, "conditioner.embedders.0.model."):
        return "sdxl refiner"
    if _begins(shapes, "cond_stage_model.model."):
        return "sd2"
    return "sd15" if _begins(shapes, "cond_stage_model.") else "part"


def _begins(names: Iterable[str], *starts: str) -> bool:
    return any(name.startswith(starts) for name in names)


def _any(names: Iterable[str], *marks: str) -> bool:
    return any(mark in name for name in names for mark in marks)


def json_in(path: Path) -> dict[str, Any]:
    """The table in a file, {} where it holds none or cannot be read."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
