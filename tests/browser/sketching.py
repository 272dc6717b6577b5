"""A window over an engine that sketches at once, in this process, and what a person does with pictures in it."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import expect

from gemini_diffusion.chat_models.builtin import BuiltinChatModel
from gemini_diffusion.config.settings import Settings
from gemini_diffusion.generation.services import Services
from gemini_diffusion.generation.visitors import Visitors
from gemini_diffusion.storage.gallery import Gallery
from gemini_diffusion.types import Emit, ImageRequest, ImageResult
from gemini_diffusion.ui.window import build
from gemini_diffusion.web.server import ServerOptions, open_window
from tests.app_process import AppHere
from tests.browser.window import Window
from tests.pictures import encoded
from tests.sketch_engine import SketchEngine
from tests.test_uploads import GPS, halves

FOX = "/imagine a fox in the snow --seed 7"


class Sketching(AppHere):
    """A window over an engine that sketches, in this process."""

    engine: SketchEngine


class Told(SketchEngine):
    """One that draws in another thread than the test's, and is told there what to wait for."""

    _loop: asyncio.AbstractEventLoop | None = None

    async def generate(self, request: ImageRequest, settings: Settings, emit: Emit) -> ImageResult:
        self._loop = asyncio.get_running_loop()
        return await super().generate(request, settings, emit)

    def pause_at(self, step: int) -> None:
        self._tell(super().pause_at, step)

    def go_on_to(self, step: int) -> None:
        self._tell(super().go_on_to, step)

    def resume(self) -> None:
        self._tell(super().resume)

    def move_up(self) -> None:
        self._tell(super().move_up)

    def _tell(self, order: Callable[..., None], *told: int) -> None:
        if self._loop is None:
            order(*told)
        else:
            self._loop.call_soon_threadsafe(order, *told)


@contextmanager
def open_sketching(folder: Path, sketcher: SketchEngine, **settings: Any) -> Iterator[Sketching]:
    """The window over `sketcher`, open until it is left."""
    app = Sketching(folder)
    app.engine = sketcher
    studio = Services({"builtin": BuiltinChatModel()}, {"local": sketcher}, Gallery(app.home / "pictures"))
    visitors = Visitors(studio, Settings(home=str(app.home), **settings), lends=True, owner=True)
    window = open_window(build(visitors, ["Nothing is set up."]), ServerOptions(port=app.port, browser=False))
    app.url = window.url.rstrip("/")
    yield app
    window.close()


def photo(tmp_path: Path, name: str = "At the beach.jpg", size: tuple[int, int] = (800, 600)) -> Path:
    """A photo with a place in it."""
    exif = Image.Exif()
    exif.get_ifd(GPS)[1] = "N"
    path = tmp_path / name
    path.write_bytes(encoded(halves(size), "JPEG", exif=exif.tobytes()))
    return path


def attach(window: Window, path: Path) -> None:
    with window.page.expect_file_chooser() as chooser:
        window.page.locator("#attach-file").click()
    chooser.value.set_files(path)
    expect(window.page.locator("#attached-picture img")).to_be_visible()
    window.quiet()


def draw_from_it(window: Window, line: str = "/imagine make it snowy") -> None:
    """Sends what is attached; it then stands with the message, above what came of it."""
    before = window.pictures.count()
    window.send(line)
    expect(window.pictures).to_have_count(before + 2)
    window.rest()


def size(of: bytes) -> tuple[int, int]:
    return Image.open(io.BytesIO(of)).size
