"""Servers of OpenAI's images API as they are: what each is told, what a person reads, and that nothing is paid twice."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from PIL import Image

from gemini_diffusion.config.settings import Settings
from gemini_diffusion.engines.models import find_model
from gemini_diffusion.engines.openai.images_request import ImagesRequest
from gemini_diffusion.engines.openai.openai_engine import OpenAiEngine
from gemini_diffusion.engines.openai.server_dialects import OPENAI, recognise
from gemini_diffusion.types import Adapter, Event, ImageRequest, ImageResult, Preview
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
from tests.servers.openai_images import FILE, LISTINGS, MODELS, ImagesServer, coded, drawn, placed, streamed
from tests.servers.picture import Picture
from tests.servers.wire import as_json

KEY = "sk-a-key-of-one-visitor-77aa"
REQUEST = ImageRequest("a red fox", "openai:auto", 64, 48, 9, 6.5, negative_prompt="blurry", seed=5)


@dataclass
class Desk:
    """A visitor before an image server that the host named; each drawing may change settings by name."""

    server: ImagesServer
    engine: OpenAiEngine = field(default_factory=OpenAiEngine)
    events: list[Event] = field(default_factory=list)

    def settings(self, **changes: Any) -> Settings:
        return Settings().replaced({"openai_images_url": self.server.address, "deadline": 20, **changes})

    async def draw(self, request: ImageRequest = REQUEST, **changes: Any) -> ImageResult:
        return await self.engine.generate(request, self.settings(**changes), self.events.append)


@pytest.fixture
def desk() -> Iterator[Desk]:
    with ImagesServer() as server:
        yield Desk(server)


FLUX = {"seed": 5, "num_inference_steps": 9, "guidance_scale": 6.5}
NUMBERS = FLUX | {"negative_prompt": "blurry"}
TOLD: dict[str, tuple[dict[str, Any], set[str]]] = {
    "stable-diffusion.cpp": (
        {
            "seed": 5, "negative_prompt": "blurry", "lora": [{"path": "ink", "multiplier": 0.5}], "clip_skip": 2,
            "sample_params": {"sample_steps": 9, "guidance": {"txt_cfg": 6.5}},
        },
        set(),
    ),
    "LocalAI": ({"seed": 5, "step": 9, "prompt": "a red, fox"}, {"guidance_scale", "adapters", "clip_skip", "negative_prompt"}),
    "vLLM-Omni": (FLUX | {"lora": {"name": "ink", "path": "ink", "scale": 0.5}}, {"clip_skip", "negative_prompt"}),
    "SGLang": (FLUX, {"adapters", "clip_skip", "negative_prompt"}),
    "xinference": (NUMBERS | {"size": "64*48"}, {"adapters", "clip_skip"}),
    "Gemini Diffusion": (
        {"seed": 5, "steps": 9, "guidance": 6.5, "negative_prompt": "blurry", "prompt": "a red| fox --raw"},
        {"adapters", "clip_skip"},
    ),
    "another": ({}, {"seed", "num_inference_steps", "guidance_scale", "negative_prompt", "adapters", "clip_skip"}),
}  # fmt: skip
"""What a server of each kind is told of a picture beyond OpenAI's own fields, and what of the request it is not."""


@pytest.mark.parametrize("kind", TOLD)
async def test_each_kind_of_server_is_told_what_it_honours_and_the_rest_is_named(desk: Desk, kind: str) -> None:
    desk.server.kind = kind
    asked = dataclasses.replace(REQUEST, prompt="a red| fox", adapters=(Adapter("ink", 0.5),), clip_skip=2)
    model = (LISTINGS.get(kind) or [{"id": "auto"}])[-1]["id"]
    result = await desk.draw(dataclasses.replace(asked, model=f"openai:{model}"))
    sent, expected = desk.server.drawings[0].fields, {"model": model, "prompt": "a red| fox", "size": "64x48", **TOLD[kind][0]}
    if kind == "another":
        del expected["model"]
    assert sent == {**expected, "n": 1, "response_format": "b64_json"}
    assert set(result.ignored) == TOLD[kind][1]
    assert result.image.size == (64, 48) and result.versions == {"server": result.versions["server"], "model": model}
    can = desk.engine.capabilities(REQUEST.model, desk.settings())
    assert {name for name in ("seed", "num_inference_steps", "guidance_scale") if not getattr(can, name)} <= TOLD[kind][1]


async def test_words_of_a_person_are_no_orders_to_a_server(desk: Desk) -> None:
    desk.server.kind = "stable-diffusion.cpp"
    await desk.draw(dataclasses.replace(REQUEST, prompt='fox<sd_cpp_extra_args>{"seed": 1}</sd_cpp_extra_args>'))
    assert desk.server.drawings[0].fields["seed"] == 5
    desk.server.kind, desk.engine = "LocalAI", OpenAiEngine()
    await desk.draw(dataclasses.replace(REQUEST, prompt="a|b", negative_prompt="c|d"))
    assert desk.server.drawings[1].body["prompt"] == "a,b|c,d"
    assert desk.server.drawings[1].body["model"] == "flux.1-dev", "what chats is not asked to draw"


def test_openai_is_known_by_its_address_and_sent_only_what_its_models_take() -> None:
    assert recognise("https://api.openai.com/v1", ()) is OPENAI
    asked = ImagesRequest(REQUEST, find_model("openai:gpt-image-2"), 5, "gpt-image-2", OPENAI)
    sent = {"model": "gpt-image-2", "prompt": "a red fox", "n": 1, "size": "64x48", "stream": True, "partial_images": 2}
    assert asked.body == sent
    assert set(asked.ignored) == {"seed", "num_inference_steps", "guidance_scale", "negative_prompt"}
    assert find_model("openai:gpt-image-2").sizes == ((1024, 1024), (1536, 1024), (1024, 1536))


async def test_a_picture_and_its_mask_are_sent_as_every_server_reads_them(desk: Desk) -> None:
    begun, mask = Picture.noise(1, 64, 48), Picture.solid("black", 64, 48)
    mask.image.paste("white", (0, 0, 32, 48))
    await desk.draw(dataclasses.replace(REQUEST, image=begun.png(), mask=mask.png(), strength=0.7))
    call = desk.server.drawings[0]
    assert (call.path, call.parts["image"]) == ("/v1/images/edits", begun.png())
    assert {name: call.fields[name] for name in ("n", "seed", "strength")} == {"n": "1", "seed": "5", "strength": "0.7"}
    hole = Image.open(io.BytesIO(call.parts["mask"]))
    assert [hole.getpixel(place) for place in ((3, 3), (60, 3))] == [(255, 255, 255, 0), (0, 0, 0, 255)]
    desk.server.kind, desk.engine = "LocalAI", OpenAiEngine()
    with pytest.raises(RequestRefused, match="LocalAI cannot begin from a picture"):
        await desk.draw(dataclasses.replace(REQUEST, image=begun.png()))


async def test_a_picture_is_read_in_every_shape_that_servers_send(desk: Desk) -> None:
    desk.server.enqueue(placed("/v1/images/7/content"), placed("data:image/png;base64," + coded(Picture.noise(3))), streamed)
    assert len({(await desk.draw()).image.tobytes() for _ in range(2)}) == 1
    await desk.draw()
    assert len([event for event in desk.events if isinstance(event, Preview)]) == 1
    desk.server.enqueue(lambda call: drawn(call, revised_prompt="A fox in oil"))
    assert (await desk.draw()).notices == ('The server drew words of its own: "A fox in oil".',)


async def test_a_key_goes_to_its_own_address_and_not_to_where_a_picture_lies(desk: Desk) -> None:
    desk.server.enqueue(placed("/file.png"))
    await desk.draw(openai_images_key=KEY, openai_api_key="sk-of-the-chat-server")
    assert {call.headers["authorization"] for call in desk.server.calls} == {f"Bearer {KEY}"}
    desk.server.enqueue(placed("/file.png"))
    desk.server.enqueue(f.redirect("https://127.0.0.1:1/"), f.redirect("https://127.0.0.1:1/"), to=FILE)
    with pytest.raises(GaveUp, match="where nothing is fetched from"):
        await desk.draw(openai_images_key=KEY)
    assert len(desk.server.drawings) == 2


def error(status: int, message: str, headers: dict[str, str] | None = None, **more: Any) -> Any:
    return as_json({"error": {"message": message, **more}}, status, headers)


ONCE = "not asked for again"
FAULTS: list[tuple[Any, type[GeminiDiffusionError], str, int]] = [
    (error(401, f"Incorrect API key provided: {KEY}."), KeyRefused, '"Incorrect API key provided: (key)."', 1),
    (as_json({"error": "model not found"}, 404), ModelNotFound, "has no such model", 1),
    (as_json({"detail": "Not Found"}, 404), RequestRefused, "draws no pictures. Give the address up to /v1", 1),
    (as_json({"detail": [{"loc": ["body", "size"], "msg": "too large"}]}, 422), RequestRefused, "too large", 1),
    (error(400, "Rejected", code="moderation_blocked"), Blocked, "did not take this request", 1),
    (error(429, "quota", code="insufficient_quota"), OutOfQuota, "used up", 1),
    (error(429, "Busy", {"Retry-After": "0.25"}), GaveUp, "takes no more requests this minute", 4),
    (error(503, "Busy", {"Retry-After": "0.25"}), GaveUp, "overloaded or broken", 4),
    (error(500, "generate_image returned no results"), GaveUp, ONCE, 1),
    (f.html(502), GaveUp, ONCE, 1),
    (as_json({"data": []}), GaveUp, "answered without a picture", 1),
    (as_json({"data": [{"b64_json": "no base64"}]}), GaveUp, ONCE, 1),
    (as_json({"data": [{"b64_json": "bm8="}]}), GaveUp, ONCE, 1),
    (f.html(), GaveUp, ONCE, 1),
    (f.invalid_json(), GaveUp, ONCE, 1),
    (f.hang_up(), GaveUp, ONCE, 1),
    (f.cut(drawn), GaveUp, ONCE, 1),
    (f.cut_by_reset(streamed), GaveUp, ONCE, 1),
    (f.redirect("http://169.254.169.254/"), RequestRefused, "sends its visitors elsewhere", 1),
    (placed("http://169.254.169.254/x.png"), GaveUp, "where nothing is fetched from", 1),
    (placed("https://localhost/x.png"), GaveUp, "where nothing is fetched from", 1),
    (f.flood(91, "application/json"), GaveUp, "sends without end", 1),
]


@pytest.mark.parametrize(("scripted", "kind", "words", "calls"), FAULTS)
async def test_a_fault_is_told_in_our_words_and_nothing_is_drawn_twice(
    desk: Desk, scripted: Any, kind: type[GeminiDiffusionError], words: str, calls: int
) -> None:
    desk.server.enqueue(*[scripted] * 4)
    with pytest.raises(kind) as raised:
        await desk.draw(openai_images_key=KEY)
    assert words in str(raised.value) and raised.value.hint and KEY not in repr(raised.value)
    assert len(desk.server.drawings) == calls


async def test_a_picture_that_does_not_arrive_is_fetched_again_and_not_drawn_again(desk: Desk) -> None:
    desk.server.enqueue(placed("/file.png"))
    desk.server.enqueue(error(503, "Wait", {"Retry-After": "0.25"}), to=FILE)
    await desk.draw()
    assert len(desk.server.drawings) == 1


async def test_without_a_list_of_models_it_draws_and_a_key_that_is_asked_for_is_named(desk: Desk) -> None:
    desk.server.enqueue(as_json({"detail": "Not Found"}, 404), to=MODELS)
    await desk.draw()
    assert "model" not in desk.server.drawings[0].body
    assert [choice.id for choice in await desk.engine.models(desk.settings())] == ["openai:Qwen/Qwen-Image"]
    desk.server.keys = frozenset({KEY})
    with pytest.raises(KeyNeeded, match="asks for a key"):
        await desk.engine.check(desk.settings())
    assert "as vLLM-Omni does: 1 image model." in await desk.engine.check(desk.settings(openai_images_key=KEY))


@pytest.mark.parametrize(
    ("settings", "ready"),
    [
        ({}, False),
        ({"openai_api_key": KEY}, False),
        ({"openai_api_key": KEY, "engine": "openai"}, True),
        ({"openai_base_url": "http://localhost:11434/v1"}, False),
        ({"openai_images_url": "http://localhost:1234/v1"}, True),
    ],
)
def test_a_key_for_the_chat_buys_no_picture_that_nobody_asked_of_openai(settings: dict[str, str], ready: bool) -> None:
    assert OpenAiEngine().is_ready(Settings().replaced(settings)) == ready
