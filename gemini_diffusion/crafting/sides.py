"""Which thing is on the left and which on the right, in a request or in a prompt; knows neither."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from gemini_diffusion.crafting.lexicon import read_lexicon

_PRONOUNS = ("it", "him", "her", "them")
_REMAINS, _LEAVES = frozenset(("only", "last", "nothing", "nobody", "none")), ("behind", "over", "alone", "out", "open", "from")
"""Where "left" is what remains, and no side."""
OPPOSITE: Mapping[str, str] = {"left": "right", "right": "left"}


@dataclass(frozen=True, slots=True)
class Mark:
    """A piece of a text as far as sides go: a thing by its name, "left" or "right", an "of", or the end of a clause."""

    kind: Literal["thing", "side", "of", "end"]
    name: str = ""


def sides_of(marks: Iterable[Mark]) -> Iterator[tuple[str, str]]:
    """(name of the thing, "left" or "right") for each thing that a clause puts there."""
    clause: list[Mark] = []
    for mark in (*marks, Mark("end")):
        if mark.kind != "end":
            clause.append(mark)
            continue
        yield from _in_clause(clause)
        clause = []


def colours_apart(marks: Iterable[Mark]) -> list[tuple[str, str]]:
    """(colour, side) where the things of the marks are colours, and one of two is on the left and the other on the right: which
    umbrella is which, where both are umbrellas. Empty for anything less plain.
    """
    found = dict.fromkeys(sides_of(marks))
    apart = len(found) == 2 and len({name for name, _ in found}) == 2 and {side for _, side in found} == {*OPPOSITE}
    return list(found) if apart else []


def _in_clause(clause: Sequence[Mark]) -> Iterator[tuple[str, str]]:
    leads = bool(clause) and clause[0].kind == "side"
    for place, mark in enumerate(clause):
        if mark.kind != "side":
            continue
        before = next((other.name for other in reversed(clause[:place]) if other.kind == "thing"), "")
        after = next((other.name for other in clause[place + 1 :] if other.kind == "thing"), "")
        if [other.kind for other in clause[place + 1 : place + 3]] == ["of", "thing"]:
            yield from [(before, mark.name)] if before else []
            yield after, OPPOSITE[mark.name]
        elif name := (after or before) if leads else (before or after):
            yield name, mark.name


def english_marks(words: Iterable[tuple[str, str]]) -> Iterator[Mark]:
    """Marks of an English text from its words, each with the name of the thing it stands for or "" for none."""
    language, pieces = read_lexicon().languages["en"], list(words)
    spoken = [word.lower() for word, _ in pieces]
    for place, (word, name) in enumerate(pieces):
        low, last, after = spoken[place], spoken[place - 1] if place else "", "".join(spoken[place + 1 : place + 2])
        if low == "left" and (_REMAINS & {*spoken[max(0, place - 5) : place]} or after in _LEAVES):
            continue
        if low in language.sides:
            yield Mark("side", language.sides[low])
        elif low in language.of and (last in language.sides or last in ("side", "hand")):
            yield from [Mark("of")] if after not in _PRONOUNS else []
        elif not word[0].isalnum() and word != ":":
            yield Mark("end")
        elif name:
            yield Mark("thing", name)
