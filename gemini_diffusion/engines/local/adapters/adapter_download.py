"""A LoRA or a textual inversion as a download from the hub: one .safetensors file of a repository, and PEFT's notes on it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

from gemini_diffusion.engines.downloads.fetch import Download, Hub
from gemini_diffusion.engines.downloads.model_store import WEIGHTS
from gemini_diffusion.engines.local.adapters.adapter_header import PEFT_CONFIG, PEFT_WEIGHTS
from gemini_diffusion.engines.local.adapters.hub_id import one_of, repository_of
from gemini_diffusion.engines.models.safetensors_header import ONLY_SAFETENSORS
from gemini_diffusion.types.errors import BadInput


def adapter_download(name: str, hub: Hub) -> Download:
    """What `owner/name`, or `owner/name/file.safetensors` where a repository has several, stands for.

    Its plan raises BadInput where the repository has no such file or the name does not say which one.
    """

    def chosen(files: Sequence[str]) -> list[str]:
        weights = [file for file in files if file.endswith(WEIGHTS)]
        if not weights:
            raise BadInput(f"{repository_of(name)} has no {WEIGHTS} file.", ONLY_SAFETENSORS)
        meant = PurePosixPath(one_of(name, weights))
        noted = meant.with_name(PEFT_CONFIG)
        return [file for file in files if file == str(meant) or (file == str(noted) and meant.stem == PEFT_WEIGHTS)]

    patterns = (f"*{WEIGHTS}", f"*{PEFT_CONFIG}")
    return Download(name, name, "leave it out", hub, lambda hub: [hub.plan(repository_of(name), patterns, chosen)])
