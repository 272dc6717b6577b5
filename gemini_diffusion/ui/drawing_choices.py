"""Shape, style and number under the message box: settings that fill the flags a request leaves open. choices.js draws them."""

from __future__ import annotations

from typing import Any

import gradio as gr

from gemini_diffusion.config.settings import Settings
from gemini_diffusion.crafting.instructions import known_styles
from gemini_diffusion.generation.drawing.presets import read_presets

NAMES = ("aspect_ratio", "style", "preset", "pictures")
SHAPES = {
    "auto": "Any shape", "1:1": "Square", "3:2": "Landscape", "16:9": "Wide", "2:3": "Portrait", "9:16": "Tall",
}  # fmt: skip
MOST = 4
"""Pictures at once that the list offers; Settings takes more."""
_SHOW = 'window.showDrawingChoices(element, props, (change) => trigger("press", change), watch)'


def build() -> gr.HTML:
    """Lays them out where it is called, empty until the page knows what is set."""
    return gr.HTML(
        None, html_template='<div class="lists"></div>', js_on_load=_SHOW, elem_id="drawing-choices", apply_default_css=False
    )


def offer(settings: Settings) -> list[dict[str, Any]]:
    """Each list: its setting, label, current value and choices as (value, label), also one that only Settings offers."""
    styles = {"": "Any style", **{name: name for name in known_styles()}}
    numbers = {count: f"{count} picture{'s' if count > 1 else ''}" for count in (*range(1, MOST + 1), settings.pictures)}
    presets = {"": "No preset", **{name: name for name in (*read_presets(settings.presets), settings.preset) if name}}
    lists: tuple[dict[Any, str], ...] = (SHAPES, styles | {settings.style: settings.style or styles[""]}, presets, numbers)
    table = Settings.table()
    return [
        {"name": name, "label": table[name].label, "value": getattr(settings, name), "choices": list(choices.items())}
        for name, choices in zip(NAMES, lists, strict=True)
    ]
