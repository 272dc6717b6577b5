"""Fifty visitors at one window while a tenth of the calls fail: none hangs, nothing is lost, nobody sees another's."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from typing import Any

import pytest

from gemini_diffusion.generation.limits.access import MOST_DRAWINGS
from tests.app_process import App
from tests.local_services import HOST_KEY, Held, StandIns, drawn
from tests.many_visitors import Person, crowd, mixed, opened, unsteady
from tests.visitor import Visitor
from tests.waiting import patiently

MANY = 50
STRANGERS = 100
"""Connections without a cookie."""


@pytest.fixture(scope="module")
def app(services: StandIns, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    services.forget()
    with App(tmp_path_factory.mktemp("crowd"), environment=services.environment) as running:
        yield running


def test_fifty_visitors_while_a_tenth_of_the_calls_fail(services: StandIns, app: App) -> None:
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


def test_a_crowd_without_cookies_gets_the_places_there_are_and_keeps_nobody_else_waiting(services: StandIns, app: App) -> None:
    services.forget()
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
