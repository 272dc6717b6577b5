"""What a drawing costs the window: processor time, bytes and updates of one 16-step turn after 0, 59 and 499 others.

`python -m benchmarks.window [turns ...]` prints a line for each, and how it compares with the first, an empty conversation. The
engine draws nothing: each step takes 60 ms and every ninth shows a preview of a Postcard picture, so that what is measured is
the window, and a page without a browser that reads what it is sent. Both are in this process.
"""

from __future__ import annotations

import asyncio
import functools
import io
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from gemini_diffusion.config.settings import Settings
from gemini_diffusion.engines.small_jpeg import small_jpeg
from gemini_diffusion.types import Emit, ImageRequest, ImageResult, Preview, Progress, StageFinished, StageStarted
from tests.browser.sketching import open_sketching
from tests.sketch_engine import SketchEngine
from tests.visitor import Visitor

COUNTS = (0, 59, 499)
STEPS, STEP, BETWEEN = 16, 0.06, 9
SHEET = Path(__file__).resolve().parents[1] / "assets" / "postcard" / "sheet.png"


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn: processor seconds, bytes sent to the page, updates it was sent."""

    seconds: float
    size: int
    updates: int


class SteadyEngine(SketchEngine):
    """Takes as long for every picture. `slow` is off while a conversation is filled."""

    slow = False

    async def generate(self, request: ImageRequest, settings: Settings, emit: Emit) -> ImageResult:
        emit(StageStarted("drawing", "Drawing"))
        for step in range(1, STEPS + 1) if self.slow else ():
            await asyncio.sleep(STEP)
            emit(Progress("drawing", step, STEPS, seconds_left=STEP * (STEPS - step)))
            if step % BETWEEN == 0:
                emit(Preview(preview()))
        emit(StageFinished("drawing", f"Drew it, {STEPS} steps", STEPS * STEP))
        return ImageResult(Image.new("RGB", (128, 128)), request, request.seed or 1, self.name, STEPS * STEP)


@functools.cache
def preview() -> bytes:
    """One picture of the sheet, as the engine makes a preview of it."""
    with Image.open(io.BytesIO(SHEET.read_bytes())) as sheet:
        return small_jpeg(sheet.convert("RGB").crop((0, 0, 128, 128)))


def main() -> None:
    counts = [int(text) for text in sys.argv[1:]] or list(COUNTS)
    print(f"{'others':>8}{'CPU s':>9}{'ratio':>8}{'bytes':>10}{'ratio':>8}{'updates':>9}{'ratio':>8}")
    first: Turn | None = None
    for count in counts:
        turn = measured(count)
        first = first or turn
        line = (
            f"{count:>8}{turn.seconds:>9.2f}{turn.seconds / first.seconds:>8.2f}{turn.size:>10,}{turn.size / first.size:>8.2f}"
        )
        print(f"{line}{turn.updates:>9}{turn.updates / first.updates:>8.2f}", flush=True)


def measured(others: int) -> Turn:
    """A turn in a conversation of so many others, the cheapest of three."""
    engine = SteadyEngine()
    with tempfile.TemporaryDirectory() as folder, open_sketching(Path(folder), engine, engine="local") as app:
        visitor = Visitor(app.url)
        program = visitor.program()
        for number in range(others):
            program.predict(f"a fox in the snow --raw --seed {number + 1}", api_name="/imagine")
        engine.slow = True
        return min((drawn(visitor) for _ in range(3)), key=lambda turn: turn.seconds)


def drawn(visitor: Visitor) -> Turn:
    started = time.process_time()
    told = visitor.press("box", "submit", "/imagine a fox in the snow --seed 7", "")
    return Turn(time.process_time() - started, len(told.text.encode()), told.text.count('"process_generating"'))


if __name__ == "__main__":
    main()
