"""The pieces of a request in one of ten languages, and how the tables are asked about one; knows no whole request."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from gemini_diffusion.crafting.lexicon import Language, Word, fold_accents, read_lexicon, stem

_ARABIC_LEADS = ("", "ال", "و", "وال", "بال", "فال", "لل", "ب", "ل", "ك", "ف")

Denies = Literal["", "next", "last"]


@dataclass(frozen=True, slots=True)
class Item:
    """A piece of a request: `said` as written; `word` where the table knows it, `number` its value in digits or words.

    A comma or a full stop is an item too, with `said` alone. `negated` marks what the person does not want, `side` "left" or
    "right", `denies` a word that rules out what is before or after it.
    """

    said: str
    word: Word | None = None
    number: int | None = None
    negated: bool = False
    side: str = ""
    denies: Denies = ""

    @property
    def is_break(self) -> bool:
        return not any(char.isalnum() for char in self.said)

    @property
    def is_link(self) -> bool:
        return self.word is not None and self.word.kind == "link"


def is_small(item: Item, language: Language) -> bool:
    if item.word is not None or item.number is not None or item.is_break or item.side:
        return False
    name = fold_accents(item.said)
    return name in language.drop or name in language.counters


def special_item(said: str, language: Language) -> Item | None:
    """A word of denial, or a side."""
    for name in forms_of(fold_accents(said), language):
        if name in language.sides:
            return Item(said, side=language.sides[name])
        if name in language.nobody:
            return Item(said, read_lexicon().english[stem("people")], negated=True)
        if name in language.not_before:
            return Item(said, denies="next")
        if name in language.not_after:
            return Item(said, denies="last")
    return None


def look_up(name: str, language: Language) -> tuple[Word, ...] | None:
    """The rows behind a folded word or phrase; two for a compound."""
    if name in language.drop:
        return None
    found = [word for form in forms_of(name, language) if (word := language.words.get(form.rstrip("~"))) and _fits(word, form)]
    if found:
        return (next((word for word in found if word.common), found[0]),)
    if language.case_ending:
        word = language.roots.get(language.case_ending.sub("", name)) if len(name) > 3 else None
        return (word,) if word else None
    return _compound(name, language) if language.code == "de" and len(name) < 40 else None


def _fits(word: Word, form: str) -> bool:
    return not form.endswith("~") or word.kind in ("colour", "look", "number")


def forms_of(name: str, language: Language) -> Iterator[str]:
    """The word itself and what is left of it without particle, article or ending."""
    yield name
    if language.code == "ko":
        yield from (name[:cut] for cut in range(len(name) - 1, max(0, len(name) - 6), -1) if name[cut:] in language.particles)
    if language.code == "ar":
        yield from (name.removeprefix(lead) for lead in _ARABIC_LEADS if name.startswith(lead) and len(name) > len(lead) + 1)
    for rule in language.endings:
        ending, _, instead = rule.partition(">")
        if name.endswith(ending) and len(name) - len(ending) >= 3 - (not ending):
            yield name.removesuffix(ending) + instead


def _compound(name: str, language: Language) -> tuple[Word, ...] | None:
    """A German compound of two things we know: Schneefuchs is fox and snow."""
    for cut in range(3, len(name) - 2):
        first, second = name[:cut], name[cut:]
        heads = [language.words[form] for form in forms_of(first, language) if form in language.words]
        tails = [language.words[form] for form in forms_of(second, language) if form in language.words]
        if heads and tails and {heads[0].kind, tails[0].kind} <= {"thing", "place", "time"}:
            return (heads[0], tails[0]) if heads[0].kind == "thing" else (tails[0], heads[0])
    return None
