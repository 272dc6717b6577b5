"""Pictures on disk: written once, whole, with a recipe that any tool of the field and we ourselves read back."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from sd_parsers import ParserManager

from gemini_diffusion.storage.gallery import Gallery, file_name, read_recipe, recipe_from_json, recipe_to_json
from gemini_diffusion.storage.metadata import read_foreign
from gemini_diffusion.storage.metadata.containers import is_signed
from gemini_diffusion.storage.metadata.written import parameters
from gemini_diffusion.types import Adapter
from gemini_diffusion.types.errors import BadInput
from tests.foreign_pictures import chunk, plain, png
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


def test_all_that_another_program_knows_is_in_its_words() -> None:
    model = "/home/me/my models/kite, XL.safetensors"
    loras = (Adapter("me/Dune", 0.8), Adapter("sand"))
    made = changed(
        prompt="a kite", negative_prompt="", scheduler="DPM++ 2M Karras", model=model, adapters=loras, hd=True, refine=0.8,
        clip_skip=2, source="0" * 32, strength=0.5, hashes={"dune": "9f8e7d6c5b4a", model: "0a1b2c3d4e"},
    )  # fmt: skip
    text = parameters(made)
    assert "/home" not in text and "Denoising strength: 0.5" in text
    found = read_foreign({"parameters": text})
    assert found is not None
    assert [(lora.name, lora.weight, lora.hash) for lora in found.loras] == [("Dune", 0.8, "9f8e7d6c5b4a"), ("sand", 1.0, "")]
    seen = (found.prompt, found.sampler, found.schedule, found.model, found.model_hash)
    assert seen == ("a kite", "DPM++ 2M", "Karras", "kite XL", "0a1b2c3d4e")
    also = (found.width, found.hd, found.refine, found.refiner, found.clip_skip, found.others)
    assert also == (32, True, 0.8, "sd_xl_refiner_1.0", 2, ())


def by_a1111(text: str) -> str:
    """AUTOMATIC1111 and Forge: the last line are the settings, a line that begins so the negative prompt."""
    lines = text.strip().split("\n")[:-1]
    places = [place for place, line in enumerate(lines) if line.strip().startswith("Negative prompt:")]
    return "\n".join(lines[: places[0] if places else None])


def by_reader(text: str) -> str:
    """stable-diffusion-prompt-reader: whatever stands before the first of these, wherever that is."""
    return text.partition("\nSteps:")[0].partition("Negative prompt:")[0]


def by_sdnext(text: str) -> str:
    """SD.Next: names of settings end the prompt, in any case."""
    return re.split(r"negative prompt: |steps: |seed: |size: |sampler: ", text, flags=re.IGNORECASE)[0]


def by_krita(text: str) -> str:
    """Krita: cut at the first of each."""
    return text.partition("Negative prompt:")[0].partition("Steps:")[0]


def by_civitai(text: str) -> str:
    """Civitai: what stands before the first steps, without the line of the negative prompt."""
    return next(line for line in text[: text.index("Steps: ")].split("\n") if not line.startswith("Negative prompt: "))


def by_sd_parsers(text: str) -> str:
    read = ParserManager().parse(io.BytesIO(png(form="iTXt", parameters=text)))
    assert read is not None
    return read.prompts[0].value


@pytest.mark.parametrize("negative", ["", "fog, Steps: 3, Negative prompt: none"])
@pytest.mark.parametrize(
    "prompt",
    [
        "Negative prompt: a cat", "a kite\nNegative prompt: fog",
        "a sign that says Steps: 20, Sampler: Euler, Seed: 1, Size: 1x1",
        "Steps: 20, Sampler: Euler, CFG scale: 7, Seed: 42", "a Model: with a Template: and Size: large", "négatif: (red:1.2)",
    ],
)  # fmt: skip
def test_words_of_the_format_in_a_prompt_stay_in_it_for_every_reader(prompt: str, negative: str) -> None:
    text = parameters(changed(prompt=prompt, negative_prompt=negative))
    for reader in (by_a1111, by_reader, by_sdnext, by_krita, by_civitai, by_sd_parsers):
        assert reader(text).strip().replace(" :", ":") == " ".join(prompt.split()), reader.__name__


@pytest.mark.parametrize("file_format", ["jpeg", "webp"])
@pytest.mark.parametrize("words", ["viele Wörter " * 1500, "눈 속의 여우 " * 2800])
def test_no_prompt_is_too_long_for_a_download(words: str, file_format: str, tmp_path: Path) -> None:
    gallery = Gallery(tmp_path)
    made = changed(original=words, prompt=words, negative_prompt=words, line=f"/imagine {words}")
    path = gallery.export(gallery.save(picture(), made), file_format)  # type: ignore[arg-type]
    assert read_recipe(path) == made
    assert b"trainedAlgorithmicMedia" in path.read_bytes()


SIGNED = (
    png()[:-12] + chunk(b"caBX", b"\0\0jumb") + png()[-12:],
    plain("JPEG")[:2] + b"\xff\xeb\0\x0cJP\0\1\0\0jumb" + plain("JPEG")[2:],
    plain("WEBP") + b"C2PA\4\0\0\0jumb",
)


@pytest.mark.parametrize("content", SIGNED, ids=["png", "jpeg", "webp"])
def test_a_signed_picture_is_downloaded_as_it_came(content: bytes, tmp_path: Path) -> None:
    assert is_signed(content) and not any(is_signed(plain(kind)) for kind in ("PNG", "JPEG", "WEBP"))
    gallery = Gallery(tmp_path)
    kept = gallery.save(picture(), changed(), content)
    assert gallery.export(kept, "webp").read_bytes() == gallery.export(kept, "png").read_bytes() == content
    assert gallery.find(kept.id) == kept, "the recipe stays in the picture that is shown"
    assert gallery.export(gallery.save(picture(), changed()), "png").suffix == ".png"


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
