"""What many kept pictures cost: opening the Pictures tab and searching with 10,000 of them against 100, side by side.

    python -m benchmarks.gallery [pictures]

Each row is done in turn on both, 200 times, and its median CPU time printed with the ratio. Kept pictures are made once for the
run, with recipes of their own, in a temporary folder. Reading all of them into a new index is timed by itself.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image

from gemini_diffusion.generation.services import Services
from gemini_diffusion.generation.turn.session import Session
from gemini_diffusion.storage.gallery import Gallery
from gemini_diffusion.storage.picture_index import Search
from gemini_diffusion.ui.pictures_tab import answer
from tests.recipes import changed

FEW, MANY = 100, 10_000
TIMES = 200
RARE = (3, 50, 98)
"""Pictures of both with a word of their own: what is compared lists equally many."""
COLOURS = ("red", "teal", "yellow", "violet", "white")
THINGS = ("fox", "house", "balloon", "boat", "cat", "flower", "car")
PLACES = ("in the snow", "by the sea", "over a meadow", "in the city at night")


def main() -> None:
    many = int(sys.argv[1]) if len(sys.argv) > 1 else MANY
    with tempfile.TemporaryDirectory() as folder:
        small, large = (kept(Path(folder) / str(count), count) for count in (FEW, many))
        started = time.process_time()
        for session in (small, large):
            while session.collection.search(Search(), 1).unread:
                pass
        print(f"reading {FEW + many:,} pictures into the index: {time.process_time() - started:.2f} CPU s, once")
        print(f"| what | {FEW} pictures | {many:,} pictures | ratio |\n|---|---|---|---|", flush=True)
        for name, work in ROWS.items():
            few, lots = side_by_side(lambda: work(small), lambda: work(large))  # noqa: B023 - called within the loop
            print(f"| {name} | {few * 1000:.2f} ms | {lots * 1000:.2f} ms | {lots / few:.2f} |", flush=True)


def kept(home: Path, count: int) -> Session:
    """A visitor's session over so many kept pictures, all different."""
    gallery = Gallery(home / "pictures")
    session = Session(Services({}, {}, gallery), home / "visitors/a")
    image = Image.new("RGB", (256, 256))
    for number in range(count):
        colour, thing, place = (words[number % len(words)] for words in (COLOURS, THINGS, PLACES))
        idea = f"a {colour} {thing} {place}"
        rare = "with a submarine, " if number in RARE else ""
        recipe = changed(original=idea, prompt=f"{idea}, {rare}soft light, sharp focus", seed=10**6 + number)
        session.collection.add(gallery.save(image, recipe))
    return session


def side_by_side(first: Callable[[], object], second: Callable[[], object]) -> tuple[float, float]:
    """The median CPU seconds of both, done in turn."""
    taken: tuple[list[float], list[float]] = ([], [])
    for _ in range(TIMES):
        for work, times in zip((first, second), taken, strict=True):
            started = time.process_time()
            work()
            times.append(time.process_time() - started)
    return statistics.median(taken[0]), statistics.median(taken[1])


def search(**wanted: Any) -> Callable[[Session], object]:
    """What a page is answered, as the JSON it is sent."""
    return lambda session: json.dumps(answer(session.collection, Search(**wanted)))


ROWS: dict[str, Callable[[Session], object]] = {
    "opening the tab": search(),
    "three words, a page found": search(words="soft light shar"),
    "the beginning of a word of all, a page found": search(words="so"),
    "a word of three": search(words="submarine"),
    "a seed, one found": search(words="1000042"),
    "a word of none": search(words="zeppelin"),
    "the pictures of one model": search(model="postcard"),
    "the newest picture after Clear": lambda session: session.latest,
}

if __name__ == "__main__":
    main()
