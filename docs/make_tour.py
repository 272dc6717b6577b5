"""The moving picture of the README: the real window in Chromium, the bundled model drawing, as one animated WebP.

`python -m docs.make_tour [file]` starts the app with a fresh data folder and no key, types two requests, watches the pictures
take shape, and writes assets/tour.webp. CHROMIUM names the browser where it is not found by itself.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
FILE = ROOT / "assets" / "tour.webp"
MOST_BYTES = 600_000
WIDTH, HEIGHT, SHOWN_WIDTH = 1280, 800, 960
BROWSERS = ("chromium", "google-chrome", "chromium-browser", "chrome")
FIRST = "/imagine a red cat on the beach at sunset --seed 7"
SECOND = "/imagine a yellow balloon over a meadow --n 2 --seed 3"
PATIENCE = 180_000
"""Milliseconds a slow machine may take for one drawing."""


class Film:
    """Pictures of a page, each with the milliseconds it is shown; one that changes nothing lengthens the last."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.frames: list[Image.Image] = []
        self.times: list[int] = []

    def shoot(self, milliseconds: int) -> None:
        """Takes a picture of the page as it is now."""
        shot = Image.open(io.BytesIO(self.page.screenshot())).convert("RGB")
        small = shot.resize((SHOWN_WIDTH, SHOWN_WIDTH * HEIGHT // WIDTH), Image.Resampling.LANCZOS)
        if self.frames and small.tobytes() == self.frames[-1].tobytes():
            self.times[-1] += milliseconds
        else:
            self.frames.append(small)
            self.times.append(milliseconds)

    def save(self, file: Path) -> None:
        """Writes the film at the best quality that stays below MOST_BYTES. RuntimeError where none does."""
        first, *others = self.frames
        for quality in (90, 80, 70, 60, 50, 40):
            written = io.BytesIO()
            first.save(
                written, "WEBP", save_all=True, append_images=others, duration=self.times, loop=0,
                quality=quality, method=6, minimize_size=True,
            )  # fmt: skip
            if written.tell() < MOST_BYTES:
                file.write_bytes(written.getvalue())
                return
        raise RuntimeError(f"The film stays above {MOST_BYTES:,} bytes.")


@contextmanager
def running_app(home: Path) -> Iterator[str]:
    """The address of the app, started for this film and ended after it."""
    keys = ("GOOGLE", "GEMINI", "HF_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(keys)}
    command = [sys.executable, str(ROOT / "app.py"), "--no-browser", "--data-dir", str(home)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as app:
        try:
            said = next((line for line in app.stdout or () if " is at " in line), "")
            if not said:
                raise RuntimeError("The app ended before its window opened.")
            yield said.split()[-1]
        finally:
            app.terminate()


def record(page: Page, address: str) -> Film:
    """The whole story, from the empty window to the second picture."""
    film = Film(page)
    enter(page, address)
    film.shoot(1500)
    draw(film, FIRST, pictures=1)
    film.shoot(2500)
    draw(film, SECOND, pictures=3)
    film.shoot(4000)
    return film


def enter(page: Page, address: str) -> None:
    """Opens the window and waits until it can be used; the lists under the box come last."""
    page.goto(address)
    expect(page.locator("#box textarea")).to_be_editable()
    expect(page.locator("#chat-model input")).not_to_have_value("")
    page.evaluate("document.fonts.ready")


def draw(film: Film, line: str, pictures: int) -> None:
    """Types a line and sends it, and films until so many pictures stand in the chat and the window is at rest."""
    box = film.page.locator("#box textarea")
    for word in line.split(" "):
        box.press_sequentially(f"{word} ")
        film.shoot(170)
    box.press("Enter")
    drawn = film.page.locator("#chat .message-wrap img[alt^='Picture']")
    stop = film.page.locator("#box .stop-button")
    until = time.monotonic() + PATIENCE / 1000
    while drawn.count() < pictures or stop.is_visible():
        if time.monotonic() > until:
            raise TimeoutError(f"No picture of {line!r} came.")
        film.shoot(140)


def main() -> None:
    file = Path(sys.argv[1]) if len(sys.argv) > 1 else FILE
    browser = next(filter(None, map(shutil.which, (os.environ.get("CHROMIUM", ""), *BROWSERS))), None)
    if browser is None:
        sys.exit("There is no Chromium. Install it, or set CHROMIUM to its path.")
    with tempfile.TemporaryDirectory() as home, running_app(Path(home)) as address, sync_playwright() as playwright:
        expect.set_options(timeout=PATIENCE)
        chromium = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox", "--disable-gpu"])
        page, rehearsal = (
            chromium.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light", reduced_motion="reduce")
            for _ in range(2)
        )
        enter(rehearsal, address)
        draw(Film(rehearsal), FIRST, pictures=1)  # a visitor who comes before, so that the model is in memory
        rehearsal.close()
        film = record(page, address)
        chromium.close()
    film.save(file)
    print(f"{file}: {len(film.frames)} pictures, {sum(film.times) / 1000:.1f} s, {file.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
