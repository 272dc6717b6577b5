"""The whole job in the window: a request, its stages, Stop, the picture, its panel, the download, a reload in the middle."""

from __future__ import annotations

import zipfile

import pytest
from playwright.sync_api import expect

from gemini_diffusion.storage.gallery import read_recipe
from tests.app_process import AppHere
from tests.browser.conftest import Open
from tests.browser.window import Window
from tests.local_services import Held, StandIns, answered, drawn
from tests.servers.hugging_face import credits_exhausted

pytestmark = pytest.mark.browser
FOX = "/imagine a fox in the snow --ar 16:9"


def test_the_whole_job(come: Open, services: StandIns, app: AppHere) -> None:
    window = come()
    stopped_while_drawing(window, services)
    finished(window, services)
    taken_out(window, services)
    drawn_again(window, services)
    kept_and_downloaded(window, app)


def stopped_while_drawing(window: Window, services: StandIns) -> None:
    writing, drawing = Held(answered), Held(drawn)
    services.gemini.enqueue(writing)
    services.hub.enqueue(drawing)
    window.send(FOX)
    expect(window.said).to_have_text(FOX)
    expect(window.box).to_have_value("")
    expect(window.chat).to_contain_text("Writing the prompt")
    expect(window.chat).to_contain_text("a fox in the snow, soft morning")
    expect(window.stop).to_be_visible()
    window.shot("1-writing")
    writing.let_go()
    expect(window.chat).to_contain_text("Wrote the prompt")
    expect(window.chat).to_contain_text("is drawing")
    expect(window.page.locator("#stage")).to_contain_text("is drawing")
    window.shot("2-drawing")
    assert services.hub.wait_for(lambda: len(services.hub.drawings) == 1)
    window.stop.click()
    expect(window.chat).to_contain_text("Stopped")
    expect(window.box).to_have_value(FOX)
    assert services.hub.wait_for(lambda: services.hub.drawings[0].disconnected), "the service goes on drawing"
    drawing.let_go()
    window.rest()
    expect(window.pictures).to_have_count(0)
    window.shot("3-stopped")


def finished(window: Window, services: StandIns) -> None:
    window.box.press("Enter")
    expect(window.pictures).to_have_count(1)
    window.rest()
    expect(window.box).to_have_value("")
    expect(window.chat).to_contain_text("Here is a fox in the snow")
    expect(window.large).to_be_visible()
    expect(window.prompt).to_have_value(services.hub.drawings[-1].prompt)
    expect(window.page.locator("#summary")).to_contain_text("kept 2 of 2, added 8 words")
    expect(window.page.locator("#details")).to_contain_text(f"seed {services.hub.drawings[-1].seed}")
    window.shot("4-finished")


def taken_out(window: Window, services: StandIns) -> None:
    """A piece that was added is taken out, and the same seed draws what differs by it alone."""
    window.page.get_by_role("button", name="Take out: fine detail").click()
    expect(window.prompt).to_have_value("a fox in the snow, soft morning light, gentle depth of field")
    window.act("redraw")
    expect(window.pictures).to_have_count(2)
    window.rest()
    first, second = services.hub.drawings[-2:]
    assert (second.prompt, second.seed) == (first.prompt.replace(", fine detail", ""), first.seed)
    expect(window.page.locator("#image-panel .chip")).to_have_text(["soft morning light", "gentle depth of field"])
    window.page.get_by_role("button", name="Only my words").click()
    expect(window.prompt).to_have_value("a fox in the snow")


def drawn_again(window: Window, services: StandIns) -> None:
    edited = "a fox in deep snow, at night"
    window.prompt.fill(edited)
    window.act("redraw")
    expect(window.pictures).to_have_count(3)
    window.rest()
    first, second = services.hub.drawings[-2:]
    assert (second.prompt, second.seed) == (edited, first.seed)
    expect(window.prompt).to_have_value(edited)
    expect(window.page.locator("#summary")).to_contain_text("your own words")
    window.act("reseed")
    expect(window.pictures).to_have_count(4)
    window.rest()
    assert services.hub.drawings[-1].prompt == edited and services.hub.drawings[-1].seed != first.seed
    expect(window.page.locator("#line textarea")).to_have_value(read_recipe(window.app.pictures[-1]).line)


def kept_and_downloaded(window: Window, app: AppHere) -> None:
    kept = app.pictures[-1]
    file = window.downloaded()
    assert file.name == kept.name
    assert file.read_bytes() == kept.read_bytes()
    window.opened("file-format").get_by_label("JPEG").check()
    window.rest()
    file = window.downloaded()
    assert file.name == kept.with_suffix(".jpg").name
    assert file.read_bytes() == kept.with_suffix(".jpg").read_bytes()
    window.take(window.pictures.first)
    expect(window.prompt).to_have_value(read_recipe(app.pictures[-4]).prompt)


def begun(window: Window, services: StandIns) -> Held:
    """Asks for a picture, of which the drawing begins and does not end before it is let go."""
    held = Held(drawn)
    services.hub.enqueue(held)
    window.send(FOX)
    expect(window.chat).to_contain_text("is drawing")
    return held


def test_a_reload_in_the_middle_finds_the_drawing_done_and_stop_works_after_it(come: Open, services: StandIns) -> None:
    window = come()
    held = begun(window, services)
    assert services.hub.wait_for(lambda: len(services.hub.drawings) == 1)
    window.reload(following=True)
    expect(window.said).to_have_text(FOX)
    expect(window.chat).to_contain_text("is drawing")
    expect(window.stop).to_be_visible()
    assert not services.hub.drawings[0].disconnected
    held.let_go()
    expect(window.pictures).to_have_count(1)
    window.rest()
    expect(window.large).to_be_visible()
    assert len(services.hub.drawings) == 1
    window.reload()
    expect(window.pictures).to_have_count(1)
    expect(window.large).to_be_visible()
    expect(window.prompt).to_have_value(services.hub.drawings[0].prompt)
    held = begun(window, services)
    window.reload(following=True)
    expect(window.stop).to_be_visible()
    window.stop.click()
    expect(window.chat).to_contain_text("Stopped")
    window.rest()
    held.let_go()
    expect(window.pictures).to_have_count(1)


def test_a_draft_typed_during_a_run_stays_also_where_text_comes_back(come: Open, services: StandIns) -> None:
    window = come()
    held = begun(window, services)
    window.box.fill("/imagine a bear")
    window.box.press("Enter")
    chip = window.page.locator("#composer-chips button")
    expect(chip).to_have_count(1)
    expect(window.box).to_have_value("")
    chip.click()
    expect(chip).to_have_count(0)
    expect(window.box).to_have_value("/imagine a bear")
    window.box.fill("and then a bear")
    held.let_go()
    expect(window.pictures).to_have_count(1)
    window.rest()
    expect(window.box).to_have_value("and then a bear")
    expect(window.said).to_have_count(1)
    assert len(services.hub.drawings) == 1
    held = begun(window, services)
    window.box.fill("a bear instead")
    window.stop.click()
    expect(window.chat).to_contain_text("Stopped")
    window.rest()
    held.let_go()
    expect(window.box).to_have_value("a bear instead")


def test_a_blank_message_does_nothing(come: Open, services: StandIns) -> None:
    window = come()
    for said in ("", "   ", "\n \n", "hello"):
        window.send(said)
    expect(window.chat).to_contain_text("You said: hello")
    expect(window.said).to_have_count(1)
    assert len(services.gemini.generations) == 1


def test_review_waits_and_draws_what_was_chosen(come: Open, services: StandIns) -> None:
    window = come()
    window.send(f"{FOX} --review")
    review = window.page.locator("#review")
    box = window.page.locator("#review-prompt textarea")
    expect(box).to_have_value("a fox in the snow, soft morning light, fine detail, gentle depth of field")
    expect(window.status).to_have_text("Waiting for your choice")
    assert services.hub.drawings == []
    window.shot("5-review")
    review.get_by_role("button", name="Take out: fine detail").click()
    expect(box).to_have_value("a fox in the snow, soft morning light, gentle depth of field")
    box.fill("a fox, ")
    window.hear_more()
    box.press_sequentially("only a fox")
    expect(box).to_have_value("a fox, only a fox")
    review.get_by_role("button", name="Draw", exact=True).click()
    expect(window.pictures).to_have_count(1)
    expect(review).to_be_hidden()
    window.send(f"{FOX} --review")
    review.get_by_role("button", name="Use my words").click()
    expect(window.pictures).to_have_count(2)
    window.rest()
    assert [call.prompt for call in services.hub.drawings] == ["a fox, only a fox", "a fox in the snow"]


def test_a_failing_service_says_why_and_offers_the_next_step(come: Open, services: StandIns) -> None:
    window = come()
    services.hub.enqueue(credits_exhausted())
    window.send(FOX)
    expect(window.chat).to_contain_text("This month's credit at Hugging Face is used up.")
    expect(window.chat).to_contain_text("Add credit at")
    window.rest()
    expect(window.box).to_have_value(FOX)
    expect(window.said).to_have_count(1)
    window.shot("6-failed")
    window.box.fill("")
    window.options.filter(has_text="Try again").click()
    expect(window.pictures).to_have_count(1)
    window.rest()
    assert len(services.hub.drawings) == 2


def test_all_pictures_are_saved_as_one_zip(come: Open, services: StandIns, app: AppHere) -> None:
    window = come()
    before = set(app.pictures)
    window.send(f"{FOX} --n 2")
    expect(window.pictures).to_have_count(2)
    window.rest()
    window.page.locator("#conversation-name").click()
    with window.page.expect_download() as waiting:
        window.page.locator("#save-all").click()
    with zipfile.ZipFile(waiting.value.path()) as archive:
        saved = {archive.read(name) for name in archive.namelist() if name.endswith(".png")}
    assert saved == {path.read_bytes() for path in set(app.pictures) - before}


def test_a_new_conversation_empties_the_screen_and_keeps_the_pictures(come: Open, services: StandIns, app: AppHere) -> None:
    window = come()
    window.draw(FOX)
    kept = len(app.pictures)
    window.page.locator("#new-conversation").click()
    expect(window.said).to_have_count(0)
    expect(window.large).to_be_visible()
    window.reload()
    expect(window.large).to_be_visible()
    expect(window.prompt).to_have_value(services.hub.drawings[-1].prompt)
    expect(window.said).to_have_count(0)
    window.send("What did I say before?")
    expect(window.chat).to_contain_text("You said: What did I say before?")
    assert len(services.gemini.generations[-1].turns) == 1
    assert len(app.pictures) == kept
