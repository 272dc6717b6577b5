"""The API keys in Settings: a box to type one, whether one is set, a test, where to get one.

A key goes from the box to the visitor's memory on the server and nowhere else; no component ever holds it as its value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import gradio as gr

from gemini_diffusion.config.settings import Settings
from gemini_diffusion.ui import escape
from gemini_diffusion.ui.error_display import error_sentence, show_error
from gemini_diffusion.web.cookies import visitor_name

if TYPE_CHECKING:
    from gemini_diffusion.generation.visitors import Visitor, Visitors

PAGES = {
    "google_api_key": "[Get a key from Google AI Studio](https://aistudio.google.com/apikey)",
    "hf_token": "[Get a token from Hugging Face](https://huggingface.co/settings/tokens) that may call Inference Providers",
    "openai_api_key": "[Get a key from OpenAI](https://platform.openai.com/api-keys), or one of the chat server that is set",
    "openai_images_key": "[Get a key from OpenAI](https://platform.openai.com/api-keys), or one of the image server",
}
PROMISE = "Keys are kept in this server's memory, for you alone. They are gone after 12 hours without use or a restart."


@dataclass(frozen=True, slots=True)
class ApiKeyBox:
    """One key: its setting's name and its components."""

    visitors: Visitors
    name: str
    box: gr.Textbox
    state: gr.Markdown
    save: gr.Button
    test: gr.Button
    forget: gr.Button

    def show(self, visitor: Visitor, said: str = "") -> dict[Any, Any]:
        """Whether the key is set, and `said` about it; never the key."""
        text = f"{Settings.table()[self.name].label}: {visitor.key_state(self.name)}."
        return {self.state: "\n\n".join(f"{escape.escape_text(line)}" for line in (text, said) if line)}

    async def keep(self, key: str, request: gr.Request) -> dict[Any, Any]:
        """Saves what is in the box, and empties the box whatever the outcome."""
        visitor = self.visitors.of(visitor_name(request))
        if not key.strip():
            return {self.box: "", **self.show(visitor, "The box was empty.")}
        try:
            visitor.set_key(self.name, key)
        except Exception as error:  # noqa: BLE001 - the box must be emptied first of all; the sentence says what happened
            return {self.box: "", **self.show(visitor, error_sentence(error))}
        return {self.box: "", **self.show(visitor)}

    async def drop(self, request: gr.Request) -> dict[Any, Any]:
        visitor = self.visitors.of(visitor_name(request))
        visitor.set_key(self.name, "")
        return {self.box: "", **self.show(visitor)}

    async def try_out(self, request: gr.Request) -> dict[Any, Any]:
        """Makes one real call with the key and shows what the service answered; a lent key is tested for the host only."""
        visitor, services = self.visitors.of(visitor_name(request)), self.visitors.services
        if not (self.visitors.owner or visitor.owns(self.name)):
            return self.show(visitor)
        part = next(part for part in services.keyed if part.key == self.name)
        try:
            said = await part.check(visitor.settings)
        except Exception as error:  # noqa: BLE001 - every way of failing is the answer to the test
            said = error_sentence(error)
        return self.show(visitor, said)

    def wire(self, then: Any, changes: list[Any]) -> None:
        """Connects the events. `then` runs after every change of the key, over `changes`: the list of models depends on it."""
        quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private", "concurrency_limit": None}
        kept = gr.on([self.save.click, self.box.submit], show_error(self.keep), self.box, [self.box, self.state], **quiet)
        dropped = self.forget.click(show_error(self.drop), None, [self.box, self.state], **quiet)
        for event in (kept, dropped):
            event.then(show_error(then), None, changes, **quiet)
        self.test.click(show_error(self.try_out), None, self.state, **{**quiet, "show_progress": "minimal"})


def build(visitors: Visitors, name: str) -> ApiKeyBox:
    """Lays out one key where it is called."""
    option = Settings.table()[name]
    with gr.Column(elem_classes="key", min_width=0):
        state = gr.Markdown(f"{option.label}: not set.", elem_id=f"{name}-state", elem_classes="key-state")
        with gr.Row(elem_classes="key-row"):
            box = gr.Textbox(
                label=option.label, info=option.help, type="password", elem_id=name, min_width=0, scale=3, max_length=500,
                placeholder="Paste it here",
            )  # fmt: skip
            save = gr.Button("Save", variant="primary", size="md", min_width=0, elem_id=f"{name}-save")
            test = gr.Button("Test", size="md", min_width=0, elem_id=f"{name}-test")
            forget = gr.Button("Forget", size="md", min_width=0, elem_id=f"{name}-forget")
        gr.Markdown(PAGES[name], elem_classes="where")
    return ApiKeyBox(visitors, name, box, state, save, test, forget)
