"""From a chat model's text to a validated answer, as far as it has come and whatever surrounds it; knows no request."""

from __future__ import annotations

import json
import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

Shape = Literal["auto", "1:1", "3:2", "2:3", "4:3", "3:4", "16:9", "9:16", "21:9"]
How = Literal["whole", "dug out", "cut", "prose"]
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)("?)', re.DOTALL)
_LONGEST_TEXT = 40_000
_SHAPES = ("1:1", "3:2", "2:3", "4:3", "3:4", "16:9", "9:16", "21:9")
_TALK = re.compile(
    r"^(?:sure|certainly|of course|here|okay|ok|i |i'|sorry|unfortunately|as an|error|traceback|http|note|thank|please|"
    r"the prompt|your prompt|prompt:)|\?\s*$|\b(?:error|exception|quota|api key|cannot|can't|unable|sorry|status \d{3})\b",
    re.IGNORECASE,
)


def _text(longest: int) -> BeforeValidator:
    return BeforeValidator(lambda value: str(value)[:longest] if isinstance(value, str | int | float) else "")


def _shape(value: object) -> str:
    return value if isinstance(value, str) and value in _SHAPES else "auto"


def _words(value: object) -> list[str]:
    return [part[:80] for part in value if isinstance(part, str)][:40] if isinstance(value, list) else []


class CraftAnswer(BaseModel):
    """What a chat model is asked for, in the order it is to write it; anything else it says is ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    title: Annotated[str, _text(80)] = ""
    prompt: Annotated[str, _text(4000)]
    negative_prompt: Annotated[str, _text(1000)] = ""
    style: Annotated[str, _text(40)] = ""
    aspect_ratio: Annotated[Shape, BeforeValidator(_shape)] = "auto"
    kept_terms: Annotated[list[str], BeforeValidator(_words)] = []
    added_terms: Annotated[list[str], BeforeValidator(_words)] = []
    reply: Annotated[str, _text(400)] = ""
    refusal: Annotated[str | None, BeforeValidator(lambda value: str(value)[:400] if value else None)] = None


def answer_schema() -> dict[str, Any]:
    """The answer as JSON Schema: flat, every field asked for, no defaults, which some services refuse."""
    fields: dict[str, Any] = CraftAnswer.model_json_schema()["properties"]
    plain = {name: {key: row[key] for key in ("type", "enum", "items") if key in row} for name, row in fields.items()}
    plain["refusal"] = {"type": ["string", "null"]}
    return {"type": "object", "properties": plain, "required": list(plain), "additionalProperties": False}


def partial_prompt(text: str, field: str = "prompt") -> str:
    """A string field of a JSON object that is still being written, as far as it has come; "" before its first letter."""
    return _field(text, field)[0]


def _field(text: str, field: str) -> tuple[str, bool]:
    """The field's text and whether its end was seen. A key counts only where a colon follows it."""
    place = max(text.find("{"), 0)
    while match := _STRING.search(text, place):
        after = text[match.end() :].lstrip()
        if match[2] and match[1] == field and after.startswith(":"):
            value = _STRING.match(after[1:].lstrip())
            return (_unescaped(value[1]), bool(value[2])) if value else ("", False)
        place = match.end()
    return "", False


def _unescaped(written: str) -> str:
    """The inside of a JSON string without an escape that is not yet whole."""
    whole = re.sub(r"(?<!\\)((?:\\\\)*)\\(?:u[0-9a-fA-F]{0,3})?$", r"\1", written)
    try:
        text = str(json.loads(f'"{whole}"', strict=False))
    except ValueError:
        text = whole.replace('\\"', '"').replace("\\n", " ").replace("\\\\", "\\")
    return "".join(char for char in text if not "\ud800" <= char <= "\udfff")


def parse_answer(text: str) -> tuple[CraftAnswer, How] | None:
    """The answer in a text and how it was found, None where there is none; never raises."""
    text = text[:_LONGEST_TEXT]
    try:
        return CraftAnswer.model_validate(json.loads(text, strict=False)), "whole"
    except (ValueError, ValidationError, RecursionError):
        return _dug_out(text) or _cut(text) or _prose(text)


def _dug_out(text: str) -> tuple[CraftAnswer, How] | None:
    """A whole object inside a fence or after a preamble."""
    decoder = json.JSONDecoder(strict=False)
    for match in list(re.finditer(r"\{", text))[:20]:
        try:
            return CraftAnswer.model_validate(decoder.raw_decode(text, match.start())[0]), "dug out"
        except (ValueError, ValidationError, RecursionError):
            continue
    return None


def _cut(text: str) -> tuple[CraftAnswer, How] | None:
    """The prompt of an object that breaks off, up to its last whole word."""
    if "{" not in text:
        return None
    prompt, ended = _field(text, "prompt")
    if not ended:
        prompt = re.sub(r"[\s,;]*\S*$", "", prompt)
    return (CraftAnswer(prompt=prompt, title=partial_prompt(text, "title")), "cut") if len(prompt.split()) >= 2 else None


def _prose(text: str) -> tuple[CraftAnswer, How] | None:
    """A bare paragraph that could be a prompt: no talk, no complaint, no question; whether it is one, the contract says."""
    plain = text.strip().strip('"')
    if "{" in plain or "\n\n" in plain or not 3 <= len(plain.split()) <= 120 or _TALK.search(plain):
        return None
    return CraftAnswer(prompt=plain), "prose"
