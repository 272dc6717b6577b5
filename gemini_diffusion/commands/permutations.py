"""The {a, b} choices in a text: found, counted, and settled into one text for each; knows no flag and no command."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise, product
from math import prod

from gemini_diffusion.commands.quotes import outside, quoted

_MARK = re.compile(r"\\[{},\uff0c\u3001]|[{},\uff0c\u3001]")
_DEEPEST = 20  # so that reading and counting stay linear, and recursion shallow


@dataclass(frozen=True, slots=True)
class ChoiceGroup:
    """One pair of braces with at least two options; cuts are the offsets of {, of each comma, and of }."""

    cuts: tuple[int, ...]
    inner: tuple["ChoiceGroup", ...]

    @property
    def start(self) -> int:
        """Offset of the opening brace."""
        return self.cuts[0]

    @property
    def end(self) -> int:
        """Offset after the closing brace."""
        return self.cuts[-1] + 1

    def options(self) -> Iterator[tuple[int, int, list["ChoiceGroup"]]]:
        """Each option as (start, end, the groups inside it)."""
        at = 0
        for left, right in pairwise(self.cuts):
            first = at
            while at < len(self.inner) and self.inner[at].start < right:
                at += 1
            yield left + 1, right, list(self.inner[first:at])


@dataclass(slots=True)
class _Open:
    """A brace that is not closed yet; the outermost one stands for the text itself."""

    cuts: list[int] = field(default_factory=list)
    inner: list[ChoiceGroup] = field(default_factory=list)


def _read(text: str) -> tuple[list[ChoiceGroup], list[int]]:
    """The outermost groups, and the offsets of the braces and commas that look like choices but are none."""
    stack, strays = [_Open()], list[int]()
    for mark in outside(quoted(text), text, _MARK):
        if mark[0] == "{" and len(stack) <= _DEEPEST:
            stack.append(_Open([mark.start()]))
        elif mark[0] == "}" and len(stack) > 1:
            _close(text, stack, mark.start(), strays)
        elif mark[0] in "{}":
            strays.append(mark.start())
        elif len(mark[0]) == 1 and len(stack) > 1:
            stack[-1].cuts.append(mark.start())
    strays += [cut for unclosed in stack[1:] for cut in unclosed.cuts]
    return [group for level in stack for group in level.inner], sorted(strays)


def _close(text: str, stack: list[_Open], at: int, strays: list[int]) -> None:
    done = stack.pop()
    cuts = (*done.cuts, at)
    if len(cuts) > 2 and all(text[left + 1 : right].strip() for left, right in pairwise(cuts)):
        stack[-1].inner.append(ChoiceGroup(cuts, tuple(done.inner)))
    else:
        strays += cuts
        stack[-1].inner += done.inner


def spans(text: str) -> list[tuple[int, int]]:
    """Where the outermost choices stand, as (start, end) offsets."""
    return [(group.start, group.end) for group in _read(text)[0]]


def stray_brace(text: str) -> bool:
    """Whether a brace stands in the text, outside quotes and not escaped, that offers no choice."""
    return any(text[at] in "{}" for at in _read(text)[1])


def count_permutations(text: str) -> int:
    """How many texts the choices make, without making them; 1 without choices."""
    return _count(_read(text)[0])


def _count(groups: list[ChoiceGroup]) -> int:
    return prod(sum(_count(inner) for _, _, inner in group.options()) for group in groups)


def settle_choice(text: str) -> Iterator[str]:
    """Each text that the choices make, the first choice varying slowest; escapes stay, stray braces become escaped."""
    strays = _read(text)[1]
    pieces = [text[left:right] for left, right in pairwise([0, *strays, len(text)])]
    text = "\\".join(pieces)
    return _variants(text, 0, len(text), _read(text)[0])


def _variants(text: str, start: int, end: int, groups: list[ChoiceGroup]) -> Iterator[str]:
    pieces: list[list[str]] = []
    for group in groups:
        pieces.append([text[start : group.start]])
        pieces.append([variant.strip() for option in group.options() for variant in _variants(text, *option)])
        start = group.end
    pieces.append([text[start:end]])
    return map("".join, product(*pieces))
