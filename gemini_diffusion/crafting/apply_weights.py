"""Puts the weights of a request on the same words of its prompt, wherever they went and in whatever language they were said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from gemini_diffusion.crafting.lexicon import read_lexicon, stem, words_in
from gemini_diffusion.crafting.prompt_request import PromptRequest
from gemini_diffusion.crafting.prompt_text import PromptText
from gemini_diffusion.crafting.required_terms import QUOTE, TOKEN, RequiredTerms
from gemini_diffusion.types import prompt_weights
from gemini_diffusion.types.prompt_weights import WeightedSpan

Place = tuple[int, int, float]
"""Where a piece of a prompt starts and ends, and how strongly it counts."""


def apply_weights(prompt: str, request: PromptRequest, reading: RequiredTerms) -> str:
    """`prompt`, plain until now, as marked text: each weighted word of the request counts as the person said."""
    if all(span.weight == 1 for span in request.spans):
        return prompt_weights.format_weights([WeightedSpan(prompt)])
    taken = _Weighing(PromptText(prompt), reading).places(request.spans)
    pieces, last = list[WeightedSpan](), 0
    for start, end, weight in sorted(taken):
        pieces += [WeightedSpan(prompt[last:start]), WeightedSpan(prompt[start:end], weight)]
        last = end
    return prompt_weights.format_weights([*pieces, WeightedSpan(prompt[last:])])


class _Weighing:
    """Finds the words of weighted spans in a prompt; `said` counts the stems that the person has said so far."""

    def __init__(self, text: PromptText, reading: RequiredTerms) -> None:
        self.text, self.said, self.free = text, Counter[str](), [True] * len(text.text)
        self.stems = dict[str, frozenset[str]]()
        for term in reading.terms:
            for word in words_in(term.said):
                self.stems[word] = self.stems.get(word, frozenset()) | term.stems

    def places(self, spans: Iterable[WeightedSpan]) -> list[Place]:
        """Where the words of the spans stand in the prompt, neighbours of one span as one."""
        found = list[Place]()
        for span in spans:
            if span.weight != 1:
                found += self._joined(sorted([*self._whole(span), *self._words(span)]))
            self.said.update(map(stem, words_in(span.text)))
        return found

    def _whole(self, span: WeightedSpan) -> Iterator[Place]:
        """Quotations and tokens, to the letter."""
        for match in (*QUOTE.finditer(span.text), *TOKEN.finditer(span.text)):
            start = self.text.text.find(match[0])
            if start >= 0 and self._take(start, start + len(match[0])):
                yield start, start + len(match[0]), span.weight

    def _words(self, span: WeightedSpan) -> Iterator[Place]:
        """For each word of substance the place of it in the prompt: the second "red" of a request is the second one there."""
        for word in words_in(TOKEN.sub(" ", span.text)):
            if word.lower() in read_lexicon().stop:
                continue
            roots = self.stems.get(word, frozenset()) | {stem(word)}
            places = self.text.places(roots)
            if places:
                token = self.text.tokens[places[min(sum(self.said[root] for root in roots), len(places) - 1)]]
                if self._take(token.start, token.end):
                    yield token.start, token.end, span.weight

    def _take(self, start: int, end: int) -> bool:
        """Whether nobody has weighed this piece yet; from now on somebody has."""
        free = all(self.free[start:end])
        self.free[start:end] = [False] * (end - start)
        return free

    def _joined(self, places: Iterable[Place]) -> list[Place]:
        joined: list[Place] = []
        for start, end, weight in places:
            if joined and self._is_next(joined[-1][1], start):
                start = joined.pop()[0]
            joined.append((start, end, weight))
        return joined

    def _is_next(self, end: int, start: int) -> bool:
        """Whether only blanks, hyphens and small words part two words, none of them weighed."""
        between = self.text.text[end:start]
        small = all(word.lower() in read_lexicon().stop for word in words_in(between))
        return "," not in between and small and len(between) < 12 and all(self.free[end:start])
