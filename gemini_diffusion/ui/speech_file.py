"""An answer as a sound file to download: a button under it, drawn by aloud.js, asks for the file and fetches it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import gradio as gr

from gemini_diffusion.ui.error_display import error_sentence, show_errors
from gemini_diffusion.web.cookies import visitor_name

if TYPE_CHECKING:
    from gemini_diffusion.generation.visitors import Visitor, Visitors

Updates = dict[Any, Any]


@dataclass(frozen=True, slots=True)
class SpeechFile:
    """The components. `ready` shows the buttons where a service speaks; `made` changes with every file and every failure."""

    ready: gr.HTML
    make: gr.Button
    made: gr.Textbox
    file: gr.DownloadButton

    def show(self, visitor: Visitor) -> Updates:
        """Whether answers can be saved as sound."""
        return {self.ready: gr.update(value=visitor.session.voice.speaks(visitor.settings))}

    def wire(self, visitors: Visitors) -> None:
        async def make(turn: str, request: gr.Request) -> Updates:
            visitor = visitors.of(visitor_name(request))
            try:
                told = next((each for each in visitor.session.turns if each.id == turn), None)
                path = await visitor.session.voice.save(told, visitor.settings)
            except Exception as error:  # noqa: BLE001 - the page waits for an end, whatever it is
                show_errors(error_sentence(error))
                return {self.made: f"failed {secrets.token_hex(4)}"}
            return {self.file: str(path), self.made: secrets.token_hex(4)}

        quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
        carried = gr.Textbox(visible=False)  # never holds anything: the page's script gives what is sent
        self.make.click(make, carried, [self.file, self.made], js="() => window.spokenTurn", concurrency_limit=None, **quiet)
        self.made.change(None, self.made, None, js="(made) => window.speechMade(made)", queue=False, **quiet)


def build() -> SpeechFile:
    """Lays the components out where it is called; none is seen."""
    return SpeechFile(
        ready=gr.HTML(False, html_template='<i class="${value ? "speaks-files" : ""}"></i>', elem_id="speech-ready"),
        make=gr.Button("Save as audio", visible="hidden", elem_id="make-speech"),
        made=gr.Textbox(visible="hidden", elem_id="speech-made"),
        file=gr.DownloadButton("Audio", visible="hidden", elem_id="speech-file"),
    )
