"""Talking and setting up in the window: answers that grow, keys that are taken and never shown, values that do not fit."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.adapter_makers import write_header
from tests.browser.conftest import Open
from tests.browser.window import Window
from tests.local_services import HOST_KEY, Held, StandIns
from tests.servers.gemini import reply

pytestmark = pytest.mark.browser
KEY = "AIza-typed-into-the-window-9876"
TOKEN = "hf_typed_into_the_window_5432"
MUSHROOM = Path(__file__).parents[1] / "assets" / "mushroom.safetensors"


def part(window: Window, name: str) -> Locator:
    return window.page.locator(f"#{name}")


def save(window: Window, name: str, value: str) -> None:
    part(window, name).locator("input").fill(value)
    part(window, f"{name}-save").click()


def test_an_answer_grows_and_keeps_its_shape_and_a_stopped_one_what_came(come: Open, services: StandIns) -> None:
    window = come()
    held = Held(reply("Snow is **very", " cold**", " and white."))
    services.gemini.enqueue(held)
    window.send("What is snow?")
    expect(window.chat).to_contain_text("cold")
    expect(window.stop).to_be_visible()
    assert "white" not in window.chat.inner_text()
    held.let_go()
    expect(window.chat).to_contain_text("and white.")
    expect(window.chat.locator("strong")).to_have_text("very cold")
    window.rest()
    window.shot("7-chat")
    held = Held(reply("Once upon a time", " there was a fox."))
    services.gemini.enqueue(held)
    window.send("Tell me a story.")
    expect(window.chat).to_contain_text("Once upon a time")
    window.stop.click()
    expect(window.chat).to_contain_text("Stopped")
    expect(window.box).to_have_value("Tell me a story.")
    expect(window.chat).to_contain_text("Once upon a time")
    held.let_go()


def test_a_key_is_taken_used_and_never_shown(come: Open, services: StandIns) -> None:
    window = come()
    window.go_to("Settings")
    for name, value in (("google_api_key", KEY), ("hf_token", TOKEN)):
        save(window, name, value)
        expect(part(window, f"{name}-state")).to_contain_text(f"set, ends in {value[-4:]}")
        expect(part(window, name).locator("input")).to_have_value("")
        assert part(window, name).locator("input").get_attribute("type") == "password"
    window.shot("8-settings")
    window.go_to("Chat")
    window.draw("/imagine a red kite")
    assert {call.key for call in services.gemini.generations} == {KEY}
    assert {call.token for call in services.hub.drawings} == {TOKEN}

    window.reload()
    window.go_to("Settings")
    expect(part(window, "google_api_key-state")).to_contain_text(f"ends in {KEY[-4:]}")
    kept = window.page.content() + window.storage() + str(window.page.context.storage_state(indexed_db=True))
    for secret in (KEY, TOKEN, HOST_KEY):
        assert secret not in kept
    part(window, "google_api_key-forget").click()
    expect(part(window, "google_api_key-state")).to_contain_text("the host's key is used")


def test_what_is_wrong_with_a_key_is_said_when_it_is_saved_or_tested(come: Open, services: StandIns) -> None:
    window = come()
    window.go_to("Settings")
    save(window, "google_api_key", "two words")
    expect(part(window, "google_api_key-state")).to_contain_text("A key has no blanks")
    expect(part(window, "google_api_key").locator("input")).to_have_value("")
    services.gemini.keys = frozenset({HOST_KEY})
    save(window, "google_api_key", KEY)
    expect(part(window, "google_api_key-state")).to_contain_text("ends in")
    part(window, "google_api_key-test").click()
    expect(part(window, "google_api_key-state")).to_contain_text("aistudio.google.com")
    window.shot("9-key-refused")
    window.go_to("Chat")
    window.send("hello")
    window.options.filter(has_text="Open Settings").click()
    expect(part(window, "google_api_key-forget")).to_be_visible()
    part(window, "google_api_key-forget").click()
    part(window, "google_api_key-test").click()
    expect(part(window, "google_api_key-state")).not_to_contain_text("aistudio.google.com")


def test_a_value_that_does_not_fit_is_said_and_the_old_one_kept_and_one_that_fits_counts_at_once(
    come: Open, services: StandIns
) -> None:
    window = come()
    window.go_to("Settings")
    field = part(window, "set-stylize")
    box = field.locator("input[type=number], input").first
    expect(box).to_have_value("100")
    box.fill("5000")
    box.press("Enter")
    expect(field).to_contain_text("Stylize cannot be 5000. Use a whole number from 0 to 1,000. Still 100.")
    expect(box).to_have_value("5000")
    window.go_to("Chat")
    window.go_to("Settings")
    expect(box).to_have_value("100")
    expect(field).not_to_contain_text("cannot be")
    box.fill("250")
    with window.page.expect_response(lambda answer: "[250]" in (answer.request.post_data or "")):
        box.press("Enter")
    window.reload()
    window.go_to("Settings")
    expect(box).to_have_value("250")
    part(window, "set-review").get_by_role("checkbox").check()
    window.go_to("Chat")
    window.send("/imagine a fox")
    expect(window.page.locator("#review")).to_be_visible()
    assert services.hub.drawings == []
    window.stop.click()
    expect(window.page.locator("#review")).to_be_hidden()
    window.rest()


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (390, "dark")])
def test_the_adapters_that_are_here_are_listed_when_the_tab_is_opened(come: Open, width: int, theme: str) -> None:
    window = come(width=width, theme=theme)
    folder = window.app.home / "adapters"
    hostile = "<img src=x onerror=alert(1)> [a](javascript:alert(2)) a-name-that-goes-on-and-on-without-a-blank-in-all-of-it"
    window.go_to("Settings")
    folder.mkdir(exist_ok=True)
    shutil.copy(MUSHROOM, folder)
    write_header(folder / f"{hostile}.safetensors", {"emb_params": (1, 768)})
    window.go_to("Chat")
    window.go_to("Settings")
    window.page.get_by_role("button", name="Model details").click()
    listed = part(window, "adapters-here")
    expect(listed).to_contain_text("<lora:mushroom:1>")
    expect(listed).to_contain_text("LoRA for Postcard, ")
    expect(listed).to_contain_text("<img src=x onerror=alert(1)>")
    assert listed.locator("img, a").count() == 0
    listed.scroll_into_view_if_needed()
    window.shot(f"adapters-{width}-{theme}")
    assert window.overflow() == 0
    assert window.contrast(listed.locator("li")) >= 4.5
