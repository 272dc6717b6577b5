"""The welcome, in the place of the first picture: example requests to press, and what is set up and what is not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import gradio as gr

from gemini_diffusion.ui import escape

EXAMPLES = {
    "/imagine a fox in the snow": "fox.webp",
    "/imagine a red house by the sea at dusk": "house.webp",
    "/imagine a yellow balloon over a meadow": "balloon.webp",
    "/imagine a blue boat at night": "boat.webp",
    "/imagine a black cat in the city at night": "cat.webp",
    "/imagine a pink flower in the desert at sunset": "flower.webp",
}
"""Example requests, each with what the built-in model made of it."""
PICTURES = Path(__file__).resolve().parent / "examples"


class WelcomePanel(NamedTuple):
    """The column, what is set up, and the buttons that draw something at once."""

    column: gr.Column
    set_up: gr.Markdown
    examples: tuple[gr.Button, ...]
    surprise: gr.Button


def build_welcome(lines: Sequence[str]) -> WelcomePanel:
    """Lays it out where it is called; `lines` say what is set up and what is not."""
    with gr.Column(elem_id="welcome", min_width=0) as greeting:
        gr.Markdown("## Say what you want to see\nYour words become a careful prompt, the prompt becomes a picture.")
        with gr.Row(elem_id="examples"):
            examples = tuple(_example(line, file) for line, file in EXAMPLES.items())
        surprise = gr.Button("Surprise me", elem_id="surprise", variant="secondary")
        set_up = gr.Markdown(listed(lines), elem_id="set-up")
    return WelcomePanel(greeting, set_up, examples, surprise)


def _example(line: str, file: str) -> gr.Button:
    words = line.removeprefix("/imagine ").capitalize()
    return gr.Button(words, icon=PICTURES / file, elem_classes="example", min_width=0)


def listed(lines: Sequence[str]) -> str:
    """Lines shown literally, one below the other."""
    return "\n\n".join(escape.escape_text(line) for line in lines)
