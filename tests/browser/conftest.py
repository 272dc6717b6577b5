"""One Chromium, one running app and one that only sketches, for all tests here; for each test somebody who is new to both."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.app_process import AppHere
from tests.browser.sketching import Sketching, Told, open_sketching
from tests.browser.watch import PATIENCE, Watch
from tests.browser.window import Window
from tests.local_services import StandIns

NAMES = (
    "chromium-headless-shell", "chromium", "google-chrome", "chromium-browser", "chrome", "/usr/bin/chromium",
    "/snap/bin/chromium",
)  # fmt: skip
QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-domain-reliability", "--disable-default-apps", "--no-first-run", "--no-default-browser-check",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)  # fmt: skip
EARS = Path(__file__).with_name("ears.js")

Open = Callable[..., Window]


# The package's scope, not the session's: Playwright's loop would be in the way of every coroutine test that follows.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    wanted = os.environ.get("CHROMIUM", "")
    found = next(filter(None, map(shutil.which, filter(None, (wanted, *NAMES)))), None)
    if found is None:
        said = "NO CHROMIUM: the browser tests did not run. Install Chromium or set CHROMIUM to its path."
        if os.environ.get("CI") == "true":
            pytest.fail(said)
        pytest.skip(said)
    with sync_playwright() as playwright:
        expect.set_options(timeout=PATIENCE)
        yield playwright.chromium.launch(executable_path=found, args=QUIET)


@pytest.fixture(scope="package")
def running_services() -> Iterator[StandIns]:
    with StandIns() as both:
        yield both


@pytest.fixture(scope="package")
def app(running_services: StandIns, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppHere]:
    with AppHere(tmp_path_factory.mktemp("window"), environment=running_services.environment) as running:
        yield running


@pytest.fixture(scope="package")
def sketching(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sketching]:
    """A window over an engine that can do all there is."""
    with open_sketching(tmp_path_factory.mktemp("sketching"), Told(able=True)) as window:
        yield window


@pytest.fixture
def services(running_services: StandIns) -> StandIns:
    """Both services as on the first day."""
    running_services.forget()
    return running_services


@pytest.fixture
def shots(tmp_path: Path) -> Path:
    """Where pictures of the window go: BROWSER_SHOTS, else a folder of this test's own."""
    folder = Path(os.environ.get("BROWSER_SHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def come(browser: Browser, app: AppHere, services: StandIns, shots: Path) -> Iterator[Open]:
    """Opens the window for somebody new: `come(width=390, height=844, theme="dark")`. Whatever is not right of it by itself (an
    error in the console, a request to anybody else) fails the test at its end."""
    with ExitStack() as open_contexts:

        def open_window(width: int = 1280, height: int = 800, theme: str = "light", touch: bool = False) -> Window:
            context: BrowserContext = browser.new_context(
                viewport={"width": width, "height": height}, color_scheme="dark" if theme == "dark" else "light",
                has_touch=touch, accept_downloads=True,
            )  # fmt: skip
            open_contexts.callback(context.close)
            context.set_default_timeout(PATIENCE)
            context.add_init_script(path=EARS)
            page: Page = context.new_page()
            watch = Watch(page, app.url)
            open_contexts.callback(watch.settle)
            window = Window(page, app, watch, shots)
            window.open()
            return window

        yield open_window
