"""Where a model is drawn and in which numbers, with the reason a person can read, and what is free there; loads nothing."""

from __future__ import annotations

import os
import platform
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SMALL = 200_000_000
"""A model with fewer bytes of weights is small: exact numbers and one thread draw it fastest (measured)."""

CONTAINER = Path("/sys/fs/cgroup")
"""Where Linux tells a container its limits."""


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


@dataclass(frozen=True, slots=True)
class Machine:
    """What was measured just now: bytes `free` on the device itself and in the machine's memory (`ram`); `name` of the card."""

    placement: Placement
    free: int
    ram: int
    name: str = ""


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


def measure(torch: Any, placement: Placement, container: Path = CONTAINER) -> Machine:
    """What is free now where a model is to be drawn; on a Mac the graphics share the machine's memory."""
    ram = free_ram(container)
    if placement.device != "cuda":
        return Machine(placement, ram, ram)
    free, _ = torch.cuda.mem_get_info(0)
    kept = torch.cuda.memory_reserved(0) - torch.cuda.memory_allocated(0)  # held by torch for whoever comes next
    return Machine(placement, free + kept, ram, torch.cuda.get_device_name(0))


class PeakMemory:
    """The most memory that a drawing takes, from when this is made."""

    def __init__(self, torch: Any, device: str) -> None:
        self._torch, self._on_gpu = torch, device == "cuda"
        if self._on_gpu:
            torch.cuda.reset_peak_memory_stats(0)

    def taken(self) -> int:
        """Bytes: on a GPU the peak, elsewhere what the program holds by now."""
        import psutil

        return int(self._torch.cuda.max_memory_allocated(0) if self._on_gpu else psutil.Process().memory_info().rss)


def has_gpu() -> bool:
    """Whether a GPU is likely, told without torch: an NVIDIA driver, or a Mac with Apple's own chip."""
    if sys.platform == "darwin":
        return platform.machine() == "arm64"
    return Path("/dev/nvidiactl").exists() or shutil.which("nvidia-smi") is not None


def free_ram(container: Path = CONTAINER) -> int:
    """Bytes of memory that programs may still take, within the limit of a container where there is one."""
    import psutil

    return min(int(psutil.virtual_memory().available), _left_in_container(container))


def _left_in_container(container: Path) -> int:
    """Bytes left under the limit of a Linux container, files that are only remembered not counted as taken."""
    try:
        limit, used, told = ((container / f"memory.{name}").read_text(encoding="ascii") for name in ("max", "current", "stat"))
        remembered = re.search(r"^inactive_file (\d+)", told, re.MULTILINE)
        return max(0, int(limit) - int(used) + int(remembered[1] if remembered else 0))
    except (OSError, ValueError):  # no container, or one without a limit ("max")
        return sys.maxsize


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
