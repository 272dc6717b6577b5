"""What strangers keep on the host's disk, bounded by visitor and in all; knows folders and their sizes, no picture."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import threading
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gemini_diffusion.config.settings import Settings
from gemini_diffusion.storage.files import free_bytes, write_atomically
from gemini_diffusion.storage.trash import TRASH
from gemini_diffusion.types.errors import BadInput, GeminiDiffusionError, OutOfQuota

MEGABYTE = 1_000_000
LEDGER = "strangers.txt"
LEAST_FREE = 300 * MEGABYTE
"""Bytes of the disk that are left to the host whatever the limits say."""
BLOCK = 4096
"""Bytes of a disk that the smallest file takes."""
_LOG = logging.getLogger(__name__)


class DiskQuota:
    """Which folders belong to which stranger, in a file of the data folder. One for all visitors of a host.

    Its trash makes room before anybody is refused. A folder that the host has thrown away counts until the next start.
    """

    def __init__(self, host: Settings, free: Callable[[Path], int] = free_bytes) -> None:
        self._host, self._home, self._free = host, host.home_path, free
        self._ledger = self._home / LEDGER
        self._counting = threading.Lock()
        self._kept: defaultdict[str, dict[str, int]] = defaultdict(dict)
        lines = read_ledger(self._home)
        for visitor, place in lines:
            if size := folder_size(self._home / place):
                self._kept[visitor][place] = size
        self._shorten(lines)

    def refuse_more(self, visitor: str) -> None:
        """Raises OutOfQuota where nothing more is kept for this visitor, or for anybody, even with the trash emptied."""
        with self._counting:
            while refusal := self._refusal(visitor):
                everybody = [visitor] if refusal.own else [visitor, *self._kept]
                if not any(map(self._empty_trash, everybody)):
                    raise refusal.error

    def _refusal(self, visitor: str) -> _Refusal | None:
        own = sum(self._kept[visitor].values())
        in_all = sum(sum(places.values()) for places in self._kept.values())
        if own >= self._host.keep_per_visitor * MEGABYTE:
            said = f"Your pictures fill the room that one visitor has here ({self._host.keep_per_visitor} MB)."
            hint = "Download those you like, delete others, or ask the host for more: GEMINI_DIFFUSION_KEEP_PER_VISITOR."
            return _Refusal(OutOfQuota(said, hint), own=True)
        if in_all >= self._host.keep_in_all * MEGABYTE:
            said = f"The room for all visitors' pictures is full here ({self._host.keep_in_all} MB)."
            hint = "Download those you like, delete others, or ask the host for more: GEMINI_DIFFUSION_KEEP_IN_ALL."
            return _Refusal(OutOfQuota(said, hint))
        if self._free(self._home) < LEAST_FREE:
            return _Refusal(OutOfQuota("The host's disk is nearly full.", "Download the pictures you like, and tell the host."))
        return None

    def _empty_trash(self, visitor: str) -> bool:
        """Removes what this visitor deleted longest ago; false where there is nothing."""
        deleted = [place for place, size in self._kept[visitor].items() if size and Path(place).parts[0] == TRASH]
        for place in sorted(deleted, key=lambda place: _changed(self._home / place))[:1]:
            shutil.rmtree(self._home / place, ignore_errors=True)
            self._kept[visitor][place] = 0
        return bool(deleted)

    def count(self, visitor: str, folder: Path) -> None:
        """Counts `folder` of the data folder, as large as it is now, as this visitor's."""
        place = os.path.relpath(folder, self._home)
        with self._counting:
            if place not in self._kept[visitor]:
                self._write(f"{visitor} {place}\n")
            self._kept[visitor][place] = folder_size(folder)

    def _shorten(self, lines: list[tuple[str, str]]) -> None:
        """Leaves out of the file what is gone, which else grew for ever."""
        here = [f"{visitor} {place}\n" for visitor, places in self._kept.items() for place in places]
        if len(here) < len(lines):
            with contextlib.suppress(GeminiDiffusionError):  # it is only shorter
                write_atomically(self._ledger, "".join(here).encode("utf-8"))

    def _write(self, line: str) -> None:
        try:
            with self._ledger.open("a", encoding="utf-8") as file:
                file.write(line)
        except OSError as error:  # until the next start it counts all the same
            _LOG.warning("What is kept for visitors could not be written down: %s", error)


def read_ledger(home: Path) -> list[tuple[str, str]]:
    """Visitor and folder, a line each, as far as they can be read. Raises BadInput where there is something else."""
    ledger = home / LEDGER
    if not ledger.exists():
        return []
    try:
        lines = ledger.read_text("utf-8", "replace").splitlines()
    except OSError as error:
        raise BadInput(f"{ledger} cannot be read.", "Choose another folder with --data-dir.") from error
    found = (line.partition(" ") for line in lines)
    return [(visitor, place) for visitor, _, place in found if visitor and place]


@dataclass(frozen=True, slots=True)
class _Refusal:
    """`own` says that only the visitor's own trash would make room."""

    error: OutOfQuota
    own: bool = False


def _changed(folder: Path) -> float:
    """When a folder was deleted, 0 where it has gone since."""
    return folder.stat().st_mtime if folder.exists() else 0.0


def folder_size(folder: Path) -> int:
    """Bytes of the files in a folder, none where it is gone."""
    try:
        return sum(-(-entry.stat().st_size // BLOCK) * BLOCK for entry in os.scandir(folder))
    except FileNotFoundError:
        return 0
