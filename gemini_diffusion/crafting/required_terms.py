"""What of a request is held to and what is watched; knows no prompt.

Held: numbers, colours, names, quoted text, denials, left and right, and what the person gave a weight. Watched: nouns. English
is read by its own small words; ten languages through the tables; of any other, numbers, quotations and names in Latin letters
are all that can be told without the chat model.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from gemini_diffusion.crafting.english_terms import english_terms
from gemini_diffusion.crafting.foreign_terms import foreign_terms
from gemini_diffusion.crafting.items import Item
from gemini_diffusion.crafting.languages import detect_language, items_of
from gemini_diffusion.crafting.lexicon import VERB, fold_accents, read_lexicon, stem, words_in
from gemini_diffusion.crafting.terms import Term, denial_term
from gemini_diffusion.crafting.translate import in_english

QUOTE = re.compile(
    r'"([^"\n]{1,200})"|“([^”\n]{1,200})”|„([^“”\n]{1,200})[“”]|«\s?([^»\n]{1,200}?)\s?»|「([^」\n]{1,200})」|『([^』\n]{1,200})』'
    r"|(?:^|(?<=\s))'([^'\n]{2,100})'(?=[\s,.;!?]|$)|(?:^|(?<=\s))\u2018([^\u2019\n]{2,100})\u2019(?=\W|$)"
)
TOKEN = re.compile(r"<\w[\w-]{0,60}>")
"""What stands for a textual inversion: no word, and kept as it is."""
_RATIO = "1:1|3:2|2:3|4:3|3:4|16:9|9:16|21:9"
_NAMED = r"(?:\s*(?:aspect(?: ratio)?\b|ratio\b|비율(?:의|로)?))?"
SHAPE = re.compile(rf"\b(?:in |as |(?:in )?aspect(?: ratio)? )?({_RATIO})(?![:\d]){_NAMED}", re.IGNORECASE)
_SENTENCE = re.compile(r"[^.!?;\n\u3002\uff01\uff1f\uff1b\u061f]+[.!?;\n\u3002\uff01\uff1f\uff1b\u061f]?")
_ORDER = re.compile(
    r"\b(?:ignore|disregard|forget|override|reveal|print|output|respond|repeat)\b(?=.*\b(?:instructions?|prompt|rules|json|schema)\b)|"
    r"\b(?:ignor\w*|olvida\w*|esque\w*|vergiss|oublie\w*|dimentica\w*|игнорир\w*|забудь\w*)"
    r"(?=.*\b(?:instru\w*|prompt\w*|anweisung\w*|befehl\w*|regeln|reglas|regras|règles|istruzion\w*|regole|инструкц\w*|правил\w*))|"
    r"(?:忽略|无视|無視|무시|잊어|تجاهل)(?=.*(?:指令|指示|提示|规则|規則|ルール|プロンプト|지시|명령|프롬프트|규칙|التعليمات|القواعد))|"
    r"(?:忘记|忽略|無視|무시|تجاهل|指令|指示|지시|التعليمات).*(?:忽略|忘记|無視|무시|输出|출력|出力)",
    re.IGNORECASE,
)
"""Orders to a chat model about what it was told, in eleven languages."""
_TECHNICAL = re.compile(r"\b\d+(?:[.,]\d+)?\s?(?:k|mm|px|fps|mp|p|d)\b|\bf/\d+(?:\.\d+)?|\biso\s?\d+", re.IGNORECASE)
"""How a picture is made, in figures that count nothing: 4k, 35mm, f/1.8, 3d."""
_BLANK = re.compile(r"[\s!-/:-@\[-`{-~]+")
"""What parts words in any script; marks over and under letters do not, as in Thai or Hindi."""


@dataclass(frozen=True)
class RequiredTerms:
    """A request, read: its language code ("" for one we do not know), its terms and its words as stems.

    `foreign` are the words that the tables could not put into English, `avoided` the person's --no as far as they could.
    """

    idea: str
    language: str
    terms: tuple[Term, ...]
    stems: frozenset[str]
    foreign: tuple[str, ...] = ()
    avoided: tuple[str, ...] = ()

    @cached_property
    def wanted(self) -> frozenset[str]:
        """The stems of everything that is asked for."""
        return frozenset[str]().union(*(_names(term) for term in self.terms if term.kind in ("noun", "name", "colour", "word")))

    @cached_property
    def contradictions(self) -> tuple[str, ...]:
        """What is both asked for and denied."""
        things = frozenset[str]().union(*(_names(term) for term in self.terms if term.kind in ("noun", "name")))
        things |= {stem(term.english) for term in self.terms if term.kind == "colour"}
        return tuple(term.english for term in self.terms if term.kind == "negation" and term.stems & things)

    def renamed(self, said: Mapping[str, str]) -> RequiredTerms:
        """The request where other words stand for some of it: `said` has what the person said by the word for it."""
        by_root = {stem(word): stem(name) for name, word in said.items()}

        def with_names(roots: frozenset[str]) -> frozenset[str]:
            return roots.union(by_root[root] for root in roots if root in by_root)

        terms = (
            term if term.kind == "negation" else replace(term, stems=with_names(term.stems), of=with_names(term.of))
            for term in self.terms
        )
        return replace(self, terms=tuple(terms), stems=self.stems.union(by_root.values()))

    @cached_property
    def own(self) -> frozenset[str]:
        """The stems of every word that is the person's, or says what they ruled out; without the mark of a verb's form."""
        known = read_lexicon().rewordings
        denied = (name for term in self.terms if term.kind == "negation" for name in term.stems)
        phrases = [*(term.english for term in self.terms), *(known[name] for name in denied if name in known)]
        roots = self.stems.union(*(term.stems | term.near for term in self.terms), map(stem, words_in(" ".join(phrases))))
        return frozenset(root.rstrip(VERB) for root in roots)

    @cached_property
    def spellings(self) -> Mapping[str, list[str]]:
        """The nouns and names in one word, folded, by their first letter: what a word of a prompt may be a respelling of."""
        found = defaultdict[str, list[str]](list)
        for term in self.terms:
            if term.kind in ("noun", "name") and " " not in term.english and (said := fold_accents(term.english)):
                found[said[0]].append(said)
        return found


def _names(term: Term) -> frozenset[str]:
    """The stems that name a thing itself: a moon honours a night, and is none."""
    row = read_lexicon().english.get(stem(term.english))
    return row.names if row else term.stems


def find_required_terms(idea: str, avoid: Sequence[str] = (), weighed: Sequence[str] = ()) -> RequiredTerms:
    """Everything in `idea` that must be kept: `avoid` (the person's --no) is among the denials, and of `weighed`, what the
    person gave a weight, every word of substance is among the rest. Never raises.
    """
    plain = _without_orders(_TECHNICAL.sub(" ", SHAPE.sub(" ", TOKEN.sub(" , ", QUOTE.sub(" , ", idea)))))
    code = detect_language(plain)
    found = [Term("quote", quote, quote) for quote in quotes_in(idea)]
    found += [Term("token", token, token) for token in tokens_in(idea)]
    stems = frozenset(map(stem, words_in(idea)))
    foreign = () if code == "en" else tuple(word for word in _BLANK.split(plain) if word[:1].isalnum())
    if code in ("en", ""):
        found += english_terms(plain, code)
    else:
        items = items_of(plain, code)
        found += foreign_terms(items, code, plain)
        stems = stems.union(*(item.word.accepted for item in items if item.word))
        foreign = tuple(item.said for item in items if not (item.word or item.number is not None or item.is_break or item.side))
    avoided = {phrase: in_english(phrase, code) for phrase in avoid if phrase.strip()}
    found += [denial_term(english, phrase) for phrase, english in avoided.items()]
    kept = {word.lower() for term in found for word in words_in(term.said)} if weighed else set()
    found += [term for phrase in weighed for term in _weighed_terms(TOKEN.sub(" ", QUOTE.sub(" ", phrase)), code, kept)]
    return RequiredTerms(
        idea, code, _distinct([_narrowed(term, found, code) for term in found]), stems, foreign, tuple(avoided.values())
    )


def _narrowed(term: Term, terms: Sequence[Term], code: str) -> Term:
    """A denial as far as the rest of the request lets it reach: "not red" says nothing of bricks, and "no people" beside two
    grandmothers nothing of women.
    """
    lexicon = read_lexicon()
    row = lexicon.english.get(stem(term.english.split()[-1])) if term.kind == "negation" and term.english else None
    if row is None:
        return term
    if row.kind == "colour":
        twins = lexicon.languages[code].twins if code else {}  # "rosas" are pink, or roses
        also = frozenset[str]().union(*(twins[form].names for form in twins if form in fold_accents(term.said)))
        kept = frozenset(root for root in term.stems if lexicon.is_kind(root, "colour") or not _is_seen(root))
        return replace(term, stems=kept | also)
    wanted = (stem(other.english) for other in terms if other.kind == "noun")
    if not any(root not in row.names and _is_kind_of(root, row.english) for root in wanted):
        return term
    alone = frozenset(root for root in term.stems - row.names if lexicon.kinds.get(root) == frozenset((row.english,)))
    return replace(term, stems=alone | {stem(row.english)})


def _is_seen(root: str) -> bool:
    """Whether a stem names something of its own, whatever colour it may stand for."""
    lexicon = read_lexicon()
    return root in lexicon.things or any(not lexicon.is_kind(stem(name), "colour") for name in lexicon.kinds.get(root, ()))


def _is_kind_of(root: str, name: str, depth: int = 3) -> bool:
    """Whether a stem names a kind of what `name` names: a grandmother is a woman, and a woman one of people."""
    names = read_lexicon().kinds.get(root, frozenset())
    wider = (stem(other) for other in names if stem(other) != root)
    return name in names or (depth > 0 and any(_is_kind_of(other, name, depth - 1) for other in wider))


def _without_orders(text: str) -> str:
    """A text without the sentences that give a chat model orders about its instructions: nothing of them is held to."""
    return _SENTENCE.sub(lambda sentence: " , " if _ORDER.search(sentence[0]) else sentence[0], text)


def quotes_in(idea: str) -> list[str]:
    """What stands between quotation marks, letter by letter."""
    return [next(filter(None, match.groups())) for match in QUOTE.finditer(idea)]


def tokens_in(idea: str) -> list[str]:
    """The tokens of textual inversions in a text, outside quotations."""
    return TOKEN.findall(QUOTE.sub(" ", idea))


def _weighed_terms(phrase: str, code: str, kept: set[str]) -> Iterator[Term]:
    """The words of a weighted phrase that nothing else asks to keep, qualities among them."""
    items = items_of(phrase, code) if code not in ("en", "") else [Item(word) for word in words_in(phrase)]
    for item in items:
        if item.said.lower() in kept or item.said.lower() in read_lexicon().stop or item.is_break or item.negated:
            continue
        if item.word:
            yield Term("word", item.said, item.word.english, item.word.accepted)
        elif item.number is None:
            yield Term("word", item.said, item.said, frozenset({stem(item.said)}), sure=code == "en")


def _distinct(terms: Sequence[Term]) -> tuple[Term, ...]:
    """Each term once."""
    unique: dict[object, Term] = {}
    for term in terms:
        unique.setdefault((term.kind, term.english.lower(), term.of, term.value), term)
    return tuple(unique.values())
