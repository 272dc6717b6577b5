"""Makes LoRAs and textual inversions as the programs that people use write them, with random numbers; for tests."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

UNET, ENCODER = "unet", "text_encoder"
TO_Q = "mid_block.attentions.0.transformer_blocks.0.attn2.to_q"
TO_K = "mid_block.attentions.0.transformer_blocks.0.attn2.to_k"
TO_OUT = "down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_out.0"
CONV = "up_blocks.0.resnets.0.conv1"
V_PROJ = "encoder.layers.0.self_attn.v_proj"
OUT_PROJ = "encoder.layers.0.self_attn.out_proj"
FC1 = "encoder.layers.1.mlp.fc1"
QUERY = "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn2_to_k"


def write_header(path: Path, shapes: Mapping[str, tuple[int, ...]], metadata: Mapping[str, str] | None = None) -> Path:
    """A safetensors file of zeros in half precision, written without the library."""
    header: dict[str, Any] = {"__metadata__": dict(metadata or {})}
    end = 0
    for name, shape in shapes.items():
        size = 2
        for side in shape:
            size *= side
        header[name] = {"dtype": "F16", "shape": list(shape), "data_offsets": [end, end + size]}
        end += size
    text = json.dumps(header).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(struct.pack("<Q", len(text)) + text + bytes(end))
    return path


def lora(path: Path, width: int = 2048, metadata: Mapping[str, str] | None = None) -> Path:
    """A LoRA of one layer that reads words of so many numbers, as kohya's trainer names it."""
    return write_header(path, {f"{QUERY}.lora_down.weight": (4, width), f"{QUERY}.lora_up.weight": (64, 4)}, metadata)


@dataclass(frozen=True)
class RandomLora:
    """Random matrices for some layers of a pipeline, by part and path; `alpha` is what they are scaled by, over their rank."""

    pairs: dict[tuple[str, str], tuple[Any, Any]]
    alpha: float

    @classmethod
    def of(cls, pipe: Any, layers: list[tuple[str, str]], seed: int = 1) -> RandomLora:
        """Matrices of rank 4 that fit these layers of `pipe`, large enough to be seen in a picture."""
        import torch

        generator = torch.Generator().manual_seed(seed)
        pairs = {}
        for part, path in layers:
            model = getattr(pipe, part)
            module = model.get_submodule(path if part == UNET or not hasattr(model, "text_model") else f"text_model.{path}")
            out, inner, *kernel = module.weight.shape
            down = torch.randn(4, inner, *kernel, generator=generator) * 0.3
            up = torch.randn(out, 4, *([1] * len(kernel)), generator=generator) * 0.3
            pairs[part, path] = (down, up)
        return cls(pairs, 2.0)

    def as_peft(self, path: Path, **more: Any) -> Path:
        """As diffusers writes it today: alpha in the notes beside the tensors, and what peft notes `more`."""
        weights = {f"{part}.{self._long(part, layer)}.lora_A.weight": down for (part, layer), (down, _) in self.pairs.items()}
        weights |= {f"{part}.{self._long(part, layer)}.lora_B.weight": up for (part, layer), (_, up) in self.pairs.items()}
        config = {
            "r": 4,
            "lora_alpha": self.alpha,
            "peft_type": "LORA",
            "target_modules": [layer for _, layer in self.pairs],
        } | more
        notes = {f"{part}.{name}": value for part, _ in self.pairs for name, value in config.items()}
        return _save(weights, path, {"lora_adapter_metadata": json.dumps(notes)})

    def as_peft_folder(self, folder: Path, **more: Any) -> Path:
        """As PEFT saves a UNet by itself: its notes in a file beside the weights; gives the weights' path."""
        weights: dict[str, Any] = {}
        for (_, layer), (down, up) in self.pairs.items():
            weights |= {f"base_model.model.{layer}.lora_A.weight": down, f"base_model.model.{layer}.lora_B.weight": up}
        path = _save(weights, folder / "adapter_model.safetensors", {})
        notes = {"peft_type": "LORA", "r": 4, "lora_alpha": self.alpha} | more
        (folder / "adapter_config.json").write_text(json.dumps(notes), encoding="utf-8")
        return path

    def as_kohya(self, path: Path, two_encoders: bool = True, renamed: Mapping[str, str] | None = None) -> Path:
        """As kohya's trainer writes it; `renamed` gives layers the names of the model's first code."""
        import torch

        parts = {UNET: "lora_unet", ENCODER: "lora_te1" if two_encoders else "lora_te", "text_encoder_2": "lora_te2"}
        weights: dict[str, Any] = {}
        for (part, layer), (down, up) in self.pairs.items():
            name = f"{parts[part]}_{(renamed or {}).get(layer, self._long(part, layer)).replace('.', '_')}"
            weights |= {f"{name}.lora_down.weight": down, f"{name}.lora_up.weight": up}
            weights[f"{name}.alpha"] = torch.tensor(self.alpha)
        return _save(weights, path, {})

    def as_first_diffusers(self, path: Path) -> Path:
        """As diffusers wrote attention at first: processors, to_q in encoders too; it knew no alpha, so it is worked in."""
        weights: dict[str, Any] = {}
        for (part, layer), (down, up) in self.pairs.items():
            older = self._long(part, layer).replace("to_out.0", "to_out").replace("v_proj", "to_v")
            block, _, name = older.rpartition(".")
            stem = f"{part}.{block}.processor.{name}_lora" if part == UNET else f"{part}.{block}.{name}_lora"
            weights |= {f"{stem}.down.weight": down, f"{stem}.up.weight": up * self.alpha / 4}
        return _save(weights, path, {})

    @staticmethod
    def _long(part: str, layer: str) -> str:
        return layer if part == UNET else f"text_model.{layer}"


def _save(weights: dict[str, Any], path: Path, metadata: dict[str, str]) -> Path:
    from safetensors.torch import save_file

    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({name: value.contiguous() for name, value in weights.items()}, path, metadata={"format": "pt", **metadata})
    return path


def write_inversion(path: Path, vectors: dict[str, tuple[int, int]], seed: int = 2) -> Path:
    """A textual inversion with random vectors of these shapes, [vectors, width] each."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    return _save({name: torch.randn(*shape, generator=generator) for name, shape in vectors.items()}, path, {})
