"""Style presets as data: words that say how a picture is made, never what is on it; knows no model."""

from __future__ import annotations

import json
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Style:
    """One preset: `positive` is added after the person's words, `negative` where a model takes a negative prompt."""

    name: str
    positive: str
    negative: str
    also: tuple[str, ...] = ()


@cache
def styles() -> tuple[Style, ...]:
    """Every preset, in the order of styles.json."""
    table = json.loads(Path(__file__).with_name("styles.json").read_text(encoding="utf-8"))
    return tuple(
        Style(name, row["positive"], row["negative"], tuple(part.strip() for part in row["also"].split(",")))
        for name, row in table.items()
    )


def known_styles() -> tuple[str, ...]:
    """The names to choose from."""
    return tuple(style.name for style in styles())


def find_style(name: str) -> Style | None:
    """The preset of that name or alias; case, blanks and hyphens do not matter."""
    wanted = _plain(name)
    return next((style for style in styles() if wanted in map(_plain, (style.name, *style.also))), None)


def nearest_style(name: str) -> str:
    """The name of the preset that is spelled most like `name`."""
    names = {_plain(spelling): style.name for style in styles() for spelling in (style.name, *style.also)}
    close = get_close_matches(_plain(name), names, n=1, cutoff=0.0)
    return names[close[0]] if close else styles()[0].name


def _plain(name: str) -> str:
    return "".join(char for char in name.casefold() if char.isalnum())
