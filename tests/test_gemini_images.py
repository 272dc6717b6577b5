"""Gemini's image models: what is sent, what each refusal says, what a picture costs, and that none is paid twice."""

from __future__ import annotations

import base64
import dataclasses
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from gemini_diffusion.config.settings import Settings
from gemini_diffusion.engines.gemini.gemini_image_engine import GeminiImageEngine
from gemini_diffusion.types import Adapter, ImageRequest, ImageResult, ignore
from gemini_diffusion.types.errors import (
    Blocked,
    GaveUp,
    GeminiDiffusionError,
    KeyNeeded,
    KeyRefused,
    ModelNotFound,
    OutOfQuota,
    RequestRefused,
)
from tests.servers import faults as f
from tests.servers import gemini as g
from tests.servers.picture import Picture

PNG = Picture.noise(1, 96, 64).png()
REQUEST = ImageRequest("a red fox", "gemini:gemini-3-pro-image", 1248, 832, 28, 3.5)


@dataclass
class Desk:
    """A visitor before Gemini; each drawing may change settings by name."""

    server: g.GeminiServer
    engine: GeminiImageEngine = field(default_factory=GeminiImageEngine)

    async def draw(self, request: ImageRequest = REQUEST, **changes: Any) -> ImageResult:
        return await self.engine.generate(request, self.settings(**changes), ignore)

    def settings(self, **changes: Any) -> Settings:
        keyed = {"google_api_key": "AIza-a-visitors-key-0001", "google_base_url": self.server.url, "deadline": 20}
        return Settings().replaced({**keyed, **changes})


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    with g.GeminiServer(respond=g.Answer(("Here it is.",), image=PNG)) as server:
        opened = Desk(server)
        yield opened
        await opened.engine.close()


async def test_words_a_shape_and_a_picture_are_sent_and_the_rest_is_named(desk: Desk) -> None:
    asked = dataclasses.replace(REQUEST, image=PNG, seed=5, clip_skip=2, adapters=(Adapter("ink"),))
    result = await desk.draw(asked)
    body = desk.server.generations[0].body
    picture, words = body["contents"][0]["parts"]
    assert words == {"text": "a red fox"}
    assert base64.urlsafe_b64decode(picture["inlineData"]["data"]) == PNG
    assert body["generationConfig"] == {"responseModalities": ["TEXT", "IMAGE"], "imageConfig": {"aspectRatio": "3:2"}}
    assert sorted(result.ignored) == ["adapters", "clip_skip", "seed"], "each once"
    assert result.image.size == (96, 64) and result.versions["model"] == "gemini-3-pro-image"
    square = await desk.draw(dataclasses.replace(REQUEST, width=1024, height=1024))
    assert "The service drew 96 x 64 pixels instead of 1024 x 1024." in square.notices


async def test_a_picture_comes_with_its_price_which_the_host_can_set(desk: Desk) -> None:
    assert (await desk.draw()).notices == ("This picture costs $0.134.",)
    assert (await desk.draw(lend_prices="gemini:gemini-3-*=0.2")).notices == ("This picture costs $0.2.",)
    listed = {choice.label: choice.note for choice in await desk.engine.models(desk.settings())}
    assert listed == {"gemini-3-pro-image": "$0.134 a picture", "gemini-nano-banana-2.1": "price not known"}
    assert all(not choice.runnable for choice in await desk.engine.models(Settings()))
    assert await desk.engine.check(desk.settings()) == "The key works: 2 image models."


ONCE = "not asked for again"
FAULTS: list[tuple[Any, type[GeminiDiffusionError], str, int]] = [
    (g.blocked_prompt("IMAGE_SAFETY"), Blocked, "did not take this request: the picture it describes is not allowed", 1),
    (g.blocked_answer("IMAGE_SAFETY"), Blocked, "withheld the picture: the picture it describes is not allowed", 1),
    (g.blocked_answer("IMAGE_RECITATION"), Blocked, "it would copy a known picture", 1),
    (g.blocked_answer("NO_IMAGE", "A fox is an animal."), RequestRefused, 'answered in words: "A fox is an animal."', 1),
    (g.reply("I cannot draw that."), RequestRefused, 'answered in words: "I cannot draw that."', 1),
    (g.no_candidates(), GaveUp, "drew no picture", 1),
    (g.Answer(image=b"no picture"), GaveUp, ONCE, 1),
    (g.not_in_free_tier(), OutOfQuota, "not among the models this key may use for free", 1),
    (g.invalid_key(), KeyRefused, "does not accept this key", 1),
    (g.model_not_found("gemini-3-pro-image"), ModelNotFound, "no Gemini model called 'gemini-3-pro-image'", 1),
    (g.too_many_requests_per_minute(60), GaveUp, "no more requests this minute", 1),
    (f.hang_up(), GaveUp, ONCE, 1),
    (f.cut(g.Answer(image=PNG)), GaveUp, ONCE, 1),
    (f.html(), GaveUp, ONCE, 1),
    (f.flood(65, "application/json"), GaveUp, ONCE, 1),
    (f.gzip_bomb(1), GaveUp, ONCE, 1),
]


@pytest.mark.parametrize(("scripted", "kind", "words", "calls"), FAULTS)
async def test_a_fault_is_told_in_our_words_and_no_picture_is_paid_twice(
    desk: Desk, scripted: Any, kind: type[GeminiDiffusionError], words: str, calls: int
) -> None:
    desk.server.enqueue(*[scripted] * 3)
    with pytest.raises(kind) as raised:
        await desk.draw(deadline=3)
    assert words in str(raised.value) and raised.value.hint and len(desk.server.generations) == calls


async def test_without_a_key_nothing_is_asked_and_a_key_alone_draws_nothing_unasked(desk: Desk) -> None:
    with pytest.raises(KeyNeeded):
        await desk.draw(google_api_key="")
    assert not desk.server.calls and not desk.engine.is_ready(desk.settings())
    assert desk.engine.is_ready(desk.settings(engine="gemini"))
