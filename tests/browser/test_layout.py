"""Where things are: the picture takes most of the window, its actions are in view, nothing moves when another picture comes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.resources import files

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.browser.sketching import Sketching, Told, open_sketching
from tests.browser.test_live_preview import begin, hold, shows
from tests.browser.test_reach import finger, in_view
from tests.browser.window import Window

pytestmark = pytest.mark.browser
SQUARE, WIDE = "/imagine a fox in the snow --seed 7 --ar 1:1", "/imagine a fox in the snow --seed 8 --ar 16:9"
AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
BARRIERS = """() => axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) => violations
    .filter(found => ["serious", "critical"].includes(found.impact)).map(found => `${found.id}: ${found.nodes[0].html}`))"""
MOVED = """() => new Promise(done => {
    let burst = 0, begun = 0, last = 0, most = 0;  // as browsers count it: the worst five seconds
    const add = ({ value, startTime: now, hadRecentInput: wanted }) => {
        if (wanted) return;
        if (now - last > 1000 || now - begun > 5000) [burst, begun] = [0, now];
        [burst, last] = [burst + value, now];
        most = Math.max(most, burst);
    };
    new PerformanceObserver(list => list.getEntries().forEach(add)).observe({ type: "layout-shift", buffered: true });
    requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => done(most), 50)));
})"""
VOICE = """window.spoken = []; Object.defineProperty(window, "speechSynthesis", { value: {
    getVoices: () => [{}], addEventListener: () => {}, cancel: () => spoken.push("stop"),
    speak: ({ text, lang }) => spoken.push(`${lang}: ${text}`) } })"""
ACTIONS = ("download", "edit", "enlarge", "again", "more")


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sketching]:
    """A window over an engine that can do all there is and shows each step."""
    engine = Told(previews=True, able=True, model="sdxl")
    with open_sketching(tmp_path_factory.mktemp("layout"), engine, engine="local") as window:
        yield window


def test_the_picture_takes_most_of_the_width_six_actions_are_in_view_and_nothing_moves(come: Open) -> None:
    window = come()
    window.draw(SQUARE)
    roomy(window, 1280, 0.50)
    before = window.place(window.page.locator("#actions"))
    window.draw(WIDE)
    assert window.place(window.page.locator("#actions")) == before, "a picture of another shape moves what is below it"
    roomy(window, 1280, 0.50)
    assert window.page.evaluate(MOVED) <= 0.1
    walked_and_seen_over_the_whole_screen(window)
    window.page.set_viewport_size({"width": 1920, "height": 1080})
    window.page.locator("#filmstrip button").last.click()
    window.quiet()
    roomy(window, 1920, 0.55)


def walked_and_seen_over_the_whole_screen(window: Window) -> None:
    """Arrow keys walk the filmstrip, never out of the box; a press fills the screen, with the focus kept there."""
    page, frames, whole = window.page, window.page.locator("#filmstrip button"), window.page.locator("#full-screen")
    window.box.fill("a word")
    window.box.press("ArrowLeft")
    expect(frames.nth(1)).to_have_attribute("aria-current", "true")
    window.box.fill("")
    window.box.blur()
    page.keyboard.press("ArrowLeft")
    expect(frames.nth(0)).to_have_attribute("aria-current", "true")
    expect(window.large).to_have_js_property("src", frames.nth(0).locator("img").evaluate("picture => picture.src"))
    window.quiet()
    page.evaluate(AXE)
    assert page.evaluate(BARRIERS) == []
    window.large.click()
    page.keyboard.press("ArrowRight")
    expect(whole).to_contain_text("2 of 2")
    for _ in range(5):
        page.keyboard.press("Tab")
        assert whole.evaluate("dialog => dialog.contains(document.activeElement) || document.activeElement === document.body")
    assert page.evaluate(BARRIERS) == []
    page.keyboard.press("Escape")
    expect(whole).to_be_hidden()
    expect(frames.nth(1)).to_have_attribute("aria-current", "true")
    expect(page.locator("#picture button")).to_be_focused()
    window.quiet()


def test_an_answer_is_read_aloud_until_it_is_pressed_again_and_terms_are_told(come: Open) -> None:
    window = come()
    button = window.page.locator(".read-aloud")
    window.say("What can you do?")
    expect(button).to_be_hidden()  # this browser has no voice
    window.rest()
    window.page.add_init_script(VOICE)
    window.reload()
    button.click()
    assert window.page.evaluate("spoken[1]").startswith("en: I am the built-in helper")
    expect(button).to_have_attribute("aria-pressed", "true")
    button.click()
    assert window.page.evaluate("spoken.at(-1)") == "stop"
    expect(button).to_have_text("Read aloud")
    window.draw(SQUARE)
    for place, word in (("#details", "Seed"), ("#meter", "Tokens"), ("#negative", "Negative prompt")):
        expect(window.page.locator(f"{place} .term").first).to_have_attribute("title", re.compile(f"^{word}: "))


def roomy(window: Window, width: int, share: float) -> None:
    """The large picture has its share of the width, and what can be done with it stands below it in one line."""
    assert window.place(window.large)["width"] >= share * width
    assert in_view(window, window.large)
    targets = [window.page.locator(f"#{name}") for name in ACTIONS]
    assert all(in_view(window, target) for target in targets)
    assert len({window.place(target)["y"] for target in targets}) == 1, "they stand in one line"
    assert window.page.locator("#actions button:visible").count() == len(ACTIONS)
    assert window.place(window.pictures.first)["width"] <= 0.2 * width, "the same picture is not seen twice at nearly one size"


def test_a_tablet_has_two_columns(come: Open) -> None:
    window = come(768, 1024, touch=True)
    window.draw(WIDE)
    talk, picture = window.place(window.chat), window.place(window.large)
    assert talk["x"] + talk["width"] <= picture["x"] and picture["width"] >= 0.5 * 768
    assert window.overflow() == 0 and all(finger(window, f"#{name}") for name in ACTIONS)


def test_on_a_phone_a_picture_grows_above_the_box_and_has_its_download_below_it(come: Open, app: Sketching) -> None:
    window = come(390, 844, touch=True)
    hold(app, 4)
    begin(window, app, WIDE)
    shows(window, app, 4)
    preview = window.page.locator("#preview img")
    assert in_view(window, preview) and in_view(window, window.stop) and window.overflow() == 0
    expect(window.page.locator("#stage-text")).to_be_in_viewport()
    app.engine.resume()
    window.rest()
    expect(window.panel).to_be_hidden()
    link = window.page.locator("#chat .download-picture")
    assert finger(window, "#chat .download-picture")
    assert 0 <= window.place(link)["y"] - sum(window.place(window.pictures.first)[name] for name in ("y", "height")) < 20
    with window.page.expect_download() as waiting:
        link.tap()
    assert waiting.value.path().read_bytes() == app.pictures[-1].read_bytes()
    assert waiting.value.suggested_filename == app.pictures[-1].name
    assert all(finger(window, f".picture-actions [data-do={name}]") for name in ("edit", "again", "more"))
    window.page.locator(".picture-actions [data-do=again]").tap()
    expect(window.page.locator("#redraw")).to_be_in_viewport()
    window.page.locator("#image-panel-close").tap()
    window.page.locator("#show-choices").tap()
    window.page.get_by_role("combobox", name="Shape").select_option("Tall")
    window.quiet()
    assert window.overflow() == 0 and finger(window, "#drawing-choices select >> nth=0")
    window.draw("/imagine a fox in the snow")
    assert app.engine.history[-1][0].height > app.engine.history[-1][0].width


def test_a_menu_opens_and_closes_by_keyboard(come: Open) -> None:
    window = come()
    window.draw(SQUARE)
    again, redraw = window.page.locator("#again"), window.page.locator("#redraw")
    again.focus()
    window.page.keyboard.press("Enter")
    expect(redraw).to_be_visible()
    expect(again).to_have_attribute("aria-expanded", "true")
    window.page.keyboard.press("Tab")
    expect(redraw).to_be_focused()
    window.page.keyboard.press("Escape")
    expect(redraw).to_be_hidden()
    expect(again).to_be_focused()
