"""Whether a prompt keeps what a request must not lose, and what it adds; knows no chat model and changes nothing.

A doubtful reading is never an accusation. What is held (numbers, colours, names, quotations, denials, sides) is missing only
where no word of the prompt could stand for it, or where another value stands in its place. What is watched (nouns) is said to
be unseen only then, and never put in. The chat model's own pairs of words count as far as they are true to the letter.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from gemini_diffusion.crafting.added_words import added_tokens, count_words, is_slip
from gemini_diffusion.crafting.claims import claimed_terms
from gemini_diffusion.crafting.lexicon import fold_accents, read_lexicon, stem, words_in
from gemini_diffusion.crafting.noun_values import others_on_noun
from gemini_diffusion.crafting.pairs import Pair, overlap, roots_of, squashed, stands_whole, uncovered_words
from gemini_diffusion.crafting.prompt_text import PromptText, Token
from gemini_diffusion.crafting.replaced_names import may_sound_alike
from gemini_diffusion.crafting.required_terms import RequiredTerms, find_required_terms
from gemini_diffusion.crafting.sides import OPPOSITE, english_marks, sides_of
from gemini_diffusion.crafting.terms import Term

_BEARERS = ("text", "sign", "poster", "banner", "letter", "board", "plate", "note", "label")
"""Things that words stand on."""


@dataclass(frozen=True, slots=True)
class ContractResult:
    """`missing` is what is held and lost, `changed` of it what stands there with another value; `unseen` is what is watched
    and not there, `uncovered` words of the request that nothing in the prompt can stand for. `strange` says that the prompt
    shows nothing of the request: another picture.
    """

    kept: tuple[Term, ...]
    missing: tuple[Term, ...]
    changed: tuple[Term, ...]
    unseen: tuple[Term, ...]
    added: tuple[str, ...]
    added_words: int
    strange: bool = False
    uncovered: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        return not self.missing and not self.strange


def check_prompt(
    idea: str, prompt: str, negative: str = "", avoid: Sequence[str] = (), takes_negative: bool = True
) -> ContractResult:
    """What of `idea` (and of `avoid`, the person's --no) the prompt and its negative keep, lose, change and add."""
    return verify(find_required_terms(idea, avoid), prompt, negative, takes_negative)


def verify(
    reading: RequiredTerms, prompt: str, negative: str = "", takes_negative: bool = True, pairs: Sequence[Pair] = ()
) -> ContractResult:
    """`check_prompt` for a request that was read before, with what the chat model says it kept."""
    return _Check(reading, PromptText(prompt), PromptText(negative if takes_negative else ""), pairs).result()


class _Check:
    """One prompt held against one request."""

    def __init__(self, reading: RequiredTerms, text: PromptText, negative: PromptText, pairs: Sequence[Pair]) -> None:
        self.reading, self.text, self.negative = reading, text, negative
        idea = squashed(reading.idea)
        self.pairs = [pair for pair in pairs if pair.english.strip() and squashed(pair.said) and squashed(pair.said) in idea]
        self.standing = [pair for pair in self.pairs if roots_of(pair.english) <= text.shown]

    def result(self) -> ContractResult:
        terms = [*self._worth_asking(), *claimed_terms(self.reading, self.text, self.negative, self.pairs)]
        lost = [term for term in terms if not self._is_kept(term)]
        nouns = [term for term in lost if term.kind == "noun"]
        kept = tuple(term for term in terms if term not in lost and term.said)
        held = tuple(term for term in lost if term.held and not self._is_doubtful(term))
        changed = tuple(term for term in held if self._is_changed(term))
        unseen = tuple(term for term in lost if self._is_doubtful(term) or (term in nouns and self._is_surely_lost(term)))
        added = added_tokens(self.reading, self.text)
        strange = self._is_strange(kept, nouns, unseen)
        return ContractResult(
            kept,
            held,
            changed,
            unseen,
            tuple(token.word for token in added),
            count_words(self.reading, self.text, added),
            strange,
            uncovered_words(self.reading, self.pairs, sum(token.root not in self._explained for token in added)),
        )

    def _worth_asking(self) -> Iterator[Term]:
        """Of terms in a language we only guessed, all are dropped when none stands in the prompt: it was translated."""
        unsure = [term for term in self.reading.terms if not term.sure and term.kind != "name"]
        skip = unsure if not any(term.stems & self.text.shown for term in unsure) else []
        return (term for term in self.reading.terms if term not in skip)

    def _is_kept(self, term: Term) -> bool:
        if term.kind == "quote":
            return stands_whole(term.english, self.text.text)
        if term.kind == "token":
            return term.english in self.text.text
        if term.kind == "negation":
            return term.english in self.reading.contradictions or not self._shown_of(term)
        if term.kind == "side":
            return self._is_on_its_side(term)
        if term.kind in ("number", "colour"):
            return self._is_value_kept(term)
        if term.kind == "noun" and self._is_part_of_a_word(stem(term.english)):
            return True
        return bool(term.stems & self.text.shown) or self._is_vouched(term) or self._is_respelled(term)

    def _shown_of(self, term: Term) -> frozenset[str]:
        """What of a denied thing the prompt draws all the same; of a word we cannot read, what the negative calls it."""
        if term.stems and (term.english or self.reading.language):
            return term.stems & self.text.shown
        phrases = (roots_of(phrase) for phrase in self.negative.text.split(","))
        return frozenset[str]().union(*(roots for roots in phrases if roots and roots <= self.text.shown))

    def _is_value_kept(self, term: Term) -> bool:
        """The value stands on its noun; or no other does there, and it is said anywhere at all."""
        if term.kind == "number" and ":" in term.value:
            return term.value in self.text.text
        others = others_on_noun(term, self.text, self.reading)
        if term.stems & self.text.denied and term.of & self.text.denied:
            return True  # "without its white queen", whatever the request was taken for
        if term.kind == "number" and term.value == "1":
            return not others
        places = self.text.places(term.of)
        if any(self.text.tokens[before].root in term.stems for place in places for before in self.text.before(place)):
            return True
        if others:
            return False
        return bool((term.stems | term.near) & self.text.shown) or self._is_vouched(term)

    def _is_vouched(self, term: Term) -> bool:
        """Whether the chat model named other words for it that stand in the prompt and are not known to mean another thing."""
        lexicon = read_lexicon()
        for pair in self.standing:
            if not overlap(term, pair):
                continue
            roots = roots_of(pair.english)
            named = any(word[0].isupper() for word in words_in(pair.english))
            if term.kind == "name" and not named and (self.reading.language != "de" or term.stems & roots):
                continue  # in German any noun has a capital
            other = len(roots) == 1 and roots <= lexicon.english.keys() and not roots & term.stems
            if term.kind == "noun" and other and not self._is_in_a_compound(term, pair):
                continue
            if term.kind in ("colour", "number") and any(lexicon.is_kind(root, term.kind) for root in roots):
                continue
            return True
        return False

    def _is_in_a_compound(self, term: Term, pair: Pair) -> bool:
        """Whether a pair is about a longer word that a term was read in: the tree in 桜の木."""
        return self.reading.language in ("ja", "zh") and len(squashed(pair.said)) > len(squashed(term.said))

    def _is_on_its_side(self, term: Term) -> bool:
        found = self._sides.get(_sided(term), set())
        if _is_coloured(term):
            return found != {OPPOSITE[term.value]}
        if found:
            return term.value in found
        return bool({"left", "right"} & self.text.shown) or self._is_vouched(term)

    @cached_property
    def _sides(self) -> dict[str, set[str]]:
        """On which side the prompt puts each thing, and each colour, that the request puts somewhere."""
        found: dict[str, set[str]] = {}
        for colours in (False, True):
            sided = (term for term in self.reading.terms if term.kind == "side" and _is_coloured(term) is colours)
            names = {root: _sided(term) for term in sided for root in term.stems}
            for name, side in sides_of(english_marks((token.word, names.get(token.root, "")) for token in self.text.tokens)):
                found.setdefault(name, set()).add(side)
        return found

    def _is_changed(self, term: Term) -> bool:
        if term.kind == "side":
            return OPPOSITE[term.value] in self._sides.get(_sided(term), set())
        return term.kind in ("colour", "number") and bool(others_on_noun(term, self.text, self.reading))

    def _is_respelled(self, term: Term) -> bool:
        """A slip of the pen put right, or a foreign name in its English form: the same word for a reader, not for a stem."""
        said = fold_accents(term.english)
        if self._is_claimed_in_vain(term):
            return False
        if term.kind == "name":
            starts = {word[: min(4, len(word) - 1) if term.sure else 3] for word in said.split() if len(word) > 2}
            if any(name.startswith(start) for name in self._capitals for start in starts):
                return True  # Mars and Martian, Sevilla and Seville
            if not term.sure:
                return len(starts) < 2 and any(may_sound_alike(said, name) for name in self._capitals)
        if term.kind not in ("noun", "name") or (term.kind == "noun" and stem(term.english) in read_lexicon().kinds):
            return False
        return any(is_slip(said, word) for word in self._spelled.get(said[:1], ()))

    @cached_property
    def _capitals(self) -> list[str]:
        """The words of the prompt that may be names, folded."""
        return [fold_accents(token.word) for token in self.text.tokens if token.word[0].isupper() and self._may_be_name(token)]

    def _is_doubtful(self, term: Term) -> bool:
        """A name of another language that is not found, beside a name that could be its English form for all we know."""
        claimed = any(overlap(term, pair) for pair in self.pairs)
        return term.kind == "name" and not (term.sure or claimed or " " in term.english) and bool(self._capitals)

    @cached_property
    def _spelled(self) -> dict[str, set[str]]:
        """The words of the prompt, folded, by their first letter."""
        found: dict[str, set[str]] = {}
        for token in self.text.tokens:
            if token.root:
                word = fold_accents(token.word)
                found.setdefault(word[:1], set()).add(word)
        return found

    def _may_be_name(self, token: Token) -> bool:
        return token.word.lower() not in read_lexicon().stop and (token.start > 0 or token.root not in read_lexicon().kinds)

    @cached_property
    def _explained(self) -> frozenset[str]:
        """The stems of the prompt that stand for something of the request."""
        pairs = (roots_of(pair.english) for pair in self.standing)
        return self.reading.stems.union(*(term.stems for term in self.reading.terms), *pairs)

    def _is_claimed_in_vain(self, term: Term) -> bool:
        return any(overlap(term, pair) and pair not in self.standing for pair in self.pairs)

    def _is_surely_lost(self, term: Term) -> bool:
        """Whether no word of the prompt could stand for a noun: no other thing that nothing explains, no kind of kind."""
        lexicon, root = read_lexicon(), stem(term.english)
        row = lexicon.english.get(root)
        known = row is not None and row.kind in ("thing", "place", "time") and not row.loose
        if self._is_claimed_in_vain(term):
            return True
        if not known and root not in lexicon.things and root not in lexicon.kinds:
            return False
        soft = row is not None and (row.kind == "medium" or row.english in lexicon.soft)
        if soft or (row is not None and row.english in _BEARERS and self._holds_quote()):
            return False
        wider = (lexicon.english[stem(name)].names for name in lexicon.kinds.get(root, ()))
        if frozenset[str]().union(*wider) & self.text.shown:
            return False
        return not any(self._could_be(token, known) for token in self.text.tokens)

    def _holds_quote(self) -> bool:
        """Whether the prompt has all that the request quotes: what bears it may be called by any name."""
        quotes = [term for term in self.reading.terms if term.kind == "quote"]
        return bool(quotes) and all(map(self._is_kept, quotes))

    def _is_part_of_a_word(self, root: str) -> bool:
        """Chess in a chessboard, a bowl in a fishbowl, and the other way: a violin for a violinist."""
        ends = len(root) > 3 and any(
            shown.endswith(root) or (len(shown) > 4 and root.startswith(shown)) for shown in self.text.shown
        )
        return ends or (len(root) > 4 and any(shown.startswith(root) for shown in self.text.shown))

    def _could_be(self, token: Token, known: bool) -> bool:
        """Whether a word of the prompt may be a name for a thing of the request that is not found."""
        lexicon = read_lexicon()
        if not token.root or token.denied or token.root in self._explained or token.root in lexicon.scenery:
            return False
        row = lexicon.english.get(token.root)
        if row and not row.loose:
            return not known and row.kind == "thing"
        if row or token.root in lexicon.things or token.root in lexicon.kinds or (token.word[0].isupper() and token.start > 0):
            return True
        ends = (token.root[place:] for place in range(2, len(token.root) - 3))
        return any(end in lexicon.kinds or end in lexicon.things for end in ends)  # a coffeehouse

    def _is_strange(self, kept: Iterable[Term], nouns: Sequence[Term], unseen: Sequence[Term]) -> bool:
        """Another picture: not one thing, name or quotation of the request is in it."""
        lexicon = read_lexicon()
        seen = any(term.kind in ("noun", "name", "quote", "word", "token") for term in kept)
        told = any(not any(overlap(term, pair) for term in self.reading.terms) for pair in self.standing)
        roots = [stem(term.english) for term in nouns]
        things = [root for root in roots if root in lexicon.kinds or root in lexicon.things]
        replaced = any(root in lexicon.english for root in roots) and self._shows_first_another()
        several = len(things) > 1 and len(self.reading.foreign) < 2  # else what nobody could read may be what is shown
        return not seen and not told and (several or bool(unseen) or replaced)

    def _shows_first_another(self) -> bool:
        """Whether the first thing of the prompt is one that the tables know to be none of the request."""
        lexicon = read_lexicon()
        things = (token.root for token in self.text.tokens if token.root in lexicon.things or lexicon.is_thing(token.root))
        first = next(things, "")
        return first in lexicon.kinds and first not in lexicon.generic and first not in self._explained


def _is_coloured(term: Term) -> bool:
    return read_lexicon().is_kind(stem(_sided(term)), "colour")


def _sided(term: Term) -> str:
    """The thing of "a cat on the left"."""
    return term.english.rpartition(" on the ")[0]
