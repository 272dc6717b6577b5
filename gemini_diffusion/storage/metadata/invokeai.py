"""InvokeAI: `invokeai_metadata` of 3 and later, `sd-metadata` and the `Dream` command of earlier ones."""

from __future__ import annotations

import re
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
    text,
    whole,
)

_DREAM = {"s": "steps", "S": "seed", "W": "width", "H": "height", "C": "cfg_scale", "A": "sampler"}
_NOTED = {
    "vae": "VAE", "cfg_rescale_multiplier": "CFG rescale", "controlnets": "ControlNet", "ipAdapters": "IP adapter",
    "t2iAdapters": "T2I adapter", "seamless_x": "seamless",
}  # fmt: skip


def read(texts: Mapping[str, str]) -> FoundRecipe | None:
    """The recipe in the newest of the three forms that is there."""
    if said := json_object(texts.get("invokeai_metadata")):
        return _from_metadata(said)
    if image := entry(json_object(texts.get("sd-metadata")), "image"):
        model = entry(json_object(texts["sd-metadata"]), "model_weights")
        prompts = entry(image, "prompt")
        words = prompts if isinstance(prompts, str) else ", ".join(text(entry(each, "prompt")) for each in items(prompts))
        return _legacy({**image, "model": model} if isinstance(image, dict) else {}, words)
    return _from_dream(texts.get("Dream", ""))


def _from_metadata(said: Mapping[str, Any]) -> FoundRecipe:
    sampler, schedule = _parted(said.get("scheduler"))
    drawn_from = text(said.get("generation_mode")).endswith(("img2img", "inpaint", "outpaint"))
    return make_found(
        "InvokeAI",
        prompt=said.get("positive_prompt"),
        negative_prompt=said.get("negative_prompt"),
        seed=said.get("seed"),
        steps=said.get("steps"),
        guidance=said.get("cfg_scale", said.get("guidance")),
        sampler=sampler,
        schedule=schedule,
        width=said.get("width"),
        height=said.get("height"),
        model=_name(said.get("model")),
        loras=loras((_name(_of_lora(each)), entry(each, "weight"), "") for each in items(said.get("loras"))),
        clip_skip=_layer(said.get("clip_skip")),
        refiner=_name(said.get("refiner_model")),
        refine=said.get("refiner_start"),
        hd=said.get("hrf_enabled"),
        strength=said.get("strength") if drawn_from else None,
        others=tuple(label for name, label in _NOTED.items() if said.get(name)),
    )


def _layer(left_out: Any) -> int | None:
    """Layers that are left out; none of them reads the last one."""
    count = whole(left_out)
    return None if count is None else abs(count) + 1


def _of_lora(each: Any) -> Any:
    return entry(each, "model") or entry(each, "lora")


def _name(model: Any) -> Any:
    """The name of a model in 3 and in 4; another version writes it alone."""
    return model if isinstance(model, str) else entry(model, "model_name") or entry(model, "name")


def _parted(scheduler: Any) -> tuple[str, str]:
    name = text(scheduler)
    return (name[:-2], "karras") if name.endswith("_k") else (name, "")


def _legacy(said: Mapping[str, Any], words: str) -> FoundRecipe:
    """What is in [ ] in an early prompt is ruled out. Their sampler's k_ says who wrote it, not which schedule it has."""
    negative = ", ".join(re.findall(r"\[([^\[\]]{1,2000})\]", words))
    return make_found(
        "InvokeAI",
        prompt=" ".join(re.sub(r"\[[^\[\]]{1,2000}\]", "", words).split()),
        negative_prompt=negative,
        **{name: said.get(name) for name in ("seed", "steps", "width", "height", "sampler", "model")},
        guidance=said.get("cfg_scale"),
        strength=said.get("strength") if text(said.get("type")) == "img2img" else None,
    )


def _from_dream(command: str) -> FoundRecipe | None:
    found = re.match(r'\s*(?:dream>\s*)?"((?:[^"\\]|\\.)*)"(.*)', command, re.DOTALL)
    if not found:
        return None
    flags = dict(re.findall(r"-([A-Za-z])\s*([^\s-]\S*)", found[2]))
    said = {_DREAM[flag]: value for flag, value in flags.items() if flag in _DREAM}
    return _legacy(said, found[1].replace('\\"', '"')) if decimal(said.get("steps")) else None
