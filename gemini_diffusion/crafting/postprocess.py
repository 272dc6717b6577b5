"""The last hand on a crafted prompt: kept within budget and window, its style added, its account written; knows no service.

The style a person asked for is theirs: its words count neither as added nor against the budget, but they share the window.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gemini_diffusion.crafting.added_words import count_added
from gemini_diffusion.crafting.apply_weights import apply_weights
from gemini_diffusion.crafting.contract import ContractResult, verify
from gemini_diffusion.crafting.lexicon import stem, words_in
from gemini_diffusion.crafting.merge import rewordings
from gemini_diffusion.crafting.pairs import Pair
from gemini_diffusion.crafting.prompt_request import PromptRequest, style_notices
from gemini_diffusion.crafting.prompt_text import PromptText
from gemini_diffusion.crafting.provenance import parts_of, trim
from gemini_diffusion.crafting.required_terms import RequiredTerms
from gemini_diffusion.crafting.token_budget import cut_to_tokens, last_that_fits
from gemini_diffusion.crafting.vocabulary import vocabulary_of
from gemini_diffusion.types import CraftedPrompt
from gemini_diffusion.types.prompt_phrases import split_phrases


def postprocess(
    crafted: CraftedPrompt,
    request: PromptRequest,
    reading: RequiredTerms,
    pairs: Sequence[Pair] = (),
) -> CraftedPrompt:
    """`crafted` trimmed to the request's budget and the window, with style, weights, kept, missing, added words and notices."""
    notices = [*crafted.notices, *style_notices(request)]
    if len(request.said) > len(request.words):
        notices.append(f"Only the first {len(request.words):,} characters of your words were read.")
    prompt, renamed, said = _learned(crafted.prompt, request, reading)
    reading = reading.renamed(renamed)
    notices += said
    body = within_budget(prompt, request, reading)
    if body != prompt:
        notices.append("More was added than asked for, so I shortened it.")
    fitted, lost = fit(body, request, reading)
    if fitted != body and not lost:
        notices.append("The prompt was longer than it should be, so I left out some of what was added.")
    notices += _said_of_length(request, lost)
    style = _style_that_fits(fitted, request)
    if request.preset and not style:
        notices.append(f"There was no room left for the style {request.preset.name}.")
    negative = _negative(crafted.negative_prompt, request, reading)
    verdict = verify(reading, fitted, negative, request.model.takes_negative, pairs)
    notices += _said_of_contract(verdict, reading)
    marked = apply_weights(_with_style(fitted, style, request), request, reading)
    return replace(
        crafted,
        prompt=marked,
        negative_prompt=negative,
        style=request.preset.name if request.preset else crafted.style,
        kept=tuple(dict.fromkeys(term.said for term in verdict.kept)),
        missing=tuple(dict.fromkeys(term.said for term in verdict.missing)),
        unseen=tuple(dict.fromkeys(term.said for term in verdict.unseen)),
        added_words=verdict.added_words,
        parts=parts_of(
            marked, reading, style, pairs, {name: word for name, word in renamed.items() if stem(name) != stem(word)}
        ),
        notices=tuple(dict.fromkeys(notices)),
    )


def _learned(prompt: str, request: PromptRequest, reading: RequiredTerms) -> tuple[str, dict[str, str], list[str]]:
    """For a small vocabulary the prompt in its words, which stand for the person's, and what is to be said of that."""
    vocabulary = vocabulary_of(request)
    if vocabulary is None:
        return prompt, {}, []
    words, replaced = vocabulary.reworded(prompt, request.taught)
    asked = vocabulary.read(request.words, request.taught)
    near = {name: word for name, word in replaced.items() if " " in word or stem(word) in reading.stems}
    near = {name: word for name, word in near.items() if word.lower() not in asked.far}
    said = [f"{word} as {name}" for name, word in near.items()]
    renamed = near | {asked.instead[word]: word for word in asked.far}
    return words, renamed, [f"{request.model.label} reads {', '.join(said)}."] if said else []


def within_budget(prompt: str, request: PromptRequest, reading: RequiredTerms) -> str:
    """The prompt with no more added words than stylize allows, a small tolerance apart; the budget itself once cut."""
    if count_added(reading, prompt) <= request.added_words + request.tolerance:
        return prompt
    return trim(prompt, reading, lambda text: count_added(reading, text) <= request.added_words) or prompt


def fit(prompt: str, request: PromptRequest, reading: RequiredTerms) -> tuple[str, str]:
    """The prompt within the window, and what of the person's own words had to be left out at its end.

    Additions go first, down to the guidance; the person's own words may pass the guidance, but not what is read at all.
    """
    if request.count(prompt) > min(request.soft_limit * 1.1, request.model.max_tokens):
        prompt = trim(prompt, reading, lambda text: request.count(text) <= request.soft_limit) or prompt
    if request.count(prompt) <= request.longest:
        return prompt, ""
    return cut_to_tokens(prompt, lambda text: request.count(text) <= request.longest)


def _said_of_length(request: PromptRequest, lost: str) -> list[str]:
    if not lost:
        return []
    end = lost if len(lost) <= 80 else f"{lost[:77]}..."
    return [f"{request.model.label} reads {request.longest} tokens, so the end of your words was left out: {end}"]


def _said_of_contract(verdict: ContractResult, reading: RequiredTerms) -> list[str]:
    notices = []
    if reading.contradictions:
        notices.append(f"Your words both ask for and rule out {', '.join(reading.contradictions)}; I kept it in.")
    if verdict.missing:
        notices.append(f"Not in the prompt: {', '.join(dict.fromkeys(term.said for term in verdict.missing[:8]))}.")
    if verdict.unseen:
        notices.append(f"Not found in the prompt: {', '.join(dict.fromkeys(term.said for term in verdict.unseen[:8]))}.")
    return notices


def with_denials(body: str, request: PromptRequest, reading: RequiredTerms, by_rule: bool) -> tuple[str, list[str]]:
    """For a model that takes no negative prompt the body with what is there instead of what must not be, and a sentence on it.

    Whether a chat model said it in its own way cannot be told, so what no words are known for is named `by_rule` only.
    """
    denied = dict.fromkeys(term.english or term.said for term in reading.terms if term.kind == "negation")
    if request.model.takes_negative or not denied:
        return body, []
    takes_none, said = f"{request.model.label} takes no negative prompt", rewordings(reading, body)
    if not said:
        return body, [f"{takes_none}, so {', '.join(denied)} could not be ruled out."] if by_rule else []
    whole = ", ".join(filter(None, [body.rstrip(" .,;"), *said]))
    return whole + ("." if body.endswith(".") else ""), [f"{takes_none}, so I wrote: {', '.join(said)}."]


def _style_that_fits(body: str, request: PromptRequest) -> str:
    """The style's positive words, fewer of them where the window is nearly full."""
    parts = request.preset.positive.split(", ") if request.preset else []
    while parts and request.count(_with_style(body, ", ".join(parts), request)) > request.longest:
        parts.pop()
    return ", ".join(parts)


def _with_style(body: str, style: str, request: PromptRequest) -> str:
    if not style:
        return body
    if request.is_tags or not body:
        return ", ".join(filter(None, (body.rstrip(" .,;"), style)))
    return f"{body.rstrip(' .,;')}. Style: {style}."


def _negative(crafted: str, request: PromptRequest, reading: RequiredTerms) -> str:
    """What is ruled out, each thing once: the person's, then all of the crafter's, then what of the style's the idea does not
    ask for. Of the crafter's only a phrase goes that is itself what the person wants to see.
    """
    if not request.model.takes_negative:
        return ""
    both, wanted = reading.contradictions, reading.wanted
    denied = [term.english for term in reading.terms if term.kind == "negation" and term.english not in ("", *both)]
    own = split_phrases(",".join([*reading.avoided, *denied]))
    theirs = [part for part in split_phrases(crafted) if not _is_all(part, wanted)]
    style = [
        part for part in split_phrases(request.preset.negative if request.preset else "") if not PromptText(part).shown & wanted
    ]
    unique: dict[str, str] = {}
    for part in (*own, *theirs, *style):
        unique.setdefault(part.lower(), part)
    parts = list(unique.values())
    ends = range(len({part.lower() for part in own}), len(parts) + 1)
    return ", ".join(
        parts[: last_that_fits(ends, lambda end: request.count(", ".join(parts[:end])) <= request.longest) or ends[0]]
    )


def _is_all(part: str, wanted: frozenset[str]) -> bool:
    roots = {stem(word) for word in words_in(part)}
    return bool(roots) and roots <= wanted
