"""The family of models that talk: the one Protocol they share and the literal registry; knows no window and no session."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from gemini_diffusion.config.settings import Settings
from gemini_diffusion.types import ChatAnswer, ChatRequest, Emit, ModelChoice


class Answerer(Protocol):
    """What answers a question; `structured` says whether it can in JSON by a schema, which crafting by model needs."""

    @property
    def structured(self) -> bool: ...

    async def answer(self, request: ChatRequest, settings: Settings, emit: Emit) -> ChatAnswer:
        """The whole answer; on the way TextGrew (the text so far), Waiting. Raises errors of errors.py; cancels at once."""
        ...


@runtime_checkable
class ChatModel(Answerer, Protocol):
    """A model that answers in words. One instance serves all visitors: the key comes with each call's settings.

    `sees` says whether it takes the picture of a message. `key` is the setting that holds the key it needs, "" for one that
    needs none; `paid_by` are the settings that say at whose expense it answers.
    """

    name: str
    key: str
    paid_by: tuple[str, ...]
    sees: bool

    def is_ready(self, settings: Settings) -> bool:
        """Whether it would answer under these settings; nothing is asked."""
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


@runtime_checkable
class Speaker(ChatModel, Protocol):
    """A chat model that can read a text aloud too."""

    async def speak(self, text: str, settings: Settings) -> bytes:
        """The text as a WAV file. Raises errors of errors.py; cancels at once."""
        ...


def open_chat_models() -> dict[str, ChatModel]:
    """Every chat model by name, the preferred first; nothing is imported or connected until its first use."""
    from gemini_diffusion.chat_models.builtin import BuiltinChatModel
    from gemini_diffusion.chat_models.gemini.chat_model import GeminiChatModel
    from gemini_diffusion.chat_models.openai_compatible.completion_models import HuggingFaceChatModel, OpenAiChatModel

    opened: list[ChatModel] = [GeminiChatModel(), OpenAiChatModel(), HuggingFaceChatModel(), BuiltinChatModel()]
    return {model.name: model for model in opened}


def choose(chat_models: Mapping[str, ChatModel], settings: Settings) -> ChatModel:
    """The one that the chosen model's name begins with, as "openai:llama3.2", if it is ready; else the first that is."""
    named = chat_models.get(settings.chat_model.partition(":")[0])
    ready = [model for model in (named, *chat_models.values()) if model and model.is_ready(settings)]
    return ready[0] if ready else fallback(chat_models)


def speaker(chat_models: Mapping[str, ChatModel], settings: Settings) -> Speaker | None:
    """The first that reads aloud and is ready; None where there is none."""
    ready = (model for model in chat_models.values() if model.is_ready(settings))
    return next((model for model in ready if isinstance(model, Speaker)), None)


def fallback(chat_models: Mapping[str, ChatModel]) -> ChatModel:
    """The one that needs no key."""
    return next(model for model in chat_models.values() if not model.key)
