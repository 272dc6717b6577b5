"""Pictures brought in the window: chosen, dropped, pasted, removed, drawn from, and given back when nothing came of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.browser.sketching import FOX, Sketching, attach, draw_from_it, photo, size
from tests.browser.window import Window
from tests.pictures import encoded
from tests.test_uploads import halves

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def app(sketching: Sketching) -> Sketching:
    return sketching


def test_a_picture_is_attached_drawn_from_and_shown_with_the_message(come: Open, sketching: Sketching, tmp_path: Path) -> None:
    window = come()
    attach(window, photo(tmp_path))
    expect(window.large).to_be_visible()
    window.shot("editing-1-attached")
    draw_from_it(window, "/imagine make it snowy --strength 0.3")
    expect(window.page.locator("#attached")).to_be_hidden()
    expect(window.page.locator("#details")).to_contain_text("from a picture, strength 0.3")
    window.shot("editing-2-drawn-from")
    request = sketching.engine.history[-1][0]
    assert request.strength == 0.3 and size(request.image) == (800, 600)
    assert b"At the beach" in request.image and b"Exif" not in request.image
    window.reload()
    expect(window.pictures).to_have_count(2)
    expect(window.page.locator("#attached")).to_be_hidden()
    window.take(window.pictures.first)
    expect(window.page.locator("#summary")).to_have_text("your own picture")
    expect(window.page.locator("#vary")).to_be_hidden()
    window.shot("editing-3-own-picture")
    window.prompt.fill("a beach in snow")
    window.opened("redraw").get_by_text("Draw from it").click()
    expect(window.pictures).to_have_count(3)
    window.rest()
    request = sketching.engine.history[-1][0]
    assert request.prompt == "a beach in snow" and size(request.image) == (800, 600)
    expect(window.page.locator("#redraw")).to_have_text("With the same seed")
    window.opened("finish").click()
    colour = window.page.get_by_role("slider", name="colour")
    colour.press("Home")
    after = window.page.locator("#finishing img[alt=After]")
    expect(after).to_be_visible()
    window.shot("editing-4-finishing")
    window.page.get_by_role("button", name="Keep a copy").click()
    expect(window.pictures).to_have_count(4)
    expect(window.page.locator("#details")).to_contain_text("finished: colour:-1")
    window.send("/sweep steps 1,2,3 x guidance 3,6 of a fox")
    expect(window.page.get_by_role("link", name="Download the numbers (CSV)")).to_be_visible()
    window.rest()
    expect(window.chat).to_contain_text("6 of 6: steps 3, cfg 6")
    window.shot("editing-5-sweep")
    for key, text in (("ArrowUp", "/sweep"), ("ArrowUp", "/finish colour:-1"), ("ArrowDown", "/sweep"), ("ArrowDown", "")):
        window.box.press(key)
        expect(window.box).to_have_value(re.compile(re.escape(text) if text else "^$"))


def test_it_can_be_removed_and_what_is_sent_then_begins_from_nothing(come: Open, sketching: Sketching, tmp_path: Path) -> None:
    window = come()
    attach(window, photo(tmp_path))
    window.page.locator("#attached-remove").click()
    expect(window.page.locator("#attached")).to_be_hidden()
    window.draw(FOX)
    assert sketching.engine.history[-1][0].image == b""
    changed_and_undone_in_plain_words(window)


def changed_and_undone_in_plain_words(window: Window) -> None:
    first = window.prompt.input_value()
    window.draw("make it night")
    expect(window.chat).to_contain_text("Keep: a fox")
    expect(window.prompt).to_have_value(re.compile("fox in the snow at night"))
    window.draw("undo")
    expect(window.chat).to_contain_text("Back to picture 1: a fox")
    expect(window.prompt).to_have_value(first)
    window.draw("in the forest")
    expect(window.prompt).to_have_value(re.compile("fox in the forest(?!.*night)"))
    window.shot("editing-4-plain-words")
    window.options.get_by_text("I only wanted to talk").click()
    expect(window.chat).to_contain_text("built-in helper")
    window.rest()


def test_words_that_take_no_picture_keep_it(come: Open, tmp_path: Path) -> None:
    window = come()
    attach(window, photo(tmp_path))
    window.send("What is this?")
    expect(window.page.get_by_text("The built-in helper cannot see pictures.")).to_be_visible()
    expect(window.box).to_have_value("What is this?")
    expect(window.page.locator("#attached-picture img")).to_be_visible()


def test_stop_gives_the_picture_back_with_the_words(come: Open, sketching: Sketching, tmp_path: Path) -> None:
    window = come()
    attach(window, photo(tmp_path))
    sketching.engine.pause_at(1)
    window.send("/imagine make it snowy")
    expect(window.page.locator("#attached")).to_be_hidden()
    expect(window.page.locator("#stage")).to_contain_text("Drawing")
    window.stop.click()
    expect(window.box).to_have_value("/imagine make it snowy")
    expect(window.page.locator("#attached-picture img")).to_be_visible()
    sketching.engine.resume()


GIVEN = """([kind, bytes, type]) => {
    const data = new DataTransfer();
    data.items.add(new File([new Uint8Array(bytes)], "given.png", { type }));
    const options = { bubbles: true, cancelable: true, dataTransfer: data, clipboardData: data };
    const event = kind === "drop" ? new DragEvent("drop", options) : new ClipboardEvent("paste", options);
    document.querySelector("#box textarea").dispatchEvent(event);
}"""


def test_a_picture_is_dropped_or_pasted_and_what_is_none_is_told(come: Open, tmp_path: Path) -> None:
    window = come()
    for kind in ("drop", "paste"):
        window.page.evaluate(GIVEN, [kind, list(encoded(halves((64, 64)))), "image/png"])
        expect(window.page.locator("#attached-picture img")).to_be_visible()
        window.page.locator("#attached-remove").click()
        expect(window.page.locator("#attached")).to_be_hidden()
    (tmp_path / "notes.png").write_text("no picture")
    with window.page.expect_file_chooser() as chooser:
        window.page.locator("#attach-file").click()
    chooser.value.set_files(tmp_path / "notes.png")
    expect(window.page.get_by_text("That is no picture I can read.")).to_be_visible()
    expect(window.page.locator("#attached")).to_be_hidden()


def test_a_large_photo_is_made_small_before_it_is_sent(come: Open, sketching: Sketching, tmp_path: Path) -> None:
    window = come()
    noise = Image.effect_noise((4000, 3000), 90).convert("RGB")
    (tmp_path / "large.jpg").write_bytes(encoded(noise, "JPEG", quality=95))
    sent: list[int] = []
    window.page.on("request", lambda request: sent.append(len(request.post_data_buffer or b"")))
    attach(window, tmp_path / "large.jpg")
    assert 100_000 < max(sent) < 1_000_000
    draw_from_it(window)
    wide, high = size(sketching.engine.history[-1][0].image)
    assert 600 < wide <= 1536 and abs(wide / high - 4 / 3) < 0.01


def built_from_a_form(window: Window) -> None:
    window.page.locator("#open-builder").click()
    window.page.get_by_label("Species").fill("fox")
    window.page.get_by_label("Background").fill("in the snow")
    window.page.get_by_role("button", name="Put it into the box").click()
    expect(window.box).to_have_value("/imagine a photo of a fox in the snow")
    expect(window.box).to_be_focused()
    window.box.press("Enter")
    expect(window.pictures).to_have_count(1)
    window.rest()


def test_a_picture_is_built_varied_enlarged_and_attached_from_the_panel(come: Open, sketching: Sketching) -> None:
    window = come()
    built_from_a_form(window)
    first = sketching.pictures[-1]
    window.act("vary-strong")
    expect(window.pictures).to_have_count(2)
    window.rest()
    request = sketching.engine.history[-1][0]
    assert (request.image, request.strength, request.seed) == (first.read_bytes(), 0.7, None)
    window.page.locator("#enlarge").click()
    expect(window.pictures).to_have_count(3)
    window.rest()
    assert sketching.engine.history[-1][0].hd
    expect(window.page.locator("#enlarge")).to_be_hidden()
    window.shot("editing-4-enlarged")
    window.act("attach")
    expect(window.page.locator("#attached-picture img")).to_be_visible()
    draw_from_it(window)
    assert sketching.engine.history[-1][0].image == sketching.pictures[-2].read_bytes()


def test_on_a_phone_what_was_added_is_taken_out_by_a_tap_and_pasted_settings_are_read(come: Open, sketching: Sketching) -> None:
    window = come(width=390, height=844, touch=True)
    window.draw(FOX)
    window.take(window.pictures.first)
    chip = window.page.locator("#image-panel .chip").first
    assert window.place(chip)["height"] >= 44 and window.overflow() == 0
    said = chip.text_content()
    chip.tap()
    expect(window.prompt).not_to_have_value(re.compile(str(said)))
    window.page.get_by_role("button", name="Only my words").tap()
    expect(window.prompt).to_have_value("a fox in the snow")
    window.shot("editing-5-only-my-words")
    window.page.locator("#image-panel-close").tap()
    window.draw("a fox\nNegative prompt: fog\nSteps: 9, Sampler: Euler, CFG scale: 3, Seed: 11, Size: 128x128")
    request = sketching.engine.history[-1][0]
    assert (request.prompt, request.negative_prompt, request.num_inference_steps, request.seed) == ("a fox", "fog", 9, 11)
