"""One thing that a request asks to keep, and how each kind of it is made; knows no request and no prompt."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from gemini_diffusion.crafting.lexicon import Word, read_lexicon, stem, words_in

TermKind = Literal["number", "colour", "name", "quote", "negation", "side", "noun", "word", "token"]


@dataclass(frozen=True, slots=True)
class Term:
    """One thing to keep: `said` as the person put it, `english` to write it with, `stems` any of which honours it.

    `of` are the stems of the noun it belongs to, empty where that cannot be told; `value` a number's or a side; `near` the
    stems of colours that are not clearly another; `sure` is False where the language of the request is a guess.
    """

    kind: TermKind
    said: str
    english: str
    stems: frozenset[str] = frozenset()
    of: frozenset[str] = frozenset()
    value: str = ""
    near: frozenset[str] = frozenset()
    sure: bool = True

    @property
    def held(self) -> bool:
        """Whether it is put right where it is lost; the rest is only watched."""
        return self.kind != "noun"


def name_term(words: Sequence[str], sure: bool = True) -> Term:
    """Words in a row are one name, honoured by any of them that is not a common word: Brooklyn Bridge by Brooklyn."""
    roots = {stem(word) for word in words}
    rare = frozenset(root for root in roots if root not in read_lexicon().kinds) or frozenset(roots)
    return Term("name", " ".join(words), " ".join(words), rare, sure=sure)


def number_term(said: str, row: Word | None, of: frozenset[str]) -> Term:
    """A number in digits or words, with every word for it."""
    value = str(row.value) if row else str(int(said)) if said.isdecimal() else said.replace(",", "")
    row = row or numbers().get(value)
    same = row.accepted if row else frozenset[str]()
    if decade := re.fullmatch(r"(?:19)?([2-9]0)s", said):
        same |= {decade[1], f"19{decade[1]}"}
    return Term("number", said, row.english if row else value, same | {stem(value), stem(said)}, of, value)


@cache
def numbers() -> Mapping[str, Word]:
    """The rows of numbers by their value in digits."""
    return {str(word.value): word for word in reversed(list(read_lexicon().english.values())) if word.kind == "number"}


def denial_term(thing: str, said: str) -> Term:
    """The last word of the thing is what must not be seen: "modern clothing" denies clothing."""
    head = (words_in(thing) or [thing])[-1]
    word = read_lexicon().english.get(stem(head))
    known = word.accepted if word and word.kind != "link" else frozenset({stem(head)})
    return Term("negation", said, thing.strip(), known if thing.strip() else frozenset())


def side_terms(found: Iterable[tuple[str, str]]) -> Iterator[Term]:
    """For each thing and its side what has to be kept."""
    for name, side in found:
        yield Term("side", f"{name} on the {side}", f"{name} on the {side}", names_of(stem(name)), value=side)


def names_of(root: str) -> frozenset[str]:
    """The stems of what may be called by an English noun."""
    row = read_lexicon().english.get(root)
    return (row.accepted if row else frozenset()) | {root}
