"""Visitors at one window, thirty while a tenth of the calls fail and two side by side: nothing is lost or seen by another."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gemini_diffusion.generation.limits.access import MOST_DRAWINGS
from tests.app_process import AppHere
from tests.local_services import HOST_KEY, Held, StandIns, drawn
from tests.many_visitors import Person, crowd, mixed, opened, unsteady
from tests.servers.gemini import reply
from tests.visitor import PAGE, Visitor
from tests.waiting import PATIENCE, patiently

MANY = 30
STRANGERS = MOST_DRAWINGS + 16
"""Connections without a cookie."""


KEYS = {"ada": "AIza-this-key-is-adas-0001", "bob": "AIza-this-key-is-bobs-0002"}
TOKENS = {"ada": "hf_this_token_is_adas_0003", "bob": "hf_this_token_is_bobs_0004"}


@pytest.fixture(autouse=True)
def as_on_the_first_day(services: StandIns) -> None:
    services.forget()


@pytest.fixture(scope="module")
def app(services: StandIns, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppHere]:
    """A window with the host's own key and endpoint behind it."""
    with AppHere(tmp_path_factory.mktemp("crowd"), environment=services.environment) as running:
        yield running


def test_thirty_visitors_while_a_tenth_of_the_calls_fail(services: StandIns, app: AppHere) -> None:
    talking, drawing = unsteady(services)
    tally = asyncio.run(crowd(app.url, MANY))
    assert tally.faults == []
    assert (tally.pictures, len(tally.seconds)) == (MANY, 2 * MANY)
    assert (talking.failed, drawing.failed) == (2 * MANY // 10, MANY // 10), "the faults were not felt"
    assert mixed(services, HOST_KEY) == []

    assert len(app.pictures) == MANY
    folders = list(app.home.glob("visitors/*"))
    said = [b"".join(file.read_bytes() for file in folder.iterdir()) for folder in folders]
    marks = [{*re.findall(rb"quoll\d{4}", text)} for text in said]
    assert len(marks) == MANY == len(set.union(*marks)) and all(len(own) == 1 for own in marks), "conversations mixed on disk"


def test_a_crowd_without_cookies_gets_the_places_there_are_and_keeps_nobody_else_waiting(
    services: StandIns, app: AppHere
) -> None:
    held = Held(drawn)
    services.hub.respond = lambda call: held
    told = asyncio.run(_told_by_a_crowd_without_cookies(app.url, held))
    assert [event for event, _ in told].count("complete") == MOST_DRAWINGS == len(services.hub.drawings)
    refused = [str(said) for event, said in told if event == "error"]
    assert len(refused) == STRANGERS - MOST_DRAWINGS
    assert all("Many pictures are being drawn" in said and "in a moment" in said for said in refused)

    services.hub.respond = drawn
    assert Visitor(app.url).program().predict("a fox --raw", api_name="/imagine"), "the places were not given back"


async def _told_by_a_crowd_without_cookies(url: str, held: Held) -> list[tuple[str, Any]]:
    """All ask for a picture at once, none of which is done before everybody else was sent away and somebody had a chat."""
    async with opened(url) as http:
        waiting = {asyncio.ensure_future(Person(number, http).once("imagine", "a fox --raw")) for number in range(STRANGERS)}
        told = []
        async with patiently("all whom there is no place for to be sent away"):
            while len(waiting) > MOST_DRAWINGS:
                done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                told += [task.result() for task in done]
            assert (await Person(STRANGERS, http).once("chat", "hello"))[0] == "complete"
        held.let_go()
        return [*told, *await asyncio.gather(*waiting)]


@pytest.fixture(scope="module")
def visitors(app: AppHere) -> dict[str, Visitor]:
    """Ada and Bob, each with keys of their own typed into the window."""
    found = {name: Visitor(app.url) for name in KEYS}
    for name, visitor in found.items():
        keyed(visitor, KEYS[name], TOKENS[name])
    return found


def keyed(visitor: Visitor, key: str, token: str) -> None:
    said = visitor.press("google_api_key-save", "click", key)
    assert f"ends in {key[-4:]}" in said.text
    said = visitor.press("hf_token-save", "click", token)
    assert f"ends in {token[-4:]}" in said.text


def test_a_conversation_is_its_visitors_own(visitors: dict[str, Visitor]) -> None:
    visitors["ada"].program().predict("Ada says a secret word: heliotrope.", api_name="/chat")
    assert "heliotrope" in visitors["ada"].press(PAGE, "load").text
    assert "heliotrope" not in visitors["bob"].press(PAGE, "load").text


def test_settings_are_their_visitors_own(visitors: dict[str, Visitor]) -> None:
    visitors["ada"].press("set-stylize", "blur", 17)
    visitors["ada"].press("set-negative_prompt", "blur", "adas own dislike")
    ada, bob = (visitors[name].press("settings-tab", "select").values for name in KEYS)
    assert (ada["set-stylize"], ada["set-negative_prompt"]) == (17, "adas own dislike")
    assert (bob["set-stylize"], bob["set-negative_prompt"]) == (100, "")


def test_nobody_takes_or_draws_anothers_picture_by_its_id(
    services: StandIns, app: AppHere, visitors: dict[str, Visitor]
) -> None:
    visitors["ada"].program().predict("a heron at dawn", api_name="/imagine")
    path = max(app.home.glob("pictures/*/a-heron*.png"), key=lambda found: found.stat().st_mtime_ns)
    identity, drawings = path.parent.name, len(services.hub.drawings)
    shown = {"index": 3, "value": {"component": "image", "value": {"path": str(path)}}}

    mine = visitors["ada"].press("chat", "select", about=shown)
    assert identity in mine.text and "a heron at dawn" in mine.text

    eve = Visitor(app.url)
    theirs = eve.press("chat", "select", about=shown)
    assert identity not in theirs.text and "heron" not in theirs.text
    for event in ("redraw", "reseed"):
        told = eve.press(event, "click", identity, "a heron at dusk", "")
        assert "heron" not in told.text and "not here any more" in told.text
    eve.press("file-format", "input", identity, "jpeg")
    assert not list(path.parent.glob("*.jpg"))
    assert len(services.hub.drawings) == drawings

    visitors["ada"].press("redraw", "click", None, "a heron at noon", "")
    assert [call.prompt for call in services.hub.drawings[drawings:]] == ["a heron at noon"], "its owner does"


def test_a_program_that_cancels_ends_its_own_turn_alone(services: StandIns, visitors: dict[str, Visitor]) -> None:
    ada, bob = (visitors[name].program() for name in KEYS)
    answer, picture = Held(reply("Once upon a time", " there was a fox.")), Held(drawn)
    services.gemini.enqueue(answer)
    services.hub.enqueue(picture)
    telling = ada.submit("Tell me a story.", api_name="/chat")
    assert next(iter(telling)) == "Once upon a time"
    drawing = bob.submit("a heron --raw", api_name="/imagine")
    assert services.hub.wait_for(lambda: len(services.hub.drawings) == 1)
    assert services.gemini.generations[0].key == KEYS["ada"] and services.hub.drawings[0].token == TOKENS["bob"]

    telling.cancel()
    assert services.gemini.wait_for(lambda: services.gemini.generations[0].disconnected)
    answer.let_go()
    assert ada.predict("Another story, please.", api_name="/chat").startswith("You said"), "the place of the ended turn is free"
    assert not services.hub.drawings[0].disconnected and not drawing.done()
    picture.let_go()
    (file,), (recipe,) = drawing.result(PATIENCE)
    assert recipe["original"] == "a heron" and Path(file).read_bytes()
