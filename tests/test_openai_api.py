"""The app as a server of OpenAI's API, as the official client asks it: one app, one token, what it draws, says and refuses."""

from __future__ import annotations

import asyncio
import base64
import dataclasses
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest
from PIL import Image
from starlette.applications import Starlette

from gemini_diffusion.chat_models.builtin import BuiltinChatModel
from gemini_diffusion.commands import Flags
from gemini_diffusion.config.settings import Settings
from gemini_diffusion.generation.services import Services
from gemini_diffusion.generation.visitors import Visitors
from gemini_diffusion.storage.gallery import Gallery, read_recipe
from gemini_diffusion.types import Aspect
from gemini_diffusion.types.errors import BadInput
from gemini_diffusion.web.openai_api.openai_routes import make_key, openai_routes
from gemini_diffusion.web.openai_api.picture_call import read_call
from tests.app_process import AppHere
from tests.local_services import Held, StandIns, drawn
from tests.servers.gemini import reply
from tests.servers.hugging_face import credits_exhausted
from tests.servers.picture import Picture
from tests.sketch_engine import SketchEngine
from tests.waiting import until

KEY = "a-token-of-the-host-0001"


@pytest.fixture(autouse=True)
def as_on_the_first_day(services: StandIns) -> None:
    services.forget()


@pytest.fixture(scope="module")
def app(services: StandIns, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppHere]:
    flags = ("--api-key", KEY, "--auth", "ada:love lace")
    with AppHere(tmp_path_factory.mktemp("api"), flags, services.environment) as running:
        yield running


@pytest.fixture
def client(app: AppHere) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{app.url}/v1", api_key=KEY, timeout=60) as opened:
        yield opened


def pixels(coded: str | None) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(coded or "")))


def test_a_picture_comes_with_its_crafted_prompt_and_its_recipe(
    services: StandIns, app: AppHere, client: openai.OpenAI
) -> None:
    more = {"seed": 5, "negative_prompt": "people, cars", "steps": 12, "guidance": 4.5}
    answer = client.images.generate(
        model="gpt-image-1", prompt="a fox", n=2, size="1536x1024", quality="high", response_format="b64_json", extra_body=more
    )
    first, second = (entry.model_dump() for entry in answer.data or ())
    assert [(entry["seed"], entry["size"]) for entry in (first, second)] == [(5, "1216x832"), (6, "1216x832")]
    assert "fox" in first["revised_prompt"] and len(first["revised_prompt"]) > len("a fox")
    assert first["ignored"] == ["quality"]
    assert pixels(first["b64_json"]).size == (1216, 832)
    sent = services.hub.drawings[0].parameters
    assert (sent["num_inference_steps"], sent["guidance_scale"]) == (12, 4.5) and "people, cars" in sent["negative_prompt"]
    kept = [read_recipe(path) for path in app.home.glob("pictures/*/*.png")]
    assert first["recipe"]["line"] in {recipe.line for recipe in kept}


def test_an_address_leads_to_the_picture_without_a_token_and_no_other_does(client: openai.OpenAI) -> None:
    answer = client.images.generate(prompt="a fox --seed 3", response_format="url")
    place = answer.data[0].url if answer.data else None
    assert place
    with httpx2.Client(trust_env=False) as browser:
        got = browser.get(place)
        assert (got.headers["content-type"], Image.open(io.BytesIO(got.content)).format) == ("image/png", "PNG")
        assert browser.get(place[:-5] + ("0" if place[-5] != "0" else "1") + ".png").status_code == 404


async def test_an_edit_begins_from_the_picture_and_is_seen_on_the_way(tmp_path: Path) -> None:
    begun, mask = Picture.solid("#4060c0", 128, 128), Image.new("RGBA", (128, 128), (0, 0, 0, 255))
    mask.paste((0, 0, 0, 0), (0, 0, 64, 128))
    hole = io.BytesIO()
    mask.save(hole, "PNG")
    engine = SketchEngine(previews=True, able=True)
    services = Services({"builtin": BuiltinChatModel()}, {"local": engine}, Gallery(tmp_path / "pictures"))
    visitors = Visitors(services, Settings(home=str(tmp_path)), lends=True, owner=True)
    transport = httpx2.ASGITransport(Starlette(routes=openai_routes(visitors, KEY)))
    http = httpx2.AsyncClient(transport=transport)
    asked: dict[str, Any] = {"image": [begun.png()], "mask": hole.getvalue(), "prompt": "a red house", "model": "postcard"}
    async with openai.AsyncOpenAI(base_url="http://here/v1", api_key=KEY, http_client=http) as program:
        told = await program.images.edit(**asked, stream=True, partial_images=2, extra_body={"seed": 3})
        events = [event async for event in told]
    assert [event.type for event in events] == ["image_edit.partial_image"] * 2 + ["image_edit.completed"]
    assert [pixels(event.b64_json).format for event in events] == ["JPEG", "JPEG", "PNG"]
    edited = pixels(events[-1].b64_json).convert("RGB")
    assert edited.getpixel((100, 9)) == (0x40, 0x60, 0xC0) != edited.getpixel((9, 9))


def test_chat_hears_the_whole_conversation_and_can_be_read_as_it_grows(services: StandIns, client: openai.OpenAI) -> None:
    picture = {"url": "data:image/png;base64," + base64.b64encode(Picture.noise(1).png()).decode()}
    said: list[Any] = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "My cat is called Pixel."},
        {"role": "assistant", "content": "Hello, Pixel."},
        {
            "role": "user",
            "content": [{"type": "text", "text": "Is this it?"}, {"type": "image_url", "image_url": picture}],
        },
    ]
    services.gemini.enqueue(reply("A ", "cat."), reply("A ", "cat."))
    whole = client.chat.completions.create(model="auto", messages=said, max_tokens=300)
    assert whole.choices[0].message.content == "A cat." and whole.choices[0].finish_reason == "stop"
    chunks = list(client.chat.completions.create(model="auto", messages=said, stream=True))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "A cat." and len(chunks) >= 3
    asked = services.gemini.generations[0]
    assert (
        len(asked.turns) == 3 and asked.system_text == "Be brief." and asked.body["generationConfig"]["maxOutputTokens"] == 300
    )


def test_what_can_be_asked_for_is_listed_and_found_by_name(client: openai.OpenAI) -> None:
    listed = {entry.id: entry.model_dump() for entry in client.models.list()}
    assert {listed[name]["model_type"] for name in ("postcard",)} == {"image"}
    assert "LLM" in {entry["model_type"] for entry in listed.values()}
    assert client.models.retrieve("postcard").owned_by == "gemini-diffusion"
    with pytest.raises(openai.NotFoundError, match="There is no model called nothing"):
        client.models.retrieve("nothing")


def test_nobody_without_the_token_gets_in(app: AppHere) -> None:
    for key in ("another-token-of-0000", KEY[:-1], KEY + "1"):
        with openai.OpenAI(base_url=f"{app.url}/v1", api_key=key) as stranger, pytest.raises(openai.AuthenticationError):
            stranger.images.generate(prompt="a fox")
    with httpx2.Client(base_url=app.url, trust_env=False) as browser:
        basic = {"authorization": "Basic " + base64.b64encode(b"ada:love lace").decode()}
        for method, path in (("GET", "/v1/models"), ("POST", "/v1/images/edits"), ("POST", "/v1/chat/completions")):
            assert browser.request(method, path, headers=basic, content=b"").status_code == 401
        assert browser.post("/v1/embeddings", content=b"{}").status_code == 404


def test_a_failure_says_what_the_window_says_and_is_asked_for_once(services: StandIns, client: openai.OpenAI) -> None:
    services.hub.enqueue(*[credits_exhausted()] * 3)
    with pytest.raises(openai.APIStatusError) as raised:
        client.images.generate(prompt="a fox")
    assert raised.value.status_code == 402 and "credit" in raised.value.message and len(services.hub.drawings) == 1
    services.hub.enqueue(credits_exhausted())
    with pytest.raises(openai.APIError, match="credit"):
        list(client.images.generate(prompt="a fox", stream=True))


BAD: list[tuple[dict[str, Any], str]] = [
    ({}, "There is nothing to draw"),
    ({"prompt": "a fox", "n": 9}, "n cannot be"),
    ({"prompt": "a fox", "n": "many"}, "n cannot be"),
    ({"prompt": "a fox", "size": "large"}, "size cannot be"),
    ({"prompt": "a fox", "steps": 1e9}, "steps cannot be"),
    ({"prompt": "a fox", "seed": 2**32}, "seed cannot be"),
    ({"prompt": "a" * 20_001}, "20,001 characters long"),
]


@pytest.mark.parametrize(("fields", "said"), BAD)
def test_what_cannot_be_meant_is_refused_in_words(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        read_call(fields)


SENT: dict[str, dict[str, Any]] = {
    "Open WebUI": {"model": "dall-e-2", "n": 1, "size": "auto", "response_format": "b64_json"},
    "LibreChat": {"model": "gpt-image-1", "background": "auto", "output_format": "png", "quality": "auto", "size": "auto"},
    "nulls": {"n": None, "size": None, "seed": None, "background": None},
    "a random seed": {"seed": -1, "model": "auto"},
}
"""What programs send that mean nothing by it."""


@pytest.mark.parametrize("program", SENT)
def test_what_says_nothing_changes_nothing(program: str) -> None:
    call = read_call({"prompt": "a fox", **SENT[program]})
    assert dataclasses.replace(call.command.flags, count=None) == Flags() and call.ignored == ()


def test_a_size_in_two_fields_and_flags_in_the_prompt_are_read() -> None:
    flags = read_call({"prompt": "a fox --seed 7 --ar 1:1", "width": 1216, "height": 832, "cfg": "4.5"}).command.flags
    assert (flags.seed, flags.cfg, flags.aspect) == (7, 4.5, Aspect(19, 13))


async def test_who_goes_away_has_nothing_drawn(services: StandIns, app: AppHere) -> None:
    held = Held(drawn)
    services.hub.enqueue(held)
    async with httpx2.AsyncClient(trust_env=False, headers={"authorization": f"Bearer {KEY}"}, timeout=60) as program:
        asked = asyncio.create_task(program.post(f"{app.url}/v1/images/generations", json={"prompt": "a fox"}))
        await until(lambda: bool(services.hub.drawings))
        asked.cancel()
        await until(lambda: services.hub.drawings[0].disconnected)
    held.let_go()


@pytest.mark.parametrize("body", [b"", b"[]", b"no json", b'{"messages": "hi"}', b'{"prompt": "a fox", "size": []}'])
def test_a_body_that_is_none_is_refused_in_openais_shape(app: AppHere, body: bytes) -> None:
    path = "chat/completions" if b"messages" in body else "images/generations"
    with httpx2.Client(trust_env=False, headers={"authorization": f"Bearer {KEY}"}) as program:
        got = program.post(f"{app.url}/v1/{path}", content=body)
    assert got.status_code == 400 and json.loads(got.text)["error"]["message"].endswith(".")


@pytest.mark.parametrize("key", ["short", "sixteen letters é"])
def test_a_token_that_is_easily_guessed_is_not_taken(key: str) -> None:
    with pytest.raises(BadInput, match="--api-key needs 16"):
        make_key(key)
    assert len(make_key(None)) >= 32 and make_key(None) != make_key(None)
