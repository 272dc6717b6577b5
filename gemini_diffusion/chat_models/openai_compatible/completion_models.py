"""The ChatModel for any server of chat completions, and the one for Hugging Face's router, which is such a server."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from gemini_diffusion.chat_models.answer_errors import BrokeOff, ask_until_heard
from gemini_diffusion.chat_models.openai_compatible.completion_answer import PartialCompletion
from gemini_diffusion.chat_models.openai_compatible.completion_errors import CompletionRefusal
from gemini_diffusion.chat_models.openai_compatible.completion_request import UNUSED, CompletionRequest, build_request
from gemini_diffusion.config.settings import Settings
from gemini_diffusion.network.openai_server import OPENAI, OpenAiServer
from gemini_diffusion.network.retry import retrying
from gemini_diffusion.types import ChatAnswer, ChatRequest, Emit, ModelChoice, TextGrew, ignore
from gemini_diffusion.types.errors import FieldRefused, KeyNeeded, RequestRefused, Transient

ROUTER = "https://router.huggingface.co/v1"
_NOT_FOR_CHAT = re.compile(
    "embed|whisper|tts|audio|realtime|transcribe|moderation|dall-e|image|sora|rerank|stable-diffusion|flux|babbage|davinci"
)


class OpenAiChatModel:
    """Speaks to the server at the host's address, or to OpenAI where a key but no address is set."""

    name: str = "openai"
    key: str = "openai_api_key"
    paid_by: tuple[str, ...] = ("openai_api_key", "openai_base_url")
    structured = True
    sees = True
    note = "chat server"

    def is_ready(self, settings: Settings) -> bool:
        return bool(settings.openai_api_key or settings.openai_base_url)

    async def answer(self, request: ChatRequest, settings: Settings, emit: Emit) -> ChatAnswer:
        """The whole answer within `settings.deadline` seconds; once its first word is shown it is not asked for again."""
        exchange = _Exchange(self._server(settings), request, settings, self._model(settings), emit)
        return await ask_until_heard(exchange.attempt, lambda: exchange.so_far.text, settings.deadline, emit)

    def unused_settings(self, settings: Settings) -> tuple[str, ...]:
        return UNUSED

    async def models(self, settings: Settings) -> list[ModelChoice]:
        """What the server lists, now, as `openai:...`; nothing where none is set."""
        if not self._is_set(settings):
            return []
        names = await retrying(lambda: _listed(self._server(settings)), deadline=settings.deadline, emit=ignore)
        return [ModelChoice(f"{self.name}:{name}", name, self.note) for name in names]

    async def check(self, settings: Settings) -> str:
        """Whether the server answers to this key, by its list of models."""
        names = await retrying(lambda: _listed(self._server(settings)), deadline=settings.deadline, emit=ignore)
        return f"The server answers: {len(names)} chat {'model' if len(names) == 1 else 'models'}."

    async def close(self) -> None:
        """Nothing stays open."""

    def _is_set(self, settings: Settings) -> bool:
        return self.is_ready(settings)

    def _model(self, settings: Settings) -> str:
        """The model that was chosen; "" where the choice is left to the server."""
        return "" if settings.chat_model == Settings().chat_model else settings.chat_model.removeprefix(f"{self.name}:")

    def _server(self, settings: Settings) -> OpenAiServer:
        if not self._is_set(settings):
            raise KeyNeeded("No chat server is set.", "Add its key in Settings, or its address as OPENAI_BASE_URL.")
        label = "The chat server" if settings.openai_base_url else "OpenAI"
        own = settings.openai_base_url
        return OpenAiServer(own or OPENAI, settings.openai_api_key, label, CompletionRefusal, counts=not own)


class HuggingFaceChatModel(OpenAiChatModel):
    """Speaks to Hugging Face's router with the token that draws. What it says costs credit, so it is used only when chosen."""

    name: str = "huggingface"
    key: str = "hf_token"
    paid_by: tuple[str, ...] = ("hf_token",)
    note = "Hugging Face"

    def __init__(self, router: str = ROUTER) -> None:
        self._router = router

    def is_ready(self, settings: Settings) -> bool:
        return self._is_set(settings) and settings.chat_model.startswith(f"{self.name}:")

    def _is_set(self, settings: Settings) -> bool:
        return bool(settings.hf_token)

    def _server(self, settings: Settings) -> OpenAiServer:
        if not self._is_set(settings):
            raise KeyNeeded("Hugging Face needs a token.")
        return OpenAiServer(self._router, settings.hf_token, "Hugging Face", CompletionRefusal, counts=True)


@dataclass
class _Exchange:
    """One question and its answer, over as many attempts as it takes; `model` is "" for the first that the server lists."""

    server: OpenAiServer
    request: ChatRequest
    settings: Settings
    model: str
    emit: Emit
    asked: CompletionRequest | None = None
    so_far: PartialCompletion = field(default_factory=lambda: PartialCompletion(""))

    async def attempt(self) -> ChatAnswer:
        """The answer, asked for again at once where the server refuses a part it can do without."""
        self.asked = self.asked or self._built()
        if not self.model:
            self.model = (await _listed(self.server))[0]
            self.asked = self._built()
        while True:
            try:
                return await self._once(self.asked)
            except FieldRefused as refused:
                if not self.asked.can_do_without(refused.field):
                    raise
                self.asked = self.asked.without(refused.field)

    def _built(self) -> CompletionRequest:
        return build_request(self.request, self.model, self.settings, counted=self.server.counts)

    async def _once(self, asked: CompletionRequest) -> ChatAnswer:
        self.so_far = PartialCompletion(self.model)
        try:
            async for chunk in self.server.ask("/chat/completions", asked.body):
                if self.so_far.add(chunk) and self.so_far.text:
                    self.emit(TextGrew(self.so_far.text))
            return self.so_far.ended(asked.notices, self.settings.max_output_tokens)
        except Transient as trouble:
            if not self.so_far.text:
                raise
            raise BrokeOff(trouble.message) from trouble


async def _listed(server: OpenAiServer) -> list[str]:
    """The names of the models that chat, or might."""
    names = [str(entry["id"]) for entry in await server.models()]
    found = [name for name in names if not _NOT_FOR_CHAT.search(name.lower())]
    if not found:
        raise RequestRefused(
            f"{server.label} lists no model that chats.", "Load one there, or type its name as the chat model."
        )
    return found
