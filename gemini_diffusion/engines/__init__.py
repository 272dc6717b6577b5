"""The family of engines that draw: the one Protocol they share and the literal registry; knows no window and no session.

To add an engine: one file here, one line in `open_engines`, one line in the contract test that every engine passes.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol, runtime_checkable

from gemini_diffusion.config.settings import Settings
from gemini_diffusion.engines.models import find_model
from gemini_diffusion.types import AdapterChoice, Capabilities, Emit, ImageRequest, ImageResult, ModelChoice, TokenUsage


@runtime_checkable
class ImageEngine(Protocol):
    """Something that draws. One instance serves all visitors: the key comes with each call's settings.

    `key` is the setting that holds the key it draws with, "" for one that needs none and draws on this machine.
    """

    name: str
    key: str

    def is_ready(self, settings: Settings) -> bool:
        """Whether the settings hold what it needs; nothing is loaded or asked."""
        ...

    def capabilities(self, model: str, settings: Settings) -> Capabilities:
        """What it can do with `model`; pure and quick, nothing is loaded or asked."""
        ...

    def default_model(self, settings: Settings) -> str:
        """The catalogue id, hub id or address it draws with when the person chose none; pure and quick."""
        ...

    def count_tokens(self, model: str, text: str) -> int | None:
        """How many tokens the model's encoder makes of `text`, specials included; None where it cannot be told cheaply."""
        ...

    def meter(self, model: str, text: str) -> TokenUsage:
        """How a prompt fills each of the model's encoders; estimated where no tokenizer of it is here."""
        ...

    def adapters(self) -> list[AdapterChoice]:
        """The LoRAs and textual inversions that are here, heads read only; empty where the engine takes none."""
        ...

    def estimate(self, request: ImageRequest) -> float | None:
        """Seconds the drawing will take, by what was drawn before; None where nothing is known of its like."""
        ...

    def check_request(self, request: ImageRequest, settings: Settings) -> None:
        """Raises what can be known to fail before a prompt is crafted: nothing is loaded and nobody is asked."""
        ...

    async def generate(self, request: ImageRequest, settings: Settings, emit: Emit) -> ImageResult:
        """One picture; on the way StageStarted/StageFinished (downloading, loading, drawing), Progress, Waiting.

        What it cannot honour is named in `ImageResult.ignored`, never dropped in silence. Raises errors of errors.py.
        Cancelling the task ends the drawing within one step, and the next request works.
        """
        ...

    def prepare(self, settings: Settings) -> None:
        """A person may soon draw: loads what that needs, once, in the background. Never raises; most have nothing to load."""
        ...

    async def models(self, settings: Settings) -> list[ModelChoice]:
        """What can be chosen, live where possible; a fallback list otherwise, never an error for no key."""
        ...

    async def check(self, settings: Settings) -> str:
        """What is there and works (device, package, token), in a sentence, or raises what is wrong."""
        ...

    async def close(self) -> None: ...


def open_engines(home: Path) -> dict[str, ImageEngine]:
    """Every engine by name; nothing is imported, loaded or connected until its first use. `home` holds downloads."""
    from gemini_diffusion.engines.hosted.hosted_engine import HostedEngine
    from gemini_diffusion.engines.local.local_engine import LocalEngine

    return {"local": LocalEngine(home), "hosted": HostedEngine()}


def choose(engines: Mapping[str, ImageEngine], settings: Settings, model: str = "") -> str:
    """The name of the engine that draws where none is asked for: a service that is ready, else this machine.

    A `model` that only others draw decides: then it is the first of those, ready or not.
    """
    ready = sorted((engine for engine in engines.values() if engine.is_ready(settings)), key=lambda engine: not engine.key)
    preferred = (ready or [fallback(engines)])[0].name
    able = find_model(model).engines if model else (preferred,)
    return preferred if preferred in able else able[0]


def fallback(engines: Mapping[str, ImageEngine]) -> ImageEngine:
    """The one that needs no key."""
    return next(engine for engine in engines.values() if not engine.key)
