"""Pictures on disk: written once, whole, with a recipe that any tool of the field and we ourselves read back."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from sd_parsers import ParserManager

from gemini_diffusion.storage.gallery import Gallery, file_name, parameters, read_recipe, recipe_from_json, recipe_to_json
from gemini_diffusion.types.errors import BadInput
from tests.recipes import changed


def picture(colour: str = "teal") -> Image.Image:
    image = Image.new("RGB", (64, 48), colour)
    image.info["icc_profile"] = b"a service's own profile"  # Pillow would write it
    return image


def test_a_kept_picture_is_found_again_by_its_id_with_its_changed(tmp_path: Path) -> None:
    kept = Gallery(tmp_path).save(picture(), changed())
    assert Gallery(tmp_path).find(kept.id) == kept
    assert kept.path.name == "a-fox-in-the-snow-1234.png"


def test_two_pictures_of_one_recipe_stay_apart(tmp_path: Path) -> None:
    gallery = Gallery(tmp_path)
    first, second = gallery.save(picture("red"), changed()), gallery.save(picture("blue"), changed())
    assert first.path != second.path
    assert Image.open(first.path).getpixel((0, 0)) == (255, 0, 0)


def test_nothing_but_the_picture_is_left_in_its_folder(tmp_path: Path) -> None:
    kept = Gallery(tmp_path).save(picture(), changed())
    assert list(kept.path.parent.iterdir()) == [kept.path]


def test_the_file_says_it_was_made_by_ai_and_nothing_of_the_service(tmp_path: Path) -> None:
    content = Gallery(tmp_path).save(picture(), changed()).path.read_bytes()
    assert b"trainedAlgorithmicMedia" in content
    assert b"iCCP" not in content


def test_another_tool_reads_it_as_automatic1111s(tmp_path: Path) -> None:
    kept = Gallery(tmp_path).save(picture(), changed())
    read = ParserManager().parse(kept.path)
    assert read is not None
    assert read.generator.value == "AUTOMATIC1111"
    assert [prompt.value for prompt in read.prompts] == ["a fox in the snow, soft light"]
    assert [prompt.value for prompt in read.negative_prompts] == ["blurry, text"]
    assert next(iter(read.samplers)).parameters["seed"] == "1234"


@pytest.mark.parametrize(("file_format", "kind"), [("jpeg", "JPEG"), ("webp", "WEBP")])
def test_an_export_is_the_same_picture_with_the_same_changed(tmp_path: Path, file_format: str, kind: str) -> None:
    gallery = Gallery(tmp_path)
    kept = gallery.save(picture(), changed(original="눈 속의 여우"))
    path = gallery.export(kept, file_format)  # type: ignore[arg-type]
    with Image.open(path) as image:
        assert (image.format, image.size) == (kind, (64, 48))
    assert read_recipe(path) == kept.recipe
    assert b"trainedAlgorithmicMedia" in path.read_bytes()
    assert gallery.export(kept, "png") == kept.path


def test_a_bundle_holds_the_very_files_in_their_order(tmp_path: Path) -> None:
    gallery = Gallery(tmp_path)
    kept = [gallery.save(picture(colour), changed()) for colour in ("red", "blue")]
    path = gallery.bundle(kept)
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == ["001 a-fox-in-the-snow-1234.png", "002 a-fox-in-the-snow-1234.png"]
        assert [archive.read(name) for name in archive.namelist()] == [entry.path.read_bytes() for entry in kept]
    assert gallery.bundle(kept) == path
    assert gallery.bundle(kept[:1]) != path


@pytest.mark.parametrize("identity", ["../../etc", "", "a" * 31, "A" * 32, "0" * 32])
def test_an_id_that_is_none_of_ours_finds_nothing(tmp_path: Path, identity: str) -> None:
    assert Gallery(tmp_path).find(identity) is None


def test_a_foreign_file_is_refused_in_words(tmp_path: Path) -> None:
    plain, broken = tmp_path / "plain.png", tmp_path / "broken.png"
    picture().save(plain)
    broken.write_bytes(b"\x89PNG\r\n\x1a\nnonsense")
    for path in (plain, broken, tmp_path / "missing.png"):
        with pytest.raises(BadInput) as caught:
            read_recipe(path)
        assert caught.value.hint


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(BadInput, match="cannot be written"):
        Gallery(tmp_path / "file").save(picture(), changed())


TEXT = st.text(max_size=80)


@given(original=TEXT, prompt=TEXT, negative=TEXT, line=TEXT, kept=st.lists(TEXT, max_size=3), seed=st.integers(0, 2**32 - 1))
def test_a_recipe_written_is_the_recipe_read(
    original: str, prompt: str, negative: str, line: str, kept: list[str], seed: int
) -> None:
    made = changed(original=original, prompt=prompt, negative_prompt=negative, line=line, kept=tuple(kept), seed=seed)
    assert recipe_from_json(recipe_to_json(made)) == made
    parameters(made).encode("utf-8")
    assert file_name(made).isascii()


@given(st.text(max_size=60))
def test_no_words_break_the_file(tmp_path_factory: pytest.TempPathFactory, words: str) -> None:
    gallery = Gallery(tmp_path_factory.mktemp("gallery"))
    kept = gallery.save(picture(), changed(original=words, prompt=words, negative_prompt=words, line=words))
    assert read_recipe(kept.path) == kept.recipe
