"""Gemini's chat model before a local server, and what it told meanwhile; for the tests of it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any

from gemini_diffusion.chat_models.gemini.chat_model import GeminiChatModel
from gemini_diffusion.config.options import Secret
from gemini_diffusion.config.settings import Settings
from gemini_diffusion.types import ChatAnswer, ChatRequest, Event, Message, ModelChoice
from tests.servers.gemini import GeminiServer

KEY = "AIzaSyA-key-of-one-visitor-4f2a"
FLASH = "gemini-flash-latest"
HELLO = ChatRequest((Message("user", "Hello"),))


@dataclass
class Gemini:
    """A visitor with a key; each call may change settings of theirs by name."""

    server: GeminiServer
    model: GeminiChatModel = field(default_factory=GeminiChatModel)
    events: list[Event] = field(default_factory=list)

    @property
    def settings(self) -> Settings:
        return Settings(google_api_key=Secret(KEY), google_base_url=self.server.url, deadline=20.0)

    async def answer(self, request: ChatRequest = HELLO, **changes: Any) -> ChatAnswer:
        return await self.model.answer(request, self._changed(changes), self.events.append)

    async def models(self, **changes: Any) -> list[ModelChoice]:
        return await self.model.models(self._changed(changes))

    async def check(self, **changes: Any) -> str:
        return await self.model.check(self._changed(changes))

    def _changed(self, changes: dict[str, Any]) -> Settings:
        deadline = changes.pop("deadline", self.settings.deadline)  # a test's may be shorter than a person's
        return dataclasses.replace(self.settings.replaced(changes), deadline=deadline)
