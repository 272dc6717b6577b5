"""A picture on its way: seen as it grows where it will stand, never before it may be, and the place in the queue told."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import Open
from tests.browser.sketching import Sketching, Told, open_sketching
from tests.browser.window import Window
from tests.sketch_engine import so_far

pytestmark = pytest.mark.browser
FOX = "/imagine a fox in the snow --ar 3:2 --seed 11 --steps 9"


@pytest.fixture(scope="module")
def judged(request: pytest.FixtureRequest) -> str:
    """Whether pictures are judged: "off", or as a test says."""
    return str(getattr(request, "param", "off"))


@pytest.fixture(scope="module")
def app(judged: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sketching]:
    """A window over an engine that shows each step."""
    home = tmp_path_factory.mktemp("preview")
    settings = {"picture_filter": judged, "picture_filter_model": str(home), "engine": "local"}
    with open_sketching(home, Told(previews=True, model="sdxl"), **settings) as window:
        yield window


@pytest.fixture(autouse=True)
def as_before(app: Sketching) -> Iterator[None]:
    yield
    app.engine.resume()


def preview(window: Window) -> Locator:
    return window.page.locator("#preview img")


def hold(app: Sketching, step: int) -> None:
    """Lets the drawing go on to a step, and stay there."""
    app.engine.go_on_to(step)


def begin(window: Window, app: Sketching, line: str = FOX) -> None:
    """Sends a request and waits until its drawing is begun."""
    begun = len(app.engine.history)
    window.send(line)
    window.happens(lambda: len(app.engine.history) > begun)


def shows(window: Window, app: Sketching, step: int) -> None:
    content = base64.b64encode(so_far(app.engine.history[-1][0], step)).decode("ascii")
    expect(preview(window)).to_have_attribute("src", f"data:image/jpeg;base64,{content}")


def box(window: Window, of: Locator) -> list[int]:
    return [round(number) for number in window.place(of).values()]


@pytest.mark.parametrize("judged", ["on", "off"], indirect=True)
def test_a_picture_grows_where_it_will_stand(come: Open, app: Sketching, judged: str) -> None:
    window = come()
    window.send("/imagine a cat --ar 3:2 --seed 5")
    expect(window.large).to_be_visible()
    window.rest()
    expect(preview(window)).to_be_hidden()
    before = box(window, window.large)
    hold(app, 3)
    begin(window, app)
    shows(window, app, 3)
    expect(preview(window)).to_have_attribute("alt", "How it looks so far")
    expect(window.large).to_be_hidden()
    assert box(window, preview(window)) == before
    blurred = preview(window).evaluate("picture => getComputedStyle(picture).filter") != "none"
    assert blurred == (judged == "on"), "nobody sees what was not judged"
    window.shot(f"preview-1-{judged}")
    same = preview(window).element_handle()
    hold(app, 6)
    shows(window, app, 6)
    assert same.evaluate("picture => picture.isConnected"), "the picture is changed, not replaced, so that it cannot flicker"
    app.engine.resume()
    window.rest()
    window.shot(f"preview-2-{judged}")
    expect(preview(window)).to_be_hidden()
    assert box(window, window.large) == before
    window.shot(f"preview-3-{judged}")


def test_the_first_picture_of_all_grows_in_place_of_the_welcome_and_a_stop_brings_that_back(come: Open, app: Sketching) -> None:
    window = come(theme="dark")
    hold(app, 4)
    begin(window, app)
    shows(window, app, 4)
    expect(window.page.locator("#welcome")).to_be_hidden()
    window.shot("preview-4-first")
    window.stop.click()
    expect(window.chat).to_contain_text("Stopped")
    expect(preview(window)).to_be_hidden()
    expect(window.page.locator("#welcome")).to_be_visible()


def test_the_place_in_the_queue_is_told_everywhere_and_again_when_it_moves(come: Open, app: Sketching) -> None:
    window = come()
    app.engine.resume()
    app.engine.queue_behind(2)
    begin(window, app)
    for told in ("Waiting, 2 before this one", "Waiting, 1 before this one"):
        expect(window.status).to_have_text(told)
        expect(window.page.locator("#stage")).to_contain_text(told)
        expect(window.chat).to_contain_text(told)
        window.shot(f"queue-{told[9]}")
        app.engine.move_up()
    window.rest()
    assert window.chat.inner_text().count("Wait") == 1
