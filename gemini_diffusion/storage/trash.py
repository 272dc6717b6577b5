"""Deleted pictures: a folder each, kept for a month in case they are wanted back, or until their room is needed."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from gemini_diffusion.types.errors import BadInput

TRASH = "trash"
"""Its folder, beside the pictures."""
KEPT = 30 * 24 * 3600.0
"""Seconds that a deleted picture can be had back."""
LEAST_FREE = 200_000_000
"""Bytes of the disk below which the trash is emptied, oldest first."""


class Trash:
    """The folder of deleted pictures. One rename deletes and one brings back, so that nothing is ever half deleted."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, picture: Path) -> None:
        """Moves a picture's folder here; what has been here too long goes for good. Raises BadInput."""
        self.expire()
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            os.utime(picture)  # how long it has been here is counted from now
            picture.rename(self.folder / picture.name)
        except OSError as error:
            raise BadInput(f"The picture could not be deleted ({error.strerror}).", "Try again.") from error

    def restore(self, identity: str, to: Path) -> None:
        """Moves the folder of that name back into `to`. Raises BadInput where it is not here."""
        try:
            (self.folder / identity).rename(to / identity)
        except OSError as error:
            raise BadInput("That picture cannot be had back any more.", "Ask for it anew.") from error

    def expire(self) -> None:
        """Removes what has been here for longer than it is kept."""
        for deleted, folder in self.oldest_first():
            if time.time() - deleted > KEPT:
                shutil.rmtree(folder, ignore_errors=True)

    def make_room(self, needed: int, free: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free) -> None:
        """Removes the oldest until the disk has room for `needed` bytes more; nothing where it has, or there is no trash."""
        for _, folder in self.oldest_first():
            if free(self.folder) - needed >= LEAST_FREE:
                return
            shutil.rmtree(folder, ignore_errors=True)

    def oldest_first(self) -> Iterator[tuple[float, Path]]:
        """When each was deleted, in seconds since 1970, and its folder."""
        if self.folder.is_dir():
            yield from sorted((entry.stat().st_mtime, Path(entry)) for entry in os.scandir(self.folder) if entry.is_dir())
