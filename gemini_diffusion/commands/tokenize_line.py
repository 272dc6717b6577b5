"""A line as words; a quoted passage or a {a, b} choice is never cut. Knows no flag and no command."""

import re

from gemini_diffusion.commands import permutations
from gemini_diffusion.commands.quotes import outside, quoted

# Full-width signs and the hyphens of phones, each to the one sign that the grammar is written in; lengths stay.
_FULL_WIDTH = {chr(0xFF01 + offset): chr(0x21 + offset) for offset in range(94)}
_FOLD = str.maketrans(_FULL_WIDTH) | str.maketrans("\u2010\u2011\u2212\ufe63\u2236", "----:")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_BLANK = re.compile(" ")


def collapse_blanks(text: str) -> str:
    """One line with single blanks: no control characters, no half surrogates, blanks of every width made equal."""
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return " ".join(_CONTROL.sub(" ", whole).split())


def fold_width(text: str) -> str:
    """The text with full-width and look-alike signs made plain, offsets unchanged; for reading flags and numbers."""
    return text.translate(_FOLD)


def split_words(text: str) -> list[str]:
    """The words of a tidy text; joined by single blanks they are the text again."""
    whole: list[tuple[int, int]] = []
    for start, end in sorted([*quoted(text), *permutations.spans(text)]):
        if not whole or start >= whole[-1][1]:
            whole.append((start, end))
    words, last = [], 0
    for blank in outside(whole, text, _BLANK):
        words.append(text[last : blank.start()])
        last = blank.end()
    return [*words, text[last:]] if text else []
