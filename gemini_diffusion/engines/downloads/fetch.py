"""A download from the Hugging Face hub: asked about first, so that a person can agree to it, then fetched.

Files come whole, with progress, and a stop. It knows no model.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from gemini_diffusion.engines.downloads.hub import HubCache
from gemini_diffusion.engines.downloads.model_store import WEIGHTS, ModelStore, in_bytes
from gemini_diffusion.engines.error_map import translate_error
from gemini_diffusion.engines.worker import WorkerJob
from gemini_diffusion.types import Progress
from gemini_diffusion.types.errors import AgreementNeeded, DiskFull, Unreachable

ROOM = 1.1
"""Times its size is what a download needs: files are written beside their place first."""
SECONDS_BETWEEN_NEWS = 0.25
Choice = Callable[[Sequence[str]], Collection[str]]
"""Of the files a repository offers those that are wanted."""


@dataclass(frozen=True, slots=True)
class FetchPlan:
    """What would be fetched of one repository: `total` and `missing` in bytes; `weights` are the large files among those."""

    files: tuple[str, ...]
    total: int
    missing: int
    source: str = ""
    weights: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Bundle:
    """What would be fetched of all repositories that are needed, the first of them first."""

    plans: tuple[FetchPlan, ...]

    @property
    def total(self) -> int:
        """Bytes, those included that are here."""
        return sum(plan.total for plan in self.plans)

    @property
    def missing(self) -> int:
        """Bytes that are not here."""
        return sum(plan.missing for plan in self.plans)


@dataclass(frozen=True, slots=True)
class Hub:
    """The hub at `url`, "" for its usual address, and the store its files go to; `token` "" is none, never the host's."""

    store: ModelStore
    url: str = ""
    token: str = ""

    def plan(self, source: str, patterns: Sequence[str], chosen: Choice) -> FetchPlan:
        """The files of a repository that fit the patterns and are chosen, and their sizes; nothing is fetched."""
        with translate_error(source):
            offered = self.cache.list_files(source, patterns)
        wanted = chosen([file.filename for file in offered])
        files = [file for file in offered if file.filename in wanted]
        missing = [file for file in files if file.will_download]
        total, lacking = (sum(file.file_size for file in some) for some in (files, missing))
        large = [file.filename for file in missing if file.filename.endswith(WEIGHTS)]
        return FetchPlan(tuple(sorted(wanted)), total, lacking, source, tuple(sorted(large)))

    @property
    def cache(self) -> HubCache:
        return HubCache(self.store.folder, self.url, self.token)


@dataclass(frozen=True, slots=True)
class Download:
    """What a person knows as one thing, a model or a LoRA, in whatever repositories it lies.

    `name` is what they agree to, `instead` what they can do if they do not; `repositories` asks the hub what would come.
    """

    name: str
    label: str
    instead: str
    hub: Hub
    repositories: Callable[[Hub], Iterable[FetchPlan]]

    def plan(self) -> Bundle:
        """The files and their sizes; nothing is fetched. Raises Unreachable where the hub is not to be asked."""
        from huggingface_hub.constants import is_offline_mode

        if is_offline_mode():
            raise Unreachable(
                f"{self.label} is not on this machine, and HF_HUB_OFFLINE keeps it from being fetched.",
                f"Unset HF_HUB_OFFLINE, or {self.instead}.",
            )
        return Bundle(tuple(self.repositories(self.hub)))

    def agreement(self, size: int) -> AgreementNeeded:
        """What a person is asked before `size` bytes are fetched."""
        free = self.hub.store.free_bytes
        return AgreementNeeded(
            f"{self.label} is a {in_bytes(size)} download; {in_bytes(free)} are free here.",
            f"Agree to it, or {self.instead}.",
            model=self.name,
            download_bytes=size,
            free_bytes=free,
        )

    def run(self, job: WorkerJob) -> None:
        """Fetch what is missing. What has arrived is kept, also after a stop. Raises DiskFull before."""
        with job.stage("downloading", f"Fetching {self.label}") as stage:
            bundle, free = self.plan(), self.hub.store.free_bytes
            if bundle.missing * ROOM > free:
                raise DiskFull(f"{self.label} needs {in_bytes(bundle.missing)} more; {in_bytes(free)} are free here.")
            stage.text = f"Fetched {self.label}, {in_bytes(bundle.total)}"
            bar = ProgressBar(job, bundle.total, bundle.total - bundle.missing)
            for part in bundle.plans:
                with translate_error(part.source):
                    self._fetch(part, bar)

    def _fetch(self, plan: FetchPlan, bar: ProgressBar) -> None:
        """What is missing of one repository, the large files one after the other."""
        for file in plan.weights:
            self.hub.cache.download_file(plan.source, file, bar.of(plan.missing))
        self.hub.cache.link_version(plan.source, plan.files, bar.of(0))


class ProgressBar:
    """How far the bytes of a whole download are, over all its files; it stops when nobody waits any more."""

    def __init__(self, job: WorkerJob, total: int, here: int) -> None:
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
        """News at most every quarter of a second. Raises JobCancelled once the download was stopped."""
        self._job.check()
        now = time.monotonic()
        self._arrived = max(self._arrived, min(arrived, self._total - self._here))
        fresh = self._arrived - self._resumed
        if fresh > 0 and now - self._last >= SECONDS_BETWEEN_NEWS:
            self._last = now
            left = (self._total - self._here - self._arrived) * (now - self._started) / fresh
            self._job.emit(Progress("downloading", self._here + self._arrived, self._total, "byte", left))
