"""The mask editor: where a person paints over the part of the selected picture to redraw. brush.js does the painting."""

from __future__ import annotations

import json
from dataclasses import dataclass

import gradio as gr

from gemini_diffusion.types.errors import BadInput
from gemini_diffusion.ui.attachment import from_data_url

_CANVAS = """
<div class="canvas">
 <canvas tabindex="0" role="application"
  aria-label="Paint over what should change. By keyboard: arrows move the brush, Space sets it down and lifts it."></canvas>
</div>
<div class="tools">
 <label>Brush <input id="brush" type="range" min="2" max="30" value="10" aria-label="Size of the brush"></label>
 <button type="button" data-do="undo">Undo</button>
 <button type="button" data-do="clear" aria-label="Clear the marks">Clear</button>
 <button type="button" data-do="close">Close</button>
</div>
"""
_STRENGTH = """
<div class="tools">
 <label>Strength
  <input id="strength" type="range" min="5" max="100" step="5" value="90" aria-label="Strength, in percent">
  <output for="strength">90 %</output>
 </label>
</div>
"""


@dataclass(frozen=True, slots=True)
class MaskEditor:
    """`marks` is what the page sends: the mask and the strength, as JSON."""

    marks: gr.Textbox
    draw: gr.Button


def build_canvas() -> None:
    """Lays out the canvas and its tools where it is called."""
    gr.HTML(_CANVAS, elem_id="mask-canvas")


def build() -> MaskEditor:
    """Lays out the strength and the button where it is called."""
    with gr.Column(elem_id="mask-tools", min_width=0):
        gr.HTML(_STRENGTH)
        draw = gr.Button("Redraw the marked part", variant="primary", size="md", elem_id="mask-draw", min_width=0)
        gr.Markdown("If nothing is marked, the whole picture is redrawn.", elem_id="mask-text")
        marks = gr.Textbox(visible="hidden", elem_id="mask", interactive=True)
    return MaskEditor(marks, draw)


def read_marks(text: str) -> tuple[bytes, float]:
    """The mask (a PNG, white where it is drawn anew; empty without marks) and the strength. Raises BadInput."""
    try:
        found = json.loads(text)
        strength = float(found["strength"])
        mask = from_data_url(str(found["mask"]))
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError) as error:
        raise BadInput("The mask did not arrive complete.", "Press Edit and mark the part again.") from error
    if not 0 <= strength <= 1:
        raise BadInput("The strength is a number from 0 to 1.", "Move the slider.")
    return mask, strength
