"""A drawing put on record: the recipe that is written into its file, and from which it can be drawn again."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime

from gemini_diffusion.generation import plan
from gemini_diffusion.types import CraftedPrompt, ImageResult, Recipe


def make_recipe(result: ImageResult, crafted: CraftedPrompt, source: str = "") -> Recipe:
    """Everything that decided a picture, from what was crafted, asked and really used; `source` is what it began from."""
    request = dataclasses.replace(result.request, scheduler=result.scheduler or result.request.scheduler)
    return Recipe(
        original=crafted.original,
        prompt=request.prompt,
        negative_prompt=request.negative_prompt,
        crafted_by=crafted.crafted_by,
        seed=result.seed,
        width=result.image.width,
        height=result.image.height,
        num_inference_steps=request.num_inference_steps,
        guidance_scale=request.guidance_scale,
        scheduler=request.scheduler,
        model=request.model,
        engine=result.engine,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        line=plan.canonical_line(request, result.engine, result.seed, source),
        title=crafted.title,
        style=crafted.style,
        reply=crafted.reply,
        kept=crafted.kept,
        missing=crafted.missing,
        added_words=crafted.added_words,
        ignored=result.ignored,
        seconds=round(result.seconds, 3),
        versions=result.versions,
        adapters=request.adapters,
        refine=request.refine,
        source=source,
        strength=request.strength if request.image else 0.0,
        tile=request.tile,
        hd=request.hd,
    )
