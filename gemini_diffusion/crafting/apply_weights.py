"""Puts the weights of a wish on the same words of its prompt, wherever they went and in whatever language they were said."""

from __future__ import annotations

from collections.abc import Iterator

from gemini_diffusion.crafting.contract import PromptText, Token
from gemini_diffusion.crafting.lexicon import read_lexicon, stem, words_in
from gemini_diffusion.crafting.prompt_request import PromptRequest
from gemini_diffusion.crafting.required_terms import QUOTE, TOKEN, RequiredTerms
from gemini_diffusion.types import prompt_weights
from gemini_diffusion.types.prompt_weights import WeightedSpan

Place = tuple[int, int, float]
"""Where a piece of a prompt starts and ends, and how strongly it counts."""


def apply_weights(prompt: str, wish: PromptRequest, reading: RequiredTerms) -> str:
    """`prompt`, plain until now, as marked text: each weighted word of the wish counts as the person said."""
    text, taken, said = PromptText(prompt), list[Place](), ""
    for span in wish.spans:
        if span.weight != 1:
            taken += [place for place in _places(span, said, text, reading) if not _overlaps(place, taken)]
        said += span.text
    pieces, last = list[WeightedSpan](), 0
    for start, end, weight in sorted(taken):
        pieces += [WeightedSpan(prompt[last:start]), WeightedSpan(prompt[start:end], weight)]
        last = end
    return prompt_weights.format_weights([*pieces, WeightedSpan(prompt[last:])])


def _places(span: WeightedSpan, before: str, text: PromptText, reading: RequiredTerms) -> list[Place]:
    """Where the words of a span stand, neighbours as one; `before` is what the person said ahead of it."""
    whole = [match[0] for match in (*QUOTE.finditer(span.text), *TOKEN.finditer(span.text))]
    starts = [(text.text.find(piece), piece) for piece in whole]
    places = [(start, start + len(piece), span.weight) for start, piece in starts if start >= 0]
    for token in _tokens(span, before, text, reading):
        place = (token.start, token.end, span.weight)
        places += [] if _overlaps(place, places) else [place]
    joined: list[Place] = []
    for start, end, weight in sorted(places):
        if joined and _is_next(text.text[joined[-1][1] : start]):
            start = joined.pop()[0]
        joined.append((start, end, weight))
    return joined


def _tokens(span: WeightedSpan, before: str, text: PromptText, reading: RequiredTerms) -> Iterator[Token]:
    """For each word of substance the place of it in the prompt: the second "red" of a wish is the second one there."""
    earlier = words_in(before)
    for word in words_in(TOKEN.sub(" ", span.text)):
        if word.lower() in read_lexicon().stop:
            continue
        roots = frozenset({stem(word)}).union(*(term.stems for term in reading.terms if word in words_in(term.said)))
        places = text.places(roots)
        if places:
            yield text.tokens[places[min(sum(stem(other) in roots for other in earlier), len(places) - 1)]]


def _is_next(between: str) -> bool:
    """Whether only blanks, hyphens and small words part two words."""
    return "," not in between and all(word.lower() in read_lexicon().stop for word in words_in(between)) and len(between) < 12


def _overlaps(place: Place, others: list[Place]) -> bool:
    return any(place[0] < end and start < place[1] for start, end, _ in others)
