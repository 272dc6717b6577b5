"""Easy Diffusion: one text for each key, by its name or its label; in JPEG and WebP one JSON object."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gemini_diffusion.storage.metadata.found_recipe import FoundRecipe, items, json_object, loras, make_found, text

_KEYS = {
    "prompt": ("prompt", "Prompt"), "negative_prompt": ("negative_prompt", "Negative Prompt"), "seed": ("seed", "Seed"),
    "steps": ("num_inference_steps", "Steps"), "guidance": ("guidance_scale", "Guidance Scale"),
    "sampler": ("sampler_name", "Sampler"), "width": ("width", "Width"), "height": ("height", "Height"),
    "model": ("use_stable_diffusion_model", "Stable Diffusion model"), "strength": ("prompt_strength", "Prompt Strength"),
}  # fmt: skip
_NOTED = {
    "use_vae_model": "VAE",
    "use_face_correction": "face correction",
    "use_upscale": "upscaling",
    "use_controlnet_model": "ControlNet",
}


def read(texts: Mapping[str, str]) -> FoundRecipe | None:
    """The recipe where both the number of steps and the guidance have this program's names."""
    said: Mapping[str, Any] = texts if _is_here(texts) else json_object(texts.get("UserComment"))
    if not _is_here(said):
        return None
    found = {name: next((said[key] for key in keys if key in said), None) for name, keys in _KEYS.items()}
    if not (said.get("init_image") or found["strength"]):
        del found["strength"]
    names, weights = _listed(said.get("use_lora_model", said.get("LoRA model"))), _listed(said.get("lora_alpha"))
    skips = text(said.get("clip_skip", said.get("Clip Skip"))).lower() == "true" or said.get("clip_skip") is True
    return make_found(
        "Easy Diffusion",
        **found,
        loras=loras((name, weight, "") for name, weight in zip(names, [*weights, *[1.0] * len(names)], strict=False)),
        clip_skip=2 if skips else None,
        others=tuple(label for name, label in _NOTED.items() if text(said.get(name)) not in ("", "None", "null")),
    )


def _is_here(said: Mapping[str, Any]) -> bool:
    return any({steps, guidance} <= said.keys() for steps, guidance in zip(_KEYS["steps"], _KEYS["guidance"], strict=True))


def _listed(value: Any) -> list[Any]:
    """A list, written as such, as JSON's or Python's text of one, or one thing alone."""
    plain = text(value).strip("[]")
    parts = items(value) or [part.strip(" '\"") for part in plain.split(",")]
    return [part for part in parts if part not in ("", "None", "null")]
