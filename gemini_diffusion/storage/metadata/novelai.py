"""NovelAI: PNG texts with a JSON Comment, the model named only in Source; its signs of emphasis become A1111's."""

from __future__ import annotations

import re
from collections.abc import Mapping

from gemini_diffusion.storage.metadata.found_recipe import FoundRecipe, entry, items, json_object, make_found, text

_STEP = 1.05
_NUMBERED = re.compile(r"(-?\d{1,2}(?:\.\d{1,3})?)::(.{1,2000}?)::", re.DOTALL)
_MORE, _LESS = re.compile(r"(\{{1,9})([^{}]{1,500})\}{1,9}"), re.compile(r"(\[{1,9})([^\[\]]{1,500})\]{1,9}")
_NOTED = {"cfg_rescale": "CFG rescale", "sm": "SMEA", "sm_dyn": "SMEA dynamic", "dynamic_thresholding": "decrisper"}


def read(texts: Mapping[str, str]) -> FoundRecipe | None:
    """The recipe in Comment, or in the whole object that was hidden in the transparency."""
    said = json_object(texts.get("Comment"))
    if "prompt" not in said or not ("uc" in said or "scale" in said):
        return None
    people = items(entry(said, "v4_prompt", "caption", "char_captions"))
    words = [text(said.get("prompt")), *(text(entry(each, "char_caption")) for each in people)]
    drawn_from = "img2img" in text(said.get("request_type")).lower() or bool(said.get("image"))
    return make_found(
        "NovelAI",
        prompt=weighted(", ".join(filter(None, dict.fromkeys(words)))),
        negative_prompt=weighted(text(said.get("uc"))),
        seed=said.get("seed"),
        steps=said.get("steps"),
        guidance=said.get("scale"),
        sampler=said.get("sampler"),
        schedule="" if said.get("noise_schedule") == "native" else said.get("noise_schedule"),
        width=said.get("width"),
        height=said.get("height"),
        model=texts.get("Source"),
        strength=said.get("strength") if drawn_from else None,
        others=tuple(label for name, label in _NOTED.items() if said.get(name)),
    )


def weighted(prompt: str) -> str:
    """The prompt with {more}, [less] and 1.3::so much:: written as (so much:1.3)."""
    prompt = _NUMBERED.sub(lambda found: f"({found[2].strip(' ,')}:{float(found[1]):g})", prompt).replace("::", "")
    prompt = _MORE.sub(lambda found: f"({found[2].strip()}:{_STEP ** len(found[1]):.3g})", prompt)
    return _LESS.sub(lambda found: f"({found[2].strip()}:{_STEP ** -len(found[1]):.3g})", prompt)
