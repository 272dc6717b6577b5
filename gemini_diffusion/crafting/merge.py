"""Puts what a prompt lost of the held terms back into it, by rule; knows no chat model.

A wrong value is replaced where it stands. Nothing that is ruled out is ever put in.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from gemini_diffusion.crafting.contract import verify
from gemini_diffusion.crafting.lexicon import is_irregular_plural, read_lexicon, stem, words_in
from gemini_diffusion.crafting.noun_values import is_value, others_on_noun
from gemini_diffusion.crafting.pairs import Pair, overlap, roots_of, squashed
from gemini_diffusion.crafting.prompt_text import PromptText, Token
from gemini_diffusion.crafting.replaced_names import with_name
from gemini_diffusion.crafting.required_terms import QUOTE, RequiredTerms
from gemini_diffusion.crafting.terms import Term
from gemini_diffusion.crafting.translate import plural

_LEAD, _ARTICLE = "and|with|wearing|in|under|holding|near|beside|by|of|on", "a|an|the|some|his|her|its|their"
_LEADS = re.compile(rf"(?:\b(?:{_LEAD})\s+)?(?:\b(?:{_ARTICLE})\s+)?(?:\w+[ -])?$", re.IGNORECASE)
_LED = re.compile(rf"^(?:{_LEAD}|{_ARTICLE})\b", re.IGNORECASE)
_TIME = re.compile(r"\b\d{1,2}:\d{2}\b")
_MOST_IN_PLACE = 24
"""So many values are put right where they stand, each in one reading of the prompt; a request has rarely more than five."""


def merge(
    prompt: str, reading: RequiredTerms, tags: bool, missing: Sequence[Term] | None = None, pairs: Sequence[Pair] = ()
) -> str:
    """`prompt` with denied things taken out and each missing held term put in: a colour or number on its noun, a side where
    it was said, a name or quotation in the place of the wrong one, what has no place in front. `pairs` say which noun is meant
    where the tables cannot tell.
    """
    lost = verify(reading, prompt).missing if missing is None else missing
    explained = _explained(prompt, reading, pairs)
    prompt = without(prompt, [term for term in lost if term.kind == "negation"], explained)
    prompt = _on_their_sides(prompt, [term for term in lost if term.kind == "side"])
    front: list[Term] = []
    for place, term in enumerate(term for term in lost if term.kind not in ("negation", "side")):
        if term.kind == "quote":
            prompt = _quoted(prompt, term, reading) or _at_the_end(prompt, f'with the text "{term.english}"')
        elif term.kind == "name":
            named = prompt if term.english in prompt else with_name(prompt, term, reading.idea, explained)
            prompt = named or prompt
            front += [] if named else [term]
        elif ":" in term.value:
            prompt = _TIME.sub(term.value, prompt) if _TIME.search(prompt) else _at_the_end(prompt, f"showing {term.value}")
        else:
            changed = _put_in_place(prompt, term, reading, pairs) if place < _MOST_IN_PLACE else ""
            prompt = changed or prompt
            front += [] if changed else [term]
    words = ", ".join(_phrases(front, reading))
    if not words:
        return prompt
    return f"{words}, {prompt}".strip(", ") if tags else f"{words[0].upper()}{words[1:]}. {prompt}".strip()


def _explained(prompt: str, reading: RequiredTerms, pairs: Sequence[Pair]) -> frozenset[str]:
    """The stems that stand for something of the request."""
    shown = PromptText(prompt).shown
    standing = (roots for pair in pairs if (roots := roots_of(pair.english)) <= shown)
    wanted = (term.stems for term in reading.terms if term.kind != "negation")
    return reading.stems.union(*wanted, *standing)


def _quoted(prompt: str, term: Term, reading: RequiredTerms) -> str:
    """The prompt with the quotation for another that nobody asked for; "" where there is none."""
    asked = {squashed(other.english) for other in reading.terms if other.kind == "quote"}
    wrong = (match for match in QUOTE.finditer(prompt) if not {squashed(text) for text in match.groups() if text} & asked)
    found = next(wrong, None)
    return f'{prompt[: found.start()]}"{term.english}"{prompt[found.end() :]}' if found else ""


def _put_in_place(prompt: str, term: Term, reading: RequiredTerms, pairs: Sequence[Pair]) -> str:
    """The prompt with a colour or number on its noun, or for the only other one that there is; "" where it has no place."""
    if term.kind not in ("colour", "number"):
        return ""
    lexicon, text = read_lexicon(), PromptText(prompt)
    if text.places(term.of):
        return put_on_noun(prompt, term, reading)
    for pair in pairs:
        roots = roots_of(pair.english) if overlap(term, pair) else frozenset[str]()
        nouns = frozenset(root for root in roots - term.stems if not is_value(root, "colour") and not is_value(root, "number"))
        if nouns and text.places(nouns):
            behind = next((place for place in text.places(nouns) if _is_other(text, place + 1, term)), None)
            own = replace(term, of=nouns)
            if behind is None or others_on_noun(own, text, reading):
                return put_on_noun(prompt, own, reading)
            return _exchanged(prompt, text.tokens[behind + 1], term)
    wanted = frozenset[str]().union(*(other.stems | other.near for other in reading.terms if other.kind == term.kind))
    others = [
        token for token, after in zip(text.tokens, [*text.tokens, None][1:], strict=True)
        if is_value(token.root, term.kind) and not token.denied and token.root not in wanted
        and not (after and after.root in lexicon.scenery)
    ]  # fmt: skip
    return _exchanged(prompt, others[0], term) if len(others) == 1 else ""


def _is_other(text: PromptText, place: int, term: Term) -> bool:
    """Whether another value of a term's kind stands there, as in "the door red"."""
    token = text.tokens[place] if place < len(text.tokens) else None
    return token is not None and is_value(token.root, term.kind) and token.root not in term.stems


def _exchanged(prompt: str, token: Token, term: Term) -> str:
    return _tidy(f"{prompt[: token.start]}{term.english}{prompt[token.end :]}")


def _phrases(terms: Sequence[Term], reading: RequiredTerms) -> list[str]:
    """Missing terms as phrases: a number and a colour that lost their noun bring it along."""
    phrases: dict[frozenset[str] | str, list[str]] = {}
    nouns = {term.of: _noun_of(term, reading) for term in terms if term.of}
    for term in sorted(terms, key=lambda term: term.kind != "number"):
        phrases.setdefault(term.of or f"{term.kind} {term.english}", []).append(term.english)
    said = [" ".join([*words, nouns.get(of, "") if isinstance(of, frozenset) else ""]).strip() for of, words in phrases.items()]
    return [phrase for phrase in said if not any(phrase != other and phrase in other for other in said)]


def _noun_of(term: Term, reading: RequiredTerms) -> str:
    return next((other.english for other in reading.terms if other.kind == "noun" and other.stems & term.of), "")


def _on_their_sides(prompt: str, lost: Sequence[Term]) -> str:
    """Left and right change places where a thing stands on the wrong one; where no side is named, they are said at the end."""
    if lost and {"left", "right"} & PromptText(prompt).shown:
        return re.sub(r"\b(left|right)\b", lambda side: _swapped(side[0]), prompt, flags=re.IGNORECASE)
    return _at_the_end(prompt, ", ".join(term.english for term in lost)) if lost else prompt


def _at_the_end(prompt: str, phrase: str) -> str:
    return f"{prompt.rstrip(' .,;')}, {phrase}{'.' if prompt.endswith('.') else ''}"


def _swapped(side: str) -> str:
    other = "right" if side.lower() == "left" else "left"
    return other.capitalize() if side[0].isupper() else other


def without(prompt: str, denied: Sequence[Term], explained: frozenset[str]) -> str:
    """`prompt` without the things the person ruled out, with the small words that led to them; a phrase between commas goes
    whole where nothing else in it stands for anything of the request.
    """
    roots = frozenset[str]().union(*(term.stems for term in denied))
    text = PromptText(prompt)
    gone = len(prompt)
    for place in reversed(text.places(roots)):
        token = text.tokens[place]
        if token.start >= gone:
            continue
        first, last = _phrase_around(text, place)
        words = [word for word in text.tokens[first : last + 1] if word.word.lower() not in read_lexicon().stop]
        if first and not any(word.root in explained - roots for word in words):
            gone = text.tokens[first].start
            prompt = f"{prompt[:gone]} {prompt[text.tokens[last].end :]}"
            continue
        near = prompt[max(0, token.start - 60) : token.start]
        lead = _LEADS.search(near)
        start = token.start - (len(near) - lead.start()) if lead and _LED.match(near[lead.start() :]) else token.start
        prompt = f"{prompt[:start]} {prompt[token.end :]}"
    return _tidy(prompt) if roots else prompt


def _phrase_around(text: PromptText, place: int) -> tuple[int, int]:
    """The first and the last word between commas or full stops around a place."""
    first = next((before + 1 for before in range(place, -1, -1) if not text.tokens[before].root), 0)
    last = next((after - 1 for after in range(place, len(text.tokens)) if not text.tokens[after].root), len(text.tokens) - 1)
    return first, last


def put_on_noun(prompt: str, term: Term, reading: RequiredTerms) -> str:
    """`prompt` with the colour or number on its noun, others there taken away; "" where the noun is not in it."""
    text = PromptText(prompt)
    places = text.places(term.of)
    if not places:
        return ""
    wrong = others_on_noun(term, text, reading)
    place = min((place for place in places if any(other < place for other in wrong)), default=places[0])
    own = sorted(other for other in wrong if other in set(text.before(place)))
    noun = text.tokens[place]
    start = text.tokens[own[0]].start if own else noun.start
    if term.kind == "number" and not own:
        start = phrase_start(text, place)
    pieces, last = [prompt[:start], f"{term.english} "], start
    for index in own:
        pieces.append(prompt[last : text.tokens[index].start])
        last = max(last, text.tokens[index].end)
    name = _in_number(noun.word, term)
    return _tidy("".join([*pieces, prompt[last : noun.start], name, prompt[noun.end :]]))


def _in_number(noun: str, term: Term) -> str:
    """The noun in the singular or plural that a number asks for, where that is plain."""
    if term.kind != "number" or not noun.islower() or stem(noun) not in read_lexicon().english:
        return noun
    if term.value == "1":
        return noun[:-1] if noun.endswith("s") and stem(noun[:-1]) == stem(noun) else noun
    return noun if noun.endswith("s") or is_irregular_plural(noun) or term.value == "0" else plural(noun)


def phrase_start(text: PromptText, place: int) -> int:
    """Where the words that belong to the noun begin; an article there gives way to the number."""
    start = place
    for before in text.before(place):
        if text.tokens[before].word.lower() in ("a", "an"):
            return text.tokens[before].start
        if text.tokens[before].word.lower() in read_lexicon().stop:
            break
        start = before
    return text.tokens[start].start


_TIDY = tuple(
    (re.compile(pattern), instead)
    for pattern, instead in (
        (r"\s+", " "),
        (r" ([,.;])", r"\1"),
        (r"([,;])(?:\s?[,;])+", r"\1"),
        (r"\b(?:(?:a|an|the|and|with|of|in|on|at|by|under) ?)+(?=[,.;]|$)", ""),
        (r" ([,.;])", r"\1"),
        (r"\b(?:an?|one) (?=(?:two|three|four|five|six|seven|eight|nine|ten|twelve|\d+) )", ""),
        (r"\b(one|two|three|four|five|six|seven|eight|nine|ten|\d+) an? ", r"\1 "),
        (r"([,;])(?:\s?[,;])+", r"\1"),
        (r"\ba (?=[aeio]\w)", "an "),
        (r"\ban (?=[bcdfgjklmnpqrstvwxyz]\w)", "a "),
    )
)


def _tidy(text: str) -> str:
    """Commas, blanks and articles as they are written; an article left hanging goes."""
    for pattern, instead in _TIDY:
        text = pattern.sub(instead, text)
    return text.strip(" ,;")


def rewordings(reading: RequiredTerms, prompt: str) -> list[str]:
    """For a model without negatives: what is there instead of each denied thing that the prompt does not rule out itself."""
    text, lexicon = PromptText(prompt), read_lexicon()
    if text.shown & lexicon.bare:
        return []
    open_terms = (term for term in reading.terms if term.kind == "negation" and not term.stems & text.denied)
    said = dict.fromkeys(lexicon.rewording(term.english) for term in open_terms if term.english not in reading.contradictions)
    return [phrase for phrase in said if phrase and not {stem(word) for word in words_in(phrase)} <= text.shown]
