"""The LoRAs and textual inversions that are here, as a person reads them in Settings; it fetches nothing and applies none."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

from gemini_diffusion.engines import ImageEngine
from gemini_diffusion.types import AdapterChoice
from gemini_diffusion.ui import escape

NONE = (
    "No LoRA or textual inversion is here yet. Make a folder adapters in the data folder and put .safetensors files into it, "
    "or name one at Hugging Face as <lora:owner/name:0.8>."
)
MOST = 60
"""So many are shown; whoever has more knows their names."""


async def read_lora_list(engines: Iterable[ImageEngine]) -> str:
    """All that the engines have, a line each, as Markdown in which nothing of a file's own text means anything."""
    found = [choice for engine in engines for choice in await asyncio.to_thread(engine.adapters)]
    return lora_list_text(found)


def lora_list_text(choices: Sequence[AdapterChoice]) -> str:
    """What to put into a prompt, what it is, and what it answers to; the unusable last, with the reason."""
    if not choices:
        return escape.escape_text(NONE)
    ordered = sorted(choices, key=lambda choice: bool(choice.problem))
    lines = [f"- {_line(choice)}" for choice in ordered[:MOST]]
    rest = [f"- and {len(ordered) - MOST} more"] if len(ordered) > MOST else []
    return "\n".join(["These are here, as they are written into a prompt:", "", *lines, *rest])


def _line(choice: AdapterChoice) -> str:
    written = f"**{_one(choice.written)}**"
    if choice.problem:
        return f"{written} cannot be used: {_one(choice.problem)}"
    said = f"; answers to {', '.join(choice.trigger_words)}" if choice.trigger_words else ""
    return f"{written} {_one(choice.note + said)}"


def _one(text: str) -> str:
    """In one line: a file's name may hold others."""
    return escape.escape_text(" ".join(text.split()))
