"""What every engine keeps, whatever it draws with: one more engine is one more line in ENGINE_CASES, and none here changes."""

from __future__ import annotations

import asyncio
import base64
import dataclasses
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from gemini_diffusion.config.options import Secret
from gemini_diffusion.config.settings import Settings
from gemini_diffusion.engines import ImageEngine, choose, fallback, open_engines
from gemini_diffusion.engines.gemini.gemini_image_engine import GeminiImageEngine
from gemini_diffusion.engines.hosted.hosted_engine import HostedEngine
from gemini_diffusion.engines.local.local_engine import LocalEngine
from gemini_diffusion.engines.models import PLACES, find_model
from gemini_diffusion.engines.openai.openai_engine import OpenAiEngine
from gemini_diffusion.types import Event, ImageRequest, ImageResult, ModelChoice, Progress, StageFinished, StageStarted
from gemini_diffusion.types.errors import GeminiDiffusionError
from tests.servers import hugging_face as hf
from tests.servers.faults import slow
from tests.servers.gemini import Answer, GeminiServer
from tests.servers.openai_images import ImagesServer, drawn
from tests.servers.picture import Picture
from tests.waiting import patiently, until


@dataclass
class EngineCase:
    """An engine with what it takes to draw: `delay` makes the next drawing a slow one, `wrong` is what it must refuse."""

    engine: ImageEngine
    settings: Settings
    request: ImageRequest
    wrong: ImageRequest
    delay: Callable[[ImageRequest], ImageRequest]
    events: list[Event] = field(default_factory=list)

    async def draw(self, **changes: object) -> ImageResult:
        request = dataclasses.replace(self.request, **changes)  # type: ignore[arg-type]
        return await self.engine.generate(request, self.settings, self.events.append)


@pytest.fixture(scope="module")
def server() -> Iterator[hf.HuggingFaceServer]:
    with hf.HuggingFaceServer() as running:
        yield running


@pytest.fixture(scope="module")
def gemini_server() -> Iterator[GeminiServer]:
    with GeminiServer(respond=Answer(image=Picture.noise(1).png())) as running:
        yield running


@pytest.fixture(scope="module")
def images_server() -> Iterator[ImagesServer]:
    with ImagesServer() as running:
        yield running


def local(model: str, home: Path) -> EngineCase:
    request = ImageRequest("a cat", model, 64, 64, 3, 5.0)
    long = dataclasses.replace(request, num_inference_steps=150)
    return EngineCase(LocalEngine(home), Settings(), request, dataclasses.replace(request, width=65), lambda _: long)


def hosted(server: hf.HuggingFaceServer, settings: Settings) -> EngineCase:
    def delay(request: ImageRequest) -> ImageRequest:
        server.enqueue(slow(hf.picture(), 2))
        return request

    request = ImageRequest("a cat", hf.SD3, 64, 64, 3, 5.0)
    engine = HostedEngine(server.url, server.url)
    return EngineCase(engine, settings, request, dataclasses.replace(request, model="http://127.0.0.1:1/draw"), delay)


def by_provider(request: pytest.FixtureRequest, home: Path) -> EngineCase:
    return hosted(request.getfixturevalue("server"), Settings(hf_token=Secret("hf_visitor"), deadline=30))


def by_address(request: pytest.FixtureRequest, home: Path) -> EngineCase:
    server = request.getfixturevalue("server")
    case = hosted(server, Settings(hf_inference_url=f"{server.url}/draw", deadline=30))
    case.wrong = dataclasses.replace(case.wrong, prompt="refuse this")
    return case


def by_images_api(request: pytest.FixtureRequest, home: Path) -> EngineCase:
    server = request.getfixturevalue("images_server")

    def delay(asked: ImageRequest) -> ImageRequest:
        server.enqueue(slow(drawn, 2))
        return asked

    settings = Settings().replaced({"openai_images_url": server.address, "deadline": 30})
    asked = ImageRequest("a cat", "openai:auto", 64, 64, 3, 5.0)
    return EngineCase(OpenAiEngine(), settings, asked, dataclasses.replace(asked, prompt="refuse this"), delay)


def by_gemini(request: pytest.FixtureRequest, home: Path) -> EngineCase:
    server = request.getfixturevalue("gemini_server")

    def delay(asked: ImageRequest) -> ImageRequest:
        server.enqueue(slow(server.respond, 2))
        return asked

    keyed = {"google_api_key": "AIza-a-visitors-key-0001", "google_base_url": server.url, "engine": "gemini"}
    asked = ImageRequest("a cat", "gemini:gemini-3-pro-image", 64, 64, 28, 3.5)
    wrong = dataclasses.replace(asked, model="gemini:nothing-image")
    return EngineCase(GeminiImageEngine(), Settings().replaced({**keyed, "deadline": 30}), asked, wrong, delay)


ENGINE_CASES: dict[str, Callable[[pytest.FixtureRequest, Path], EngineCase]] = {
    "local-postcard": lambda _, home: local("postcard", home),
    "local-sdxl": lambda request, home: local(str(request.getfixturevalue("sdxl")), home),
    "local-sd15": lambda request, home: local(str(request.getfixturevalue("sd15")), home),
    "openai": by_images_api,
    "gemini": by_gemini,
    "hosted-provider": by_provider,
    "hosted-endpoint": by_address,
}


@pytest.fixture(params=ENGINE_CASES)
async def case(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[EngineCase]:
    made = ENGINE_CASES[request.param](request, tmp_path)
    yield made
    await made.engine.close()


def test_every_engine_of_the_registry_is_held_to_this_contract(tmp_path: Path) -> None:
    engines = open_engines(tmp_path)
    assert set(engines) == {name.partition("-")[0] for name in ENGINE_CASES}
    assert all(isinstance(engine, ImageEngine) and engine.name == name for name, engine in engines.items())
    assert set(PLACES) == set(engines)
    assert {engine.key for engine in engines.values()} - {""} <= set(Settings.table())


@pytest.mark.parametrize(
    ("settings", "model", "chosen"),
    [
        ({}, "", "local"),
        ({"hf_token": "hf-test-token-0000"}, "", "hosted"),
        ({"hf_inference_url": "https://x/y"}, "", "hosted"),
        ({"hf_token": "hf-test-token-0000"}, "postcard", "local"),
        ({}, "black-forest-labs/FLUX.1-schnell", "hosted"),
        ({"hf_token": "hf-test-token-0000", "openai_images_url": "http://x/v1"}, "", "openai"),
        ({"openai_api_key": "sk-test-key-0000"}, "", "local"),
        ({}, "openai:flux", "openai"),
        ({"google_api_key": "AIza-test-key-0000"}, "", "local"),
        ({}, "gemini:gemini-3-pro-image", "gemini"),
    ],
)
def test_a_service_that_is_ready_draws_unless_the_model_decides(
    settings: dict[str, str], model: str, chosen: str, tmp_path: Path
) -> None:
    engines = open_engines(tmp_path)
    assert choose(engines, Settings().replaced(settings), model) == chosen
    assert fallback(engines).name == "local"


async def test_the_picture_has_the_size_asked_for(case: EngineCase) -> None:
    request = case.request
    result = await case.draw()
    assert (result.image.size, result.image.mode) == ((request.width, request.height), "RGB")
    assert (result.request, result.engine) == (request, case.engine.name)
    assert result.seconds > 0


async def test_a_seed_left_open_is_drawn_and_told_and_one_seed_is_one_picture(case: EngineCase) -> None:
    if not case.engine.capabilities(case.request.model, case.settings).seed:
        assert "seed" in (await case.draw(seed=5)).ignored
        return
    first, other = await case.draw(), await case.draw()
    again = await case.draw(seed=first.seed)
    assert 0 <= first.seed < 2**32
    assert first.seed == again.seed != other.seed
    assert first.image.tobytes() == again.image.tobytes() != other.image.tobytes()


async def test_what_is_not_offered_is_named_as_ignored_and_what_is_offered_is_not(case: EngineCase) -> None:
    offered = case.engine.capabilities(case.request.model, case.settings)
    result = await case.draw(negative_prompt="blurry", prompt_2="soft light", scheduler="Euler a")
    for name in ("negative_prompt", "prompt_2", "scheduler"):
        assert (name in result.ignored) != getattr(offered, name), name
    assert set((await case.draw()).ignored) <= {"scheduler"}


async def test_each_stage_begins_ends_and_is_timed(case: EngineCase) -> None:
    await case.draw()
    stages = [event for event in case.events if isinstance(event, StageStarted | StageFinished)]
    names = [(type(event).__name__, event.stage) for event in stages]
    assert names[-2:] == [("StageStarted", "drawing"), ("StageFinished", "drawing")]
    for began, ended in zip(stages[::2], stages[1::2], strict=True):
        assert isinstance(began, StageStarted)
        assert isinstance(ended, StageFinished)
        assert began.stage == ended.stage
        assert ended.seconds > 0
        assert began.text and ended.text
    counts = [event.done for event in case.events if isinstance(event, Progress) and event.stage == "drawing"]
    assert counts == sorted(set(counts))


async def test_stop_returns_at_once_and_the_next_drawing_works(case: EngineCase) -> None:
    begun = asyncio.Event()

    def watch(event: Event) -> None:
        case.events.append(event)
        if isinstance(event, StageStarted) and event.stage == "drawing":
            begun.set()

    request = case.delay(case.request)
    task = asyncio.create_task(case.engine.generate(request, case.settings, watch))
    await until(begun.is_set)
    task.cancel()
    async with patiently("the drawing to stop"):
        with pytest.raises(asyncio.CancelledError):
            await task
    told = len(case.events)
    await case.draw()
    assert not [event for event in case.events[told:] if isinstance(event, Progress) and event.total >= 150]


async def test_what_cannot_be_drawn_is_refused_in_our_own_words(case: EngineCase) -> None:
    nowhere = "http://127.0.0.1:1/"
    case.settings = dataclasses.replace(case.settings, hf_inference_url=nowhere, openai_images_url=nowhere, deadline=0.5)
    with pytest.raises(GeminiDiffusionError) as caught:
        await case.engine.generate(case.wrong, case.settings, case.events.append)
    assert caught.value.message.endswith(".")
    assert caught.value.hint.endswith(".")


async def test_request_and_result_can_be_written_as_json(case: EngineCase) -> None:
    result = await case.draw(seed=5)
    plain = {name: getattr(result, name) for name in ("seed", "engine", "seconds", "ignored", "notices", "scheduler")}
    written = json.loads(
        json.dumps(
            {**plain, "versions": dict(result.versions), "request": dataclasses.asdict(result.request)},
            default=lambda png: base64.b64encode(png).decode(),
        )
    )
    asked: dict[str, Any] = written["request"]
    asked |= {"adapters": (), "finish": (), "image": base64.b64decode(asked["image"]), "mask": base64.b64decode(asked["mask"])}
    assert ImageRequest(**asked) == result.request
    assert all(isinstance(value, str) for value in written["versions"].values())


async def test_four_at_once_are_four_pictures(case: EngineCase) -> None:
    results = await asyncio.gather(*(case.draw(seed=seed) for seed in range(4)))
    assert [result.seed for result in results] == [0, 1, 2, 3]
    alone = [(await case.draw(seed=seed)).image.tobytes() for seed in range(4)]
    assert [result.image.tobytes() for result in results] == alone


async def test_its_models_and_its_state_can_be_asked_without_drawing(case: EngineCase) -> None:
    asked: list[Awaitable[object]] = [case.engine.models(case.settings), case.engine.check(case.settings)]
    models, state = await asyncio.gather(*asked)
    assert isinstance(models, list)
    assert models
    assert all(isinstance(choice, ModelChoice) and choice.id and choice.label for choice in models)
    assert isinstance(state, str)
    assert state.endswith(".")
    assert case.engine.name in find_model(case.engine.default_model(case.settings)).engines


def test_opening_the_engines_imports_none_of_the_large_packages(tmp_path: Path) -> None:
    code = f"""
import sys
from pathlib import Path
from gemini_diffusion.engines import open_engines
from gemini_diffusion.config.settings import Settings
for engine in open_engines(Path({str(tmp_path)!r})).values():
    engine.capabilities(engine.default_model(Settings()), Settings())
print(*({{"torch", "diffusers", "transformers", "huggingface_hub", "httpx2", "PIL"}} & set(sys.modules)))
"""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.split() == []
