"""The Pictures tab in the window: yesterday's picture found among many, starred, compared, deleted, had back, used again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from PIL import Image
from playwright.sync_api import Locator, expect

from gemini_diffusion.generation.visitors import folder_name
from gemini_diffusion.storage.collection import Collection
from gemini_diffusion.storage.gallery import Gallery, recipe_to_json
from gemini_diffusion.types import Recipe
from gemini_diffusion.web.cookies import COOKIE, visitor_name
from tests.browser.conftest import Open
from tests.browser.sketching import Sketching, attach, photo
from tests.browser.window import Window
from tests.foreign_pictures import png
from tests.recipes import changed
from tests.test_foreign_recipes import A1111, FILES

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


OURS = recipe_to_json(drawn("a fox", seed=7))
FOX = "/imagine a fox"
KITE = '/imagine a kite --ar 2:3 --seed 42 --no fog --raw --steps 20 --cfg 6.5 --scheduler "Euler a"'
OTHERS = {
    "a1111 jpeg, little endian": "AUTOMATIC1111", "a1111 ztxt": "AUTOMATIC1111", "forge, hidden": "AUTOMATIC1111",
    "a1111 packed itxt after the pixels": "AUTOMATIC1111", "comfyui webp": "ComfyUI", "novelai": "NovelAI",
    "draw things on a mac": "Draw Things", "easy diffusion": "Easy Diffusion",
}  # fmt: skip


def test_a_brought_picture_offers_its_recipe(come: Open, tmp_path: Path) -> None:
    window = come()
    found = window.page.locator("#attached-recipe")
    ours = tmp_path / "ours.png"
    ours.write_bytes(png(gemini__diffusion=OURS, parameters=A1111))
    again = "/imagine a fox --raw"
    uses = {"only the prompt": again, "use all": f"{again} --seed 7", "only the seed": "a bird --seed 7"}
    for label, typed in uses.items():
        window.box.fill("a bird")
        attach(window, ours)
        found.get_by_role("button", name=label).click()
        expect(window.box).to_have_value(typed)
        expect(window.page.locator("#attached")).to_be_visible(visible=label == "only the seed")
        expect(found).to_have_count(int(label == "only the seed"))
    for name, program in OTHERS.items():
        window.go_to("Pictures")
        drop(window, FILES[name][0])
        expect(found).to_contain_text(f"Recipe of {program}:use all")
        window.quiet()
        if program == "AUTOMATIC1111":
            found.get_by_role("button", name="use all").click()
            expect(window.box).to_have_value(KITE)
    window.shot("pictures-3-recipe")
    asked: list[str] = []
    window.page.on("request", lambda request: asked.append(request.url))
    attach(window, photo(tmp_path))
    expect(found).to_have_count(0)
    assert asked and not any(url.endswith("/run/recipe") for url in asked), (
        "of a photo with a place nothing is sent but the picture"
    )


def drop(window: Window, content: bytes) -> None:
    """Drops a file on the page, wherever that is."""
    window.page.evaluate(
        """(bytes) => {
            const data = new DataTransfer();
            data.items.add(new File([new Uint8Array(bytes)], "brought", {type: "image/png"}));
            document.body.dispatchEvent(new DragEvent("drop", {dataTransfer: data, bubbles: true, cancelable: true}));
        }""",
        list(content),
    )
