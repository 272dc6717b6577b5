"""Double-quoted passages of a text, which are taken as they are; knows no flag, no choice and no command."""

import re
from collections.abc import Iterator

Span = tuple[int, int]

_ANY_QUOTE = re.compile('["“”]')


def _straight(text: str) -> Iterator[Span]:
    """Pairs of "; an inch mark after a digit opens nothing, and an opening mark gives up on an unclosed one before it."""
    start = None
    for mark in re.finditer('"', text):
        at = mark.start()
        before, after = text[at - 1 : at] or " ", text[at + 1 : at + 2] or " "
        closes = not after.isalnum() and (not before.isspace() or after.isspace())
        if start is not None and closes:
            yield start, at + 1
            start = None
        elif not before.isalnum():
            start = at


def _curly(text: str) -> Iterator[Span]:
    start = None
    for mark in re.finditer("[“”]", text):
        if mark[0] == "“":
            start = mark.start()
        elif start is not None:
            yield start, mark.end()
            start = None


def quoted(text: str) -> list[Span]:
    """The quoted passages with their marks, as (start, end) offsets in order; unclosed quotes are not among them."""
    spans: list[Span] = []
    for start, end in sorted([*_straight(text), *_curly(text)]):
        if not spans or start >= spans[-1][1]:
            spans.append((start, end))
    return spans


def outside(spans: list[Span], text: str, pattern: re.Pattern[str]) -> Iterator[re.Match[str]]:
    """The matches of a short pattern that do not start inside one of the spans, in one pass over both."""
    following = iter(spans)
    start, end = next(following, (len(text), len(text)))
    for match in pattern.finditer(text):
        while match.start() >= end and end < len(text):
            start, end = next(following, (len(text), len(text)))
        if not start <= match.start() < end:
            yield match


def replace(text: str, pattern: re.Pattern[str], replacement: str) -> str:
    """Replaces matches outside the quotes; the replacement may name groups as in `re.sub`."""
    pieces, last = [], 0
    for match in outside(quoted(text), text, pattern):
        pieces += [text[last : match.start()], match.expand(replacement)]
        last = match.end()
    return "".join(pieces) + text[last:]


def unquote(text: str) -> str:
    """A flag's value without its quotes; what quotes remain inside become single ones, so that it can be quoted again."""
    text = text.strip()
    if quoted(text) == [(0, len(text))]:
        text = text[1:-1].strip()
    return without_quotes(text)


def without_quotes(text: str) -> str:
    """The text with single quotes in place of double ones."""
    return _ANY_QUOTE.sub("'", text)


def close_quotes(text: str) -> str:
    """Turns quotes without a partner into single ones."""
    return replace(text, _ANY_QUOTE, "'")
