"""What the chat model says it kept, as pairs of the person's words and its own, and which term a pair is about."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from gemini_diffusion.crafting.lexicon import read_lexicon
from gemini_diffusion.crafting.prompt_text import PromptText
from gemini_diffusion.crafting.required_terms import RequiredTerms
from gemini_diffusion.crafting.terms import Term

_SUBSTANCE = 5
_UNPARTED = 15
_WITHOUT_BLANKS = tuple(
    chr(code) for first, last in ((0xE00, 0xEFF), (0x1000, 0x109F), (0x1780, 0x17FF)) for code in range(first, last)
)
"""Letters of Thai, Lao, Burmese and Khmer: several words stand as one."""


@dataclass(frozen=True, slots=True)
class Pair:
    """What the chat model says it kept: words of the request to the letter, and the English words for them."""

    said: str
    english: str


def overlap(term: Term, pair: Pair) -> bool:
    """Whether a pair is about a term."""
    said, other = squashed(term.said.removeprefix("no ") if term.kind == "negation" else term.said), squashed(pair.said)
    if term.kind == "side":
        return any(word in other for word in said.split(" on the ")[:1])
    return bool(said) and (said in other or other in said)


def roots_of(text: str) -> frozenset[str]:
    """The stems of the words of substance."""
    stop = read_lexicon().stop
    return frozenset(token.root for token in PromptText(text).tokens if token.root and token.word.lower() not in stop)


def squashed(text: str) -> str:
    """Folded for a comparison to the letter: case, blanks and apostrophes aside."""
    return " ".join(text.casefold().replace("\u2019", "'").split())


def _untold(word: str, told: str) -> str:
    """What is left of a word without what the pairs name of it."""
    left = squashed(word)
    for part in told.split():
        left = left.replace(part, "") if len(part) > 1 else left
    return left if squashed(word) not in told else ""


def stands_whole(said: str, text: str) -> bool:
    """Whether words stand in a text to the letter, and not as a part of longer ones: no \u0e1b\u0e34\u0e14"""
    return bool(re.search(rf"(?<!\w){re.escape(squashed(said))}(?!\w)", squashed(text)))


def uncovered_words(reading: RequiredTerms, pairs: Sequence[Pair], free: int) -> tuple[str, ...]:
    """Words of substance that the tables cannot read and no pair is about, where they are a quarter of the request and the
    prompt has fewer `free` words that could stand for them ("that reads" before a quotation are two).

    Words of substance have five letters or more: shorter ones are mostly small words. None without any pair: a chat model that
    names none has not understood what was asked of it.
    """
    told = " ".join(squashed(pair.said) for pair in pairs)
    named = {word for term in reading.terms for word in term.said.split()}
    long = dict.fromkeys(word for word in reading.foreign if len(word) >= _SUBSTANCE and word not in named)
    left = tuple(word for word in long if len(_untold(word, told)) >= (_UNPARTED if word[0] in _WITHOUT_BLANKS else _SUBSTANCE))
    stand_in = free + 2 * any(term.kind == "quote" for term in reading.terms)
    many = sum(map(len, left)) * 4 >= len(reading.idea)
    return left if pairs and many and len(left) > stand_in else ()
