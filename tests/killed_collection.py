"""Kills a program that keeps, stars, deletes and searches pictures, and looks whether what it had acknowledged is true.

python -m tests.killed_collection [times]
"""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
import time
from itertools import count
from pathlib import Path

from PIL import Image

from gemini_diffusion.storage.collection import Collection
from gemini_diffusion.storage.gallery import Gallery
from gemini_diffusion.storage.picture_index import Search
from tests.recipes import changed

LONGEST = 0.02
"""Seconds after a line within which the program is killed: about what its next steps take."""


def work(home: Path) -> None:
    """Changes pictures for ever, and says what it has done."""
    gallery = Gallery(home / "pictures")
    collection = Collection(home / "visitor", gallery)
    chosen, here, deleted = random.Random(1), list[str](), list[str]()
    for number in count():
        picture = gallery.save(Image.new("RGB", (8, 8)), changed(seed=number))
        collection.add(picture)
        here.append(picture.id)
        _say("kept", picture.id)
        collection.search(Search(str(number)), 10)
        if number % 2:
            starred = chosen.choice(here)
            collection.star(starred, True)
            _say("starred", starred)
        if number % 3 == 0:
            deleted.append(here.pop(chosen.randrange(len(here))))
            collection.delete(deleted[-1])
            _say("deleted", deleted[-1])
        if number % 7 == 6:
            here.append(deleted.pop())
            collection.restore(here[-1])
            _say("kept", here[-1])


def _say(what: str, identity: str) -> None:
    sys.stdout.write(f"{what} {identity}\n")
    sys.stdout.flush()


def kill_once(home: Path, lines: int) -> None:
    """Kills the program some time after that many lines. Raises AssertionError where something it said is not so."""
    command = [sys.executable, "-m", "tests.killed_collection", str(home)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        said = [program.stdout.readline() for _ in range(lines + 1)]
        time.sleep(random.random() * LONGEST)
        program.kill()
        said += program.stdout.readlines()
    told = [line.split() for line in said if line.endswith("\n")]
    last, stars = (
        {identity: what for what, identity in told if what != "starred"},
        {each for what, each in told if what == "starred"},
    )
    collection, gallery = Collection(home / "visitor", Gallery(home / "pictures")), Gallery(home / "pictures")
    listed = {entry.id for entry in collection.search(Search(), 10_000).pictures}
    there = {path.name for path in gallery.folder.iterdir() if gallery.find(path.name)} & set(collection.ids)
    assert listed == there, "the index is not what the files say"
    under_way = listed ^ {identity for identity, what in last.items() if what == "kept"}
    assert len(under_way) <= 1, "more than the step under way is unlike what was said"
    assert stars & listed <= {entry.id for entry in collection.search(Search(starred=True), 10_000).pictures}, "a star is lost"
    assert all(gallery.find(identity) or gallery.find_deleted(identity) for identity in last), "a picture is lost"


if __name__ == "__main__":
    told = sys.argv[1] if len(sys.argv) > 1 else "200"
    if not told.isdigit():
        work(Path(told))
    for moment in range(int(told)):
        with tempfile.TemporaryDirectory() as folder:
            kill_once(Path(folder), moment % 40)
        print(f"killed {moment + 1} times, nothing lost", end="\r", flush=True)
    print()
