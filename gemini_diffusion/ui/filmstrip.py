"""The filmstrip: the pictures of the conversation beside the large one. filmstrip.js draws it and selects what is pressed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gradio as gr

from gemini_diffusion.generation.conversation import versions
from gemini_diffusion.types.turn import Turn
from gemini_diffusion.ui.messages import address
from gemini_diffusion.ui.picture_details import alt

_SHOW = 'window.filmstrip.watch(element, props, (id) => trigger("press", id), watch)'


def build() -> gr.HTML:
    """The strip, empty; it is laid out where `render` is called."""
    return gr.HTML(
        [], html_template='<nav aria-label="Pictures of this conversation"></nav>', js_on_load=_SHOW, elem_id="filmstrip",
        apply_default_css=False, render=False,
    )  # fmt: skip


def frames(turns: Sequence[Turn]) -> list[dict[str, Any]]:
    """Every picture that was drawn, oldest first. `parent` is the number of the one it was made from, 0 for none of these."""
    drawn = versions.pictures_in(turns)
    numbers = {picture.id: number for number, picture in enumerate(drawn, 1)}
    return [
        {
            "id": picture.id, "file": address(picture), "alt": alt(picture.recipe), "number": numbers[picture.id],
            "parent": numbers.get(picture.recipe.parent, 0),
        }
        for picture in drawn
    ]  # fmt: skip
