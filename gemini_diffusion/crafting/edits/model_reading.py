"""What a chat model makes of a message in one call: an answer, or what is to be drawn or changed, which our code checks.

What the model says is a proposal. It has to name the words of the message that ask for it, and its changes have to leave what
nobody named.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from gemini_diffusion.crafting.edits.change_list import ChangeList, own_part
from gemini_diffusion.crafting.edits.edit_words import pattern
from gemini_diffusion.crafting.lexicon import stem, words_in
from gemini_diffusion.crafting.prompt_text import PromptText
from gemini_diffusion.crafting.required_terms import QUOTE, find_required_terms
from gemini_diffusion.crafting.sanitize import sanitize

LONGEST_CHANGE = 200
MOST_CHANGES = 12
MOST_LOST = 0.5
"""The part of the person's own words that an edit may take; more is another picture."""


def _short(value: object) -> str:
    return str(value)[:4000] if isinstance(value, str) else ""


def _rows(value: object) -> list[Any]:
    return [row for row in value if isinstance(row, dict)][:MOST_CHANGES] if isinstance(value, list) else []


Text = Annotated[str, BeforeValidator(_short)]


class PromptChange(BaseModel):
    """Words of the prompt and what stands there instead."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    old: Text = ""
    new: Text = ""


class MessageReading(BaseModel):
    """What a chat model is asked for, in the order it is to write it, so that an answer can be shown as it grows."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    intent: Literal["talk", "draw", "edit", "ask"] = "talk"
    answer: Annotated[str, BeforeValidator(lambda value: value if isinstance(value, str) else "")] = ""
    asked_by: Text = ""
    idea: Text = ""
    picture: Annotated[int, BeforeValidator(lambda value: value if isinstance(value, int) and 0 <= value < 1000 else 0)] = 0
    changes: Annotated[list[PromptChange], BeforeValidator(_rows)] = []
    negative: Text = ""


def reading_schema() -> dict[str, Any]:
    """The reading as JSON Schema: every field asked for, no defaults."""
    text = {"type": "string"}
    pair: dict[str, Any] = {"old": text, "new": text}
    change = {"type": "object", "properties": pair, "required": list(pair), "additionalProperties": False}
    fields: dict[str, Any] = dict.fromkeys(MessageReading.model_fields, text)
    fields |= {
        "intent": {"type": "string", "enum": ["talk", "draw", "edit", "ask"]},
        "picture": {"type": "integer", "minimum": 0},
        "changes": {"type": "array", "items": change},
    }
    return {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}


def reading_instruction(pictures: Sequence[tuple[int, str]], selected: int) -> str:
    """What the model is told: its task, then the pictures by number and prompt as data."""
    listed = [{"picture": number, "prompt": prompt[:1500], "selected": number == selected} for number, prompt in pictures]
    task = Path(__file__).with_suffix(".md").read_text(encoding="utf-8").strip()
    return f"{task}\n\nPictures, as data:\n{json.dumps(listed, ensure_ascii=False)}"


def parse_reading(text: str) -> MessageReading:
    """The reading in an answer; what is no object by the schema is talk and means itself. Never raises."""
    start = text.find("{")
    try:
        return MessageReading.model_validate(json.JSONDecoder(strict=False).raw_decode(text, max(start, 0))[0])
    except (ValueError, ValidationError, RecursionError):
        return MessageReading(answer=text.strip() if start < 0 else "")


def is_asked(reading: MessageReading, message: str) -> bool:
    """Whether the words that are said to ask for it stand in the message, outside of quotations."""
    words = _own_words(reading.asked_by)
    return len(words) > 1 and words in _own_words(message)


def _own_words(text: str) -> str:
    """A text without what it quotes, which asks for nothing."""
    return " ".join(QUOTE.sub(" ", text).casefold().split())


def is_request(message: str) -> bool:
    """Whether a message holds a word that asks for something to be drawn or changed: what costs needs one."""
    return any(
        pattern(name).search(_own_words(message)) for name in ("change", "add", "remove", "replace", "drawing", "instead")
    )


def apply_reading(reading: MessageReading, before: ChangeList, message: str) -> ChangeList | None:
    """The prompt with the model's changes; None where they lose what nobody named, or change nothing."""
    after = before
    for change in reading.changes:
        new = sanitize(change.new, longest=LONGEST_CHANGE)
        after = after.replaced(change.old.strip(), new) if change.old.strip() else after.added(new) if new else after
    negative = sanitize(reading.negative, longest=LONGEST_CHANGE)
    after = after.without(negative) if negative else after
    changed = (after.prompt, after.negative_prompt) != (before.prompt, before.negative_prompt)
    return after if changed and after.prompt.strip() and not _loses(before.prompt, after.prompt, message) else None


def _loses(before: str, after: str, message: str) -> bool:
    """Whether the subject is gone that the message names no other for, or most of the person's own words."""
    own, shown, named = own_part(before), PromptText(after), find_required_terms(message)
    terms = [term for term in find_required_terms(own).terms if term.kind in ("noun", "colour", "name", "number", "quote")]
    lost = [term for term in terms if not term.stems & shown.shown and term.english.casefold() not in after.casefold()]
    said = {stem(word) for word in words_in(message)} | {root for term in named.terms for root in term.stems}
    unnamed = [term for term in lost if not term.stems & said]
    kinds = {term.kind for term in named.terms} | ({"noun"} if pattern("instead").search(message) else set())
    stolen = [term for term in unnamed if term.kind not in kinds and term.kind != "noun"]
    return bool(stolen) or (bool(terms) and len(unnamed) > MOST_LOST * len(terms))
