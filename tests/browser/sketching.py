"""A window over an engine that sketches at once and can do all there is, and whoever comes to it."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, expect

from gemini_diffusion.chat_models.offline import OfflineChatModel
from gemini_diffusion.gallery import Gallery
from gemini_diffusion.settings import Settings
from gemini_diffusion.studio import Studio
from gemini_diffusion.ui.launch import Place, open_window
from gemini_diffusion.ui.window import build
from gemini_diffusion.visitors import Visitors
from tests.browser.conftest import PATIENCE
from tests.browser.watch import Watch
from tests.browser.window import Window
from tests.running import App
from tests.sketch import SketchEngine
from tests.test_brought import GPS, encoded, halves

FOX = "/imagine a fox in the snow --seed 7"
Come = Callable[..., Window]


class Sketching(App):
    """A window over an engine that sketches and can do all there is, in this process."""

    engine: SketchEngine


@contextmanager
def open_sketching(folder: Path) -> Iterator[Sketching]:
    """The window, open until it is left."""
    app = Sketching(folder)
    app.engine = SketchEngine(able=True)
    studio = Studio({"offline": OfflineChatModel()}, {"local": app.engine}, Gallery(app.home / "pictures"))
    visitors = Visitors(studio, Settings(home=str(app.home)), lends=True, owner=True)
    window = open_window(build(visitors, ["Nothing is set up."]), Place(browser=False))
    app.url = window.url.rstrip("/")
    yield app
    window.close()


@contextmanager
def visits(browser: Browser, sketching: Sketching, shots: Path) -> Iterator[Come]:
    """Opens the window for somebody new, on a wide screen or a phone, by day or night; at the end each page is judged."""
    opened: list[tuple[Page, Watch]] = []

    def open_it(width: int = 1280, height: int = 800, theme: str = "light") -> Window:
        context = browser.new_context(
            viewport={"width": width, "height": height}, has_touch=width < 800, accept_downloads=True,
            color_scheme="dark" if theme == "dark" else "light",
        )  # fmt: skip
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        watch = Watch(page, sketching.url)
        opened.append((page, watch))
        window = Window(page, sketching, watch, shots)
        window.open()
        return window

    yield open_it
    for page, watch in opened:
        page.context.close()
        watch.settle()


def photo(tmp_path: Path, name: str = "At the beach.jpg", size: tuple[int, int] = (800, 600)) -> Path:
    """A photo with a place in it."""
    exif = Image.Exif()
    exif.get_ifd(GPS)[1] = "N"
    path = tmp_path / name
    path.write_bytes(encoded(halves(size), "JPEG", exif=exif.tobytes()))
    return path


def attach(window: Window, path: Path) -> None:
    with window.page.expect_file_chooser() as chooser:
        window.page.locator("#clip").click()
    chooser.value.set_files(path)
    expect(window.page.locator("#attached-picture img")).to_be_visible()


def draw_from_it(window: Window, line: str = "/imagine make it snowy") -> None:
    """Sends what is attached; it then stands with the message, above what came of it."""
    before = window.pictures.count()
    window.send(line)
    expect(window.pictures).to_have_count(before + 2)
    window.rest()


def size(of: bytes) -> tuple[int, int]:
    return Image.open(io.BytesIO(of)).size
