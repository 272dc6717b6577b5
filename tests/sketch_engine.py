"""An engine that draws at once and without a model: a real sibling for tests of what stands above the engines."""

from __future__ import annotations

import asyncio
import io
from collections import deque

from PIL import Image

from gemini_diffusion.config.settings import Settings
from gemini_diffusion.engines import ImageEngine
from gemini_diffusion.types import (
    Capabilities,
    Emit,
    EncoderUsage,
    ImageRequest,
    ImageResult,
    ModelChoice,
    Preview,
    Progress,
    StageFinished,
    StageStarted,
    TokenUsage,
    Waiting,
)
from gemini_diffusion.types.errors import GeminiDiffusionError


def so_far(request: ImageRequest, step: int) -> bytes:
    """The preview after a step."""
    shade = 255 * step // request.num_inference_steps
    content = io.BytesIO()
    Image.new("RGB", (request.width // 8, request.height // 8), (shade, shade, shade)).save(content, "JPEG")
    return content.getvalue()


class SketchEngine(ImageEngine):
    """Paints its seed as a colour. One that is `able` can do all there is: it tints what it begins from, where it is marked.

    `enqueue` scripts the next drawings: an error to raise, or None to draw.

    `pause_at` holds every drawing after that step until it is set free with `resume` or `go_on_to` another. With `previews`
    each step shows how the picture looks so far, a little brighter than the last.
    """

    def __init__(self, name: str = "local", model: str = "postcard", *, previews: bool = False, able: bool = False) -> None:
        self.name = name
        self.key = "hf_token" if name == "hosted" else ""
        self.paid_by = ("hf_token", "hf_inference_url") if self.key else ()
        self._able = able
        self.history: list[tuple[ImageRequest, Settings]] = []
        self._model = model
        self._previews = previews
        self._script: deque[GeminiDiffusionError | None] = deque()
        self._open = asyncio.Event()
        self._open.set()
        self._pause_at = 0
        self._ahead = 0
        self._asleep = False
        self._moved = asyncio.Event()

    def enqueue(self, *steps: GeminiDiffusionError | None) -> None:
        self._script.extend(steps)

    def pause_at(self, step: int) -> None:
        self._pause_at = step
        self._open.clear()

    def go_on_to(self, step: int) -> None:
        """Sets free what is held and holds it again after that step, with nothing in between."""
        self._open.set()
        self.pause_at(step)

    def resume(self) -> None:
        self._open.set()

    def queue_behind(self, others: int) -> None:
        """Lets the next drawings wait for so many others, who go one by one with `move_up`."""
        self._ahead = others

    def move_up(self) -> None:
        self._ahead -= 1
        self._moved.set()

    def wake_slowly(self) -> None:
        """The next drawings wait, as for a model that has to be loaded first, until they are given up."""
        self._asleep = True

    def capabilities(self, model: str, settings: Settings) -> Capabilities:
        if not self._able:
            return Capabilities()
        return Capabilities(
            adapters=True, refine=True, image=True, mask=True, tile=True, hd=True, clip_skip=True, weights=True, prompt_2=True,
        )  # fmt: skip

    def is_ready(self, settings: Settings) -> bool:
        return not self.key or bool(settings.hf_token or settings.hf_inference_url)

    def default_model(self, settings: Settings) -> str:
        return self._model

    def count_tokens(self, model: str, text: str) -> int | None:
        return len(text.split()) + 2

    def meter(self, model: str, text: str) -> TokenUsage:
        return TokenUsage((EncoderUsage("words", len(text.split()) + 2),))

    def estimate(self, request: ImageRequest) -> float | None:
        return 2.0 * request.num_inference_steps

    def check_request(self, request: ImageRequest, settings: Settings) -> None:
        """Everything can be sketched."""

    async def generate(self, request: ImageRequest, settings: Settings, emit: Emit) -> ImageResult:
        self.history.append((request, settings))
        error = self._script.popleft() if self._script else None
        await self._wait(emit)
        emit(StageStarted("drawing", "Drawing"))
        for step in range(1, request.num_inference_steps + 1):
            emit(Progress("drawing", step, request.num_inference_steps))
            if self._previews:
                emit(Preview(so_far(request, step)))
            if step == self._pause_at:
                await self._open.wait()
            await asyncio.sleep(0)
        if error:
            raise error
        seed = request.seed if request.seed is not None else 4242 + len(self.history)
        emit(StageFinished("drawing", f"Drew it, {request.num_inference_steps} steps", 0.01))
        image = _painted(request, (seed % 256, seed // 256 % 256, 90))
        return ImageResult(image, request, seed, self.name, 0.01, scheduler="Euler", versions={"sketch": "1"})

    async def _wait(self, emit: Emit) -> None:
        if self._asleep:
            emit(Waiting("The model is waking up", 14, 1))
            await asyncio.Event().wait()
        waited = self._ahead > 0
        while self._ahead:
            emit(StageStarted("waiting", f"Waiting, {self._ahead} before this one"))
            self._moved.clear()
            await self._moved.wait()
        if waited:
            emit(StageFinished("waiting", "Waited", 0.01))

    async def models(self, settings: Settings) -> list[ModelChoice]:
        return [ModelChoice(self._model, self._model)]

    async def check(self, settings: Settings) -> str:
        return "Draws sketches."

    async def close(self) -> None:
        self.resume()


def _painted(request: ImageRequest, colour: tuple[int, int, int]) -> Image.Image:
    """The colour all over; or over the picture it begins from, as far as it is to move away from that, where it is marked."""
    size = (request.width, request.height)
    painted = Image.new("RGB", size, colour)
    if request.image:
        before = Image.open(io.BytesIO(request.image)).convert("RGB").resize(size)
        mask = Image.open(io.BytesIO(request.mask)).resize(size) if request.mask else Image.new("L", size, 255)
        painted = Image.composite(Image.blend(before, painted, request.strength), before, mask)
    return painted.resize((2 * size[0], 2 * size[1])) if request.hd else painted
