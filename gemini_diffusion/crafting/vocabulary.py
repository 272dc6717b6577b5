"""What a model with a small vocabulary knows, and what it draws instead of what it does not; knows nothing of how it draws.

words.json of a model holds {"subjects": {name: [synonyms]}, "colours", "places", "times", "layout", ...: the same, "style":
[words]}. nearest.json here says for which things outside it another one is drawn.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import Any

from gemini_diffusion.crafting.lexicon import read_lexicon, stem, words_in
from gemini_diffusion.crafting.prompt_request import PromptRequest
from gemini_diffusion.crafting.required_terms import QUOTE, TOKEN, find_required_terms
from gemini_diffusion.types.errors import BadInput

_VERBATIM = re.compile(f"{QUOTE.pattern}|{TOKEN.pattern}")
_MOST_NAMED = 8
_DRAWN = ("thing", "place", "time", "colour")


@dataclass(frozen=True, slots=True)
class VocabularyMatch:
    """A request as a small model reads it, all of it in English words.

    `instead` says which of its words stands for one of the person's, `far` those of them that name another thing, `unknown`
    the words it has nothing for, `subjects` the things it can draw, of which it draws one: another thing stands in for one only
    where the request names none that is known.
    """

    instead: Mapping[str, str]
    far: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    several: tuple[str, ...] = ()
    denied: tuple[str, ...] = ()


@dataclass(frozen=True)
class Vocabulary:
    """The words a model learned, by what they say: {"subjects": {"cat": ("cat", "kitty")}}; `style` says only how it looks."""

    groups: Mapping[str, Mapping[str, tuple[str, ...]]]
    style: tuple[str, ...] = ()

    @cached_property
    def words(self) -> tuple[str, ...]:
        """Every word and phrase."""
        return (*(phrase for group in self.groups for phrase in self._drawn(group)), *self.style)

    def _drawn(self, group: str) -> Iterator[str]:
        for name, also in self.groups[group].items():
            yield from (name, *also)

    @cached_property
    def _stems(self) -> frozenset[str]:
        return frozenset(stem(word) for phrase in self.words for word in words_in(phrase))

    @cached_property
    def _groups_of(self) -> Mapping[str, set[str]]:
        """By the stem of each single word the groups it is in."""
        found = defaultdict[str, set[str]](set)
        for group in self.groups:
            for phrase in self._drawn(group):
                found[stem(phrase)].update([group] if len(words_in(phrase)) == 1 else [])
        return found

    @cached_property
    def _learned(self) -> Mapping[str, str]:
        """What can be drawn by a single word, as the model learned it, by its stem."""
        phrases = [phrase for group in self.groups for phrase in self._drawn(group) if len(words_in(phrase)) == 1]
        return {stem(phrase): phrase for phrase in reversed(phrases)}

    def knows(self, phrase: str) -> bool:
        """Whether the model has seen each of these words, be it in a phrase."""
        return all(stem(part) in self._stems for part in words_in(phrase))

    def read(self, idea: str, taught: Sequence[str] = ()) -> VocabularyMatch:
        """What becomes of an idea; `taught` are words that a LoRA adds."""
        terms = find_required_terms(idea)
        text = f" {' '.join(words_in(idea.lower()))} "
        told = {stem(word) for phrase in self._phrases if f" {phrase} " in text for word in words_in(phrase)}
        told |= {stem(word) for phrase in taught for word in words_in(phrase)}
        wanted = [term for term in terms.terms if term.kind in ("noun", "name", "colour") and not term.stems & told]
        near, far, unknown = dict[str, str](), dict[str, str](), list[str]()
        for term in wanted:
            word = term.said if terms.language == "en" else term.english
            if name := self._near(word, term.kind == "noun" or not term.of):
                near[word] = name
            elif name := self._far(word, term.kind == "noun"):
                far[word] = name
            elif not self._is_look(word):
                unknown.append(word)
        subjects = {self._subject(name): word for word, name in reversed(near.items()) if self._is_subject(name)}
        others = [word for word, name in far.items() if self._is_subject(name)][0 if subjects else 1 :]
        kept = {word: name for word, name in far.items() if word not in others}
        foreign = (word for word in terms.foreign if len(word) > 2)
        numbers = (term for term in terms.terms if term.kind == "number" and term.value.isdecimal() and int(term.value) > 1)
        denied = (term.english for term in terms.terms if term.kind == "negation" and not self.knows(term.english))
        return VocabularyMatch(
            near | kept, tuple(kept), tuple(dict.fromkeys([*unknown, *others, *foreign])), tuple(subjects.values())[::-1],
            tuple(term.said for term in numbers), tuple(denied),
        )  # fmt: skip

    def _is_subject(self, word: str) -> bool:
        return "subjects" in self._groups_of.get(stem(word), ())

    def _is_look(self, word: str) -> bool:
        """Whether a word only says how the picture looks: the model has seen it, and it names nothing to be seen."""
        row = read_lexicon().english.get(stem(word))
        return self.knows(word) and (row is None or row.kind not in _DRAWN)

    def _subject(self, word: str) -> str:
        names = self.groups["subjects"].items()
        return next((name for name, also in names if word in (name, *also)), word)

    @cached_property
    def _phrases(self) -> tuple[str, ...]:
        return tuple(" ".join(words_in(phrase.lower())) for phrase in self.words if len(words_in(phrase)) > 1)

    def _near(self, word: str, is_noun: bool = True) -> str:
        """The learned word for the same thing: itself, its singular, a synonym, what it is a kind of (a flower for a rose)."""
        lexicon, root = read_lexicon(), stem(word)
        row = lexicon.english.get(root)
        wider = [stem(name) for name in sorted(lexicon.kinds.get(root, ())) if lexicon.english[stem(name)].kind in _DRAWN]
        if is_noun and self._groups_of.get(root) == {"colours"}:
            things = [name for name in wider if name in self._learned and lexicon.is_kind(name, "thing")]
            if things:  # a rose is a pink, and a flower
                return self._learned[things[0]]
        if root in self._learned:
            return word if word.lower() in self._learned.values() else self._learned[root]
        names = [stem(row.english)] if row and row.kind in _DRAWN else []
        return next((self._learned[name] for name in [*names, *wider] if name in self._learned), "")

    def _far(self, word: str, is_noun: bool) -> str:
        """The learned thing that is drawn in place of another one; for a noun never a colour, as orange for a coffee."""
        lexicon, root = read_lexicon(), stem(word)
        row = lexicon.english.get(root)
        names = [root, *([stem(row.english)] if row else []), *map(stem, sorted(lexicon.kinds.get(root, ())))]
        found = (_nearest().get(name, "") for name in names)
        known = (name for name in found if name and stem(name) in self._learned)
        return next((name for name in known if not is_noun or "colours" not in self._groups_of.get(stem(name), ())), "")

    def called(self, name: str) -> str:
        """A learned word in a sentence."""
        return f"{'an' if name[0] in 'aeiou' else 'a'} {name}" if name in self.groups["subjects"] else name

    def reworded(self, prompt: str, taught: Sequence[str] = ()) -> tuple[str, dict[str, str]]:
        """A prompt with each word that has a learned one replaced by it, and what each stands for. What is quoted, and
        tokens, stay to the letter.
        """
        read = self.read(_VERBATIM.sub(" , ", prompt), taught)
        pieces, last = list[str](), 0
        said = dict[str, str]()
        for verbatim in _VERBATIM.finditer(prompt):
            pieces += [_replaced(prompt[last : verbatim.start()], read.instead, said), verbatim[0]]
            last = verbatim.end()
        return "".join([*pieces, _replaced(prompt[last:], read.instead, said)]), said


def _replaced(text: str, instead: Mapping[str, str], said: dict[str, str]) -> str:
    """The text with the words replaced, and in `said` what each new one stands for."""
    for phrase, other in _tables()["phrases"].items():
        text, count = re.subn(rf"\b{phrase}\b", other, text, flags=re.IGNORECASE)
        said |= {words_in(other)[-1]: phrase} if count else {}
    by_stem = {stem(word): name for word, name in instead.items()}

    def put(found: re.Match[str]) -> str:
        article, word = found["article"] or "", found["word"]
        name = by_stem.get(stem(word), word)
        if name.lower() == word.lower():
            return found[0]
        said[name] = word
        return (f"{article[0]}{'n' if name[0] in 'aeiou' else ''} " if article else "") + name

    return re.sub(r"(?:\b(?P<article>[aA]n?)\s+)?(?P<word>[^\W_]+(?:['\u2019][^\W_]+)*)", put, text)


@cache
def _tables() -> Mapping[str, Any]:
    table: dict[str, Any] = json.loads(Path(__file__).with_name("nearest.json").read_text(encoding="utf-8"))
    return table


@cache
def _nearest() -> Mapping[str, str]:
    """By the stem of a thing the name of the one that is drawn instead."""
    return {stem(word): name for name, words in _tables()["words"].items() for word in words.split()}


@lru_cache(maxsize=4)
def read_vocabulary(path: Path) -> Vocabulary:
    """The vocabulary in a words.json; BadInput where the file is not one."""
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
        groups = {
            group: {name: tuple(_strings(also)) for name, also in names.items()}
            for group, names in table.items()
            if isinstance(names, Mapping)
        }
        style = tuple(phrase for group in table.values() if not isinstance(group, Mapping) for phrase in _strings(group))
        return Vocabulary({"subjects": groups.pop("subjects"), **groups}, style)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadInput(f"The words of the small model could not be read from {path.name}.", "Install the app again.") from error


def _strings(values: Iterable[object]) -> Iterator[str]:
    yield from (value for value in values if isinstance(value, str))


def vocabulary_of(request: PromptRequest) -> Vocabulary | None:
    """The vocabulary of the asked model; None where it has none or the model's files are not there."""
    path = request.model.vocabulary
    return read_vocabulary(path) if path is not None and path.is_file() else None


def introduce(request: PromptRequest) -> str | None:
    """What a model of few words will not draw as it is said, and what it draws instead; None where it draws it all."""
    vocabulary = vocabulary_of(request)
    if vocabulary is None:
        return None
    read, name = vocabulary.read(request.words, request.taught), request.model.label
    denied = [*read.denied, *(phrase for phrase in request.negative if not vocabulary.knows(phrase))]
    said = [f"{name} does not know {word} and draws {vocabulary.called(read.instead[word])} instead." for word in read.far]
    if read.unknown:
        said.append(f"{name} does not know {_some(read.unknown)}, so the picture is without.")
    if len(read.subjects) > 1:
        said.append(f"{name} draws one thing in a picture: of {_some(read.subjects)} only one may be seen.")
    if read.several:
        said.append(f"{name} cannot count: {_some(read.several)} may come out as one.")
    if denied:
        said.append(f"{name} does not know {_some(denied)}, so ruling that out changes nothing.")
    return " ".join([*said, "Another image model knows more."]) if said else None


def _some(words: Sequence[str]) -> str:
    return ", ".join(words[:_MOST_NAMED]) + (f" and {len(words) - _MOST_NAMED} more" if len(words) > _MOST_NAMED else "")
