"""One visitor's pictures: found in any script, starred, deleted and had back; the index follows the files whatever happens."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from gemini_diffusion.storage.collection import AT_ONCE, Collection
from gemini_diffusion.storage.gallery import Gallery
from gemini_diffusion.storage.picture_index import Search
from gemini_diffusion.storage.thumbnails import SIDE, thumbnail
from gemini_diffusion.storage.trash import KEPT, LEAST_FREE
from gemini_diffusion.storage.uploads import upload_recipe, with_marks
from gemini_diffusion.types.errors import BadInput
from tests.killed_collection import kill_once
from tests.recipes import changed

IDEAS = {
    "fox": "a fox in the snow", "cafe": "Café in Straße 5, 35-mm", "japanese": "雪の中の狐", "thai": "แมวในหิมะ",
    "hindi": "बर्फ में लोमड़ी", "korean": "눈 속의 여우가", "arabic": "ثعلب في الثلج", "emoji": "a 🦊 with \"quotes\" AND * NEAR(",
}  # fmt: skip


def collection(home: Path, visitor: str = "ada") -> Collection:
    """As after a start."""
    return Collection(home / "visitors" / visitor, Gallery(home / "pictures"))


def keep(home: Path, idea: str, visitor: str = "ada", **fields: Any) -> str:
    recipe = changed(original=idea, prompt=f"{idea}, soft light", **fields)
    picture = Gallery(home / "pictures").save(Image.new("RGB", (64, 48), "teal"), recipe)
    collection(home, visitor).add(picture)
    return picture.id


def titles(found: Collection, most: int = 100, **wanted: Any) -> list[str]:
    results = found.search(Search(**wanted), most)
    return [entry.title for entry in results.pictures]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> tuple[Collection, dict[str, str]]:
    """Pictures to look for, and the name of each by its id."""
    home = tmp_path_factory.mktemp("library")
    names = {keep(home, idea): name for name, idea in IDEAS.items()}
    names[keep(home, "x", seed=4242)] = "seed"
    names[keep(home, "y", model="black-forest-labs/FLUX.1-schnell")] = "model"
    names[keep(home, "z", model="/home/host/dream.safetensors")] = "path"
    return collection(home), names


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("fox", "fox"), ("FOX snow", "fox"), ("sno", "fox"), ("cafe", "cafe"), ("STRASSE", "cafe"), ("35-mm", "cafe"),
        ("狐", "japanese"), ("雪の中", "japanese"), ("หิมะ", "thai"), ("लोमड़ी", "hindi"), ("여우", "korean"),
        ("الثلج", "arabic"), ("🦊", "emoji"), ('"quotes"', "emoji"), ("AND", "emoji"), ("near(", "emoji"),
        ("4242", "seed"), ("flux", "model"),
        ("dream.safe", "path"), ("fox submarine", ""), ("host", ""),
    ],
)  # fmt: skip
def test_a_picture_is_found_by_a_word_of_any_script(words: str, found: str, library: tuple[Collection, dict[str, str]]) -> None:
    kept, names = library
    assert [names[entry.id] for entry in kept.search(Search(words), 100).pictures] == ([found] if found else [])


def test_pictures_come_newest_first_in_pages_and_by_kind(tmp_path: Path) -> None:
    ids = [keep(tmp_path, f"idea {number}", model=f"model-{number % 2}", seed=9) for number in range(5)]
    gallery = Gallery(tmp_path / "pictures")
    brought = gallery.save(Image.new("RGB", (9, 9)), upload_recipe(Image.new("RGB", (9, 9)), "beach.jpg"))
    marks = Path(tmp_path / "marks.png")
    Image.new("L", (9, 9), 255).save(marks)
    kept = collection(tmp_path)
    kept.add(brought)
    kept.add(gallery.save(with_marks(brought, marks.read_bytes()), brought.recipe))
    assert kept.newest == brought
    first = kept.search(Search(), 2)
    assert ([entry.title for entry in first.pictures], first.more, first.total) == (["beach.jpg", "idea 4"], True, 6)
    assert first.models == ("model-0", "model-1")
    assert titles(kept, 2, before=first.pictures[-1].number) == ["idea 3", "idea 2"]
    kept.star(ids[2], True)
    assert titles(kept, starred=True) == titles(kept, model="model-0", words="idea 2") == ["idea 2"]
    assert titles(kept, brought=True) == ["beach.jpg"]
    kept.star(ids[2], False)
    assert titles(collection(tmp_path), starred=True) == []


def test_each_sees_and_changes_only_their_own(tmp_path: Path) -> None:
    hers, his = keep(tmp_path, "hers"), keep(tmp_path, "his", "bob")
    ada = collection(tmp_path)
    assert titles(ada) == ["hers"]
    assert ada.picture(his) is None
    for change in (ada.delete, ada.restore, lambda identity: ada.star(identity, True)):
        with pytest.raises(BadInput, match="not here any more"):
            change(his)
    assert collection(tmp_path, "bob").picture(his)
    ada.delete(hers)
    with pytest.raises(BadInput, match="not here any more"):
        ada.star(hers, True)


def test_a_deleted_picture_is_gone_for_all_and_comes_back_whole(tmp_path: Path) -> None:
    keep(tmp_path, "older")
    identity = keep(tmp_path, "newer")
    ada = collection(tmp_path)
    ada.star(identity, True)
    whole = ada.picture(identity)
    assert whole is not None
    thumbnail(whole.path)
    ada.delete(identity)
    assert titles(ada) == titles(collection(tmp_path)) == ["older"]
    assert ada.picture(identity) is None and not whole.path.exists()
    assert ada.newest and ada.newest.recipe.original == "older"
    ada.restore(identity)
    assert ada.picture(identity) == whole
    assert titles(ada, starred=True) == ["newer"]
    with pytest.raises(BadInput, match="cannot be had back"):
        ada.restore(identity)


def test_the_trash_is_emptied_after_a_month_and_when_the_disk_is_full(tmp_path: Path) -> None:
    old, older, fresh = (keep(tmp_path, name) for name in ("old", "older", "fresh"))
    ada, trash = collection(tmp_path), tmp_path / "trash"
    for identity, age in ((old, KEPT - 60), (older, KEPT + 60)):
        ada.delete(identity)
        os.utime(trash / identity, (time.time() - age,) * 2)
    os.utime(tmp_path / "pictures" / fresh, (0, 0))  # drawn long ago, and deleted only now
    ada.delete(fresh)
    Gallery(tmp_path / "pictures").trash.expire()
    assert {path.name for path in trash.iterdir()} == {old, fresh}
    full = iter((LEAST_FREE, LEAST_FREE + 10))
    Gallery(tmp_path / "pictures").trash.make_room(10, lambda folder: next(full))
    assert {path.name for path in trash.iterdir()} == {fresh}


def broken(index: Path) -> None:
    index.write_bytes(index.read_bytes()[:5000] + b"\xff" * 9000)


MISHAPS: dict[str, Callable[[Path], object]] = {
    "missing": Path.unlink,
    "broken": broken,
    "empty": lambda index: index.write_bytes(b""),
    "no index at all": lambda index: index.write_text("not a database, and longer than its header " * 9),
    "of another program's version": lambda index: index.write_bytes(
        index.read_bytes()[:60] + b"\0\0\0\x63" + index.read_bytes()[64:]
    ),
}


@pytest.mark.parametrize("mishap", MISHAPS)
def test_an_index_is_made_anew_from_the_files(mishap: str, tmp_path: Path) -> None:
    first, second = keep(tmp_path, "first"), keep(tmp_path, "second")
    ada = collection(tmp_path)
    ada.star(first, True)
    ada.delete(second)
    assert titles(ada) == ["first"]
    MISHAPS[mishap](tmp_path / "visitors/ada/pictures.db")
    again = collection(tmp_path)
    assert titles(again, words="first", starred=True) == ["first"]
    again.restore(second)
    assert titles(again) == ["second", "first"]


def test_what_was_done_to_the_files_alone_is_seen(tmp_path: Path) -> None:
    """As when the program ended between a change and its note in the index, or the host put something back."""
    ids = [keep(tmp_path, name) for name in ("first", "second", "third")]
    aside = shutil.move(tmp_path / "pictures" / ids[2], tmp_path / "aside")
    ada = collection(tmp_path)
    ada.delete(ids[0])
    assert titles(ada) == ["second"]
    shutil.move(tmp_path / "trash" / ids[0], tmp_path / "pictures")
    shutil.move(tmp_path / "pictures" / ids[1], tmp_path / "trash")
    shutil.move(aside, tmp_path / "pictures" / ids[2])
    (tmp_path / "visitors/ada/starred.txt").write_text(f"{ids[2]}\n")
    again = collection(tmp_path)
    assert titles(again) == ["third", "first"]
    assert titles(again, starred=True, words="third") == ["third"]
    (tmp_path / "visitors/ada/pictures.txt").write_text(f"{ids[2]}\n")
    assert titles(again) == ["third"]


def test_an_old_folder_is_read_newest_first_a_part_at_a_time(tmp_path: Path) -> None:
    only, kept = keep(tmp_path, "only"), collection(tmp_path)
    copies = [f"{number:032x}" for number in range(AT_ONCE + 1)]
    for copy in copies:
        shutil.copytree(tmp_path / "pictures" / only, tmp_path / "pictures" / copy)
    (tmp_path / "visitors/ada/pictures.txt").write_text("\n".join((only, *copies)))
    first = kept.search(Search(), 1)
    assert (first.pictures[0].number, first.unread, first.total) == (AT_ONCE + 2, 2, AT_ONCE)
    assert kept.search(Search(), 1).unread == 0
    assert kept.search(Search(), 1).total == AT_ONCE + 2


def test_a_thumbnail_is_small_and_made_once(tmp_path: Path) -> None:
    picture = Gallery(tmp_path).save(Image.new("RGB", (1024, 512), "teal"), changed())
    small = thumbnail(picture.path)
    assert Image.open(small).size == (SIDE, SIDE // 2)
    made = small.stat().st_mtime_ns
    assert thumbnail(picture.path) == small and small.stat().st_mtime_ns == made
    assert Gallery(tmp_path).find(picture.id) == picture
    broken_picture = tmp_path / "broken.png"
    broken_picture.write_bytes(b"no picture")
    with pytest.raises(BadInput, match="not a picture that can be read"):
        thumbnail(broken_picture)


@pytest.mark.parametrize("moment", [0, 9])
def test_nothing_acknowledged_is_lost_when_the_program_is_killed(moment: int, tmp_path: Path) -> None:
    """`python -m tests.killed_collection 200` tries as many moments."""
    kill_once(tmp_path, moment)
