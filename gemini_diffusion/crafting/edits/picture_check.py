"""Whether a picture shows what was asked of it: the things to look for, and what a model that sees says of each.

What the model says is shown and never acted on: an edit that puts right what is missing is only offered.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from gemini_diffusion.crafting.edits.change_list import ChangeList
from gemini_diffusion.crafting.required_terms import find_required_terms
from gemini_diffusion.crafting.terms import Term
from gemini_diffusion.types import CraftedPrompt
from gemini_diffusion.types.prompt_weights import strip_weights

MOST_ITEMS = 24
LONGEST_READ = 2000
"""Characters of a prompt that are read for what to look for."""
LONGEST_PLACE = 80
WEIGHT = 1.3
"""What is not seen counts so much more when it is drawn again."""
_STRESSED = re.compile(r"\(([^():]{1,80}):(\d(?:\.\d+)?)\)|no ([^(),:]{1,80})")


@dataclass(frozen=True, slots=True)
class CheckedItem:
    """One thing that was asked for: `seen` is None where the model says nothing of it; `where` is in the model's words."""

    text: str
    seen: bool | None
    where: str = ""

    def __str__(self) -> str:
        said = {True: "seen", False: "not seen", None: "cannot be told"}[self.seen]
        return f"- **{self.text}**: {said}{f', {self.where}' if self.seen and self.where else ''}"


def kept_items(crafted: CraftedPrompt, prompt: str) -> tuple[str, ...]:
    """What a picture was to show of the person's own words in its prompt, of which `crafted` tells whose each is."""
    own = "".join(part.text for part in crafted.parts if part.source in ("yours", "changed")) or prompt
    terms = find_required_terms(strip_weights(own)[:LONGEST_READ]).terms
    return tuple(dict.fromkeys(_items(terms)))[:MOST_ITEMS]


def _items(terms: Sequence[Term]) -> Iterator[str]:
    """A colour or a number with the thing it belongs to, every other thing by itself, what is ruled out last."""
    described = [term for term in terms if term.kind in ("colour", "number") and ":" not in term.value]
    for term in described:
        noun = next((other.english for other in terms if other.kind == "noun" and other.stems & term.of), "")
        yield f"{term.english} {noun}".strip()
    of = frozenset[str]().union(*(term.of for term in described))
    for term in terms:
        if term.kind in ("name", "side", "word") or (term.kind == "noun" and not term.stems & of):
            yield term.english
        elif term.kind == "quote":
            yield f'the words "{term.english}"'
    yield from (f"no {term.english}" for term in terms if term.kind == "negation" and term.english)


def check_schema() -> dict[str, Any]:
    """The answer as JSON Schema: one entry for each numbered thing."""
    fields: dict[str, Any] = {"item": {"type": "integer"}, "seen": {"type": "boolean"}, "where": {"type": "string"}}
    entry = {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}
    items = {"items": {"type": "array", "items": entry}}
    return {"type": "object", "properties": items, "required": ["items"], "additionalProperties": False}


def check_question(items: Sequence[str]) -> str:
    """What the model is asked: the things by number, as data."""
    return json.dumps([{"item": number, "thing": item} for number, item in enumerate(items, 1)], ensure_ascii=False)


def parse_check(text: str, items: Sequence[str]) -> tuple[CheckedItem, ...]:
    """What an answer says of each item; () where it says nothing of any. Never raises."""
    try:
        read = json.JSONDecoder(strict=False).raw_decode(text, max(text.find("{"), 0))[0]
    except (ValueError, RecursionError):
        return ()
    rows = read.get("items") if isinstance(read, dict) else None
    entries = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    told = {row.get("item"): row for row in entries if isinstance(row.get("seen"), bool) and type(row.get("item")) is int}
    checked = (_checked(item, told.get(number, {})) for number, item in enumerate(items, 1))
    return tuple(checked) if told.keys() & set(range(1, len(items) + 1)) else ()


def _checked(item: str, row: dict[str, Any]) -> CheckedItem:
    where = row.get("where")
    said = " ".join(where.split())[:LONGEST_PLACE].strip(" .") if isinstance(where, str) else ""
    return CheckedItem(item, row.get("seen"), said)


def mending_line(checked: Sequence[CheckedItem]) -> str:
    """The edit that puts right what is not seen, "" where nothing is missing: "/edit (red hat:1.3), no people"."""
    missing = [item.text for item in checked if item.seen is False]
    plain = [re.sub(r'[():"]', "", item.removeprefix("the words ")).strip() for item in missing]
    said = ", ".join(item if item.startswith("no ") else f"({item}:{WEIGHT})" for item in plain if item)
    return f"/edit {said}" if said else ""


def stress(text: str, before: ChangeList) -> ChangeList | None:
    """The change list of a text that only gives words of the prompt more weight or rules things out; None for any other."""
    parts = [part.strip() for part in text.split(",")]
    marks = [_STRESSED.fullmatch(part) for part in parts]
    if not all(marks) or not any(mark and mark[1] for mark in marks):
        return None
    after = before
    for mark in marks:
        if mark:
            after = after.without(mark[3]) if mark[3] else after.weighed(mark[1].strip(), mark[2])
    return after
