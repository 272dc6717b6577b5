"""The form that builds a request: builder.js draws it from the table, what was chosen comes back as an event."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from gemini_diffusion.generation.drawing.builders import builders, compose
from gemini_diffusion.types.errors import BadInput
from gemini_diffusion.ui.error_display import show_error

_SHOW = 'window.showBuilder(element, props, (form) => trigger("press", form))'


@dataclass(frozen=True, slots=True)
class Builder:
    """The button that opens the form, and the form."""

    button: gr.Button
    form: gr.HTML

    def wire(self, box: gr.Textbox) -> None:
        """What is built goes into `box`."""
        quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private", "concurrency_limit": None}
        self.form.press(show_error(build_request), None, box, **quiet)
        self.button.click(None, None, None, js="() => window.openBuilder()", queue=False, api_visibility="private")


async def build_request(data: gr.EventData) -> Any:
    """The line for what the page sends, which is only words. Raises BadInput for anything a page would not send."""
    sent = data._data
    try:
        chosen = {str(name): str(words) for name, words in sent["chosen"].items()}
        kind, pictures = str(sent["kind"]), int(sent["pictures"])
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        raise BadInput("The form arrived incomplete.", "Fill it in again.") from error
    return gr.update(value=compose(kind, chosen, pictures))


def build() -> Builder:
    """Lays out both where it is called; the form is not seen until the button opens it."""
    forms = [{"kind": kind, "varied": "", **form, "anybody": None} for kind, form in builders().items()]
    form = gr.HTML(
        forms, html_template='<dialog class="builder"></dialog>', js_on_load=_SHOW, elem_id="builder", apply_default_css=False
    )
    return Builder(gr.Button("Build", size="sm", elem_id="open-builder", min_width=0, scale=0), form)
