"""Weights moved to where the processor computes the same with them, wherever they lay in their file.

safetensors hands tensors out where they lie in the mapped file, so the length of the file's header decides where they begin.
torch rounds the product of one row with a matrix differently where that address is no multiple of 16 (torch 2.13 with AVX2: 41
of 64 sums differ in their last bits), and the same weights in another file would draw another picture.
"""

from __future__ import annotations

import itertools
from typing import Any

ALIGNMENT = 64
"""Bytes: what torch's own allocator gives, and as much as the widest registers load at once."""


def aligned(tensor: Any) -> Any:
    """The tensor itself where it begins at a multiple of ALIGNMENT or not on the processor, else a copy in the same layout."""
    return tensor.to(tensor.dtype, copy=True) if tensor.device.type == "cpu" and tensor.data_ptr() % ALIGNMENT else tensor


def align_weights(module: Any) -> None:
    """Align every tensor of a torch module, one after another: no more than one of them is in memory twice."""
    for tensor in itertools.chain(module.parameters(), module.buffers()):
        tensor.data = aligned(tensor.data)


def align_pipeline(base: Any, torch: Any) -> None:
    """Align the weights of every part of a diffusers pipeline."""
    for part in base.components.values():
        if isinstance(part, torch.nn.Module):
            align_weights(part)
