"""Requests built from a form: what a pet's and a person's are made of, from one table, and the words that come of it."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from gemini_diffusion.types.errors import BadInput

LONGEST_CHOICE = 200
MOST_PICTURES = 4
"""Different people at once."""


@cache
def builders() -> Mapping[str, Any]:
    """The table as it stands; package data that never changes while the program runs."""
    table: dict[str, Any] = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
    return table


def compose(kind: str, chosen: Mapping[str, str], pictures: int = 1, chance: random.Random | None = None) -> str:
    """The line that asks for what was chosen or written, in the order of the form, every word of it as it stands there.

    Of several pictures of somebody left open each shows somebody else, spelled out. Raises BadInput where nothing is chosen.
    """
    form = builders().get(kind)
    said = {name: " ".join(words.split())[:LONGEST_CHOICE] for name, words in chosen.items()}
    if form is None or not any(said.values()):
        raise BadInput("Nothing is chosen yet.", "Choose or write at least one thing.")
    subject = _animal(said) if kind == "pet" else said.get("person", "")
    if not subject and form.get("varied"):
        subject = _anybody(form["anybody"], min(max(pictures, 1), MOST_PICTURES), chance or random.Random())
    rest = [said.get(field["name"], "") for field in form["fields"] if field["name"] not in ("species", "breed", "person")]
    return f"/imagine {form['opening']} {' '.join(filter(None, [subject, *rest]))}"


def _animal(said: Mapping[str, str]) -> str:
    words = " ".join(filter(None, [said.get("breed", ""), said.get("species", "")])) or "pet"
    led = words.lower().split()[0] in ("a", "an", "the", "one", "two", "three", "my")
    return words if led else f"a{'n' if words[0].lower() in 'aeio' else ''} {words}"


def _anybody(people: list[str], pictures: int, chance: random.Random) -> str:
    """One of them, or as many as there are pictures as choices of the line."""
    drawn = chance.sample(people, pictures)
    return drawn[0] if pictures == 1 else f"{{{', '.join(drawn)}}}"
