"""What a model with a small vocabulary knows, read from its words.json; knows nothing of how it draws.

words.json holds {"subjects": {name: [synonyms]}, "colours", "places", "times", "layout", ...: the same, "style": [words]}.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from gemini_diffusion.crafting.lexicon import read_lexicon, stem, words_in
from gemini_diffusion.crafting.prompt_request import PromptRequest
from gemini_diffusion.crafting.required_terms import QUOTE, TOKEN, find_required_terms
from gemini_diffusion.types.errors import BadInput

_VERBATIM = re.compile(f"{QUOTE.pattern}|{TOKEN.pattern}")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The stems of every word a model knows, and the names of its subjects to offer instead of what it does not."""

    stems: frozenset[str]
    subjects: tuple[str, ...]
    words: tuple[str, ...]

    def knows(self, word: str) -> bool:
        return all(stem(part) in self.stems for part in words_in(word))

    def known(self, idea: str) -> tuple[str, ...]:
        """The words of substance of an idea, in English, that the model knows, in order."""
        return tuple(word for word in _substance(idea) if self.knows(word))

    def unknown(self, idea: str) -> tuple[str, ...]:
        """Those it does not know, and knows no nearest thing for."""
        learned = self._learned
        return tuple(word for word in _substance(idea) if not self.knows(word) and not self._instead(word, learned))

    def reworded(self, prompt: str) -> tuple[str, tuple[str, ...]]:
        """A prompt with each unknown word that has a known synonym, and each form of a known word, replaced by the one
        the model learned; and "kitty as cat" for each. What is quoted, and tokens, stay to the letter."""
        said, pieces, last = dict[str, None](), list[str](), 0
        for verbatim in _VERBATIM.finditer(prompt):
            pieces += [self._reworded(prompt[last : verbatim.start()], said), verbatim[0]]
            last = verbatim.end()
        return "".join([*pieces, self._reworded(prompt[last:], said)]), tuple(said)

    def _reworded(self, text: str, said: dict[str, None]) -> str:
        learned = self._learned
        for word in dict.fromkeys(words_in(text)):
            instead = self._instead(word, learned)
            if instead not in ("", word):
                text = _replaced(text, word, instead)
                said[f"{word} as {instead}"] = None
        return text

    @property
    def _learned(self) -> Mapping[str, str]:
        """The words as the model learned them, by their stems."""
        return {stem(word): word for phrase in reversed(self.words) for word in words_in(phrase)}

    def _instead(self, word: str, learned: Mapping[str, str]) -> str:
        """The learned word that stands for `word`: itself, its singular, a synonym, what it is a kind of (a flower for a rose);
        "" where there is none.
        """
        if word.lower() in learned.values():
            return word
        if stem(word) in learned:
            return learned[stem(word)]
        lexicon = read_lexicon()
        row = lexicon.english.get(stem(word))
        names = [row.english] if row and row.kind != "link" else []
        wider = sorted(
            name for name in lexicon.kinds.get(stem(word), ()) if lexicon.english[stem(name)].kind in ("thing", "colour")
        )
        return next((name for name in [*names, *wider] if self.knows(name)), "")


def _replaced(prompt: str, word: str, instead: str) -> str:
    return " ".join(piece.replace(word, instead) if words_in(piece) == [word] else piece for piece in prompt.split(" "))


def _substance(idea: str) -> tuple[str, ...]:
    """The words that carry an idea, in English where the table has it, else as written."""
    reading = find_required_terms(idea)
    wanted = [term for term in reading.terms if term.kind not in ("negation", "quote", "token", "side") and term.value != "1"]
    words = [term.english if term.kind == "name" else term.english.lower() for term in wanted]
    return tuple(dict.fromkeys([*words, *(word for word in reading.foreign if len(word) > 2 and word not in words)]))


@lru_cache(maxsize=4)
def read_vocabulary(path: Path) -> Vocabulary:
    """The vocabulary in a words.json; BadInput where the file is not one."""
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
        phrases = tuple(_phrases(table))
        subjects = tuple(table["subjects"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadInput(f"The words of the small model could not be read from {path.name}.", "Install the app again.") from error
    return Vocabulary(frozenset(stem(word) for phrase in phrases for word in words_in(phrase)), subjects, phrases)


def _phrases(table: Mapping[str, Any]) -> Iterator[str]:
    for group in table.values():
        if isinstance(group, Mapping):
            yield from group
            for synonyms in group.values():
                yield from _strings(synonyms)
        else:
            yield from _strings(group)


def _strings(values: Iterable[object]) -> Iterator[str]:
    yield from (value for value in values if isinstance(value, str))


def vocabulary_of(wish: PromptRequest) -> Vocabulary | None:
    """The vocabulary of the wished model; None where it has none or the model's files are not there."""
    path = wish.model.vocabulary
    return read_vocabulary(path) if path is not None and path.is_file() else None


def introduce(wish: PromptRequest) -> str | None:
    """What a model with a small vocabulary knows and does not know of the idea; None where there is nothing to say."""
    vocabulary = vocabulary_of(wish)
    if vocabulary is None:
        return None
    known, unknown = vocabulary.known(wish.words), vocabulary.unknown(wish.words)
    if not unknown:
        return None
    offer = ", ".join(known) if known else f"{', '.join(vocabulary.subjects[:8])} and the like"
    return f"I know {offer}. I don't know {_some(unknown)}: I draw the nearest; another image model knows more."


def _some(words: tuple[str, ...]) -> str:
    return ", ".join(words[:8]) + (f" and {len(words) - 8} more" if len(words) > 8 else "")
