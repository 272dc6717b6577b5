"""The `space::2 ship` weights in an idea, read and written back; knows no flag.

A word has a weight only if a number follows its two colons and no digit stands before them: C++:: and 10::30 are text.
"""

import re
from collections.abc import Iterator

from gemini_diffusion.commands.escapes import escape, unescape
from gemini_diffusion.commands.tokenize_line import fold_width, split_words
from gemini_diffusion.types import prompt_weights
from gemini_diffusion.types.prompt_weights import WeightedSpan

WEAKEST, STRONGEST = 0.5, 1.5
"""What the models bear; beyond it words vanish, or tear the picture apart."""

_SUFFIX = re.compile(r"(.*[^\d:\\])::(-?(?:[0-9]{1,4}(?:\.[0-9]{1,4})?|\.[0-9]{1,4})),?", re.DOTALL)


def parse_parts(idea: str) -> tuple[WeightedSpan, ...]:
    """The parts of the idea, escapes undone; what stands after the last weight counts 1. Empty without any weight."""
    parts, words = list[WeightedSpan](), list[str]()
    for word in split_words(idea):
        suffix = _SUFFIX.fullmatch(fold_width(word))
        words.append(word[: suffix.end(1)] if suffix else word)
        if suffix:
            parts.append(WeightedSpan(unescape(" ".join(words)), float(suffix[2])))
            words = []
    if parts and words:
        parts.append(WeightedSpan(unescape(" ".join(words)), 1.0))
    return tuple(parts)


def emphasised(parts: tuple[WeightedSpan, ...]) -> str:
    """The parts above zero as one text in which each counts by its weight, seen from the mean of them; see `counts`."""
    spans = list[WeightedSpan]()
    for part, weight in zip([part for part in parts if part.weight > 0], counts(parts), strict=True):
        spans += [WeightedSpan(" ")] if spans else []
        spans += [WeightedSpan(span.text, span.weight * weight) for span in prompt_weights.parse_weights(part.text)]
    return prompt_weights.format_weights(spans)


def counts(parts: tuple[WeightedSpan, ...]) -> Iterator[float]:
    """How much each part above zero counts: `space::2 ship` is 2 and 1, their mean 1.5, so 1.33 and 0.67.

    Only what the parts are to each other is said by their weights, so one part alone counts 1. Kept within what models bear.
    """
    above = [part.weight for part in parts if part.weight > 0]
    mean = sum(above) / max(1, len(above))
    for weight in above:
        yield round(min(max(weight / mean, WEAKEST), STRONGEST), 2)


def format_parts(parts: tuple[WeightedSpan, ...]) -> str:
    """The parts as `read` reads them back; a last part that counts 1 needs no number, if there are others."""
    bare = len(parts) > 1 and parts[-1].weight == 1
    texts = [escape(part.text) if bare and part is parts[-1] else _write(part) for part in parts]
    return " ".join(texts)


def _write(part: WeightedSpan) -> str:
    number = f"{part.weight:.4f}".rstrip("0").rstrip(".")
    return f"{escape(part.text)}::{number}"
