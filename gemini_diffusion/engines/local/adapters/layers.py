"""Which layer of a loaded model a matrix of a LoRA belongs to, by either naming that people's files have; changes nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

PARTS = ("unet", "text_encoder", "text_encoder_2")
_RESNET = {"conv1": "in_layers_2", "time_emb_proj": "emb_layers_1", "conv2": "out_layers_3", "conv_shortcut": "skip_connection"}
_ENDS = {
    "conv_in": "input_blocks_0_0", "conv_out": "out_2",
    "time_embedding_linear_1": "time_embed_0", "time_embedding_linear_2": "time_embed_2",
    "add_embedding_linear_1": "label_emb_0_0", "add_embedding_linear_2": "label_emb_0_2",
}  # fmt: skip


def layers_of(base: Any, torch: Any) -> dict[tuple[str, str], Any]:
    """Every linear and convolution layer of a pipeline by (part, name with _ for dots), also by its name before diffusers."""
    kinds = (torch.nn.Linear, torch.nn.Conv2d)
    layers: dict[tuple[str, str], Any] = {}
    for part in PARTS:
        model = getattr(base, part, None)
        older = dict(_blocks(model.config)) if part == "unet" and model is not None else {}
        for path, module in model.named_modules() if model is not None else ():
            if isinstance(module, kinds):
                for name in _names(part, path.removesuffix(".base_layer").replace(".", "_"), older):
                    layers[part, name] = module
    return layers


def _names(part: str, name: str, older: dict[str, str]) -> Iterator[str]:
    yield name
    if part != "unet":
        yield name.removeprefix("text_model_") if name.startswith("text_model_") else f"text_model_{name}"
        return
    if name in _ENDS:
        yield _ENDS[name]
    block = re.match(r"((?:down|up)_blocks_\d+|mid_block)_(resnets|attentions|downsamplers|upsamplers)_\d+", name)
    if block and block[0] in older:
        rest = name[block.end() :].removeprefix("_")
        yield f"{older[block[0]]}_{'op' if block[2] == 'downsamplers' else _RESNET.get(rest, rest)}"


def _blocks(config: Any) -> Iterator[tuple[str, str]]:
    """diffusers' name of each block of a UNet, and the one it has in the models' first code, which counts them through."""
    depth = len(config.down_block_types)
    layers = [config.layers_per_block] * depth if isinstance(config.layers_per_block, int) else list(config.layers_per_block)
    place = 1
    for level, kind in enumerate(config.down_block_types):
        for layer in range(layers[level]):
            yield f"down_blocks_{level}_resnets_{layer}", f"input_blocks_{place}_0"
            if "CrossAttn" in kind:
                yield f"down_blocks_{level}_attentions_{layer}", f"input_blocks_{place}_1"
            place += 1
        yield f"down_blocks_{level}_downsamplers_0", f"input_blocks_{place}_0"
        place += level < depth - 1
    yield from (("mid_block_resnets_0", "middle_block_0"), ("mid_block_attentions_0", "middle_block_1"))
    yield "mid_block_resnets_1", "middle_block_2"
    place = 0
    for level, kind in enumerate(config.up_block_types):
        for layer in range(layers[depth - 1 - level] + 1):
            yield f"up_blocks_{level}_resnets_{layer}", f"output_blocks_{place}_0"
            if "CrossAttn" in kind:
                yield f"up_blocks_{level}_attentions_{layer}", f"output_blocks_{place}_1"
            place += 1
        yield f"up_blocks_{level}_upsamplers_0", f"output_blocks_{place - 1}_{2 if 'CrossAttn' in kind else 1}"
