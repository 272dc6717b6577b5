"""Text made ready for full-text search: the same letters however they are typed, in any script.

SQLite's tokenizer finds words between blanks and signs. Chinese, Japanese, Thai and their like write none, so each of their
characters becomes a word and a searched word a phrase. The trigram tokenizer would need three characters to search by, and most
words of these scripts have two.
"""

from __future__ import annotations

import re
import unicodedata

TOKENIZER = "unicode61 remove_diacritics 0 categories 'L* N* M* Co So'"
"""Vowel signs (M) belong to a word, and one may look for a symbol (So); accents are taken off below, alike in every SQLite."""

_ACCENTS = re.compile("[\u0300-\u036f]")
_UNSPACED = re.compile(
    "([\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2190-\u2bff\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\U0001f000-\U0001faff\U00020000-\U0003ffff])"
)


def searchable(text: str) -> str:
    """`text` as it is indexed: without case and accents, each character of a script without blanks apart."""
    bare = _ACCENTS.sub("", unicodedata.normalize("NFKD", text))
    return _UNSPACED.sub(r" \1 ", unicodedata.normalize("NFC", bare).casefold())


def match_expression(words: str) -> str:
    """The FTS5 expression for what a person typed: every word must be there, or its beginning. Empty where there is no word."""
    return " ".join(f'"{phrase}"*' for phrase in map(_phrase, words.split()) if phrase)


def _phrase(word: str) -> str:
    """A word without the signs that part it or that FTS5 would read; "35-mm" is found as the two words it is indexed as."""
    signs = "".join(
        sign if unicodedata.category(sign)[0] in "LNM" or _UNSPACED.match(sign) else " " for sign in searchable(word)
    )
    return " ".join(signs.split())
