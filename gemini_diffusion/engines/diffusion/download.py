"""A model on its way from the Hugging Face hub: which files, how large, with progress, and a stop; does not load it."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from gemini_diffusion.catalogue import Companion, ImageModel
from gemini_diffusion.engines.diffusion import single_file
from gemini_diffusion.engines.diffusion.hub import Hub
from gemini_diffusion.engines.diffusion.shelf import WEIGHTS, Shelf
from gemini_diffusion.engines.diffusion.shelf import in_bytes as in_bytes
from gemini_diffusion.engines.diffusion.worker import Job
from gemini_diffusion.engines.translation import in_our_words
from gemini_diffusion.errors import DiskFull, ModelNotFound, Unreachable
from gemini_diffusion.types import Progress

ROOM = 1.1
"""Times its size is what a download needs: files are written beside their place first."""
SECONDS_BETWEEN_NEWS = 0.25
PARTS = ("unet", "vae", "text_encoder", "text_encoder_2", "image_encoder", "safety_checker")
"""Folders whose weights are fetched; repositories hold others beside them, such as SDXL's older decoder in vae_1_0."""
Choice = Callable[[Sequence[str]], Collection[str]]
"""Of the files a repository offers those that are wanted."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be fetched of one repository: `total` and `missing` in bytes; `weights` are the large files among those."""

    files: tuple[str, ...]
    total: int
    missing: int
    source: str = ""
    weights: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Bundle:
    """What would be fetched of all repositories that a model needs, its own first."""

    plans: tuple[Plan, ...]

    @property
    def total(self) -> int:
        """Bytes, those included that are here."""
        return sum(plan.total for plan in self.plans)

    @property
    def missing(self) -> int:
        """Bytes that are not here."""
        return sum(plan.missing for plan in self.plans)


@dataclass(frozen=True, slots=True)
class Download:
    """One model from one hub. `hub_url` "" is the hub's usual address; `token` "" is none, never the host's."""

    entry: ImageModel
    shelf: Shelf
    hub_url: str = ""
    token: str = ""

    def plan(self) -> Bundle:
        """The files a drawing needs and their sizes, asked of the hub; nothing is fetched.

        Raises before anything is asked where a single file can never be drawn with, or where the hub is not to be asked.
        """
        if self.entry.is_file:
            single_file.refuse_unusable(Path(self.entry.source))
        self._refuse_offline()
        return Bundle(tuple(self._plans()))

    def run(self, job: Job) -> Path:
        """Fetch what is missing and return the model's folder or file. What has arrived is kept, also after a stop."""
        with job.stage("downloading", f"Fetching {self.entry.label}") as stage:
            bundle, free = self.plan(), self.shelf.free_bytes
            if bundle.missing * ROOM > free:
                raise DiskFull(f"{self.entry.label} needs {in_bytes(bundle.missing)} more; {in_bytes(free)} are free here.")
            stage.text = f"Fetched {self.entry.label}, {in_bytes(bundle.total)}"
            bar = Bar(job, bundle.total, bundle.total - bundle.missing)
            for plan in bundle.plans:
                with in_our_words(plan.source):
                    self._fetch(plan, bar)
        if folder := self.shelf.find(self.entry):
            return folder
        raise self._unusable(self.entry.source)

    def _fetch(self, plan: Plan, bar: Bar) -> None:
        """What is missing of one repository, the large files one after the other."""
        for file in plan.weights:
            self._hub.bring(plan.source, file, bar.of(plan.missing))
        self._hub.settle(plan.source, plan.files, bar.of(0))

    @property
    def _hub(self) -> Hub:
        return Hub(self.shelf.folder, self.hub_url, self.token)

    def _plans(self) -> Iterator[Plan]:
        entry = self.entry
        if entry.is_file:
            yield self._plan(single_file.first_of_family(Path(entry.source)), ("*.json", "*.txt"), _settings)
            return
        patterns = ("*.json", "*.txt", f"*/*{WEIGHTS}")
        own = self._plan(entry.source, patterns, lambda files: choose(files, entry.variant, entry.left_out))
        if not any(file.endswith(WEIGHTS) for file in own.files):
            raise self._unusable(entry.source)
        yield own
        for each in entry.companions:
            yield self._companion(each)

    def _companion(self, each: Companion) -> Plan:
        """One file of a repository, or a part that lies at its top."""
        names = (each.file,) if each.file else ("config.json", f"diffusion_pytorch_model{WEIGHTS}")
        plan = self._plan(each.source, names, set)
        if len(plan.files) < len(names):
            raise self._unusable(each.source)
        return plan

    def _plan(self, source: str, patterns: Sequence[str], chosen: Choice) -> Plan:
        with in_our_words(source):
            offered = self._hub.offered(source, patterns)
        wanted = chosen([file.filename for file in offered])
        files = [file for file in offered if file.filename in wanted]
        missing = [file for file in files if file.will_download]
        total, lacking = (sum(file.file_size for file in some) for some in (files, missing))
        large = [file.filename for file in missing if file.filename.endswith(WEIGHTS)]
        return Plan(tuple(sorted(wanted)), total, lacking, source, tuple(sorted(large)))

    def _refuse_offline(self) -> None:
        from huggingface_hub.constants import is_offline_mode

        if is_offline_mode():
            raise Unreachable(
                f"{self.entry.label} is not on this machine, and HF_HUB_OFFLINE keeps it from being fetched.",
                "Unset HF_HUB_OFFLINE, or choose a model that is here.",
            )

    def _unusable(self, source: str) -> ModelNotFound:
        return ModelNotFound(f"{source} holds no model that can be drawn with here.")


def choose(files: Sequence[str], variant: str, left_out: Collection[str] = ()) -> set[str]:
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


class Bar:
    """How far the bytes of a whole download are, over all its files; it stops when nobody waits any more."""

    def __init__(self, job: Job, total: int, here: int) -> None:
        self._job, self._total, self._here = job, total, here
        self._arrived, self._resumed = 0, 0
        self._started, self._last = time.monotonic(), 0.0

    def of(self, missing: int) -> type:
        """A class of progress bars, as the hub's client wants one, for what comes next, at most `missing` bytes."""
        from tqdm import tqdm  # type: ignore[import-untyped]

        bar, before = self, self._arrived

        class Meter(tqdm):
            """Counts the bytes of one file, those included that were here when it began. Others of the client's bars do not
            count bytes."""

            def __init__(self, *args: Any, **options: Any) -> None:
                options.pop("name", None)
                super().__init__(*args, **{**options, "file": io.StringIO(), "mininterval": 3600})
                bar.resume(int(self.n))

            def update(self, n: float | None = 1) -> bool | None:
                shown = super().update(n)
                bar.tell(before + min(int(self.n), missing) if self.unit == "B" else 0)
                return shown

        return Meter

    def resume(self, count: int) -> None:
        """So many bytes were here already, which says nothing about how fast the others come."""
        self._resumed += count

    def tell(self, arrived: int) -> None:
        """News at most every quarter of a second. Raises Abandoned once the download was stopped."""
        self._job.check()
        now = time.monotonic()
        self._arrived = max(self._arrived, min(arrived, self._total - self._here))
        fresh = self._arrived - self._resumed
        if fresh > 0 and now - self._last >= SECONDS_BETWEEN_NEWS:
            self._last = now
            left = (self._total - self._here - self._arrived) * (now - self._started) / fresh
            self._job.emit(Progress("downloading", self._here + self._arrived, self._total, "byte", left))
