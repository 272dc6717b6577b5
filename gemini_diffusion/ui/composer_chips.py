"""What stands above the message box, each with an x: the standing wishes of the conversation, the
messages in line, the one that is said again in other words. conversations.js draws it.

What is pressed comes from the page, so it is only compared with what there is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gradio as gr

if TYPE_CHECKING:
    from gemini_diffusion.generation.turn.session import Session
    from gemini_diffusion.types.turn import Turn

LONGEST = 100
"""Characters of a chip."""
_SHOW = 'window.showChips(element, props, (order) => trigger("press", order), watch)'


def build() -> gr.HTML:
    """Lays out the chips where it is called."""
    return gr.HTML(
        None, html_template='<div class="chips"></div>', js_on_load=_SHOW, apply_default_css=False, elem_id="composer-chips"
    )


def of(session: Session, editing: Turn | None = None) -> dict[str, Any]:
    """What conversations.js shows of a session, and of the turn whose words are being said again."""
    wishes = session.conversations.current.wishes
    chips = [{"do": "wish", "id": wish, "label": "Always", "text": wish} for wish in wishes]
    for place, queued in enumerate(session.line.waiting, 1):
        text = queued.turn.asked[:LONGEST]
        chips.append({"do": "line", "id": queued.turn.id, "label": "Next" if place == 1 else f"In line, {place}", "text": text})
    if editing:
        chips.append({"do": "edit", "id": editing.id, "label": "Say again from", "text": editing.asked[:LONGEST]})
    return gr.update(value=chips)


def press(session: Session, order: Any) -> Turn | None:
    """Takes away what was pressed, where it is still there; returns a message that was taken out of the line.

    Raises BadInput where that has begun.
    """
    told = order if isinstance(order, dict) else {}
    wishes = session.conversations.current.wishes
    if told.get("do") == "wish" and told.get("id") in wishes:
        session.conversations.wish(tuple(wish for wish in wishes if wish != told["id"]))
    return session.take_back(str(told.get("id"))) if told.get("do") == "line" else None
