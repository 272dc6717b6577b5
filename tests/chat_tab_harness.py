"""The chat tab and the settings without a server, over an engine that sketches: their handlers are called as they are."""

from __future__ import annotations

import functools
import hashlib
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Self

import gradio as gr

from gemini_diffusion.chat_models import ChatModel
from gemini_diffusion.chat_models.builtin import BuiltinChatModel
from gemini_diffusion.config.settings import Settings
from gemini_diffusion.generation.services import Services
from gemini_diffusion.generation.visitors import Visitor, Visitors
from gemini_diffusion.storage.gallery import Gallery
from gemini_diffusion.ui import chat_panel, image_panel, model_pickers, settings_tab
from gemini_diffusion.ui.attachment import AttachmentHandlers
from gemini_diffusion.ui.chat_tab import ChatTab
from gemini_diffusion.ui.conversation_actions import ConversationActions
from gemini_diffusion.ui.image_actions import ImageActions
from gemini_diffusion.ui.settings_tab import SettingsTab
from gemini_diffusion.web.cookies import COOKIE, visitor_name
from tests.scripted import ScriptedChatModel
from tests.sketch_engine import SketchEngine


class Desk:
    """The chat tab and the settings over one engine that sketches, without a server: its handlers are called as they are."""

    def __init__(self, home: Path, **options: Any) -> None:
        self.engine = SketchEngine(previews=True, able=options.get("able", False))
        models: dict[str, ChatModel] = {"gemini": ScriptedChatModel(), "builtin": BuiltinChatModel()}
        self.hosted = SketchEngine("hosted", "black-forest-labs/FLUX.1-schnell")
        self.studio = Services(models, {"local": self.engine, "hosted": self.hosted}, Gallery(home / "pictures"))
        self.visitors = Visitors(
            self.studio, Settings(home=str(home), **options.get("settings", {})), lends=True, owner=options.get("owner", True)
        )
        with gr.Blocks(analytics_enabled=False), gr.Tabs() as tabs, gr.Tab("Everything"):
            self.talk, models_chosen = chat_panel.build(lambda: model_pickers.build(self.visitors))
            self.panel = image_panel.build(["Nothing is set up."], self.talk.filmstrip)
        self.tab = ChatTab(self.visitors, self.talk, self.panel, models_chosen, tabs)
        self.kept = ConversationActions(self.tab.following)
        self.hand = ImageActions(self.tab.following, self.talk.attachment)
        self.clip = AttachmentHandlers(
            self.visitors, self.talk.attachment, self.tab.following.show_picture, self.panel.components()
        )

    def begin_anew(self) -> Self:
        """The page as it is, before an engine that remembers nothing."""
        vars(self.engine).update(vars(SketchEngine(previews=True)))
        return self

    @functools.cached_property
    def settings(self) -> SettingsTab:
        with gr.Blocks(analytics_enabled=False):
            return settings_tab.build(self.visitors)

    async def shown(self, updates: AsyncIterator[dict[Any, Any]]) -> dict[Any, Any]:
        """What a page that applied every update shows in the end, a component's properties put together."""
        page: dict[Any, Any] = {}
        async for update in updates:
            for component, value in update.items():
                page[component] = page.get(component, {}) | (value if isinstance(value, dict) else {"value": value})
        return page

    def visitor(self, request: gr.Request) -> Visitor:
        return self.visitors.of(visitor_name(request))

    def edits(self, prompt: str, picture: str) -> dict[Any, Any]:
        return {self.panel.prompt: prompt, self.panel.keywords: "", self.panel.negative: "", self.panel.selected: picture}


def who(name: str = "a") -> gr.Request:
    """Somebody whom no other test has seen, for one page serves many tests."""
    test = os.environ["PYTEST_CURRENT_TEST"].rpartition(" ")[0]
    return gr.Request(session_hash="connection", cookies={COOKIE: hashlib.md5(f"{test} {name}".encode()).hexdigest()})
