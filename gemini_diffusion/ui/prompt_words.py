"""The prompt with whose words are whose: the person's plain, the others as chips that a press takes out. words.js draws it.

What is pressed comes from the page, so it is only compared with what stands in the prompt.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import gradio as gr

from gemini_diffusion import crafting
from gemini_diffusion.types import CraftedPrompt

Updates = dict[Any, Any]

LONGEST_PROMPT = 20_000
"""Characters of a prompt that are looked at."""
_KEYWORDS = "window.showKeywords(element, props, watch)"
_SHOW = 'window.showPromptWords(element, props, (order) => trigger("press", order), watch)'


def build(prompt: gr.Textbox) -> gr.HTML:
    """Lays out the view where it is called, in place of `prompt` until that is focused: both stand in one column."""
    with gr.Column(elem_classes="prompt-words", min_width=0):
        view = gr.HTML(None, html_template='<div class="words"></div>', js_on_load=_SHOW, apply_default_css=False)
        prompt.render()
    return view


def build_keywords() -> gr.HTML:
    """Lays out the second prompt as chips that can be moved and taken out; its value is that prompt, as the page left it."""
    return gr.HTML(
        "",
        html_template='<div class="words keywords"></div>',
        js_on_load=_KEYWORDS,
        apply_default_css=False,
        elem_id="keywords",
    )


def describe_words(crafted: CraftedPrompt, prompt: str | None = None) -> dict[str, Any] | None:
    """What words.js shows of a prompt, `prompt` as it was edited; None where all of it is the person's."""
    told = crafting.account(crafted, prompt)
    is_edited = told.prompt != crafted.prompt
    if not (told.added or told.changed or told.dropped or is_edited):
        return None
    return {
        "parts": [{"words": part.words, "text": part.text, "source": part.source, "said": part.said} for part in told.parts],
        "lost": list(told.dropped),
        "has_added": bool(told.added),
        "is_edited": is_edited,
    }


async def show_words(view: gr.HTML, crafted: CraftedPrompt | None, prompt: str) -> Updates:
    """Shows whose the words of an edited prompt are; nothing of one that nobody crafted."""
    told = await asyncio.to_thread(describe_words, crafted, prompt[:LONGEST_PROMPT]) if crafted else None
    return {view: gr.update(value=told)}


async def press_words(view: gr.HTML, box: gr.Textbox, crafted: CraftedPrompt, prompt: str, order: gr.EventData) -> Updates:
    """Carries out what was pressed in the view, in the box that holds the prompt."""
    changed = await asyncio.to_thread(
        _pressed, crafted, prompt[:LONGEST_PROMPT], order._data if isinstance(order._data, dict) else {}
    )
    return {box: changed} | await show_words(view, crafted, changed)


def _pressed(crafted: CraftedPrompt, prompt: str, order: Mapping[str, Any]) -> str:
    """The prompt after what was pressed; as it is where the page shows another one than it has by now."""
    told = crafting.account(crafted, prompt)
    match order.get("do"):
        case "remove":
            place = order.get("place")
            there = isinstance(place, int) and 0 <= place < len(told.parts) and told.parts[place].text == order.get("text")
            return crafting.without_parts(told.parts, (int(order["place"]),)) if there else prompt
        case "mine":
            return crafting.only_yours(told)
        case "put in":
            return crafting.put_in(told, str(order["word"])) if order.get("word") in told.dropped else prompt
        case "undo":
            return crafted.prompt
    return prompt
