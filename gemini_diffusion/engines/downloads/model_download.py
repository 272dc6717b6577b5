"""Which files of which repositories a model is made of, as a download from the Hugging Face hub."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path, PurePosixPath

from gemini_diffusion.engines.downloads.fetch import Download, FetchPlan, Hub
from gemini_diffusion.engines.downloads.model_store import WEIGHTS
from gemini_diffusion.engines.local.loading import single_file
from gemini_diffusion.engines.models import Companion, ImageModel
from gemini_diffusion.types.errors import ModelNotFound

PARTS = ("unet", "vae", "text_encoder", "text_encoder_2", "image_encoder", "safety_checker")
"""Folders whose weights are fetched; repositories hold others beside them, such as SDXL's older decoder in vae_1_0."""


def model_download(entry: ImageModel, hub: Hub) -> Download:
    """A model with everything a drawing needs beside it. Raises where its single file can never be drawn with."""
    if entry.is_file:
        single_file.refuse_unusable(Path(entry.source))
    return Download(entry.id, entry.label, "choose another model", hub, lambda hub: _repositories(entry, hub))


def no_model_in(source: str) -> ModelNotFound:
    """A repository without what its name promises."""
    return ModelNotFound(f"{source} holds no model that can be drawn with here.")


def _repositories(entry: ImageModel, hub: Hub) -> Iterator[FetchPlan]:
    if entry.is_file:
        yield hub.plan(single_file.first_of_family(Path(entry.source)), ("*.json", "*.txt"), _settings)
        return
    patterns = ("*.json", "*.txt", f"*/*{WEIGHTS}")
    own = hub.plan(entry.source, patterns, lambda files: choose_files(files, entry.variant, entry.left_out))
    if not any(file.endswith(WEIGHTS) for file in own.files):
        raise no_model_in(entry.source)
    yield own
    for each in entry.companions:
        yield _companion(each, hub)


def _companion(each: Companion, hub: Hub) -> FetchPlan:
    """One file of a repository, or a part that lies at its top."""
    names = (each.file,) if each.file else ("config.json", f"diffusion_pytorch_model{WEIGHTS}")
    plan = hub.plan(each.source, names, set)
    if len(plan.files) < len(names):
        raise no_model_in(each.source)
    return plan


def choose_files(files: Sequence[str], variant: str, left_out: Collection[str] = ()) -> set[str]:
    """Of a repository's files those a drawing needs: all settings, each part's weights once, in the variant if there is one.

    Of the parts that are `left_out` no weights are needed.
    """
    wanted = _settings(files)
    parts = {*PARTS} - {*left_out}
    weights = [name for name in files if name not in wanted and PurePosixPath(name).parent.name in parts]
    for part in {PurePosixPath(name).parent for name in weights}:
        own = [name for name in weights if PurePosixPath(name).parent == part]
        special = [name for name in own if variant and f".{variant}." in PurePosixPath(name).name]
        plain = [name for name in own if not any(mark in PurePosixPath(name).name for mark in (".fp16.", ".non_ema."))]
        wanted.update(special or plain or own)
    return wanted


def _settings(files: Sequence[str]) -> set[str]:
    """The files of a repository that hold no weights and no table of them."""
    return {name for name in files if not name.endswith(WEIGHTS) and f"{WEIGHTS}.index" not in name}
