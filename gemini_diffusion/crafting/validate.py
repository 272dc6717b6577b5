"""What of a request no picture can show, or not the chosen model; said before anything is drawn, and never in the way."""

from __future__ import annotations

import re

from gemini_diffusion.crafting.lexicon import read_lexicon
from gemini_diffusion.crafting.prompt_request import PromptRequest
from gemini_diffusion.crafting.required_terms import QUOTE, find_required_terms, quotes_in
from gemini_diffusion.crafting.vocabulary import introduce

_BOTH = re.compile(
    r"\b(half|split|diptych|triptych|versus|vs|into|from|between|transition|collage|panels?|side by side)\b", re.I
)
"""Two things that exclude each other may well be what is asked for."""
_NAMED = r"(?<!\bnot )\b(?:at|by|during|in(?: the)?(?: middle of the)?)\s+(?:high\s+)?{}\b"
_BESIDE = r"\b{}(?:,? and|,? but|,)?\s+{}\b"


def validate(request: PromptRequest) -> tuple[str, ...]:
    """The sentences to say; none where there is any doubt."""
    said = [
        f"No one picture can be both {one} and {other}; say which of them you mean, or see what comes of it."
        for one, other in _exclusive(request.words)
    ]
    if quotes_in(request.words) and request.is_tags:
        can = "cannot write" if request.model.vocabulary else "seldom writes letters right"
        said.append(f"{request.model.label} {can}, so the words in quotation marks may come out garbled.")
    return (*said, *filter(None, [introduce(request)]))


def _exclusive(idea: str) -> list[tuple[str, str]]:
    """Pairs of words that exclude each other: two times of day, or two qualities of one thing."""
    plain = QUOTE.sub(" ", idea)
    if _BOTH.search(plain):
        return []
    lexicon = read_lexicon()
    reading = find_required_terms(plain)
    said = {term.english for term in reading.terms if term.kind == "noun"} if reading.language not in ("en", "") else set()
    times = (pair for pair in lexicon.times_apart if {*pair} <= said or all(_is_time_of(word, plain) for word in pair))
    return [*times, *(pair for pair in lexicon.qualities_apart if _are_beside(pair, plain))][:2]


def _is_time_of(word: str, text: str) -> bool:
    return bool(re.search(_NAMED.format(word), text, re.IGNORECASE))


def _are_beside(pair: tuple[str, str], text: str) -> bool:
    return any(re.search(_BESIDE.format(one, other), text, re.IGNORECASE) for one, other in (pair, pair[::-1]))
