"""A pipeline in one file with the names its first program gave to tensors, as people share checkpoints; for tests.

The inverse of what diffusers does when it reads such a file. It does not know what the model draws.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

_UNET_HEAD = {
    "time_embedding.linear_1": "time_embed.0", "time_embedding.linear_2": "time_embed.2",
    "add_embedding.linear_1": "label_emb.0.0", "add_embedding.linear_2": "label_emb.0.2",
    "conv_in": "input_blocks.0.0", "conv_norm_out": "out.0", "conv_out": "out.2",
}  # fmt: skip
_RESNET = {
    "norm1": "in_layers.0", "conv1": "in_layers.2", "norm2": "out_layers.0", "conv2": "out_layers.3",
    "time_emb_proj": "emb_layers.1", "conv_shortcut": "skip_connection",
}  # fmt: skip
_OPEN_CLIP = {
    "layers.": "resblocks.", "layer_norm1": "ln_1", "layer_norm2": "ln_2", ".fc1.": ".c_fc.", ".fc2.": ".c_proj.",
    ".self_attn.": ".attn.",
}  # fmt: skip


def save_single_file(pipeline: Any, file: Path, without: Iterable[str] = ()) -> Path:
    """Write a loaded SDXL or SD 1.5 pipeline of diffusers into `file`, without the tensors that begin with any of `without`."""
    from safetensors.torch import save_file

    tensors = {
        **_prefixed("model.diffusion_model.", _unet(pipeline.unet)),
        **_prefixed("first_stage_model.", _vae(pipeline.vae)),
    }
    if hasattr(pipeline, "text_encoder_2"):
        first, second = pipeline.text_encoder.state_dict(), _open_clip(pipeline.text_encoder_2)
        tensors |= _prefixed("conditioner.embedders.0.transformer.text_model.", _flat(first))
        tensors |= _prefixed("conditioner.embedders.1.model.", second)
    else:
        tensors |= _prefixed("cond_stage_model.transformer.text_model.", _flat(pipeline.text_encoder.state_dict()))
    kept = {name: value.clone().contiguous() for name, value in tensors.items() if not name.startswith(tuple(without))}
    save_file(kept, file)
    return file


def _unet(unet: Any) -> dict[str, Any]:
    """Down and up blocks become one count of layers each; a level's way to the next size is a layer of its own."""
    each = unet.config.layers_per_block
    return {_unet_name(name, each, len(unet.config.block_out_channels)): value for name, value in unet.state_dict().items()}


def _unet_name(name: str, each: int, levels: int) -> str:
    for new, old in _UNET_HEAD.items():
        if name.startswith(f"{new}."):
            return name.replace(new, old, 1)
    part, _, rest = name.partition(".")
    if part == "mid_block":
        kind, number, rest = rest.split(".", 2)
        return f"middle_block.{2 * int(number) if kind == 'resnets' else 1}.{_layer(kind, rest)}"
    level, kind, number, rest = rest.split(".", 3)
    at, within = int(level), int(number)
    if part == "down_blocks":
        if kind == "downsamplers":
            return f"input_blocks.{(at + 1) * (each + 1)}.0.op.{rest.removeprefix('conv.')}"
        return f"input_blocks.{1 + at * (each + 1) + within}.{int(kind == 'attentions')}.{_layer(kind, rest)}"
    if kind == "upsamplers":
        return f"output_blocks.{at * (each + 1) + each}.{_last(at, levels)}.{rest}"
    return f"output_blocks.{at * (each + 1) + within}.{int(kind == 'attentions')}.{_layer(kind, rest)}"


def _last(level: int, levels: int) -> int:
    """Behind the attention where a level has one; in the tests' models only the last level of the way up has none."""
    return 2 if level < levels - 1 else 1


def _layer(kind: str, rest: str) -> str:
    head, _, tail = rest.partition(".")
    return f"{_RESNET[head]}.{tail}" if kind == "resnets" else rest


def _vae(vae: Any) -> dict[str, Any]:
    levels = len(vae.config.block_out_channels)
    named: dict[str, Any] = {}
    for name, value in vae.state_dict().items():
        old = re.sub(r"up_blocks\.(\d+)", lambda found: f"up.{levels - 1 - int(found[1])}", name).replace("down_blocks", "down")
        old = (
            old.replace("downsamplers.0", "downsample").replace("upsamplers.0", "upsample").replace("conv_norm_out", "norm_out")
        )
        old = re.sub(r"mid_block\.resnets\.(\d)", lambda found: f"mid.block_{int(found[1]) + 1}", old)
        old = (
            old.replace("resnets", "block")
            .replace("mid_block.attentions.0", "mid.attn_1")
            .replace("conv_shortcut", "nin_shortcut")
        )
        if "mid.attn_1" in old:
            for new, letter in {"group_norm": "norm", "to_q": "q", "to_k": "k", "to_v": "v", "to_out.0": "proj_out"}.items():
                old = old.replace(f"attn_1.{new}.", f"attn_1.{letter}.")
            value = value[..., None, None] if value.ndim == 2 else value
        named[old] = value
    return named


def _open_clip(encoder: Any) -> dict[str, Any]:
    """The second encoder's queries, keys and values lie in one tensor, and its projection lies on its side."""
    import torch

    state = _flat(encoder.state_dict())
    named = {
        "token_embedding.weight": state["embeddings.token_embedding.weight"],
        "positional_embedding": state["embeddings.position_embedding.weight"],
        "text_projection": state["text_projection.weight"].T,
        "ln_final.weight": state["final_layer_norm.weight"], "ln_final.bias": state["final_layer_norm.bias"],
    }  # fmt: skip
    for name, value in state.items():
        if not name.startswith("encoder.layers."):
            continue
        old = name.removeprefix("encoder.")
        for new, first in _OPEN_CLIP.items():
            old = old.replace(new, first)
        if ".q_proj." in old:
            whole = torch.cat([state[name.replace("q_proj", letter)] for letter in ("q_proj", "k_proj", "v_proj")])
            named[f"transformer.{old.replace('.q_proj.', '.in_proj_')}"] = whole
        elif ".k_proj." not in old and ".v_proj." not in old:
            named[f"transformer.{old}"] = value
    return named


def _flat(state: Mapping[str, Any]) -> dict[str, Any]:
    """An encoder's tensors by the names they have in every version of transformers."""
    return {name.removeprefix("text_model."): value for name, value in state.items() if not name.endswith("position_ids")}


def _prefixed(start: str, tensors: Mapping[str, Any]) -> dict[str, Any]:
    return {f"{start}{name}": value for name, value in tensors.items()}
