"""Pictures attached beside the box, varied and painted over in the image panel; who may, and what a page might forge."""

from __future__ import annotations

import asyncio
import base64
import json
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from PIL import Image

from gemini_diffusion.types import Alternative, Capabilities, EncoderUsage, TokenUsage, Waiting
from gemini_diffusion.types.errors import BadInput
from gemini_diffusion.ui.attachment import from_data_url, unpacked
from gemini_diffusion.ui.mask_editor import read_marks
from gemini_diffusion.ui.recovery import can_move
from gemini_diffusion.ui.token_meter import token_line
from tests.chat_tab_harness import Desk, who
from tests.pictures import encoded
from tests.test_messages import turn
from tests.test_uploads import halves
from tests.waiting import until

SNOW = "/imagine make it snowy --steps 1"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A desk whose engine can do all there is."""
    return Desk(tmp_path, able=True)


def url(image: Image.Image) -> str:
    return "data:image/png;base64," + base64.b64encode(encoded(image)).decode()


def carried(name: str = "beach.png") -> str:
    """What a page sends of a picture."""
    return json.dumps({"name": name, "picture": url(halves((64, 64)))})


async def brought(desk: Desk, person: str = "a") -> str:
    """The id of a picture that somebody has just attached."""
    held: str = (await desk.clip.bring(carried(), who(person)))[desk.talk.attachment.held]
    return held


async def test_a_brought_picture_is_attached_and_selected(desk: Desk) -> None:
    page = await desk.clip.bring(carried(), who())
    [picture] = desk.visitor(who()).session.collection.pictures
    assert page[desk.talk.attachment.held] == page[desk.panel.selected] == picture.id
    shown = await desk.clip.show(picture.id, who())
    assert shown[desk.talk.attachment.row]["visible"] is True
    assert shown[desk.talk.attachment.thumb]["value"] == str(picture.path)


async def test_of_a_brought_picture_the_panel_shows_what_can_be_done_with_it(desk: Desk) -> None:
    page = await desk.clip.bring(carried(), who())
    panel = desk.panel
    seen = {name for name in ("redraw", "reseed", "vary", "enlarge", "edit", "attach", "line") if visible(page, panel, name)}
    assert seen == {"redraw", "edit", "attach"}
    assert page[panel.redraw]["value"] == "Draw from it" and page[panel.meter] == ""


def visible(page: dict[Any, Any], panel: Any, name: str) -> bool:
    found: bool = page[getattr(panel, name)]["visible"]
    return found


@pytest.mark.parametrize("able", [True, False])
async def test_what_an_engine_cannot_do_is_not_offered(able: bool, tmp_path: Path) -> None:
    desk = Desk(tmp_path, able=able)
    page = await desk.shown(desk.tab.send("/imagine a fox --steps 1", "", who()))
    assert {visible(page, desk.panel, name) for name in ("vary", "vary_strong", "enlarge", "edit", "attach")} == {able}
    assert visible(page, desk.panel, "redraw") and page[desk.panel.vary]["interactive"] is True


async def test_somebody_elses_picture_is_neither_shown_nor_sent(desk: Desk) -> None:
    held = await brought(desk, "a")
    assert await desk.clip.show(held, who("b")) == {desk.talk.attachment.row: gr.update(visible=False)}
    assert await desk.hand.attach(held, who("b")) == gr.skip()
    with pytest.raises(BadInput):
        await anext(desk.tab.send(SNOW, held, who("b")))
    assert desk.engine.history == []


async def test_it_goes_with_the_message_and_the_box_is_free(desk: Desk) -> None:
    held = await brought(desk)
    updates = [update async for update in desk.tab.send(SNOW, held, who())]
    assert updates[0][desk.talk.attachment.held] == ""
    assert desk.talk.attachment.held not in updates[-1] and updates[-1][desk.talk.attachment.back] == ""
    assert desk.engine.history[-1][0].image
    first, second = updates[-1][desk.talk.chat][:2]
    assert first.content[0].component == "image" and first.role == second.role == "user"


async def test_stop_gives_it_back_and_trying_again_sends_it_again(desk: Desk) -> None:
    held = await brought(desk)
    desk.engine.pause_at(1)
    running = asyncio.create_task(desk.shown(desk.tab.send(SNOW, held, who())))
    await until(lambda: desk.engine.history)
    await desk.tab.stop(who())
    page = await running
    assert page[desk.talk.attachment.back]["value"] == held
    desk.engine.resume()
    desk.engine.enqueue(BadInput("It did not work.", "Try again."))
    failed = await desk.shown(desk.tab.send(SNOW, held, who()))
    assert failed[desk.talk.attachment.back]["value"] == held
    await desk.shown(desk.tab.again("", gr.SelectData(None, {"index": 0, "value": "retry"}), who()))
    assert desk.engine.history[-1][0].image == desk.engine.history[0][0].image != b""


async def test_the_selected_picture_is_attached_varied_enlarged_and_painted_over(desk: Desk) -> None:
    page = await desk.shown(desk.tab.send("/imagine a fox --steps 1 --seed 7", "", who()))
    selected = page[desk.panel.selected]["value"]
    assert (await desk.hand.attach(selected, who()))[desk.talk.attachment.held] == selected
    values = desk.edits("a fox", selected)
    await desk.shown(desk.hand.vary(values, who()))
    varied = desk.engine.history[-1][0]
    assert varied.image and (varied.strength, varied.seed, varied.mask) == (0.4, None, b"")
    await desk.shown(desk.hand.enlarge(values, who()))
    assert (desk.engine.history[-1][0].hd, desk.engine.history[-1][0].seed) == (True, 7)
    marks = json.dumps({"mask": url(Image.new("L", (8, 8), 255)), "strength": 0.9})
    await desk.shown(desk.hand.paint(values | {desk.panel.mask.marks: marks}, who()))
    assert desk.engine.history[-1][0].mask and desk.engine.history[-1][0].strength == 0.9


FORGED = ("", "x", "null", "[]", "{}", "[" * 3000, '{"name": 1}', '{"mask": "data:text/html;base64,PGI+", "strength": 0.5}')


@pytest.mark.parametrize(
    "text", (*FORGED, '{"mask": "", "strength": NaN}', '{"mask": "", "strength": 2}', '{"mask":"","strength":[]}')
)
def test_marks_that_no_page_sends_are_refused_in_words(text: str) -> None:
    with pytest.raises(BadInput) as caught:
        read_marks(text)
    assert caught.value.hint


@pytest.mark.parametrize(
    "text", (*FORGED, '{"name": "a", "picture": "/etc/passwd"}', '{"name": "a", "picture": "data:image/png;base64,%%"}')
)
def test_a_picture_that_no_page_sends_is_refused_in_words(text: str) -> None:
    with pytest.raises(BadInput) as caught:
        unpacked(text)
    assert caught.value.hint


def test_an_empty_mask_is_none() -> None:
    assert (from_data_url(""), read_marks('{"mask": "", "strength": 0.5}')) == (b"", (b"", 0.5))


async def test_what_is_forged_keeps_nothing(desk: Desk) -> None:
    for text in (json.dumps({"name": "a", "picture": ""}), json.dumps({"name": "a", "picture": "data:image/png;base64,AAAA"})):
        with pytest.raises(BadInput):
            await desk.clip.bring(text, who())
    assert desk.visitor(who()).session.collection.pictures == ()


# Drawn elsewhere


async def test_a_drawing_that_waits_for_a_service_is_drawn_here_instead(tmp_path: Path) -> None:
    desk = Desk(tmp_path, able=True, settings={"hf_token": "hf_test-test-0001"})
    desk.hosted.wake_slowly()
    waiting = asyncio.create_task(desk.shown(desk.tab.send("/imagine a fox --steps 1", "", who())))
    await until(lambda: (turn := desk.visitor(who()).session.running) and can_move(turn))
    page = await desk.shown(desk.tab.move(who()))
    assert [turn.state for turn in desk.visitor(who()).session.turns] == ["stopped", "done"]
    assert desk.engine.history[-1][0].model == "postcard" and page[desk.panel.selected]["value"]
    assert (await waiting)[desk.talk.returned]["value"] == "", "the words are under way, not lost"
    with pytest.raises(BadInput, match="no longer waiting"):
        await anext(desk.tab.move(who()))


def test_only_a_drawing_that_waits_can_move() -> None:
    other = Alternative("/imagine a fox --engine local", "local", "It can draw it: free.")
    assert can_move(turn(other, Waiting("The model is waking up", 14, 1)))
    assert not can_move(turn(Waiting("Busy", 14, 1)))
    assert not can_move(turn(other))


# The meter

CLIP, CHUNKED = Capabilities(), Capabilities(weights=True)


def metered(tokens: int, beyond: str = "", **options: Any) -> TokenUsage:
    return TokenUsage((EncoderUsage("tokenizer", tokens, beyond=beyond), EncoderUsage("tokenizer_2", 5)), **options)


@pytest.mark.parametrize(
    ("meter", "able", "said"),
    [
        (metered(42), CLIP, "42 of 77 tokens"),
        (metered(42, estimated=True), CLIP, "about 42 of 77 tokens"),
        (metered(42, estimated=True), Capabilities(max_tokens=512), "about 42 of 512 tokens"),
        (metered(90, "tail of *it*"), CLIP, r"90 of 77 tokens, the rest is left out: ~~tail of \*it\*~~"),
        (metered(90, "tail"), CHUNKED, "90 of 77 tokens, read in 2 parts"),
        (metered(152, "tail"), CHUNKED, "152 of 77 tokens, read in 2 parts"),
        (metered(153, "tail"), CHUNKED, "153 of 77 tokens, read in 3 parts"),
        (metered(90, "tail", estimated=True), Capabilities(max_tokens=512), "about 90 of 512 tokens"),
        (metered(600, "tail", estimated=True), Capabilities(max_tokens=512), "about 600 of 512 tokens, the rest is left out"),
    ],
)
def test_the_meter_says_how_full_a_prompt_is_and_what_is_left_out(meter: TokenUsage, able: Capabilities, said: str) -> None:
    assert token_line(meter, able) == said


async def test_the_panel_measures_the_selected_prompt_and_nobody_elses(desk: Desk) -> None:
    page = await desk.shown(desk.tab.send("/imagine a fox --raw --steps 1", "", who()))
    selected = page[desk.panel.selected]["value"]
    assert page[desk.panel.meter]["value"] == "4 of 77 tokens"
    measured = await desk.hand.measure(desk.edits("a fox in deep snow", selected), who())
    assert measured[desk.panel.meter] == "7 of 77 tokens"
    assert await desk.hand.measure(desk.edits("a fox", selected), who("b")) == gr.skip()
