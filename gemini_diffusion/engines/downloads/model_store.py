"""Where models lie on this machine, with all that belongs to them, and whether they are whole; fetches nothing."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gemini_diffusion.engines.local.loading import single_file
from gemini_diffusion.engines.models import Companion, ImageModel
from gemini_diffusion.engines.models.detect import json_in
from gemini_diffusion.engines.models.entry import WEIGHTS as WEIGHTS
from gemini_diffusion.storage.files import free_bytes

WITHOUT_WEIGHTS = ("scheduler", "tokenizer", "tokenizer_2", "feature_extractor")
UNITS = (("GB", 1e9), ("MB", 1e6))


@dataclass(frozen=True, slots=True)
class ModelParts:
    """What is loaded beside a model's own folder or file: another decoder, a LoRA, the `settings` that a single file lacks.

    `timestep_spacing` "" leaves the model's own.
    """

    vae: Path | None = None
    lora: Path | None = None
    settings: Path | None = None
    timestep_spacing: str = ""


ALONE = ModelParts()


@dataclass(frozen=True, slots=True)
class ModelStore:
    """Models fetched from the hub, in the layout of its cache: `folder` is the hub's own where that is set."""

    folder: Path

    @classmethod
    def at(cls, home: Path) -> ModelStore:
        """The hub's own cache where HF_HUB_CACHE or HF_HOME names it, else a folder of ours, so nothing is kept twice."""
        if cache := os.environ.get("HF_HUB_CACHE"):
            return cls(Path(cache).expanduser())
        if hub_home := os.environ.get("HF_HOME"):
            return cls(Path(hub_home).expanduser() / "hub")
        return cls(home / "models")

    def find(self, entry: ImageModel) -> Path | None:
        """The folder or file of a model that is here and whole, with everything it needs beside it."""
        if entry.is_file:
            place = Path(entry.source)
            return place if place.is_file() and self._settings(place) else None
        folder = self._folder(entry)
        return folder if folder and all(self._companion(each) for each in entry.companions) else None

    def parts(self, entry: ImageModel) -> ModelParts:
        """What is to be loaded beside what `find` finds."""
        vae, lora = entry.companion("vae"), entry.companion("lora")
        return ModelParts(
            vae=self._companion(vae) if vae else None,
            lora=self._companion(lora) if lora else None,
            settings=self._settings(Path(entry.source)) if entry.is_file else None,
            timestep_spacing=entry.timestep_spacing,
        )

    def to_fetch(self, entry: ImageModel) -> int:
        """Bytes that are not here yet, by the catalogue's figures; repositories that models share count once."""
        beside = {each: each.download_bytes for each in entry.companions}
        missing = sum(count for each, count in beside.items() if not self._companion(each))
        return missing if self._folder(entry) else missing + entry.download_bytes - sum(beside.values())

    def _folder(self, entry: ImageModel) -> Path | None:
        """The folder of a model's own repository, if whole."""
        places = [Path(entry.source)] if entry.is_folder else self._snapshots(entry.source)
        return next((folder for folder in places if is_whole(folder, entry.left_out)), None)

    def _companion(self, companion: Companion) -> Path | None:
        """The file or the folder of what a model needs beside it, if whole."""
        for folder in self._snapshots(companion.source):
            if companion.file and (folder / companion.file).exists():
                return folder / companion.file
            if not companion.file and is_whole_part(folder):
                return folder
        return None

    def _settings(self, file: Path) -> Path | None:
        """A folder with settings that fit a single file: those of its family's first model, or of one like it that is here."""
        first = single_file.first_of_family(file)
        own = self._snapshots(first) if first else []
        others = sorted(self.folder.glob("models--*/snapshots/*")) if first else []
        return next((place for place in (*own, *others) if has_settings(place) and single_file.fits(place, file)), None)

    def _snapshots(self, source: str) -> list[Path]:
        """The versions of a repository that are here, the one that was fetched last first."""
        kept = self.folder / f"models--{source.replace('/', '--')}"
        latest = kept / "snapshots" / (_text(kept / "refs" / "main") or "-")
        return [place for place in (latest, *sorted(kept.glob("snapshots/*"))) if place.is_dir()]

    @property
    def free_bytes(self) -> int:
        """Bytes free where models are kept."""
        return free_bytes(self.folder)


def in_bytes(count: float) -> str:
    """An amount of bytes as a person reads it: 6.9 GB, 41 GB, 350 MB, 9.1 kB."""
    unit, size = next(((unit, count / each) for unit, each in UNITS if count >= 0.9995 * each), ("kB", count / 1e3))
    return f"{size:.1f} {unit}" if size < 9.95 else f"{size:,.0f} {unit}"


def is_whole(folder: Path, left_out: Collection[str] = ()) -> bool:
    """Whether every part that model_index.json names is there: its settings, and weights as safetensors where it has any.

    Of the parts that are `left_out` no weights are wanted.
    """
    light = {*WITHOUT_WEIGHTS, *left_out}
    parts = list(parts_of(folder))
    return bool(parts) and all(_has_json(folder / part) if part in light else is_whole_part(folder / part) for part in parts)


def has_settings(folder: Path) -> bool:
    """Whether every part has its settings; weights are not asked for."""
    parts = list(parts_of(folder))
    return bool(parts) and all(_has_json(folder / part) for part in parts)


def parts_of(folder: Path) -> Iterator[str]:
    """The names of a pipeline's parts: the folders a model consists of."""
    index = index_of(folder)
    for name, kind in index.items():
        if not name.startswith("_") and isinstance(kind, list) and all(isinstance(word, str) for word in kind):
            yield name


def index_of(folder: Path) -> dict[str, Any]:
    """A pipeline's table of contents, {} where there is none."""
    return json_in(folder / "model_index.json")


def variant_of(folder: Path) -> str:
    """ "fp16" where a part has its weights only in half-precision files, else ""."""
    for part in parts_of(folder):
        names = [path.name for path in (folder / part).glob(f"*{WEIGHTS}")]
        if names and all(".fp16" in name for name in names):
            return "fp16"
    return ""


def weights_bytes(folder: Path) -> int:
    """Bytes of all weights of a model in a folder or a file."""
    return sum(path.stat().st_size for path in ([folder] if folder.is_file() else folder.glob(f"*/*{WEIGHTS}")))


def is_whole_part(folder: Path) -> bool:
    """Whether a folder holds one part of a model: its settings and all of its weights."""
    present = {path.name for path in folder.glob(f"*{WEIGHTS}") if path.exists()}
    indexes = [json_in(path) for path in folder.glob(f"*{WEIGHTS}.index*.json")]
    shards = {name for index in indexes for name in index.get("weight_map", {}).values()}
    return bool(present) and shards <= present and (folder / "config.json").exists()


def _has_json(folder: Path) -> bool:
    return any(path.exists() for path in folder.glob("*.json"))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        return ""
