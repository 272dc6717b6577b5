"""What a request in one of ten languages asks to keep, through the tables; knows no prompt."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from gemini_diffusion.crafting.items import Item
from gemini_diffusion.crafting.languages import BY_SCRIPT
from gemini_diffusion.crafting.sides import Mark, colours_apart, sides_of
from gemini_diffusion.crafting.terms import Term, denial_term, name_term, number_term, side_terms


def foreign_terms(items: Sequence[Item], code: str, text: str) -> Iterator[Term]:
    """Terms through the table; a colour or number belongs to the thing beside it, on the side the language puts it."""
    for place, item in enumerate(items):
        word, kind = item.word, item.word.kind if item.word else ""
        if kind == "thing" and place + 1 < len(items) and items[place + 1].said == item.said and _is_thing(items[place + 1]):
            continue  # the first half of a compound
        if item.negated:
            yield denial_term(word.english if word else "", item.said)
        elif item.number is not None:
            behind = code in ("ko", "ja") and place > 0 and _is_thing(items[place - 1])
            of = _noun_by(items, place, -1 if behind else 1)
            yield replace(number_term(str(item.number), word, of), said=item.said)
        elif word and kind == "colour":
            step = -1 if code in ("es", "pt", "fr", "it", "ar") else 1
            yield Term("colour", item.said, word.english, word.accepted, _noun_by(items, place, step), near=word.near)
        elif word and kind in ("thing", "place", "time", "medium", "name"):
            yield Term("name" if kind == "name" else "noun", item.said, word.english, word.accepted)
        elif ":" in item.said and item.said[0].isdigit():
            yield number_term(item.said, None, frozenset())
    yield from _foreign_names(items, code, text)
    yield from side_terms(sides_of(_foreign_marks(items, ("thing", "place"))))
    yield from side_terms(colours_apart(_foreign_marks(items, ("colour",))))


def _is_thing(item: Item) -> bool:
    return item.word is not None and item.word.kind == "thing" and not item.negated


def _foreign_marks(items: Sequence[Item], kinds: Sequence[str]) -> Iterator[Mark]:
    for item in items:
        if item.side:
            yield Mark("side", item.side)
        elif item.is_break:
            yield Mark("end")
        elif item.word and item.word.kind in kinds and not item.negated:
            yield Mark("thing", item.word.english)


def _foreign_names(items: Sequence[Item], code: str, text: str) -> Iterator[Term]:
    """Names in Latin letters; words in a row are one name, honoured by any of them: Nueva York is New York."""
    row: list[str] = []
    for place, item in enumerate([*items, Item(".")]):
        if not item.word and not item.negated and not item.side and _is_foreign_name(item, place, items, code):
            row.append(item.said)
        elif row and code == "de" and re.search(rf"\bein(?:e[nmrs]?)?\s+{re.escape(row[0])}\b", text, re.IGNORECASE):
            row = []  # "ein Schwarm Stare" are nouns
        elif row:
            found = re.search(r"\s+(?:\w{1,3}\s+)?".join(map(re.escape, row)), text)
            yield replace(name_term(row, sure=False), english=found[0] if found else " ".join(row))
            row = []


def _noun_by(items: Sequence[Item], place: int, step: int) -> frozenset[str]:
    """The stems of the thing next to an item on the side `step`, else on the other, qualities skipped; empty where a word
    that the tables do not know could be that thing.
    """
    for side in (step, -step):
        other = place + side
        while 0 <= other < len(items) and not items[other].negated:
            item = items[other]
            if item.word and item.word.kind in ("thing", "place"):
                return item.word.accepted
            if item.word is None and item.number is None and not item.is_break and not item.side:
                return frozenset()
            if not (item.word and item.word.kind in ("colour", "look", "number")) and item.number is None:
                break
            other += side
    return frozenset()


def _is_foreign_name(item: Item, place: int, items: Sequence[Item], code: str) -> bool:
    """A capital in mid-sentence; in German two in a row; in a script without capitals any word in Latin letters."""
    if not item.said[:1].isalpha() or item.said[0] >= "\u0370" or item.said.isupper():
        return False
    if code in BY_SCRIPT:
        return len(item.said) > 1 and item.said[0].isupper()
    beside = [items[other] for other in (place - 1, place + 1) if 0 <= other < len(items)]
    in_a_row = any(other.word is None and other.said[:1].isupper() and not other.negated for other in beside)
    if code == "de" or place == 0:
        return item.said[0].isupper() and in_a_row
    return item.said[0].isupper()
