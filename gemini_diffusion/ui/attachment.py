"""A picture beside the box, on its way into the next message: chosen, dropped, pasted or taken from the image panel.

The page makes it smaller and sends it with an event, so that no file is ever uploaded, named by a path or left behind.
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
"""Pictures that are read at the same time, of all visitors: each takes a moment and some memory."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """The components. The page presses `bring` when it has read a picture. `held` is the id of the one that goes with the next
    message, `back` that of one on its way back, which the page takes only if nothing else is attached."""

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
    """The handlers; `show_picture` puts a picture in the image panel, whose `stand` are all its components."""

    visitors: Visitors
    parts: Attachment
    show_picture: Callable[[Visitor, Picture], Awaitable[Updates]]
    stand: list[Any]

    async def bring(self, carried: str, request: gr.Request) -> Updates:
        """A picture that the page read: kept, attached, and in the image panel."""
        visitor = self.visitors.of(visitor_name(request))
        name, content = unpacked(carried)
        picture = await visitor.session.bring(content, name)
        return {self.parts.held: picture.id} | await self.show_picture(visitor, picture)

    async def show(self, held: str, request: gr.Request) -> Updates:
        """Another picture is attached, or none any more."""
        picture = self.visitors.of(visitor_name(request)).session.picture(str(held))
        if picture is None:
            return {self.parts.row: gr.update(visible=False)}
        seen = gr.update(value=str(picture.path), alt_text=alt(picture.recipe))
        return {self.parts.row: gr.update(visible=True), self.parts.thumb: seen}

    def wire(self) -> None:
        parts = self.parts
        quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
        carried = gr.Textbox(visible=False)  # never holds anything: the page's script gives what is sent
        shown = [parts.held, *self.stand]
        parts.bring.click(show_error(self.bring), carried, shown, js=_TAKE, concurrency_limit=AT_ONCE, **quiet)
        parts.held.change(show_error(self.show), parts.held, [parts.row, parts.thumb], concurrency_limit=None, **quiet)
        parts.remove.click(None, None, parts.held, js="() => ''", queue=False, **quiet)
        parts.back.change(
            None, [parts.held, parts.back], [parts.held, parts.back], js=_GIVE_BACK, queue=False, **quiet
        )  # fmt: skip


_TAKE = "() => window.broughtPicture"
_GIVE_BACK = "(held, back) => back && !held ? [back, ''] : [undefined, undefined]"


def build_row() -> tuple[gr.Row, gr.Image, gr.Button]:
    """Lays out what is attached, where it is called: nothing yet."""
    with gr.Row(visible=False, elem_id="attached") as row:
        thumb = gr.Image(
            show_label=False, container=False, interactive=False, buttons=[], elem_id="attached-picture", min_width=0, scale=0
        )
        gr.Markdown("Your next picture begins from this one.", elem_id="attached-text")
        remove = gr.Button("Remove", size="sm", elem_id="attached-remove", min_width=0, scale=0)
    return row, thumb, remove


def build_clip(row: gr.Row, thumb: gr.Image, remove: gr.Button) -> Attachment:
    """Lays out the button, where it is called."""
    return Attachment(
        clip=gr.Button("Attach a picture", elem_id="attach-file", size="sm", min_width=0, scale=0),
        bring=gr.Button("Bring", visible="hidden", elem_id="upload"),
        held=gr.Textbox(visible="hidden", elem_id="attached-id", interactive=True),
        back=gr.Textbox(visible="hidden", elem_id="returned-attachment", interactive=True),
        row=row, thumb=thumb, remove=remove,
    )  # fmt: skip


def unpacked(carried: str) -> tuple[str, bytes]:
    """The name and the bytes in what a page sent. Raises BadInput for what no page sends."""
    try:
        found = json.loads(carried)
        return str(found["name"]), from_data_url(str(found["picture"]))
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise BadInput("That picture did not arrive whole.", "Attach it once more.") from error


def from_data_url(text: str) -> bytes:
    """The bytes in "data:image/png;base64,...", none in an empty text. Raises BadInput."""
    head, _, coded = text.partition(",")
    if not text:
        return b""
    try:
        if not (head.startswith("data:image/") and head.endswith(";base64")):
            raise ValueError(head[:40])
        return base64.b64decode(coded, validate=True)
    except (ValueError, binascii.Error) as error:
        raise BadInput("That picture did not arrive whole.", "Send it once more.") from error
