"""Where the models on this machine's disk lie, so that no picture says it: there a model is named by its file and its hash."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import threading
from dataclasses import dataclass
from pathlib import Path

from gemini_diffusion.storage.files import write_atomically
from gemini_diffusion.types import Recipe
from gemini_diffusion.types.errors import GeminiDiffusionError

NAME = "model_places.json"
WEIGHTS = ".safetensors"
MOST = 500
"""Models that are remembered; the oldest is forgotten."""
_AS_WRITTEN = 10
"""Digits of a SHA-256 by which other programs know a model."""


@dataclass(frozen=True, slots=True)
class ModelPlace:
    """A file or folder; `hash` is of a file's content as it was with that size and time of change, "" for a folder."""

    name: str
    path: str
    size: int = 0
    changed: int = 0
    hash: str = ""


class ModelPlaces:
    """Those noted in the data folder `home`. Its methods read and write files."""

    def __init__(self, home: Path) -> None:
        self._file = home / NAME
        self._noting = threading.Lock()
        self._seen: tuple[int, tuple[ModelPlace, ...]] = (0, ())

    def note(self, model: str) -> str:
        """Remembers where a model lies; the digits of its hash, "" for a folder and for what is no place on a disk.

        A file is read whole the first time, which takes seconds.
        """
        if not Path(model).is_absolute() or not Path(model).exists():
            return ""
        path = Path(model)
        with self._noting, contextlib.suppress(OSError, GeminiDiffusionError):
            seen = path.stat()
            size, changed = (seen.st_size, seen.st_mtime_ns) if path.is_file() else (0, 0)
            places = self._read()
            known = next((each for each in places if (each.path, each.size, each.changed) == (model, size, changed)), None)
            if known is None:
                digest = _digest(path) if path.is_file() else ""
                known = ModelPlace(path.name, model, size, changed, digest)
                rows = [dataclasses.asdict(each) for each in (*(each for each in places if each.path != model), known)[-MOST:]]
                write_atomically(self._file, json.dumps(rows, indent=1).encode("ascii"))
            return known.hash
        return ""

    def find(self, name: str, digest: str = "") -> str:
        """The path of the model of that name, the one with the hash where several have it; "" where none is there any more."""
        here = [each for each in self._read() if each.name == name and Path(each.path).exists()]
        same = [each for each in here if digest and each.hash[:_AS_WRITTEN] == digest[:_AS_WRITTEN]]
        unlike = [each for each in here if not (digest and each.hash)]
        found = (same or unlike)[-1:]
        return found[0].path if found else ""

    def locate(self, asked: str | None, chosen: str) -> str:
        """What to draw with: the model asked for, else the chosen one; a file that is named alone by where it lies."""
        if not asked or "/" in asked or not asked.lower().endswith(WEIGHTS):
            return asked or chosen
        return chosen if Path(chosen).name == asked else self.find(asked) or asked

    def located(self, recipe: Recipe) -> Recipe:
        """A recipe that was read from a file, with the place of its model where that is known here."""
        path = "" if "/" in recipe.model else self.find(recipe.model, recipe.hashes.get(recipe.model, ""))
        return recipe.with_model(path) if path else recipe

    def _read(self) -> tuple[ModelPlace, ...]:
        """What is noted; read again only when the file has changed, since every picture is asked about."""
        try:
            stamp = self._file.stat().st_mtime_ns
            if self._seen[0] != stamp:
                self._seen = stamp, tuple(ModelPlace(**row) for row in json.loads(self._file.read_text("ascii")))
        except (OSError, ValueError, TypeError):
            return ()
        return self._seen[1]


def _digest(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()[:_AS_WRITTEN]
