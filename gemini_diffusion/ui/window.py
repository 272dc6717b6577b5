"""The whole page: the header, the three tabs, the endpoints for programs. Building it sends no request."""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, Any

import gradio as gr

from gemini_diffusion.ui import chat_panel, image_panel, model_pickers, pictures_tab, settings_tab
from gemini_diffusion.ui.chat_tab import ChatTab
from gemini_diffusion.ui.pictures_tab import PicturesTab
from gemini_diffusion.ui.recovery import SETTINGS_TAB
from gemini_diffusion.ui.welcome import PICTURES
from gemini_diffusion.web import mcp_endpoint
from gemini_diffusion.web.endpoints import Endpoints
from gemini_diffusion.web.mcp_tools import McpTools
from gemini_diffusion.web.openai_api.openai_routes import openai_routes
from gemini_diffusion.web.unsaved_endpoint import unsaved_route

if TYPE_CHECKING:
    from gemini_diffusion.generation.visitors import Visitors

TITLE = "Gemini Diffusion"


class Page(gr.Blocks):
    """The page. It serves MCP and OpenAI's API with our own endpoints, goes on with what a crash left, and does not display
    itself in a notebook."""

    def __init__(self, visitors: Visitors, api_key: str = "", **options: Any) -> None:
        super().__init__(**options)
        self._visitors, self._api_key = visitors, api_key

    def queue(self, **_: Any) -> Page:
        """The queue of this page: closed to programs that would go round it, and no limit on how many run at once.

        Gradio makes one with every page. Another call would build the whole web application once more, 0.16 s of the start.
        """
        super().queue(api_open=False, default_concurrency_limit=None)
        return self

    def launch(self, *, mcp_server: bool = False, app_kwargs: dict[str, Any] | None = None, **options: Any) -> Any:
        """As in Gradio. Raises PackageMissing if `mcp_server` is wanted and its package is not installed."""
        spoken = mcp_endpoint.add_mcp_endpoint(McpTools(self._visitors).server()) if mcp_server else {}
        asked = openai_routes(self._visitors, self._api_key) if self._api_key else ()
        routes = [unsaved_route(self._visitors.services.gallery.unsaved), *spoken.get("routes", ()), *asked]

        @contextlib.asynccontextmanager
        async def lifespan(app: Any) -> AsyncIterator[None]:
            self._visitors.resume()
            async with spoken["lifespan"](app) if spoken else contextlib.nullcontext():
                yield

        given = app_kwargs or {}
        served = {**given, "routes": [*routes, *given.get("routes", ())], "lifespan": lifespan}
        return super().launch(mcp_server=False, inline=False, app_kwargs=served, **options)


def build(visitors: Visitors, welcome: Sequence[str], api_key: str = "") -> gr.Blocks:
    """The page for `visitors`; `welcome` says what is set up and what is not, a line each. With an `api_key` there is
    OpenAI's API beside it, for programs that send that.

    Pictures are served from where they are kept, so that Gradio neither copies nor hashes them.
    """
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # read when the first Blocks is made; anything else phones home
    gr.set_static_paths([visitors.services.gallery.folder, PICTURES])
    with Page(visitors, api_key, title=TITLE, fill_width=True, analytics_enabled=False) as page:
        gr.Markdown(f"# {TITLE}", elem_id="title")
        with gr.Tabs(elem_id="tabs") as tabs:
            with gr.Tab("Chat", id="chat", elem_id="chat-tab") as chat, gr.Row(elem_id="chat-layout"):
                with gr.Column(elem_id="conversation", min_width=0):
                    talk, models = chat_panel.build(lambda: model_pickers.build(visitors))
                stand = image_panel.build(welcome, talk.filmstrip)
            with gr.Tab("Pictures", id="pictures", elem_id="pictures-tab", render_children=True) as pictures:
                kept = pictures_tab.build()
            with gr.Tab("Settings", id=SETTINGS_TAB, elem_id="settings-tab") as settings:
                table = settings_tab.build(visitors)
        conversation = ChatTab(visitors, talk, stand, models, tabs)
        conversation.wire(page, chat)
        PicturesTab(visitors, conversation.following, kept, tabs).wire(pictures)
        models.wire()
        table.wire(page, settings)
        Endpoints(visitors).publish()
    return page
