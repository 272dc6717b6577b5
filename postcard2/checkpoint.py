"""Files of a training that a power cut leaves whole: each is written beside its place and then moved there."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any


def save(path: Path, state: dict[str, Any]) -> None:
    """Write a training's state; a reader finds the old file or the new one, never half of one."""
    import torch

    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        torch.save(state, file)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def load(path: Path, device: str = "cpu") -> dict[str, Any] | None:
    """Read a training's state, or None where none was begun."""
    import torch

    return torch.load(path, map_location=device, weights_only=True) if path.exists() else None


def export(folder: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a folder, file by file as whole as a state is: other programs may read it meanwhile."""
    part = folder.with_name(folder.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    write(part)
    for path in sorted(part.rglob("*")):
        if path.is_file():
            target = folder / path.relative_to(part)
            target.parent.mkdir(parents=True, exist_ok=True)
            path.replace(target)
    shutil.rmtree(part)
