"""What a program asks of OpenAI's images API, read as the command that a person would type; draws nothing."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gemini_diffusion import commands
from gemini_diffusion.commands import Flags, Imagine, Unknown, Usage
from gemini_diffusion.commands.flags import flag_named
from gemini_diffusion.generation.error_messages import nothing_to_draw
from gemini_diffusion.generation.turn.dispatch import refuse_text
from gemini_diffusion.types import Aspect
from gemini_diffusion.types.errors import BadInput
from gemini_diffusion.types.prompt_phrases import split_phrases

MOST_PARTIALS = 3
_SIZE = re.compile(r"(\d{1,5})\s*[xX*]\s*(\d{1,5})")
_OF_OPENAI = re.compile(r"(dall-e|gpt|chatgpt|o\d)\b", re.IGNORECASE)
"""Names that programs send because they know no other: whoever is set up here is meant."""
_NUMBERS = {
    "count": (("n",), "n"),
    "steps": (("steps", "num_inference_steps"), "steps"),
    "cfg": (("guidance", "guidance_scale", "cfg_scale", "cfg"), "cfg"),
    "strength": (("strength",), "strength"),
}
"""A field of Flags: what programs call it, and the flag whose range it has."""
_READ = {
    "prompt", "model", "size", "seed", "negative_prompt", "response_format", "stream", "partial_images", "user",
    "safety_identifier", "width", "height", "image", "image[]", "mask",
    *(name for names, _ in _NUMBERS.values() for name in names),
}  # fmt: skip
_USUAL = ("auto", "png", "opaque", "100", "standard", "1024x1024", "")
"""Values of other fields that ask for nothing that would not be so anyway."""


@dataclass(frozen=True, slots=True)
class PictureCall:
    """A program's request: `by_address` wants a picture's address in place of its bytes, `ignored` names what had no effect."""

    command: Imagine
    by_address: bool = False
    streamed: bool = False
    partials: int = 0
    ignored: tuple[str, ...] = ()


def read_call(fields: Mapping[str, Any]) -> PictureCall:
    """The request in the fields of a body or a form. Raises BadInput for what cannot be meant."""
    given = {name: value for name, value in fields.items() if value is not None}
    prompt = given.get("prompt")
    if not isinstance(prompt, str) or not prompt.strip():
        raise nothing_to_draw(())
    refuse_text(prompt)
    command = commands.read(commands.as_line(prompt))
    if isinstance(command, Unknown):
        raise BadInput(command.text)
    if not isinstance(command, Imagine):
        raise nothing_to_draw(command.notices if isinstance(command, Usage) else ())
    return PictureCall(
        dataclasses.replace(command, flags=_flags(command.flags, given)),
        by_address=given.get("response_format") == "url",
        streamed=_is_on(given.get("stream")),
        partials=min(MOST_PARTIALS, int(_number(given, ("partial_images",), (0, MOST_PARTIALS)) or 0)),
        ignored=tuple(name for name in given if name not in _READ and str(given[name]) not in _USUAL),
    )


def chosen_model(value: Any) -> str:
    """The model that is asked for, "" where the choice is left to us."""
    name = value.strip() if isinstance(value, str) else ""
    return "" if name.lower() in ("", "auto") or _OF_OPENAI.match(name) else name


def _flags(flags: Flags, given: Mapping[str, Any]) -> Flags:
    """The flags of the prompt, over them what the fields say."""
    said: dict[str, Any] = {}
    for field, (names, flag) in _NUMBERS.items():
        row = flag_named(flag)
        value = _number(given, names, (row.low, row.high))
        said[field] = int(value) if value is not None and row.kind == "whole" else value
    seed = _number(given, ("seed",), (-1, 2**32 - 1))
    said["seed"] = int(seed) if seed is not None and seed >= 0 else None
    said["model"] = chosen_model(given.get("model")) or None
    said["aspect"] = _aspect(given.get("size", _of_sides(given.get("width"), given.get("height"))))
    said["negative"] = split_phrases(str(given.get("negative_prompt", ""))) or None
    return dataclasses.replace(flags, **{name: value for name, value in said.items() if value is not None})


def _number(given: Mapping[str, Any], names: tuple[str, ...], span: tuple[float, float]) -> float | None:
    """The first of these fields that is there, as a number within its span. Raises BadInput."""
    name = next((name for name in names if given.get(name) not in (None, "")), "")
    if not name:
        return None
    try:
        value = float(given[name])
    except (TypeError, ValueError):
        value = math.nan
    if not span[0] <= value <= span[1]:
        raise BadInput(f"{name} cannot be {str(given[name])[:40]!r}.", f"Use a number from {span[0]:,.9g} to {span[1]:,.9g}.")
    return value


def _aspect(size: Any) -> Aspect | None:
    """The shape that a size has; each model draws in its own nearest one."""
    if size in (None, "", "auto"):
        return None
    found = _SIZE.fullmatch(str(size).strip())
    width, height = (int(found[1]), int(found[2])) if found else (0, 0)
    if not (width and height):
        raise BadInput(f"size cannot be {str(size)[:40]!r}.", "Write it as 1024x1024, or auto.")
    common = math.gcd(width, height)
    return Aspect(width // common, height // common)


def _of_sides(width: Any, height: Any) -> str:
    return f"{width}x{height}" if width and height else ""


def _is_on(value: Any) -> bool:
    return value is True or str(value).lower() in ("true", "1")
