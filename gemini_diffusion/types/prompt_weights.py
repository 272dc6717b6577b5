r"""How strongly each part of a prompt counts, as a person marks it in the text; knows no model, no flag and no service.

What is a mark (everything else is text):

- `(two words:1.3)`: a number from -2 to 2 before the closing parenthesis; after a digit it needs a point, so 16:9 is text.
- `(two words)+`, `(two words)--`: up to five signs, each a tenth more or less; `(two words)1.3` as InvokeAI writes it.
- `word++`, `word--`, and `word+` for a word in small letters: C++, A+, Disney+, 18+ and "a half-" are text.

Marks in marks multiply. Text in double quotes is taken as it is; a backslash makes any sign of these plain text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import groupby

HIGHEST = 2.0
"""The most that a mark may say, above or below zero; what the models bear is about 0.5 to 1.5."""
MORE, LESS = 1.1, 0.9
"""What one plus and one minus multiply by."""
_DEEPEST = 20  # so that reading stays linear
_ESCAPED = re.compile(r"""[()\\"\u201c\u201d]|(?<=[\w>])(?:\+|-(?=-))""")
_WORD = r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*"
_NUMBER = r"-?(?:[0-9](?:\.[0-9]{0,4})?|\.[0-9]{1,4})"
_END = r"(?=[\s,.;:!?)\]}]|$)"
_MARKS = re.compile(
    r'\\(?P<literal>[()+\-\\"\u201c\u201d])'
    r'|(?P<quoted>(?<![^\W_])"[^"]*"|\u201c[^\u201c\u201d]*\u201d)'
    rf"|:\s?(?P<weight>{_NUMBER})\s?\)"
    rf"|\)(?P<signs>\+{{1,5}}|-{{1,5}}){_END}"
    rf"|\)(?P<after>[0-2]?\.[0-9]{{1,4}}){_END}"
    r"|(?P<open>\()|(?P<close>\))"
    rf"|(?<![\w\\'\u2019+-])(?P<word>{_WORD}|<\w[\w-]*>)(?P<pull>\+{{1,5}}|-{{2,5}}){_END}"
)


@dataclass(frozen=True, slots=True)
class WeightedSpan:
    """A piece of a prompt and how strongly it counts: 1 is as written, below zero is something to leave out."""

    text: str
    weight: float = 1.0


@dataclass(slots=True)
class _Reading:
    """Pieces so far, and where the parentheses that are still open stand among them."""

    pieces: list[WeightedSpan] = field(default_factory=list)
    open: list[int] = field(default_factory=list)

    def add(self, text: str, weight: float = 1.0) -> None:
        if text:
            self.pieces.append(WeightedSpan(text, weight))

    def begin(self) -> None:
        if len(self.open) < _DEEPEST:
            self.open.append(len(self.pieces))
        self.add("(")

    def weigh(self, weight: float, written: str) -> None:
        """Closes the innermost parenthesis; where none is open, or nothing stands in it, what was written is text."""
        start = self.open.pop() if self.open else len(self.pieces)
        inside = self.pieces[start + 1 :]
        if not "".join(span.text for span in inside).strip():
            self.add(written)
            return
        self.pieces[start:] = [WeightedSpan(span.text, span.weight * weight) for span in inside]

    def close(self) -> None:
        if self.open:
            self.open.pop()
        self.add(")")


@lru_cache(maxsize=64)  # one prompt is asked about by plan, crafter, recipe and engine
def parse_weights(prompt: str) -> tuple[WeightedSpan, ...]:
    """The prompt in pieces, marks and escapes taken out; joined they are the words. Never raises; linear in the length."""
    reading, last = _Reading(), 0
    for mark in _MARKS.finditer(prompt):
        reading.add(prompt[last : mark.start()])
        _take(reading, mark, prompt)
        last = mark.end()
    reading.add(prompt[last:])
    return _joined(reading.pieces)


def _take(reading: _Reading, mark: re.Match[str], prompt: str) -> None:
    kind = mark.lastgroup
    if kind == "weight":
        _take_weight(reading, mark, prompt)
    elif kind == "signs":
        reading.weigh(_pull(mark["signs"]), mark[0])
    elif kind == "after" and float(mark["after"]) <= HIGHEST:
        reading.weigh(float(mark["after"]), mark[0])
    elif kind == "open":
        reading.begin()
    elif kind == "close":
        reading.close()
    elif kind == "pull" and _is_pulled(mark["word"], mark["pull"]):
        reading.add(mark["word"], _pull(mark["pull"]))
    else:
        reading.add(mark["literal"] or mark[0])


def _take_weight(reading: _Reading, mark: re.Match[str], prompt: str) -> None:
    """`:1.3)` weighs; `:9)` does not, nor a whole number after a digit, as in (16:2)."""
    number = mark["weight"]
    after_a_digit = prompt[mark.start() - 1 : mark.start()].isdigit() and "." not in number
    if abs(float(number)) > HIGHEST or after_a_digit:
        reading.add(mark[0][:-1])
        reading.close()
    else:
        reading.weigh(float(number), mark[0])


def _is_pulled(word: str, signs: str) -> bool:
    """A lone letter is a grade or C++, and a name with one plus is a name: Disney+, LGBTQ+."""
    if len(word) == 1 and word.isascii():
        return False
    return signs != "+" or word == word.lower()


def _pull(signs: str) -> float:
    return round((MORE if signs[0] == "+" else LESS) ** len(signs), 4)


def _joined(spans: Iterable[WeightedSpan]) -> tuple[WeightedSpan, ...]:
    """Neighbours that count the same as one; the blanks around a weighted piece count 1."""
    edged = [edge for span in _same(spans) for edge in _edges(span)]
    return tuple(_same(edged))


def _same(spans: Iterable[WeightedSpan]) -> Iterator[WeightedSpan]:
    for weight, same in groupby(spans, lambda span: round(span.weight, 4)):
        yield WeightedSpan("".join(span.text for span in same), weight)


def _edges(span: WeightedSpan) -> Iterator[WeightedSpan]:
    """The blanks before, the words, the blanks after, those that there are."""
    words = span.text.strip()
    before, _, after = span.text.partition(words) if words else (span.text, "", "")
    pieces = (WeightedSpan(before), WeightedSpan(words, span.weight), WeightedSpan(after))
    return (piece for piece in pieces if piece.text)


def format_weights(spans: Iterable[WeightedSpan]) -> str:
    """Pieces as `read` reads them back: `(word:1.3)`; signs in their text are escaped where they would be read as marks."""
    pieces = _joined(spans)
    strip_weights = "".join(_written(span, span.text) for span in pieces)
    if parse_weights(strip_weights) == pieces:
        return strip_weights
    return "".join(_written(span, _ESCAPED.sub(r"\\\g<0>", span.text)) for span in pieces)


def _written(span: WeightedSpan, text: str) -> str:
    number = f"{span.weight:.4f}".rstrip("0")
    return text if span.weight == 1 else f"({text}:{number}{'0' if number.endswith('.') else ''})"


def strip_weights(prompt: str) -> str:
    """The words without any mark, as an encoder reads them that knows no weights."""
    return "".join(span.text for span in parse_weights(prompt))


def has_weights(prompt: str) -> bool:
    """Whether any part counts more or less than the rest."""
    return any(span.weight != 1 for span in parse_weights(prompt))


def split_negative(prompt: str) -> tuple[str, tuple[str, ...]]:
    """The prompt without the parts below zero, and those: `(dog:-1)` is something to leave out. Unchanged without any."""
    spans = parse_weights(prompt)
    denied = tuple(" ".join(span.text.split()) for span in spans if span.weight < 0)
    if not denied:
        return prompt, ()
    rest = format_weights(span for span in spans if span.weight >= 0)
    return re.sub(r"\s{2,}", " ", re.sub(r"(?:,\s*){2,}", ", ", rest)).strip(" ,"), denied
