"""What an English text asks to keep, and what it rules out; knows no whole request and no prompt."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby

from gemini_diffusion.crafting.denials import denials_in
from gemini_diffusion.crafting.lexicon import read_lexicon, stem
from gemini_diffusion.crafting.number_words import COMPOUND, value_of
from gemini_diffusion.crafting.sides import colours_apart, english_marks, sides_of
from gemini_diffusion.crafting.terms import Term, denial_term, name_term, names_of, number_term, side_terms

_PIECE = re.compile(COMPOUND + r"|\d+(?:[.,:]\d+)*[a-z]*|[^\W_]+(?:['\u2019][^\W_]+)*|[^\w\s-]", re.IGNORECASE)
_FRUIT = ("tree", "grove", "juice", "peel", "slice", "blossom")
_ADJECTIVE_OF_A_PLACE = re.compile(r"(?:ian|ish|ese|ean|ic|man|nch|tch)$")


def english_terms(text: str, code: str = "en") -> Iterator[Term]:
    """Denials first, taken out; then each run of words between small words, with its colours and numbers on its noun.

    Of a text whose language is a guess (`code` "") only numbers and names count.
    """
    rest, last = [], 0
    for denial in denials_in(text):
        if denial.start >= last:
            rest += [text[last : denial.start], " , "]
            last = denial.end
        yield from (denial_term(thing, f"no {thing}") for thing in denial.things)
    plain = "".join([*rest, text[last:]])
    names = _capitals(plain)
    heads: list[tuple[str, str]] = []
    for run in _runs(plain):
        terms = list(_run_terms(run, names, bool(code)))
        yield from (term for term in terms if code or term.kind in ("number", "name"))
        nouns = [term for term in terms if term.kind in ("noun", "name")]
        heads += [(word, "") for word in run[:-1]] + [(word, nouns[-1].english if nouns else "") for word in run[-1:]]
    if code:
        yield from side_terms(sides_of(english_marks(heads)))
        yield from side_terms(colours_apart(english_marks((word, _colour(word)) for word in _PIECE.findall(plain))))


def _colour(word: str) -> str:
    row = read_lexicon().english.get(stem(word))
    return row.english if row and row.kind == "colour" else ""


def _runs(text: str) -> Iterator[list[str]]:
    """Words that stand together; each small word and punctuation is a run of its own."""
    stop, sides = read_lexicon().stop, read_lexicon().languages["en"].sides
    run: list[str] = []
    for piece in _PIECE.findall(text):
        low = piece.lower()
        if low in stop or low in sides or low.endswith(("n't", "n\u2019t")) or not piece[0].isalnum():
            yield run
            yield [piece]
            run = []
        else:
            run.append(piece)
    yield run


def _capitals(text: str) -> frozenset[str]:
    """Words written with a capital where no sentence starts; none where nearly every word has one."""
    spoken = re.findall(r"(^|[.!?:]\s+|\s|[^\w\s])([^\W\d_][\w'\u2019]*)", text.strip())
    capital = [(before, word) for before, word in spoken if word[0].isupper()]
    if len(capital) > 3 and len(capital) > 0.7 * len(spoken):
        return frozenset()
    inner = {word for before, word in capital if before and before.strip() not in (".", "!", "?", ":")}
    start = re.match(r"([^\W\d_]\w+)\s+([^\W\d_]\w+)", text.strip())
    if start and start[1][0].isupper() and start[2] in inner and start[1].lower() not in read_lexicon().stop:
        inner.add(start[1])
    return frozenset(word for word in inner if not word.isupper() and not _ADJECTIVE_OF_A_PLACE.search(word))


def _run_terms(run: list[str], names: frozenset[str], sure: bool = True) -> Iterator[Term]:
    if len(run) == 1 and (run[0].lower() in read_lexicon().stop or not run[0][0].isalnum()):
        return
    lexicon = read_lexicon()
    nouns = [word for word in run if _is_noun(word)]
    of = names_of(stem(nouns[-1])) if nouns else frozenset()
    for named, words in groupby(run, names.__contains__):
        run_words = list(words)
        if named:
            yield from [name_term(run_words, sure)] if sure or run_words[0][0] < "\u0370" else []
            continue
        for word, after in zip(run_words, [*run_words[1:], ""], strict=True):
            root = stem(word)
            row = lexicon.english.get(root)
            value = value_of(word)
            if value or word[0].isdigit() or (row and row.kind == "number"):
                number = (
                    number_term(str(value), None, of) if value else number_term(word, row, frozenset() if ":" in word else of)
                )
                yield replace(number, said=word)
            elif row and row.kind == "colour" and not (word.lower() == "orange" and after.lower().removesuffix("s") in _FRUIT):
                yield Term("colour", word, row.english, row.accepted, of - {root}, near=row.near)
            elif _is_noun(word):
                # a synonym honours a word only where both name the same thing: "cat" may become feline, "cottage" not city
                yield Term("noun", word, word, names_of(root))


def _is_noun(word: str) -> bool:
    """Whether a word of an English run is a noun as far as can be told without a grammar: not a quality, not a verb form."""
    lexicon, name = read_lexicon(), word.lower()
    root = stem(name)
    row = lexicon.english.get(root)
    if name in lexicon.soft or name in lexicon.stop or name[0].isdigit():
        return False
    if row and row.kind in ("number", "colour", "look", "link"):
        return False
    if name in lexicon.nouns or root in lexicon.nouns or root in lexicon.things or (row and name.startswith(row.english[:3])):
        return True
    return not re.search(r"(ing|ed|ly|ous|ful|ic|ish|less|ish)$", name) and len(name) > 1
