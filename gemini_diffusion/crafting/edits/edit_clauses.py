"""What a message asks to change about a picture, clause by clause, as far as the tables know its words; knows no prompt.

Every word has to be understood: one that is not leaves the message to the chat model, so that talk is never drawn.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from gemini_diffusion.crafting.edits.edit_words import edit_words, lights, ordinal, particles, pattern, references
from gemini_diffusion.crafting.languages import BY_SCRIPT, detect_language, items_of
from gemini_diffusion.crafting.lexicon import Word, read_lexicon, stem, words_in
from gemini_diffusion.crafting.terms import numbers
from gemini_diffusion.crafting.translate import translate

Mode = Literal["set", "add", "remove", "keep", "light"]
Slot = Literal["thing", "colour", "place", "time", "season", "weather", "medium", "look", "number"]

_CLAUSES = re.compile(r"[,;.!\u3001\u3002\uff0c\u060c]+|\b(?:but|and also|aber|pero|mais|mas|но)\b", re.IGNORECASE)
_LATIN = ("en", "de", "es", "fr", "pt", "it")
_MARKS = " \t\r\n.!~\u3002\uff01"
_SETTING: tuple[Slot, ...] = ("colour", "place", "time", "season", "weather", "medium")


_FORBIDS = re.compile(r"\b(?:do(?:es)? ?n[o'\u2019]?t|don[o'\u2019]?t|never|nicht|nie(?:mals)?)\b", re.IGNORECASE)
"""Words that turn an order into its opposite; where others do, the rest of the message is not understood."""
LONGEST_EDIT = 300
"""Characters; what is longer tells a story."""


@dataclass(frozen=True, slots=True)
class Named:
    """A thing or a quality that a clause names: `english` to write it with, `roots` any of which is it."""

    english: str
    slot: Slot
    roots: frozenset[str]
    prep: str = ""
    known: bool = True


@dataclass(frozen=True, slots=True)
class EditClause:
    """One change: what is named, and for an addition the whole phrase in English; `swaps` where one thing takes the
    place of another.
    """

    mode: Mode
    named: tuple[Named, ...] = ()
    phrase: str = ""
    swaps: bool = False
    framed: bool = False


@dataclass(frozen=True, slots=True)
class EditMessage:
    """What is to be changed, and the picture that was named: 1 the first, -1 the last, -2 the one before, 0 none."""

    clauses: tuple[EditClause, ...]
    number: int = 0


def forbids(text: str) -> bool:
    """Whether a message says what is not to be done."""
    return bool(_FORBIDS.search(text))


def take_reference(text: str) -> tuple[int, str]:
    """The picture that a text names by its place, and the text without that."""
    for reference in references():
        if found := reference.search(text):
            said = next(filter(None, found.groupdict().values()))
            return ordinal(said.strip()), f"{text[: found.start()]} {text[found.end() :]}".strip(" ,:")
    return 0, text


def read_edit(text: str) -> EditMessage | None:
    """What a message asks to change; None where one of its words is not understood, or nothing is asked for."""
    if forbids(text) or len(text) > LONGEST_EDIT:
        return None
    if _ASKED.search(text) and not _POLITE.search(text):
        return None
    number, rest = take_reference(text.strip(_MARKS))
    clauses = list[EditClause]()
    for piece in _pieces(rest):
        clause = _clause(piece, text, clauses[-1].mode if clauses else "set")
        if clause is None:
            return None
        clauses += [clause] if clause.named or clause.phrase else []
    asks = any(clause.mode != "keep" for clause in clauses)
    bare = all(map(_is_setting, clauses)) and not re.match(r"an?\s", rest, re.IGNORECASE)
    sure = number or any(clause.framed for clause in clauses) or bare
    return EditMessage(tuple(clauses), number) if asks and sure else None


def _pieces(text: str) -> Iterator[str]:
    for part in _CLAUSES.split(text):
        yield from (piece for piece in pattern("and").split(part) if piece.strip(_MARKS))


def names_a_scene(text: str) -> bool:
    """Whether a text is nothing but a thing in its setting: "a red cat on the beach". Every word has to be understood."""
    said = text.strip(_MARKS)
    if _ASKED.search(said) or not re.match(r"(?:an?|two|three|ein(?:e[nr]?)?|un[ae]?|une|um[ao]?)\s", said, re.IGNORECASE):
        return False
    slots = {named.slot for named in _named(said, said) or []}
    return "thing" in slots and bool(slots & {"place", "time", "season", "weather"})


def names_a_thing(text: str) -> bool:
    """Whether a text that asks nothing and speaks of nobody here names a thing or a place, whatever else it says."""
    if _ASKED.search(text) or any(pattern(name).search(text) for name in ("persons", "question", "manners")):
        return False
    return any(named and named.slot in ("thing", "place") for reading in _readings(text, text) for named in reading)


def _is_setting(clause: EditClause) -> bool:
    """Whether words that stand alone can only be about a picture: a time, a place, a colour, a light."""
    return clause.mode == "light" or (bool(clause.named) and all(named.slot in _SETTING for named in clause.named))


def _clause(piece: str, whole: str, before: Mode) -> EditClause | None:
    """One clause, empty where it says nothing; without a verb of its own it goes on with the one `before`."""
    framed = any(pattern(name).search(piece) for name in ("change", "should", "instead", "replace"))
    bare = _without(piece, "change", "should", "noise").strip(_MARKS)
    light = next((phrase for phrase, words in lights().items() if words.fullmatch(bare)), "")
    if light or not bare:
        return EditClause("light", phrase=light, framed=framed)
    mode = _mode(piece)
    rest = pattern(mode).sub(" ", piece) if mode in _MODES else piece
    if mode == "keep" and pattern("whole").search(rest):
        return EditClause("keep", phrase="layout", framed=True)
    swaps = any(pattern(name).search(rest) for name in ("instead", "replace"))
    rest = _without(rest, "instead", "replace", "change", "should", "with")
    named = _named(_without(rest, "noise"), whole)
    if not named or not _can_be(named, rest, mode, english=detect_language(whole) == "en"):
        return None
    things = [entry for entry in named if entry.slot == "thing"]
    if mode == "set" and not framed and things and before in ("add", "remove", "keep"):
        mode = before
    if mode == "add" and not things:
        mode = "set"
    phrase = _phrase(rest, whole, named) if mode == "add" else ""
    return EditClause(mode, tuple(named), phrase, swaps, framed or mode != "set")


def _mode(piece: str) -> Mode:
    if found := next((mode for mode in _MODES if pattern(mode).search(piece)), None):
        return found
    return "add" if pattern("with").match(piece.strip()) else "set"


def _can_be(named: list[Named], rest: str, mode: Mode, *, english: bool) -> bool:
    """Whether things are really named as ones to be seen: "make it a spaceship", and not "make it quick" or "set the table"."""
    things = [entry for entry in named if entry.slot == "thing"]
    rare = [entry for entry in things if not entry.known]
    if mode == "set":
        if any(entry.slot == "number" for entry in named):
            return len(named) - len(things) == 1 and len(things) < 3
        lone = len(named) == 1 and bool(things) and english
        wanted = things if lone else rare
        article = "an?" if lone else "(?:an?|the)"
        return all(re.search(rf"\b{article} (?:\w+ )?{re.escape(entry.english)}", rest, re.IGNORECASE) for entry in wanted)
    return mode != "remove" or not rare or bool(re.search(r"\b(?:an?|the|that|his|her|its)\b", rest, re.IGNORECASE))


def _without(text: str, *names: str) -> str:
    for name in names:
        text = pattern(name).sub(" ", text)
    return text


_MODES: tuple[Mode, ...] = ("remove", "keep", "add")
_ASKED = re.compile(r"(?:[?\uff1f\u061f]|\u4e86[\u3002!\uff01]?)\s*$")
"""A question, or in Chinese that something has come about."""
_POLITE = re.compile(
    r"\b(?:what about|how about|can you|could you|would you|kannst du|peux-tu|puedes|pode)\b|줄래|くれる", re.IGNORECASE
)


def _named(rest: str, whole: str) -> list[Named] | None:
    """What the rest of a clause names; None where a word of it is unknown, in each language that it could be."""
    if detect_language(whole) == "en" and pattern("persons").search(rest):
        return None
    for reading in _readings(rest, whole):
        if reading and None not in reading:
            return [named for named in reading if named]
    return None


def _readings(rest: str, whole: str) -> Iterator[list[Named | None]]:
    """What each word names, None for one that is unknown, in each language that it could be."""
    code = detect_language(whole)
    codes = (code,) if code in BY_SCRIPT else tuple(dict.fromkeys((code or "en", *_LATIN)))
    return (list(_english(rest) if code == "en" else _foreign(rest, code)) for code in codes)


def _english(rest: str) -> Iterator[Named | None]:
    lexicon = read_lexicon()
    for word in words_in(rest):
        root = stem(word)
        row = lexicon.english.get(root) or lexicon.english.get(word.lower()) or numbers().get(word)
        name = next(iter(sorted(lexicon.kinds.get(root, ()))), "")
        if (row and row.kind == "link") or word.lower() in lexicon.stop:
            continue
        if row is None and name and root not in lexicon.things:
            row = lexicon.english.get(stem(name))
            yield replace(_of(row, word), known=row.kind != "thing") if row and row.common else None
        elif row:
            yield replace(_of(row, word), known=row.common or row.kind != "thing")
        else:
            yield Named(word.lower(), "thing", frozenset({root}), known=False) if root in lexicon.things else None


def _foreign(rest: str, code: str) -> Iterator[Named | None]:
    for item in items_of(rest, code):
        if (item.word and item.word.kind == "link") or item.is_break or item.denies or item.number == 1:
            continue
        if item.word:
            yield _of(item.word, item.word.english)
        elif not particles().fullmatch(item.said):
            yield None


def _of(row: Word, said: str) -> Named:
    """A row of the table: a thing keeps the word it was given, a place or time is called by its own name."""
    slots: dict[str, str] = edit_words()["slots"]
    slot = next((slot for slot, names in slots.items() if row.english in names.split()), row.kind)
    english = said.lower() if row.kind in ("thing", "colour") and stem(said) in row.accepted | row.names else row.english
    kind: Slot = slot  # type: ignore[assignment]
    return Named(english, kind, row.accepted | row.names | {stem(row.english)}, row.prep)


def _phrase(rest: str, whole: str, named: list[Named]) -> str:
    """What is added, in English: the person's own words, or what the tables make of them."""
    code = detect_language(whole)
    if code in ("en", ""):
        plain = re.sub(
            r"\b(?:please|too|as well|to it|on it|in it|to the (?:picture|image|scene)|also)\b", "", rest, flags=re.I
        )
        return " ".join(plain.split()).strip(_MARKS)
    translated = translate(items_of(pattern("noise").sub(" ", rest), code), code)
    return translated or " ".join(entry.english for entry in named)
