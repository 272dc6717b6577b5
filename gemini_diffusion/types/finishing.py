"""The steps that finish a picture after it is drawn, as plain values and as text: "levels:0.5,sharpen:0.3"."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

USUAL = 0.5
MOST_STEPS = 12
"""Of one picture; each rounds its colours once more."""
_STEP = re.compile(r"([a-z]+)(?:[:=](-?[0-9]{0,3}(?:\.[0-9]{0,6})?))?")
_ALSO = {"auto": "levels", "brightness": "light", "color": "colour", "saturation": "colour", "clarity": "detail"}


@dataclass(frozen=True, slots=True)
class FinishKind:
    """`low` is the lowest strength, below zero for what also works the other way; the highest is 1, and 0 changes nothing."""

    low: float
    help: str


FINISHES = {
    "levels": FinishKind(0, "the darkest becomes black, the brightest white"),
    "light": FinishKind(-1, "lighter, or darker below zero"),
    "contrast": FinishKind(-1, "light and dark further apart, or closer"),
    "colour": FinishKind(-1, "stronger colours, or paler down to grey"),
    "detail": FinishKind(0, "small shapes stand out"),
    "sharpen": FinishKind(0, "crisp edges"),
}
"""Every step there is, in the order in which the window applies them."""


@dataclass(frozen=True, slots=True)
class FinishStep:
    """One step by its name in FINISHES and its strength."""

    name: str
    strength: float = USUAL


def read_finish(text: str) -> tuple[tuple[FinishStep, ...], tuple[str, ...]]:
    """The steps in a text, in its order, and what in it is none. A strength beyond its range is moved into it."""
    steps, unknown = list[FinishStep](), list[str]()
    for word in filter(None, re.split(r"[,\s\uff0c\u3001]+", re.sub(r"\s*([:=])\s*", r"\1", text.lower()))):
        match = _STEP.fullmatch(word)
        name = _ALSO.get(match[1], match[1]) if match else ""
        try:
            strength = float(match[2]) if match and match[2] is not None else USUAL
        except ValueError:
            name = ""
        if name in FINISHES and len(steps) < MOST_STEPS:
            steps.append(FinishStep(name, round(min(1.0, max(FINISHES[name].low, strength)), 4)))
        else:
            unknown.append(word)
    return tuple(steps), tuple(unknown)


def write_finish(steps: Iterable[FinishStep]) -> str:
    """The text that `read_finish` reads as these steps, without a blank."""
    return ",".join(f"{step.name}:{step.strength:g}" for step in steps)
