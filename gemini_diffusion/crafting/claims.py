"""What the chat model says it kept and did not, where the tables cannot tell; and what it denies and draws all the same."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import takewhile

from gemini_diffusion.crafting.english_terms import english_terms
from gemini_diffusion.crafting.lexicon import read_lexicon, stem
from gemini_diffusion.crafting.pairs import Pair, overlap, roots_of
from gemini_diffusion.crafting.prompt_text import PromptText
from gemini_diffusion.crafting.required_terms import RequiredTerms
from gemini_diffusion.crafting.terms import Term, name_term


def claimed_terms(reading: RequiredTerms, text: PromptText, negative: PromptText, pairs: Sequence[Pair]) -> Iterator[Term]:
    """Terms that only the pairs tell of, with the person's words and the chat model's English for them."""
    if not reading.language and not pairs:
        yield Term("negation", "", "")
    for pair in pairs:
        roots = roots_of(pair.english)
        covering = [term for term in reading.terms if overlap(term, pair)]
        denied = any(roots_of(phrase) == roots for phrase in negative.text.split(","))
        if denied and roots and all(term.kind == "negation" for term in covering):
            shown = roots <= text.shown  # "white queen" denies no other queen and nothing else that is white
            yield Term("negation", pair.said, pair.english, roots if shown else roots - text.shown)
        elif not roots <= text.shown and not roots <= negative.shown:
            yield from _lost(pair, covering)


def _lost(pair: Pair, covering: Sequence[Term]) -> Iterator[Term]:
    """What of a pair that the prompt does not hold is held to: of each kind that we did not read ourselves."""
    read = {term.kind for term in covering}
    if "quote" in read:
        return
    held = [term for term in english_terms(pair.english) if term.kind in {"number", "colour", "name"} - read]
    held = held or [name_term([word]) for word in _lone_name(pair.english) if not covering]
    yield from (replace(term, said=pair.said, english=_whole(term, pair)) for term in held)
    if not held and not covering and (roots := roots_of(pair.english)):
        yield Term("noun", pair.said, pair.english, roots)


def _lone_name(english: str) -> list[str]:
    """A word with a capital that names nothing we know otherwise."""
    root = stem(english)
    known = root in read_lexicon().kinds or root in read_lexicon().things
    return [english] if english.isalpha() and english[0].isupper() and not english.isupper() and not known else []


def _whole(term: Term, pair: Pair) -> str:
    """A name with all of its parts, as the pair has it: Yi Sun-sin, Hoi An."""
    start = pair.english.find(term.english) if term.kind == "name" else -1
    if start < 0:
        return term.english
    parts = re.split(r"(?<=\w)(?=[ -])", pair.english[start:])
    more = takewhile(lambda part: part[0] == "-" or part[1:2].isupper(), parts[1:])
    return "".join([parts[0], *more])
