"""Fooocus' own scheme: one JSON object with sorted keys; numbers come as text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gemini_diffusion.storage.metadata.found_recipe import FoundRecipe, items, json_object, loras, make_found, named, size, text

_MAPPED = (
    "prompt", "full_prompt", "negative_prompt", "full_negative_prompt", "steps", "guidance_scale", "sampler", "scheduler",
    "seed", "resolution", "base_model", "base_model_hash", "refiner_model", "refiner_model_hash", "refiner_switch", "loras",
    "clip_skip", "version", "metadata_scheme", "created_by", "performance",
)  # fmt: skip


def read(texts: Mapping[str, str]) -> FoundRecipe | None:
    """The recipe in `parameters`, or in the comment of a JPEG or WebP."""
    said = json_object(texts.get("parameters")) or json_object(texts.get("UserComment"))
    if "base_model" not in said or "guidance_scale" not in said:
        return None
    width, height = size(said.get("resolution"))
    refiner = text(said.get("refiner_model"))
    return make_found(
        "Fooocus",
        prompt=said.get("prompt"),
        negative_prompt=said.get("negative_prompt"),
        seed=said.get("seed"),
        steps=said.get("steps"),
        guidance=said.get("guidance_scale"),
        sampler=said.get("sampler"),
        schedule=said.get("scheduler"),
        width=width,
        height=height,
        model=said.get("base_model"),
        model_hash=said.get("base_model_hash"),
        loras=loras(_loras(said)),
        clip_skip=said.get("clip_skip"),
        refiner="" if refiner == "None" else refiner,
        refine=said.get("refiner_switch") if refiner not in ("", "None") else None,
        others=named({name: value for name, value in said.items() if not name.startswith("lora_combined")}, _MAPPED),
    )


def _loras(said: Mapping[str, Any]) -> list[tuple[Any, Any, Any]]:
    listed = [(*row, "", "")[:3] for row in items(said.get("loras")) if isinstance(row, list) and len(row) > 1]
    older = [text(said.get(f"lora_combined_{number}")).rpartition(" : ") for number in range(1, 10)]
    return [*listed, *((name, weight, "") for name, _, weight in older)]
