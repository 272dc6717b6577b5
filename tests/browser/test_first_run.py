"""The first run of all: no key, no token, no download; the model that came with the app draws on this machine."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from gemini_diffusion.storage.gallery import read_recipe
from tests.app_process import AppHere
from tests.browser.conftest import Open
from tests.local_services import StandIns

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def app(running_services: StandIns, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppHere]:
    """With the addresses of no service at all; the stand-ins are there to see that nobody asks them."""
    with AppHere(tmp_path_factory.mktemp("first-run")) as running:
        yield running


def test_somebody_without_any_key_draws_stops_talks_and_is_told_what_works(
    come: Open, services: StandIns, app: AppHere
) -> None:
    window = come()
    expect(window.page.locator("#welcome")).to_contain_text("No Gemini key yet")
    window.send("/imagine a fox in the snow --steps 150")
    expect(window.chat).to_contain_text(re.compile(r"step \d+ of 150"))
    expect(window.page.get_by_role("progressbar")).to_be_visible()
    window.shot("first-run-1-drawing")
    window.stop.click()
    expect(window.chat).to_contain_text(re.compile(r"Stopped at step \d+ of 150"))
    window.rest()
    assert app.pictures == []

    window.draw("/imagine a red house by the sea at dusk --seed 5")
    (kept,) = app.pictures
    recipe = read_recipe(kept)
    assert (recipe.model, recipe.engine, recipe.seed, recipe.crafted_by) == ("postcard", "local", 5, "rules")
    assert window.downloaded().read_bytes() == kept.read_bytes()
    window.shot("first-run-2-drawn")

    window.say("What can you do?")
    expect(window.chat).to_contain_text("Gemini")
    window.rest()
    assert services.gemini.calls == [] and services.hub.calls == []

    window.go_to("Settings")
    window.page.locator("#check").click()
    for part in ("Python", "Packages", "Data folder", "Drawing on this machine", "Gemini key", "Hugging Face token"):
        expect(window.page.locator("#findings")).to_contain_text(f"{part} (works)")
