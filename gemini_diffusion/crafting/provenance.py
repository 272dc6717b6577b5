"""Whose each word of a crafted prompt is: the person's, put right by rule, or added; knows no chat model and no style."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from gemini_diffusion.crafting.added_words import added_tokens
from gemini_diffusion.crafting.prompt_text import PromptText
from gemini_diffusion.crafting.required_terms import RequiredTerms
from gemini_diffusion.crafting.terms import Term
from gemini_diffusion.types import PromptPart, prompt_weights


def parts_of(prompt: str, style: str, reading: RequiredTerms, changed: Sequence[Term]) -> tuple[PromptPart, ...]:
    """The marked prompt in pieces that make it up again; `style` is what a style put at its end, `changed` what was put in."""
    body = prompt.removesuffix(style) if style else prompt
    parts = [part for span in prompt_weights.parse_weights(body) for part in _parts(span.text, span.weight, reading, changed)]
    return tuple([*parts, PromptPart(style, "style")] if style and body != prompt else parts)


def _parts(text: str, weight: float, reading: RequiredTerms, changed: Sequence[Term]) -> Iterator[PromptPart]:
    read = PromptText(text)
    added = {token.start for token in added_tokens(reading, read)}
    put_in = frozenset[str]().union(*(term.stems for term in changed))
    words = [token for token in read.tokens if token.root]
    last = 0
    for source, run in groupby(
        words, lambda word: "added" if word.start in added else "changed" if word.root in put_in else "yours"
    ):
        *_, end = run
        stop = len(text) if end is words[-1] else end.end
        yield PromptPart(text[last:stop], source, weight)  # type: ignore[arg-type]
        last = stop
    if not words and text:
        yield PromptPart(text, "yours", weight)
