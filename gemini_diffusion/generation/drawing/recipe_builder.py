"""A drawing put on record: the recipe that is written into its file, and from which it can be drawn again."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from typing import Any

from gemini_diffusion.engines import models
from gemini_diffusion.generation.drawing import plan
from gemini_diffusion.types import CraftedPrompt, ImageRequest, ImageResult, Recipe


def make_recipe(result: ImageResult, crafted: CraftedPrompt, *, veiled: bool = False, parent: str = "") -> Recipe:
    """Everything that decided a picture, from what was crafted, asked and really used."""
    asked = result.request
    used = dataclasses.replace(asked, seed=result.seed, scheduler=result.scheduler or asked.scheduler)
    recipe = plan_recipe(used, crafted, result.engine)
    return dataclasses.replace(
        recipe,
        request=dataclasses.replace(recipe.request, width=result.image.width, height=result.image.height),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        ignored=result.ignored,
        seconds=round(result.seconds, 3),
        versions=result.versions,
        hashes=_model_hash(asked.model) | dict(result.hashes),
        notices=tuple(dict.fromkeys(result.notices)),
        veiled=veiled,
        memory=result.memory,
        parent=parent,
    )


def _model_hash(model: str) -> dict[str, str]:
    known = models.find_model(model).hashes
    return {model: known[0]} if known else {}


def plan_recipe(request: ImageRequest, crafted: CraftedPrompt, engine: str) -> Recipe:
    """The recipe of a picture before it is drawn, as far as it is known then."""
    words: dict[str, Any] = {"prompt": request.prompt, "negative_prompt": request.negative_prompt, "prompt_2": request.prompt_2}
    strength = request.strength if request.source else 0.0
    return Recipe(
        request=dataclasses.replace(request, strength=strength, image=b"", mask=b"", party=""),
        crafted=dataclasses.replace(crafted, notices=(), **words),
        engine=engine,
        created="",
        line=plan.canonical_line(request, engine),
    )
