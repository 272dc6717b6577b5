"""The family of models that talk: the one Protocol they share and the literal registry; knows no window and no session."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from gemini_diffusion.config.settings import Settings
from gemini_diffusion.types import ChatAnswer, ChatRequest, Emit, ModelChoice


@runtime_checkable
class ChatModel(Protocol):
    """A model that answers in words. One instance serves all visitors: the key comes with each call's settings.

    `structured` says whether it can answer in JSON by a schema; crafting by model needs that, `sees` whether it
    takes the picture of a message. `key` is the setting that holds
    the key it needs, "" for one that needs none.
    """

    name: str
    key: str
    structured: bool
    sees: bool

    def is_ready(self, settings: Settings) -> bool:
        """Whether the settings hold what it needs; nothing is asked."""
        ...

    async def answer(self, request: ChatRequest, settings: Settings, emit: Emit) -> ChatAnswer:
        """The whole answer; on the way TextGrew (the text so far), Waiting. Raises errors of errors.py; cancels at once."""
        ...

    def unused_settings(self, settings: Settings) -> tuple[str, ...]:
        """The names of the settings that have no effect on the model which these settings choose."""
        ...

    async def models(self, settings: Settings) -> list[ModelChoice]:
        """The models that chat, live where there is a key; [] or a fallback list otherwise, never an error for no key."""
        ...

    async def check(self, settings: Settings) -> str:
        """Asks the service whether the key works; a sentence with what was found, or raises what is wrong."""
        ...

    async def close(self) -> None: ...


def open_chat_models() -> dict[str, ChatModel]:
    """Every chat model by name, the preferred first; nothing is imported or connected until its first use."""
    from gemini_diffusion.chat_models.builtin import BuiltinChatModel
    from gemini_diffusion.chat_models.gemini.chat_model import GeminiChatModel

    return {"gemini": GeminiChatModel(), "builtin": BuiltinChatModel()}


def choose(chat_models: Mapping[str, ChatModel], settings: Settings) -> ChatModel:
    """The first that is ready."""
    return next((model for model in chat_models.values() if model.is_ready(settings)), None) or fallback(chat_models)


def fallback(chat_models: Mapping[str, ChatModel]) -> ChatModel:
    """The one that needs no key."""
    return next(model for model in chat_models.values() if not model.key)
