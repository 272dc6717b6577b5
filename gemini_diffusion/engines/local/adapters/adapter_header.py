"""The header of a LoRA or a textual inversion, read so that nothing in the file can run; reads no weights."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from gemini_diffusion.engines.models import safetensors_header
from gemini_diffusion.engines.models.detect import json_in
from gemini_diffusion.engines.models.entry import WEIGHTS
from gemini_diffusion.engines.models.safetensors_header import ONLY_SAFETENSORS, Shapes
from gemini_diffusion.types.errors import BadInput

Role = Literal["down", "up", "alpha"]
UNUSABLE = {
    "hada_": "a LoHa", "lokr_": "a LoKr", "dora_scale": "a DoRA", "lora_magnitude_vector": "a DoRA", "oft_": "an OFT",
    "lora_mid": "a LoCon of CP's kind", ".on_input": "an IA3", ".diff": "made of whole differences",
}  # fmt: skip
"""Parts of names that give away relatives of LoRA whose sums are others."""
PEFT_WEIGHTS, PEFT_CONFIG = "adapter_model", "adapter_config.json"
"""What PEFT calls the two files that make one of its adapters."""
BUNDLED = "bundle_emb."
_ROLE = re.compile(r"[._]lora(?:_linear_layer)?[._](?P<role>A|B|down|up)(?:\.default)?\.weight$")
_ROLES: dict[str, Role] = {"A": "down", "B": "up", "down": "down", "up": "up"}
_PART = re.compile(r"^(lora_te1_|lora_te2_|lora_te_|lora_unet_|text_encoder_2\.|text_encoder\.|unet\.)")
_PARTS = {"lora_unet_": "unet", "lora_te2_": "text_encoder_2", "lora_te1_": "text_encoder", "lora_te_": "text_encoder"}


@dataclass(frozen=True, slots=True)
class Matrix:
    """One tensor of a LoRA: `part` as the pipeline calls it, `layer` with _ for every dot, as kohya's trainer writes it."""

    part: str
    layer: str
    role: Role
    key: str
    shape: tuple[int, ...]


def read_adapter_header(path: Path) -> tuple[Shapes, Mapping[str, str]]:
    """Shapes by name, and the metadata, with what PEFT notes beside the file. Raises BadInput for no safetensors file."""
    if path.suffix.lower() != WEIGHTS:
        raise BadInput(f"{path.name} is not used: a {path.suffix} file may run a program when it is read.", ONLY_SAFETENSORS)
    shapes, metadata = safetensors_header.read_safetensors_header(path)
    return shapes, {**_noted_beside(path), **metadata}


def _noted_beside(path: Path) -> dict[str, str]:
    """PEFT keeps alpha in a file of its own beside the weights; as diffusers notes it inside them, for whichever part."""
    config = json_in(path.with_name(PEFT_CONFIG)) if path.stem == PEFT_WEIGHTS else {}
    parts = ("unet", "text_encoder", "text_encoder_2")
    noted = {f"{part}.{name}": value for part in parts for name, value in config.items()}
    return {"lora_adapter_metadata": json.dumps(noted)} if noted else {}


def bundled_words(shapes: Shapes) -> list[str]:
    """The words of its own that a LoRA brings along, as tensors named `bundle_emb.<word>.<...>`."""
    return sorted({key.split(".")[1] for key in shapes if key.startswith(BUNDLED) and key.count(".") > 1})


def read_matrices(name: str, shapes: Shapes) -> Iterator[Matrix]:
    """The tensors of a LoRA, whoever wrote it. Raises BadInput where one is of another kind, so that none is left out."""
    for key, shape in shapes.items():
        if key.startswith(BUNDLED):
            continue
        short = key.removeprefix("base_model.model.")
        place = _PART.match(short)
        layer = short[place.end() :] if place else short
        part = _PARTS.get(place[1], place[1].rstrip(".")) if place else "unet"
        if ending := _ROLE.search(layer):
            yield Matrix(part, _flat(part, layer[: ending.start()]), _ROLES[ending["role"]], key, shape)
        elif layer.endswith(".alpha"):
            yield Matrix(part, _flat(part, layer.removesuffix(".alpha")), "alpha", key, shape)
        else:
            raise BadInput(_why_not(name, key), "Choose a LoRA or a textual inversion.")


def inversion_vectors(shapes: Shapes) -> list[str]:
    """The names of a textual inversion's vectors, the first encoder's first; [] for any other file."""
    known = (("clip_l", "clip_g"), ("text_encoders_0", "text_encoders_1"), ("emb_params",))
    names = next((list(each) for each in known if set(each) <= set(shapes)), [])
    names = names or [key for key in shapes if len(shapes) == 1 and "lora" not in key]
    return names if all(len(shapes[name]) in (1, 2) for name in names) else []


def _flat(part: str, layer: str) -> str:
    """A layer's name with _ for every dot; attention by its older names becomes what it is called today."""
    flat = layer.replace(".", "_").replace("_processor_", "_")
    if part == "unet":
        return re.sub(r"_to_out$", "_to_out_0", flat)
    return re.sub(r"_to_(q|k|v|out)$", r"_\1_proj", flat)


def _why_not(name: str, key: str) -> str:
    if key.startswith(("model.diffusion_model.", "first_stage_model.", "cond_stage_model.")):
        return f"{name} is a whole model, not an adapter."
    relative = next((what for mark, what in UNUSABLE.items() if mark in key), "")
    if relative:
        return f"{name} is {relative}, a relative of LoRA that cannot be used here; parts of it would draw something else."
    return f"{name} is neither a LoRA nor a textual inversion that is known here: it holds {key[:80]}."
