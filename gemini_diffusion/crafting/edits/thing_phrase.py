"""The words of a prompt that show one thing: what leads to it, its qualities, and what it wears or holds."""

from __future__ import annotations

import re

from gemini_diffusion.crafting.edits.edit_clauses import Named
from gemini_diffusion.crafting.edits.edit_words import pattern
from gemini_diffusion.crafting.prompt_text import PromptText

LEAD = re.compile(
    r"(?:(?:in|on|at|by|under|during|with|near|over|beside|among|against|wearing|holding|carrying|and)\s+)?"
    r"(?:(?:the|an?|some|his|her|its|their)\s+)?$",
    re.IGNORECASE,
)
_PLACED = "in|on|at|by|near|under|beside|behind|over|next to|against|during|among"
_WORN = re.compile(
    rf"\s+(?:with|wearing|holding|carrying)\s+(?P<what>[^,.;]*?)(?=\s+(?:{_PLACED})\b|\s*[,.;]|$)", re.IGNORECASE
)
"""What goes with its thing: "with a hat"."""
_HANGING = re.compile(rf"^(?:{_PLACED}|with|and|wearing|holding|carrying)\s+", re.IGNORECASE)
"""What led to a thing that has none before it any more."""
_ARTICLES = frozenset(("a", "an", "the", "some", "his", "her", "its", "their"))


def phrase_of(named: Named, prompt: str) -> str:
    """The words that show a thing, from "with" or its article to the thing; "" where it is not shown."""
    text = PromptText(prompt)
    places = text.places(named.roots)
    if not places:
        return ""
    first = min(
        [places[0], *(before for before in text.before(places[0]) if text.tokens[before].word.lower() not in _ARTICLES)]
    )
    start = text.tokens[first].start - len(LEAD.search(prompt[: text.tokens[first].start])[0])  # type: ignore[index]
    end = text.tokens[places[0]].end
    worn = _WORN.match(prompt, end)
    return prompt[start : worn.end() if worn and not pattern("beings").search(worn["what"]) else end]


def without_lead(prompt: str) -> str:
    """A prompt without the words that led to a thing from what stood before it: "with a hat" is "a hat"."""
    return _HANGING.sub("", prompt)
