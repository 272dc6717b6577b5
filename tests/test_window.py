"""What happens on every press in the Chat tab: who may do what, what comes back, and to whom."""

from __future__ import annotations

import asyncio
import base64
import functools
import io
import json
import shutil
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from PIL import Image

from gemini_diffusion.types.errors import AgreementNeeded, BadInput, KeyNeeded, OutOfCredit
from gemini_diffusion.web.endpoints import Endpoints
from tests.chat_tab_harness import Desk, who
from tests.foreign_pictures import data_url, png
from tests.sketch_engine import so_far
from tests.test_foreign_recipes import A1111
from tests.waiting import until


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return Desk(tmp_path_factory.mktemp("desk"))


@pytest.fixture
def desk(page: Desk) -> Desk:
    return page.begin_anew()


def said(desk: Desk, page: dict[Any, Any]) -> str:
    return " ".join(map(str, page[desk.talk.chat]["value"])).replace("\\", "")


def crafted(desk: Desk) -> str:
    """The prompt that waits for a choice."""
    turn = desk.visitor(who()).session.turns[-1]
    assert turn.crafted is not None
    return turn.crafted.prompt


def url(image: Image.Image) -> str:
    """How a page sends a picture."""
    content = io.BytesIO()
    image.save(content, "PNG")
    return f"data:image/png;base64,{base64.b64encode(content.getvalue()).decode('ascii')}"


def picked(value: Any) -> gr.SelectData:
    return gr.SelectData(None, {"index": 0, "value": value})


# A turn


async def test_the_first_update_takes_the_words_shows_stop_and_the_last_gives_the_box_free(desk: Desk) -> None:
    updates = [update async for update in desk.tab.send("/imagine a fox", "", who())]
    box = [update[desk.talk.box] for update in updates]
    assert (box[0]["value"], box[0]["stop_btn"]) == ("", True)
    assert all("value" not in update for update in box[1:])
    assert box[-1]["stop_btn"] is False
    assert updates[-1][desk.talk.returned] == ""


async def test_a_drawn_picture_is_in_the_conversation_and_in_the_panel_ready_to_download(desk: Desk) -> None:
    page = await desk.shown(desk.tab.send("/imagine a fox --seed 7", "", who()))
    picture = desk.visitor(who()).session.collection.pictures[0]
    assert page[desk.panel.selected]["value"] == picture.id
    assert page[desk.panel.download]["value"] == str(picture.path)
    assert "seed 7" in page[desk.panel.facts]["value"]
    assert page[desk.panel.welcome]["visible"] is False
    assert [
        message.content[0].value["path"]
        for message in page[desk.talk.chat]["value"]
        if message.content[0].type == "component" and message.content[0].component == "image"
    ] == [str(picture.path)]


async def test_a_blank_message_does_nothing(desk: Desk) -> None:
    assert [update async for update in desk.tab.send(" \n ", "", who())] == [gr.skip()]
    assert desk.visitor(who()).session.turns == ()


async def test_a_message_sent_while_another_runs_waits_above_the_box_and_can_be_taken_back(desk: Desk) -> None:
    desk.engine.pause_at(2)
    running = asyncio.create_task(desk.shown(desk.tab.send("/imagine a fox", "", who())))
    await until(lambda: desk.engine.history)
    waiting = await anext(desk.tab.send("and a cat", "", who()))
    [chip] = waiting[desk.talk.chips]["value"]
    assert (chip["label"], chip["text"], waiting[desk.talk.box]["value"]) == ("Next", "and a cat", "")
    back = await desk.kept.press(gr.EventData(None, chip), who())
    assert (back[desk.talk.returned], back[desk.talk.chips]["value"]) == ("and a cat", [])
    desk.engine.resume()
    await running


async def test_stop_says_the_last_words_and_gives_the_text_back(desk: Desk) -> None:
    desk.engine.pause_at(3)
    running = asyncio.create_task(desk.shown(desk.tab.send("/imagine a fox", "", who())))
    await until(lambda: desk.engine.history)
    await desk.tab.stop(who())
    page = await running
    assert "Stopped at step 3 of" in said(desk, page)
    assert page[desk.talk.returned]["value"] == "/imagine a fox"
    assert page[desk.talk.box]["stop_btn"] is False


async def test_somebody_elses_stop_stops_nothing(desk: Desk) -> None:
    desk.engine.pause_at(3)
    running = asyncio.create_task(desk.shown(desk.tab.send("/imagine a fox", "", who("a"))))
    await until(lambda: desk.engine.history)
    await desk.tab.stop(who("b"))
    assert not running.done()
    desk.engine.resume()
    assert "Stopped" not in said(desk, await running)


async def test_a_page_that_comes_back_follows_what_still_runs_to_its_end(desk: Desk) -> None:
    desk.engine.pause_at(3)
    first = desk.tab.send("/imagine a fox", "", who())
    await anext(first)
    await until(lambda: desk.engine.history)
    await first.aclose()
    back = asyncio.create_task(desk.shown(desk.tab.arrive(who())))
    await asyncio.sleep(0.2)
    assert not back.done()
    desk.engine.resume()
    page = await back
    assert page[desk.talk.box] == {"__type__": "update", "stop_btn": False}
    assert page[desk.panel.selected]["value"] == desk.visitor(who()).session.collection.pictures[0].id


async def test_a_picture_goes_in_the_panel_once_and_nothing_takes_that_place_again(desk: Desk) -> None:
    desk.engine.pause_at(2)
    updates: list[dict[Any, Any]] = []

    async def follow() -> None:
        async for update in desk.tab.send("/imagine {a fox, a cat}", "", who()):
            updates.append(update)

    following = asyncio.create_task(follow())
    session = desk.visitor(who()).session
    await until(lambda: session.running and any(entry.done == 2 for entry in session.running.progress))
    desk.engine.resume()
    desk.engine.pause_at(2)
    await until(lambda: len(desk.engine.history) == 2 and any(desk.panel.selected in update for update in updates[:-1]))
    await desk.tab.stop(who())
    await following
    assert sum(desk.panel.selected in update for update in updates) == 1
    assert sum(desk.panel.prompt in update for update in updates) == 1


async def test_a_page_that_missed_the_picture_is_told_again_what_is_in_hand(desk: Desk) -> None:
    page = await desk.shown(desk.tab.send("/imagine a fox", "", who()))
    selected = page[desk.panel.selected]["value"]
    again = await desk.tab.mend(selected, "", who())
    assert (again[desk.panel.selected], again[desk.panel.shown]["value"]) == (selected, selected)
    assert again[desk.panel.prompt]["value"] == page[desk.panel.prompt]["value"]
    assert await desk.tab.mend(selected, page[desk.panel.shown]["value"], who()) == gr.skip()
    assert await desk.tab.mend(selected, "", who("b")) == gr.skip()


async def test_in_a_new_conversation_the_last_picture_is_in_the_panel_of_a_page_that_comes(tmp_path: Path) -> None:
    desk = Desk(tmp_path, able=True)
    await desk.shown(desk.tab.send("/imagine a fox", "", who()))
    await desk.shown(desk.tab.send("/imagine a cat", "", who()))
    await desk.kept.new(who())
    _, cat = desk.visitor(who()).session.collection.pictures
    assert (await desk.shown(desk.tab.arrive(who())))[desk.panel.selected]["value"] == cat.id
    desk.engine.enqueue(OutOfCredit("The account is empty."))
    marks = json.dumps({"mask": url(Image.new("L", (8, 8), 255)), "strength": 0.9})
    values = desk.edits("a dog", cat.id) | {desk.panel.mask.marks: marks}
    await desk.shown(desk.hand.paint(values, who()))
    await desk.kept.new(who())
    assert (await desk.shown(desk.tab.arrive(who())))[desk.panel.selected]["value"] == cat.id, "not its copy with the marks"


async def test_a_picture_whose_file_is_gone_does_not_keep_the_conversation_away(desk: Desk) -> None:
    desk.visitor(who()).change({"file_format": "jpeg"})
    await desk.shown(desk.tab.send("/imagine a fox", "", who()))
    shutil.rmtree(desk.visitor(who()).session.collection.pictures[0].path.parent)
    page = await desk.shown(desk.tab.arrive(who()))
    assert "/imagine a fox" in said(desk, page)
    assert desk.panel.selected not in page


async def test_every_update_of_a_turn_is_whole(desk: Desk) -> None:
    whole = {desk.talk.chat, desk.talk.box, desk.talk.status, desk.panel.stage, desk.panel.preview}
    async for update in desk.tab.send("/imagine a fox", "", who()):
        assert whole <= set(update)


async def held_at(desk: Desk, step: int) -> tuple[list[Any], asyncio.Task[None]]:
    """Draws until a step and stays there until the engine goes on; every preview that a page was shown, and the drawing."""
    desk.engine.pause_at(step)
    seen: list[Any] = []

    async def follow() -> None:
        async for update in desk.tab.send("/imagine a fox", "", who()):
            seen.append(update[desk.panel.preview]["value"])

    drawing = asyncio.create_task(follow())
    await until(lambda: seen and seen[-1] and seen[-1]["source"] == shown(desk, step))
    return seen, drawing


def shown(desk: Desk, step: int) -> str:
    """How a page is shown what there is after a step."""
    return f"data:image/jpeg;base64,{base64.b64encode(so_far(desk.engine.history[-1][0], step)).decode('ascii')}"


async def test_a_picture_is_seen_as_it_grows_and_nothing_of_that_is_kept(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    seen, drawing = await held_at(desk, 3)
    assert seen[-1]["look"] == ""
    desk.engine.resume()
    await drawing
    assert seen[-1]["look"] == "fading"
    assert desk.visitor(who()).session.turns[-1].preview is None
    (kept,) = tmp_path.rglob("conversation.json")  # noqa: ASYNC240 - a test has time
    assert [turn["preview"] for turn in json.loads(kept.read_text("utf-8"))] == [None]


async def test_a_stopped_picture_fades_and_leaves_nothing_to_the_next_turn(desk: Desk) -> None:
    seen, drawing = await held_at(desk, 3)
    await desk.tab.stop(who())
    await drawing
    assert seen[-1]["look"] == "fading"
    assert (await anext(desk.tab.send("Hello", "", who())))[desk.panel.preview]["value"] is None


async def test_where_pictures_are_judged_nobody_sees_one_before_it_was(tmp_path: Path) -> None:
    desk = Desk(tmp_path, settings={"picture_filter": "on", "picture_filter_model": str(tmp_path)})
    seen, drawing = await held_at(desk, 3)
    desk.engine.resume()
    await drawing
    assert all("blurred" in each["look"] for each in seen if each)


async def test_the_place_in_the_queue_is_told_as_it_moves(desk: Desk) -> None:
    desk.engine.queue_behind(2)
    told: list[str] = []

    async def follow() -> None:
        async for update in desk.tab.send("/imagine a fox", "", who()):
            told.append(update[desk.talk.status])

    following = asyncio.create_task(follow())
    for others in (2, 1):
        await until(functools.partial(_is_last, told, f"Waiting, {others} before this one"))
        desk.engine.move_up()
    await following
    assert [step.text for step in desk.visitor(who()).session.turns[-1].steps if step.stage == "waiting"] == ["Waited"]


def _is_last(told: list[str], words: str) -> bool:
    return bool(told) and told[-1] == words


# The way on after a failure


async def test_a_failure_gives_the_text_back_and_its_button_sends_it_again(desk: Desk) -> None:
    desk.engine.enqueue(OutOfCredit("The account is empty."))
    page = await desk.shown(desk.tab.send("/imagine a fox", "", who()))
    assert page[desk.talk.returned]["value"] == "/imagine a fox"
    again = await desk.shown(desk.tab.again("/imagine a fox", picked("retry"), who()))
    assert again[desk.talk.box]["value"] == ""
    assert len(desk.visitor(who()).session.collection.pictures) == 1


async def test_a_newer_draft_outlives_the_button(desk: Desk) -> None:
    desk.engine.enqueue(OutOfCredit("The account is empty."))
    await desk.shown(desk.tab.send("/imagine a fox", "", who()))
    again = await desk.shown(desk.tab.again("my next idea", picked("retry"), who()))
    assert "value" not in again[desk.talk.box]


async def test_a_yes_to_a_download_is_kept_for_the_engine(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.engine.enqueue(AgreementNeeded("6.9 GB to fetch.", "Say yes.", model="sdxl", download_bytes=6_940_000_000))
    await desk.shown(desk.tab.send("/imagine a fox", "", who()))
    await desk.shown(desk.tab.again("", picked("download:sdxl"), who()))
    assert "sdxl" in desk.engine.history[-1][1].agreed_models


async def test_only_the_host_can_say_yes_to_a_download(tmp_path: Path) -> None:
    desk = Desk(tmp_path, owner=False)
    desk.engine.enqueue(AgreementNeeded("6.9 GB to fetch.", "Say yes.", model="sdxl", download_bytes=6_940_000_000))
    await desk.shown(desk.tab.send("/imagine a fox", "", who()))
    with pytest.raises(BadInput, match="Only the host"):
        await anext(desk.tab.again("", picked("download:sdxl"), who()))


@pytest.mark.parametrize("forged", ["download:sdxl", "engine:hosted", "settings", "", "retry"])
async def test_a_button_that_was_not_offered_does_nothing(desk: Desk, forged: str) -> None:
    await desk.shown(desk.tab.send("/imagine a fox", "", who()))
    with pytest.raises(BadInput, match="no longer available"):
        await anext(desk.tab.again("", picked(forged), who()))


async def test_the_settings_button_opens_the_settings(desk: Desk) -> None:
    desk.engine.enqueue(KeyNeeded("No key is set."))
    await desk.shown(desk.tab.send("/imagine a fox", "", who()))
    page = await desk.shown(desk.tab.again("", picked("settings"), who()))
    assert page[desk.tab.tabs]["value"].selected == "settings"


# The image panel


async def test_a_prompt_edited_in_the_panel_is_drawn_as_it_stands_with_the_same_seed(desk: Desk) -> None:
    page = await desk.shown(desk.tab.send("/imagine a fox --seed 11", "", who()))
    await desk.shown(desk.hand.redraw(desk.edits("a blue bird", page[desk.panel.selected]["value"]), who()))
    request = desk.engine.history[-1][0]
    assert (request.prompt, request.seed) == ("a blue bird", 11)


async def test_a_new_seed_is_another_one(desk: Desk) -> None:
    page = await desk.shown(desk.tab.send("/imagine a fox --seed 11", "", who()))
    await desk.shown(desk.hand.reseed(desk.edits("a fox", page[desk.panel.selected]["value"]), who()))
    assert desk.engine.history[-1][0].seed is None


async def test_a_tapped_picture_goes_in_the_panel_and_nobody_elses_does(desk: Desk) -> None:
    await desk.shown(desk.tab.send("/imagine a fox --seed 1", "", who("a")))
    await desk.shown(desk.tab.send("/imagine a cat --seed 2", "", who("a")))
    first = desk.visitor(who("a")).session.collection.pictures[0]
    tap = picked({"component": "image", "value": {"path": str(first.path)}})
    assert (await desk.tab.take(tap, who("a")))[desk.panel.selected] == first.id
    assert await desk.tab.take(tap, who("b")) == gr.skip()
    with pytest.raises(BadInput, match="not here"):
        await anext(desk.hand.redraw(desk.edits("mine now", first.id), who("b")))


async def test_shape_style_and_number_are_chosen_under_the_box_and_nothing_else_is(desk: Desk) -> None:
    for name, value in (("aspect_ratio", "16:9"), ("pictures", "2"), ("engine", "hosted")):
        shown = await desk.tab.choices.choose_drawing(gr.EventData(None, {"name": name, "value": value}), who())
    assert [entry["value"] for entry in shown[desk.tab.choices.drawing]] == ["16:9", "", "", 2]
    assert desk.visitor(who()).settings.engine == "auto"
    await desk.shown(desk.tab.send("/imagine a fox", "", who()))
    assert len(desk.engine.history) == 2


async def test_a_picture_of_the_filmstrip_is_selected_by_whoever_owns_it(desk: Desk) -> None:
    await desk.shown(desk.tab.send("/imagine a fox --seed 1", "", who()))
    page = await desk.shown(desk.tab.send("make it night", "", who()))
    frames = page[desk.talk.filmstrip]["value"]
    assert [(frame["number"], frame["parent"]) for frame in frames] == [(1, 0), (2, 1)]
    wanted = gr.EventData(None, frames[0]["id"])
    assert (await desk.tab.pick(wanted, who()))[desk.panel.selected] == frames[0]["id"]
    with pytest.raises(BadInput, match="not here any more"):
        await desk.tab.pick(wanted, who("b"))


@pytest.mark.parametrize(
    "value", ["text", None, {}, {"value": None}, {"value": {"path": 7}}, {"value": {"path": "/etc/passwd"}}]
)
async def test_anything_else_that_was_tapped_leaves_the_panel_as_it_is(desk: Desk, value: Any) -> None:
    assert await desk.tab.take(picked(value), who()) == gr.skip()


async def test_the_download_follows_the_kind_of_file_that_was_chosen(desk: Desk) -> None:
    page = await desk.shown(desk.tab.send("/imagine a fox", "", who()))
    values = {desk.panel.file_format: "webp", desk.panel.selected: page[desk.panel.selected]["value"]}
    changed = await desk.hand.change_format(values, who())
    content = await asyncio.to_thread(Path(changed[desk.panel.download]["value"]).read_bytes)
    assert content[8:12] == b"WEBP"
    assert desk.visitor(who()).settings.file_format == "webp"


async def test_a_new_conversation_is_empty_and_keeps_the_pictures(desk: Desk) -> None:
    await desk.shown(desk.tab.send("/imagine a fox", "", who()))
    assert (await desk.kept.new(who()))[desk.talk.chat] == []
    assert len(desk.visitor(who()).session.collection.pictures) == 1


async def test_a_review_asks_once_takes_the_edited_prompt_and_leaves(desk: Desk) -> None:
    updates: list[dict[Any, Any]] = []

    async def follow() -> None:
        async for update in desk.tab.send("/imagine a fox --review", "", who()):
            updates.append(update)

    following = asyncio.create_task(follow())
    await until(lambda: sum(update[desk.talk.review]["visible"] for update in updates) > 1)
    assert {update[desk.talk.asked] for update in updates[-2:]} == {crafted(desk)}
    assert not any(desk.talk.review_prompt in update for update in updates), "what a person edits is theirs"
    await desk.tab.choose("draw", "a purple fox", who())
    await following
    assert desk.engine.history[-1][0].prompt == "a purple fox"
    assert (updates[-1][desk.talk.review]["visible"], updates[-1][desk.talk.asked]) == (False, "")


# The two lists under the box


async def test_nothing_is_chosen_before_the_page_was_told_what_is(desk: Desk) -> None:
    choices = desk.tab.choices
    assert not (choices.chat_model.interactive or choices.image_model.interactive)
    desk.visitor(who()).change({"image_model": "sdxl"})
    page = await desk.tab.return_here(([], [("Some model", "some/model")]), who())
    assert (page[choices.chat_model]["value"], page[choices.image_model]["value"]) == ("gemini-flash-latest", "sdxl")
    assert page[choices.chat_model]["interactive"] and page[choices.image_model]["interactive"]
    assert ("Some model", "some/model") in page[choices.image_model]["choices"]  # a list that is open does not become shorter


async def test_lists_that_come_late_leave_alone_what_is_chosen(desk: Desk) -> None:
    choices = desk.tab.choices
    lists = await choices.lists(who())
    assert all(lists[part]["choices"] and "value" not in lists[part] for part in (choices.chat_model, choices.image_model))


async def test_a_choice_is_kept_and_an_emptied_one_is_the_default(desk: Desk) -> None:
    choices = desk.tab.choices
    assert await choices.choose_image_model("postcard", who()) == {choices.image_model: "postcard"}
    assert desk.visitor(who()).settings.image_model == "postcard"
    assert await choices.choose_chat_model("", who()) == {choices.chat_model: "gemini-flash-latest"}


async def test_a_choice_that_cannot_be_gives_way_to_what_is_set(tmp_path: Path) -> None:
    desk = Desk(tmp_path, owner=False)
    choices = desk.tab.choices
    assert await choices.choose_image_model("/etc", who()) == {choices.image_model: ""}


# Programs


@pytest.mark.parametrize("texts", [{"parameters": A1111, "dpi": (72, 72)}, {"picture": data_url(png(parameters=A1111))}])
async def test_a_program_asks_what_recipe_a_picture_holds(texts: dict[str, Any], desk: Desk) -> None:
    endpoints = Endpoints(desk.visitors)
    found = await endpoints.recipe(texts, who())
    assert (found["program"], found["seed"]) == ("AUTOMATIC1111", 42) and found["line"].startswith("/imagine a kite --ar 2:3")
    nonsense: list[Any] = [{}, [], {"picture": "data:image/png;base64,%%"}]
    for senseless in nonsense:
        assert await endpoints.recipe(senseless, who()) == {}


async def test_a_program_that_goes_away_ends_what_it_asked_for_and_nobody_elses_turn(desk: Desk) -> None:
    desk.engine.pause_at(2)
    endpoints = Endpoints(desk.visitors)
    asked = asyncio.create_task(endpoints.imagine("a fox", who("p")))
    await until(lambda: desk.engine.history)
    session = desk.visitor(who("p")).session
    async with session._unfinished._writing:  # it goes away while what it asked for is still to be written to the disk
        waiting = asyncio.create_task(endpoints.imagine("another fox", who("p")))
        await until(lambda: session.line)
        waiting.cancel()
        await asyncio.sleep(0)
    await asyncio.wait({waiting})
    assert session.running and not session.line
    asked.cancel()
    await asyncio.wait({asked})
    assert [turn.state for turn in session.turns] == ["stopped"]
