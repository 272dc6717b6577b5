"""Several conversations of one person: opened, named, found, deleted and had back, said in other words, and wished for."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from gemini_diffusion.generation.conversation.chat_context import LONGEST, ROOM, chat_context
from gemini_diffusion.generation.conversation.wishes import read_wish
from gemini_diffusion.storage.history import HEAVIEST, overflow
from gemini_diffusion.types.errors import BadInput
from gemini_diffusion.types.turn import Turn
from tests.test_session import Room

FOX, CAT = "/imagine a red fox in the snow --raw --steps 1", "/imagine a cat --raw --steps 1"


def names(room: Room) -> list[str]:
    return [each.name for each in room.session.conversations.listed]


async def test_conversations_are_begun_found_renamed_deleted_and_had_back(tmp_path: Path) -> None:
    room = Room(tmp_path)
    fox = (await room.done(FOX)).pictures[0]
    await room.session.new()
    assert room.anew().turns == () and (await room.done(CAT)).asked == CAT
    kept = room.session.conversations
    assert names(room) == ["a cat", "a red fox in the snow"]
    kept.rename("  My\n cat ")
    assert [each.name for each in kept.search("RED snow")] == ["a red fox in the snow"]
    await room.session.switch(lambda: kept.open(kept.search("snow")[0].id))
    assert room.session.turns[0].asked == FOX and room.session.latest == fox
    await room.session.switch(kept.delete)
    assert (names(room), room.session.turns[0].asked) == (["My cat"], CAT)
    await room.session.switch(kept.restore)
    assert room.session.turns[0].pictures == (fox,) and len(names(room)) == 2
    room.session = room.anew()
    assert room.session.turns[0].asked == FOX and names(room)[0] == "My cat"
    with pytest.raises(BadInput):
        kept.open("../settings")


async def test_what_an_earlier_version_kept_is_the_first_conversation_and_not_touched(tmp_path: Path) -> None:
    room = Room(tmp_path)
    await room.done("hello")
    room.home.joinpath("visitor", "conversations.json").unlink()
    file = room.home / "visitor" / "conversation.json"
    before = file.read_bytes()
    room.session = room.anew()
    assert (names(room), room.session.turns[0].asked) == (["hello"], "hello")
    await room.session.new()
    await room.done("another")
    assert file.read_bytes() == before and sorted(names(room)) == ["another", "hello"]


async def test_words_said_again_go_on_in_a_copy_and_the_first_stays(tmp_path: Path) -> None:
    room = Room(tmp_path)
    for line in (FOX, "make it night", "in the forest"):
        await room.done(line)
    await room.session.branch(room.session.turns[1].id)
    await room.done("make it sunny")
    asked = {each.id: [turn.asked for turn in room.session.turns] for each in [room.session.conversations.current]}
    assert list(asked.values()) == [[FOX, "make it sunny"]] and len(names(room)) == 2
    await room.session.switch(lambda: room.session.conversations.open("first"))
    assert [turn.asked for turn in room.session.turns] == [FOX, "make it night", "in the forest"]


async def test_a_standing_wish_is_part_of_every_request_and_of_no_other_conversation(tmp_path: Path) -> None:
    room = Room(tmp_path)
    assert "in watercolour" in (await room.done("from now on, draw everything in watercolour")).text
    turn = await room.done("/imagine a cat")
    assert turn.pictures[0].recipe.original == "a cat, in watercolour"
    assert any("in watercolour" in notice for notice in (await room.done("/imagine a cat --raw")).notices)
    room.session = room.anew()
    assert room.session.conversations.current.wishes == ("in watercolour",)
    for words in ("", "a --seed 7", "x" * 201):
        with pytest.raises(BadInput):
            room.session.store.wish(words)
    await room.session.new()
    assert (await room.done("/imagine a cat")).pictures[0].recipe.original == "a cat"


@pytest.mark.parametrize(
    ("text", "wish"),
    [("Always in watercolour!", "in watercolour"), ("ab jetzt mit Hut", "mit Hut"), ("I always loved cats", ""),
     ("always be polite", "")],
)  # fmt: skip
def test_a_wish_is_told_from_talk(text: str, wish: str) -> None:
    assert read_wish(text) == wish


def test_a_model_is_told_the_end_of_a_long_conversation_and_no_half_of_it() -> None:
    said = [Turn(str(place), f"question {place}", state="done", text="x" * 9_000) for place in range(40)]
    told = chat_context(said)
    assert told[-2].text == "question 39" and len(told) % 2 == 0 and told[0].role == "user"
    assert sum(len(message.text) for message in told) <= ROOM and len(told[1].text) < LONGEST + 20


async def test_what_grows_too_long_leaves_its_older_half_to_a_conversation_of_its_own(tmp_path: Path) -> None:
    room = Room(tmp_path)
    await room.done("hello")
    long = tuple(Turn(str(place), f"{place} " + "x" * 19_000, state="done") for place in range(HEAVIEST // 19_000))
    room.session._turns += tuple(dataclasses.replace(turn, text="y" * 900) for turn in long)
    await room.done("the last")
    assert room.session.turns[-1].asked == "the last" and overflow(room.session.turns) == 0
    assert sorted(names(room)) == ["hello", "hello, earlier"]
    [earlier] = [each for each in room.session.conversations.listed if each.name == "hello, earlier"]
    kept, here = room.anew(), len(room.session.turns)
    await kept.switch(lambda: kept.conversations.open(earlier.id))
    assert kept.turns[0].asked == "hello" and len(kept.turns) + here == len(long) + 2


async def carry(room: Room, content: bytes) -> None:
    for at in range(0, len(content), 60_000):
        room.session.store.receive(at, len(content), content[at : at + 60_000])
    await room.session.switch(lambda: room.session.store.bring_back(room.session.collection, room.studio.engines))


async def test_what_was_saved_comes_back_whole_to_somebody_else(tmp_path: Path) -> None:
    here, there = Room(tmp_path / "here"), Room(tmp_path / "there")
    fox = (await here.done("/imagine a red fox --raw --steps 1 --seed 7")).pictures[0]
    here.session.store.wish("in watercolour")
    saved = here.session.store.bundle(here.session.turns).read_bytes()
    await carry(there, saved)
    [turn] = there.session.turns
    [picture] = turn.pictures
    assert (turn.asked, picture.recipe, names(there)) == (here.session.turns[0].asked, fox.recipe, ["a red fox"])
    assert picture.id != fox.id and there.session.picture(picture.id) == picture and there.session.picture(fox.id) is None
    assert Image.open(picture.path).tobytes() == Image.open(fox.path).tobytes()
    assert there.session.conversations.current.wishes == ("in watercolour",)
    assert str(tmp_path).encode() not in zipped(saved)["conversation.json"]
    assert "![001 a-red-fox-7.png]" in zipped(saved)["conversation.md"].decode()
    await carry(here, saved)
    assert here.session.turns[0].pictures == (fox,), "their own is not kept twice"


def zipped(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize(
    ("name", "change"),
    [("001 a-red-fox-7.png", lambda png: b"no picture"), ("conversation.json", lambda told: told.replace(b"001 a", b"../../a")),
     ("conversation.json", lambda told: told.replace(b'"engine":"local"', b'"engine":"other"')),
     ("conversation.json", lambda told: b"{" + told), ("conversation.json", lambda told: b'{"name": "x", "turns": 1}'),
     ("conversation.json", lambda told: told.replace(b'"offer":""', b'"offer":"/imagine a skull"')),
     ("conversation.json", lambda told: b" " * 20_000_001)],
)  # fmt: skip
async def test_of_a_zip_that_was_changed_nothing_is_believed(
    tmp_path: Path, name: str, change: Callable[[bytes], bytes]
) -> None:
    here, there = Room(tmp_path / "here"), Room(tmp_path / "there")
    await here.done("/imagine a red fox --raw --steps 1 --seed 7")
    files = zipped(here.session.store.bundle(here.session.turns).read_bytes())
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for each, told in files.items():
            archive.writestr(each, change(told) if each == name else told)
    with contextlib.suppress(BadInput):
        await carry(there, content.getvalue())
    assert not any(turn.offer for turn in there.session.turns)
    assert all(picture.recipe.engine in ("local", "") for picture in there.session.collection.pictures)
    outside = {path.name for path in (tmp_path / "there").rglob("*") if path.is_file()}
    assert outside <= {"conversations.json", "pictures.txt", "a-red-fox-7.png", "a-red-fox.png"} | {
        path.name for path in (tmp_path / "there" / "visitor").glob("conversation-*.json")
    }
