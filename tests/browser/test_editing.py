"""Pictures that begin from pictures, in the window: attached, dropped and pasted, varied, painted over, enlarged."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
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
from tests.browser.test_reach import finger, unreadable
from tests.browser.watch import Watch
from tests.browser.window import Window
from tests.running import App
from tests.sketch import SketchEngine
from tests.test_brought import GPS, encoded, halves

pytestmark = pytest.mark.browser
FOX = "/imagine a fox in the snow --seed 7"
Come = Callable[..., Window]


class Sketching(App):
    """A window over an engine that sketches and can do all there is, in this process."""

    engine: SketchEngine


@pytest.fixture(scope="module")
def sketching(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sketching]:
    app = Sketching(tmp_path_factory.mktemp("sketching"))
    app.engine = SketchEngine(able=True)
    studio = Studio({"offline": OfflineChatModel()}, {"local": app.engine}, Gallery(app.home / "pictures"))
    visitors = Visitors(studio, Settings(home=str(app.home)), lends=True, owner=True)
    window = open_window(build(visitors, ["Nothing is set up."]), Place(browser=False))
    app.url = window.url.rstrip("/")
    yield app
    window.close()


@pytest.fixture
def come(browser: Browser, sketching: Sketching, shots: Path) -> Iterator[Come]:
    """Opens the window for somebody new, on a wide screen or a phone, by day or night."""
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


def test_a_picture_is_attached_drawn_from_and_shown_with_the_message(come: Come, sketching: Sketching, tmp_path: Path) -> None:
    window = come()
    attach(window, photo(tmp_path))
    expect(window.on_easel).to_be_visible()
    window.shot("editing-1-attached")
    draw_from_it(window, "/imagine make it snowy --strength 0.3")
    expect(window.page.locator("#attached")).to_be_hidden()
    expect(window.page.locator("#facts")).to_contain_text("from a picture, strength 0.3")
    window.shot("editing-2-drawn-from")
    request = sketching.engine.history[-1][0]
    assert request.strength == 0.3 and size(request.image) == (800, 600)
    assert b"At the beach" in request.image and b"Exif" not in request.image
    window.reload()
    expect(window.pictures).to_have_count(2)
    expect(window.page.locator("#attached")).to_be_hidden()
    window.pictures.first.click()
    expect(window.page.locator("#account")).to_have_text("your own picture")
    expect(window.page.locator("#vary")).to_be_hidden()
    window.shot("editing-3-own-picture")
    window.prompt.fill("a beach in snow")
    window.page.locator("#redraw").get_by_text("Draw from it").click()
    expect(window.pictures).to_have_count(3)
    window.rest()
    request = sketching.engine.history[-1][0]
    assert request.prompt == "a beach in snow" and size(request.image) == (800, 600)
    expect(window.page.locator("#redraw")).to_have_text("Draw again")


def test_it_can_be_removed_and_what_is_sent_then_begins_from_nothing(come: Come, sketching: Sketching, tmp_path: Path) -> None:
    window = come()
    attach(window, photo(tmp_path))
    window.page.locator("#attached-remove").click()
    expect(window.page.locator("#attached")).to_be_hidden()
    window.draw(FOX)
    assert sketching.engine.history[-1][0].image == b""


def test_words_that_take_no_picture_keep_it(come: Come, tmp_path: Path) -> None:
    window = come()
    attach(window, photo(tmp_path))
    window.send("What is this?")
    expect(window.page.get_by_text("A picture goes with /imagine.")).to_be_visible()
    expect(window.box).to_have_value("What is this?")
    expect(window.page.locator("#attached-picture img")).to_be_visible()


def test_stop_gives_the_picture_back_with_the_words(come: Come, sketching: Sketching, tmp_path: Path) -> None:
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


@pytest.mark.parametrize("kind", ["drop", "paste"])
def test_a_picture_is_dropped_or_pasted(kind: str, come: Come) -> None:
    window = come()
    window.page.evaluate(GIVEN, [kind, list(encoded(halves((64, 64)))), "image/png"])
    expect(window.page.locator("#attached-picture img")).to_be_visible()


def test_what_is_no_picture_is_told(come: Come, tmp_path: Path) -> None:
    window = come()
    (tmp_path / "notes.png").write_text("no picture")
    with window.page.expect_file_chooser() as chooser:
        window.page.locator("#clip").click()
    chooser.value.set_files(tmp_path / "notes.png")
    expect(window.page.get_by_text("That is no picture I can read.")).to_be_visible()
    expect(window.page.locator("#attached")).to_be_hidden()


def test_a_large_photo_is_made_small_before_it_is_sent(come: Come, sketching: Sketching, tmp_path: Path) -> None:
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


def test_a_picture_is_varied_enlarged_and_attached_from_the_easel(come: Come, sketching: Sketching) -> None:
    window = come()
    window.draw(FOX)
    first = sketching.pictures[-1]
    window.page.locator("#vary").click()
    expect(window.pictures).to_have_count(2)
    window.rest()
    request = sketching.engine.history[-1][0]
    assert (request.image, request.strength, request.seed) == (first.read_bytes(), 0.5, None)
    window.page.locator("#enlarge").click()
    expect(window.pictures).to_have_count(3)
    window.rest()
    assert replace(sketching.engine.history[-1][0], party="").hd
    expect(window.page.locator("#enlarge")).to_be_hidden()
    window.shot("editing-4-enlarged")
    window.page.locator("#attach").click()
    expect(window.page.locator("#attached-picture img")).to_be_visible()
    draw_from_it(window)
    assert sketching.engine.history[-1][0].image == sketching.pictures[-2].read_bytes()


def paint(window: Window, *spots: tuple[float, float]) -> None:
    """Draws a line over the paper from spot to spot, in parts of its width and height."""
    box = window.page.locator("#paper canvas").bounding_box()
    assert box is not None
    for place, (right, down) in enumerate(spots):
        window.page.mouse.move(box["x"] + right * box["width"], box["y"] + down * box["height"], steps=4)
        if place == 0:
            window.page.mouse.down()
    window.page.mouse.up()


def marked(sketching: Sketching) -> Image.Image:
    return Image.open(io.BytesIO(sketching.engine.history[-1][0].mask)).convert("L")


def test_what_is_painted_over_is_drawn_anew(come: Come, sketching: Sketching) -> None:
    window = come()
    window.draw(FOX)
    window.page.locator("#edit").click()
    expect(window.page.locator("#paper canvas")).to_be_visible()
    expect(window.on_easel).to_be_hidden()
    paint(window, (0.2, 0.2), (0.2, 0.8))
    paint(window, (0.8, 0.2), (0.8, 0.8))
    window.shot("editing-5-painting")
    window.page.locator("#paper [data-do=undo]").click()
    window.prompt.fill("a hat")
    window.page.locator("#pull").fill("90")
    expect(window.page.locator("#marking output")).to_have_text("90 %")
    window.page.locator("#marking-draw").click()
    expect(window.pictures).to_have_count(2)
    window.rest()
    request, mask = sketching.engine.history[-1][0], marked(sketching)
    assert (request.prompt, request.strength) == ("a hat", 0.9)
    wide, high = mask.size
    assert [mask.getpixel((int(x * wide), high // 2)) for x in (0.05, 0.2, 0.5, 0.8)] == [0, 255, 0, 0]
    expect(window.on_easel).to_be_visible()
    expect(window.page.locator("#paper canvas")).to_be_hidden()
    window.page.locator("#redraw").click()
    expect(window.pictures).to_have_count(3)
    window.rest()
    assert marked(sketching).tobytes() == mask.tobytes()


def test_a_mark_is_made_by_keyboard_alone(come: Come, sketching: Sketching) -> None:
    window = come()
    window.draw(FOX)
    window.page.locator("#edit").focus()
    window.page.keyboard.press("Enter")
    expect(window.page.locator("#paper canvas")).to_be_focused()
    for key in ("ArrowLeft", "Space", "ArrowLeft", "ArrowLeft", "ArrowLeft", "Space", "ArrowDown"):
        window.page.keyboard.press(key)
    window.page.locator("#marking-draw").focus()
    window.page.keyboard.press("Enter")
    expect(window.pictures).to_have_count(2)
    window.rest()
    mask = marked(sketching)
    assert mask.getpixel((int(0.42 * mask.width), mask.height // 2)) == 255
    assert mask.getpixel((int(0.8 * mask.width), mask.height // 2)) == 0
    window.page.locator("#edit").click()
    window.page.keyboard.press("Escape")
    expect(window.on_easel).to_be_visible()
    expect(window.page.locator("#edit")).to_be_focused()


def test_without_a_mark_all_of_it_is_drawn_anew(come: Come, sketching: Sketching) -> None:
    window = come()
    window.draw(FOX)
    window.page.locator("#edit").click()
    window.page.locator("#marking-draw").click()
    expect(window.pictures).to_have_count(2)
    window.rest()
    request = sketching.engine.history[-1][0]
    assert request.image and not request.mask and request.strength == 0.7


def test_on_a_phone_a_finger_paints_and_finds_its_targets(come: Come, sketching: Sketching, tmp_path: Path) -> None:
    window = come(390, 844)
    attach(window, photo(tmp_path))
    assert window.overflow() == 0 and finger(window, "#clip") and finger(window, "#attached-remove")
    window.shot("editing-6-narrow-attached")
    draw_from_it(window)
    window.pictures.last.tap()
    window.shot("editing-7-narrow-easel")
    assert all(finger(window, name) for name in ("#vary", "#enlarge", "#edit", "#attach"))
    window.page.locator("#edit").tap()
    expect(window.page.locator("#paper canvas")).to_be_in_viewport(ratio=0.9)
    box = window.page.locator("#paper canvas").bounding_box()
    assert box is not None
    window.page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    window.shot("editing-8-narrow-painting")
    assert window.overflow() == 0
    assert all(finger(window, f"#paper [data-do={name}]") for name in ("undo", "clear", "close"))
    window.page.locator("#marking-draw").tap()
    expect(window.pictures).to_have_count(3)
    window.rest()
    mask = marked(sketching)
    assert mask.getpixel((mask.width // 2, mask.height // 2)) == 255 and mask.getpixel((2, 2)) == 0


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_all_of_it_can_be_read(theme: str, come: Come, tmp_path: Path) -> None:
    window = come(theme=theme)
    attach(window, photo(tmp_path))
    draw_from_it(window)
    attach(window, photo(tmp_path))
    window.pictures.last.click()
    expect(window.page.locator("#meter")).to_contain_text("tokens")
    window.shot(f"editing-9-{theme}-easel")
    dim = unreadable(window, "#attached-text p", "#attached-remove", "#meter p", "#vary", "#enlarge", "#edit", "#attach")
    window.page.locator("#edit").click()
    paint(window, (0.3, 0.3), (0.6, 0.6))
    window.shot(f"editing-10-{theme}-painting")
    dim += unreadable(window, "#paper .tools label", "#paper .tools button", "#marking-text p", "#marking .tools label")
    assert not dim, "; ".join(dim)
    assert window.overflow() == 0


def test_the_meter_counts_after_a_pause_in_typing(come: Come) -> None:
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


@pytest.mark.parametrize("shape", ["1:1", "16:9", "2:3"])
def test_the_corners_of_a_picture_are_round_whatever_its_shape(shape: str, come: Come) -> None:
    window = come()
    window.draw(f"{FOX} --ar {shape} --model sdxl")
    expect(window.on_easel).to_be_visible()
    window.page.wait_for_timeout(200)
    seen, own, radius = window.on_easel.evaluate(ROUND)
    assert abs(seen / own - 1) < 0.02 and radius > 8
    window.shot(f"editing-11-{shape.replace(':', '-')}")
