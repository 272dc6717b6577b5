"""An engine on a bench: drawn with, watched, and asked what a person would read; for the tests of engines."""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from gemini_diffusion.config.options import Secret
from gemini_diffusion.config.settings import Settings
from gemini_diffusion.engines.hosted.hosted_engine import HostedEngine
from gemini_diffusion.engines.local.local_engine import LocalEngine
from gemini_diffusion.engines.local.pipeline import Pipeline
from gemini_diffusion.engines.local.sampling.batch import BatchItem, DrawnImage
from gemini_diffusion.engines.torch_imports import TorchImports
from gemini_diffusion.engines.worker import WorkerJob
from gemini_diffusion.types import Emit, Event, ImageRequest, ImageResult
from gemini_diffusion.types.errors import GeminiDiffusionError
from tests.servers import hugging_face as hf

REQUEST = ImageRequest("a red fox", hf.SD3, 64, 48, 9, 6.5, negative_prompt="blurry", seed=5)
VISITOR = Settings(hf_token=Secret("hf_visitor"), provider="hf-inference", deadline=20)


@dataclass
class Local:
    """A local engine and what it told meanwhile."""

    engine: LocalEngine
    events: list[Event] = field(default_factory=list)

    async def draw(self, model: Path | str, settings: Settings | None = None, **changes: Any) -> ImageResult:
        request = dataclasses.replace(ImageRequest("a cat", str(model), 64, 64, 3, 5.0, seed=7), **changes)
        return await self.engine.generate(request, settings or Settings(), self.events.append)

    def told(self, kind: Any) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]


class Trap:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)

    def __reduce__(self) -> tuple[Any, ...]:
        return open, (self.path, "w")


def warm_pipeline(local: Local) -> Pipeline:
    """The loaded model that was drawn with last."""
    return list(local.engine._model_cache._warm.values())[-1].pipeline


def out_of_memory(
    packages: TorchImports, times: int = 99, when: Callable[[Any], bool] = lambda given: True
) -> Callable[..., None]:
    """A hook before a layer that fails so many times, as torch does, where `when` says so of what the layer is given."""
    left = [times]

    def fail(_: Any, given: Any) -> None:
        if left[0] and when(given):
            left[0] -= 1
            raise packages.torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")

    return fail


def asked(watcher: Emit = lambda event: None, **changes: Any) -> BatchItem:
    """One picture asked of a pipeline, and whoever waits for it; belongs to the running loop."""
    request = dataclasses.replace(ImageRequest("a cat", "", 64, 64, 3, 5.0, seed=7), **changes)
    return BatchItem(request, request.seed or 0, WorkerJob(asyncio.get_running_loop(), watcher))


def draw_one(pipeline: Pipeline, **changes: Any) -> DrawnImage:
    """The picture that a pipeline makes of a request with these changes, or of an `item`."""
    (outcome,) = pipeline.draw([changes.pop("item", None) or asked(**changes)])
    assert isinstance(outcome, DrawnImage), outcome
    return outcome


@dataclass
class Hosted:
    """A hosted engine before a local server, and what it told meanwhile."""

    server: hf.HuggingFaceServer
    engine: HostedEngine
    events: list[Event] = field(default_factory=list)

    async def draw(self, request: ImageRequest = REQUEST, **settings: Any) -> ImageResult:
        return await self.engine.generate(request, dataclasses.replace(VISITOR, **settings), self.events.append)


@contextmanager
def reading(error: type[GeminiDiffusionError], words: str) -> Iterator[pytest.ExceptionInfo[GeminiDiffusionError]]:
    """Expects an error of which a person reads these words, message and hint in one."""
    with pytest.raises(error) as caught:
        yield caught
    assert words in str(caught.value)


class Clock:
    """Time that passes when it is told to; nothing may be awaited meanwhile, for the event loop asks the same clock."""

    def __init__(self) -> None:
        self.now = 100.0

    def pass_by(self, seconds: float) -> None:
        self.now += seconds


@contextmanager
def own_time() -> Iterator[Clock]:
    clock = Clock()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "monotonic", lambda: clock.now)
        yield clock
