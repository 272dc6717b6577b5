"""The Pictures tab: what the page's script asks of a visitor's kept pictures, and the answers it builds the grid from.

The page gets plain values, no HTML, and is believed nothing: an id is looked up among the visitor's own pictures.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import gradio as gr

from gemini_diffusion.commands import Flags, Imagine, format_line
from gemini_diffusion.engines import models
from gemini_diffusion.generation.visitors import COOKIELESS
from gemini_diffusion.storage.image_finish import finished_preview
from gemini_diffusion.storage.picture_index import IndexedPicture, Search
from gemini_diffusion.types.errors import BadInput, GeminiDiffusionError
from gemini_diffusion.types.finishing import FINISHES, read_finish
from gemini_diffusion.ui.error_display import answer_errors, show_error
from gemini_diffusion.ui.live_updates import LiveUpdates
from gemini_diffusion.ui.picture_details import BLURRED
from gemini_diffusion.web.cookies import visitor_name

if TYPE_CHECKING:
    from pathlib import Path

    from gemini_diffusion.generation.visitors import Visitors
    from gemini_diffusion.storage.collection import Collection

Asked = dict[str, Any]
Answer = dict[str, Any]

A_PAGE = 60
"""Pictures that one answer brings: more than a large screen shows."""
AT_ONCE = 2
"""Searches of all visitors under way at the same time; the first of a folder makes thumbnails, which takes time."""
LONGEST_SEARCH = 200


@dataclass(frozen=True, slots=True)
class PicturesPanel:
    """The components. The script builds all that is seen in `place`, and presses `open` for the picture that was chosen."""

    place: gr.HTML
    open: gr.Button


@dataclass(frozen=True, slots=True)
class PicturesTab:
    """The handlers. Those that the script calls answer in values, or with a sentence under "error"."""

    visitors: Visitors
    following: LiveUpdates
    panel: PicturesPanel
    tabs: gr.Tabs
    _searching: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    async def pictures(self, asked: Asked, request: gr.Request) -> Answer:
        """The pictures that are wanted, newest first, a page of them."""
        if visitor_name(request).startswith(COOKIELESS):
            raise BadInput("Pictures are found again by a cookie, and this browser keeps none.", "Allow cookies, then reload.")
        collection, search = self._collection(request), _search(asked)
        async with self._searching:
            return await asyncio.to_thread(answer, collection, search)

    async def change_picture(self, asked: Asked, request: gr.Request) -> Answer:
        """Gives a picture a star or takes it, deletes it or brings it back."""
        collection, identity = self._collection(request), str(asked.get("id"))
        changes: dict[str, Callable[[], None]] = {
            "star": lambda: collection.star(identity, True),
            "unstar": lambda: collection.star(identity, False),
            "delete": lambda: collection.delete(identity),
            "restore": lambda: collection.restore(identity),
        }
        change = changes.get(str(asked.get("change")))
        if change is None:
            raise BadInput("A picture cannot be changed in that way.", "Reload the page and try again.")
        await asyncio.to_thread(change)
        return {}

    async def picture_line(self, asked: Asked, request: gr.Request) -> Answer:
        """What goes into the message box to use a picture again: the whole recipe, or only its prompt."""
        picture = await asyncio.to_thread(self._collection(request).picture, str(asked.get("id")))
        if picture is None:
            raise BadInput("That picture is not here any more.", "Choose another one.")
        recipe = picture.recipe
        whole = asked.get("only") != "prompt"
        return {"line": recipe.line if whole else format_line(Imagine(recipe.prompt, Flags(raw=True)))}

    async def finish_preview(self, asked: Asked, request: gr.Request) -> Answer:
        """About how a picture looks when it is finished so, and the steps there are."""
        picture = await asyncio.to_thread(self._collection(request).picture, str(asked.get("id")))
        if picture is None:
            raise BadInput("That picture is not here any more.", "Choose another one.")
        steps, _ = read_finish(str(asked.get("steps", ""))[:LONGEST_SEARCH])
        async with self._searching:
            small = await asyncio.to_thread(finished_preview, picture.path, steps)
        kinds = [[name, kind.low, kind.help] for name, kind in FINISHES.items()]
        return {"after": f"data:image/webp;base64,{base64.b64encode(small).decode('ascii')}", "kinds": kinds}

    async def show_large(self, chosen: str, request: gr.Request) -> dict[Any, Any]:
        """Shows a picture large on the Chat tab."""
        visitor = self.visitors.of(visitor_name(request))
        picture = await asyncio.to_thread(visitor.session.picture, str(chosen))
        if picture is None:
            raise BadInput("That picture is not here any more.", "Choose another one.")
        return await self.following.show_picture(visitor, picture) | {self.tabs: gr.Tabs(selected="chat")}

    def _collection(self, request: gr.Request) -> Collection:
        return self.visitors.of(visitor_name(request)).session.collection

    def wire(self, tab: gr.Tab) -> None:
        """Connects every event; what the script calls by name is not published."""
        for handler in (self.pictures, self.change_picture, self.picture_line, self.finish_preview):
            gr.api(answer_errors(handler), api_name=handler.__name__, api_visibility="private", queue=False)
        chosen = gr.Textbox(visible=False)  # never holds anything: the page's script gives what is sent
        shown = [*self.following.panel.components(), self.tabs]
        quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
        self.panel.open.click(show_error(self.show_large), chosen, shown, js="() => window.pictures.chosen", **quiet)
        tab.select(None, None, None, js="() => window.pictures.open()", queue=False, **quiet)


def build() -> PicturesPanel:
    """Lays the tab out where it is called, empty."""
    return PicturesPanel(
        place=gr.HTML('<div id="pictures"></div>', padding=False, elem_id="pictures-place"),
        open=gr.Button("Open", visible="hidden", elem_id="open-picture"),
    )


def _search(asked: Asked) -> Search:
    """What a page asks for, whatever it sends."""
    before = asked.get("before")
    return Search(
        words=str(asked.get("words", ""))[:LONGEST_SEARCH],
        starred=bool(asked.get("starred")),
        brought=bool(asked.get("brought")),
        deleted=bool(asked.get("deleted")),
        model=str(asked.get("model", "")),
        before=before if isinstance(before, int) and 0 < before < 2**53 else 0,
    )


def answer(collection: Collection, search: Search) -> Answer:
    """What the page is told of the pictures wanted; makes the thumbnails that are missing, so it blocks.

    Raises BadInput or DiskFull where there can be no index.
    """
    results = collection.search(search, A_PAGE)
    labels = {
        model: models.find_model(model).label for model in {*results.models, *(entry.model for entry in results.pictures)}
    }
    return {
        "pictures": [_shown(collection, entry, labels) for entry in results.pictures],
        "more": results.more,
        "unread": results.unread,
        "total": results.total,
        "models": [[model, labels[model]] for model in results.models],
    }


def _shown(collection: Collection, entry: IndexedPicture, labels: Mapping[str, str]) -> Answer:
    file = _address(collection.path(entry))
    return {
        "id": entry.id, "number": entry.number, "file": file, "small": _small(collection, entry, file),
        "alt": f"{BLURRED if entry.veiled else 'Picture'}: {entry.title}", "title": entry.title, "created": entry.created,
        "seed": entry.seed, "width": entry.width, "height": entry.height, "drawn": entry.drawn, "starred": entry.starred,
        "model": labels[entry.model] if entry.drawn else "",
    }  # fmt: skip


def _small(collection: Collection, entry: IndexedPicture, file: str) -> str:
    """The thumbnail's address, or the picture's own where there can be none; one in the trash has no address, so it is sent."""
    try:
        small = collection.thumbnail(entry)
    except GeminiDiffusionError:
        return file if entry.here else ""
    if entry.here:
        return f"{file.rpartition('/')[0]}/{small.name}"
    return f"data:image/webp;base64,{base64.b64encode(small.read_bytes()).decode('ascii')}"


def _address(file: Path) -> str:
    return f"/gradio_api/file={quote(str(file))}"
