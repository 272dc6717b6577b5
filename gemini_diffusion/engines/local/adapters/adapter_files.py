"""LoRAs and textual inversions on the disk: which there are, for which models, and what they answer to; loads no weights."""

from __future__ import annotations

import difflib
import functools
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from gemini_diffusion.engines.local.adapters.adapter_header import (
    Matrix,
    bundled_words,
    inversion_vectors,
    read_adapter_header,
    read_matrices,
)
from gemini_diffusion.engines.local.adapters.hub_id import is_hub_id, is_meant, one_of, repository_of
from gemini_diffusion.engines.models import ImageModel
from gemini_diffusion.engines.models.detect import text_width
from gemini_diffusion.engines.models.entry import WEIGHTS
from gemini_diffusion.engines.models.safetensors_header import Shapes
from gemini_diffusion.types.errors import BadInput, ModelNotFound

Kind = Literal["LoRA", "textual inversion"]
FOLDER = "adapters"
"""The folder in the data folder into which a person puts files."""
LARGEST_HASHED = 500_000_000
"""Bytes of a file that is read once more for its hash: about a second."""
UNSAFE = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle")
FAMILIES = {768: "sd15", 1024: "sd2", 1280: "sdxl refiner", 2048: "sdxl", 160: "postcard"}
"""What a model is by the numbers a word has for its UNet: the width of its text, which no two of these share."""
LABELS = {
    "sd15": "Stable Diffusion 1.5", "sd2": "Stable Diffusion 2", "sdxl": "SDXL", "sdxl refiner": "the SDXL refiner",
    "postcard": "Postcard", "flux": "FLUX", "sd3": "Stable Diffusion 3", "other": "another kind of model",
}  # fmt: skip
"""Families as a person calls them."""
FOREIGN = {"double_blocks": "flux", "single_transformer_blocks": "flux", "single_blocks": "flux", "joint_blocks": "sd3",
           "add_k_proj": "sd3", "lora_transformer_": "other", "transformer.": "other", "diffusion_model.": "other"}  # fmt: skip
"""Names of layers that only models without a UNet have."""
TRIGGERS = ("modelspec.trigger_phrase", "trigger_phrase", "trigger_words", "trigger_word")
ANOTHER = "Choose one that was made for this model, or the model it was made for."
_READS_TEXT = re.compile(r"_attn2_to_[kv]$")


@dataclass(frozen=True, slots=True)
class AdapterFile:
    """What the header of a file says: `width` is the length of a word's vector it was made for, 0 where it does not tell.

    `family` is "" where the width is no known one's. `size` is in bytes. `own_words` come with a LoRA and are not used here.
    `problem` says why the file cannot be used, `hash` is what its trainer noted of its tensors.
    """

    name: str
    path: Path
    kind: Kind = "LoRA"
    family: str = ""
    width: int = 0
    trigger_words: tuple[str, ...] = ()
    size: int = 0
    own_words: tuple[str, ...] = ()
    problem: str = ""
    hash: str = ""

    @property
    def token(self) -> str:
        """What stands in a prompt for a textual inversion."""
        return f"<{self.name.lower()}>"


@dataclass(frozen=True, slots=True)
class AdapterFolder:
    """Where adapters lie: `folder` is the person's own, `hub` the cache of what was fetched from the hub."""

    folder: Path
    hub: Path

    def files(self) -> list[AdapterFile]:
        """Every file in the folder and below that looks like an adapter, by name; those that cannot be used with the reason."""
        return [_listed(path) for path in self._paths()]

    def find(self, name: str) -> AdapterFile:
        """The file of this name in any case, with its folders before it or without, or of this hub id.

        Raises ModelNotFound with the nearest name there is, BadInput with the reason where it cannot be used.
        """
        name, paths = name.strip(), self._paths()
        named = [path for path in paths if name.lower() in self._names(path)]
        if not named and self._is_elsewhere(name):
            return self._fetched(name)
        if not named:
            near = difflib.get_close_matches(name.lower(), [path.stem.lower() for path in paths], n=1, cutoff=0.5)
            hint = f"Did you mean {near[0]}?" if near else f"Put its {WEIGHTS} file into {FOLDER} in the data folder."
            raise ModelNotFound(f"There is no LoRA or textual inversion called {name[:80]} here.", hint)
        return read_adapter(min(named, key=lambda path: path.suffix.lower() != WEIGHTS))

    def lacks(self, name: str) -> bool:
        """Whether this is a hub id of which nothing is here, so that it could be fetched."""
        name = name.strip()
        here = any(name.lower() in self._names(path) for path in self._paths())
        return not here and self._is_elsewhere(name) and not self._kept(name)

    def _is_elsewhere(self, name: str) -> bool:
        """Whether a name that no file here has is a hub id; it is none where it begins with a folder that is here."""
        return is_hub_id(name) and not (self.folder / name.partition("/")[0]).is_dir()

    def _paths(self) -> list[Path]:
        found = [path for path in self.folder.rglob("*") if path.suffix.lower() in (WEIGHTS, *UNSAFE) and path.is_file()]
        return sorted(found, key=lambda path: (path.stem.lower(), str(path)))

    def _names(self, path: Path) -> set[str]:
        own = path.relative_to(self.folder)
        return {known.lower() for known in (own.stem, own.name, own.with_suffix("").as_posix(), own.as_posix())}

    def _fetched(self, hub_id: str) -> AdapterFile:
        """The file of a repository in the hub's cache, `owner/name` or `owner/name/file.safetensors`; nothing is fetched."""
        repository, kept = repository_of(hub_id), self._kept(hub_id)
        if not kept:
            raise ModelNotFound(
                f"{hub_id[:120]} is not on this machine.",
                f"Put its {WEIGHTS} file from https://huggingface.co/{repository} into {FOLDER} in the data folder.",
            )
        path = kept[one_of(hub_id, list(kept))]
        return replace(read_adapter(path), name=path.stem if hub_id != repository else repository.partition("/")[2])

    def _kept(self, hub_id: str) -> dict[str, Path]:
        """What the hub's cache has of a repository that may be meant, by its name there."""
        owner, _, name = repository_of(hub_id).partition("/")
        snapshots = sorted((self.hub / f"models--{owner}--{name}" / "snapshots").glob("*"))
        found = {path.relative_to(place).as_posix(): path for place in snapshots for path in place.rglob(f"*{WEIGHTS}")}
        return {file: path for file, path in found.items() if is_meant(hub_id, file)}


def width_of(entry: ImageModel, place: Path | None) -> int:
    """How many numbers a word has for a model, 0 where that is only known once it is here; `place` is None until then."""
    if place:
        return text_width(place)
    return next((width for width, family in FAMILIES.items() if family == entry.family and entry.download_bytes), 0)


def refuse_others(file: AdapterFile, width: int) -> None:
    """Raises BadInput, in words, for a file made for another family than the model whose words have `width` numbers."""
    if (file.width and width and file.width != width) or file.family in ("flux", "sd3", "other"):
        raise BadInput(
            f"{file.name} was made for {_called(file.family, file.width)}, and this model is {_called('', width)}.", ANOTHER
        )


def read_adapter(path: Path) -> AdapterFile:
    """The file at `path` by its header. Raises BadInput with the reason where it is nothing that can be used."""
    shapes, metadata = read_adapter_header(path)
    size = path.stat().st_size
    if vectors := inversion_vectors(shapes):
        width = sum(shapes[key][-1] for key in vectors)
        return AdapterFile(path.stem, path, "textual inversion", FAMILIES.get(width, ""), width, (), size)
    if family := _without_unet(shapes):  # its names are others, and what matters is that it was made for another model
        return AdapterFile(path.stem, path, "LoRA", family, 0, _trigger_words(metadata), size)
    width = _text_width(list(read_matrices(path.stem, shapes)))
    words = tuple(bundled_words(shapes))
    digest = metadata.get("sshs_model_hash", "").lower()
    return AdapterFile(
        path.stem, path, "LoRA", FAMILIES.get(width, ""), width, _trigger_words(metadata), size, words, hash=digest
    )  # fmt: skip


def short_hash(file: AdapterFile) -> str:
    """The twelve digits by which other programs know a LoRA: noted in it, or of its tensors; "" for a very large one."""
    if file.kind != "LoRA" or file.size > LARGEST_HASHED:
        return file.hash[:12]
    return (file.hash or _tensor_hash(file.path, file.path.stat().st_mtime_ns))[:12]


@functools.lru_cache(64)
def _tensor_hash(path: Path, changed: int) -> str:
    with path.open("rb") as content:
        content.seek(8 + int.from_bytes(content.read(8), "little"))
        return hashlib.file_digest(content, "sha256").hexdigest()


def _listed(path: Path) -> AdapterFile:
    try:
        return read_adapter(path)
    except BadInput as error:
        return AdapterFile(path.stem, path, size=path.stat().st_size, problem=str(error))


def _without_unet(shapes: Shapes) -> str:
    """The family of a model without a UNet, by the names of layers that only it has; "" for any other."""
    marks = (family for key in shapes for mark, family in FOREIGN.items() if _is_marked(key, mark))
    return next(marks, "")


def _is_marked(key: str, mark: str) -> bool:
    return key.startswith(mark) or ("." not in mark and mark in key)


def _text_width(matrices: Sequence[Matrix]) -> int:
    """The width of the text that the cross-attention reads, 0 where it does not tell."""
    read_from = {m.shape[1] for m in matrices if m.role == "down" and m.part == "unet" and _READS_TEXT.search(m.layer)}
    return read_from.pop() if len(read_from) == 1 else 0


def _trigger_words(metadata: Mapping[str, str]) -> tuple[str, ...]:
    """What the file says must stand in a prompt: its own word for it, or else the tag that stood in most captions of all."""
    said = next((metadata[name] for name in TRIGGERS if metadata.get(name, "").strip()), "")
    words = re.split(r"[,\n]", said) if said else _commonest_tags(metadata.get("ss_tag_frequency", ""))
    return tuple(dict.fromkeys(word for word in (" ".join(word.split())[:80] for word in words) if word))


def _commonest_tags(text: str) -> list[str]:
    """The tag of each folder of training pictures that stood in more captions than any other: none where several share that."""
    try:
        folders = json.loads(text)
        ranked = [sorted(tags.items(), key=lambda tag: -tag[1]) for tags in folders.values()]
    except (ValueError, AttributeError, TypeError):
        return []  # a file's own notes are a help, not a promise
    return [tags[0][0] for tags in ranked if tags and (len(tags) == 1 or tags[0][1] > tags[1][1])]


def _called(family: str, width: int) -> str:
    label = LABELS.get(family or FAMILIES.get(width, ""), "a model of its own kind")
    return f"{label} (a word has {width:,} numbers there)" if width else label
