"""Recipes for tests: one picture of a fox, and any recipe with some of its flat fields changed."""

from __future__ import annotations

import dataclasses
from typing import Any

from gemini_diffusion.types import CraftedPrompt, ImageRequest, Recipe

PROMPT = "a fox in the snow, soft light"
FOX = Recipe(
    request=ImageRequest(PROMPT, "postcard", 64, 48, 12, 5.0, "blurry, text", seed=1234, scheduler="Euler"),
    crafted=CraftedPrompt("a fox in the snow", PROMPT, "blurry, text", crafted_by="rules", kept=("fox", "snow")),
    engine="local",
    created="2026-11-20T10:00:00+00:00",
    line="/imagine a fox in the snow, soft light --raw --seed 1234",
    versions={"torch": "2.13.0"},
)


def changed(recipe: Recipe = FOX, **fields: Any) -> Recipe:
    """The recipe with these fields, each where it stands: in the request, in the crafted prompt, or its own."""

    def part(value: Any) -> dict[str, Any]:
        return {entry.name: fields[entry.name] for entry in dataclasses.fields(value) if entry.name in fields}

    unknown = set(fields) - {*part(recipe), *part(recipe.request), *part(recipe.crafted)}
    assert not unknown, f"a recipe has no {unknown}"
    request = dataclasses.replace(recipe.request, **part(recipe.request))
    crafted = dataclasses.replace(recipe.crafted, **part(recipe.crafted))
    return dataclasses.replace(recipe, **part(recipe) | {"request": request, "crafted": crafted})
