"""What the chat model is told: one text per family of image model, made complete for one request; holds no secret.

The texts stand in the .md files beside this one, the style presets in styles.json.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Template

from gemini_diffusion.crafting.instructions.styles import Style, find_style, known_styles, nearest_style, styles
from gemini_diffusion.engines.models import Family

__all__ = [
    "InstructionRequest", "Style", "find_style", "known_styles", "nearest_style", "paraphrase_instruction", "styles",
    "write_instruction",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class InstructionRequest:
    """What one instruction has to say: words that may be added, tokens not to pass, what is ruled out or kept, the shape."""

    family: Family
    added_words: int
    max_tokens: int
    takes_negative: bool = True
    avoid: tuple[str, ...] = ()
    aspect: str = ""
    style: Style | None = None
    keep: tuple[str, ...] = ()
    vocabulary: tuple[str, ...] = ()


def write_instruction(order: InstructionRequest) -> str:
    """The system instruction for one request."""
    common = Template(_text("common")).substitute(
        budget=_budget(order),
        length=f"The whole prompt stays under {max(8, int(order.max_tokens / 1.4))} words.",
        denials=_denials(order),
        shape=f"The picture's shape is {order.aspect}; compose for it and do not mention it." if order.aspect else "",
        style=_style(order.style),
        keep=_keep(order.keep),
        vocabulary=_vocabulary(order.vocabulary),
    )
    return re.sub(r"\n{3,}", "\n\n", f"{common}\n\n{_text(order.family)}")


def _budget(order: InstructionRequest) -> str:
    if order.added_words == 0:
        return "Add nothing: only put right and translate."
    return f"Add at most {order.added_words} words of your own, and never another subject."


def _denials(order: InstructionRequest) -> str:
    where = (
        "What must not be there goes into negative_prompt and is not named in prompt."
        if order.takes_negative
        else "This model takes no negative prompt: say what must not be there as what is there instead (an empty street)."
    )
    return f"{where} Ruled out as well: {', '.join(order.avoid)}." if order.avoid else where


def _style(style: Style | None) -> str:
    if style is None:
        return ""
    return f"The style {style.name} is added by the program afterwards: suit it and do not repeat it."


def _keep(words: tuple[str, ...]) -> str:
    if not words:
        return ""
    return (
        f"These very words have to be in prompt, in English; what stands in angle brackets stays as it is: {'; '.join(words)}."
    )


def _vocabulary(words: tuple[str, ...]) -> str:
    return f"This small model knows only these words; add no others: {', '.join(words)}." if words else ""


def paraphrase_instruction() -> str:
    """The system instruction for five paraphrases of a request."""
    return _text("paraphrases")


@cache
def _text(name: str) -> str:
    return Path(__file__).with_name(f"{name}.md").read_text(encoding="utf-8").strip()
