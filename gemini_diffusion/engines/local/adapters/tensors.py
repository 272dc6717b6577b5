"""An adapter's numbers from its file into memory, once every layer of it is known to fit the model; applies nothing."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gemini_diffusion.engines.local.adapters.adapter_files import ANOTHER, AdapterFile, refuse_others
from gemini_diffusion.engines.local.adapters.adapter_header import (
    BUNDLED,
    Matrix,
    Role,
    inversion_vectors,
    read_adapter_header,
    read_matrices,
)
from gemini_diffusion.engines.local.adapters.layers import layers_of
from gemini_diffusion.engines.local.loading.alignment import aligned
from gemini_diffusion.engines.models.safetensors_header import Shapes
from gemini_diffusion.types.errors import BadInput


@dataclass(slots=True)
class LowRankPair:
    """What a LoRA adds to one layer: up(down(x)); for a convolution both are convolutions."""

    layer: Any
    down: Any
    up: Any

    def follow(self, tensor: Any) -> None:
        """Go where the model is drawn, once."""
        if self.up.device != tensor.device or self.up.dtype != tensor.dtype:
            self.down, self.up = self.down.to(tensor), self.up.to(tensor)


@dataclass(frozen=True, slots=True)
class LoadedAdapter:
    """A file in memory: the pairs of a LoRA, or the vectors of a textual inversion, one tensor for each encoder."""

    pairs: tuple[LowRankPair, ...] = ()
    vectors: tuple[Any, ...] = ()


def load_tensors(file: AdapterFile, base: Any, torch: Any) -> LoadedAdapter:
    """The file for the pipeline `base`. Raises BadInput in words where it was made for another model, or is not whole."""
    if file.problem:
        raise BadInput(file.problem, "Leave it out, or put another file in its place.")
    refuse_others(file, _width(base))
    shapes, metadata = read_adapter_header(file.path)
    if file.kind == "textual inversion":
        return LoadedAdapter(vectors=_vectors(file, base, shapes))
    return LoadedAdapter(pairs=tuple(_pairs(file, layers_of(base, torch), shapes, metadata)))


def encoders_of(base: Any) -> list[tuple[str, Any, Any]]:
    """A pipeline's text encoders: the name and the object of the tokenizer, and the encoder."""
    found = [(name, getattr(base, name, None)) for name in ("tokenizer", "tokenizer_2")]
    encoders = [getattr(base, name, None) for name in ("text_encoder", "text_encoder_2")]
    return [
        (name, tokenizer, encoder) for (name, tokenizer), encoder in zip(found, encoders, strict=True) if encoder is not None
    ]


def _vectors(file: AdapterFile, base: Any, shapes: Shapes) -> tuple[Any, ...]:
    keys = inversion_vectors(shapes)
    widths = [encoder.get_input_embeddings().weight.shape[1] for _, _, encoder in encoders_of(base)]
    if [shapes[key][-1] for key in keys] != widths:
        raise BadInput(f"{file.name} has vectors of other lengths than this model's words.", ANOTHER)
    tensors = _tensors(file, keys)
    return tuple(tensors[key].reshape(-1, shapes[key][-1]) for key in keys)


def _pairs(file: AdapterFile, layers: Mapping[Any, Any], shapes: Shapes, metadata: Mapping[str, str]) -> Iterator[LowRankPair]:
    groups: dict[tuple[str, str], dict[Role, Matrix]] = {}
    for matrix in read_matrices(file.name, shapes):
        groups.setdefault((matrix.part, matrix.layer), {})[matrix.role] = matrix
    odd = [place for place, group in groups.items() if not _fits(layers.get(place), group)]
    if odd:
        raise BadInput(
            f"{file.name} does not fit this model: of its {len(groups)} layers {len(odd)} are not in it or have another shape, "
            f"{'.'.join(odd[0])} to begin with.",
            ANOTHER,
        )
    tensors = _tensors(file, [key for key in shapes if not key.startswith(BUNDLED)])
    alphas = _alphas(metadata)
    for (part, name), group in groups.items():
        down, up = tensors[group["down"].key], tensors[group["up"].key]
        alpha = float(tensors[group["alpha"].key]) if "alpha" in group else None
        scale = alpha / len(down) if alpha is not None else _scale(alphas, part, name, len(down))
        layer = layers[part, name]
        shape = (1, 1) if layer.weight.dim() == 4 else ()
        kernel = tuple(layer.weight.shape[2:])
        yield LowRankPair(layer, down.reshape(*down.shape[:2], *kernel), (up * scale).reshape(*up.shape[:2], *shape))


def _fits(layer: Any, group: Mapping[Role, Matrix]) -> bool:
    """Whether both matrices are there and have the layer's sides: [rank, in, ...] and [out, rank]; 1 x 1 is as good as none."""
    if layer is None or "down" not in group or "up" not in group:
        return False
    down, up, weight = group["down"].shape, group["up"].shape, tuple(layer.weight.shape)
    wanted = [(down[0], weight[1], *weight[2:]), (weight[0], down[0])]
    return [_without_ones(down), _without_ones(up)] == [_without_ones(shape) for shape in wanted]


def _without_ones(shape: tuple[int, ...]) -> tuple[int, ...]:
    return shape[:2] if all(side == 1 for side in shape[2:]) else shape


def _tensors(file: AdapterFile, keys: list[str]) -> dict[str, Any]:
    """The named tensors in 32 bits. Raises BadInput for numbers that would make every picture black."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(file.path, "pt") as weights:
            tensors = {key: aligned(weights.get_tensor(key).float()) for key in keys}
    except (SafetensorError, OSError) as error:
        raise BadInput(f"{file.path.name} cannot be read: {error}.", "Fetch the file again.") from error
    if not all(bool(tensor.isfinite().all()) for tensor in tensors.values()):
        raise BadInput(
            f"{file.name} holds numbers that have overflowed, and would draw black pictures.", "Choose another file."
        )
    return tensors


def _alphas(metadata: Mapping[str, str]) -> dict[str, Any]:
    """How strongly each part was trained to pull, as peft writes it; {} where other programs wrote the file."""
    try:
        noted = json.loads(metadata.get("lora_adapter_metadata", "{}"))
    except ValueError:
        return {}
    return noted if isinstance(noted, dict) else {}


def _scale(noted: Mapping[str, Any], part: str, layer: str, rank: int) -> float:
    """alpha / rank, or with rank-stabilised LoRA (Kalajdzievski, 2023) alpha / sqrt(rank); 1 where nothing is noted."""
    own = {name: noted.get(f"{part}.{name}") for name in ("lora_alpha", "alpha_pattern", "use_rslora")}
    special = own["alpha_pattern"] or {}
    alpha = next((special[name] for name in special if layer.endswith(name.strip("^$").replace(".", "_"))), own["lora_alpha"])
    return 1.0 if alpha is None else float(alpha) / (math.sqrt(rank) if own["use_rslora"] else rank)


def _width(base: Any) -> int:
    """How many numbers a word has for the UNet: what tells the families apart."""
    width = base.unet.config.cross_attention_dim
    return int(width if isinstance(width, int) else width[0])
