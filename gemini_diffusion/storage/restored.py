"""Whose a restored backup is: the visitor's folder that the next new browser of the host goes on with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from gemini_diffusion.storage.files import write_atomically

NAME = "restored.json"


class Restored:
    """What was noted of a restore in the data folder `home`."""

    def __init__(self, home: Path) -> None:
        self._home, self._file = home, home / NAME
        self._known: dict[str, str] = {}

    def offer(self) -> None:
        """Notes that a new browser may go on with the visitor who has the most pictures."""
        folders = sorted((self._home / "visitors").glob("*"), key=_pictures)
        if folders:
            write_atomically(self._file, json.dumps({"waiting": folders[-1].name, "taken": {}}).encode("ascii"))

    def folder_of(self, visitor: str) -> str:
        """The folder of the visitor of that digest: their own, or the restored one that they were the first to ask for."""
        if visitor not in self._known:
            self._known[visitor] = self._found(visitor)
        return self._known[visitor]

    def _found(self, visitor: str) -> str:
        note = self._read()
        taken: dict[str, str] = note.get("taken", {})
        if visitor in taken:
            return taken[visitor]
        if not note.get("waiting") or (self._home / "visitors" / visitor).exists():
            return visitor
        taken[visitor] = note["waiting"]
        write_atomically(self._file, json.dumps({"waiting": "", "taken": taken}).encode("ascii"))
        return taken[visitor]

    def _read(self) -> dict[str, Any]:
        if not self._file.exists():
            return {}
        try:
            return dict(json.loads(self._file.read_text("ascii")))
        except (OSError, ValueError, TypeError):
            return {}


def _pictures(folder: Path) -> int:
    """How much is named in a visitor's list of pictures."""
    names = folder / "pictures.txt"
    return names.stat().st_size if names.exists() else -1
