"""Crafting without a chat model: the same words in always give the same prompt; knows no service.

English stays as it was written; eight languages go through the table word by word; what it does not know stays verbatim.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from gemini_diffusion.crafting.added_words import added_tokens
from gemini_diffusion.crafting.denials import denials_in
from gemini_diffusion.crafting.languages import items_of
from gemini_diffusion.crafting.lexicon import VERB, read_lexicon, stem, words_in
from gemini_diffusion.crafting.postprocess import postprocess, with_denials
from gemini_diffusion.crafting.prompt_request import PromptRequest
from gemini_diffusion.crafting.prompt_text import PromptText
from gemini_diffusion.crafting.required_terms import (
    QUOTE,
    SHAPE,
    TOKEN,
    RequiredTerms,
    find_required_terms,
    quotes_in,
    tokens_in,
)
from gemini_diffusion.crafting.sanitize import holds_address, sanitize
from gemini_diffusion.crafting.translate import translate, untranslated
from gemini_diffusion.crafting.vocabulary import Vocabulary, vocabulary_of
from gemini_diffusion.types import CraftedPrompt

_REQUEST = re.compile(
    r"^\s*(?:(?:hi|hello|hey)\b[\s,!.]*(?:there\b[\s,!.]*)?)?(?:please[\s,]+)?"
    r"(?:i was wondering (?:if|whether)\s+|do you think\s+)?"
    r"(?:(?:can|could|would|will) you\s+(?:please\s+)?|you could\s+|"
    r"i(?:['\u2019]d| would) (?:like|love) (?:you to )?(?:to see )?|"
    r"i want (?:you to )?(?:to see )?)?(?:(?:draw|paint|make|create|generate|show|give|sketch|render)\s+(?:me\s+|us\s+)?)?"
    r"(?=(?:an?|the|some|something|two|three|my)\b)"
    r"(?:(?:(?:an?\s+|the\s+|some\s+)?(?:picture|image|photo)s?\s+of|something with)\s+)?"
    r"|^\s*(?:picture|image)\s+of\s+",
    re.IGNORECASE,
)
_THANKS = re.compile(
    r"[\s,.!]*(?:\b(?:please|pls|thanks|thank you|thx|many thanks|cheers)\b(?:\s+(?:so|very) much|\s+a lot)?[\s,.!]*)+$",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Draft:
    """A prompt while it is made: the English words, what is ruled out, what has to be said."""

    words: str
    negative: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)


def craft_by_rules(request: PromptRequest, notices: tuple[str, ...] = ()) -> CraftedPrompt:
    """The idea in English, put right for the model's family and made a little richer; never raises on any text."""
    reading = find_required_terms(request.words, request.negative, request.weighed)
    draft = _draft(request, reading)
    draft.words, said = with_denials(draft.words, request, reading, by_rule=True)
    draft.notices += said
    _or_empty_scene(draft, request)
    vocabulary = vocabulary_of(request)
    body = _enriched(draft.words, request, reading, vocabulary)
    crafted = CraftedPrompt(
        original=request.idea,
        prompt=body,
        negative_prompt=", ".join(dict.fromkeys([*draft.negative, *reading.avoided])),
        title=" ".join(words_in(draft.words)[:6]),
        aspect_ratio=request.aspect or _shape_in(request.words),
        reply=_reply(reading.language),
        crafted_by="rules",
        notices=(*notices, *draft.notices),
    )
    return postprocess(crafted, request, reading)


def _draft(request: PromptRequest, reading: RequiredTerms) -> Draft:
    """The idea without its shape, request and denials, in English as far as the table goes."""
    quotes, tokens = quotes_in(request.words), tokens_in(request.words)
    plain = sanitize(SHAPE.sub(" ", request.words), [*quotes, *tokens])
    verbatim = [*(f'"{quote}"' for quote in quotes), *tokens]
    notices = ["A web address in your words was left out."] if holds_address(request.words) else []
    if reading.language not in ("en", ""):
        return _translated(plain, reading.language, verbatim, notices)
    words, denied = _without_denials(_THANKS.sub("", _REQUEST.sub("", plain, count=1)).rstrip("? "))
    if not reading.language:
        notices.append("I do not know this language, so your words stay as they are. With a Gemini key any language works.")
    return Draft(words, denied, notices)


def _or_empty_scene(draft: Draft, request: PromptRequest) -> None:
    """Where nothing is left to draw, a quiet scene is: an engine needs words."""
    if not draft.words.strip(" .,;") and request.idea.strip():
        draft.words = "a quiet empty scene"
        draft.notices.append("Your words name nothing to draw, so I wrote: a quiet empty scene.")


def _translated(plain: str, code: str, verbatim: list[str], notices: list[str]) -> Draft:
    items = items_of(TOKEN.sub(" , ", QUOTE.sub(" , ", plain)), code)
    words = ", ".join(filter(None, [translate(items, code), *verbatim]))
    denied = [item.word.english if item.word else item.said for item in items if item.negated]
    rest = untranslated(items)
    if rest:
        notices.append(f"I could not translate {', '.join(rest[:8])} and left it so. With a Gemini key any language works.")
    return Draft(words, denied, notices)


def _without_denials(text: str) -> tuple[str, list[str]]:
    """An English text without what it rules out, and that; quotations are not read for denials."""
    held = QUOTE.sub(lambda match: "\ue000" * len(match[0]), text)
    things: list[str] = []
    pieces, last = list[str](), 0
    for denial in denials_in(held):
        if denial.start >= last:
            pieces.append(text[last : denial.start])
            last = denial.end
        things += denial.things
    text = "".join([*pieces, text[last:]])
    text = re.sub(r"\s+([,.;])", r"\1", re.sub(r"\s+", " ", text))
    text = re.sub(r"([,;])(?:\s*[,;])+", r"\1", text).strip(" ,;.:")
    return (re.sub(r"^(?:on|in|at|by|and|but|with)\s+", "", text) if things else text), things


def _enriched(words: str, request: PromptRequest, reading: RequiredTerms, vocabulary: Vocabulary | None) -> str:
    """The words with as many additions as the budget holds: phrases after commas, or one plain sentence."""
    added = list(_additions(words, request.added_words, reading, vocabulary))
    if request.is_tags or not words:
        return ", ".join([words.rstrip(" ."), *added]) if words else ""
    sentence = words[0].upper() + words[1:].rstrip(" .,;")
    if len(added) > 1:
        added = [*added[:-2], f"{added[-2]} and {added[-1]}"]
    return f"{sentence}, with {', '.join(added)}." if added else f"{sentence}."


def _additions(words: str, budget: int, reading: RequiredTerms, vocabulary: Vocabulary | None) -> Iterator[str]:
    """Phrases that suit the time and place and hold no subject and nothing ruled out, until the budget is used up."""
    table = _table()
    present = {row.english for word in words_in(words) if (row := read_lexicon().english.get(stem(word)))}
    suited = [phrase for name, phrases in table.items() if name in present - {"small"} for phrase in phrases]
    choice = dict.fromkeys([*suited, *table["small" if vocabulary else "any"]])
    told = {stem(word) for word in words_in(words)}
    denied = frozenset(root.rstrip(VERB) for term in reading.terms if term.kind == "negation" for root in term.stems)
    for phrase in choice:
        roots = {stem(word) for word in words_in(phrase)}
        size = len(added_tokens(reading, PromptText(phrase)))
        fresh = not told & roots - {"light"} and not denied & {root.rstrip(VERB) for root in roots}
        if size <= budget and fresh and (vocabulary is None or vocabulary.knows(phrase)):
            budget -= size
            yield phrase


@cache
def _table() -> dict[str, list[str]]:
    table: dict[str, list[str]] = json.loads(Path(__file__).with_name("additions.json").read_text(encoding="utf-8"))
    return table


def _shape_in(idea: str) -> str:
    shape = SHAPE.search(QUOTE.sub(" ", idea))
    return shape[1] if shape else ""


def _reply(code: str) -> str:
    languages = read_lexicon().languages
    return languages[code or "en"].reply
