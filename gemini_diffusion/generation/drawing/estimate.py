"""What a drawing will take, said before it begins: time by this machine's own history, a known price, a quicker model."""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Iterator, Sequence

from gemini_diffusion.config.settings import Settings
from gemini_diffusion.engines import models
from gemini_diffusion.engines.picture_price import picture_price
from gemini_diffusion.generation.drawing.plan import DrawingPlan
from gemini_diffusion.types import Picture
from gemini_diffusion.types.errors import GeminiDiffusionError

WORTH_SAYING = 10.0
"""Seconds; what takes less is there before it is read."""
MUCH_QUICKER = 0.5
"""The part of the time that a model may take that is worth naming."""
REMEMBERED = 5
"""Pictures of the conversation that tell how long a service takes."""


def estimate(planned: DrawingPlan, settings: Settings, drawn: Sequence[Picture] = ()) -> Iterator[str]:
    """What is worth saying, a sentence each; `drawn` are the pictures of the conversation, which tell of services."""
    each = planned.engine.estimate(planned.request) or _remembered(planned, drawn)
    seconds, loading = (each or 0.0) * len(planned.seeds), planned.engine.loading(planned.model.id) or 0.0
    if seconds + loading >= WORTH_SAYING and each is not None:
        cold = f", and {_time(loading)} before that to load the model" if loading >= 1 else ""
        yield f"This takes about {_time(seconds)} with {planned.drawer}{cold}.{_quicker(planned, seconds, settings)}"
    price = picture_price(planned.model, settings) if planned.engine.key else 0.0
    if price:
        yield f"It costs ${price * len(planned.seeds):g}."


def _remembered(planned: DrawingPlan, drawn: Sequence[Picture]) -> float | None:
    wanted = (planned.engine.name, planned.model.id)
    alike = [picture.recipe.seconds for picture in drawn if (picture.recipe.engine, picture.recipe.model) == wanted]
    return statistics.median(alike[-REMEMBERED:]) if alike else None


def _quicker(planned: DrawingPlan, seconds: float, settings: Settings) -> str:
    """The quickest model of the same kind that is here and was measured, where it takes much less."""
    found = list[tuple[float, models.ImageModel]]()
    for model in models.CATALOGUE:
        kin = (model.family, model.vocabulary) == (planned.model.family, planned.model.vocabulary)
        if not kin or model.id == planned.model.id or planned.engine.name not in model.engines:
            continue
        request = dataclasses.replace(
            planned.request,
            model=model.id,
            num_inference_steps=model.num_inference_steps,
            guidance_scale=model.guidance_scale,
            scheduler=model.scheduler,
        )
        each = planned.engine.estimate(request)
        if each is not None and each * len(planned.seeds) < seconds * MUCH_QUICKER:
            try:
                planned.engine.check_request(request, settings)
            except GeminiDiffusionError:
                continue
            found.append((each * len(planned.seeds), model))
    if not found:
        return ""
    quick, model = min(found, key=lambda pair: pair[0])
    return f" {model.label} would take about {_time(quick)}: --model {model.id}."


def _time(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 120 else f"{max(1, round(seconds))} s"
