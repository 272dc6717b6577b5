"""A model on its way from the Hugging Face hub: which files of which repositories; does not load it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from gemini_diffusion.engines.downloads.fetch import Bundle, Fetch, FetchPlan, refuse_offline
from gemini_diffusion.engines.downloads.model_store import WEIGHTS, ModelStore
from gemini_diffusion.engines.local.loading import single_file
from gemini_diffusion.engines.models import Companion, ImageModel
from gemini_diffusion.engines.worker import WorkerJob
from gemini_diffusion.types.errors import ModelNotFound

PARTS = ("unet", "vae", "text_encoder", "text_encoder_2", "image_encoder", "safety_checker")
"""Folders whose weights are fetched; repositories hold others beside them, such as SDXL's older decoder in vae_1_0."""


@dataclass(frozen=True, slots=True)
class ModelDownload:
    """One model from one hub. `hub_url` "" is the hub's usual address; `token` "" is none, never the host's."""

    entry: ImageModel
    shelf: ModelStore
    hub_url: str = ""
    token: str = ""

    def plan(self) -> Bundle:
        """The files a drawing needs and their sizes, asked of the hub; nothing is fetched.

        Raises before anything is asked where a single file can never be drawn with, or where the hub is not to be asked.
        """
        if self.entry.is_file:
            single_file.refuse_unusable(Path(self.entry.source))
        refuse_offline(self.entry.label, "choose a model that is here")
        return Bundle(tuple(self._plans()))

    def run(self, job: WorkerJob) -> Path:
        """Fetch what is missing and return the model's folder or file. What has arrived is kept, also after a stop."""
        self._delivery.bring(self.entry.label, self.plan, job)
        if folder := self.shelf.find(self.entry):
            return folder
        raise self._unusable(self.entry.source)

    @property
    def _delivery(self) -> Fetch:
        return Fetch(self.shelf, self.hub_url, self.token)

    def _plans(self) -> Iterator[FetchPlan]:
        entry = self.entry
        if entry.is_file:
            yield self._delivery.plan(single_file.first_of_family(Path(entry.source)), ("*.json", "*.txt"), _settings)
            return
        patterns = ("*.json", "*.txt", f"*/*{WEIGHTS}")
        own = self._delivery.plan(entry.source, patterns, lambda files: choose_files(files, entry.variant, entry.left_out))
        if not any(file.endswith(WEIGHTS) for file in own.files):
            raise self._unusable(entry.source)
        yield own
        for each in entry.companions:
            yield self._companion(each)

    def _companion(self, each: Companion) -> FetchPlan:
        """One file of a repository, or a part that lies at its top."""
        names = (each.file,) if each.file else ("config.json", f"diffusion_pytorch_model{WEIGHTS}")
        plan = self._delivery.plan(each.source, names, set)
        if len(plan.files) < len(names):
            raise self._unusable(each.source)
        return plan

    def _unusable(self, source: str) -> ModelNotFound:
        return ModelNotFound(f"{source} holds no model that can be drawn with here.")


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
