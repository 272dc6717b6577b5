"""The engine that lets Gemini's own image models draw: from words, or from words and a picture."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from gemini_diffusion.config.settings import Settings
from gemini_diffusion.engines import models
from gemini_diffusion.engines.gemini.gemini_image_answer import output_tokens, read_image
from gemini_diffusion.engines.ignored_fields import ignored_fields
from gemini_diffusion.engines.image_engine import ImageEngine
from gemini_diffusion.engines.picture_price import picture_price
from gemini_diffusion.engines.seed import new_seed
from gemini_diffusion.engines.true_size import with_true_size
from gemini_diffusion.network.gemini.api_errors import AskedWith, translating
from gemini_diffusion.network.gemini.connections import Connection, GeminiConnections
from gemini_diffusion.network.retry import ordered_once, retrying
from gemini_diffusion.storage.image_check import read_picture
from gemini_diffusion.storage.metadata.containers import is_signed
from gemini_diffusion.types import (
    Capabilities,
    Emit,
    ImageRequest,
    ImageResult,
    ModelChoice,
    StageFinished,
    StageStarted,
    ignore,
)
from gemini_diffusion.types.errors import GeminiDiffusionError, KeyNeeded

if TYPE_CHECKING:
    from PIL.Image import Image

RATIOS = ("1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9", "1:4", "4:1")
SECONDS_FOR_A_LIST = 10.0
KNOWN = ("gemini-3.1-flash-image", "gemini-3-pro-image")
"""What is offered until a key lets us ask."""
_DRAWS = ("image", "banana")
_CAN = Capabilities(
    negative_prompt=False, seed=False, num_inference_steps=False, guidance_scale=False, max_tokens=512, image=True
)


class GeminiImageEngine(ImageEngine):
    """Gemini's image models with the visitor's key. Each picture costs, so it draws only where it is asked for by name."""

    name = "gemini"
    key = "google_api_key"
    paid_by = ("google_api_key",)

    def __init__(self) -> None:
        self._connections = GeminiConnections()

    def is_ready(self, settings: Settings) -> bool:
        return bool(settings.google_api_key) and settings.engine == self.name

    def default_model(self, settings: Settings) -> str:
        return f"{self.name}:{KNOWN[0]}"

    def capabilities(self, model: str, settings: Settings) -> Capabilities:
        return _CAN

    def check_request(self, request: ImageRequest, settings: Settings) -> None:
        """Raises KeyNeeded without a key."""
        if not settings.google_api_key:
            raise KeyNeeded("Gemini draws with your own key, and there is none.", "Add a Gemini key in Settings.")

    async def generate(self, request: ImageRequest, settings: Settings, emit: Emit) -> ImageResult:
        """One picture within `settings.deadline` seconds; not asked for again where it may have been drawn."""
        self.check_request(request, settings)
        entry, model = models.find_model(request.model), self._bare(request.model)
        emit(StageStarted("drawing", f"{entry.label} is drawing"))
        started = time.monotonic()

        async def attempt() -> tuple[bytes, Image, int]:
            async with self._connections.acquire(settings) as connection:
                return await _drawn(connection, request, model, settings)

        content, picture, tokens = await retrying(attempt, deadline=settings.deadline, emit=emit)
        seconds = time.monotonic() - started
        emit(StageFinished("drawing", f"{entry.label} has drawn it", seconds))
        price = picture_price(entry, settings)
        result = ImageResult(
            image=picture,
            request=request,
            seed=new_seed() if request.seed is None else request.seed,
            engine=self.name,
            seconds=seconds,
            ignored=ignored_fields(request, entry, _CAN),
            notices=(f"This picture costs ${price:g}.",) if price else (),
            versions={"model": model, "output_tokens": str(tokens)},
            signed=content if is_signed(content) else b"",
        )
        return result if _has_shape(picture, request) else with_true_size(result)

    async def models(self, settings: Settings) -> list[ModelChoice]:
        """Those that draw, live, each with its price; the ones we know of without a key or an answer."""
        if not settings.google_api_key:
            return [self._choice(name, settings, runnable=False) for name in KNOWN]
        try:
            async with asyncio.timeout(SECONDS_FOR_A_LIST):
                names = await self._list(settings)
        except (GeminiDiffusionError, TimeoutError):
            names = KNOWN
        return [self._choice(name, settings) for name in names or KNOWN]

    async def check(self, settings: Settings) -> str:
        """Whether the key lists models that draw; nothing is drawn."""
        if not settings.google_api_key:
            raise KeyNeeded("Gemini draws with your own key, and there is none.", "Add a Gemini key in Settings.")
        names = await retrying(lambda: self._list(settings), deadline=settings.deadline, emit=ignore)
        return f"The key works: {len(names)} image {'model' if len(names) == 1 else 'models'}."

    async def close(self) -> None:
        await self._connections.close()

    def _choice(self, name: str, settings: Settings, *, runnable: bool = True) -> ModelChoice:
        entry = models.find_model(f"{self.name}:{name}")
        price = picture_price(entry, settings)
        note = "needs a Gemini key" if not runnable else f"${price:g} a picture" if price else "price not known"
        return ModelChoice(entry.id, name, note, runnable)

    def _bare(self, model: str) -> str:
        name = model.removeprefix(f"{self.name}:")
        return KNOWN[0] if name == models.ANY else name

    async def _list(self, settings: Settings) -> tuple[str, ...]:
        async with self._connections.acquire(settings) as connection:

            async def ask() -> list[Any]:
                pager = await connection.sdk.aio.models.list(config={"http_options": {"timeout": _milliseconds(settings)}})
                return [model async for model in pager]

            listed = await translating(ask(), AskedWith("", settings.google_api_key.reveal()))
        able = [model for model in listed if "generateContent" in (model.supported_actions or ())]
        names = [str(model.name).removeprefix("models/") for model in able]
        return tuple(name for name in names if any(mark in name for mark in _DRAWS))


async def _drawn(connection: Connection, request: ImageRequest, model: str, settings: Settings) -> tuple[bytes, Image, int]:
    """The picture as it came, decoded, and the tokens it took. GaveUp where it may have been drawn and did not arrive."""
    image = [{"inline_data": {"data": request.image, "mime_type": "image/png"}}] if request.image else []
    asked: dict[str, Any] = {
        "model": model,
        "contents": [{"role": "user", "parts": [*image, {"text": request.prompt}]}],
        "config": {
            "response_modalities": ["TEXT", "IMAGE"],
            "image_config": {"aspect_ratio": _ratio(request)},
            "http_options": {"timeout": _milliseconds(settings)},
        },
    }
    with ordered_once():
        call = connection.sdk.aio.models.generate_content(**asked)
        answer = await translating(call, AskedWith(model, settings.google_api_key.reveal()))
        content = read_image(answer, model)
        return content, await asyncio.to_thread(read_picture, content), output_tokens(answer)


def _ratio(request: ImageRequest) -> str:
    """The nearest of the shapes that Gemini knows."""

    def distance(ratio: str) -> float:
        width, _, height = ratio.partition(":")
        sides = int(width) * request.height, int(height) * request.width
        return max(sides) / max(1, min(sides))

    return min(RATIOS, key=distance)


def _has_shape(picture: Image, request: ImageRequest) -> bool:
    """Whether it has the shape that was asked for; its exact size is Gemini's."""
    return abs(picture.width * request.height / max(1, picture.height * request.width) - 1) < 0.06


def _milliseconds(settings: Settings) -> int:
    """A little more than our own deadline, which ends it."""
    return int(settings.deadline * 1000) + 1000
