"""SwarmUI: one JSON object with `sui_image_params`, numbers also as text, lists also as "a,b"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gemini_diffusion.storage.metadata.found_recipe import (
    FoundRecipe,
    decimal,
    entry,
    items,
    json_object,
    loras,
    make_found,
    named,
    stem,
    text,
)

_MAPPED = (
    "prompt", "negativeprompt", "model", "seed", "steps", "cfgscale", "sampler", "scheduler", "width", "height",
    "aspectratio", "loras", "loraweights", "clipstopatlayer", "refinermodel", "refinercontrolpercentage", "refinermethod",
    "refinerupscale", "swarm_version", "initimagecreativity", "images", "sidelength", "batchsize", "automaticvae",
    "fluxguidancescale",
)  # fmt: skip


def read(texts: Mapping[str, str]) -> FoundRecipe | None:
    """The recipe in `parameters`, a comment, or the model's field of an older JPEG."""
    for name in ("parameters", "UserComment", "Model"):
        found = json_object(texts.get(name))
        said = found.get("sui_image_params")
        if isinstance(said, dict):
            return _made(said, items(found.get("sui_models")))
    return None


def _made(said: Mapping[str, Any], models: list[Any]) -> FoundRecipe:
    hashes = {stem(entry(each, "name")): text(entry(each, "hash")).removeprefix("0x") for each in models}
    names, weights = _listed(said.get("loras")), _listed(said.get("loraweights"))
    weights += [1.0] * (len(names) - len(weights))
    share, upscale = decimal(said.get("refinercontrolpercentage")), decimal(said.get("refinerupscale"))
    return make_found(
        "SwarmUI",
        prompt=said.get("prompt"),
        negative_prompt=said.get("negativeprompt"),
        seed=said.get("seed"),
        steps=said.get("steps"),
        guidance=said.get("fluxguidancescale", said.get("cfgscale")),
        sampler=said.get("sampler"),
        schedule=said.get("scheduler"),
        width=said.get("width"),
        height=said.get("height"),
        model=said.get("model"),
        model_hash=hashes.get(stem(said.get("model")), ""),
        loras=loras((name, weight, hashes.get(stem(name), "")) for name, weight in zip(names, weights, strict=False)),
        clip_skip=said.get("clipstopatlayer"),
        refiner=said.get("refinermodel"),
        refine=None if share is None else 1 - share,
        hd=upscale is not None and upscale > 1,
        strength=said.get("initimagecreativity"),
        others=named(said, _MAPPED),
    )


def _listed(value: Any) -> list[Any]:
    return items(value) or [part.strip() for part in text(value).split(",") if part.strip()]
