"""All of a person's own in one file and back: what is in it, what is not, and what is refused."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from gemini_diffusion.cli.main import main
from gemini_diffusion.config.settings import Settings
from gemini_diffusion.generation.services import open_services
from gemini_diffusion.generation.visitors import Visitors
from gemini_diffusion.storage.backup import KEYS, NOTE, make_backup, restore_backup
from gemini_diffusion.storage.collection import Collection
from gemini_diffusion.storage.gallery import Gallery
from gemini_diffusion.storage.picture_index import Search
from gemini_diffusion.types import Picture
from gemini_diffusion.types.errors import BadInput
from tests.recipes import changed
from tests.test_gallery import picture

LEFT_OUT = ("models/large.safetensors", "logs/app.log", ".env", "visitors/me/pictures.db-wal", "pictures/.half.0a1b2c3d.part")


def collection(home: Path) -> Collection:
    return Collection(home / "visitors" / "me", Gallery(home / "pictures"))


def pictures_seen(home: Path, name: str) -> int:
    """By who opens the host's own window."""
    visitors = Visitors(open_services(home), Settings(home=str(home)), lends=True, owner=True)
    return len(visitors.of(name).session.collection.pictures)


@pytest.fixture
def kept(tmp_path: Path) -> Picture:
    """One of three pictures of a person, with a star; another one is deleted."""
    own, gallery = collection(tmp_path / "home"), Gallery(tmp_path / "home" / "pictures")
    pictures = [gallery.save(picture(colour), changed(original="눈 속의 여우")) for colour in ("red", "blue", "green")]
    for each in pictures:
        own.add(each)
    own.star(pictures[0].id, True)
    own.delete(pictures[1].id)
    own.search(Search(), 9)
    for name in LEFT_OUT:
        path = tmp_path / "home" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("not a person's own")
    return pictures[0]


def test_what_is_restored_into_an_empty_folder_is_all_that_was_there(
    kept: Picture, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home, file, new = tmp_path / "home", tmp_path / "all.zip", tmp_path / "new" / "home"
    assert main(["--data-dir", str(home), "--backup", str(file)], tmp_path / "none") == 0
    assert main(["--data-dir", str(new), "--restore", str(file)], tmp_path / "none") == 0
    assert capsys.readouterr().out.count("files, 0.0 MB") == 2
    with zipfile.ZipFile(file) as archive:
        assert not {*LEFT_OUT, "visitors/me/pictures.db"} & set(archive.namelist())
    there = collection(new)
    assert [entry.starred for entry in there.search(Search(), 9).pictures] == [False, True]
    assert there.search(Search(words="여우", deleted=True), 9).pictures
    again = there.picture(kept.id)
    assert again and again.recipe == kept.recipe and again.path.read_bytes() == kept.path.read_bytes()
    assert pictures_seen(new, "a" * 32) == pictures_seen(new, "a" * 32) == 2, "a new browser goes on with them"
    assert pictures_seen(new, "b" * 32) == pictures_seen(new, "terminal") == 0, "and no other one"
    there.restore(there.search(Search(deleted=True), 9).pictures[0].id)
    assert not list(new.glob(".*"))


def test_nothing_is_overwritten_and_keys_come_along_only_when_asked(kept: Picture, tmp_path: Path) -> None:
    home, file = tmp_path / "home", tmp_path / "all.zip"
    make_backup(home, file, with_keys=True)
    before = file.read_bytes()
    with pytest.raises(BadInput, match="is there already"):
        make_backup(home, file)
    with pytest.raises(BadInput, match="There is something in"):
        restore_backup(file, home)
    with pytest.raises(BadInput, match="nothing of yours"):
        make_backup(tmp_path / "nowhere", tmp_path / "none.zip")
    assert file.read_bytes() == before and not (tmp_path / "none.zip").exists()
    (tmp_path / "new" / "logs").mkdir(parents=True)
    (tmp_path / "new" / KEYS).write_text("mine")
    restore_backup(file, tmp_path / "new")
    assert (tmp_path / "new" / KEYS).read_text() == "mine", "keys that are there stay"


@pytest.mark.parametrize(
    "name", ["../out.txt", "/etc/out.txt", "a/../../out.txt", "C:/out.txt", "a\\..\\out.txt", "models/out.bin", ""]
)
def test_a_file_that_is_no_whole_backup_puts_nothing_anywhere(name: str, tmp_path: Path) -> None:
    file, home = tmp_path / "odd.zip", tmp_path / "home" / "deep"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(NOTE if name else "other.txt", "{}")
        archive.writestr("visitors/me/pictures.txt", "0" * 400)
        if name:
            archive.writestr(zipfile.ZipInfo(name), "out")
    with pytest.raises(BadInput):
        restore_backup(file, home)
    make = file.read_bytes()
    for broken in (make[:60], make.replace(b"0" * 400, b"0" * 399 + b"1"), b""):
        file.write_bytes(broken)
        with pytest.raises(BadInput):
            restore_backup(file, home)
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and path != file]
