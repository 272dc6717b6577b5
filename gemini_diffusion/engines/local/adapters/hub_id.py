"""What a person writes for an adapter at the hub, `owner/name` or `owner/name/file.safetensors`, and which file that means."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from gemini_diffusion.types.errors import BadInput

USUAL = ("pytorch_lora_weights", "adapter_model", "learned_embeds")
"""What the file in a repository is called by the programs that write most of them."""
MOST_NAMED = 6
"""Files that are told of where one has to be chosen."""
_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*(?:/[\w./ -]+)?", re.ASCII)


def is_hub_id(name: str) -> bool:
    return bool(_HUB_ID.fullmatch(name))


def repository_of(hub_id: str) -> str:
    """`owner/name` of `owner/name/file.safetensors`, or of itself."""
    return "/".join(hub_id.split("/")[:2])


def one_of(hub_id: str, files: Sequence[str]) -> str:
    """Which of a repository's .safetensors files is meant: the one that is named, a usual one, or the only one.

    Raises BadInput where that does not tell.
    """
    files = sorted(files)
    meant = [file for file in files if file == _file_in(hub_id)] or [file for file in files if is_meant(hub_id, file)]
    usual = [file for file in meant if PurePosixPath(file).stem in USUAL] or meant
    if len(usual) == 1:
        return usual[0]
    which = ", ".join(f"{repository_of(hub_id)}/{file}" for file in (meant or files)[:MOST_NAMED])
    problem = "has several files" if meant else "is not among the files there"
    raise BadInput(f"{hub_id[:120]} {problem}.", f"Say which: {which}.")


def is_meant(hub_id: str, file: str) -> bool:
    """Whether a hub id names this file of its repository, with its folders or without; every one where it names none."""
    wanted = _file_in(hub_id).lower()
    return wanted in ("", file.lower(), PurePosixPath(file).name.lower())


def _file_in(hub_id: str) -> str:
    return "/".join(hub_id.split("/")[2:])
