"""The list of conversations above the messages: which one is open, and a panel to find, name, delete and carry them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import gradio as gr

from gemini_diffusion.storage.conversations import LONGEST_NAME, NEW

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gemini_diffusion.storage.conversations import Conversation, Conversations

Updates = dict[Any, Any]

SHOWN = 60
"""Conversations in the list at once; the others are found by their words."""
_PANEL = """() => {
    const open = document.getElementById("conversation").classList.toggle("list-open");
    document.getElementById("conversation-name").setAttribute("aria-expanded", String(open));
}"""


@dataclass(frozen=True, slots=True)
class ConversationList:
    """The components. `current` shows the name of the open one and opens the panel."""

    current: gr.Button
    new: gr.Button
    words: gr.Textbox
    found: gr.Radio
    name: gr.Textbox
    rename: gr.Button
    wish: gr.Textbox
    add_wish: gr.Button
    save: gr.Button
    bundle: gr.DownloadButton
    bring: gr.Button
    brought: gr.Textbox
    delete: gr.Button
    restore: gr.Button

    def components(self) -> list[Any]:
        """Every component that a turn may change."""
        return [self.current, self.found, self.name]

    def show(self, kept: Conversations) -> Updates:
        """The open conversation and the list."""
        open_one = kept.current
        return {
            self.current: gr.update(value=open_one.name or NEW),
            self.name: gr.update(value=open_one.name),
            self.found: listed(kept.listed, open_one),
        }

    def wire(self) -> None:
        self.current.click(None, None, None, js=_PANEL, queue=False, api_visibility="private")


def listed(conversations: Sequence[Conversation], open_one: Conversation) -> dict[str, Any]:
    """These as the choices of the list; the open one is chosen where it is among them."""
    choices = [(each.name, each.id) for each in conversations[:SHOWN]]
    chosen = open_one.id if any(identity == open_one.id for _, identity in choices) else None
    return gr.update(choices=choices, value=chosen)


def build() -> ConversationList:
    """Lays out the list where it is called, its panel closed."""
    with gr.Row(elem_id="conversations"):
        current = gr.Button(NEW, elem_id="conversation-name", size="sm", min_width=0)
        new = gr.Button("New", elem_id="new-conversation", size="sm", min_width=0, scale=0)
    with gr.Column(elem_id="conversation-panel", min_width=0):
        words = _box("Find", "conversation-search", "Words of any conversation", 200)
        found = gr.Radio([], label="Conversations", show_label=False, container=False, elem_id="conversation-list")
        with gr.Row(elem_classes="one-line"):
            name = _box("Name", "conversation-rename", "Name of this conversation", LONGEST_NAME)
            rename = gr.Button("Rename", size="sm", min_width=0, scale=0)
        with gr.Row(elem_classes="one-line"):
            wish = _box("Always", "standing-wish", "For every picture here: in watercolour", 200)
            add_wish = gr.Button("Add", size="sm", min_width=0, scale=0)
        with gr.Row(elem_classes="one-line", elem_id="conversation-acts"):
            save = gr.Button("Save all", size="sm", elem_id="save-all", min_width=0)
            gr.Button("Bring back", size="sm", elem_id="choose-conversation", min_width=0)
            delete = gr.Button("Delete", size="sm", elem_id="delete-conversation", min_width=0)
            restore = gr.Button("Undo delete", size="sm", elem_id="restore-conversation", min_width=0)
        bring = gr.Button("Bring", visible="hidden", elem_id="bring-conversation")
        brought = gr.Textbox("0", visible="hidden", elem_id="brought-conversation")
        bundle = gr.DownloadButton("All pictures", visible="hidden", elem_id="bundle")
    return ConversationList(
        current, new, words, found, name, rename, wish, add_wish, save, bundle, bring, brought, delete, restore
    )


def _box(label: str, elem_id: str, hint: str, longest: int) -> gr.Textbox:
    return gr.Textbox(
        label=label, show_label=False, container=False, placeholder=hint, max_length=longest, elem_id=elem_id, min_width=0
    )  # fmt: skip
