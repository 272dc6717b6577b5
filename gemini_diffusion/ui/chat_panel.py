"""The conversation: its list, messages, the message box, the review of a prompt, the status line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import gradio as gr

from gemini_diffusion.ui import (
    attachment,
    builder,
    composer_chips,
    conversation_list,
    escape,
    filmstrip,
    prompt_words,
    speech_file,
)
from gemini_diffusion.ui.attachment import Attachment
from gemini_diffusion.ui.builder import Builder
from gemini_diffusion.ui.conversation_list import ConversationList
from gemini_diffusion.ui.messages import Transcript, prompt
from gemini_diffusion.ui.model_pickers import ModelPickers
from gemini_diffusion.ui.progress import current_stage
from gemini_diffusion.ui.speech_file import SpeechFile

if TYPE_CHECKING:
    from gemini_diffusion.generation.turn.session import Session

Updates = dict[Any, Any]


@dataclass(frozen=True, slots=True)
class ChatPanel:
    """The components. `returned` holds a text that goes back into the box, if the box is empty; `asked` holds the prompt under
    review, which the page copies into the review's box when it changes. `editing` is the id of the turn whose words are said
    again."""

    listed: ConversationList
    chat: gr.Chatbot
    filmstrip: gr.HTML
    transcript: Transcript
    attachment: Attachment
    box: gr.Textbox
    returned: gr.Textbox
    status: gr.Markdown
    builder: Builder
    speech: SpeechFile
    chips: gr.HTML
    editing: gr.Textbox
    review: gr.Column
    asked: gr.Textbox
    review_prompt: gr.Textbox
    review_words: gr.HTML
    draw: gr.Button
    again: gr.Button
    mine: gr.Button

    def components(self) -> list[Any]:
        """Every component that a turn may change."""
        own = [self.chat, self.filmstrip, self.box, self.returned, self.status, self.review, self.asked, self.chips]
        return [*own, self.editing, self.speech.ready, *self.attachment.components(), *self.listed.components()]

    def emptied(self) -> Updates:
        """The message was sent: the box is empty and Stop can be pressed."""
        emptied = {self.attachment.held: "", self.returned: "", self.attachment.back: ""}
        return emptied | {self.box: gr.update(value="", stop_btn=True)}

    def busy(self) -> Updates:
        """Stop can be pressed; a draft in the box stays."""
        return {self.box: gr.update(stop_btn=True)}

    def queued(self, session: Session) -> Updates:
        """A message waits in line: it is seen above the box, and nothing else changes."""
        return {self.chips: composer_chips.of(session)}

    def idle(self, returned: str = "", attached: str = "") -> Updates:
        """The next message can be sent; `returned` goes back into the box if it is empty, `attached` likewise."""
        return {self.box: gr.update(stop_btn=False), self.returned: returned, self.attachment.back: attached}

    def show(self, session: Session) -> Updates:
        """The messages, the status line, and the review of a prompt that waits for a choice."""
        turns = session.turns
        last = turns[-1] if turns else None
        stage = current_stage(last)
        asks = last is not None and last.state == "review"
        said = "Waiting for your choice" if asks else stage.text if stage else "Ready"
        asked = prompt(last) if last and asks else ""
        return {
            self.chat: self.transcript.messages(turns), self.filmstrip: gr.update(value=filmstrip.frames(turns)),
            self.status: escape.escape_text(said), self.review: gr.update(visible=asks), self.asked: asked,
            self.chips: composer_chips.of(session), self.editing: "",
        }  # fmt: skip


def build(models: Callable[[], ModelPickers]) -> tuple[ChatPanel, ModelPickers]:
    """Lays out the conversation where it is called, its filmstrip aside; `models` lays out the model pickers under the box."""
    listed = conversation_list.build()
    chat = gr.Chatbot(
        elem_id="chat", show_label=False, container=False, height="100%", layout="bubble", buttons=[],
        latex_delimiters=[], allow_tags=False, allow_file_downloads=False, autoscroll=False,  # page.js does it
        placeholder="Try: a red cat on the beach. Then: make it night.",
    )  # fmt: skip
    review, asked, review_prompt, review_words, draw, again, mine = _review()
    with gr.Column(elem_id="composer", min_width=0):
        chips = composer_chips.build()
        row = attachment.build_row()
        with gr.Row(elem_id="message"):
            clip = attachment.build_clip(*row)
            box = gr.Textbox(
                elem_id="box", label="Message", show_label=False, container=False, placeholder="What do you want to see?",
                lines=1, max_lines=8, submit_btn=True, autofocus=True, max_length=20_000, min_width=0,
            )  # fmt: skip
        returned = gr.Textbox(visible="hidden", elem_id="returned", interactive=True)
        editing = gr.Textbox(visible="hidden", elem_id="editing", interactive=True)
        with gr.Row(elem_id="composer-tools"):
            gr.Button("Choices", size="sm", elem_id="show-choices", min_width=0, scale=0)
            built = builder.build()
            spoken = speech_file.build()
            chosen = models()
            status = gr.Markdown("Ready", elem_id="status")
    return ChatPanel(
        chat=chat, filmstrip=filmstrip.build(), transcript=Transcript(chat), attachment=clip, box=box, returned=returned,
        status=status, review=review, asked=asked, review_prompt=review_prompt, review_words=review_words, draw=draw,
        again=again, mine=mine, listed=listed, chips=chips, editing=editing,
        builder=built, speech=spoken,
    ), chosen  # fmt: skip


def _review() -> tuple[gr.Column, gr.Textbox, gr.Textbox, gr.HTML, gr.Button, gr.Button, gr.Button]:
    asked = gr.Textbox(visible="hidden", elem_id="asked")
    with gr.Column(visible=False, elem_id="review", min_width=0) as review:
        prompt = gr.Textbox(
            label="Review the prompt", lines=3, max_lines=8, interactive=True, elem_id="review-prompt", render=False
        )  # fmt: skip
        words = prompt_words.build(prompt)
        with gr.Row():
            draw = gr.Button("Draw", variant="primary", size="md", min_width=0)
            again = gr.Button("Write again", size="md", min_width=0)
            mine = gr.Button("Use my words", size="md", min_width=0)
    return review, asked, prompt, words, draw, again, mine
