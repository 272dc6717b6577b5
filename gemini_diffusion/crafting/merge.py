"""Puts what a prompt lost back into it and takes out what is too much, by rule; knows no chat model.

The person's words are never cut here: what goes is what was added, from the end, by comma phrase first, then by word.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from gemini_diffusion.crafting.contract import PromptText, Token, added_tokens, others_on_noun, verify
from gemini_diffusion.crafting.lexicon import read_lexicon, stem
from gemini_diffusion.crafting.required_terms import RequiredTerms, Term
from gemini_diffusion.crafting.translate import plural

_PHRASE = re.compile(r"[^,.;]+(?:(?<=\d)[.,](?=\d)[^,.;]+)*[,.;]*")
_LEAD = r"\b(?:and|with|wearing|in|under|holding|near|beside|by|of|on)\s+"
_ARTICLE = r"\b(?:a|an|the|some|his|her|its|their)\s+"
_LEADS = rf"(?:(?:{_LEAD})?{_ARTICLE}|{_LEAD})(?:\w+\s+)?$"


def merge(prompt: str, reading: RequiredTerms, tags: bool, takes_negative: bool = True) -> str:
    """`prompt` with denied things taken out and each missing term put in: a colour or number on its noun, the rest in front.

    A denial goes into the negative prompt, by whoever asks; where there is none, what is there instead is said at the end.
    """
    for term in reading.terms:
        if term.kind == "negation" and term.english not in reading.contradictions:
            prompt = without(prompt, term)
    front: list[Term] = []
    for term in verify(reading, prompt, takes_negative=takes_negative).missing:
        if term.kind == "negation":
            prompt = prompt if takes_negative else _instead(prompt, term)
            continue
        changed = _on_noun(prompt, term, reading) if term.of else ""
        prompt = changed or prompt
        front += [] if changed else [term]
    if not front:
        return prompt
    words = ", ".join(_phrases(front))
    return f"{words}, {prompt}".strip(", ") if tags else f"{words[0].upper()}{words[1:]}. {prompt}".strip()


def _instead(prompt: str, term: Term) -> str:
    phrase = read_lexicon().rewording(term.english or term.said)
    return f"{prompt.rstrip(' .,;')}, {phrase}" + ("." if prompt.endswith(".") else "")


def _phrases(terms: list[Term]) -> list[str]:
    """Missing terms as phrases; a number or colour joins its noun where that is missing too."""
    heads = [term for term in terms if not term.of or not any(term.of in other.stems for other in terms if not other.of)]
    phrases = []
    for head in heads:
        own = [term for term in terms if term.of and term.of in head.stems and term not in heads]
        own.sort(key=lambda term: term.kind != "number")
        name = f'"{head.english}"' if head.kind == "quote" else head.english
        phrases.append(" ".join([*(term.english for term in own), name]))
    return phrases


def without(prompt: str, term: Term) -> str:
    """`prompt` without a thing the person ruled out, with the small words that led to it."""
    for _ in range(20):
        text = PromptText(prompt)
        places = text.places(term.stems)
        if not places or not term.english:
            break
        token = text.tokens[places[0]]
        lead = re.search(_LEADS, prompt[: token.start], re.IGNORECASE)
        start = lead.start() if lead else token.start
        prompt = _tidy(prompt[:start] + " " + prompt[token.end :])
    return prompt


def _on_noun(prompt: str, term: Term, reading: RequiredTerms) -> str:
    """`prompt` with the colour or number on its noun, others there taken away; "" where the noun is not in it."""
    text = PromptText(prompt)
    row = read_lexicon().english.get(term.of)
    places = text.places((row.accepted if row else frozenset()) | {term.of})
    if not places:
        return ""
    wrong = set(others_on_noun(term, text, reading))
    noun = text.tokens[places[0]]
    first = text.tokens[min((place for place in wrong if place < places[0]), default=places[0])]
    start = _phrase_start(text, places[0]) if term.kind == "number" else first.start
    pieces, place = [prompt[:start], f"{term.english} "], start
    for index in sorted(wrong):
        token = text.tokens[index]
        if start <= token.start < noun.start:
            pieces.append(prompt[place : token.start])
            place = token.end
    many = term.kind == "number" and term.value not in ("1", "0") and noun.word.lower() == noun.word
    if many and stem(noun.word) in read_lexicon().english and not noun.word.endswith("s"):
        return _tidy("".join([*pieces, prompt[place : noun.start], plural(noun.word), prompt[noun.end :]]))
    return _tidy("".join([*pieces, prompt[place:]]))


def _phrase_start(text: PromptText, place: int) -> int:
    """Where the words that belong to the noun begin; an article there gives way to the number."""
    start = place
    for before in text.before(place):
        if text.tokens[before].word.lower() in ("a", "an"):
            return text.tokens[before].start
        if text.tokens[before].word.lower() in read_lexicon().stop:
            break
        start = before
    return text.tokens[start].start


def _tidy(text: str) -> str:
    """Commas and blanks as they are written; an article left hanging goes."""
    for pattern, instead in (
        (r"\s+", " "),
        (r"\s+([,.;])", r"\1"),
        (r"([,;])(?:\s*[,;])+", r"\1"),
        (r"\b(?:(?:a|an|the|and|with|of|in|on|at|by|under)\s*)+(?=[,.;]|$)", ""),
        (r"\s+([,.;])", r"\1"),
        (r"\b(two|three|four|five|six|seven|eight|nine|ten|\d+) an? ", r"\1 "),
        (r"([,;])(?:\s*[,;])+", r"\1"),
    ):
        text = re.sub(pattern, instead, text)
    return text.strip(" ,;")


def trim(prompt: str, reading: RequiredTerms, fits: Callable[[str], bool]) -> str:
    """The prompt shortened until it `fits`: whole phrases of additions go from the end, then single added words.

    What remains may still not fit: then only the person's own words are left.
    """
    if fits(prompt):
        return prompt
    phrases = _PHRASE.findall(prompt)
    for place in range(len(phrases) - 1, -1, -1):
        if len(phrases) > 1 and _is_all_added(phrases[place], reading):
            del phrases[place]
            if fits(_closed(phrases)):
                return _closed(phrases)
    return _trim_words(_closed(phrases), reading, fits)


def _is_all_added(phrase: str, reading: RequiredTerms) -> bool:
    text = PromptText(phrase)
    added = added_tokens(reading, text)
    return bool(added) and all(token in added or _is_small(token) for token in text.tokens if token.root)


def _trim_words(prompt: str, reading: RequiredTerms, fits: Callable[[str], bool]) -> str:
    added = added_tokens(reading, PromptText(prompt))
    while added and not fits(prompt):
        token = added.pop()
        prompt = prompt[: token.start].rstrip(" -") + prompt[token.end :]
    return _tidy(prompt)


def _is_small(token: Token) -> bool:
    return token.word.lower() in read_lexicon().stop or stem(token.word) == ""


def _closed(phrases: list[str]) -> str:
    """Phrases as one text that ends as it should: a sentence's full stop stays, a comma does not."""
    return "".join(phrases).strip().rstrip(",;").strip()
