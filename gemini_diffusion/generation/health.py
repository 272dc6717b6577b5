"""What works here and what does not, asking each part; it mends nothing and knows no window."""

from __future__ import annotations

import importlib.metadata
import platform
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path

from gemini_diffusion import engines
from gemini_diffusion.chat_models import ChatModel
from gemini_diffusion.commands import Flags
from gemini_diffusion.config.library_variables import wrong_variables
from gemini_diffusion.config.settings import Settings
from gemini_diffusion.engines import ImageEngine
from gemini_diffusion.generation.drawing import plan
from gemini_diffusion.generation.services import Services
from gemini_diffusion.storage.files import free_bytes
from gemini_diffusion.types.errors import GeminiDiffusionError, KeyNeeded

PACKAGES = ("gradio", "google-genai", "huggingface-hub", "diffusers", "transformers", "accelerate", "torch", "pillow")
ROOM = 500_000_000
"""Bytes of free disk below which pictures are in danger."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One part, whether it works, what was seen, and what to do where it does not."""

    part: str
    ok: bool
    text: str
    fix: str = ""


async def check_all(services: Services, settings: Settings, *, live: bool = False) -> list[CheckResult]:
    """Every part in the order a person needs them; `live` makes one real call for each key that is set."""
    return [
        _python(),
        *_packages(),
        *_variables(),
        _folder(settings.home_path),
        await _asked("Drawing on this machine", engines.fallback(services.engines).check, settings),
        *await check_keys(services, settings, live=live),
        await _filter(services, settings),
    ]


async def check_keys(services: Services, settings: Settings, *, live: bool = False) -> list[CheckResult]:
    """What concerns a visitor alone; the machine, its disk and its packages are the host's."""
    return [await _key(part, settings, live=live) for part in services.keyed]


def welcome(services: Services, settings: Settings) -> list[str]:
    """What is set up and what is not, a line each, before anything is asked or loaded; for whoever comes first."""
    lines = []
    if not services.chat_model(settings).key:
        preferred = next((model for model in services.chat_models.values() if model.key), None)
        lines += [f"No {_label(preferred)} yet: I write prompts by rule. Add one in Settings."] if preferred else []
    lines += _who_draws(services, settings)
    if services.picture_filter.is_on(settings):
        lines.append("A picture that may not be for everyone stays blurred until you tap it.")
    return lines


def _who_draws(services: Services, settings: Settings) -> list[str]:
    try:
        planned = plan.make_plan(Flags(), settings, services.engines, None)
    except GeminiDiffusionError as error:  # what is set draws nothing; a line can still say who does
        return [str(error)]
    if planned.engine.key:
        return [f"Pictures are drawn by {planned.model.drawn_with(planned.engine.name)}."]
    if planned.model.vocabulary:
        return [
            f"{planned.model.label}, the small model that came with the app, draws on this machine.",
            "For photographs, add a Hugging Face token in Settings, or choose another image model.",
        ]
    return [f"{planned.model.label} draws on this machine."]


def advice(services: Services, settings: Settings, *, strangers: bool) -> str:
    """What the host should know before the window opens, "" where there is nothing; `strangers` says whether they can come."""
    wanted = settings.picture_filter == "on" or (settings.picture_filter == "auto" and strangers)
    lacks = services.picture_filter.lacks(settings) if wanted else ""
    return f"Until something can judge them, all pictures stay blurred until they are tapped. {lacks}" if lacks else ""


def _python() -> CheckResult:
    fits = (3, 11) <= sys.version_info[:2] <= (3, 13)
    fix = "" if fits else "Install Python 3.11, 3.12 or 3.13, then run the start script again."
    return CheckResult("Python", fits, f"{platform.python_version()} on {platform.system()}", fix)


def _packages() -> list[CheckResult]:
    """Versions as installed; nothing is imported."""
    found, missing = [], []
    for name in PACKAGES:
        try:
            found.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            missing.append(name)
    findings = [CheckResult("Packages", not missing, ", ".join(found))]
    if missing:
        fix = "Run the start script again: it installs what is missing."
        findings[0] = CheckResult("Packages", False, f"missing: {', '.join(missing)}", fix)
    return findings


def _variables() -> list[CheckResult]:
    """What is wrong in the environment; nothing is said of what is right."""
    return [CheckResult("Environment", False, wrong.message, wrong.hint) for wrong in wrong_variables()]


def _folder(home: Path) -> CheckResult:
    free = free_bytes(home)
    text = f"{home}, {free / 1e9:.1f} GB free"
    return CheckResult(
        "Data folder", free > ROOM, text, "" if free > ROOM else "Free some space, or choose another with --data-dir."
    )


async def _asked(part: str, check: Callable[[Settings], Awaitable[str]], settings: Settings) -> CheckResult:
    try:
        return CheckResult(part, True, await check(settings))
    except GeminiDiffusionError as error:
        return CheckResult(part, False, error.message, error.hint)


async def _filter(services: Services, settings: Settings) -> CheckResult:
    """The picture filter; left to itself it is no fault that it could not judge, since no stranger may ever come."""
    if settings.picture_filter == "off":
        return CheckResult("Picture filter", True, "Off: no picture is judged, none is blurred.")
    found = await _asked("Picture filter", services.picture_filter.check, settings)
    if settings.picture_filter == "on":
        return found
    return replace(found, ok=True, text=f"On where strangers draw. {found.text}")


def _label(part: ChatModel | ImageEngine) -> str:
    """What the key of a service is called."""
    return Settings.table()[part.key].label


async def _key(part: ChatModel | ImageEngine, settings: Settings, *, live: bool) -> CheckResult:
    """A key that is not set is no fault: the program works without, and says what it would add."""
    label = _label(part)
    if not part.is_ready(settings):
        return CheckResult(label, True, "Not set. Everything works without it, on this machine alone.", KeyNeeded("").hint)
    return await _asked(label, part.check, settings) if live else CheckResult(label, True, "Set; it was not tried.")
