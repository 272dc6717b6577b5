"""A model on its way from the Hugging Face hub: which files, how large, with progress, and a stop; does not load it."""

from __future__ import annotations

import io
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from gemini_diffusion.catalogue import ImageModel
from gemini_diffusion.engines.diffusion.shelf import WEIGHTS, Shelf, is_whole
from gemini_diffusion.engines.diffusion.worker import Job
from gemini_diffusion.engines.translation import in_our_words
from gemini_diffusion.errors import DiskFull, ModelNotFound
from gemini_diffusion.types import Progress

ROOM = 1.1
"""Times its size is what a download needs: files are written beside their place first."""
SECONDS_BETWEEN_NEWS = 0.25
PARTS = ("unet", "vae", "text_encoder", "text_encoder_2", "image_encoder", "safety_checker")
"""Folders whose weights are fetched; repositories hold others beside them, such as SDXL's older decoder in vae_1_0."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be fetched: `total` and `missing` in bytes."""

    files: tuple[str, ...]
    total: int
    missing: int


@dataclass(frozen=True, slots=True)
class Download:
    """One model from one hub. `hub_url` "" is the hub's usual address; `token` "" is none, never the host's."""

    entry: ImageModel
    shelf: Shelf
    hub_url: str = ""
    token: str = ""

    def plan(self) -> Plan:
        """The files a drawing needs and their sizes, asked of the hub; nothing is fetched."""
        with in_our_words(self.entry.source):
            offered = self._snapshot(["*.json", "*.txt", f"*/*{WEIGHTS}"], dry_run=True)
        wanted = choose([file.filename for file in offered], self.entry.variant)
        chosen = [file for file in offered if file.filename in wanted]
        missing = sum(file.file_size for file in chosen if file.will_download)
        return Plan(tuple(sorted(wanted)), sum(file.file_size for file in chosen), missing)

    def run(self, job: Job) -> Path:
        """Fetch what is missing and return the model's folder. What has arrived is kept, also after a stop."""
        with job.stage("downloading", f"Fetching {self.entry.label}") as stage:
            plan = self.plan()
            if not any(file.endswith(WEIGHTS) for file in plan.files):
                raise ModelNotFound(f"{self.entry.source} holds no model that can be drawn with here.")
            free = self.shelf.free_bytes
            if plan.missing * ROOM > free:
                raise DiskFull(f"{self.entry.label} needs {in_bytes(plan.missing)} more; {in_bytes(free)} are free here.")
            stage.text = f"Fetched {self.entry.label}, {in_bytes(plan.total)}"
            with in_our_words(self.entry.source):
                folder = Path(self._snapshot(list(plan.files), tqdm_class=_meter(job, plan)))
        if not is_whole(folder):
            raise ModelNotFound(f"{self.entry.source} holds no model that can be drawn with here.")
        return folder

    def _snapshot(self, patterns: list[str], **options: Any) -> Any:
        from huggingface_hub import snapshot_download

        return snapshot_download(
            self.entry.source,
            cache_dir=self.shelf.folder,
            allow_patterns=patterns,
            endpoint=self.hub_url or None,
            token=self.token or False,
            **options,
        )


def choose(files: Sequence[str], variant: str) -> set[str]:
    """Of a repository's files those a drawing needs: all settings, each part's weights once, in the variant if there is one."""
    wanted = {name for name in files if not name.endswith(WEIGHTS) and f"{WEIGHTS}.index" not in name}
    weights = [name for name in files if name not in wanted and PurePosixPath(name).parent.name in PARTS]
    for part in {PurePosixPath(name).parent for name in weights}:
        own = [name for name in weights if PurePosixPath(name).parent == part]
        special = [name for name in own if variant and f".{variant}." in PurePosixPath(name).name]
        plain = [name for name in own if not any(mark in PurePosixPath(name).name for mark in (".fp16.", ".non_ema."))]
        wanted.update(special or plain or own)
    return wanted


def in_bytes(count: float) -> str:
    """An amount of bytes as a person reads it: 6.9 GB, 41 GB, 350 MB."""
    unit, size = ("GB", count / 1e9) if count >= 1e9 else ("MB", count / 1e6)
    return f"{size:.1f} {unit}" if size < 10 else f"{size:,.0f} {unit}"


def _meter(job: Job, plan: Plan) -> type:
    """A class of progress bars, as the hub wants one: its bars tell `job` how far the bytes are, and stop when it is over."""
    from tqdm import tqdm  # type: ignore[import-untyped]

    started, last = time.monotonic(), [0.0]
    before = plan.total - plan.missing

    class Meter(tqdm):
        """One of the hub's bars; those that count bytes tell the same count twice, received and written."""

        def __init__(self, *args: Any, **options: Any) -> None:
            options.pop("name", None)
            super().__init__(*args, **{**options, "file": io.StringIO(), "mininterval": 3600})

        def update(self, n: float | None = 1) -> bool | None:
            job.check()
            shown = super().update(n)
            now = time.monotonic()
            if self.unit == "B" and self.n and now - last[0] >= SECONDS_BETWEEN_NEWS:
                last[0] = now
                done = min(int(self.n), plan.missing)
                left = (plan.missing - done) * (now - started) / done
                job.emit(Progress("downloading", before + done, plan.total, "byte", left))
            return shown

    return Meter
