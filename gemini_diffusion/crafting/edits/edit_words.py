"""The words by which a message is known as being about a picture, in eleven languages, as patterns; knows no picture."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

_SCRIPT = "[\u3041-\u30ff\u3400-\u9fff\uff1f]"
"""Letters of languages that set no blanks."""


@cache
def edit_words() -> Mapping[str, Any]:
    """The table as it stands; package data that never changes while the program runs."""
    table: dict[str, Any] = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
    return table


@cache
def pattern(name: str) -> re.Pattern[str]:
    """The words of one row: whole words where blanks set them apart, anywhere in Chinese and Japanese."""
    return _words(edit_words()[name])


@cache
def particles() -> re.Pattern[str]:
    """What may be left of a Chinese or Japanese sentence once its words are read."""
    return re.compile(rf"(?:{edit_words()['particles']}|{edit_words()['noise']})+")


@cache
def lights() -> Mapping[str, re.Pattern[str]]:
    """What is added to a prompt for "darker" and the like, by the words that ask for it."""
    return {phrase: _words(words) for phrase, words in edit_words()["lights"].items()}


@cache
def references() -> tuple[re.Pattern[str], ...]:
    """Ways of naming a picture by its place; the groups n and m hold the ordinal."""
    numbers = "|".join(edit_words()["ordinals"].values())
    return tuple(re.compile(row.replace("{n}", numbers), re.IGNORECASE) for row in edit_words()["references"])


NO_SUCH = 1000
"""The number of a picture that there cannot be."""


def ordinal(said: str) -> int:
    """1 for "first", -1 for "last", -2 for "previous"; the figure itself for a figure, NO_SUCH for 0: they count from 1."""
    if figure := re.match(r"\d+", said):
        return int(figure[0]) or NO_SUCH
    numbers: Mapping[str, str] = edit_words()["ordinals"]
    return next((int(number) for number, words in numbers.items() if re.fullmatch(words, said, re.IGNORECASE)), 0)


def _words(alternatives: str) -> re.Pattern[str]:
    """Alternatives as one pattern, the longest first."""
    parts = sorted(_split(alternatives), key=len, reverse=True)
    joined = [part for part in parts if re.search(_SCRIPT, part) or not re.search(r"\w", part)]  # a mark follows a word at once
    apart = [part for part in parts if part not in joined]
    rows = [rf"(?<![^\W\d_])(?:{'|'.join(apart)})(?![^\W\d_])"] if apart else []
    return re.compile("|".join([*rows, *joined]), re.IGNORECASE)


def _split(alternatives: str) -> list[str]:
    """Parts between the bars that stand in no bracket."""
    parts, depth = [""], 0
    for char in alternatives:
        depth += (char == "(") - (char == ")")
        if char == "|" and depth == 0:
            parts.append("")
        else:
            parts[-1] += char
    return parts
