"""What every test stands on: no key of this machine, no telemetry, one torch thread, folders that are thrown away."""

from __future__ import annotations

import gc
import os
import sys
import tempfile
from collections import Counter
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from xdist.remote import Producer
    from xdist.scheduler import LoadFileScheduling

    from gemini_diffusion.engines.torch_imports import TorchImports
    from tests.engine_harness import Hosted, Local
    from tests.gemini_harness import Gemini
    from tests.local_services import StandIns
    from tests.servers.hugging_face import HuggingFaceServer

_KEYS = (
    "GOOGLE_API_KEY", "GEMINI_API_KEY", "HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "GOOGLE_GEMINI_BASE_URL", "HF_INFERENCE_URL",
    "OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_IMAGES_API_KEY", "OPENAI_IMAGES_BASE_URL",
)  # fmt: skip

# Libraries read these once, when they are first imported, so they stand here and not in a fixture.
for _name in [*_KEYS, "HF_ENDPOINT", "HF_HUB_OFFLINE", *(name for name in os.environ if name.startswith("GEMINI_DIFFUSION_"))]:
    os.environ.pop(_name, None)
os.environ["HF_HOME"] = tempfile.mkdtemp(prefix="hf-home-")
os.environ["GRADIO_TEMP_DIR"] = tempfile.mkdtemp(prefix="gradio-")
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["OMP_NUM_THREADS"] = "1"
os.environ["NO_PROXY"] = "127.0.0.1,localhost"


BROWSER = "tests/browser/"
"""Where the tests share one Chromium and its windows."""
HALF = f"{BROWSER}test_p"
"""Half of the browser's tests are in files before this name."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long comes first, so that nobody waits for it at the end: the browser, then the files of few, long tests."""
    counts = Counter(item.path for item in items)
    items.sort(key=lambda item: (not item.nodeid.startswith(BROWSER), counts[item.path], item.path))


def pytest_runtest_setup() -> None:
    """What torch and its company hold stays to the end: a collection need not look through it again, 0.3 s each time."""
    if "diffusers" in sys.modules:
        _freeze()


@cache
def _freeze() -> None:
    """Once, and not while gc.get_freeze_count() is 0: that walks through all that is frozen, 0.06 s before each test."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling:
    """Each file in one process, in this order; what drives the browser in two, each with a Chromium for its half of them."""
    from xdist.scheduler import LoadFileScheduling

    class InOrder(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file: str = super()._split_scope(nodeid)
            half = "first half" if file < HALF else "second half"
            return BROWSER + half if file.startswith(BROWSER) else file

    config.option.loadscopereorder = False
    return InOrder(config, log)


@pytest.fixture(scope="session")
def packages() -> TorchImports:
    """torch and diffusers, as the local engine opens them."""
    from gemini_diffusion.engines.torch_imports import import_torch

    return import_torch()


@pytest.fixture(scope="session")
def sdxl(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny SDXL with random weights; nobody writes into it."""
    from tests.tiny_sdxl import build_sdxl

    return build_sdxl(tmp_path_factory.mktemp("models") / "tiny-sdxl")


@pytest.fixture(scope="session")
def sd15(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny Stable Diffusion 1.5 with random weights; nobody writes into it."""
    from tests.tiny_sdxl import build_sd15

    return build_sd15(tmp_path_factory.mktemp("models") / "tiny-sd15")


@pytest.fixture
async def local(tmp_path: Path) -> AsyncIterator[Local]:
    """The engine of this machine over an empty data folder, watched."""
    from gemini_diffusion.engines.local.local_engine import LocalEngine
    from tests.engine_harness import Local

    made = Local(LocalEngine(tmp_path / "home"))
    yield made
    await made.engine.close()


@pytest.fixture
def hub() -> Iterator[HuggingFaceServer]:
    """Hugging Face, stood in for."""
    from tests.servers.hugging_face import HuggingFaceServer

    with HuggingFaceServer() as server:
        yield server


@pytest.fixture
def hosted(hub: HuggingFaceServer) -> Hosted:
    """The hosted engine before it, with a visitor's token."""
    from gemini_diffusion.engines.hosted.hosted_engine import HostedEngine
    from tests.engine_harness import Hosted

    return Hosted(hub, HostedEngine(hub.url, hub.url))


@pytest.fixture
async def gemini() -> AsyncIterator[Gemini]:
    """Gemini's chat model before a local server, with a visitor's key."""
    from tests.gemini_harness import Gemini
    from tests.servers.gemini import GeminiServer

    with GeminiServer() as server:
        made = Gemini(server)
        yield made
        await made.model.close()


@pytest.fixture(scope="module")
def services() -> Iterator[StandIns]:
    """Gemini and Hugging Face, stood in for, for as long as one file of tests runs."""
    from tests.local_services import StandIns

    with StandIns() as both:
        yield both
