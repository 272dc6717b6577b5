"""Keywords of an idea and how strongly each counts, by how many of five paraphrases hold it; asks a chat model once.

No frequency is invented: where there are no paraphrases there are no keywords. A word that five of five hold weighs 1.5, one
that a single one holds 0.5. What the person weighed keeps their weight, and nothing that they ruled out is a keyword.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gemini_diffusion.chat_models import Answerer
from gemini_diffusion.config.settings import Settings
from gemini_diffusion.crafting.instructions import paraphrase_instruction
from gemini_diffusion.crafting.lexicon import VERB, read_lexicon, stem, words_in
from gemini_diffusion.crafting.parse_answer import is_complaint
from gemini_diffusion.crafting.prompt_request import PromptRequest
from gemini_diffusion.crafting.required_terms import find_required_terms, tokens_in
from gemini_diffusion.crafting.sanitize import repeats, sanitize
from gemini_diffusion.crafting.token_budget import last_that_fits
from gemini_diffusion.crafting.vocabulary import vocabulary_of
from gemini_diffusion.types import ChatRequest, CraftedPrompt, Emit, Keyword, Message, PromptPart, TextGrew, prompt_weights
from gemini_diffusion.types.errors import BadAnswer
from gemini_diffusion.types.prompt_phrases import split_phrases, whole_spans
from gemini_diffusion.types.prompt_weights import WeightedSpan

PARAPHRASES = 5
LOWEST, HIGHEST = 0.5, 1.5
_LONGEST = 400


@dataclass(frozen=True, slots=True)
class Keywords:
    """What was counted, the strongest first, and the paraphrases it was counted in; `tokens` of textual inversions stay."""

    paraphrases: tuple[str, ...]
    words: tuple[Keyword, ...]
    tokens: tuple[str, ...] = ()

    def in_second_prompt(self, crafted: CraftedPrompt) -> CraftedPrompt:
        """For a model with two text encoders: the second one reads the keywords."""
        spans = [WeightedSpan(token) for token in self.tokens]
        spans += [WeightedSpan(keyword.word, keyword.weight) for keyword in self.words]
        text = ", ".join(prompt_weights.format_weights([span]) for span in spans)
        return replace(crafted, prompt_2=text, paraphrases=self.paraphrases, keywords=self.words)

    def in_prompt(self, crafted: CraftedPrompt) -> CraftedPrompt:
        """For a model with one: the words of the prompt count as the keywords do, each piece still whose it was."""
        weights = {_root(keyword.word): keyword.weight for keyword in self.words}
        parts = [replace(part, text=_weighed(part.text, weights)) for part in crafted.parts or _whole(crafted.prompt)]
        prompt = "".join(part.text for part in parts)
        kept = tuple(parts) if crafted.parts else ()
        return replace(crafted, prompt=prompt, parts=kept, paraphrases=self.paraphrases, keywords=self.words)


async def find_keywords(request: PromptRequest, chat_model: Answerer, settings: Settings, emit: Emit) -> Keywords:
    """The keywords of a request, counted in the paraphrases that one call brings. Raises errors of errors.py, BadAnswer where
    fewer than two of them can be counted.
    """
    told = paraphrase_instruction()
    chat_request = ChatRequest((Message("user", request.words),), told, paraphrase_schema())
    answer = await chat_model.answer(chat_request, settings, lambda event: None if isinstance(event, TextGrew) else emit(event))
    paraphrases = await asyncio.to_thread(parse_paraphrases, answer.text, told, request.words)
    if len(paraphrases) < 2:
        raise BadAnswer(f"{answer.model} wrote no paraphrases that can be counted.", "Send it again.")
    return await asyncio.to_thread(count_keywords, paraphrases, request)


def paraphrase_schema() -> dict[str, Any]:
    """The answer as JSON Schema."""
    texts = {"type": "array", "items": {"type": "string"}, "minItems": PARAPHRASES, "maxItems": PARAPHRASES}
    return {"type": "object", "properties": {"paraphrases": texts}, "required": ["paraphrases"], "additionalProperties": False}


def parse_paraphrases(text: str, told: str = "", own: str = "") -> tuple[str, ...]:
    """The paraphrases in an answer, cleaned, each once; none of an answer that is no such object. Never raises."""
    try:
        found = json.JSONDecoder(strict=False).raw_decode(text, max(text.find("{"), 0))[0]
    except (ValueError, RecursionError):
        return ()
    rows = found.get("paraphrases") if isinstance(found, dict) else None
    lines = (sanitize(row, longest=_LONGEST) for row in (rows if isinstance(rows, list) else ()) if isinstance(row, str))
    usable = (line for line in lines if line and not is_complaint(line) and not repeats(line, told, own))
    return tuple(dict.fromkeys(usable))[:PARAPHRASES]


def count_keywords(paraphrases: Sequence[str], request: PromptRequest) -> Keywords:
    """The words of substance of the paraphrases by how many hold them, as many as one window of the encoder reads."""
    held, forms = Counter[str](), dict[str, Counter[str]]()
    for paraphrase in paraphrases:
        words = [word.lower() for word in words_in(paraphrase)]
        held.update({_root(word) for word in words})
        for word in words:
            forms.setdefault(_root(word), Counter())[word] += 1
    own, step = _own_weights(request), (HIGHEST - LOWEST) / (len(paraphrases) - 1)
    found = [
        Keyword(forms[root].most_common(1)[0][0], held[root], own.get(root, round(LOWEST + step * (held[root] - 1), 2)))
        for root in _countable(forms, request)
    ]
    found.sort(key=lambda keyword: (-keyword.held, -keyword.weight))
    tokens = tuple(dict.fromkeys(tokens_in(request.words)))
    end = last_that_fits(
        range(1, len(found) + 1),
        lambda end: request.count(", ".join([*tokens, *(keyword.word for keyword in found[:end])])) <= request.model.max_tokens,
    )
    return Keywords(tuple(paraphrases), tuple(found[:end]), tokens)


def _countable(forms: Mapping[str, Counter[str]], request: PromptRequest) -> Iterator[str]:
    """The stems that may be keywords: no small words, nothing ruled out, nothing that a small model does not know."""
    reading, vocabulary, stop = (
        find_required_terms(request.words, request.negative),
        vocabulary_of(request),
        read_lexicon().stop,
    )
    denied = {root.rstrip(VERB) for term in reading.terms if term.kind == "negation" for root in term.stems} - reading.wanted
    taught = {_root(word) for phrase in request.taught for word in words_in(phrase)}
    for root, spelled in forms.items():
        word = next(iter(spelled))
        known = vocabulary is None or vocabulary.knows(word) or root in taught
        if len(word) > 1 and word not in stop and root not in denied and known:
            yield root


def _own_weights(request: PromptRequest) -> dict[str, float]:
    """What the person weighed, by stem."""
    return {_root(word): span.weight for span in request.spans if span.weight != 1 for word in words_in(span.text)}


def follow_prompt(keywords: str, before: str, after: str) -> str:
    """A second prompt of keywords when the prompt changes: without the words that are gone, with the new ones as they are."""
    stop = read_lexicon().stop
    old, new = ({_root(word): word for word in words_in(prompt) if word.lower() not in stop} for prompt in (before, after))
    kept = [phrase for phrase in split_phrases(keywords) if not _roots(phrase) & (old.keys() - new.keys())]
    return ", ".join([*kept, *(word.lower() for root, word in new.items() if root not in old)])


def _roots(phrase: str) -> set[str]:
    return {_root(word) for word in words_in(prompt_weights.strip_weights(phrase))}


def _root(word: str) -> str:
    return stem(word).rstrip(VERB)


def _whole(prompt: str) -> list[PromptPart]:
    return [PromptPart(prompt, "yours")]


def _weighed(text: str, weights: Mapping[str, float]) -> str:
    """A piece of a prompt with the keywords in it weighed; tags, quotations and what has a weight already stay as they are."""
    pieces, last = list[str](), 0
    for start, end in [*whole_spans(text), (len(text), len(text))]:
        pieces += [_weighed_words(text[last:start], weights), text[start:end]]
        last = end
    return "".join(pieces)


def _weighed_words(text: str, weights: Mapping[str, float]) -> str:
    spans, last = list[WeightedSpan](), 0
    for word in words_in(text):
        start = text.index(word, last)
        weight = weights.get(_root(word), 1.0)
        spans += [WeightedSpan(text[last:start]), WeightedSpan(word, weight)]
        last = start + len(word)
    return "".join(
        prompt_weights.format_weights([span]) if span.weight != 1 else span.text for span in [*spans, WeightedSpan(text[last:])]
    )
