"""Gemini through Google's own client: streamed answers, live models, a key that works or why not; knows no window."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gemini_diffusion.chat_models.answer_errors import BrokeOff, ask_until_heard
from gemini_diffusion.chat_models.gemini import chat_request
from gemini_diffusion.chat_models.gemini.chat_answer import PartialAnswer
from gemini_diffusion.chat_models.gemini.chat_request import GeminiRequest
from gemini_diffusion.chat_models.gemini.model_list import FALLBACK, chat_models_in, ignored_sampling, nearest_model
from gemini_diffusion.chat_models.gemini.speech import speech_models_in, speech_request, wav_of
from gemini_diffusion.config.settings import Settings
from gemini_diffusion.network.gemini.api_errors import AskedWith, translating
from gemini_diffusion.network.gemini.connections import Connection, GeminiConnections
from gemini_diffusion.network.retry import retrying
from gemini_diffusion.types import ChatAnswer, ChatRequest, Emit, ModelChoice, TextGrew, ignore
from gemini_diffusion.types.errors import FieldRefused, GeminiDiffusionError, ModelNotFound, RequestRefused, Transient

if TYPE_CHECKING:
    from google.genai.types import Model

SUGGESTING = 5.0
"""Seconds that may be spent on finding a name like the one that does not exist."""


class GeminiChatModel:
    """The ChatModel that speaks to Gemini; one instance serves all visitors, each over a connection for their own key."""

    name = "gemini"
    key = "google_api_key"
    paid_by: tuple[str, ...] = ("google_api_key",)
    structured = True
    sees = True

    def __init__(self) -> None:
        self._connections = GeminiConnections()

    def is_ready(self, settings: Settings) -> bool:
        return bool(settings.google_api_key)

    async def answer(self, request: ChatRequest, settings: Settings, emit: Emit) -> ChatAnswer:
        """The whole answer within `settings.deadline` seconds; once its first word is shown it is not asked for again."""
        exchange = _Exchange(self._connections, settings, chat_request.build_request(request, settings), emit)
        return await ask_until_heard(exchange.attempt, lambda: exchange.so_far.text, settings.deadline, emit)

    def unused_settings(self, settings: Settings) -> tuple[str, ...]:
        return ignored_sampling(settings.chat_model)

    async def models(self, settings: Settings) -> list[ModelChoice]:
        """The models that chat, asked for once an hour and key; the ones we know of without a key."""
        return await self._list(settings) if settings.google_api_key else list(FALLBACK)

    async def check(self, settings: Settings) -> str:
        """Whether the key works, by listing its models anew."""
        count = len(await self._list(settings, again=True))
        return f"The key works: {count} chat {'model' if count == 1 else 'models'}."

    async def speak(self, text: str, settings: Settings) -> bytes:
        """The text as a WAV file, by the newest model that is listed as speaking."""

        async def attempt() -> bytes:
            async with self._connections.acquire(settings) as connection:
                if not connection.fresh_listing:
                    await _listed(connection, settings)
                asked = speech_request(text, connection.speaking, settings.deadline)
                told = AskedWith(asked["model"], settings.google_api_key.reveal())
                return wav_of(await translating(connection.sdk.aio.models.generate_content(**asked), told))

        return await retrying(attempt, deadline=settings.deadline, emit=ignore)

    async def close(self) -> None:
        await self._connections.close()

    async def _list(self, settings: Settings, *, again: bool = False) -> list[ModelChoice]:
        async def attempt() -> list[ModelChoice]:
            async with self._connections.acquire(settings) as connection:
                known = [] if again else connection.fresh_listing
                return list(known or await _listed(connection, settings))

        return await retrying(attempt, deadline=settings.deadline, emit=ignore)


@dataclass
class _Exchange:
    """One question and its answer, over as many attempts as it takes."""

    connections: GeminiConnections
    settings: Settings
    request: GeminiRequest
    emit: Emit
    so_far: PartialAnswer = field(init=False)

    def __post_init__(self) -> None:
        self.so_far = PartialAnswer(self.request)

    async def attempt(self) -> ChatAnswer:
        """The answer, asked for again at once where the model refuses a part it can do without."""
        async with self.connections.acquire(self.settings) as connection:
            while True:
                try:
                    return await self._once(connection)
                except FieldRefused as refused:
                    self.request = self.request.without(refused.field)

    async def _once(self, connection: Connection) -> ChatAnswer:
        self.so_far = PartialAnswer(self.request)
        try:
            await translating(self._stream(connection), _asked(self.settings, self.request))
            return self.so_far.ended()
        except ModelNotFound as unknown:
            raise await self._suggesting(unknown, connection) from None
        except Transient as trouble:
            if not self.so_far.text:
                raise
            raise BrokeOff(trouble.message) from trouble

    async def _stream(self, connection: Connection) -> None:
        """Read the stream to its end and never leave it before: only then, or cancelled in a read, does it free its socket."""
        from google.genai.types import GenerateContentConfig

        stream = await connection.sdk.aio.models.generate_content_stream(
            model=self.request.model,
            contents=self.request.contents,
            config=GenerateContentConfig(**self.request.config),
        )
        async for chunk in stream:
            if self.so_far.add(chunk):
                self.emit(TextGrew(self.so_far.text))

    async def _suggesting(self, unknown: ModelNotFound, connection: Connection) -> ModelNotFound:
        """The same error, naming the model most like the one asked for."""
        try:
            async with asyncio.timeout(SUGGESTING):
                choices = await _listed(connection, self.settings)
        except (GeminiDiffusionError, TimeoutError):
            choices = list(FALLBACK)
        return ModelNotFound(unknown.message, f"Choose another model, {nearest_model(self.request.model, choices)} for one.")


async def _listed(connection: Connection, settings: Settings) -> list[ModelChoice]:
    """The models that chat, live; kept with the connection."""

    async def ask() -> list[Model]:
        pager = await connection.sdk.aio.models.list(config={"http_options": {"timeout": int(settings.deadline * 1000) + 1000}})
        return [model async for model in pager]

    listed = await translating(ask(), _asked(settings))
    found, connection.speaking = chat_models_in(listed), speech_models_in(listed)
    if not found:
        raise RequestRefused("Gemini lists no model that chats for this key.", "Use another key.")
    connection.listing, connection.listed_at = found, time.monotonic()
    return found


def _asked(settings: Settings, request: GeminiRequest | None = None) -> AskedWith:
    model, optional = (request.model, request.optional) if request else (settings.chat_model, ())
    return AskedWith(model, settings.google_api_key.reveal(), optional)
