"""Puts what a prompt lost of the held terms back into it, by rule; knows no chat model.

A wrong value is replaced where it stands. Nothing that is ruled out is ever put in.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from gemini_diffusion.crafting.contract import verify
from gemini_diffusion.crafting.lexicon import read_lexicon, stem, words_in
from gemini_diffusion.crafting.noun_values import others_on_noun
from gemini_diffusion.crafting.prompt_text import PromptText
from gemini_diffusion.crafting.required_terms import RequiredTerms
from gemini_diffusion.crafting.terms import Term
from gemini_diffusion.crafting.translate import plural

_LEAD, _ARTICLE = "and|with|wearing|in|under|holding|near|beside|by|of|on", "a|an|the|some|his|her|its|their"
_LEADS = re.compile(rf"(?:\b(?:{_LEAD})\s+)?(?:\b(?:{_ARTICLE})\s+)?(?:\w+[ -])?$", re.IGNORECASE)
_LED = re.compile(rf"^(?:{_LEAD}|{_ARTICLE})\b", re.IGNORECASE)
_TIME = re.compile(r"\b\d{1,2}:\d{2}\b")
_MOST_IN_PLACE = 24
"""So many values are put right where they stand, each in one reading of the prompt; a request has rarely more than five."""


def merge(prompt: str, reading: RequiredTerms, tags: bool, missing: Sequence[Term] | None = None) -> str:
    """`prompt` with denied things taken out and each missing held term put in: a colour or number on its noun, a side where
    it was said, a quotation at the end, the rest in front.
    """
    lost = verify(reading, prompt).missing if missing is None else missing
    prompt = without(prompt, [term for term in lost if term.kind == "negation"])
    prompt = _on_their_sides(prompt, [term for term in lost if term.kind == "side"])
    front: list[Term] = []
    for place, term in enumerate(term for term in lost if term.kind not in ("negation", "side")):
        if term.kind == "quote":
            prompt = _at_the_end(prompt, f'with the text "{term.english}"')
        elif ":" in term.value:
            prompt = _TIME.sub(term.value, prompt) if _TIME.search(prompt) else _at_the_end(prompt, f"showing {term.value}")
        else:
            changed = put_on_noun(prompt, term, reading) if term.of and place < _MOST_IN_PLACE else ""
            prompt = changed or prompt
            front += [] if changed else [term]
    words = ", ".join(_phrases(front, reading))
    if not words:
        return prompt
    return f"{words}, {prompt}".strip(", ") if tags else f"{words[0].upper()}{words[1:]}. {prompt}".strip()


def _phrases(terms: Sequence[Term], reading: RequiredTerms) -> list[str]:
    """Missing terms as phrases: a number and a colour that lost their noun bring it along."""
    phrases: dict[frozenset[str] | str, list[str]] = {}
    nouns = {term.of: _noun_of(term, reading) for term in terms if term.of}
    for term in sorted(terms, key=lambda term: term.kind != "number"):
        phrases.setdefault(term.of or f"{term.kind} {term.english}", []).append(term.english)
    return [" ".join([*words, nouns.get(of, "") if isinstance(of, frozenset) else ""]).strip() for of, words in phrases.items()]


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


def without(prompt: str, denied: Sequence[Term]) -> str:
    """`prompt` without the things the person ruled out, with the small words that led to them."""
    roots = frozenset[str]().union(*(term.stems for term in denied))
    text = PromptText(prompt)
    for place in reversed(text.places(roots)):
        token = text.tokens[place]
        near = prompt[max(0, token.start - 60) : token.start]
        lead = _LEADS.search(near)
        start = token.start - (len(near) - lead.start()) if lead and _LED.match(near[lead.start() :]) else token.start
        prompt = f"{prompt[:start]} {prompt[token.end :]}"
    return _tidy(prompt) if roots else prompt


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
    return noun if noun.endswith("s") or term.value == "0" else plural(noun)


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
