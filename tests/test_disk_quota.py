"""What strangers keep is bounded by visitor and in all, whatever they keep; what the host throws away is room again."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shutil
from pathlib import Path

import pytest
from PIL import Image

from gemini_diffusion.config.settings import Settings
from gemini_diffusion.generation.limits.disk_quota import LEAST_FREE, MEGABYTE, DiskQuota
from gemini_diffusion.storage.files import remove_parts
from gemini_diffusion.storage.picture_index import Search
from gemini_diffusion.types.errors import BadInput, OutOfQuota
from tests.test_key_quota import Inn
from tests.waiting import patiently, until

FULL = "fill the room that one visitor has here .1 MB.*GEMINI_DIFFUSION_KEEP_PER_VISITOR"
FULL_IN_ALL = "room for all visitors' pictures is full here .* ask the host for more: GEMINI_DIFFUSION_KEEP_IN_ALL"


def room(home: Path, per_visitor: int = 2, in_all: int = 3, free: int = 10 * LEAST_FREE) -> DiskQuota:
    limits = {"home": str(home), "keep_per_visitor": per_visitor, "keep_in_all": in_all}
    return DiskQuota(Settings().replaced(limits), lambda folder: free)


def kept(home: Path, name: str, megabytes: float) -> Path:
    """A folder with a file of that size."""
    folder = home / "pictures" / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "fox.png").write_bytes(bytes(int(megabytes * MEGABYTE)))
    return folder


# The count


def test_each_visitor_has_room_and_all_have_some_together(tmp_path: Path) -> None:
    guests = room(tmp_path)
    guests.count("a", kept(tmp_path, "1", 1.9))
    guests.refuse_more("a")
    guests.count("a", kept(tmp_path, "2", 0.2))
    with pytest.raises(OutOfQuota, match=r"\(2 MB\)"):
        guests.refuse_more("a")
    guests.refuse_more("b")
    guests.count("b", kept(tmp_path, "3", 1.0))
    for visitor in ("b", "c"):
        with pytest.raises(OutOfQuota, match=FULL_IN_ALL):
            guests.refuse_more(visitor)


def test_the_trash_makes_room_before_anybody_is_refused(tmp_path: Path) -> None:
    """Their own for their own room, anybody's for everybody's, and what was deleted first goes first."""
    guests = room(tmp_path)
    for visitor, name, age in (("a", "1", 20), ("a", "2", 30), ("b", "3", 40)):
        deleted = Path(shutil.move(kept(tmp_path, name, 0.9), tmp_path / "trash" / name))
        guests.count(visitor, deleted)
        os.utime(deleted, (age, age))
    guests.count("a", kept(tmp_path, "4", 0.6))  # 2.4 MB of 2 are theirs, 3.3 of 3 everybody's
    guests.refuse_more("a")
    assert {path.name for path in (tmp_path / "trash").iterdir()} == {"2", "3"}
    guests.count("c", kept(tmp_path, "5", 1.2))
    guests.refuse_more("c")
    assert {path.name for path in (tmp_path / "trash").iterdir()} == {"3"}
    guests.count("c", kept(tmp_path, "6", 0.9))
    with pytest.raises(OutOfQuota, match=r"\(2 MB\)"):
        guests.refuse_more("c")
    assert (tmp_path / "trash/3").exists()


@pytest.mark.parametrize(("per_visitor", "in_all"), [(64, 1000), (1000, 64)])
def test_a_limit_is_reached_when_the_last_byte_is_taken(per_visitor: int, in_all: int, tmp_path: Path) -> None:
    """64 MB are the least that are a whole number of the blocks in which a disk counts."""
    guests, folder = room(tmp_path, per_visitor, in_all), kept(tmp_path, "1", 0)
    for size, is_full in ((64_000_000 - 1 - 4096, False), (64_000_000, True)):
        os.truncate(folder / "fox.png", size)
        guests.count("a", folder)
        with pytest.raises(OutOfQuota) if is_full else contextlib.nullcontext():
            guests.refuse_more("a")


def test_a_folder_counts_once_and_as_it_is_now(tmp_path: Path) -> None:
    guests = room(tmp_path)
    for megabytes in (1.5, 1.9, 1.5):
        guests.count("a", kept(tmp_path, "1", megabytes))
        guests.refuse_more("a")
    guests.count("a", kept(tmp_path, "1", 2.1))
    with pytest.raises(OutOfQuota):
        guests.refuse_more("a")


def test_many_small_files_count_as_much_as_a_disk_gives_them(tmp_path: Path) -> None:
    guests = room(tmp_path, per_visitor=1)
    folder = kept(tmp_path, "1", 0)
    for number in range(260):
        (folder / str(number)).write_bytes(b"x")
    guests.count("a", folder)
    with pytest.raises(OutOfQuota):
        guests.refuse_more("a")


def test_a_restart_forgets_nothing_but_what_was_thrown_away_and_a_data_folder_may_be_moved(tmp_path: Path) -> None:
    guests = room(tmp_path / "old")
    for number in range(3):
        guests.count("a", kept(tmp_path / "old", str(number), 0.7))
    shutil.move(tmp_path / "old", tmp_path / "new")
    with pytest.raises(OutOfQuota):
        room(tmp_path / "new").refuse_more("a")
    shutil.rmtree(tmp_path / "new" / "pictures" / "1")
    room(tmp_path / "new").refuse_more("a")
    assert "pictures/1" not in (tmp_path / "new" / "strangers.txt").read_text()


def test_a_disk_that_is_nearly_full_is_left_to_the_host(tmp_path: Path) -> None:
    room(tmp_path, free=LEAST_FREE).refuse_more("a")
    with pytest.raises(OutOfQuota, match=r"nearly full.* tell the host"):
        room(tmp_path, free=LEAST_FREE - 1).refuse_more("a")


def test_a_damaged_ledger_counts_what_can_still_be_read(tmp_path: Path) -> None:
    kept(tmp_path, "1", 2.1)
    (tmp_path / "strangers.txt").write_bytes(b"\xff\n\nb\na pictures/1\n")
    with pytest.raises(OutOfQuota):
        room(tmp_path).refuse_more("a")


def test_a_ledger_that_is_none_is_said_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "strangers.txt").mkdir()
    with pytest.raises(BadInput, match="--data-dir"):
        room(tmp_path)


# A visitor's turns


def noise(side: int = 700) -> bytes:
    """A picture that no format makes smaller: about 1.5 MB."""
    content = io.BytesIO()
    Image.frombytes("RGB", (side, side), os.urandom(3 * side * side)).save(content, "PNG")
    return content.getvalue()


@pytest.fixture
def inn(tmp_path: Path) -> Inn:
    return Inn(tmp_path, host={"keep_per_visitor": 1})


async def test_who_brought_too_much_brings_no_more_and_draws_no_more_but_talks_and_others_go_on(
    inn: Inn, tmp_path: Path
) -> None:
    ada = inn.visitors.of("a").session
    picture = await ada.bring(noise())
    with pytest.raises(OutOfQuota, match=FULL):
        await ada.bring(noise())
    with pytest.raises(OutOfQuota, match=FULL):
        await inn.asks("a", "/imagine a fox")
    turn = await inn.asks("a", "hello")
    assert turn.state == "done" and re.search(FULL, turn.notices[0])
    assert len(list((tmp_path / "pictures").iterdir())) == 1
    assert picture.path.exists()
    assert (await inn.asks("b", "/imagine a fox --raw")).state == "done"


async def test_a_line_of_several_choices_ends_where_the_room_does(inn: Inn) -> None:
    visitor = inn.visitors.of("a")
    visitor.session.start("/imagine a {red, blue} fox --raw --review", visitor.settings)
    await until(lambda: visitor.session.turns[-1].state == "review")
    await visitor.session.bring(noise())
    visitor.session.choose("draw")
    async with patiently("the line's end"):
        turn = [turn async for turn in visitor.session.watch()][-1]
    assert len(turn.pictures) == 1
    assert re.search(FULL, f"{turn.failures[0].text} {turn.failures[0].hint}")


async def test_all_that_is_kept_counts_and_a_restart_counts_the_same(inn: Inn, tmp_path: Path) -> None:
    turn = await inn.asks("a", "/imagine a fox --raw")
    visitor = inn.visitors.of("a")
    visitor.change({"temperature": 1.5})
    visitor.session.store.bundle(visitor.session.turns)
    visitor.session.store.export(turn.pictures[0], "webp")
    visitor.session.collection.star(turn.pictures[0].id, True)
    visitor.session.collection.thumbnail(visitor.session.collection.search(Search(), 1).pictures[0])
    await inn.asks("b", "hello")
    counted = inn.visitors._disk_quota
    assert counted is not None and counted._kept == DiskQuota(inn.visitors._host)._kept
    folders = {tmp_path / place for places in counted._kept.values() for place in places}
    assert folders == {path for part in ("pictures", "visitors") for path in (tmp_path / part).iterdir()}


async def test_in_a_full_house_nothing_is_written_and_what_there_is_stays_to_be_had(inn: Inn, tmp_path: Path) -> None:
    picture = (await inn.asks("a", "/imagine a fox --raw")).pictures[0]
    ada = inn.visitors.of("a")
    ada.change({"temperature": 1.5})
    before = everything(tmp_path)
    inn.visitors._disk_quota._free = lambda folder: LEAST_FREE - 1  # type: ignore[union-attr]
    for write in (
        lambda: ada.session.store.bundle(ada.session.turns),
        lambda: inn.visitors.of("b").change({"temperature": 1.5}),
    ):
        with pytest.raises(OutOfQuota, match="nearly full"):
            write()
    ada.change({"temperature": 1.2})  # what is there may change
    assert ada.session.store.export(picture, "webp") == picture.path
    assert everything(tmp_path) == before


def test_what_was_written_by_half_goes_when_nobody_can_still_be_writing_it(tmp_path: Path) -> None:
    old, new, other = (kept(tmp_path, "1", 0) / name for name in (".fox.png.0a1b2c3d.part", ".cat.png.0a1b2c3d.part", "x.part"))
    for path in (old, new, other):
        path.touch()
    for path in (old, other):
        os.utime(path, (1, 1))
    remove_parts(tmp_path)
    assert [path.exists() for path in (old, new, other)] == [False, True, True]


async def test_of_the_zips_of_a_conversation_only_the_last_is_kept(inn: Inn, tmp_path: Path) -> None:
    for number in range(3):
        await inn.asks("a", f"/imagine a fox --raw --seed {number}")
        bundle = inn.visitors.of("a").session.store.bundle(inn.visitors.of("a").session.turns)
    assert zips(tmp_path) == [bundle] == [inn.visitors.of("a").session.store.bundle(inn.visitors.of("a").session.turns)]


def everything(home: Path) -> set[Path]:
    return set(home.rglob("*"))


def zips(home: Path) -> list[Path]:
    return list(home.glob("pictures/*/*.zip"))


async def test_the_host_has_all_the_room_there_is(tmp_path: Path) -> None:
    inn = Inn(tmp_path, owner=True, host={"keep_per_visitor": 1, "keep_in_all": 1})
    for _ in range(2):
        await inn.visitors.of("a").session.bring(noise())
    assert (await inn.asks("a", "/imagine a fox --raw")).state == "done"
    assert not (tmp_path / "strangers.txt").exists()
