"""The Pictures tab in the window: yesterday's picture found among many, starred, compared, deleted, had back, used again."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from playwright.sync_api import Locator, expect

from gemini_diffusion.generation.visitors import folder_name
from gemini_diffusion.storage.collection import Collection
from gemini_diffusion.storage.gallery import Gallery
from gemini_diffusion.types import Recipe
from gemini_diffusion.web.cookies import COOKIE, visitor_name
from tests.browser.conftest import Open
from tests.browser.sketching import Sketching, attach, photo
from tests.browser.window import Window
from tests.recipes import changed

pytestmark = pytest.mark.browser

MANY = 130
"""Two pages, and some of a third."""


@pytest.fixture(scope="module")
def app(sketching: Sketching) -> Sketching:
    return sketching


@pytest.fixture
def come_with_many(come: Open, sketching: Sketching) -> Callable[..., Window]:
    """Somebody who has drawn a dragon yesterday and many foxes today."""

    def come_with(**size: Any) -> Window:
        window = come(**size)
        cookies = {each["name"]: each["value"] for each in window.page.context.cookies()}
        folder = sketching.home / "visitors" / folder_name(visitor_name(gr.Request(cookies={COOKIE: cookies[COOKIE]})))
        collection = Collection(folder, Gallery(sketching.home / "pictures"))
        first = collection._gallery.save(Image.new("RGB", (96, 64), "teal"), drawn("a dragon <b>asleep</b>", days=1))
        collection.add(first)
        for number in range(MANY):
            collection.add(collection._gallery.save(Image.new("RGB", (8, 8), "orange"), drawn("a fox", seed=number)))
        window.go_to("Pictures")
        expect(tiles(window).first).to_be_visible()
        return window

    return come_with


def drawn(idea: str, days: int = 0, seed: int = 7) -> Recipe:
    made = (datetime.now(UTC) - timedelta(days=days)).isoformat(timespec="seconds")
    return changed(original=idea, prompt=idea, title=idea, seed=seed, created=made, line=f"/imagine {idea} --raw --seed {seed}")


def tiles(window: Window) -> Locator:
    return window.page.locator("#pictures article:not([hidden])")


def choose(window: Window, entry: str, place: int = 0) -> None:
    tiles(window).nth(place).locator(".more").click()
    window.page.locator("#pictures .menu").get_by_role("button", name=entry, exact=True).click()


def test_yesterdays_picture_is_found_starred_deleted_had_back_and_used(come_with_many: Callable[..., Window]) -> None:
    window = come_with_many()
    expect(window.page.locator("#pictures .count")).to_have_text(f"{MANY + 1} pictures")

    def all_there() -> bool:
        window.page.locator("#pictures").evaluate("place => place.scrollTo(0, place.scrollHeight)")
        return tiles(window).count() == MANY + 1

    window.happens(all_there)
    expect(window.page.locator("#pictures h2")).to_have_text(["Today", "Yesterday"])
    window.page.locator("#pictures input").fill("dragon")
    expect(tiles(window)).to_have_count(1)
    expect(tiles(window).locator("img")).to_have_attribute("alt", "Picture: a dragon <b>asleep</b>")
    star = tiles(window).get_by_role("button", name="Star")
    star.click()
    expect(star).to_have_attribute("aria-pressed", "true")
    window.shot("pictures-1-found")
    choose(window, "Delete")
    expect(tiles(window)).to_have_count(0)
    window.page.get_by_role("button", name="Undo").click()
    expect(tiles(window)).to_have_count(1)
    window.reload()
    window.go_to("Pictures")
    window.page.get_by_role("button", name="Starred").click()
    expect(tiles(window)).to_have_count(1)
    choose(window, "Use the whole recipe")
    expect(window.box).to_have_value("/imagine a dragon <b>asleep</b> --raw --seed 7")
    window.box.fill("a bird --seed 3")
    window.go_to("Pictures")
    choose(window, "Use only the seed")
    expect(window.box).to_have_value("a bird --seed 7")
    window.go_to("Pictures")
    tiles(window).locator(".large").click()
    expect(window.large).to_be_visible()
    expect(window.prompt).to_have_value("a dragon <b>asleep</b>")


def test_a_phone_holds_it_and_two_are_compared(come_with_many: Callable[..., Window]) -> None:
    window = come_with_many(width=390, height=844, theme="dark")
    assert window.overflow() == 0
    for part in ("#pictures h2", "#pictures .count", "#pictures .filter"):
        assert window.contrast(window.page.locator(part)) >= 4.5, part
    for pressed in tiles(window).first.locator("button").all() + window.page.locator("#pictures .filter").all():
        assert min(window.place(pressed)["width"], window.place(pressed)["height"]) >= 44
    choose(window, "Compare with another")
    tiles(window).nth(1).locator(".large").click()
    slider = window.page.get_by_role("slider", name="How much of the first picture is seen")
    slider.press("End")
    expect(window.page.locator("#compare .frame")).to_have_attribute("style", "--part: 100%;")
    window.shot("pictures-2-compared")
    window.page.get_by_role("button", name="Close").click()
    expect(slider).to_be_hidden()


A1111 = "a kite, (red:1.2)\nNegative prompt: fog\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 42, Size: 512x512, Model: k"
OURS = json.dumps({"line": "/imagine a fox --raw --seed 7", "prompt": "a fox", "seed": 7, "engine": "local"})


def of_png(path: Path, texts: dict[str, str]) -> Path:
    chunks = PngInfo()
    for key, value in texts.items():
        chunks.add_itxt(key, value) if key == "parameters" else chunks.add_text(key, value)
    Image.new("RGB", (64, 48), "teal").save(path, "PNG", pnginfo=chunks)
    return path


def of_exif(path: Path, kind: str, coding: str) -> Path:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9286] = b"UNICODE\0" + A1111.encode(coding)
    Image.new("RGB", (64, 48), "teal").save(path, kind, exif=exif.tobytes())
    return path


def test_a_brought_picture_offers_its_recipe(come: Open, tmp_path: Path) -> None:
    window = come()
    ours = of_png(tmp_path / "ours.png", {"gemini-diffusion": OURS, "parameters": A1111})
    png = of_png(tmp_path / "theirs.png", {"parameters": A1111})
    jpeg, webp = of_exif(tmp_path / "a.jpg", "JPEG", "utf-16-be"), of_exif(tmp_path / "a.webp", "WEBP", "utf-16-le")
    for path, label, typed in (
        (ours, "only the prompt", "/imagine a fox --raw"), (ours, "use all", "/imagine a fox --raw --seed 7"),
        (png, "only the prompt", "/imagine a kite, (red:1.2) --raw"), (jpeg, "use all", A1111), (webp, "use all", A1111),
        (png, "only the seed", "a bird --seed 42"),
    ):  # fmt: skip
        window.box.fill("a bird")
        attach(window, path)
        window.page.locator("#attached-recipe").get_by_role("button", name=label).click()
        expect(window.box).to_have_value(typed)
        expect(window.page.locator("#attached")).to_be_visible(visible=label == "only the seed")
    window.shot("pictures-3-recipe")
    attach(window, photo(tmp_path))
    expect(window.page.locator("#attached-recipe")).to_have_count(0)
