"""Whether a prompt keeps what a request must not lose, and what it adds; knows no model and changes nothing.

Tolerant of plural, spelling, word order and the synonyms of the table; strict about a colour or a number on its noun.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from gemini_diffusion.crafting.lexicon import VERB, fold_accents, read_lexicon, stem, words_in
from gemini_diffusion.crafting.required_terms import RequiredTerms, Term, find_required_terms

_TOKEN = re.compile(r"\d+(?:[.,:]\d+)*[a-z]*|[^\W_]+(?:['\u2019][^\W_]+)*|[,.;:!?()\u2014]")
_DENIERS = frozenset(("no", "without", "not", "never", "zero", "sans", "lacking", "minus", "nor"))
_WALLS = frozenset(
    (
        *("in", "on", "with", "at", "by", "from", "under", "over", "near", "behind", "beside", "beneath", "above"),
        *("below", "into", "onto", "wearing", "holding"),
    )
)
_LOOK_BACK = 5
_LONGEST_SLIP = 24


@dataclass(frozen=True, slots=True)
class Token:
    """A word of a prompt: `start` and `end` are places in the text, `root` its stem ("" for punctuation)."""

    word: str
    root: str
    start: int
    end: int
    denied: bool = False


class PromptText:
    """A prompt taken apart once, so that each term can be looked up in it."""

    def __init__(self, text: str) -> None:
        self.text = text
        tokens: list[Token] = []
        for match in _TOKEN.finditer(text):
            word = match[0]
            root = stem(word) if word[0].isalnum() else ""
            tokens.append(Token(word, root, match.start(), match.end(), _is_denied(tokens)))
        self.tokens = [
            Token(token.word, token.root, token.start, token.end, token.denied or _is_free(tokens, place))
            for place, token in enumerate(tokens)
        ]

    @cached_property
    def shown(self) -> frozenset[str]:
        """Stems of what the prompt asks for, two words written apart read as one too."""
        roots = [token.root for token in self.tokens if token.root and not token.denied]
        pairs = (
            stem(fold_accents(a.word + b.word)) for a, b in zip(self.tokens, self.tokens[1:], strict=False) if a.root and b.root
        )
        parts = (token.root.rstrip(VERB) for token in self.tokens if self._is_part(token) and not token.denied)
        return frozenset((*roots, *pairs, *parts))

    def _is_part(self, token: Token) -> bool:
        """Whether it names a part after a hyphen: white-furred shows fur, blue-eyed eyes."""
        return token.word.endswith("ed") and self.text[: token.start].endswith("-")

    @cached_property
    def denied(self) -> frozenset[str]:
        """Stems of what the prompt rules out in words, "hatless" among them."""
        less = (stem(token.root.removesuffix("less")) for token in self.tokens if token.root.endswith("less"))
        return frozenset(token.root for token in self.tokens if token.denied and token.root) | frozenset(less)

    def places(self, roots: frozenset[str]) -> list[int]:
        return [place for place, token in enumerate(self.tokens) if token.root in roots and not token.denied]

    def before(self, place: int) -> Iterator[int]:
        """The places of the words that may belong to the noun at `place`, nearest first."""
        english = read_lexicon().english
        for earlier in range(place - 1, max(-1, place - 1 - _LOOK_BACK), -1):
            token = self.tokens[earlier]
            row = english.get(token.root)
            if not token.root or token.word.lower() in _WALLS or (row and row.kind == "thing"):
                return
            yield earlier


def _is_denied(before: Sequence[Token]) -> bool:
    """Whether one of the last few words rules out what follows, up to a comma."""
    for token in reversed(before[-4:]):
        if not token.root:
            return False
        if token.word.lower() in _DENIERS or _is_free_of(token, before):
            return True
        if token.word.lower() in ("but", "with", "in", "on", "at"):
            return False
    return False


def _is_free_of(token: Token, before: Sequence[Token]) -> bool:
    return token.word.lower() == "of" and any(earlier.word.lower() == "free" for earlier in before[-4:])


def _is_free(tokens: Sequence[Token], place: int) -> bool:
    """Whether "-free" follows: "cloud-free sky"."""
    return place + 1 < len(tokens) and tokens[place + 1].word.lower() == "free"


@dataclass(frozen=True, slots=True)
class ContractResult:
    """`missing` holds `changed` too: the colours and numbers that stand there with another value on their noun."""

    kept: tuple[Term, ...]
    missing: tuple[Term, ...]
    changed: tuple[Term, ...]
    added: tuple[str, ...]
    added_words: int

    @property
    def holds(self) -> bool:
        return not self.missing

    def account(self) -> str:
        words = "word" if self.added_words == 1 else "words"
        return f"kept {len(self.kept)} of {len(self.kept) + len(self.missing)}, added {self.added_words} {words}"


def check_prompt(
    idea: str, prompt: str, negative: str = "", avoid: Sequence[str] = (), takes_negative: bool = True
) -> ContractResult:
    """What of `idea` (and of `avoid`, the person's --no) the prompt and its negative keep, lose, change and add."""
    return verify(find_required_terms(idea, avoid), prompt, negative, takes_negative)


def verify(reading: RequiredTerms, prompt: str, negative: str = "", takes_negative: bool = True) -> ContractResult:
    """`check` for a request that was read before."""
    text = PromptText(prompt)
    other = PromptText(negative).shown if takes_negative else frozenset()
    terms = _worth_asking(reading, text)
    lost = [term for term in terms if not _is_kept(term, reading, text, other, takes_negative)]
    changed = [term for term in lost if term.kind in ("colour", "number") and others_on_noun(term, text, reading)]
    added = tuple(token.word for token in added_tokens(reading, text))
    kept = tuple(term for term in terms if term not in lost)
    return ContractResult(kept, tuple(lost), tuple(changed), added, count_added(reading, prompt))


def _worth_asking(reading: RequiredTerms, text: PromptText) -> tuple[Term, ...]:
    """Of terms in a language we only guessed, all are dropped when none stands in the prompt: it was translated."""
    unsure = [term for term in reading.terms if not term.sure and term.kind != "name"]
    if unsure and not any(term.stems & text.shown for term in unsure):
        return tuple(term for term in reading.terms if term.sure or term.kind == "name")
    return reading.terms


def _is_kept(term: Term, reading: RequiredTerms, text: PromptText, negative: frozenset[str], takes_negative: bool) -> bool:
    if term.kind == "quote":
        return _squashed(term.english) in _squashed(text.text)
    if term.kind == "token":
        return term.english in text.text
    if term.kind == "negation":
        return _is_denial_kept(term, reading, text, negative, takes_negative)
    if term.kind == "number" and term.value == "1" and not others_on_noun(term, text, reading):
        return True
    if term.kind in ("colour", "number") and term.of:
        return _is_kept_on_noun(term, text, reading)
    if term.kind == "number" and ":" in term.value:
        return term.value in text.text
    return bool(term.stems & text.shown) or _is_respelled(term, text)


def _squashed(text: str) -> str:
    return " ".join(text.casefold().split())


def _is_kept_on_noun(term: Term, text: PromptText, reading: RequiredTerms) -> bool:
    """The value stands on the noun; or no other does and it is said elsewhere."""
    if any(text.tokens[before].root in term.stems for place in _noun_places(term, text) for before in text.before(place)):
        return True
    if others_on_noun(term, text, reading):
        return False
    return bool(term.stems & text.shown)


def _noun_places(term: Term, text: PromptText) -> list[int]:
    row = read_lexicon().english.get(term.of)
    return text.places((row.accepted if row else frozenset()) | {term.of})


def others_on_noun(term: Term, text: PromptText, reading: RequiredTerms) -> list[int]:
    """The places of colours (or numbers) before the term's noun that nobody wished for there."""
    lexicon = read_lexicon()
    wanted = term.stems.union(*(other.stems for other in reading.terms if (other.kind, other.of) == (term.kind, term.of)))
    found = []
    for place in _noun_places(term, text) if term.of else ():
        for before in text.before(place):
            token, row = text.tokens[before], lexicon.english.get(text.tokens[before].root)
            of_kind = (row is not None and row.kind == term.kind) or (term.kind == "number" and token.word[0].isdigit())
            part_of_it = text.tokens[before + 1].word.lower().endswith("ed") and text.tokens[before + 1].root not in wanted
            if of_kind and token.root not in wanted and not (part_of_it and term.kind == "colour"):
                found.append(before)
    return found


def _is_denial_kept(
    term: Term, reading: RequiredTerms, text: PromptText, negative: frozenset[str], takes_negative: bool
) -> bool:
    """Ruled out in the negative prompt, in words or by a rewording, and not shown; what is also asked for is not judged."""
    if term.english in reading.contradictions:
        return True
    if term.stems & text.shown and term.english:
        return False
    if not term.english:
        return bool(negative or text.denied or text.shown & read_lexicon().bare)
    if term.stems & (negative | text.denied):
        return True
    return bool(not takes_negative and (text.shown & read_lexicon().bare or _is_reworded(term, text)))


def _is_reworded(term: Term, text: PromptText) -> bool:
    known = read_lexicon().rewordings
    return any(known[name] in text.text.lower() for name in term.stems if name in known)


def _is_respelled(term: Term, text: PromptText) -> bool:
    """A slip of the pen put right, or a foreign name in its English form: the same word for a reader, not for a stem."""
    if term.kind not in ("noun", "name") or (term.kind == "noun" and stem(term.english) in read_lexicon().english):
        return False
    said = fold_accents(term.english)
    if term.kind == "name" and not term.sure:
        starts = {word[:3] for word in said.split()}
        return any(token.word[0].isupper() and fold_accents(token.word)[:3] in starts for token in text.tokens if token.root)
    return any(_is_slip(said, fold_accents(token.word)) for token in text.tokens if token.root)


def _is_slip(said: str, meant: str) -> bool:
    """Doubled or exchanged letters; in a word of seven letters or more one or two wrong ones."""
    if said[0] != meant[0] or abs(len(said) - len(meant)) > 2 or not 3 <= len(said) <= _LONGEST_SLIP or len(meant) < 3:
        return False
    if re.sub(r"(.)\1", r"\1", said) == re.sub(r"(.)\1", r"\1", meant):
        return True
    if sorted(said) == sorted(meant):
        return True
    return len(said) >= 7 and _distance(said, meant) <= (1 if len(said) == 7 else 2)


def _distance(one: str, other: str) -> int:
    """Letters to change, add or take out to make one word the other (Levenshtein)."""
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        last, row[0] = row[0], i
        for j, char in enumerate(other, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (letter != char))
    return row[-1]


def count_added(reading: RequiredTerms, prompt: str) -> int:
    """How many words of substance a prompt adds; words of the request that we could not read may stand for as many."""
    text = PromptText(prompt)
    translated = (word for word in reading.foreign if stem(word) not in text.shown)
    allowance = sum(-(-len(word) // 2) if "\u3041" <= word[0] <= "\u9fff" else 1 for word in translated)
    return max(0, len(added_tokens(reading, text)) - allowance)


def added_tokens(reading: RequiredTerms, text: PromptText) -> list[Token]:
    """The words of substance in a prompt that the request does not hold, in order."""
    stop = read_lexicon().stop
    own = reading.stems.union(*(term.stems for term in reading.terms))
    own |= {stem(word) for term in reading.terms for word in re.findall(r"[^\W_]+", term.english)}
    own |= {stem(word) for phrase in _rewordings(reading) for word in words_in(phrase)}
    own = frozenset(root.rstrip(VERB) for root in own)
    return [
        token
        for token in text.tokens
        if token.root
        and token.root.rstrip(VERB) not in own
        and token.word.lower() not in stop
        and not _is_slip_of(token, reading)
    ]


def _rewordings(reading: RequiredTerms) -> Iterator[str]:
    """What may be said for the things the person ruled out; that is their wish, not an addition."""
    known = read_lexicon().rewordings
    yield from (known[name] for term in reading.terms if term.kind == "negation" for name in term.stems if name in known)


def _is_slip_of(token: Token, reading: RequiredTerms) -> bool:
    words = (fold_accents(term.english) for term in reading.terms if term.kind in ("noun", "name") and " " not in term.english)
    return any(word and _is_slip(word, fold_accents(token.word)) for word in words)
