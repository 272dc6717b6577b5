"""What strangers keep on the host's disk, bounded by visitor and in all; knows folders and their sizes, no picture."""

from __future__ import annotations

import logging
import os
import shutil
import threading
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from gemini_diffusion.config.settings import Settings
from gemini_diffusion.types.errors import BadInput, OutOfQuota

MEGABYTE = 1_000_000
LEAST_FREE = 300 * MEGABYTE
"""Bytes of the disk that are left to the host whatever the limits say."""
_BLOCK = 4096
"""Bytes of a disk that the smallest file takes."""
_LOG = logging.getLogger(__name__)


def free_bytes(folder: Path) -> int:
    return shutil.disk_usage(folder).free


class DiskQuota:
    """Which folders belong to which stranger, in a file of the data folder. One for all visitors of a host.

    A folder that the host has thrown away counts until the next start.
    """

    def __init__(self, host: Settings, free: Callable[[Path], int] = free_bytes) -> None:
        self._host, self._home, self._free = host, host.home_path, free
        self._ledger = self._home / "strangers.txt"
        self._counting = threading.Lock()
        self._kept: defaultdict[str, dict[str, int]] = defaultdict(dict)
        for visitor, place in self._lines():
            self._kept[visitor][place] = _size(self._home / place)

    def refuse_more(self, visitor: str) -> None:
        """Raises OutOfQuota where nothing more is kept for this visitor, or for anybody."""
        with self._counting:
            own = sum(self._kept[visitor].values())
            in_all = sum(sum(places.values()) for places in self._kept.values())
        if own >= self._host.keep_per_visitor * MEGABYTE:
            said = f"Your pictures fill the room that one visitor has here ({self._host.keep_per_visitor} MB)."
            raise OutOfQuota(said, "Download those you like, and ask the host for more: GEMINI_DIFFUSION_KEEP_PER_VISITOR.")
        if in_all >= self._host.keep_in_all * MEGABYTE:
            said = f"The room for all visitors' pictures is full here ({self._host.keep_in_all} MB)."
            raise OutOfQuota(said, "Download those you like, and ask the host for more: GEMINI_DIFFUSION_KEEP_IN_ALL.")
        if self._home.exists() and self._free(self._home) < LEAST_FREE:
            raise OutOfQuota("The host's disk is nearly full.", "Download the pictures you like, and tell the host.")

    def count(self, visitor: str, folder: Path) -> None:
        """Counts `folder` of the data folder, as large as it is now, as this visitor's."""
        place = os.path.relpath(folder, self._home)
        with self._counting:
            if place not in self._kept[visitor]:
                self._write(f"{visitor} {place}\n")
            self._kept[visitor][place] = _size(folder)

    def _write(self, line: str) -> None:
        try:
            with self._ledger.open("a", encoding="utf-8") as file:
                file.write(line)
        except OSError as error:  # until the next start it counts all the same
            _LOG.warning("What is kept for visitors could not be written down: %s", error)

    def _lines(self) -> list[tuple[str, str]]:
        if not self._ledger.exists():
            return []
        try:
            lines = self._ledger.read_text("utf-8", "replace").splitlines()
        except OSError as error:
            raise BadInput(f"{self._ledger} cannot be read.", "Choose another folder with --data-dir.") from error
        found = (line.partition(" ") for line in lines)
        return [(visitor, place) for visitor, _, place in found if visitor and place]


def _size(folder: Path) -> int:
    """Bytes of the files in a folder, none where it is gone."""
    try:
        return sum(-(-entry.stat().st_size // _BLOCK) * _BLOCK for entry in os.scandir(folder))
    except FileNotFoundError:
        return 0
