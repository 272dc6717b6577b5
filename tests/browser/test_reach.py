"""Whoever comes: by keyboard alone, on a phone, in the dark; everything is reached, nothing is hidden, all can be read."""

from __future__ import annotations

import contextlib

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import Open
from tests.browser.window import Window
from tests.local_services import Held, StandIns, drawn
from tests.servers.hugging_face import credits_exhausted

pytestmark = pytest.mark.browser
FOX = "/imagine a fox in the snow --ar 16:9"
READABLE = 4.5
"""The contrast that WCAG 2 AA asks of text."""
TARGET = 44.0
"""Pixels that a finger needs."""


def tabbed_to(window: Window, target: Locator, most: int = 60) -> bool:
    """Presses Tab until `target` or something in it is in focus."""
    for _ in range(most):
        if target.evaluate("element => element.contains(document.activeElement)"):
            return True
        window.page.keyboard.press("Tab")
    return False


def test_everything_is_done_by_keyboard(come: Open, services: StandIns) -> None:
    window = come()
    expect(window.box).to_be_focused()
    held = Held(drawn)
    services.hub.enqueue(held)
    window.page.keyboard.type("/imagine a fox")
    window.page.keyboard.press("Shift+Enter")
    window.page.keyboard.type("in the snow")
    window.page.keyboard.press("Enter")
    expect(window.chat).to_contain_text("is drawing")
    assert tabbed_to(window, window.stop), "Tab does not come to Stop"
    window.page.keyboard.press("Enter")
    expect(window.chat).to_contain_text("Stopped")
    held.let_go()
    window.rest()
    expect(window.box).to_have_value("/imagine a fox\nin the snow")
    window.box.focus()
    window.page.keyboard.press("Enter")
    expect(window.pictures).to_have_count(1)
    window.rest()
    assert tabbed_to(window, window.download), "Tab does not come to Download"
    with window.page.expect_download() as waiting:
        window.page.keyboard.press("Enter")
    assert waiting.value.suggested_filename.endswith(".png")


NAMELESS = """() => [...document.querySelectorAll("button, textarea, input, [role=button], [role=tab]")].filter(found =>
    found.checkVisibility() && !found.closest("[aria-hidden=true]") && ![found.getAttribute("aria-label"), found.innerText,
    found.title, found.labels?.[0]?.innerText, found.querySelector("img")?.alt].some(name => name?.trim()))
    .map(found => found.outerHTML.slice(0, 150))"""


def test_what_is_pressed_has_a_name(come: Open) -> None:
    window = come()
    window.draw(FOX)
    expect(window.page.locator("#box .submit-button")).to_have_attribute("aria-label", "Send")  # the page names it by itself
    assert nameless(window) == []
    window.go_to("Settings")
    expect(window.page.locator("#google_api_key-save")).to_be_visible()
    assert nameless(window) == []


def nameless(window: Window) -> list[str]:
    """What has no name even a while after it came: the page names some of it by itself, a moment later."""
    with contextlib.suppress(AssertionError):
        window.happens(lambda: not window.page.evaluate(NAMELESS))
    return list(window.page.evaluate(NAMELESS))


def in_view(window: Window, target: Locator) -> bool:
    box, size = window.place(target), window.page.viewport_size
    assert size is not None
    return box["x"] >= 0 and box["y"] >= 0 and box["x"] + box["width"] <= size["width"] and (
        box["y"] + box["height"] <= size["height"]
    )  # fmt: skip


def test_on_a_phone_nothing_is_cut_off_and_the_panel_is_a_sheet(come: Open, services: StandIns) -> None:
    window = come(width=390, height=844, touch=True)
    assert window.overflow() == 0 and in_view(window, window.box)
    window.shot("narrow-1-welcome")
    held = Held(drawn)
    services.hub.enqueue(held)
    window.send(FOX)
    expect(window.chat).to_contain_text("is drawing")
    window.shot("narrow-2-drawing")
    assert window.overflow() == 0 and in_view(window, window.box) and in_view(window, window.stop)
    held.let_go()
    expect(window.pictures).to_have_count(1)
    window.rest()
    expect(window.pictures.first).to_be_in_viewport()
    assert window.overflow() == 0 and in_view(window, window.box)
    expect(window.panel).to_be_hidden()
    window.shot("narrow-3-picture")
    window.pictures.first.tap()
    expect(window.panel).to_be_visible()
    expect(window.large).to_be_in_viewport()
    expect(window.page.locator("#image-panel-close")).to_be_in_viewport()
    assert window.overflow() == 0
    window.shot("narrow-4-panel")
    window.page.locator("#image-panel-close").tap()
    expect(window.panel).to_be_hidden()
    expect(window.box).to_be_visible()
    window.go_to("Settings")
    expect(window.page.locator("#google_api_key-save")).to_be_visible()
    assert window.overflow() == 0
    window.shot("narrow-5-settings")


def test_on_a_phone_a_finger_finds_its_target(come: Open) -> None:
    window = come(width=390, height=844, touch=True)
    window.draw(FOX)
    seen = ["#box .submit-button", "#show-choices", "#new-conversation"]
    sheet = ["#image-panel-close", "#download", "#again", "#more"]
    small = [name for name in seen if not finger(window, name)]
    window.pictures.first.tap()
    expect(window.panel).to_be_visible()
    small += [name for name in sheet if not finger(window, name)]
    assert small == []


def finger(window: Window, name: str) -> bool:
    box = window.place(window.page.locator(name))
    return min(box["width"], box["height"]) >= TARGET - 0.5


def test_a_long_word_and_a_wide_table_do_not_push_the_page_aside(come: Open, services: StandIns) -> None:
    window = come(width=390, height=844)
    window.say("x" * 400)
    expect(window.chat).to_contain_text("You said")
    window.rest()
    window.say("/imagine")
    expect(window.chat.locator("table")).to_be_visible()
    window.rest()
    assert window.overflow() == 0
    window.shot("narrow-6-long")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_everything_can_be_read(theme: str, come: Open, services: StandIns) -> None:
    window = come(theme=theme)
    expect(window.page.locator("body")).to_have_class("dark" if theme == "dark" else "")
    dim = unreadable(window, "#title h1", "#welcome h2", "#welcome .prose p", "#welcome .example", "#set-up p", "#status p")
    window.shot(f"{theme}-1-welcome")
    held = Held(drawn)
    services.hub.enqueue(held)
    window.send(FOX)
    expect(window.chat).to_contain_text("is drawing")
    window.shot(f"{theme}-2-drawing")
    dim += unreadable(window, "#chat .thought-group .title p", "#stage-text p")
    held.let_go()
    expect(window.pictures).to_have_count(1)
    window.rest()
    window.shot(f"{theme}-3-picture")
    services.hub.enqueue(credits_exhausted())
    window.send(f"{FOX} --bogus")
    expect(window.options.first).to_be_visible()
    window.rest()
    window.shot(f"{theme}-4-failed")
    dim += unreadable(
        window, '#chat [data-testid="user"] p', '#chat [data-testid="bot"] .message-content p', "#chat blockquote p",
        "#chat .thought-group .duration", "#chat .option", "#summary p", "#details p", ".words .text", ".words .chip span",
        ".words .quiet", "#negative label span", "#line textarea", "#download", "#again", "#new-conversation", "#box textarea",
        "#chat-model input", ".tab-container button[aria-selected=true]", ".tab-container button[aria-selected=false]",
    )  # fmt: skip
    window.go_to("Settings")
    expect(window.page.locator("#google_api_key-save")).to_be_visible()
    window.shot(f"{theme}-5-settings")
    dim += unreadable(
        window, ".key-state p", ".where p", "#google_api_key-save", "#google_api_key-test", "#set-temperature input",
        "#set-temperature span", "#settings .label-wrap span", "#set-engine input",
    )  # fmt: skip
    assert not dim, "; ".join(dim)


def unreadable(window: Window, *names: str) -> list[str]:
    """Every visible part whose text is too close to what is behind it, with its contrast."""
    window.still()
    found = []
    for name in names:
        target = window.page.locator(name).locator("visible=true")
        assert target.count(), f"there is no {name} to look at"
        ratio = window.contrast(target)
        if ratio < READABLE:
            found.append(f"{name}: {ratio:.1f}")
    return found
