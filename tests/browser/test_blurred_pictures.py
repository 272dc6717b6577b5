"""A picture that may not be for everyone: blurred until it is tapped, in the conversation and in the image panel alike."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, expect

from gemini_diffusion.storage.gallery import read_recipe
from tests.app_process import AppHere
from tests.browser.conftest import Open
from tests.browser.window import Window
from tests.local_services import StandIns
from tests.tiny_classifier import build_classifier

pytestmark = pytest.mark.browser
RED, BLUE = "/imagine a red fox --seed 3 --ar 16:9", "/imagine a blue fox --seed 6 --ar 16:9"
"""The stand-in paints a seed as a colour, which are these."""
CLEAR = "none"


@pytest.fixture(scope="module")
def app(running_services: StandIns, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppHere]:
    """Where every picture is judged, by a classifier that minds red."""
    variables = {
        "GEMINI_DIFFUSION_PICTURE_FILTER": "on",
        "GEMINI_DIFFUSION_PICTURE_FILTER_MODEL": str(build_classifier(tmp_path_factory.mktemp("classifier"))),
    }
    with AppHere(tmp_path_factory.mktemp("blurred"), environment={**running_services.environment, **variables}) as running:
        yield running


def blurred(window: Window) -> Locator:
    """The blurred pictures of the conversation."""
    return window.page.locator("#chat img[alt^='Blurred picture']")


def blur(picture: Locator) -> str:
    seen: str = picture.first.evaluate("picture => getComputedStyle(picture).filter")
    return seen


def sentence(picture: Locator) -> str:
    said: str = picture.first.evaluate("picture => getComputedStyle(picture.parentElement, '::after').content")
    return said


def draw_red(window: Window) -> None:
    window.send(RED)
    expect(blurred(window)).to_have_count(1)
    window.rest()


def test_a_blur_is_lifted_by_a_click_everywhere_and_the_next_picture_has_its_own(come: Open, app: AppHere) -> None:
    window = come()
    draw_red(window)
    kept = app.pictures[-1]
    assert read_recipe(kept).veiled
    assert "blur" in blur(blurred(window)) and "blur" in blur(window.large)
    assert "Tap to see it" in sentence(blurred(window)) and "Tap to see it" in sentence(window.large)
    expect(blurred(window)).to_have_attribute("alt", "Blurred picture: a red fox")
    assert window.downloaded().read_bytes() == kept.read_bytes()
    window.shot("blur-1-blurred")
    window.large.click()
    assert blur(blurred(window)) == blur(window.large) == CLEAR
    assert CLEAR in sentence(blurred(window))
    window.shot("blur-2-lifted")
    window.draw(BLUE)
    assert not read_recipe(app.pictures[-1]).veiled
    assert blur(window.pictures) == blur(window.large) == CLEAR
    assert blur(blurred(window)) == CLEAR, "what was seen once stays seen"
    window.reload()
    expect(blurred(window)).to_have_count(1)
    assert "blur" in blur(blurred(window)), "another page begins anew"


def test_a_blur_is_lifted_by_keyboard(come: Open) -> None:
    window = come(theme="dark")
    draw_red(window)
    window.shot("blur-3-dark")
    button = window.page.locator("#chat button:has(img)")
    assert "Blurred picture: a red fox" in button.evaluate("button => button.querySelector('img').alt")
    button.focus()
    window.page.keyboard.press("Enter")
    assert blur(blurred(window)) == CLEAR


def test_on_a_phone_the_first_tap_lifts_the_blur_and_the_next_opens_the_panel(come: Open) -> None:
    window = come(width=390, height=844, touch=True)
    draw_red(window)
    assert "blur" in blur(blurred(window)) and window.overflow() == 0
    window.shot("blur-4-narrow")
    blurred(window).tap()
    expect(blurred(window)).to_have_css("filter", CLEAR)
    expect(window.panel).to_be_hidden()
    window.shot("blur-5-narrow-lifted")
    blurred(window).tap()
    expect(window.panel).to_be_visible()
    expect(window.large).to_be_in_viewport()
    assert blur(window.large) == CLEAR
