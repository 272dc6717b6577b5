"""From a chat model's text to a validated answer, as far as it has come and whatever surrounds it; knows no request."""

from __future__ import annotations

import json
import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

Shape = Literal["auto", "1:1", "3:2", "2:3", "4:3", "3:4", "16:9", "9:16", "21:9"]
How = Literal["whole", "dug out", "cut", "prose"]
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)("?)(\s*:\s*(?="))?', re.DOTALL)
_LONGEST_TEXT = 40_000
_MOST_PAIRS = 60
_SHAPES = ("1:1", "3:2", "2:3", "4:3", "3:4", "16:9", "9:16", "21:9")
_TALK = re.compile(
    r"^(?:sure|certainly|of course|here|okay|ok|i |i'|sorry|unfortunately|as an|error|traceback|http|note|thank|please|"
    r"the prompt|your prompt|prompt:)|\?\s*$|\b(?:error|exception|quota|api key|cannot|can't|unable|sorry|status \d{3})\b",
    re.IGNORECASE,
)
_COMPLAINT = re.compile(
    r"^\W*(?:i(?:'m| am)? (?:sorry|afraid|unable|not able|can(?:no|')t|won't|will not|must decline|apologi[sz]e)|sorry|"
    r"unfortunately,? i|as an ai|(?:my )?apologies|this (?:request|prompt|content) (?:violates|can(?:no|')t|is not allowed)|"
    r"(?:the )?request (?:was )?(?:blocked|refused|denied|failed)|"
    r"(?:http |server |internal |api )*(?:error|exception|traceback)\b\W*(?:\d|$|:|code|occurred|while|in )|"
    r"\d{3} (?:too many|internal|bad|service|unauthorized|forbidden|not found)|(?:quota|rate limit) exceeded|"
    r"resource.?exhausted|lo siento|no puedo|desculpe|não posso|je suis désolé|désolé|je ne peux pas|es tut mir leid|"
    r"ich kann (?:das|dir|diese|leider)|mi dispiace|non posso|извините|я не могу|죄송|申し訳|すみません|抱歉|对不起|عذرا|آسف|"
    r"(?:null|none|n/?a|undefined)$|\{)",
    re.IGNORECASE,
)


def _text(longest: int) -> BeforeValidator:
    return BeforeValidator(lambda value: str(value)[:longest] if isinstance(value, str | int | float) else "")


def _shape(value: object) -> str:
    return value if isinstance(value, str) and value in _SHAPES else "auto"


def _pairs(value: object) -> list[dict[str, str]]:
    """As many pairs as can be read, whatever else stands among them."""
    rows = [row for row in value if isinstance(row, dict)][:_MOST_PAIRS] if isinstance(value, list) else []
    read = ({key: row.get(key) for key in ("said", "english")} for row in rows)
    return [{key: text[:200] for key, text in row.items() if isinstance(text, str)} for row in read if None not in row.values()]


class KeptPair(BaseModel):
    """What the chat model says it kept: words of the request to the letter, and the English words for them."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    said: str = ""
    english: str = ""


class CraftAnswer(BaseModel):
    """What a chat model is asked for, in the order it is to write it; anything else it says is ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    title: Annotated[str, _text(80)] = ""
    prompt: Annotated[str, _text(4000)]
    negative_prompt: Annotated[str, _text(1000)] = ""
    style: Annotated[str, _text(40)] = ""
    aspect_ratio: Annotated[Shape, BeforeValidator(_shape)] = "auto"
    kept: Annotated[list[KeptPair], BeforeValidator(_pairs)] = []
    reply: Annotated[str, _text(400)] = ""
    refusal: Annotated[str | None, BeforeValidator(lambda value: str(value)[:400] if value else None)] = None


def answer_schema() -> dict[str, Any]:
    """The answer as JSON Schema: every field asked for, no defaults, which some services refuse."""
    fields: dict[str, Any] = CraftAnswer.model_json_schema()["properties"]
    plain = {name: {key: row[key] for key in ("type", "enum", "items") if key in row} for name, row in fields.items()}
    pair: dict[str, Any] = {name: {"type": "string"} for name in KeptPair.model_fields}
    plain["kept"] = {
        "type": "array",
        "items": {"type": "object", "properties": pair, "required": list(pair), "additionalProperties": False},
    }
    plain["refusal"] = {"type": ["string", "null"]}
    return {"type": "object", "properties": plain, "required": list(plain), "additionalProperties": False}


def is_complaint(prompt: str) -> bool:
    """Whether what stands in the prompt's field is a refusal or an error, and nothing to be drawn."""
    return bool(_COMPLAINT.search(prompt.replace("\u2019", "'")))


def partial_prompt(text: str, field: str = "prompt") -> str:
    """A string field of a JSON object that is still being written, as far as it has come; "" before its first letter."""
    return _field(text, field)[0]


def _field(text: str, field: str) -> tuple[str, bool]:
    """The field's text and whether its end was seen. A key counts only where a colon follows it."""
    is_value = False
    for match in _STRING.finditer(text, max(text.find("{"), 0)):
        if is_value:
            return _unescaped(match[1]), bool(match[2])
        is_value = bool(match[3]) and match[1] == field
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
