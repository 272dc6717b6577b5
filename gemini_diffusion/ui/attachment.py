"""A picture attached to the next message: chosen, dropped, pasted or taken from the image panel.

The page makes it smaller and sends it with an event, so that no file is uploaded or left behind and no path is named.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import gradio as gr

from gemini_diffusion.types.errors import BadInput
from gemini_diffusion.ui.error_display import show_error
from gemini_diffusion.ui.picture_details import alt
from gemini_diffusion.web.cookies import visitor_name

if TYPE_CHECKING:
    from gemini_diffusion.generation.visitors import Visitor, Visitors
    from gemini_diffusion.types import Picture

Updates = dict[Any, Any]

AT_ONCE = 2
"""Pictures decoded at the same time for all visitors; each takes some time and memory."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """The components. The page presses `bring` when it has read a picture. `held` is the id of the attached one, `back` that
    of one returned after a failure, which the page attaches only if nothing else is."""

    clip: gr.Button
    bring: gr.Button
    held: gr.Textbox
    back: gr.Textbox
    row: gr.Row
    thumb: gr.Image
    remove: gr.Button

    def components(self) -> list[Any]:
        """Every component that a turn may change."""
        return [self.held, self.back]


@dataclass(frozen=True, slots=True)
class AttachmentHandlers:
    """The handlers; `show_picture` shows a picture in the image panel, which changes the components `outputs`."""

    visitors: Visitors
    parts: Attachment
    show_picture: Callable[[Visitor, Picture], Awaitable[Updates]]
    outputs: list[Any]

    async def bring(self, carried: str, request: gr.Request) -> Updates:
        """The page has read a picture: it is kept, attached and shown."""
        visitor = self.visitors.of(visitor_name(request))
        name, content, recipe = unpacked(carried)
        picture = await visitor.session.bring(content, name, recipe)
        return {self.parts.held: picture.id} | await self.show_picture(visitor, picture)

    async def show(self, held: str, request: gr.Request) -> Updates:
        """Shows the attached picture, or that there is none any more."""
        picture = self.visitors.of(visitor_name(request)).session.picture(str(held))
        if picture is None:
            return {self.parts.row: gr.update(visible=False)}
        seen = gr.update(value=str(picture.path), alt_text=alt(picture.recipe))
        return {self.parts.row: gr.update(visible=True), self.parts.thumb: seen}

    def wire(self) -> None:
        parts = self.parts
        quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
        carried = gr.Textbox(visible=False)  # never holds anything: the page's script gives what is sent
        shown = [parts.held, *self.outputs]
        parts.bring.click(show_error(self.bring), carried, shown, js=_TAKE, concurrency_limit=AT_ONCE, **quiet)
        parts.held.change(show_error(self.show), parts.held, [parts.row, parts.thumb], concurrency_limit=None, **quiet)
        parts.remove.click(None, None, parts.held, js="() => ''", queue=False, **quiet)
        parts.back.change(
            None, [parts.held, parts.back], [parts.held, parts.back], js=_GIVE_BACK, queue=False, **quiet
        )  # fmt: skip


_TAKE = "() => window.broughtPicture"
_GIVE_BACK = "(held, back) => back && !held ? [back, ''] : [undefined, undefined]"


def build_row() -> tuple[gr.Row, gr.Image, gr.Button]:
    """Lays out the row of the attached picture where it is called, empty."""
    with gr.Row(visible=False, elem_id="attached") as row:
        thumb = gr.Image(
            show_label=False, container=False, interactive=False, buttons=[], elem_id="attached-picture", min_width=0, scale=0
        )
        gr.Markdown("Your next picture starts from this one.", elem_id="attached-text")
        remove = gr.Button("Remove", size="sm", elem_id="attached-remove", min_width=0, scale=0)
    return row, thumb, remove


def build_clip(row: gr.Row, thumb: gr.Image, remove: gr.Button) -> Attachment:
    """Lays out the button where it is called."""
    return Attachment(
        clip=gr.Button("Attach a picture", elem_id="attach-file", size="sm", min_width=0, scale=0),
        bring=gr.Button("Bring", visible="hidden", elem_id="upload"),
        held=gr.Textbox(visible="hidden", elem_id="attached-id", interactive=True),
        back=gr.Textbox(visible="hidden", elem_id="returned-attachment", interactive=True),
        row=row, thumb=thumb, remove=remove,
    )  # fmt: skip


def unpacked(carried: str) -> tuple[str, bytes, str]:
    """The name and the bytes of the picture that a page sent, and our recipe in it, "" without one. Raises
    BadInput for anything a page would not send."""
    try:
        found = json.loads(carried)
        return str(found["name"]), from_data_url(str(found["picture"])), str(found.get("recipe", ""))
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise BadInput("The picture arrived incomplete.", "Attach it again.") from error


def from_data_url(text: str) -> bytes:
    """The bytes of "data:image/png;base64,...", empty for an empty text. Raises BadInput."""
    head, _, coded = text.partition(",")
    if not text:
        return b""
    try:
        if not (head.startswith("data:image/") and head.endswith(";base64")):
            raise ValueError(head[:40])
        return base64.b64decode(coded, validate=True)
    except (ValueError, binascii.Error) as error:
        raise BadInput("The picture arrived incomplete.", "Send it again.") from error
