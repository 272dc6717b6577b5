"""Where a model is drawn and in which numbers, with the reason a person can read; loads nothing."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SMALL = 200_000_000
"""A model with fewer bytes of weights is small: exact numbers and one thread draw it fastest (measured)."""


@dataclass(frozen=True, slots=True)
class Placement:
    """`device` and `dtype` as torch names them ("cuda", "float16"); `reason` follows "because"."""

    device: str
    dtype: str
    reason: str
    threads: int = 0
    """Threads to draw with, 0 for torch's own choice."""

    def __str__(self) -> str:
        return f"{self.device}, {self.dtype}, because {self.reason}"


def place(torch: Any, weights_bytes: int) -> Placement:
    """The device and dtype for a model of so many bytes; `torch` is the imported module."""
    if torch.cuda.is_available():
        name = torch.cuda.get_device_name(0)
        if torch.cuda.get_device_capability(0)[0] >= 8:
            return Placement("cuda", "bfloat16", f"{name} is there and is fast in it without overflowing")
        return Placement("cuda", "float16", f"{name} is there and is fast in it")
    if torch.backends.mps.is_available():
        return Placement("mps", "float16", "the graphics of this Mac are fast in it")
    if weights_bytes < SMALL:
        return Placement("cpu", "float32", "no GPU was found and the model is small", _threads(1))
    if _has_bfloat16():
        return Placement("cpu", "bfloat16", "no GPU was found and this processor computes in it", _threads(0))
    return Placement("cpu", "float32", "no GPU was found", _threads(0))


def has_gpu() -> bool:
    """Whether a GPU is likely, told without torch: an NVIDIA driver, or a Mac with Apple's own chip."""
    if sys.platform == "darwin":
        return platform.machine() == "arm64"
    return Path("/dev/nvidiactl").exists() or shutil.which("nvidia-smi") is not None


def _threads(wanted: int) -> int:
    """OMP_NUM_THREADS is an order, and torch follows it by itself."""
    return 0 if os.environ.get("OMP_NUM_THREADS") else wanted


def _has_bfloat16() -> bool:
    """Whether the processor multiplies bfloat16 itself; elsewhere that is slower than float32."""
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="ignore")
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags
