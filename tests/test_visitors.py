"""Visitors stand apart: choices on disk, keys in memory and not for long, the host's only where they are lent."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path

import pytest

from gemini_diffusion.chat_models.builtin import BuiltinChatModel
from gemini_diffusion.config.settings import Settings
from gemini_diffusion.generation.services import Services
from gemini_diffusion.generation.visitors import MOST_VISITORS, Visitor, Visitors
from gemini_diffusion.storage.gallery import Gallery
from gemini_diffusion.types.errors import BadInput

HOST_KEY, OWN_KEY = "AIza-host-host-host-1111", "AIza-own-own-own-own-4f2a"
HOURS = 3600.0


class Clock:
    """A clock that is set by hand, in seconds."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def arrivals(home: Path, *, lends: bool = True, clock: Clock | None = None, owner: bool = True) -> Visitors:
    settings = Settings().replaced({"home": str(home), "google_api_key": HOST_KEY, "hf_inference_url": "http://127.0.0.1:9/x"})
    settings = settings.replaced({"openai_base_url": "http://127.0.0.1:9/v1"})
    return Visitors(
        Services({"builtin": BuiltinChatModel()}, {}, Gallery(home / "pictures")),
        settings,
        lends=lends,
        owner=owner,
        clock=clock or Clock(),
    )


def test_the_host_lends_keys_or_nothing_at_all(tmp_path: Path) -> None:
    assert arrivals(tmp_path).of("a").settings.google_api_key.reveal() == HOST_KEY
    alone = arrivals(tmp_path, lends=False).of("a").settings
    assert not alone.google_api_key and not alone.hf_inference_url and not alone.openai_base_url


def test_each_has_their_own_key_and_choices_and_no_key_is_ever_written(tmp_path: Path) -> None:
    visitors = arrivals(tmp_path, lends=False)
    visitors.of("a").set_key("google_api_key", OWN_KEY)
    visitors.of("a").change({"stylize": 7})
    assert visitors.of("a").settings.google_api_key.reveal() == OWN_KEY
    assert visitors.of("a").settings.stylize == 7
    assert not visitors.of("b").settings.google_api_key
    assert visitors.of("b").settings.stylize == 100
    for file in tmp_path.rglob("*"):
        assert file.is_dir() or (OWN_KEY.encode() not in file.read_bytes() and HOST_KEY.encode() not in file.read_bytes())


def test_choices_survive_a_restart_and_keys_do_not(tmp_path: Path) -> None:
    before = arrivals(tmp_path, lends=False).of("a")
    before.change({"stylize": 7, "review": True})
    before.set_key("hf_token", OWN_KEY)
    after = arrivals(tmp_path, lends=False).of("a").settings
    assert (after.stylize, after.review, bool(after.hf_token)) == (7, True, False)


def test_a_key_is_forgotten_when_it_has_not_been_used_for_long(tmp_path: Path) -> None:
    clock = Clock()
    visitor = arrivals(tmp_path, lends=False, clock=clock).of("a")
    visitor.set_key("google_api_key", OWN_KEY)
    clock.now = 12 * HOURS - 1
    assert visitor.settings.google_api_key
    clock.now = 24 * HOURS - 2
    assert visitor.settings.google_api_key, "using a key keeps it"
    clock.now = 36 * HOURS - 2
    assert not visitor.settings.google_api_key


def test_a_keys_state_shows_four_characters_at_most(tmp_path: Path) -> None:
    visitor = arrivals(tmp_path).of("a")
    assert visitor.key_state("google_api_key") == "the host's key is used"
    assert visitor.key_state("hf_token") == "not set"
    visitor.set_key("google_api_key", f"  {OWN_KEY}\n")
    assert visitor.key_state("google_api_key") == "set, ends in 4f2a"
    visitor.set_key("google_api_key", "")
    assert visitor.key_state("google_api_key") == "the host's key is used"


@pytest.mark.parametrize("value", ["two words-two words", "schlüssel-schlüssel", "x" * 501])
def test_what_cannot_be_a_key_is_refused(tmp_path: Path, value: str) -> None:
    with pytest.raises(BadInput, match="key"):
        arrivals(tmp_path).of("a").set_key("google_api_key", value)


@pytest.mark.parametrize("values", [{"home": "/"}, {"google_api_key": OWN_KEY}, {"stylize": 5000}, {"nope": 1}])
def test_a_choice_that_is_not_the_visitors_changes_nothing(tmp_path: Path, values: dict[str, object]) -> None:
    visitor = arrivals(tmp_path).of("a")
    before = visitor.settings
    with pytest.raises(BadInput):
        visitor.change({"review": True, **values})
    assert visitor.settings == before


def test_broken_choices_on_disk_leave_the_rest(tmp_path: Path) -> None:
    arrivals(tmp_path).of("a").change({"stylize": 7})
    file = next(tmp_path.rglob("settings.json"))
    file.write_text('{"stylize": 7, "review": "perhaps", "of a later version": 1}')
    assert arrivals(tmp_path).of("a").settings.stylize == 7
    file.write_text("not json")
    assert arrivals(tmp_path).of("a").settings.stylize == 100


def test_a_name_is_not_a_path(tmp_path: Path) -> None:
    arrivals(tmp_path).of("../../etc").change({"stylize": 7})
    assert [file.parent.parent for file in tmp_path.rglob("settings.json")] == [tmp_path / "visitors"]


def test_only_the_host_agrees_to_a_download(tmp_path: Path) -> None:
    visitors = arrivals(tmp_path)
    first = visitors.of("a")
    visitors.agree("sdxl")
    assert "sdxl" in first.settings.agreed_models and "sdxl" in visitors.of("b").settings.agreed_models
    with pytest.raises(BadInput):
        arrivals(tmp_path, owner=False).agree("sdxl")


def test_those_seen_longest_ago_are_let_go(tmp_path: Path) -> None:
    visitors = arrivals(tmp_path, lends=False)
    visitors.of("first").set_key("hf_token", OWN_KEY)
    for number in range(MOST_VISITORS):
        visitors.of(str(number))
    assert not visitors.of("first").settings.hf_token


def test_a_key_of_somebody_who_is_long_gone_is_not_even_in_memory(tmp_path: Path) -> None:
    clock = Clock()
    visitors = arrivals(tmp_path, lends=False, clock=clock)
    visitors.of("gone").set_key("hf_token", OWN_KEY)
    gone, still_here = weakref.ref(visitors.of("gone")), weakref.ref(visitors.of("still here"))
    clock.now = 12 * HOURS - 1
    visitors.of("still here")
    clock.now = 12 * HOURS
    visitors.of("another")
    gc.collect()
    assert gone() is None and still_here() is visitors.of("still here")


def test_who_only_looks_leaves_no_folder(tmp_path: Path) -> None:
    visitors = arrivals(tmp_path)
    for number in range(200):
        visitor = visitors.of(str(number))
        assert visitor.settings and not visitor.session.turns and not visitor.session.collection.pictures
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("place", ["/etc", "~/models/x", "..", "C:\\models\\x.safetensors", "\\\\server\\share", "file:///etc"])
def test_a_stranger_names_no_place_on_the_hosts_disk(tmp_path: Path, place: str) -> None:
    stranger = arrivals(tmp_path, owner=False).of("a")
    with pytest.raises(BadInput, match="the host's to choose"):
        stranger.change({"image_model": place})
    Visitor.change(stranger, {"image_model": place})  # as a file kept from another day may say
    assert stranger.settings.image_model == ""
    host = arrivals(tmp_path / "host").of("a")
    host.change({"image_model": place})
    assert host.settings.image_model == place


async def test_a_stranger_draws_with_no_model_of_the_hosts_disk(tmp_path: Path) -> None:
    stranger = arrivals(tmp_path, owner=False).of("a")
    stranger.session.start("/imagine a fox --model /etc --raw", stranger.settings)
    turns = [turn async for turn in stranger.session.watch()]
    assert "the host's to choose" in turns[-1].failures[-1].text


def test_only_ones_own_key_is_owned(tmp_path: Path) -> None:
    visitor = arrivals(tmp_path).of("a")
    assert not visitor.owns("google_api_key")
    visitor.set_key("google_api_key", OWN_KEY)
    assert visitor.owns("google_api_key")
