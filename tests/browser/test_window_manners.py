"""What is the person's stays theirs: what they type, where they read, which picture they look at; however late news comes."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import APIResponse, Locator, Route, expect

from tests.browser.conftest import Open
from tests.browser.window import Window
from tests.local_services import Held, StandIns, drawn
from tests.servers.gemini import reply

pytestmark = pytest.mark.browser
FOX = "/imagine a fox in the snow"
CAT = "/imagine a cat on a wall"
JOINED = re.compile("/gradio_api/queue/join")
ASKED = re.compile(r"/gradio_api/(queue/join|run/)")
TALK = "document.querySelector('#chat .bubble-wrap')"
AT_END = f"() => {TALK}.scrollHeight - {TALK}.scrollTop - {TALK}.clientHeight < 50"
SCROLLED_UP = f"""async () => {{
    {TALK}.scrollTop = 0;
    await new Promise(done => setTimeout(done, 500));  // the page has noticed, and left it there
    return {TALK}.scrollTop === 0;
}}"""
BUSY = """milliseconds => setTimeout(() => {
    const end = performance.now() + milliseconds;
    while (performance.now() < end);
}, 50)"""


class Late:
    """A server whose answers are late: what the page asks is asked and done at once, but told only when it is let in."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self._answers: list[tuple[Route, APIResponse]] = []
        self._asking = 0
        self._late = True
        window.page.route(ASKED, self._answer)

    def _answer(self, route: Route) -> None:
        if not self._late:
            route.continue_()
            return
        self._asking += 1
        answer = route.fetch(max_retries=3)  # a kept connection may have been closed just then; browsers ask again too
        self._answers.append((route, answer))
        self._asking -= 1

    def wait_for(self, count: int) -> None:
        """Until so many answers are on their way."""
        self._window.happens(lambda: len(self._answers) >= count)

    def let_in(self) -> None:
        """All of them come now, and whatever is asked from now on is answered at once."""
        self._late = False
        self._window.happens(lambda: not self._asking)
        for route, answer in self._answers:
            route.fulfill(response=answer)


def box(window: Window, name: str) -> Locator:
    """Where a setting is typed."""
    return window.page.locator(f"#set-{name}").locator("input, textarea")


def open_settings(window: Window) -> None:
    window.go_to("Settings")
    expect(box(window, "temperature")).to_be_editable()


def settle(window: Window) -> None:
    """Leaves the box that was typed into; all that is asked is then over, what was typed is kept."""
    window.page.locator("#hf_token-forget").click()
    window.quiet()


def test_before_the_page_knows_what_is_set_nothing_can_be_typed(come: Open) -> None:
    window = come()
    window.watch.aborted_by_us = True
    late = Late(window)
    window.page.reload()
    window.go_to("Settings")
    expect(window.page.locator("#settings-tab")).to_be_visible()
    late.wait_for(2)
    expect(window.page.locator("#settings")).to_have_count(0)
    late.let_in()
    expect(box(window, "stylize")).to_have_value("100")
    expect(box(window, "temperature")).to_have_value("")


def test_what_is_typed_at_once_after_opening_settings_stays(come: Open) -> None:
    window = come()
    late = Late(window)
    open_settings(window)
    box(window, "temperature").click()
    window.page.keyboard.type("0.7")
    late.wait_for(1)
    late.let_in()
    settle(window)
    expect(box(window, "temperature")).to_have_value("0.7")
    window.reload()
    open_settings(window)
    expect(box(window, "temperature")).to_have_value("0.7")


def test_boxes_typed_one_after_the_other_keep_all_of_it_while_answers_are_late(come: Open) -> None:
    window = come()
    open_settings(window)
    settle(window)
    late = Late(window)
    box(window, "temperature").click()
    for value in ("0.7", "0.9", "40"):
        window.page.keyboard.type(value)
        window.page.keyboard.press("Tab")
    box(window, "negative_prompt").fill("fog, ")
    late.wait_for(3)
    late.let_in()
    window.page.keyboard.type("rain")
    settle(window)
    typed = {"temperature": "0.7", "top_p": "0.9", "top_k": "40", "negative_prompt": "fog, rain"}
    for name, value in typed.items():
        expect(box(window, name)).to_have_value(value)
    window.reload()
    open_settings(window)
    for name, value in typed.items():
        expect(box(window, name)).to_have_value(value)


def test_what_is_typed_is_kept_when_it_has_rested_without_being_left(come: Open) -> None:
    window = come()
    open_settings(window)
    with window.page.expect_response(lambda answer: '["fog"]' in (answer.request.post_data or "")):
        box(window, "negative_prompt").press_sequentially("fog")
    window.quiet()
    expect(box(window, "negative_prompt")).to_be_focused()
    window.reload()
    open_settings(window)
    expect(box(window, "negative_prompt")).to_have_value("fog")


@pytest.mark.parametrize("unheard", ["visibilitychange", "pagehide"])
def test_what_was_typed_just_before_a_reload_is_kept_though_a_browser_tells_only_one_way(come: Open, unheard: str) -> None:
    window = come()
    window.page.add_init_script(f"addEventListener('{unheard}', event => event.stopImmediatePropagation(), true)")
    window.reload()
    open_settings(window)
    window.quiet()
    gone: list[object] = []
    window.page.on("framenavigated", lambda frame: gone.append(frame))
    window.page.route(JOINED, lambda route: route.continue_() if gone else None)  # till then only what goes by itself arrives
    box(window, "temperature").fill("0.7")
    box(window, "negative_prompt").fill("fog, rain")
    window.reload()
    open_settings(window)
    expect(box(window, "negative_prompt")).to_have_value("fog, rain")
    expect(box(window, "temperature")).to_have_value("0.7")


def test_the_last_of_several_values_counts_though_the_first_was_not_answered_yet(come: Open) -> None:
    window = come()
    open_settings(window)
    settle(window)
    late = Late(window)
    for value in ("5000", "250"):
        box(window, "stylize").fill(value)
        box(window, "stylize").press("Enter")
    late.wait_for(1)
    with window.page.expect_response(lambda answer: "[250]" in (answer.request.post_data or "")):
        late.let_in()
    settle(window)
    expect(window.page.locator("#set-stylize")).not_to_contain_text("cannot be")
    expect(box(window, "stylize")).to_have_value("250")
    window.reload()
    open_settings(window)
    expect(box(window, "stylize")).to_have_value("250")


def test_what_was_changed_elsewhere_shows_in_settings(come: Open) -> None:
    window = come()
    open_settings(window)
    settle(window)
    window.go_to("Chat")
    choose(window, "my/own-model")
    window.go_to("Settings")
    expect(box(window, "image_model")).to_have_value("my/own-model")


def choose(window: Window, model: str) -> None:
    """Types the name of an image model under the box."""
    chosen = window.page.locator("#image-model input")
    expect(chosen).to_be_editable()
    chosen.fill(model)
    chosen.press("Enter")


def test_who_sends_something_sees_it_and_who_reads_above_stays_there(come: Open, services: StandIns) -> None:
    window = come()
    tall = "\n".join(f"line {number}" for number in range(60))
    window.say(tall)
    window.rest()
    held = Held(reply("It begins.", "\n\n".join(["It goes on."] * 40)))
    services.gemini.enqueue(held)
    window.say("Tell me more.")
    expect(window.chat).to_contain_text("It begins.")
    window.page.wait_for_function(AT_END)
    window.page.wait_for_function(SCROLLED_UP)
    held.let_go()
    expect(window.chat).to_contain_text("It goes on.")
    window.rest()
    window.quiet()
    assert window.page.evaluate(f"{TALK}.scrollTop") == 0
    window.say("And then?")
    window.page.wait_for_function(AT_END)


def test_the_end_of_the_conversation_stays_in_view_as_pictures_come(come: Open) -> None:
    window = come()
    for _ in range(3):
        window.draw(f"{FOX} --ar 1:1")
        window.still()
        assert window.page.evaluate(AT_END)


def test_a_picture_that_was_tapped_and_a_prompt_that_is_edited_are_not_taken_away(come: Open, services: StandIns) -> None:
    window = come()
    window.draw(CAT)
    first, second = Held(drawn), Held(drawn)
    first.let_go()
    services.hub.enqueue(first, second)
    window.send(f"{FOX} --n 2")
    expect(window.pictures).to_have_count(2)
    expect(window.prompt).to_have_value(services.hub.drawings[-1].prompt)
    window.pictures.first.click()
    expect(window.prompt).to_have_value(services.hub.drawings[0].prompt)
    window.prompt.fill("a dog")
    window.hear_more()
    expect(window.stop).to_be_visible()
    expect(window.prompt).to_have_value("a dog")
    second.let_go()
    expect(window.pictures).to_have_count(3)
    window.rest()
    expect(window.prompt).to_have_value("a dog")
    assert "cat" in str(window.large.get_attribute("alt"))


def test_a_page_that_was_too_slow_for_the_news_shows_the_picture_after_all(come: Open, services: StandIns) -> None:
    window = come()
    window.draw(CAT)
    first, second = Held(drawn), Held(drawn)
    services.hub.enqueue(first, second)
    window.send(f"{FOX} --n 2")
    expect(window.chat).to_contain_text("drawing")
    window.page.evaluate(BUSY, 5000)
    first.let_go()
    expect(window.pictures).to_have_count(2)
    expect(window.prompt).to_have_value(services.hub.drawings[-1].prompt)
    assert "fox" in str(window.large.get_attribute("alt"))
    second.let_go()
    expect(window.pictures).to_have_count(3)
    window.rest()
