"""A drawing put on record: the recipe that is written into its file, and from which it can be drawn again."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime

from gemini_diffusion.generation import plan
from gemini_diffusion.types import CraftedPrompt, ImageResult, Recipe


def make_recipe(result: ImageResult, crafted: CraftedPrompt, *, veiled: bool = False) -> Recipe:
    """Everything that decided a picture, from what was crafted, asked and really used."""
    asked = result.request
    used = dataclasses.replace(asked, seed=result.seed, scheduler=result.scheduler or asked.scheduler)
    line = plan.canonical_line(used, result.engine)
    strength = asked.strength if asked.source else 0.0
    used = dataclasses.replace(used, width=result.image.width, height=result.image.height, strength=strength)
    words = dataclasses.replace(crafted, prompt=asked.prompt, negative_prompt=asked.negative_prompt, prompt_2=asked.prompt_2)
    return Recipe(
        request=dataclasses.replace(used, image=b"", mask=b"", party=""),
        crafted=dataclasses.replace(words, notices=()),
        engine=result.engine,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        line=line,
        ignored=result.ignored,
        seconds=round(result.seconds, 3),
        versions=result.versions,
        notices=tuple(dict.fromkeys(result.notices)),
        veiled=veiled,
    )
