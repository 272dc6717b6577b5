"""A picture drawn again beside the one it was to become: the same, near or different, and by the two recipes why."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gemini_diffusion.storage.gallery import read_recipe, recipe_from_json
from gemini_diffusion.storage.image_compare import Likeness, Verdict, compare_images
from gemini_diffusion.types import Picture, Recipe
from gemini_diffusion.types.errors import BadInput
from gemini_diffusion.types.finishing import write_finish

_SAID = {
    "prompt": "the prompt", "negative_prompt": "the negative prompt", "model": "the model", "seed": "the seed",
    "engine": "the engine", "scheduler": "the scheduler", "num_inference_steps": "the steps", "guidance_scale": "the guidance",
    "clip_skip": "clip skip", "refine": "the refiner", "hd": "the second pass", "tile": "tiling", "strength": "the strength",
    "finish": "the finish",
}  # fmt: skip
_LONG = ("prompt", "negative_prompt")
_OTHER_PROGRAM = "another program draws other noise from the same seed"
_SAVED = "it was saved anew, which loses something"


@dataclass(frozen=True, slots=True)
class Comparison:
    """How alike two pictures are, and the `reasons` of a difference as far as the recipes tell. As text it is one sentence."""

    likeness: Likeness
    reasons: tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict:
        return self.likeness.verdict

    def __str__(self) -> str:
        if self.verdict == "identical":
            return "Identical to the picture that was brought, to the last pixel."
        alike = "" if math.isinf(self.likeness.psnr) else f" (PSNR {self.likeness.psnr:.0f} dB, SSIM {self.likeness.ssim:.2f})"
        why = f": {'; '.join(self.reasons)}" if self.reasons else ": nothing in the recipes tells why"
        start = "Near the picture that was brought" if self.verdict == "near" else "Different from the picture that was brought"
        return f"{start}{alike}{why}."


def compare_with_file(path: Path, drawn: Picture) -> Comparison:
    """A drawn picture beside a file, whose recipe is read if it is one of ours. Raises BadInput where it is no picture."""
    try:
        recipe = read_recipe(path)
    except BadInput:
        recipe = None
    return compare(path, recipe, drawn, lossless=path.suffix.lower() == ".png")


def compare(brought: Path, recipe: Recipe | None, drawn: Picture, *, lossless: bool) -> Comparison:
    """A drawn picture beside one that was brought with `recipe`, None for another program's. Raises BadInput."""
    from PIL import Image

    try:
        with Image.open(brought, formats=("PNG", "JPEG", "WEBP")) as one, Image.open(drawn.path, formats=("PNG",)) as other:
            likeness, size = compare_images(one, other), one.size
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise BadInput("The picture to compare with cannot be read.", "Choose another file.") from error
    if likeness.verdict == "identical":
        return Comparison(likeness)
    reasons = list(explain(recipe, drawn.recipe)) if recipe else [_OTHER_PROGRAM]
    if recipe and size != (recipe.width, recipe.height):
        reasons.append(f"it was resized to {size[0]} x {size[1]}")
    elif not lossless:
        reasons.append(_SAVED)
    elif not reasons and likeness.verdict == "near":
        reasons.append(f"{_SAVED}, or drawn together with others, which moves a shade")
    return Comparison(likeness, tuple(reasons))


def explain(before: Recipe, after: Recipe) -> Iterator[str]:
    """What differs between two recipes and what they were drawn on, the weightiest first."""
    for name, said in _SAID.items():
        one, other = _value(before, name), _value(after, name)
        if one != other:
            yield f"{said} differs" if name in _LONG else f"{said} {other} instead of {one or 'none'}"
    if (before.width, before.height) != (after.width, after.height):
        yield f"the size {after.width} x {after.height} instead of {before.width} x {before.height}"
    yield from _loras(before, after)
    for name in dict.fromkeys((*before.versions, *after.versions)):
        one, other = before.versions.get(name, ""), after.versions.get(name, "")
        if one and other and one != other:
            yield f"{name} {other} instead of {one}"


def _value(recipe: Recipe, name: str) -> Any:
    if name == "finish":
        return write_finish(recipe.request.finish)
    return recipe.engine if name == "engine" else getattr(recipe.request, name)


def _loras(before: Recipe, after: Recipe) -> Iterator[str]:
    one, other = ({each.name: each.strength for each in recipe.request.adapters} for recipe in (before, after))
    for name in dict.fromkeys((*one, *other)):
        if name not in other:
            yield f"the LoRA {name} is missing"
        elif name not in one:
            yield f"the LoRA {name} was not there"
        elif one[name] != other[name]:
            yield f"the LoRA {name} at {other[name]:g} instead of {one[name]:g}"


@dataclass(slots=True)
class BroughtRecipe:
    """The last picture that somebody brought with a recipe of ours; a drawing of the same prompt is compared with it."""

    path: Path = Path()
    recipe: Recipe | None = None
    lossless: bool = False

    def take(self, picture: Picture, content: bytes, recipe: str) -> None:
        """`picture` was kept of `content`, which came with `recipe` as its JSON, "" where there is none of ours."""
        self.path, self.recipe, self.lossless = picture.path, None, content.startswith(b"\x89PNG")
        with contextlib.suppress(BadInput):
            self.recipe = recipe_from_json(recipe)

    def compare(self, drawn: Picture) -> tuple[str, ...]:
        """What is said of a picture just drawn; nothing where it was not to become that one, or that is gone."""
        if self.recipe is None or drawn.recipe.prompt != self.recipe.prompt:
            return ()
        with contextlib.suppress(BadInput):
            return (str(compare(self.path, self.recipe, drawn, lossless=self.lossless)),)
        return ()
