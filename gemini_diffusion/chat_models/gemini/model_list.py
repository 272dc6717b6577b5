"""Gemini's models by name: which chat, in what order, what each takes; knows no connection and no visitor."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from gemini_diffusion.types import ModelChoice

if TYPE_CHECKING:
    from google.genai.types import Model

FALLBACK = (
    ModelChoice("gemini-flash-latest", "Gemini Flash Latest"),
    ModelChoice("gemini-3.8-flash", "Gemini 3.8 Flash"),
    ModelChoice("gemini-3.5-flash-lite", "Gemini 3.5 Flash-Lite"),
    ModelChoice("gemini-3.6-flash", "Gemini 3.6 Flash"),
    ModelChoice("gemini-3.1-flash-lite", "Gemini 3.1 Flash-Lite"),
)
"""What is offered until a key lets us ask."""

SAMPLING = ("temperature", "top_p", "top_k")
"""The settings that newer models ignore, and later ones will refuse."""

_NOT_FOR_CHAT = re.compile(
    "embedding|tts|image|banana|live|audio|robotics|computer-use|omni|lyria|veo|imagen|transcribe"
    "|customtools|aqa|deep-research|antigravity"
)
_RETIRED = re.compile(
    r"gemini-(1\b|2\.0\b|pro$|3-pro-preview|3\.1-flash-lite-preview"
    r"|2\.5-(pro|flash)$)"  # shut down on 2026-12-01; another model answers in their name
)
_TAKES_SAMPLING = re.compile(r"gemini-(2\.5\b|3-(flash|pro)|3\.1\b|3\.5-flash(?!-lite))")
_TAKES_THINKING_LEVEL = re.compile(r"gemini-(3\b|3\.\d+-|4-|(flash|flash-lite|pro)-latest$)")


def bare_id(name: str) -> str:
    """The name without the service's prefix."""
    return name.strip().removeprefix("models/")


def ignored_sampling(model: str) -> tuple[str, ...]:
    """The names of the settings among SAMPLING that this model does not use."""
    return () if _TAKES_SAMPLING.match(bare_id(model)) else SAMPLING


def takes_thinking_level(model: str) -> bool:
    """Whether the model is known to take a level of thinking; of an unknown one nothing is assumed."""
    return _TAKES_THINKING_LEVEL.match(bare_id(model)) is not None


def chat_models_in(listed: Iterable[Model]) -> list[ModelChoice]:
    """Those of a live listing that chat and will still be there, the newest stable ones first, names that follow on top."""
    found = [
        ModelChoice(bare_id(model.name), model.display_name or bare_id(model.name))
        for model in listed
        if model.name and "generateContent" in (model.supported_actions or ()) and _chats(bare_id(model.name))
    ]
    return sorted(found, key=lambda choice: rank(choice.id))


def nearest_model(model: str, choices: Iterable[ModelChoice]) -> str:
    """The name among the choices most like the one asked for, which itself is not meant; the default where none is."""
    names = [choice.id for choice in (*choices, *FALLBACK) if choice.id != bare_id(model)]
    return next(iter(difflib.get_close_matches(bare_id(model), names, n=1, cutoff=0.4)), names[0])


def _chats(name: str) -> bool:
    return not _NOT_FOR_CHAT.search(name) and not _RETIRED.match(name)


def rank(name: str) -> tuple[bool, bool, bool, float, str]:
    """Sorts the default first, then names that follow the newest, then stable versions downwards; the rest last."""
    version = re.match(r"gemini-(\d+(?:\.\d+)?)", name)
    return (
        name != FALLBACK[0].id,
        not name.endswith("-latest"),
        version is None or "preview" in name or "exp" in name,
        -float(version[1]) if version else 0.0,
        name,
    )
