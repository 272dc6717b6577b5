"""The family of engines that draw: their registry, and which of them draws; knows no window and no session.

To add an engine: one file here, one line in `open_engines`, one line in the contract test that every engine passes.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from gemini_diffusion.config.settings import Settings
from gemini_diffusion.engines.image_engine import ImageEngine as ImageEngine
from gemini_diffusion.engines.models import find_model


def open_engines(home: Path) -> dict[str, ImageEngine]:
    """Every engine by name; nothing is imported, loaded or connected until its first use. `home` holds downloads."""
    from gemini_diffusion.engines.gemini.gemini_image_engine import GeminiImageEngine
    from gemini_diffusion.engines.hosted.hosted_engine import HostedEngine
    from gemini_diffusion.engines.local.local_engine import LocalEngine
    from gemini_diffusion.engines.openai.openai_engine import OpenAiEngine

    opened: list[ImageEngine] = [LocalEngine(home), OpenAiEngine(), HostedEngine(), GeminiImageEngine()]
    return {engine.name: engine for engine in opened}


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
