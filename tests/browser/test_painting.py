"""Painting over the selected picture: by mouse, finger and keyboard; the meter under its prompt, the corners of its picture."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.browser.sketching import FOX, Sketching, attach, draw_from_it, photo
from tests.browser.test_reach import finger, unreadable
from tests.browser.window import Window

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def app(sketching: Sketching) -> Sketching:
    return sketching


def paint(window: Window, *spots: tuple[float, float]) -> None:
    """Draws a line over the paper from spot to spot, in parts of its width and height."""
    box = window.place(window.page.locator("#mask-canvas canvas"))
    for place, (right, down) in enumerate(spots):
        window.page.mouse.move(box["x"] + right * box["width"], box["y"] + down * box["height"], steps=4)
        if place == 0:
            window.page.mouse.down()
    window.page.mouse.up()


def marked(sketching: Sketching) -> Image.Image:
    return Image.open(io.BytesIO(sketching.engine.history[-1][0].mask)).convert("L")


def test_what_is_painted_over_is_drawn_anew(come: Open, sketching: Sketching) -> None:
    window = come()
    window.draw(FOX)
    window.page.locator("#edit").click()
    expect(window.page.locator("#mask-canvas canvas")).to_be_visible()
    expect(window.large).to_be_hidden()
    paint(window, (0.2, 0.2), (0.2, 0.8))
    paint(window, (0.8, 0.2), (0.8, 0.8))
    window.shot("editing-5-painting")
    window.page.locator("#mask-canvas [data-do=undo]").click()
    window.prompt.fill("a hat")
    window.page.locator("#strength").fill("90")
    expect(window.page.locator("#mask-tools output")).to_have_text("90 %")
    window.page.locator("#mask-draw").click()
    expect(window.pictures).to_have_count(2)
    window.rest()
    request, mask = sketching.engine.history[-1][0], marked(sketching)
    assert (request.prompt, request.strength) == ("a hat", 0.9)
    wide, high = mask.size
    assert [mask.getpixel((int(x * wide), high // 2)) for x in (0.05, 0.2, 0.5, 0.8)] == [0, 255, 0, 0]
    expect(window.large).to_be_visible()
    expect(window.page.locator("#mask-canvas canvas")).to_be_hidden()
    window.act("redraw")
    expect(window.pictures).to_have_count(3)
    window.rest()
    assert marked(sketching).tobytes() == mask.tobytes()


def test_a_mark_is_made_by_keyboard_alone(come: Open, sketching: Sketching) -> None:
    window = come()
    window.draw(FOX)
    window.page.locator("#edit").focus()
    window.page.keyboard.press("Enter")
    expect(window.page.locator("#mask-canvas canvas")).to_be_focused()
    for key in ("ArrowLeft", "Space", "ArrowLeft", "ArrowLeft", "ArrowLeft", "Space", "ArrowDown"):
        window.page.keyboard.press(key)
    window.page.locator("#mask-draw").focus()
    window.page.keyboard.press("Enter")
    expect(window.pictures).to_have_count(2)
    window.rest()
    mask = marked(sketching)
    assert mask.getpixel((int(0.42 * mask.width), mask.height // 2)) == 255
    assert mask.getpixel((int(0.8 * mask.width), mask.height // 2)) == 0
    window.page.locator("#edit").click()
    window.page.keyboard.press("Escape")
    expect(window.large).to_be_visible()
    expect(window.page.locator("#edit")).to_be_focused()


def test_without_a_mark_all_of_it_is_drawn_anew(come: Open, sketching: Sketching) -> None:
    window = come()
    window.draw(FOX)
    window.page.locator("#edit").click()
    window.page.locator("#mask-draw").click()
    expect(window.pictures).to_have_count(2)
    window.rest()
    request = sketching.engine.history[-1][0]
    assert request.image and not request.mask and request.strength == 0.9


def test_on_a_phone_a_finger_paints_and_finds_its_targets(come: Open, sketching: Sketching, tmp_path: Path) -> None:
    window = come(390, 844, touch=True)
    attach(window, photo(tmp_path))
    assert window.overflow() == 0 and finger(window, "#attach-file") and finger(window, "#attached-remove")
    window.shot("editing-6-narrow-attached")
    draw_from_it(window)
    window.pictures.last.tap()
    expect(window.panel).to_be_visible()
    window.quiet()
    window.shot("editing-7-narrow-panel")
    assert all(finger(window, name) for name in ("#enlarge", "#edit", "#again", "#more"))
    window.page.locator("#edit").tap()
    expect(window.page.locator("#mask-canvas canvas")).to_be_in_viewport(ratio=0.9)
    box = window.place(window.page.locator("#mask-canvas canvas"))
    window.page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    window.shot("editing-8-narrow-painting")
    assert window.overflow() == 0
    assert all(finger(window, f"#mask-canvas [data-do={name}]") for name in ("undo", "clear", "close"))
    window.page.locator("#mask-draw").tap()
    expect(window.pictures).to_have_count(3)
    window.rest()
    mask = marked(sketching)
    assert mask.getpixel((mask.width // 2, mask.height // 2)) == 255 and mask.getpixel((2, 2)) == 0


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_all_of_it_can_be_read(theme: str, come: Open, tmp_path: Path) -> None:
    window = come(theme=theme)
    attach(window, photo(tmp_path))
    draw_from_it(window)
    attach(window, photo(tmp_path))
    window.take(window.pictures.last)
    expect(window.page.locator("#meter")).to_contain_text("tokens")
    window.shot(f"editing-9-{theme}-panel")
    dim = unreadable(window, "#attached-text p", "#attached-remove", "#meter p", "#enlarge", "#edit", "#again", "#more")
    window.page.locator("#edit").click()
    paint(window, (0.3, 0.3), (0.6, 0.6))
    window.shot(f"editing-10-{theme}-painting")
    dim += unreadable(
        window, "#mask-canvas .tools label", "#mask-canvas .tools button", "#mask-text p", "#mask-tools .tools label"
    )
    assert not dim, "; ".join(dim)
    assert window.overflow() == 0


def test_the_meter_counts_after_a_pause_in_typing(come: Open) -> None:
    window = come()
    window.draw(FOX)
    expect(window.page.locator("#meter")).to_contain_text("of 77 tokens")
    window.prompt.fill("word " * 90)
    expect(window.page.locator("#meter")).to_contain_text("92 of 77 tokens")
    window.prompt.fill("a fox")
    window.prompt.press("Tab")
    expect(window.page.locator("#meter")).to_have_text("4 of 77 tokens")


ROUND = """found => { const style = getComputedStyle(found), box = found.getBoundingClientRect();
    return [box.width / box.height, found.naturalWidth / found.naturalHeight, parseFloat(style.borderRadius)]; }"""


def test_the_corners_of_a_picture_are_round_whatever_its_shape(come: Open) -> None:
    window = come()
    for shape in ("1:1", "16:9", "2:3"):
        window.draw(f"{FOX} --ar {shape} --model sdxl")
        expect(window.large).to_be_visible()
        seen, own, radius = window.large.evaluate(ROUND)
        assert abs(seen / own - 1) < 0.02 and radius > 8, shape
        window.shot(f"editing-11-{shape.replace(':', '-')}")
