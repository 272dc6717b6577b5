"""A picture as the image panel shows it: its prompt, what was kept and added, the numbers that made it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gemini_diffusion.commands import FLAGS
from gemini_diffusion.engines import models
from gemini_diffusion.engines.nsfw_filter import UNCHECKED
from gemini_diffusion.storage.gallery import is_drawn
from gemini_diffusion.types import Capabilities, Picture, Recipe
from gemini_diffusion.types.finishing import write_finish
from gemini_diffusion.ui.prompt_words import describe_words

BLURRED = "Blurred picture"
"""How the description of a blurred picture begins; the style sheet and the page's script know it by that."""
_FIELDS = {flag.request: flag.label or flag.written for flag in FLAGS if flag.request} | {
    "negative_prompt": "the negative prompt",
    "prompt_2": "the second prompt",
    "seed": "the seed",
    "num_inference_steps": "the number of steps",
    "guidance_scale": "the guidance",
    "width": "the width",
    "height": "the height",
    "scheduler": "the scheduler",
    "adapters": "the LoRAs",
    "image": "the picture to begin from",
    "mask": "the marked part",
}


@dataclass(frozen=True, slots=True)
class PictureDetails:
    """A picture as the image panel shows it; `summary` and `facts` are plain text, one line each.

    `can_begin` and `can_grow` say whether another drawing may begin from it and whether it can be drawn large.
    """

    identity: str
    path: Path
    alt: str
    prompt: str
    words: dict[str, Any] | None
    prompt_2: str
    negative_prompt: str
    takes_negative: bool
    summary: str
    facts: str
    ignored: str
    line: str
    is_drawn: bool = True
    can_begin: bool = False
    can_grow: bool = False


def describe(picture: Picture, capabilities: Capabilities) -> PictureDetails:
    """All of that; `capabilities` are those of the engine and model that drew the picture, or would draw from it."""
    recipe, drawn = picture.recipe, is_drawn(picture.recipe)
    return PictureDetails(
        identity=picture.id,
        path=picture.path,
        alt=alt(recipe),
        prompt=recipe.prompt,
        words=describe_words(recipe.crafted) if drawn else None,
        prompt_2=recipe.request.prompt_2,
        negative_prompt=recipe.negative_prompt,
        takes_negative=capabilities.negative_prompt,
        summary=summary(recipe),
        facts=facts(recipe),
        ignored=ignored(recipe.ignored),
        line=recipe.line,
        is_drawn=drawn,
        can_begin=capabilities.image,
        can_grow=drawn and capabilities.hd and not recipe.request.hd,
    )


def summary(recipe: Recipe) -> str:
    """What the crafting made of the person's words: "kept 3 of 3, added 9 words"."""
    crafted = recipe.crafted
    if recipe.crafted_by == "you" and not (crafted.added or crafted.changed):
        return "your own words" if is_drawn(recipe) else "your own picture"
    kept, changed = crafted.unchanged, [f"{said} to {words}" for said, words in crafted.changed]
    wanted = len(kept) + len(changed) + len(crafted.dropped)
    parts = [f"kept {len(kept)} of {wanted}"] if wanted else []
    parts.append(f"added {crafted.added_words} word{'' if crafted.added_words == 1 else 's'}")
    parts += [f"changed {', '.join(changed)}"] if changed else []
    parts += [f"missing: {', '.join(crafted.dropped)}"] if crafted.dropped else []
    by = {"rules": "written by rule", "you": "changed by you"}.get(recipe.crafted_by, f"written by {recipe.crafted_by}")
    return f"{', '.join(parts)}, {by}"


def facts(recipe: Recipe) -> str:
    """The numbers under a picture, in one line."""
    if not is_drawn(recipe):
        return f"{recipe.width} x {recipe.height}"
    parts = [
        f"seed {recipe.seed}",
        f"{recipe.width} x {recipe.height}",
        models.find_model(recipe.model).drawn_with(recipe.engine),
        f"{recipe.num_inference_steps} steps",
    ]
    if recipe.request.source:
        parts.append(f"from a picture, strength {recipe.request.strength:g}")
    parts += [f"finished: {write_finish(recipe.request.finish)}"] if recipe.request.finish else []
    if recipe.seconds:
        parts.append(f"{recipe.seconds:.1f} s")
    return " · ".join(parts)


def ignored(fields: Iterable[str]) -> str:
    """What the engine could not honour, named; empty where it honoured all."""
    names = [_FIELDS.get(field, field) for field in fields]
    return f"Not used by this model: {', '.join(names)}." if names else ""


def alt(recipe: Recipe) -> str:
    """What a picture shows, for who cannot see it."""
    words = " ".join((recipe.crafted.title or recipe.original or recipe.prompt).split())
    blurred = f"{BLURRED}, not checked" if UNCHECKED in recipe.notices else BLURRED
    return f"{blurred if recipe.veiled else 'Picture'}: {words[:200]}"
