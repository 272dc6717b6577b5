"""The engine that lets any server of OpenAI's images API draw: the host's own by its address, or OpenAI itself with a key."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gemini_diffusion.config.settings import Settings
from gemini_diffusion.engines import models
from gemini_diffusion.engines.image_engine import ImageEngine
from gemini_diffusion.engines.openai.images_answer import ImagesRefusal, is_partial, read_entry, read_place
from gemini_diffusion.engines.openai.images_request import ImagesRequest
from gemini_diffusion.engines.openai.server_dialects import UNKNOWN, Dialect, recognise
from gemini_diffusion.engines.seed import new_seed
from gemini_diffusion.engines.small_jpeg import small_jpeg
from gemini_diffusion.network.openai_server import OPENAI, OpenAiServer
from gemini_diffusion.network.retry import ordered_once, retrying
from gemini_diffusion.storage.image_check import read_picture
from gemini_diffusion.types import (
    Capabilities,
    Emit,
    ImageRequest,
    ImageResult,
    ModelChoice,
    Preview,
    StageFinished,
    StageStarted,
    ignore,
)
from gemini_diffusion.types.errors import (
    BadAnswer,
    BadInput,
    GaveUp,
    GeminiDiffusionError,
    KeyNeeded,
    RequestRefused,
)

if TYPE_CHECKING:
    from PIL.Image import Image

MOST_BYTES = 90_000_000
"""More than any picture we ask for, in base64; what is larger is not read."""
SECONDS_KEPT = 3600.0
SECONDS_FOR_A_LIST = 10.0
DRAWS_AT_OPENAI = ("image", "dall-e")
_SOUNDS_LIKE_PICTURES = re.compile(r"image|diffusion|flux|dream|sdxl|\bsd\b|sd[-_.]?\d|pixart|kandinsky", re.IGNORECASE)
"""Some servers list what chats too, and do not say which is which."""


@dataclass(frozen=True, slots=True)
class KnownServer:
    """What a server said of itself: its dialect, and the names of its models."""

    dialect: Dialect
    names: tuple[str, ...]
    at: float


class OpenAiEngine(ImageEngine):
    """OpenAI's images API, in each server's dialect. One instance serves all visitors and holds no key."""

    name = "openai"
    key = "openai_images_key"
    paid_by = ("openai_images_key", "openai_images_url", "openai_api_key", "openai_base_url")

    def __init__(self) -> None:
        self._known: dict[str, KnownServer] = {}

    def is_ready(self, settings: Settings) -> bool:
        """A key for OpenAI alone is there for the chat: pictures cost more, so there the engine has to be asked for by name."""
        return bool(settings.openai_images_url) or (settings.engine == self.name and _is_set(settings))

    def default_model(self, settings: Settings) -> str:
        """What the server has, which it tells when it is first asked."""
        return f"{self.name}:{models.ANY}" if settings.openai_images_url else f"{self.name}:gpt-image-1-mini"

    def capabilities(self, model: str, settings: Settings) -> Capabilities:
        """What its dialect honours; of a server that was not asked yet everything that one of them does is believed."""
        known = self._known.get(_server(settings).address)
        dialect = known.dialect if known else recognise(_server(settings).address, ())
        entry = models.find_model(model)
        if dialect is UNKNOWN and not known:
            return Capabilities(negative_prompt=entry.takes_negative, max_tokens=entry.max_tokens, image=True, mask=True)
        return dialect.capabilities(entry)

    def check_request(self, request: ImageRequest, settings: Settings) -> None:
        """Raises KeyNeeded where there is neither an address nor a key."""
        if not _is_set(settings):
            raise KeyNeeded("No image server is set.", "Add its key in Settings, or its address as OPENAI_IMAGES_BASE_URL.")

    async def generate(self, request: ImageRequest, settings: Settings, emit: Emit) -> ImageResult:
        """One picture within `settings.deadline` seconds; asked again only where the server has not begun it."""
        self.check_request(request, settings)
        entry = models.find_model(request.model)
        name = request.model.removeprefix(f"{self.name}:")
        drawing = ImagesRequest(request, entry, new_seed() if request.seed is None else request.seed, name)
        emit(StageStarted("drawing", f"{_capital(entry.label)} is drawing"))
        started, server = time.monotonic(), _server(settings)
        picture = await retrying(lambda: self._attempt(server, drawing, emit), deadline=settings.deadline, emit=emit)
        emit(StageFinished("drawing", f"{_capital(entry.label)} has drawn it", time.monotonic() - started))
        return drawing.result(picture, self.name)

    async def models(self, settings: Settings) -> list[ModelChoice]:
        """What the server lists now; only its default where it says nothing, or none is set."""
        default = models.find_model(self.default_model(settings))
        if not _is_set(settings):
            return [ModelChoice(default.id, _capital(default.label), "needs an image server or its key", runnable=False)]
        try:
            async with asyncio.timeout(SECONDS_FOR_A_LIST):
                known = await self._ask(_server(settings))
        except (GeminiDiffusionError, TimeoutError):
            return [ModelChoice(default.id, _capital(default.label), "the image server does not say what it has")]
        return [ModelChoice(f"{self.name}:{name}", name, known.dialect.label) for name in known.names or (models.ANY,)]

    async def check(self, settings: Settings) -> str:
        """Whether the server answers to this key, by its list of models; nothing is drawn."""
        self.check_request(_NOTHING, settings)
        deadline = min(SECONDS_FOR_A_LIST, settings.deadline)
        known = await retrying(lambda: self._ask(_server(settings)), deadline=deadline, emit=ignore)
        count = len(known.names)
        return f"The server answers, as {known.dialect.label} does: {count} image {'model' if count == 1 else 'models'}."

    async def _ask(self, server: OpenAiServer) -> KnownServer:
        """What a server says of itself, now. One that lists nothing may draw all the same."""
        try:
            listed = await server.models()
        except RequestRefused:
            listed = []
        dialect = recognise(server.address, listed)
        names = [str(entry["id"]) for entry in listed if entry.get("model_type", "image") == "image"]
        drawing = [name for name in names if any(mark in name for mark in DRAWS_AT_OPENAI)] if dialect.streams else names
        self._known[server.address] = KnownServer(dialect, tuple(drawing), time.monotonic())
        return self._known[server.address]

    async def _attempt(self, server: OpenAiServer, drawing: ImagesRequest, emit: Emit) -> Image:
        """The picture, ordered once: what an order that failed may have cost is not paid again."""
        known = self._known.get(server.address)
        if known is None or time.monotonic() - known.at > SECONDS_KEPT:
            known = await self._ask(server)
        drawing.dialect = known.dialect
        if drawing.model == models.ANY and known.names:
            drawing.model = next(filter(_SOUNDS_LIKE_PICTURES.search, known.names), known.names[0])
        if drawing.request.image and not known.dialect.edits:
            raise RequestRefused(f"{known.dialect.label} cannot begin from a picture.", "Choose another image model or engine.")
        if not drawing.found:
            drawing.found = await self._order(server, drawing, emit)
        if isinstance(drawing.found, bytes):
            return await asyncio.to_thread(read_picture, drawing.found)
        try:
            content = await server.fetch(drawing.found)
        except BadInput as error:
            raise BadAnswer("The server put the picture where nothing is fetched from.") from error
        return await asyncio.to_thread(read_picture, content)

    async def _order(self, server: OpenAiServer, drawing: ImagesRequest, emit: Emit) -> bytes | str:
        """The picture's bytes or its address, previews on the way. GaveUp where it went wrong once the server had begun."""
        entry: Mapping[str, Any] = {}
        files = await asyncio.to_thread(lambda: drawing.files)
        with ordered_once():
            async for event in server.ask(drawing.path, drawing.body, files):
                if is_partial(event):
                    if jpeg := await asyncio.to_thread(_preview, event):
                        emit(Preview(jpeg))
                else:
                    entry = read_entry(event) or entry
            if found := read_place(entry):
                if isinstance(found, bytes):
                    await asyncio.to_thread(read_picture, found)
                self._note(drawing, entry)
                return found
        raise GaveUp("The server answered without a picture.", "Say it in other words, or choose another model.")

    def _note(self, drawing: ImagesRequest, entry: Mapping[str, Any]) -> None:
        """What the server changed of its own accord."""
        words = entry.get("revised_prompt")
        if isinstance(words, str) and words.strip() and words.strip() != drawing.request.prompt.strip():
            drawing.notices.append(f'The server drew words of its own: "{words.strip()[:500]}".')


_NOTHING = ImageRequest("", "", 0, 0, 0, 0.0)


def _is_set(settings: Settings) -> bool:
    return any(getattr(settings, name) for name in OpenAiEngine.paid_by)


def _server(settings: Settings) -> OpenAiServer:
    """The image server and its own key, else the chat's: a key goes to its own address and to no other."""
    address, key = settings.openai_images_url, settings.openai_images_key
    if not (address or key):
        address, key = settings.openai_base_url, settings.openai_api_key
    return OpenAiServer(address or OPENAI, key, "The image server" if address else "OpenAI", ImagesRefusal, MOST_BYTES)


def _preview(event: Mapping[str, Any]) -> bytes:
    """How far the picture is; b"" where that cannot be seen, for which no picture is given up."""
    try:
        place = read_place(event)
        return small_jpeg(read_picture(place)) if isinstance(place, bytes) else b""
    except BadAnswer:
        return b""


def _capital(text: str) -> str:
    """A label that begins a sentence; a model's own name stays as it is."""
    return f"T{text[1:]}" if text.startswith("the ") else text
