"""The window as a person handles it, by the names of its parts; knows where things are, not what is right."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.app_process import AppHere
from tests.browser.watch import PATIENCE, Watch
from tests.waiting import in_vain

CONTRAST, STILL = (Path(__file__).with_name(name).read_text("utf-8") for name in ("contrast.js", "still.js"))


@dataclass(frozen=True)
class Window:
    """One open page of one person."""

    page: Page
    app: AppHere
    watch: Watch
    shots: Path

    # Its parts

    @property
    def box(self) -> Locator:
        return self.page.locator("#box textarea")

    @property
    def stop(self) -> Locator:
        return self.page.locator("#box .stop-button")

    @property
    def chat(self) -> Locator:
        return self.page.locator("#chat")

    @property
    def said(self) -> Locator:
        """The messages of the person."""
        return self.page.locator('#chat [data-testid="user"]:not(:has(.reword))')

    @property
    def pictures(self) -> Locator:
        """The pictures of the conversation."""
        return self.page.locator("#chat .message-wrap img[alt^='Picture']")

    @property
    def panel(self) -> Locator:
        return self.page.locator("#image-panel")

    @property
    def large(self) -> Locator:
        """The selected picture."""
        return self.page.locator("#picture img")

    @property
    def prompt(self) -> Locator:
        return self.page.locator("#prompt textarea")

    @property
    def download(self) -> Locator:
        return self.page.locator("#download")

    @property
    def status(self) -> Locator:
        return self.page.locator("#status")

    @property
    def options(self) -> Locator:
        """The next steps under a failure."""
        return self.page.locator("#chat .option")

    # What a person does

    def open(self) -> None:
        self.page.goto(self.app.url)
        self.ready()
        self.quiet()

    def reload(self, *, following: bool = False) -> None:
        """Loads the page anew; `following` where a turn runs, of which it then goes on to hear."""
        self.watch.aborted_by_us = True
        self.page.reload()
        self.ready()
        if not following:
            self.quiet()

    def ready(self) -> None:
        """The page is usable: the box is there and the lists under it have come."""
        expect(self.box).to_be_editable()
        expect(self.page.locator("#chat-model input")).not_to_have_value("")

    def send(self, text: str) -> None:
        """Types it and presses Enter, once the page can hear that: it is deaf while its last message is still under way."""
        self.quiet()
        self.box.fill(text)
        self.box.press("Enter")

    def say(self, text: str) -> None:
        """Sends a message and sees it in the conversation: the turn has begun."""
        before = self.said.count()
        self.send(text)
        expect(self.said).to_have_count(before + 1)

    def draw(self, text: str) -> None:
        """Sends a request and waits for one picture more, and until the window is at rest."""
        before = self.pictures.count()
        self.send(text)
        expect(self.pictures).to_have_count(before + 1)
        self.rest()

    def take(self, picture: Locator) -> None:
        """Puts a picture of the conversation in the image panel."""
        picture.click()
        self.quiet()

    def act(self, name: str) -> None:
        """Presses an action of the selected picture, after the button whose menu it is in."""
        self.opened(name).click()

    def opened(self, name: str) -> Locator:
        """An action of the selected picture, its menu open where it is in one."""
        action, menu = (
            self.page.locator(f"#{name}"),
            "#again" if name in ("redraw", "reseed", "vary", "vary-strong") else "#more",
        )
        expect(self.page.locator(menu)).to_be_visible()
        if not action.is_visible():
            self.page.locator(menu).click()
        return action

    def rest(self) -> None:
        """Nothing is under way any more, and the window says so."""
        self.quiet()
        expect(self.stop).to_have_count(0)
        expect(self.status).to_have_text("Ready")

    def quiet(self) -> None:
        """All that the page asked the app for was answered and is shown: what is set or pressed now is not overtaken by it.

        Neither text nor buttons tell that: an update comes to the parts of a page one after another, and one event may ask
        for the next.
        """
        self.page.evaluate(STILL, [PATIENCE, True])

    def still(self) -> None:
        """Nothing moves, for now: what is measured is where it stays."""
        self.page.evaluate(STILL, [PATIENCE, False])

    def happens(self, condition: Callable[[], object]) -> None:
        """Waits until a condition holds while the page goes on. Raises AssertionError with its source where it never does."""
        until = time.monotonic() + PATIENCE / 1000
        while not condition():
            assert time.monotonic() < until, in_vain(condition)
            self.page.wait_for_timeout(20)

    def hear_more(self) -> None:
        """Waits for a few more states of what runs, any of which might change what the page shows."""
        self.page.wait_for_function(f"window.owed.states > {self.page.evaluate('window.owed.states') + 2}")

    def go_to(self, tab: str) -> None:
        self.page.get_by_role("tab", name=tab, exact=True).click()

    def downloaded(self) -> Path:
        """The file that Download gives."""
        with self.page.expect_download() as waiting:
            self.download.click()
        path = Path(waiting.value.path()).rename(self.shots / waiting.value.suggested_filename)
        return path

    # What can be measured

    def shot(self, name: str) -> Path:
        """A picture of what is seen now."""
        path = self.shots / f"{name}.png"
        self.page.screenshot(path=str(path))
        return path

    def overflow(self) -> int:
        """Pixels by which the page can be scrolled sideways."""
        self.still()
        wide: int = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        return wide

    def place(self, target: Locator) -> dict[str, float]:
        """Where it is and how large: x, y, width and height in pixels."""
        self.still()
        found = target.bounding_box()
        assert found is not None, f"{target} is not to be seen"
        return {name: found[name] for name in ("x", "y", "width", "height")}

    def contrast(self, target: Locator) -> float:
        """Of a text against what is really behind it, as WCAG counts: 1 to 21."""
        ratio: float = target.first.evaluate(CONTRAST)
        return ratio

    def storage(self) -> str:
        """Everything the page keeps in the browser, cookies aside."""
        kept: Any = self.page.evaluate(
            """async () => JSON.stringify([{...localStorage}, {...sessionStorage}, await indexedDB.databases()])"""
        )
        return str(kept)
