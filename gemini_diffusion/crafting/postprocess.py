"""The last hand on a crafted prompt: kept within budget and window, its style added, its account written; knows no service.

The style a person asked for is theirs: its words count neither as added nor against the budget, but they share the window.
"""

from __future__ import annotations

from dataclasses import replace

from gemini_diffusion.crafting.apply_weights import apply_weights
from gemini_diffusion.crafting.contract import PromptText, count_added, verify
from gemini_diffusion.crafting.merge import trim
from gemini_diffusion.crafting.prompt_request import PromptRequest, style_notices
from gemini_diffusion.crafting.required_terms import RequiredTerms
from gemini_diffusion.crafting.token_budget import cut_to_tokens
from gemini_diffusion.types import CraftedPrompt


def postprocess(crafted: CraftedPrompt, wish: PromptRequest, reading: RequiredTerms) -> CraftedPrompt:
    """`crafted` trimmed to the wish's budget and the window, with style, weights, kept, missing, added words and notices."""
    notices = [*crafted.notices, *style_notices(wish)]
    if len(wish.said) > len(wish.words):
        notices.append(f"Only the first {len(wish.words):,} characters of your words were read.")
    body = within_budget(crafted.prompt, wish, reading)
    if body != crafted.prompt:
        notices.append("More was added than asked for, so I shortened it.")
    fitted, lost = fit(body, wish, reading)
    if fitted != body and not lost:
        notices.append("The prompt was longer than it should be, so I left out some of what was added.")
    notices += _said_of_length(wish, lost)
    style = _style_that_fits(fitted, wish)
    if wish.preset and not style:
        notices.append(f"There was no room left for the style {wish.preset.name}.")
    negative = _negative(crafted.negative_prompt, wish, reading)
    verdict = verify(reading, fitted, negative, wish.model.takes_negative)
    if reading.contradictions:
        notices.append(f"Your words both ask for and rule out {', '.join(reading.contradictions)}; I kept it in.")
    if verdict.missing:
        notices.append(f"Not in the prompt: {', '.join(term.said for term in verdict.missing[:8])}.")
    return replace(
        crafted,
        prompt=apply_weights(_with_style(fitted, style, wish), wish, reading),
        negative_prompt=negative,
        style=wish.preset.name if wish.preset else crafted.style,
        kept=tuple(term.said for term in verdict.kept),
        missing=tuple(term.said for term in verdict.missing),
        added_words=verdict.added_words,
        notices=tuple(dict.fromkeys(notices)),
    )


def within_budget(prompt: str, wish: PromptRequest, reading: RequiredTerms) -> str:
    """The prompt with no more added words than stylize allows, a small tolerance apart; the budget itself once cut."""
    if count_added(reading, prompt) <= wish.added_words + wish.tolerance:
        return prompt
    return trim(prompt, reading, lambda text: count_added(reading, text) <= wish.added_words) or prompt


def fit(prompt: str, wish: PromptRequest, reading: RequiredTerms) -> tuple[str, str]:
    """The prompt within the window, and what of the person's own words had to be left out at its end.

    Additions go first, down to the guidance; the person's own words may pass the guidance, but not what is read at all.
    """
    if wish.count(prompt) > min(wish.soft_limit * 1.1, wish.model.max_tokens):
        prompt = trim(prompt, reading, lambda text: wish.count(text) <= wish.soft_limit) or prompt
    if wish.count(prompt) <= wish.longest:
        return prompt, ""
    return cut_to_tokens(prompt, lambda text: wish.count(text) <= wish.longest)


def _said_of_length(wish: PromptRequest, lost: str) -> list[str]:
    if not lost:
        return []
    end = lost if len(lost) <= 80 else f"{lost[:77]}..."
    return [f"{wish.model.label} reads {wish.longest} tokens, so the end of your words was left out: {end}"]


def _style_that_fits(body: str, wish: PromptRequest) -> str:
    """The style's positive words, fewer of them where the window is nearly full."""
    parts = wish.preset.positive.split(", ") if wish.preset else []
    while parts and wish.count(_with_style(body, ", ".join(parts), wish)) > wish.longest:
        parts.pop()
    return ", ".join(parts)


def _with_style(body: str, style: str, wish: PromptRequest) -> str:
    if not style:
        return body
    if wish.is_tags or not body:
        return ", ".join(filter(None, (body.rstrip(" .,;"), style)))
    return f"{body.rstrip(' .,;')}. Style: {style}."


def _negative(crafted: str, wish: PromptRequest, reading: RequiredTerms) -> str:
    """What is ruled out, each thing once: the person's, then the crafter's, then the style's; nothing the idea asks for."""
    if not wish.model.takes_negative:
        return ""
    style = wish.preset.negative if wish.preset else ""
    wanted = {name for term in reading.terms if term.kind in ("noun", "name", "colour") for name in term.stems}
    both = reading.contradictions
    denied = [term.english for term in reading.terms if term.kind == "negation" and term.english not in ("", *both)]
    own = [part.strip() for part in ",".join([*reading.avoided, *denied]).split(",") if part.strip()]
    others = [part.strip() for part in f"{crafted},{style}".split(",") if part.strip()]
    free = [part for part in others if not PromptText(part).shown & wanted]
    unique = {part.lower(): part for part in reversed([*own, *free])}
    parts = list(dict.fromkeys(unique[part.lower()] for part in [*own, *free]))
    while len(parts) > len(own) and wish.count(", ".join(parts)) > wish.longest:
        parts.pop()
    return ", ".join(parts)
