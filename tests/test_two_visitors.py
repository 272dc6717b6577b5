"""Visitors side by side at one window: nothing of one ever reaches another, and where keys are not lent none is sent."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.app_process import App
from tests.local_services import Held, StandIns, drawn
from tests.servers.gemini import reply
from tests.visitor import PAGE, AppError, Client, Visitor
from tests.waiting import PATIENCE

KEYS = {"ada": "AIza-this-key-is-adas-0001", "bob": "AIza-this-key-is-bobs-0002"}
TOKENS = {"ada": "hf_this_token_is_adas_0003", "bob": "hf_this_token_is_bobs_0004"}
CALLS = 60
BUSY = "One thing at a time"


@pytest.fixture(autouse=True)
def as_on_the_first_day(services: StandIns) -> None:
    services.forget()


@pytest.fixture(scope="module")
def app(services: StandIns, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """A window with the host's own key and endpoint behind it."""
    with App(tmp_path_factory.mktemp("window"), environment=services.environment) as running:
        yield running


@pytest.fixture(scope="module")
def visitors(app: App) -> dict[str, Visitor]:
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


def wish(name: str, number: int) -> tuple[str, str]:
    """The endpoint and the words of one call; every word that says whose it is, is nobody else's."""
    if number % 2:
        return "/chat", f"What does {name}lamp number {number} shine on?"
    return "/imagine", f"a {name}lamp on a table, number {number}"


def asked(client: Client, name: str, number: int) -> Any:
    """What came back, None where another turn of the same visitor was under way."""
    endpoint, words = wish(name, number)
    try:
        return client.predict(words, api_name=endpoint)
    except AppError as error:
        if str(error).startswith(BUSY):
            return None
        raise


def everything(client: Client, name: str, together: threading.Barrier) -> dict[int, Any]:
    """All calls of one visitor at once; then, one after another, those that were told to wait."""
    numbers = range(CALLS // len(KEYS))

    def at_once(number: int) -> Any:
        together.wait(PATIENCE)
        return asked(client, name, number)

    with ThreadPoolExecutor(len(numbers)) as pool:
        found = dict(zip(numbers, pool.map(at_once, numbers), strict=True))
    for number, answer in found.items():
        while answer is None:
            answer = asked(client, name, number)
        found[number] = answer
    return found


def test_sixty_mixed_calls_at_once_each_carry_their_own_visitors_key(services: StandIns, visitors: dict[str, Visitor]) -> None:
    together = threading.Barrier(CALLS)
    with ThreadPoolExecutor(len(visitors)) as pool:
        jobs = {name: pool.submit(everything, visitor.program(), name, together) for name, visitor in visitors.items()}
        answers = {name: job.result(2 * PATIENCE) for name, job in jobs.items()}

    for call in services.gemini.generations:
        whose = next(name for name in KEYS if f"{name}lamp" in call.last_user_text)
        assert call.key == KEYS[whose]
        assert not any(f"{other}lamp" in call.content.decode() for other in KEYS if other != whose), "conversations mixed"
    for drawing in services.hub.drawings:
        whose = next(name for name in KEYS if f"{name}lamp" in drawing.prompt)
        assert drawing.token == TOKENS[whose]
    assert len(services.hub.drawings) == CALLS // 2
    assert len(services.gemini.generations) >= CALLS

    for name, found in answers.items():
        for number, answer in found.items():
            if number % 2:
                assert f"{name}lamp number {number}" in answer
            else:
                (file,), (recipe,) = answer
                assert recipe["original"] == wish(name, number)[1]
                assert Path(file).read_bytes()


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


def test_nobody_takes_or_draws_anothers_picture_by_its_id(services: StandIns, app: App, visitors: dict[str, Visitor]) -> None:
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

    telling.cancel()
    assert services.gemini.wait_for(lambda: services.gemini.generations[0].disconnected)
    answer.let_go()
    assert ada.predict("Another story, please.", api_name="/chat").startswith("You said"), "the place of the ended turn is free"
    assert not services.hub.drawings[0].disconnected and not drawing.done()
    picture.let_go()
    (file,), (recipe,) = drawing.result(PATIENCE)
    assert recipe["original"] == "a heron" and Path(file).read_bytes()


def test_nothing_of_the_host_is_sent_where_keys_are_not_lent(services: StandIns, tmp_path: Path) -> None:
    with App(tmp_path, flags=("--host", "0.0.0.0"), environment=services.environment) as running:
        running.url = running.url.replace("0.0.0.0", "127.0.0.1")
        stranger, ada = Visitor(running.url), Visitor(running.url)
        assert "Gemini" in stranger.program().predict("Who are you?", api_name="/chat")
        with pytest.raises(AppError, match="Hugging Face draws with your own token, and there is none"):
            stranger.program().predict("a fox --engine hosted", api_name="/imagine")
        assert services.gemini.calls == [] and services.hub.calls == []

        ada.press("google_api_key-save", "click", KEYS["ada"])
        ada.program().predict("Who are you?", api_name="/chat")
        assert {call.key for call in services.gemini.calls} == {KEYS["ada"]}
        assert services.hub.calls == []
