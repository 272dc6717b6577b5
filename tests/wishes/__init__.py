"""Wishes in thirteen languages, each with two faithful crafts and crafts with one planted fault, read from the texts beside.

> the wish
+ a faithful craft | its negative prompt
~ a free one, in other words | its negative prompt
= words of the wish=English of the first craft/of the second; ...
! kind of fault: part of the first craft > what stands there instead ("+" is put at its end)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HELD = ("number", "moved", "colour", "swap", "quote", "quoted", "name", "named", "denied", "sides")
"""Faults in what is held; "noun" is watched, and the rest is no answer to the wish at all."""
ANSWERLESS = {
    "strange": "a steam engine crossing a viaduct, engraving",
    "refusal": "I'm sorry, but I can't help with creating that image.",
    "error": "Error 429: quota exceeded, please retry in 30 seconds",
    "empty": "",
}


@dataclass(frozen=True, slots=True)
class Craft:
    """One answer of a chat model: `kind` is "faithful", "free" or the fault that was planted; `pairs` what it says it kept."""

    wish: str
    language: str
    kind: str
    prompt: str
    negative: str
    pairs: tuple[tuple[str, str], ...]

    @property
    def is_good(self) -> bool:
        return self.kind in ("faithful", "free")


def crafts() -> Iterator[Craft]:
    """Every craft of every wish."""
    for path in sorted(Path(__file__).parent.glob("*.txt")):
        for block in path.read_text(encoding="utf-8").strip().split("\n\n"):
            yield from _of_block(block, path.stem)


def _of_block(block: str, language: str) -> Iterator[Craft]:
    rows = [(line[0], line[2:]) for line in block.splitlines()]
    wish = next(text for sign, text in rows if sign == ">")
    pairs = [tuple(pair.rsplit("=", 1)) for text in (text for sign, text in rows if sign == "=") for pair in text.split("; ")]
    first = tuple((said, english.split("/")[0]) for said, english in pairs)
    second = tuple((said, english.split("/")[-1]) for said, english in pairs)
    prompt, negative = _craft(next(text for sign, text in rows if sign == "+"))
    yield Craft(wish, language, "faithful", prompt, negative, first)
    yield Craft(wish, language, "free", *_craft(next(text for sign, text in rows if sign == "~")), second)
    for kind, change in (text.split(": ", 1) for sign, text in rows if sign == "!"):
        old, new = (
            (part.strip() for part in f"{change} ".split(" > " if " > " in change else " >", 1)) if ">" in change else ("", "")
        )
        faulty = prompt + change.removeprefix("+ ") if change.startswith("+") else prompt.replace(old, new)
        if faulty == prompt:
            raise ValueError(f"{language}: {change!r} changes nothing in {prompt!r}")
        yield Craft(wish, language, kind, " ".join(faulty.split()).strip(" ,"), negative, first)
    for kind, text in ANSWERLESS.items():
        yield Craft(wish, language, kind, text, "", first)


def _craft(text: str) -> tuple[str, str]:
    prompt, _, negative = text.partition("|")
    return prompt.strip(), negative.strip()
