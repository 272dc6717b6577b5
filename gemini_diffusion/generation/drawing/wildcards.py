"""Wildcards: `__animal__` in a request is a line of the text file animal.txt that the person put into the data folder."""

from __future__ import annotations

import dataclasses
import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from gemini_diffusion.commands import Imagine

FOLDER = "wildcards"
LARGEST = 2_000_000
"""Bytes of one file that are read."""
DEEPEST = 5
"""How often a line may name another wildcard."""
_MARK = re.compile(r"(?<!\w)__([^\W_][\w/ -]{0,60}?)__(?!\w)")
_CHOICE = re.compile(r"\{([^{}|]*(?:\|[^{}|]*)+)\}")


def fill_wildcards(job: Imagine, home: Path) -> list[Imagine]:
    """The request with a line of its own for each picture, so one request a picture; as it is where it names no wildcard.

    One without a file is read as its own word, and said.
    """
    if not _MARK.search(job.idea):
        return [job]
    known, missing = dict[str, tuple[str, ...]](), dict[str, None]()

    def line_of(match: re.Match[str]) -> str:
        name = match[1]
        lines = known.setdefault(name, read_lines(home / FOLDER, name))
        if not lines:
            missing[name] = None
        return random.choice(lines) if lines else _word(match)

    ideas = [_filled(job.idea, line_of) for _ in range(job.flags.count or 1)]
    said = tuple(f"There is no {FOLDER}/{name}.txt in the data folder, so __{name}__ was read as a word." for name in missing)
    return [_one(job, idea, place, (*job.notices, *said) if place == 0 else ()) for place, idea in enumerate(ideas)]


def _filled(idea: str, line_of: Callable[[re.Match[str]], str]) -> str:
    for _ in range(DEEPEST):
        idea = _CHOICE.sub(lambda match: random.choice(match[1].split("|")).strip(), _MARK.sub(line_of, idea))
        if not _MARK.search(idea):
            break
    return " ".join(_MARK.sub(_word, idea).split())


def _word(wildcard: re.Match[str]) -> str:
    """What it is read as where no line stands for it."""
    return re.split("[/_-]", wildcard[1])[-1]


def _one(job: Imagine, idea: str, place: int, notices: tuple[str, ...]) -> Imagine:
    """The picture of that place, alone; seeds count on as they do for pictures of one request."""
    seed = job.flags.seed
    flags = dataclasses.replace(job.flags, count=None, seed=(seed + place) % 2**32 if isinstance(seed, int) else seed)
    return dataclasses.replace(job, idea=idea, flags=flags, notices=notices)


def read_lines(folder: Path, name: str) -> tuple[str, ...]:
    """The lines of a wildcard's file, without blank ones and those that begin with #; none where there is no such file."""
    file = folder.joinpath(*name.split("/")).with_name(f"{name.rpartition('/')[2]}.txt")
    try:
        if not file.resolve().is_relative_to(folder.resolve()):
            return ()
        with file.open("rb") as opened:
            text = opened.read(LARGEST).decode("utf-8-sig", "replace")
    except OSError:
        return ()
    return tuple(_lines(text))


def _lines(text: str) -> Iterator[str]:
    for line in text.splitlines():
        plain = " ".join(line.split())
        if plain and not plain.startswith("#"):
            yield plain
