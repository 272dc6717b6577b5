"""The `space::2 ship` weights in an idea, read and written back; knows no flag.

A word has a weight only if a number follows its two colons and no digit stands before them: C++:: and 10::30 are text.
"""

import re

from gemini_diffusion.commands.escapes import escape, unescape
from gemini_diffusion.commands.nouns import Weight
from gemini_diffusion.commands.words import fold, split

_SUFFIX = re.compile(r"(.*[^\d:\\])::(-?[0-9]{1,4}(?:\.[0-9]{1,4})?),?", re.DOTALL)


def read(idea: str) -> tuple[Weight, ...]:
    """The parts of the idea, escapes undone; what stands after the last weight counts 1. Empty without any weight."""
    parts, words = list[Weight](), list[str]()
    for word in split(idea):
        suffix = _SUFFIX.fullmatch(fold(word))
        words.append(word[: suffix.end(1)] if suffix else word)
        if suffix:
            parts.append(Weight(unescape(" ".join(words)), float(suffix[2])))
            words = []
    if parts and words:
        parts.append(Weight(unescape(" ".join(words)), 1.0))
    return tuple(parts)


def write(parts: tuple[Weight, ...]) -> str:
    """The parts as `read` reads them back; a last part that counts 1 needs no number, if there are others."""
    bare = len(parts) > 1 and parts[-1].weight == 1
    texts = [escape(part.text) if bare and part is parts[-1] else _write(part) for part in parts]
    return " ".join(texts)


def _write(part: Weight) -> str:
    number = f"{part.weight:.4f}".rstrip("0").rstrip(".")
    return f"{escape(part.text)}::{number}"
