"""What of a request has to survive crafting: numbers, colours, names, quoted text, denials and nouns; knows no prompt.

English is read by its own small words; eight languages through the table of words; of any other, numbers, quotations and
names in Latin letters are all that can be told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from gemini_diffusion.crafting.languages import BY_SCRIPT, Item, detect_language, items_of
from gemini_diffusion.crafting.lexicon import Word, read_lexicon, stem, words_in
from gemini_diffusion.crafting.translate import in_english

TermKind = Literal["number", "colour", "name", "quote", "negation", "noun", "word", "token"]
QUOTE = re.compile(
    r'"([^"\n]{1,200})"|“([^”\n]{1,200})”|„([^“”\n]{1,200})[“”]|«\s?([^»\n]{1,200}?)\s?»|「([^」\n]{1,200})」'
    r"|(?:^|(?<=\s))'([^'\n]{2,100})'(?=[\s,.;!?]|$)"
)
TOKEN = re.compile(r"<\w[\w-]{0,60}>")
"""What stands for a textual inversion: no word, and kept as it is."""
_RATIO = "1:1|3:2|2:3|4:3|3:4|16:9|9:16|21:9"
_NAMED = r"(?:\s*(?:aspect(?: ratio)?\b|ratio\b|비율(?:의|로)?))?"
SHAPE = re.compile(rf"\b(?:in |as |(?:in )?aspect(?: ratio)? )?({_RATIO})(?![:\d]){_NAMED}", re.IGNORECASE)
_THING = r"[^\W\d_]+(?:[-'\u2019][^\W\d_]+)*"
_DOING = r"(?!(?:clothing|building|painting|lightning|ceiling|writing|lettering|wing|ring|king|string|railing)s?\b)[a-z]+ing\b"
DENIAL = re.compile(
    rf"(?:\b(?:with|but|and|has|have|having|(?:that |which |who )?(?:is|are))\s+)?"
    rf"(?:\b(?P<how>no|without|not|never any|free of|zero)|(?:\b(?:that|which|who)\s+)?\b(?:is|are)n['\u2019]t)\s+"
    rf"(?P<article>(?:(?:a|an|the|any|of|single|in|on|wearing)\s+)*)(?P<thing>(?:{_THING}\s+){{0,2}}?{_THING})"
    rf"(?=\s*(?:[,.;:!?)]|$)|\s+(?:and|or|but|nor|in|on|at|by|with|near|under|over|of|to|for|from|anywhere)\b|\s+{_DOING})",
    re.IGNORECASE,
)
_MORE = re.compile(rf"\s*(?:,\s*)?\b(?:or|nor|and no|and without)\s+(?:(?:a|an|the|any)\s+)*({_THING})", re.IGNORECASE)
_NOBODY = re.compile(r"\b(?:no[ -]one|nobody)\b(?: (?:else|around|in sight|there))?", re.IGNORECASE)
_NOT_THINGS = frozenset(("one", "longer", "more", "less", "matter", "doubt", "idea", "way", "sooner", "later"))


@dataclass(frozen=True, slots=True)
class Term:
    """One thing to keep: `said` as the person put it, `english` to write it with, `stems` any of which honours it.

    `of` is the stem of the noun it belongs to, "" where that cannot be told; `sure` is False where the language of the
    request is a guess; `value` a number's.
    """

    kind: TermKind
    said: str
    english: str
    stems: frozenset[str] = frozenset()
    of: str = ""
    value: str = ""
    sure: bool = True


@dataclass(frozen=True, slots=True)
class RequiredTerms:
    """A request, read: its language code ("" for one we do not know), its terms and its words as stems.

    `foreign` are the words that the table could not put into English, `avoided` the person's --no as far as it could.
    """

    idea: str
    language: str
    terms: tuple[Term, ...]
    stems: frozenset[str]
    foreign: tuple[str, ...] = ()
    avoided: tuple[str, ...] = ()

    @property
    def contradictions(self) -> tuple[str, ...]:
        """What is both asked for and denied."""
        wanted = {name for term in self.terms if term.kind in ("noun", "name") for name in term.stems}
        return tuple(term.english for term in self.terms if term.kind == "negation" and term.stems & wanted)


def find_required_terms(idea: str, avoid: Sequence[str] = (), weighed: Sequence[str] = ()) -> RequiredTerms:
    """Everything in `idea` that must be kept: `avoid` (the person's --no) is among the denials, and of `weighed`, what the
    person gave a weight, every word of substance is among the rest. Never raises.
    """
    plain = SHAPE.sub(" ", TOKEN.sub(" , ", QUOTE.sub(" , ", idea)))
    code = detect_language(plain)
    found = [Term("quote", quote, quote) for quote in quotes_in(idea)]
    found += [Term("token", token, token) for token in tokens_in(idea)]
    stems = frozenset(stem(word) for word in words_in(idea))
    foreign = () if code == "en" else tuple(words_in(plain))
    if code in ("en", ""):
        found += _english_terms(plain, code)
    else:
        items = items_of(plain, code)
        found += _foreign_terms(items, code)
        stems = stems.union(*(item.word.accepted for item in items if item.word))
        foreign = tuple(item.said for item in items if not (item.word or item.number is not None or item.is_break))
    avoided = {phrase: in_english(phrase, code) for phrase in avoid if phrase.strip()}
    found += [_denial(english, phrase) for phrase, english in avoided.items()]
    found += [term for phrase in weighed for term in _weighed_terms(TOKEN.sub(" ", QUOTE.sub(" ", phrase)), code, found)]
    return RequiredTerms(idea, code, _distinct(found), stems, foreign, tuple(avoided.values()))


def quotes_in(idea: str) -> list[str]:
    """What stands between quotation marks, letter by letter."""
    return [next(filter(None, match.groups())) for match in QUOTE.finditer(idea)]


def tokens_in(idea: str) -> list[str]:
    """The tokens of textual inversions in a text, outside quotations."""
    return TOKEN.findall(QUOTE.sub(" ", idea))


def _weighed_terms(phrase: str, code: str, found: Sequence[Term]) -> Iterator[Term]:
    """The words of a weighted phrase that nothing else asks to keep, qualities among them."""
    kept = {word.lower() for term in found for word in words_in(term.said)}
    items = items_of(phrase, code) if code not in ("en", "") else [Item(word) for word in words_in(phrase)]
    for item in items:
        if item.said.lower() in kept or item.said.lower() in read_lexicon().stop or item.is_break or item.negated:
            continue
        if item.word:
            yield Term("word", item.said, item.word.english, item.word.accepted)
        elif item.number is None:
            yield Term("word", item.said, item.said, frozenset({stem(item.said)}), sure=code == "en")


def _distinct(terms: list[Term]) -> tuple[Term, ...]:
    seen = {(term.kind, term.english.lower(), term.of): term for term in reversed(terms)}
    return tuple(dict.fromkeys(seen[term.kind, term.english.lower(), term.of] for term in terms))


def denials_in(text: str) -> list[tuple[int, int, list[str]]]:
    """Each denial of an English text: where it starts and ends, and the things it rules out."""
    found = [(match.start(), match.end(), ["people"]) for match in _NOBODY.finditer(text)]
    for match in DENIAL.finditer(text):
        things, end = [match["thing"]], match.end()
        if not _denies(match) or any(start <= match.start() < before for start, before, _ in found):
            continue
        while more := _MORE.match(text, end):
            things.append(more[1])
            end = more.end()
        found.append((match.start(), end, things))
    return sorted(found)


def _denies(match: re.Match[str]) -> bool:
    """Whether it rules a thing out: "no longer" and "not too dark" do not, "not a dog", "not red" and "not smiling" do."""
    first = match["thing"].split()[0].lower()
    if match["how"] and match["how"].lower() != "not":
        return first not in _NOT_THINGS
    row = read_lexicon().english.get(stem(first))
    return bool(match["article"]) or first.endswith("ing") or (row is not None and row.kind == "colour")


def _denial(thing: str, said: str) -> Term:
    """The last word of the thing is what must not be seen: "modern clothing" denies clothing."""
    head = (words_in(thing) or [thing])[-1]
    word = read_lexicon().english.get(stem(head))
    known = word.accepted if word and word.kind != "link" else frozenset({stem(head)})
    return Term("negation", said, thing.strip(), known)


def _english_terms(text: str, code: str) -> Iterator[Term]:
    """Denials first, taken out; then each run of words between small words, with its colours and numbers on its noun."""
    rest = text
    for start, end, things in reversed(denials_in(text)):
        rest = rest[:start] + " , " + rest[end:]
        for thing in things:
            yield _denial(thing, f"no {thing}")
    evidence = _is_surely_english(text)
    names = _names(rest)
    for run in _runs(rest):
        for term in _run_terms(run, names):
            if code or term.kind in ("number", "name"):
                yield term if evidence else replace(term, sure=term.kind not in ("noun", "colour"))


def _is_surely_english(text: str) -> bool:
    lexicon = read_lexicon()
    return any(word.lower() in lexicon.stop or stem(word) in lexicon.english for word in words_in(text))


def _runs(text: str) -> Iterator[list[str]]:
    """Words that stand together, parted by small words and punctuation."""
    stop = read_lexicon().stop
    run: list[str] = []
    for piece in re.findall(r"\d+(?:[.,:]\d+)*[a-z]*|[^\W_]+(?:['\u2019][^\W_]+)*|[^\w\s-]", text):
        if piece.lower() in stop or piece.lower().endswith(("n't", "n\u2019t")) or not piece[0].isalnum():
            yield run
            run = []
        else:
            run.append(piece)
    yield run


def _names(text: str) -> frozenset[str]:
    """Words written with a capital where no sentence starts; none where nearly every word has one."""
    spoken = re.findall(r"(^|[.!?:]\s+|\s|[^\w\s])([^\W\d_][\w'\u2019]*)", text.strip())
    capital = [(before, word) for before, word in spoken if word[0].isupper()]
    if len(capital) > 3 and len(capital) > 0.7 * len(spoken):
        return frozenset()
    inner = {word for before, word in capital if before and before.strip() not in (".", "!", "?", ":")}
    start = re.match(r"([^\W\d_]\w+)\s+([^\W\d_]\w+)", text.strip())
    if start and start[1][0].isupper() and start[2] in inner and start[1].lower() not in read_lexicon().stop:
        inner.add(start[1])
    return frozenset(inner)


def _run_terms(run: list[str], names: frozenset[str]) -> Iterator[Term]:
    lexicon = read_lexicon()
    nouns = [word for word in run if _is_noun(word)]
    head = stem(nouns[-1]) if nouns else ""
    for word in run:
        row = lexicon.english.get(stem(word))
        if word[0].isdigit() or (row and row.kind == "number"):
            yield _number(word, row, head)
        elif row and row.kind == "colour":
            yield Term("colour", word, word, row.accepted, head if head != stem(word) else "")
        elif word in names:
            yield Term("name", word, word, frozenset({stem(word)}))
        elif _is_noun(word):
            # a synonym honours a word only where both name the same thing: "cat" may become feline, "cottage" not city
            yield Term("noun", word, word, (row.accepted if row else frozenset()) | {stem(word)})


def _number(said: str, row: Word | None, head: str) -> Term:
    value = str(row.value) if row else said.replace(",", "")
    names = row.accepted if row else frozenset()
    same = {key for key, word in read_lexicon().of_kind("number").items() if str(word.value) == value}
    return Term("number", said, said, frozenset({stem(value), stem(said), *names, *same}), head, value)


def _is_noun(word: str) -> bool:
    """Whether a word of an English run is a noun as far as can be told without a grammar: not a quality, not a verb form."""
    lexicon, name = read_lexicon(), word.lower()
    row = lexicon.english.get(stem(name))
    if name in lexicon.soft or name in lexicon.stop or name[0].isdigit():
        return False
    if row and row.kind in ("number", "colour", "look", "link"):
        return False
    if name in lexicon.nouns or stem(name) in lexicon.nouns or (row and name.startswith(row.english[:3])):
        return True
    return not re.search(r"(ing|ed|ly)$", name) and len(name) > 1


def _foreign_terms(items: Sequence[Item], code: str) -> Iterator[Term]:
    """Terms through the table; a colour or number belongs to the thing beside it, on the side the language puts it."""
    for place, item in enumerate(items):
        kind = item.word.kind if item.word else ""
        if item.negated:
            yield _denial(item.word.english if item.word else "", item.said)
        elif item.number is not None:
            name = item.word.english if item.word else str(item.number)
            yield replace(_number(name, item.word, _noun_by(items, place, 1)), said=item.said)
        elif item.word and kind == "colour":
            step = -1 if code in ("es", "pt", "fr", "ar") else 1
            yield Term("colour", item.said, item.word.english, item.word.accepted, _noun_by(items, place, step))
        elif item.word and kind in ("thing", "place", "time"):
            yield Term("noun", item.said, item.word.english, item.word.accepted)
    yield from _foreign_names(items, code)


def _foreign_names(items: Sequence[Item], code: str) -> Iterator[Term]:
    """Names in Latin letters; words in a row are one name, honoured by any of them: Nueva York is New York."""
    row: list[str] = []
    for place, item in enumerate([*items, Item(".")]):
        if not item.word and not item.negated and _is_foreign_name(item, place, items, code):
            row.append(item.said)
        elif row:
            name = " ".join(row)
            yield Term("name", name, name, frozenset(map(stem, row)), sure=False)
            row = []


def _noun_by(items: Sequence[Item], place: int, step: int) -> str:
    """The stem of the thing next to an item on the side `step`, else on the other, qualities skipped."""
    for side in (step, -step):
        other = place + side
        while 0 <= other < len(items):
            word = items[other].word
            if word and word.kind in ("thing", "place"):
                return stem(word.english)
            if not word or word.kind not in ("colour", "look", "number"):
                break
            other += side
    return ""


def _is_foreign_name(item: Item, place: int, items: Sequence[Item], code: str) -> bool:
    """A capital in mid-sentence; in German two in a row; in a script without capitals any word in Latin letters."""
    if not item.said[:1].isalpha() or not re.match(r"[^\W\d_]", item.said) or item.said[0] >= "\u0370":
        return False
    if code in BY_SCRIPT:
        return len(item.said) > 1
    if code == "de":
        beside = [items[other] for other in (place - 1, place + 1) if 0 <= other < len(items)]
        return item.said[0].isupper() and any(other.word is None and other.said[:1].isupper() for other in beside)
    return place > 0 and item.said[0].isupper()
