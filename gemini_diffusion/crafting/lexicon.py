"""The tables of common words in eleven languages, and the stems of English ones; knows no request and no model.

words.json is written by hand: English word -> kind, synonyms ("also"), what honours it without being its name ("kinds"), its
forms in ten languages, bars between; "plain" has nouns that no emoji shows, with their forms alone. nouns.json and places.json
are cut from free lexicons: see lexicon/README.md.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import Any, Literal

from gemini_diffusion.crafting.number_words import compounds, in_english

Kind = Literal["thing", "place", "time", "colour", "number", "look", "link", "medium", "name"]
LANGUAGES = ("ko", "pt", "es", "ja", "de", "fr", "ar", "zh", "it", "ru")
VERB = "-"
"""Ends the stem of a form in -ing or -ed, so that staring is no star and deserted no desert."""
_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")
_ARABIC_LETTERS = str.maketrans("\u0623\u0625\u0622\u0649\u0629", "\u0627\u0627\u0627\u064a\u0647")  # alef, yeh, heh


@dataclass(frozen=True, slots=True)
class Word:
    """One row: `english` names it, `names` are the stems of its synonyms, `accepted` of all that honours it (a kitten is a
    cat, a cat need not be a kitten), `near` those of colours not clearly another one; `prep` leads a place or time in ("on
    the"); `common` words win where a form could be two; of a `loose` one we know no kinds, so any other thing may stand for it.
    """

    english: str
    kind: Kind
    names: frozenset[str] = frozenset()
    accepted: frozenset[str] = frozenset()
    near: frozenset[str] = frozenset()
    prep: str = ""
    value: int = 0
    common: bool = False
    loose: bool = False


@dataclass(frozen=True)
class Language:
    """How a language is read: words to leave out, words of denial before or after a thing, words for no one at all (`nobody`),
    counters, particles, sides.

    `endings` say what may be taken from a word and what is put there instead ("as>o"; "~" where only a quality changes so).
    `roots` are the words without their `case_ending`, where those are many; `twins` the things that share their name with a
    colour ("rosa" is pink and a rose).
    """

    code: str
    words: Mapping[str, Word]
    drop: frozenset[str] = frozenset()
    hint: frozenset[str] = frozenset()
    counters: frozenset[str] = frozenset()
    particles: frozenset[str] = frozenset()
    not_before: frozenset[str] = frozenset()
    not_after: frozenset[str] = frozenset()
    nobody: frozenset[str] = frozenset()
    sides: Mapping[str, str] = field(default_factory=dict)
    of: frozenset[str] = frozenset()
    reply: str = ""
    endings: tuple[str, ...] = ()
    case_ending: re.Pattern[str] | None = None
    roots: Mapping[str, Word] = field(default_factory=dict)
    twins: Mapping[str, Word] = field(default_factory=dict)

    @cached_property
    def known(self) -> frozenset[str]:
        """Everything that is a word of its own where words are not set apart."""
        return frozenset((*self.words, *self.drop, *self.not_before, *self.not_after, *self.nobody, *self.sides))

    @cached_property
    def longest(self) -> int:
        return max(map(len, self.known))


@dataclass(frozen=True, slots=True)
class Lexicon:
    """All tables, read once and never changed.

    `english` finds a Word by the stem of any of its English names, `kinds` by the stem of what honours it. `things` are the
    stems of nouns that no row explains and that something in a picture could be called.
    """

    english: Mapping[str, Word]
    kinds: Mapping[str, frozenset[str]]
    languages: Mapping[str, Language]
    things: frozenset[str]
    stop: frozenset[str]
    soft: frozenset[str]
    nouns: frozenset[str]
    other: frozenset[str]
    scenery: frozenset[str]
    generic: frozenset[str]
    degrees: frozenset[str]
    not_things: frozenset[str]
    rewordings: Mapping[str, str]
    bare: frozenset[str]
    times_apart: tuple[tuple[str, str], ...]
    qualities_apart: tuple[tuple[str, str], ...]

    def rewording(self, thing: str) -> str:
        """What to write, for a model without negatives, instead of what must not be there; "" where nothing is known."""
        head = stem((words_in(thing) or [thing])[-1])
        row = self.english.get(head)
        return self.rewordings.get(head) or self.rewordings.get(stem(row.english) if row else "") or ""

    def is_kind(self, root: str, kind: Kind) -> bool:
        """Whether an English stem names something of a kind: red a colour, two a number."""
        row = self.english.get(root)
        return row is not None and row.kind == kind

    def is_thing(self, root: str) -> bool:
        """Whether an English stem honours a thing of a row, its name among what does: a kitten a cat."""
        return any(self.is_kind(stem(name), "thing") for name in self.kinds.get(root, ()))


@lru_cache(maxsize=1 << 15)
def fold_accents(text: str) -> str:
    """Lower case without accents or vowel marks, so that "PÔR" and "por", and the forms of an Arabic alef, are the same."""
    plain = unicodedata.normalize("NFKD", text.casefold().replace("ß", "ss").replace("\u2019", "'"))
    bare = "".join(char for char in plain if not unicodedata.combining(char) or "\u3099" <= char <= "\u309a")
    return unicodedata.normalize("NFC", bare).translate(_ARABIC_LETTERS)


def words_in(text: str) -> list[str]:
    """The words of a text in order, as written; a hyphen parts words, an apostrophe does not."""
    return _WORD.findall(text)


@cache
def _table(name: str) -> Mapping[str, Any]:
    """A table as it stands: package data that never changes while the program runs."""
    table: dict[str, Any] = json.loads(Path(__file__).with_name(f"{name}.json").read_text(encoding="utf-8"))
    return table


@lru_cache(maxsize=1 << 15)
def stem(word: str) -> str:
    """The part of an English word that plural and British or American spelling leave alone; an identity, no word."""
    name = fold_accents(word).removesuffix("'s").removesuffix("'")
    spellings, plurals = _table("words")["spellings"], _table("words")["plurals"]
    name = plurals.get(name, name)
    name = spellings.get(name, spellings.get(name.removesuffix("s"), name))
    if name not in _irregular() and len(name) > 3:
        name = _without_ending(name)
    return _american(name)


def is_irregular_plural(noun: str) -> bool:
    """Geese and men are plurals, although they end in no s."""
    return noun.lower() in _table("words")["plurals"]


@cache
def _irregular() -> frozenset[str]:
    """Words that keep their ending: a king is no verb, and a fire, a mane and a plume are no fir, man and plum."""
    rows = [*_table("words")["words"].items(), *_table("nouns")["nouns"].items()]
    named = {part for name, row in rows for part in (name, *_parts(row.get("also", "")), *_parts(row.get("kinds", "")))}
    words = named.union(_table("nouns")["things"].split())
    kept = (word for word in words if word.endswith("e") and word[:-1] in words)
    return frozenset((*_table("words")["english"]["nouns"].split(), *kept))


def _without_ending(name: str) -> str:
    for ending, replacement in (("ies", "y"), ("sses", "ss"), ("xes", "x"), ("ches", "ch"), ("shes", "sh")):
        if name.endswith(ending) and len(name) > len(ending) + 1:
            return name[: -len(ending)] + replacement
    if name.endswith("s") and not name.endswith(("ss", "us", "is")):
        name = name[:-1]
        if name in _irregular():
            return name
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
    """The tables as a value."""
    tables, rows = _table("words"), _rows()
    words = {name: _word(name, row) for name, row in rows.items()}
    english = {key: word for word in reversed(words.values()) for key in sorted(word.names)}
    english.update({stem(word.english): word for word in reversed(words.values())})
    kinds = dict[str, frozenset[str]]()
    for word in words.values():
        for root in word.accepted:
            kinds[root] = kinds.get(root, frozenset()) | {word.english}
    sets = {name: frozenset(text.split()) for name, text in tables["english"].items()}
    languages = {code: _language(code, row, rows, words) for code, row in tables["languages"].items()}
    nouns = frozenset(map(stem, _table("nouns")["things"].split())) - set(map(stem, sets["stop"]))
    things = frozenset(root for root in nouns if not root.endswith(VERB))  # "chasing" does, and is hardly a thing to be seen
    return Lexicon(
        english, kinds, languages, things - kinds.keys(),
        sets["stop"], sets["soft"], sets["nouns"], sets["other"],
        frozenset(map(stem, sets["scenery"])), frozenset(map(stem, sets["generic"])), sets["degrees"], sets["not_things"],
        {stem(name): phrase for name, phrase in tables["rewordings"].items()},
        frozenset(map(stem, tables["bare"].split())),
        *(tuple(tuple(pair.split()) for pair in tables[name].split("|")) for name in ("times_apart", "qualities_apart")),
    )  # fmt: skip


def _rows() -> dict[str, dict[str, Any]]:
    """The rows by hand, then those that were cut; one that names the same as a row by hand adds its forms to it."""
    rows: dict[str, dict[str, Any]] = {name: dict(row) for name, row in _table("words")["words"].items()}
    for name, row in _table("words")["plain"].items():
        rows[name] = {"kind": "thing", "loose": True, **row, **rows.get(name, {})}
    by_name = {name: row for row_name, row in rows.items() for name in (row_name, *_parts(row.get("also", "")))}
    for name, row in _table("nouns")["nouns"].items():
        known = by_name.get(name)
        if known is None:
            rows[name] = {"kind": "thing", **row}
        elif known["kind"] in ("thing", "place") and name in rows:
            known["kinds"] = "|".join(filter(None, (known.get("kinds"), row["kinds"])))
            known.update({code: row[code] for code in LANGUAGES if code in row and not known.get(code)})
    return rows


def _parts(text: str) -> list[str]:
    return [part for part in text.split("|") if part]


def _word(name: str, row: Mapping[str, Any]) -> Word:
    called = [name, *_parts(row.get("also", ""))]
    names = frozenset(stem(part.replace(" ", "")) for part in called)
    heads = {root for part in called for root in _wider(part)} if row["kind"] not in ("colour", "number", "link") else set()
    accepted = names | heads | frozenset(map(stem, _parts(row.get("kinds", ""))))
    near = frozenset(map(stem, _parts(row.get("near", ""))))
    return Word(
        name,
        row["kind"],
        names,
        accepted,
        near,
        row.get("prep", ""),
        row.get("value", 0),
        name in _table("words")["words"],
        row.get("loose", False),
    )


def _wider(name: str) -> Iterable[str]:
    """What honours a name besides itself: the head of two words (a moon for a full moon), and qualities made of it: icy."""
    head = stem(name.split()[-1])
    yield from (head, f"{head}y", f"{head}en", stem(f"{name}y"), stem(f"{name}en"))


def _language(code: str, row: Mapping[str, str], rows: Mapping[str, Any], words: Mapping[str, Word]) -> Language:
    forms, twins = dict[str, Word](), dict[str, Word]()
    for name, word in words.items():
        for form in map(fold_accents, _parts(rows[name].get(code, ""))):
            if forms.setdefault(form, word).kind == "colour" and word.kind == "thing":
                twins.setdefault(form, word)
    for form, place in _table("places").get(code, {}).items():
        other = forms.get(fold_accents(form))  # 파리 is Paris and a fly: either honours it
        accepted = frozenset(map(stem, words_in(place))) | (other.accepted if other else frozenset())
        forms[fold_accents(form)] = Word(place, "name", accepted, accepted)
    single = {form: word.value for form, word in forms.items() if word.kind == "number"}
    for form, value in compounds(code, single):
        stems = frozenset((str(value),))
        forms.setdefault(fold_accents(form), Word(in_english(value), "number", stems, stems, value=value))
    case_ending = re.compile(row["case_ending"]) if "case_ending" in row else None
    roots = {case_ending.sub("", form): word for form, word in reversed(forms.items()) if len(form) > 2} if case_ending else {}
    sides = {fold_accents(word): side for side in ("left", "right") for word in _parts(row.get(side, ""))}
    return Language(
        code, forms, _folded(row, "drop"), _folded(row, "hint"), _folded(row, "counters"), _folded(row, "particles"),
        _folded(row, "not_before"), _folded(row, "not_after"), _folded(row, "nobody"), sides, _folded(row, "of"),
        row.get("reply", ""),
        tuple(row.get("endings", "").split("|")) if row.get("endings") else (), case_ending, roots, twins,
    )  # fmt: skip


def _folded(row: Mapping[str, str], key: str) -> frozenset[str]:
    """Words between bars or, where there are none, between blanks."""
    text = row.get(key, "")
    parts: Iterable[str] = text.split("|") if "|" in text else text.split()
    return frozenset(fold_accents(part) for part in parts)
