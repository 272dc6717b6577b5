"""A drawing on record: what was really used and left out stands in the recipe, and its line asks for just that."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from PIL import Image

from gemini_diffusion.commands import Imagine, parse
from gemini_diffusion.generation.drawing.recipe_builder import make_recipe
from gemini_diffusion.types import Adapter, CraftedPrompt, ImageRequest, ImageResult

CRAFTED = CraftedPrompt("a fox", "a red fox", "blurry", title="Red fox", kept=("fox",), added_words=1, reply="Here.")
REQUEST = ImageRequest("a red fox", "sdxl", 1024, 1024, 30, 5.0, "blurry", adapters=(Adapter("ink", 0.5),), hd=True)


def result(request: ImageRequest = REQUEST, **parts: Any) -> ImageResult:
    return ImageResult(Image.new("RGB", (2048, 2048)), request, 7, "local", 1.23456, **parts)


def test_what_was_really_used_counts_and_not_what_was_asked() -> None:
    recipe = make_recipe(result(ignored=("guidance_scale",), scheduler="Euler", versions={"torch": "2"}), CRAFTED)
    assert (recipe.width, recipe.height, recipe.seed, recipe.engine) == (2048, 2048, 7, "local")
    assert (recipe.ignored, recipe.scheduler, recipe.seconds) == (("guidance_scale",), "Euler", 1.235)
    assert (recipe.request.adapters, recipe.request.hd, recipe.versions) == (REQUEST.adapters, True, {"torch": "2"})
    crafted = recipe.crafted
    assert (recipe.original, crafted.title, crafted.kept, crafted.added_words) == (
        "a fox",
        "Red fox",
        ("fox",),
        1,
    )


@pytest.mark.parametrize(("asked", "used", "said"), [("", "Euler", "Euler"), ("DDIM", "", "DDIM"), ("", "", None)])
def test_the_line_names_the_scheduler_whatever_the_settings_will_be(asked: str, used: str, said: str | None) -> None:
    command = parse(make_recipe(result(dataclasses.replace(REQUEST, scheduler=asked), scheduler=used), CRAFTED).line)
    assert isinstance(command, Imagine)
    assert command.flags.scheduler == said


def test_strength_is_on_record_only_where_there_was_a_picture_to_begin_from() -> None:
    begun = dataclasses.replace(REQUEST, image=b"PNG", source="ab" * 16, strength=0.4)
    assert [make_recipe(drawn, CRAFTED).flat()["strength"] for drawn in (result(begun), result())] == [0.4, 0.0]
