"""The head of a safetensors file: the shapes of its tensors and its notes, read so that nothing in the file can run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gemini_diffusion.types.errors import BadInput

Shapes = Mapping[str, tuple[int, ...]]
"""By the names of the tensors."""
LONGEST = 100_000_000
"""Bytes; the format allows no more."""
ONLY_SAFETENSORS = "Only .safetensors files are used: they hold numbers and nothing that runs."
PICKLES = (b"PK\x03\x04", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")
"""How files begin that may run a program when they are read."""


def read_safetensors_header(path: Path) -> tuple[Shapes, Mapping[str, str]]:
    """Shapes by name, and the metadata. Raises BadInput with the reason for anything but a whole safetensors file's head."""
    try:
        header = _header(path)
        metadata = dict(header.pop("__metadata__", None) or {})
        shapes = {name: tuple(int(side) for side in tensor["shape"]) for name, tensor in header.items()}
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadInput(f"{path.name} cannot be read: {error}.", ONLY_SAFETENSORS) from error
    return shapes, {str(name): str(value) for name, value in metadata.items()}


def _header(path: Path) -> dict[str, Any]:
    """A safetensors file begins with the length of its header in 8 bytes, and then the header as JSON."""
    with path.open("rb") as file:
        start = file.read(8)
        if start.startswith(PICKLES):
            raise ValueError(
                f"it is a pickle that is only called {path.suffix}, and a pickle may run a program when it is read"
            )
        length = int.from_bytes(start, "little")
        if len(start) < 8 or length > min(LONGEST, path.stat().st_size - 8):
            raise ValueError("it is not a safetensors file, or not a whole one")
        header = json.loads(file.read(length))
    if not isinstance(header, dict):
        raise ValueError("it is not a safetensors file")
    return header
