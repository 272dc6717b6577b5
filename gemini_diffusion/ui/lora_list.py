"""The list of installed LoRAs and textual inversions in Settings."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

from gemini_diffusion.engines import ImageEngine
from gemini_diffusion.types import AdapterChoice
from gemini_diffusion.ui import escape

NONE = (
    "No LoRAs or textual inversions are installed. Put .safetensors files into a folder called adapters in the data folder, "
    "or use one from Hugging Face as <lora:owner/name:0.8>."
)
MOST = 60
"""The most that are listed."""


async def read_lora_list(engines: Iterable[ImageEngine]) -> str:
    """All that the engines have, one a line, as Markdown in which text from the files is escaped."""
    found = [choice for engine in engines for choice in await asyncio.to_thread(engine.adapters)]
    return lora_list_text(found)


def lora_list_text(choices: Sequence[AdapterChoice]) -> str:
    """What to write in a prompt, what it is, its trigger words; unusable files last, with the reason."""
    if not choices:
        return escape.escape_text(NONE)
    ordered = sorted(choices, key=lambda choice: bool(choice.problem))
    lines = [f"- {_line(choice)}" for choice in ordered[:MOST]]
    rest = [f"- and {len(ordered) - MOST} more"] if len(ordered) > MOST else []
    return "\n".join(["Installed, as you write them in a prompt:", "", *lines, *rest])


def _line(choice: AdapterChoice) -> str:
    written = f"**{_one(choice.written)}**"
    if choice.problem:
        return f"{written} cannot be used: {_one(choice.problem)}"
    said = f"; trigger words: {', '.join(choice.trigger_words)}" if choice.trigger_words else ""
    return f"{written} {_one(choice.note + said)}"


def _one(text: str) -> str:
    """Escaped and in one line: a file's name may contain line breaks."""
    return escape.escape_text(" ".join(text.split()))
