"""An English prompt taken apart once, so that each word can be looked up in it; knows no request."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from gemini_diffusion.crafting.lexicon import VERB, fold_accents, read_lexicon, stem
from gemini_diffusion.crafting.number_words import COMPOUND, value_of

_TOKEN = re.compile(COMPOUND + r"|\d+(?:[.,:]\d+)*[a-z]*|[^\W_]+(?:['\u2019][^\W_]+)*|[,.;:!?()\u2014]", re.IGNORECASE)
_DENIERS = frozenset(("no", "without", "not", "never", "zero", "sans", "lacking", "minus", "nor", "missing", "devoid"))
_GONE = frozenset(("gone", "missing", "absent", "removed"))
_WALLS = frozenset(
    (
        *("in", "on", "with", "at", "by", "from", "under", "over", "near", "behind", "beside", "beneath", "above"),
        *("below", "into", "onto", "wearing", "holding", "and"),
    )
)
_ARTICLES = frozenset(("a", "an", "the", "his", "her", "its", "their"))
_LOOK_BACK = 5


@dataclass(frozen=True, slots=True)
class Token:
    """A word of a prompt: `start` and `end` are places in the text, `root` its stem ("" for punctuation)."""

    word: str
    root: str
    start: int
    end: int
    denied: bool = False


class PromptText:
    """The tokens of a prompt, and which of them are asked for and which ruled out."""

    def __init__(self, text: str) -> None:
        self.text = text
        matches = list(_TOKEN.finditer(text))
        words = [match[0].lower() for match in matches]
        self.tokens = [
            Token(match[0], _root_of(match[0]), *match.span(), _is_denied(words, place)) for place, match in enumerate(matches)
        ]

    @cached_property
    def at(self) -> Mapping[str, list[int]]:
        """Where each stem stands that the prompt asks for; a part after a hyphen too: white-furred shows fur."""
        found = defaultdict[str, list[int]](list)
        for place, token in enumerate(self.tokens):
            if token.root and not token.denied:
                found[token.root].append(place)
                if token.root.endswith(VERB) and self.text[: token.start].endswith("-"):
                    found[token.root.rstrip(VERB)].append(place)
        return found

    @cached_property
    def shown(self) -> frozenset[str]:
        """Stems of what the prompt asks for, two words written apart read as one too."""
        pairs = (
            stem(fold_accents(a.word + b.word)) for a, b in zip(self.tokens, self.tokens[1:], strict=False) if a.root and b.root
        )
        return frozenset((*self.at, *pairs))

    @cached_property
    def denied(self) -> frozenset[str]:
        """Stems of what the prompt rules out in words, "hatless" among them."""
        less = (stem(token.root.removesuffix("less")) for token in self.tokens if token.root.endswith("less"))
        return frozenset(token.root for token in self.tokens if token.denied and token.root) | frozenset(less)

    def places(self, roots: Iterable[str]) -> list[int]:
        return sorted({place for root in roots for place in self.at.get(root, ())})

    def before(self, place: int) -> Iterator[int]:
        """The places of the words that may belong to the noun at `place`, nearest first."""
        lexicon = read_lexicon()
        for earlier in range(place - 1, max(-1, place - 1 - _LOOK_BACK), -1):
            token = self.tokens[earlier]
            if token.word.lower() == "and" and earlier and lexicon.is_kind(self.tokens[earlier - 1].root, "colour"):
                continue  # "a black and white cow"
            if not token.root or token.word.lower() in _WALLS or lexicon.is_kind(token.root, "thing"):
                return
            yield earlier
            if token.word.lower() in _ARTICLES:
                return


def _root_of(word: str) -> str:
    value = value_of(word) if " " in word or "-" in word else None
    return str(value) if value else stem(word) if word[0].isalnum() else ""


def _is_denied(words: list[str], place: int) -> bool:
    """Whether one of the last few words rules out what follows, up to a comma, or "-free" follows it."""
    if words[place + 1 : place + 2] == ["free"] and words[place + 2 : place + 3] != ["of"]:
        return True
    if words[place + 1 : place + 2] and words[place + 1] in _GONE:
        return True
    before = words[max(0, place - 4) : place]
    for back in range(len(before) - 1, -1, -1):
        word = before[back]
        if not word[0].isalnum() or word in ("but", "with", "in", "on", "at", "and"):
            return False
        if word in _DENIERS or (word == "of" and "free" in before[:back]):
            return True
    return False
