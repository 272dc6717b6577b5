"""Midjourney: the prompt as it was typed, with its flags, and the job's id behind it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from gemini_diffusion.storage.metadata.found_recipe import FoundRecipe, make_found

_JOB = re.compile(r"\s*Job ID:\s*[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\s*$", re.IGNORECASE)
_FLAG = re.compile(r"\s--(?=[a-z])")


def read(texts: Mapping[str, str]) -> FoundRecipe | None:
    """The recipe in Description; its flags are ours, and what they mean here is the line's own reader to say."""
    for name in ("Description", "ImageDescription", "UserComment"):
        said = texts.get(name, "")
        if not _JOB.search(said):
            continue
        line = " ".join(_JOB.sub("", said).split())
        prompt = _FLAG.split(line)[0]
        seed = re.search(r"\s--seed (\d{1,10})(?!\S)", line)
        return make_found("Midjourney", prompt=prompt, seed=seed and seed[1], line=f"/imagine {line} --raw" if prompt else "")
    return None
