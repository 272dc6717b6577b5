"""Kills the real app while it draws with Postcard, starts it again, and looks whether all that it had taken on was done.

`python -m benchmarks.killed [times]` does it often.
"""

from __future__ import annotations

import json
import random
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from gemini_diffusion.generation.turn.unfinished_turns import NAME
from gemini_diffusion.storage.history import read_turns
from gemini_diffusion.types.turn import Turn
from tests.app_process import App
from tests.visitor import API, Visitor
from tests.waiting import wait_until

REQUESTS = 2
"""Sent before each kill: one runs, the others wait in line."""
MOST_WAITING = 5
"""Unfinished requests beside which no more are sent, since a line is not endless."""


@dataclass
class KilledApp:
    """An app in `folder` and one visitor of it; `taken` are the requests that were on disk before a kill."""

    folder: Path
    longest: float
    taken: list[str] = field(default_factory=list)
    starts: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._app = App(self.folder)
        self._visitor: Visitor | None = None

    def kill(self) -> None:
        """Starts it, sends requests, and kills it within `longest` seconds after the last was taken."""
        with self._started() as app:
            for _ in range(REQUESTS if self._on_disk(NAME).count('"asked"') < MOST_WAITING else 0):
                self._send(f"fox number {len(self.taken)}")
            time.sleep(random.random() * self.longest)
            app._process.kill()

    def lost(self) -> list[str]:
        """Starts it once more, lets it finish, and says what was taken and neither drawn nor said to have failed."""
        with self._started():
            wait_until(lambda: not list(self.folder.glob(f"home/visitors/*/{NAME}")))
            turns = {turn.asked.partition(" --")[0]: turn for turn in self._turns() if turn.pictures or turn.failures}
        return [words for words in self.taken if f"/imagine {words}" not in turns]

    def broken(self) -> list[Path]:
        """Pictures that cannot be read whole."""
        return [path for path in self._app.pictures if not _is_whole(path)]

    @contextmanager
    def _started(self) -> Iterator[App]:
        began = time.monotonic()
        with self._app as app:
            self.starts.append(time.monotonic() - began)
            self._visitor = self._visitor or Visitor(app.url)
            yield app

    def _send(self, words: str) -> None:
        assert self._visitor
        body = json.dumps({"data": [f"{words} --raw --steps 4 --seed {len(self.taken)}"], "session_hash": "a"}).encode()
        sent = urllib.request.Request(f"{self._app.url}{API}/call/imagine", body, {"Content-Type": "application/json"})
        self._visitor._open(sent).close()
        wait_until(lambda: words in self._on_disk(NAME) + self._on_disk("conversation*.json"))
        self.taken.append(words)

    def _on_disk(self, name: str) -> str:
        text = ""
        for file in self.folder.glob(f"home/visitors/*/{name}"):
            with suppress(FileNotFoundError):  # it is gone as soon as all is done
                text += file.read_text("utf-8")
        return text

    def _turns(self) -> list[Turn]:
        files = self.folder.glob("home/visitors/*/conversation*.json")
        return [turn for file in files if file.name != "conversations.json" for turn in read_turns(file)]


def _is_whole(path: Path) -> bool:
    try:
        with Image.open(path) as image:
            image.load()
    except (OSError, SyntaxError):
        return False
    return True
