"""What a person has here, in Settings: where it lies and who was sent it, a copy of all of it, and the end of all of it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import gradio as gr

from gemini_diffusion.ui.error_display import show_error
from gemini_diffusion.web.cookies import visitor_name

if TYPE_CHECKING:
    from gemini_diffusion.generation.visitors import Visitors

WHERE = (
    "Your pictures, conversations and settings are kept on {place} until you delete them; a deleted picture stays in the trash "
    "for 30 days. Keys that you type stay in memory and are forgotten 12 hours after their last use. Messages go to the chat "
    "model you chose, and prompts, with a picture that you draw from, to the service that draws. Nothing else is sent anywhere."
)
SURE = "All pictures, conversations, settings and keys of yours go for good, the trash too. Nothing can be had back."
_FETCH = "() => setTimeout(() => document.querySelector('#everything-file').click(), 50)"
_ANEW = "() => { localStorage.clear(); sessionStorage.clear(); location.reload(); }"


@dataclass(frozen=True, slots=True)
class OwnData:
    """A copy of all that is one's own is fetched by `save`; `delete` asks once more, with `sure`."""

    visitors: Visitors
    save: gr.Button
    file: gr.DownloadButton
    delete: gr.Button
    asking: gr.Column
    sure: gr.Button
    keep: gr.Button

    async def export(self, request: gr.Request) -> str:
        """The zip of it all, behind a button that the page then presses."""
        session = self.visitors.of(visitor_name(request)).session
        return str(await asyncio.to_thread(lambda: session.store.everything(session.collection.pictures)))

    async def forget(self, request: gr.Request) -> None:
        await self.visitors.forget(visitor_name(request))

    def wire(self) -> None:
        quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private", "concurrency_limit": None}
        saved = self.save.click(show_error(self.export), None, self.file, **quiet)
        saved.success(None, js=_FETCH, api_visibility="private")
        for button, asks in ((self.delete, True), (self.keep, False)):
            button.click(lambda asks=asks: gr.update(visible=asks), None, self.asking, queue=False, **quiet)
        gone = self.sure.click(show_error(self.forget), None, None, **quiet)
        gone.success(None, js=_ANEW, api_visibility="private")


def build(visitors: Visitors) -> OwnData:
    """Lays it out where it is called."""
    with gr.Accordion("Your data", open=True, elem_classes="group", elem_id="own-data"):
        gr.Markdown(WHERE.format(place="this machine" if visitors.owner else "the machine of whoever shared this link"))
        with gr.Row():
            save = gr.Button("Save a copy of everything", size="md", min_width=0, elem_id="save-everything")
            delete = gr.Button("Delete everything of mine", size="md", min_width=0, elem_id="delete-everything")
        file = gr.DownloadButton("Everything", visible="hidden", elem_id="everything-file")
        with gr.Column(visible=False, elem_id="really-delete") as asking:
            gr.Markdown(SURE)
            with gr.Row():
                sure = gr.Button("Delete it all", variant="stop", size="md", min_width=0, elem_id="delete-for-good")
                keep = gr.Button("Keep it", size="md", min_width=0)
    return OwnData(visitors, save, file, delete, asking, sure, keep)
