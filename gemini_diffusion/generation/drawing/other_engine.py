"""The engine that could draw where another cannot, and what would change then; it is offered, never taken unasked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from gemini_diffusion import commands
from gemini_diffusion.commands import Imagine
from gemini_diffusion.config.settings import Settings
from gemini_diffusion.engines import ImageEngine
from gemini_diffusion.generation.drawing import plan
from gemini_diffusion.generation.drawing.plan import DrawingPlan
from gemini_diffusion.types import Alternative, CraftedPrompt, StartImage
from gemini_diffusion.types.errors import GeminiDiffusionError


def find_other_engine(
    command: Imagine, planned: DrawingPlan, settings: Settings, engines: Mapping[str, ImageEngine]
) -> Alternative | None:
    """The first other engine that is ready to draw what `command` asks for, with the same model where it has that."""
    for other in _others(command, planned, settings, engines):
        flags = replace(command.flags, engine=other.engine.name, model=other.model.id)
        return Alternative(commands.format_line(replace(command, flags=flags)), other.engine.name, _told(planned, other))
    return None


def _others(
    command: Imagine, planned: DrawingPlan, settings: Settings, engines: Mapping[str, ImageEngine]
) -> Iterator[DrawingPlan]:
    """Plans that are known to be possible, before anybody is asked."""
    request = planned.request
    start = StartImage(request.image, request.mask, request.source)
    for engine in engines.values():
        if engine is planned.engine or not engine.is_ready(settings):
            continue
        same = (planned.model.id,) if engine.name in planned.model.engines else ()
        for model in dict.fromkeys((*same, engine.default_model(settings))):
            flags = replace(command.flags, engine=engine.name, model=model)
            try:
                other = plan.make_plan(flags, settings, engines, None, start)
                engine.check_request(other.requests(CraftedPrompt(command.idea, command.idea))[0], settings)
            except GeminiDiffusionError:
                continue
            yield other


def _told(before: DrawingPlan, after: DrawingPlan) -> str:
    """Seed, size, model, price and time, as far as they change or are known."""
    old, new = before.request, after.request
    changes = ["the same seed gives another picture" if isinstance(before.seeds[0], int) else "a new seed"]
    if before.model.id != after.model.id:
        changes.append(f"{after.model.label} instead of {before.model.label}")
    if (old.width, old.height) != (new.width, new.height):
        changes.append(f"{new.width} x {new.height} instead of {old.width} x {old.height}")
    changes += [f"without {name.replace('_', ' ')}" for name in after.ignored if name not in before.ignored]
    if before.engine.key != after.engine.key:
        changes.append(f"billed to your {Settings.table()[after.engine.key].label}" if after.engine.key else "free")
    if after.seconds is not None:
        changes.append(f"about {max(1, round(after.seconds))} s")
    return f"{after.drawer[:1].upper()}{after.drawer[1:]} can draw it: {', '.join(changes)}."
