"""The table of common words in nine languages and the stems of English ones; knows no request and no model.

words.json is the table: English word -> kind, English synonyms ("also"), and its forms in eight languages, bars between.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Literal

Kind = Literal["thing", "place", "time", "colour", "number", "look", "link", "medium"]
LANGUAGES = ("ko", "pt", "es", "ja", "de", "fr", "ar", "zh")
VERB = "-"
"""Ends the stem of a form in -ing or -ed, so that staring is no star and deserted no desert."""
_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")
_ARABIC_LETTERS = str.maketrans("\u0623\u0625\u0622\u0649\u0629", "\u0627\u0627\u0627\u064a\u0647")  # alef, yeh, heh


@dataclass(frozen=True, slots=True)
class Word:
    """One row: `english` names it, `also` are English synonyms, `kinds` what honours it without being another name for it
    (a kitten is a cat, a cat need not be a kitten), `prep` leads a place or time in ("on the").
    """

    english: str
    kind: Kind
    also: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    prep: str = ""
    value: int = 0

    @property
    def accepted(self) -> frozenset[str]:
        """The stems of every English word that honours it."""
        return self.names | frozenset(stem(name) for name in self.kinds)

    @property
    def names(self) -> frozenset[str]:
        """The stems of what it is called."""
        return frozenset(stem(name) for name in (self.english, *self.also))


@dataclass(frozen=True, slots=True)
class Language:
    """How a language is read: words to leave out, words of denial before or after a thing, counters, particles."""

    code: str
    words: Mapping[str, Word]
    drop: frozenset[str] = frozenset()
    hint: frozenset[str] = frozenset()
    counters: frozenset[str] = frozenset()
    particles: frozenset[str] = frozenset()
    not_before: frozenset[str] = frozenset()
    not_after: frozenset[str] = frozenset()
    reply: str = ""


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The whole table, read once and never changed. `english` finds a Word by the stem of any of its English names."""

    english: Mapping[str, Word]
    languages: Mapping[str, Language]
    stop: frozenset[str]
    soft: frozenset[str]
    nouns: frozenset[str]
    other: frozenset[str]
    rewordings: Mapping[str, str]
    bare: frozenset[str]

    def rewording(self, thing: str) -> str:
        """What to write, for a model without negatives, of a thing that must not be there."""
        head = stem((words_in(thing) or [thing])[-1])
        row = self.english.get(head)
        return self.rewordings.get(head) or self.rewordings.get(stem(row.english) if row else "") or f"without {thing}"

    def of_kind(self, kind: Kind) -> dict[str, Word]:
        return {key: word for key, word in self.english.items() if word.kind == kind}


def fold_accents(text: str) -> str:
    """Lower case without accents or vowel marks, so that "PÔR" and "por", and the forms of an Arabic alef, are the same."""
    plain = unicodedata.normalize("NFKD", text.casefold().replace("ß", "ss"))
    bare = "".join(char for char in plain if not unicodedata.combining(char) or "\u3099" <= char <= "\u309a")
    return unicodedata.normalize("NFC", bare).translate(_ARABIC_LETTERS)


def words_in(text: str) -> list[str]:
    """The words of a text in order, as written; a hyphen parts words, an apostrophe does not."""
    return _WORD.findall(text)


@cache
def _tables() -> Mapping[str, Any]:
    """words.json as it stands: package data that never changes while the program runs."""
    table: dict[str, Any] = json.loads(Path(__file__).with_name("words.json").read_text(encoding="utf-8"))
    return table


@lru_cache(maxsize=4096)
def stem(word: str) -> str:
    """The part of an English word that plural and British or American spelling leave alone; an identity, no word."""
    name = fold_accents(word).replace("\u2019", "'").removesuffix("'s").removesuffix("'")
    spellings, plurals = _tables()["spellings"], _tables()["plurals"]
    name = plurals.get(name, name)
    name = spellings.get(name, spellings.get(name.removesuffix("s"), name))
    if name not in _irregular() and len(name) > 3:
        name = _without_ending(name)
    return _american(name)


@cache
def _irregular() -> frozenset[str]:
    return frozenset(_tables()["english"]["nouns"].split())


def _without_ending(name: str) -> str:
    for ending, replacement in (("ies", "y"), ("sses", "ss"), ("xes", "x"), ("ches", "ch"), ("shes", "sh")):
        if name.endswith(ending) and len(name) > len(ending) + 1:
            return name[: -len(ending)] + replacement
    if name.endswith("s") and not name.endswith(("ss", "us", "is")):
        name = name[:-1]
    for ending in ("ing", "ed"):
        root = name.removesuffix(ending)
        if root != name and len(root) >= 3 and re.search("[aeiouy]", root):
            doubled = len(root) > 3 and root[-1] == root[-2] and root[-1] not in "ls"
            return (root[:-1] if doubled else root.removesuffix("e")) + VERB
    return name.removesuffix("e") if len(name) > 3 else name


def _american(name: str) -> str:
    name = re.sub(r"(?<=[a-z]{2})our$", "or", name)
    name = re.sub(r"(?<=[a-z]{3}[bt])r$", "er", name)  # "centre" has lost its e by now
    return re.sub(r"is$", "iz", name) if len(name) > 5 else name


@cache
def read_lexicon() -> Lexicon:
    """The table as a value."""
    tables = _tables()
    rows = {name: _word(name, row) for name, row in tables["words"].items()}
    english = {key: word for word in reversed(rows.values()) for key in sorted(word.names)}
    english.update({stem(word.english): word for word in rows.values()})
    sets = {name: frozenset(text.split()) for name, text in tables["english"].items()}
    rewordings = {stem(name): phrase for name, phrase in tables["rewordings"].items()}
    languages = {code: _language(code, row, rows) for code, row in tables["languages"].items()}
    bare = frozenset(stem(name) for name in tables["bare"].split())
    return Lexicon(english, languages, sets["stop"], sets["soft"], sets["nouns"], sets["other"], rewordings, bare)


def _word(name: str, row: Mapping[str, Any]) -> Word:
    also, kinds = (tuple(filter(None, row.get(key, "").split("|"))) for key in ("also", "kinds"))
    return Word(name, row["kind"], also, kinds, row.get("prep", ""), row.get("value", 0))


def _language(code: str, row: Mapping[str, str], rows: Mapping[str, Word]) -> Language:
    forms: dict[str, Word] = {}
    for name, word in rows.items():
        for form in _tables()["words"][name].get(code, "").split("|"):
            if form:
                forms.setdefault(fold_accents(form), word)

    def folded(key: str) -> frozenset[str]:
        return frozenset(fold_accents(part) for part in row.get(key, "").split())

    return Language(
        code, forms, folded("drop"), folded("hint"), folded("counters"), folded("particles"),
        folded("not_before"), folded("not_after"), row.get("reply", ""),
    )  # fmt: skip
