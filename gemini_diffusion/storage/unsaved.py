"""Pictures that were paid for and came to a full disk: held in memory until they are fetched, or the app ends."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from pathlib import Path

from gemini_diffusion.storage.files import write_atomically

MOST_BYTES = 256_000_000
"""Of all of them; the oldest goes first, never the newest."""


class UnsavedPictures:
    """PNG files by a random name, for any thread."""

    def __init__(self) -> None:
        self._held: OrderedDict[str, bytes] = OrderedDict()
        self._changing = threading.Lock()

    def hold(self, content: bytes) -> str:
        """Keeps a file; the name it is fetched by."""
        name = f"{secrets.token_hex(16)}.png"
        with self._changing:
            self._held[name] = content
            while sum(map(len, self._held.values())) > MOST_BYTES and len(self._held) > 1:
                self._held.popitem(last=False)
        return name

    def write_to(self, folder: Path) -> list[Path]:
        """Writes all that is held into another folder; the files. Raises DiskFull, BadInput."""
        for name, content in self._held.items():
            write_atomically(folder / name, content)
        return [folder / name for name in self._held]

    def get(self, name: str) -> bytes | None:
        """A file that is held; None for any other name."""
        return self._held.get(name)
