"""Where models lie on this machine and whether they are whole; fetches nothing and needs no library of the hub's."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gemini_diffusion.catalogue import ImageModel

WEIGHTS = ".safetensors"
WITHOUT_WEIGHTS = ("scheduler", "tokenizer", "tokenizer_2", "feature_extractor")


@dataclass(frozen=True, slots=True)
class Shelf:
    """Models fetched from the hub, in the layout of its cache: `folder` is the hub's own where that is set."""

    folder: Path

    @classmethod
    def at(cls, home: Path) -> Shelf:
        """The hub's own cache where HF_HUB_CACHE or HF_HOME names it, else a folder of ours, so nothing is kept twice."""
        if cache := os.environ.get("HF_HUB_CACHE"):
            return cls(Path(cache).expanduser())
        if hub_home := os.environ.get("HF_HOME"):
            return cls(Path(hub_home).expanduser() / "hub")
        return cls(home / "models")

    def find(self, entry: ImageModel) -> Path | None:
        """The folder of a model that is here and whole."""
        if entry.is_folder:
            return Path(entry.source) if is_whole(Path(entry.source)) else None
        kept = self.folder / f"models--{entry.source.replace('/', '--')}"
        snapshots = [kept / "snapshots" / _text(kept / "refs" / "main"), *sorted(kept.glob("snapshots/*"))]
        return next((folder for folder in snapshots if folder.name != "snapshots" and is_whole(folder)), None)

    @property
    def free_bytes(self) -> int:
        """Bytes free where models are kept."""
        place = self.folder
        while not place.exists() and place != place.parent:
            place = place.parent
        return shutil.disk_usage(place).free


def is_whole(folder: Path) -> bool:
    """Whether every part that model_index.json names is there: its settings, and weights as safetensors where it has any."""
    parts = list(parts_of(folder))
    return bool(parts) and all(_is_whole_part(folder / part, part not in WITHOUT_WEIGHTS) for part in parts)


def parts_of(folder: Path) -> Iterator[str]:
    """The names of a pipeline's parts: the folders a model consists of."""
    index = index_of(folder)
    for name, kind in index.items():
        if not name.startswith("_") and isinstance(kind, list) and all(isinstance(word, str) for word in kind):
            yield name


def index_of(folder: Path) -> dict[str, Any]:
    """A pipeline's table of contents, {} where there is none."""
    try:
        index = json.loads((folder / "model_index.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return index if isinstance(index, dict) else {}


def variant_of(folder: Path) -> str:
    """ "fp16" where a part has its weights only in half-precision files, else ""."""
    for part in parts_of(folder):
        names = [path.name for path in (folder / part).glob(f"*{WEIGHTS}")]
        if names and all(".fp16" in name for name in names):
            return "fp16"
    return ""


def weights_bytes(folder: Path) -> int:
    """Bytes of all weights of a model."""
    return sum(path.stat().st_size for path in folder.glob(f"*/*{WEIGHTS}"))


def _is_whole_part(folder: Path, has_weights: bool) -> bool:
    if not has_weights:
        return any(path.exists() for path in folder.glob("*.json"))
    present = {path.name for path in folder.glob(f"*{WEIGHTS}") if path.exists()}
    indexes = [json.loads(_text(path) or "{}") for path in folder.glob(f"*{WEIGHTS}.index*.json")]
    shards = {name for index in indexes for name in index.get("weight_map", {}).values()}
    return bool(present) and shards <= present and (folder / "config.json").exists()


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        return ""
