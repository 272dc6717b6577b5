"""The host's keys are lent within limits a day: counted before the call, by visitor and in all, and for nobody with a key."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import re
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any
from unittest.mock import Mock
from urllib.error import HTTPError

import pytest

from gemini_diffusion.chat_models import ChatModel, choose, open_chat_models
from gemini_diffusion.chat_models.builtin import BuiltinChatModel
from gemini_diffusion.config.settings import Settings
from gemini_diffusion.generation.limits.key_quota import KeyQuota
from gemini_diffusion.generation.limits.time_quota import TimeQuota
from gemini_diffusion.generation.limits.usage import usage
from gemini_diffusion.generation.services import Services
from gemini_diffusion.generation.visitors import COOKIELESS, Visitors
from gemini_diffusion.storage.gallery import Gallery, read_recipe
from gemini_diffusion.types import ChatAnswer, ChatRequest, Emit
from gemini_diffusion.types.errors import BadInput, GaveUp, OutOfQuota
from gemini_diffusion.types.turn import Turn
from gemini_diffusion.ui.messages import turn_messages
from tests.app_process import AppHere
from tests.local_services import StandIns
from tests.scripted import ScriptedChatModel, as_json
from tests.sketch_engine import SketchEngine
from tests.visitor import AppError, Visitor

HOST_KEY, HOST_TOKEN = "AIza-host-host-host-1111", "hf_host_host_host_2222"
OWN_KEY, OWN_TOKEN = "AIza-own-own-own-own-4f2a", "hf_own_own_own_own_5b3c"
FLUX = "black-forest-labs/FLUX.1-schnell"


class Calendar:
    """A calendar whose leaves are torn off by hand."""

    day = 1

    def __call__(self) -> date:
        return date(2026, 11, self.day)


class Talker(ScriptedChatModel):
    """A chat model that never runs out of answers: a fox by the schema of a prompt, a word otherwise."""

    longest: int | None = None

    async def answer(self, request: ChatRequest, settings: Settings, emit: Emit) -> ChatAnswer:
        wanted = (request.schema or {}).get("properties", {})
        self.longest = settings.max_output_tokens
        self.enqueue([as_json("a fox in the snow, soft light") if "prompt" in wanted else "Hello."])
        return await super().answer(request, settings, emit)


class Inn:
    """A window for strangers whose host lends keys; both engines sketch."""

    def __init__(self, home: Path, per_visitor: int = 30, in_all: int = 300, **options: Any) -> None:
        self.gemini, self.local, self.hosted = Talker(), SketchEngine(), SketchEngine("hosted", FLUX)
        models: dict[str, ChatModel] = {"gemini": self.gemini, "builtin": BuiltinChatModel()}
        studio = Services(models, {"local": self.local, "hosted": self.hosted}, Gallery(home / "pictures"))
        given = {"home": str(home), "google_api_key": HOST_KEY, "hf_token": HOST_TOKEN, "num_inference_steps": 1}
        limits = {"lend_per_visitor": per_visitor, "lend_in_all": in_all}
        self.host = host = Settings().replaced({**given, **limits, **options.get("host", {})})
        self.visitors = Visitors(studio, host, lends=True, owner=options.get("owner", False))

    async def asks(self, name: str, text: str) -> Turn:
        visitor = self.visitors.of(name)
        visitor.session.start(text, visitor.settings)
        return [turn async for turn in visitor.session.watch()][-1]

    def calls(self) -> tuple[int, int, int]:
        """How often Gemini, the hosted engine and the local one were asked."""
        return len(self.gemini.history), len(self.hosted.history), len(self.local.history)


@pytest.fixture
def inn(tmp_path: Path) -> Inn:
    return Inn(tmp_path, per_visitor=2)


def ledger(home: Path, today: Calendar | None = None, per_visitor: int = 3, in_all: int = 5) -> KeyQuota:
    limits = {"home": str(home), "lend_per_visitor": per_visitor, "lend_in_all": in_all}
    return KeyQuota(Settings().replaced(limits), today or Calendar())


# The count


async def test_each_visitor_has_a_share_and_all_have_one_together(tmp_path: Path) -> None:
    lending = ledger(tmp_path)
    for left in (3, 2, 1):
        assert lending.left("a") == left
        await lending.take("a")
    with pytest.raises(OutOfQuota, match=r"Your share .* \(3 of 3\).*key of your own in Settings, or come back tomorrow"):
        await lending.take("a")
    assert lending.left("b") == 2, "what is left in all is less than a share"
    await lending.take("b")
    await lending.take("c")
    with pytest.raises(OutOfQuota, match="everything they lend in a day"):
        await lending.take("b")


async def test_a_restart_forgets_nothing_and_a_new_day_everything(tmp_path: Path) -> None:
    calendar = Calendar()
    await ledger(tmp_path, calendar).take("a")
    after = ledger(tmp_path, calendar)
    assert after.left("a") == 2
    calendar.day = 2
    assert (after.left("a"), ledger(tmp_path, calendar).left("a")) == (3, 3)
    await after.take("b")
    assert ledger(tmp_path, calendar).left("a") == 3, "yesterday's count came back"


async def test_those_who_ask_at_once_never_get_more_than_there_is(tmp_path: Path) -> None:
    lending = ledger(tmp_path, per_visitor=7, in_all=20)
    asked = [lending.take(name) for name in "abcd" for _ in range(10)]
    came = await asyncio.gather(*asked, return_exceptions=True)
    assert sum(result is None for result in came) == 20
    assert all(result is None or isinstance(result, OutOfQuota) for result in came)
    assert [ledger(tmp_path, per_visitor=7, in_all=21).left(name) for name in "abd"] == [0, 0, 1]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"day": "2026-11-01"}', b'{"day": "x", "lent": {}}', b"\xff\xfe"])
async def test_a_count_that_cannot_be_read_lends_nothing_until_tomorrow(
    tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "lending.json").write_bytes(content)
    calendar = Calendar()
    lending = ledger(tmp_path, calendar)
    assert lending.left("a") == 0
    assert str(tmp_path / "lending.json") in caplog.text
    calendar.day = 2
    await lending.take("a")
    assert ledger(tmp_path, calendar).left("a") == 2


async def test_what_cannot_be_counted_is_not_lent(tmp_path: Path) -> None:
    lending = ledger(tmp_path / "home")
    (tmp_path / "home").write_text("a file where the folder should be")
    with pytest.raises(BadInput, match="cannot be written to"):
        await lending.take("a")


def test_minutes_that_this_machine_draws_are_counted_by_the_day_and_said_before_they_begin(tmp_path: Path) -> None:
    now, calendar = [0.0], Calendar()
    host = Settings().replaced({"home": str(tmp_path), "draw_minutes_per_visitor": 10})
    quota = TimeQuota(host, lambda: now[0], calendar)
    quota.refuse("a", 600.0)
    with pytest.raises(OutOfQuota, match="about 11 min of this machine, and 10 of your 10 min of today are left"):
        quota.refuse("a", 601.0)
    for event in (quota.begin, quota.begin, quota.end):  # two that are drawn at once
        event("a")
        now[0] += 180
    quota.end("a")
    for counted in (quota, TimeQuota(host, lambda: now[0], calendar)):
        with pytest.raises(OutOfQuota, match="about 2 min of this machine, and 1 of"):
            counted.refuse("a", 61.0)
        counted.refuse("b", 600.0)
    quota.begin("a")
    now[0] += 60
    quota.end("a")
    with pytest.raises(OutOfQuota, match="This machine draws for everybody, and 0 of"):
        quota.refuse("a", None)
    calendar.day = 2
    quota.refuse("a", 600.0)


async def test_the_time_of_a_visitors_drawings_counts_here_and_not_elsewhere(tmp_path: Path) -> None:
    inn = Inn(tmp_path, host={"draw_minutes_per_visitor": 1})
    told = await inn.asks("a", "/imagine a fox --raw --steps 5 --n 8 --engine local")  # 2 s a step
    assert "about 2 min of this machine, and 1 of your 1 min" in told.failures[0].text and inn.calls() == (0, 0, 0)
    for engine in ("hosted", "local"):
        assert (await inn.asks("a", f"/imagine a fox --raw --steps 5 --n 2 --engine {engine}")).state == "done"
        assert (tmp_path / "drawing_time.json").exists() is (engine == "local")
    everybody, ada, last = usage(inn.visitors._host)
    assert everybody.removeprefix("In all: ") == ada.partition(": ")[2] and last.startswith("1 visitor; ")
    assert ada[len("12345678: ") :].startswith(
        "2 answers and pictures lent (2 of them pictures; 0 tokens in and 0 out) and 0.0 min"
    )
    assert " 0.00 MB" not in ada


# A visitor's turns


async def test_a_chat_answer_a_crafting_and_a_hosted_picture_count_one_each(tmp_path: Path) -> None:
    inn = Inn(tmp_path)
    await inn.asks("a", "hello")
    assert inn.visitors.of("a").key_state("google_api_key") == "the host's key is used, 29 of 30 left today"
    await inn.asks("a", "/imagine a fox --n 3")
    assert inn.calls() == (2, 3, 0)
    assert inn.visitors.of("a").key_state("hf_token") == "the host's key is used, 25 of 30 left today"
    await inn.asks("a", "/imagine a fox --raw --engine local")
    await inn.asks("a", "/help")
    assert inn.visitors.of("a").key_state("hf_token") == "the host's key is used, 25 of 30 left today"
    assert inn.visitors.of("b").key_state("hf_token") == "the host's key is used, 30 of 30 left today"


async def test_tokens_are_lent_by_the_day_and_counted_with_their_price_as_far_as_it_is_known(tmp_path: Path) -> None:
    prices = "scripted-*=1000/2000, scripted-*=9, other=1/1"
    inn = Inn(tmp_path, host={"lend_tokens_per_visitor": 1000, "lend_tokens_in_all": 1100, "lend_prices": prices})
    inn.gemini.enqueue([ChatAnswer("Hello.", "scripted-1", input_tokens=700, output_tokens=299)])
    await inn.asks("a", "hello")
    assert " (0 of them pictures; 700 tokens in and 299 out, $1.2980 where a price is set) " in next(usage(inn.host))
    assert "29 of 30" in inn.visitors.of("a").key_state("google_api_key")
    inn.gemini.turns.appendleft(GaveUp("The answer broke off."))
    assert (await inn.asks("a", "hello again")).state == "failed"
    for visitor, said in (("a", r"used up (1,000 tokens)."), ("b", "")):
        assert said in str((await inn.asks(visitor, "x" * 400)).failures)
    assert "all the tokens they lend" in (await inn.asks("b", "hello")).failures[0].text
    assert inn.visitors.of("b").key_state("google_api_key").endswith("0 of 30 left today")
    again = KeyQuota(inn.host)
    assert again.left("anybody") == 0 and "1 of" not in str(again.refusal("anybody")), "a restart gave tokens back"


async def test_a_lent_answer_is_no_longer_than_the_host_says_and_of_a_model_they_lend(tmp_path: Path) -> None:
    inn = Inn(tmp_path, host={"lend_longest_answer": 300, "lend_models": "gemini-*lite*, org/*"})
    for own, longest in ((None, 300), (200, 200), (5000, 300)):
        inn.visitors.of("a").change({"max_output_tokens": own})
        await inn.asks("a", "hello")
        assert inn.gemini.longest == longest
    inn.visitors.of("a").change({"chat_model": "gemini-pro-latest"})
    assert "not lent for gemini-pro-latest" in (await inn.asks("a", "hello")).failures[0].text
    assert f"not lent for {FLUX}" in (await inn.asks("a", f"/imagine a fox --raw --model {FLUX}")).failures[0].text
    assert inn.calls() == (3, 0, 0)
    assert (await inn.asks("a", "/imagine a fox --raw --model org/fox --engine hosted")).state == "done"
    inn.visitors.of("a").set_key("google_api_key", OWN_KEY)
    await inn.asks("a", "hello")
    assert inn.gemini.longest == 5000
    with pytest.raises(BadInput, match="which is no price"):
        Inn(tmp_path, host={"lend_prices": "gemini=cheap"})


async def test_over_the_limit_a_chat_says_so_and_asks_nobody(inn: Inn) -> None:
    for _ in range(2):
        assert (await inn.asks("a", "hello")).state == "done"
    turn = await inn.asks("a", "hello")
    assert turn.state == "failed" and "key of your own" in turn.failures[0].hint
    assert inn.calls() == (2, 0, 0)
    assert (await inn.asks("b", "hello")).state == "done"


async def test_over_the_limit_a_picture_is_still_crafted_by_rule_and_drawn_on_this_machine(inn: Inn) -> None:
    await inn.asks("a", "/imagine a fox --n 1")
    turn = await inn.asks("a", "/imagine a red cat on the beach")
    assert turn.state == "done" and inn.calls() == (1, 1, 1)
    [picture] = turn.pictures
    assert (picture.recipe.crafted_by, picture.recipe.engine) == ("rules", "local")
    assert any("wrote the prompt by rule instead" in notice for notice in turn.notices)
    assert any("draw on this machine instead" in notice for notice in turn.notices)


async def test_a_full_disk_is_said_before_a_hosted_drawing_and_what_was_paid_for_is_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inn, usage = Inn(tmp_path, owner=True), shutil.disk_usage(tmp_path)
    with monkeypatch.context() as full:
        full.setattr(shutil, "disk_usage", lambda _: usage._replace(free=120_000_000))
        turn = await inn.asks("a", "/imagine a fox --raw")
        assert "Only 120 MB are free where pictures are kept, so nothing new is drawn." in turn.failures[0].text
        assert inn.calls() == (0, 0, 0)
    with monkeypatch.context() as full:
        full.setattr(os, "fsync", Mock(side_effect=OSError(errno.ENOSPC, "No space left on device")))
        turn = await inn.asks("a", "/imagine a fox --raw --n 2")
        assert "disk is full" in (await inn.asks("a", "/imagine a fox --raw --engine local")).failures[0].text
    assert turn.state == "done" and not turn.pictures and len(inn.hosted.history) == 2
    shown = [str(message["content"]) for message in turn_messages(turn)]
    names = re.findall(r"/unsaved/([0-9a-f]{32}\.png)", " ".join(shown))
    assert len(names) == 2
    unsaved = inn.visitors.services.gallery.unsaved
    unsaved.write_to(tmp_path / "elsewhere")
    for name in names:
        assert unsaved.get(name) == (tmp_path / "elsewhere" / name).read_bytes()
        assert read_recipe(tmp_path / "elsewhere" / name).original == "a fox"


@pytest.mark.parametrize("flag", ["--engine hosted", f"--model {FLUX}"])
async def test_over_the_limit_what_was_asked_for_by_name_is_refused_and_not_replaced(inn: Inn, flag: str) -> None:
    await inn.asks("a", "/imagine a fox")
    turn = await inn.asks("a", f"/imagine a fox --raw {flag}")
    assert (turn.state, turn.failures[0].action) == ("failed", "retry")
    assert "Your share" in turn.failures[0].text and turn.failures[0].elsewhere and inn.calls() == (1, 1, 0)


async def test_of_more_pictures_than_are_left_those_that_are_left_come(inn: Inn) -> None:
    turn = await inn.asks("a", "/imagine a fox --raw --n 5")
    assert (turn.state, len(turn.pictures), len(turn.failures)) == ("done", 2, 3)
    assert len(inn.hosted.history) == 2


async def test_those_who_cannot_come_back_share_what_one_visitor_gets(inn: Inn) -> None:
    for number in range(2):
        assert (await inn.asks(f"{COOKIELESS}{number}", "hello")).state == "done"
    turn = await inn.asks(f"{COOKIELESS}new", "hello")
    assert turn.state == "failed" and "Your share" in turn.failures[0].text
    assert len(inn.visitors.of(f"{COOKIELESS}new").session.turns) == 1, "they share a share, not a conversation"
    assert (await inn.asks("a", "hello")).state == "done"


async def test_those_who_cannot_come_back_stand_in_line_as_one(tmp_path: Path) -> None:
    inn = Inn(tmp_path)
    for name in (f"{COOKIELESS}1", f"{COOKIELESS}2", "a", "b"):
        await inn.asks(name, "/imagine a fox --raw --engine local")
    first, second, ada, bob = [request.party for request, _ in inn.local.history]
    assert first == second and len({first, ada, bob}) == 3


async def test_a_hosts_own_programs_do_not_stand_in_line_as_one(tmp_path: Path) -> None:
    inn = Inn(tmp_path, owner=True)
    for name in (f"{COOKIELESS}1", f"{COOKIELESS}2"):
        await inn.asks(name, "/imagine a fox --raw --engine local")
    assert len({request.party for request, _ in inn.local.history}) == 2


async def test_a_crafting_that_is_asked_again_counts_once(tmp_path: Path) -> None:
    inn = Inn(tmp_path)
    inn.gemini.enqueue([as_json("nothing of it")])
    await inn.asks("a", "/imagine a red cat --engine local")
    assert len(inn.gemini.history) == 2
    assert "29 of 30" in inn.visitors.of("a").key_state("google_api_key")


async def test_who_has_a_key_is_neither_counted_nor_refused(inn: Inn) -> None:
    ada = inn.visitors.of("ada")
    ada.set_key("google_api_key", OWN_KEY)
    ada.set_key("hf_token", OWN_TOKEN)
    for _ in range(3):
        assert (await inn.asks("ada", "hello")).state == "done"
        assert (await inn.asks("ada", "/imagine a fox --n 3")).state == "done"
    assert inn.visitors.of("b").key_state("hf_token").endswith("2 of 2 left today")
    ada.set_key("google_api_key", "")
    assert ada.key_state("google_api_key").endswith("2 of 2 left today")


async def test_the_hosts_endpoint_is_lent_too_and_not_beside_a_token_of_ones_own(tmp_path: Path) -> None:
    inn = Inn(tmp_path, per_visitor=1, host={"hf_token": "", "hf_inference_url": "http://127.0.0.1:9/draw"})
    await inn.asks("a", "/imagine a fox --raw")
    await inn.asks("a", "/imagine a fox --raw")
    assert inn.calls() == (0, 1, 1)
    inn.visitors.of("a").set_key("hf_token", OWN_TOKEN)
    await inn.asks("a", "/imagine a fox --raw")
    assert [bool(settings.hf_inference_url) for _, settings in inn.hosted.history] == [True, False]


@pytest.mark.parametrize(
    ("host", "own", "paid"),
    [
        ({"openai_base_url": "http://127.0.0.1:9/v1"}, {}, True),
        ({"openai_api_key": HOST_KEY}, {}, True),
        ({"openai_api_key": HOST_KEY, "openai_base_url": "http://127.0.0.1:9/v1"}, {"openai_api_key": OWN_KEY}, False),
        ({"hf_token": HOST_TOKEN, "chat_model": "huggingface:org/model"}, {}, True),
        ({"hf_token": HOST_TOKEN, "chat_model": "huggingface:org/model"}, {"hf_token": OWN_TOKEN}, False),
    ],
)
def test_what_a_chat_server_says_counts_where_the_host_pays(
    host: dict[str, str], own: dict[str, str], paid: bool, tmp_path: Path
) -> None:
    inn = Inn(tmp_path, host={"google_api_key": "", "hf_token": "", **host})
    visitor = inn.visitors.of("a")
    for name, key in own.items():
        visitor.set_key(name, key)
    settings, models = visitor.settings, open_chat_models()
    chosen = choose(models, settings)
    assert chosen.key and KeyQuota(inn.host).pays_for(chosen, settings) == paid
    assert paid or not settings.openai_base_url


async def test_the_hosts_token_never_goes_to_an_address_that_a_visitor_names(inn: Inn) -> None:
    line = "/imagine a fox --raw --engine hosted --model https://mine.endpoints.huggingface.cloud"
    turn = await inn.asks("a", line)
    assert turn.state == "failed" and "not sent to an endpoint of yours" in turn.failures[0].text
    assert inn.calls() == (0, 0, 0)
    inn.visitors.of("a").set_key("hf_token", OWN_TOKEN)
    assert (await inn.asks("a", line)).state == "done"


async def test_the_host_has_no_limit(tmp_path: Path) -> None:
    inn = Inn(tmp_path, per_visitor=1, in_all=1, owner=True)
    for _ in range(3):
        assert (await inn.asks("a", "hello")).state == "done"
    assert inn.visitors.of("a").key_state("google_api_key") == "the host's key is used"
    assert not (tmp_path / "lending.json").exists()


@pytest.mark.parametrize("limits", [(0, 300), (30, 0)])
async def test_a_limit_of_nothing_lends_nothing(tmp_path: Path, limits: tuple[int, int]) -> None:
    inn = Inn(tmp_path, *limits)
    assert inn.visitors.of("a").key_state("google_api_key") == "not set"
    await inn.asks("a", "hello")
    assert (await inn.asks("a", "/imagine a fox")).state == "done"
    assert inn.calls() == (0, 0, 1)


async def test_a_ledger_names_no_visitor_and_no_key(tmp_path: Path) -> None:
    inn = Inn(tmp_path)
    await inn.asks("the name of a visitor", "hello")
    kept = json.loads((tmp_path / "lending.json").read_text())
    assert list(kept["lent"].values()) == [1]
    assert "name" not in str(kept["lent"]) and HOST_KEY not in str(kept)


# The whole app


@pytest.fixture(scope="module")
def open_inn(services: StandIns, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppHere]:
    services.forget()
    limits = {"GEMINI_DIFFUSION_LEND_PER_VISITOR": "2", "GEMINI_DIFFUSION_LEND_IN_ALL": "3"}
    flags = ("--host", "0.0.0.0", "--lend-keys")
    folder = tmp_path_factory.mktemp("inn")
    with AppHere(folder, flags=flags, environment={**services.environment, **limits}) as running:
        yield running


def test_strangers_at_a_real_window_get_what_is_lent_and_a_kind_word(services: StandIns, open_inn: AppHere) -> None:
    ada, bob = Visitor(open_inn.url), Visitor(open_inn.url)
    program = ada.program()
    for _ in range(2):
        assert program.predict("hello", api_name="/chat").startswith("You said")
    with pytest.raises(AppError, match=r"Your share .* Add a key of your own in Settings, or come back tomorrow"):
        program.predict("hello", api_name="/chat")
    assert "0 of 2 left today" in ada.press("settings-tab", "select").text
    assert "1 of 2 left today" in bob.press("settings-tab", "select").text
    assert bob.program().predict("hello", api_name="/chat").startswith("You said")
    with pytest.raises(AppError, match="everything they lend"):
        bob.program().predict("hello", api_name="/chat")
    assert len(services.gemini.generations) == 3
    with pytest.raises(HTTPError) as gone:
        bob.read(f"/unsaved/{'0' * 32}.png")
    assert gone.value.read() == b"That picture is not held any more."
