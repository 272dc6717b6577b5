"""What a picture of any program says of how it was made, as one plain value; every number and text in it is checked."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

LONGEST_TEXT = 1_000_000
"""Characters of one text that are read: a long ComfyUI graph has a tenth of it, and parsed it stays below 50 MB."""
LONGEST_PROMPT = 20_000
MOST_LORAS = 20


@dataclass(frozen=True, slots=True)
class FoundLora:
    """A LoRA by its file's name without suffix, how strongly it pulls, and the start of its hash where it is told."""

    name: str
    weight: float = 1.0
    hash: str = ""


@dataclass(frozen=True, slots=True)
class FoundRecipe:
    """One picture's recipe in the words of `program`; None and "" where it does not tell.

    `sampler` and `schedule` are as written there. `clip_skip` counts as A1111 does: 1 is the last layer. `refine` is the part
    of the drawing after which `refiner` goes on, `hd` says that it was enlarged with a second pass. `strength` is how far it
    moved from a picture that it began from. `others` names what else decided it and is not read further. `line` is the
    /imagine line itself, where the program writes one.
    """

    program: str
    prompt: str = ""
    negative_prompt: str = ""
    seed: int | None = None
    steps: int | None = None
    guidance: float | None = None
    sampler: str = ""
    schedule: str = ""
    width: int | None = None
    height: int | None = None
    model: str = ""
    model_hash: str = ""
    loras: tuple[FoundLora, ...] = ()
    clip_skip: int | None = None
    refiner: str = ""
    refine: float | None = None
    hd: bool = False
    strength: float | None = None
    others: tuple[str, ...] = ()
    line: str = ""


def make_found(program: str, **said: Any) -> FoundRecipe:
    """The recipe with these fields as far as they can be read: numbers may come as text, texts as numbers, anything as null."""
    fields: dict[str, Any] = {name: _READ[name](value) if name in _READ else text(value) for name, value in said.items()}
    return FoundRecipe(program, **fields)


def whole(value: Any) -> int | None:
    """A number without a fraction, also from "42" or 42.0; None for anything else."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    found = decimal(value)
    if isinstance(value, str) and re.fullmatch(r"\s*-?\d{1,30}\s*", value):
        return int(value)
    return int(found) if found is not None and found == int(found) else None


def decimal(value: Any) -> float | None:
    """A finite number, also from its text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def text(value: Any) -> str:
    """A text that UTF-8 can hold, line breaks as they are on Unix; "" for what is none. A number becomes its digits."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        value = f"{value:.12g}" if isinstance(value, float) else str(value)[:40] if abs(value) < 10**40 else ""
    if not isinstance(value, str):
        return ""
    plain = value[:LONGEST_PROMPT].replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    return plain.encode("utf-8", "replace").decode("utf-8").strip()


def stem(value: Any) -> str:
    """The name of a file without its folders and the suffix of weights: how people call a model."""
    name = re.split(r"[/\\]", text(value))[-1]
    return re.sub(r"\.(safetensors|ckpt|pt|pth|bin|gguf|sft)$", "", name, flags=re.IGNORECASE)[:200]


def loras(found: Iterable[tuple[Any, Any, Any]]) -> tuple[FoundLora, ...]:
    """LoRAs from (name, weight, hash), each name once, those without a name left out."""
    by_name: dict[str, FoundLora] = {}
    for name, weight, digest in found:
        strength = decimal(weight)
        if named := stem(name):
            by_name.setdefault(named, FoundLora(named, 1.0 if strength is None else strength, text(digest)[:80]))
    return tuple(by_name.values())[:MOST_LORAS]


def named(said: Mapping[str, Any], skip: Iterable[str] = ()) -> tuple[str, ...]:
    """What has no field of its own, as "Sharpness 2": for a person to read."""
    left_out = {name.lower() for name in skip}
    told = ((name, " ".join(text(value).split())) for name, value in said.items() if name.lower() not in left_out)
    return tuple(f"{name} {value}"[:80] for name, value in told if value and value != "None")[:20]


def size(value: Any) -> tuple[int | None, int | None]:
    """Width and height from "832x1216" or "(832, 1216)"."""
    found = re.fullmatch(r"\(?\s*(\d{1,5})\s*[x,]\s*(\d{1,5})\s*\)?", text(value))
    return (int(found[1]), int(found[2])) if found else (None, None)


def json_object(value: Any) -> dict[str, Any]:
    """The object that a text is in JSON (with the NaN that Python writes), {} where it is none or too much to read."""
    if not isinstance(value, str) or not value.lstrip().startswith("{") or len(value) > LONGEST_TEXT:
        return {}
    try:
        found = json.loads(value)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def entry(value: Any, *keys: str) -> Any:
    """What lies under these keys, one below the other; None where anything of it is missing or no object."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def items(value: Any) -> list[Any]:
    """A list as it is, anything else as an empty one."""
    return value if isinstance(value, list) else []


def _layer(value: Any) -> int | None:
    """A layer from the end, which several programs count below zero."""
    found = whole(value)
    return None if found is None else abs(found)


def _as_it_is(value: Any) -> Any:
    return value


_READ: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(("seed", "steps", "width", "height"), whole),
    "clip_skip": _layer,
    **dict.fromkeys(("guidance", "refine", "strength"), decimal),
    **dict.fromkeys(("model", "refiner"), stem),
    **dict.fromkeys(("loras", "others"), _as_it_is),
    "hd": bool,
}
