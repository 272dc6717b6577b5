"""Draw Things: JSON in Comment, in a comment of EXIF or in XMP."""

from __future__ import annotations

from collections.abc import Mapping

from gemini_diffusion.storage.metadata.found_recipe import (
    FoundRecipe,
    decimal,
    entry,
    items,
    json_object,
    loras,
    make_found,
    size,
    text,
)


def read(texts: Mapping[str, str]) -> FoundRecipe | None:
    """The recipe where the object has its short names, "c" for the prompt."""
    found = (json_object(texts.get(name)) for name in ("Comment", "UserComment"))
    said = next((each for each in found if ("c" in each and "scale" in each) or ("c" in each and "seed_mode" in each)), {})
    if not said:
        return None
    width, height = size(said.get("size"))
    strength = decimal(said.get("strength"))
    refiner = text(said.get("refiner", entry(said, "v2", "refinerModel")))
    return make_found(
        "Draw Things",
        prompt=said.get("c"),
        negative_prompt=said.get("uc"),
        seed=said.get("seed"),
        steps=said.get("steps"),
        guidance=said.get("scale"),
        sampler=said.get("sampler"),
        width=width,
        height=height,
        model=said.get("model"),
        loras=loras((entry(each, "model"), entry(each, "weight"), "") for each in items(said.get("lora"))),
        clip_skip=said.get("clip_skip", entry(said, "v2", "clipSkip")),
        refiner=refiner,
        refine=entry(said, "v2", "refinerStart") if refiner else None,
        hd=said.get("hires_fix"),
        strength=None if strength == 1 else strength,
        others=() if not said.get("control") else ("ControlNet",),
    )
