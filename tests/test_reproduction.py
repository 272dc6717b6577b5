"""A picture drawn again beside the one it was to become: how alike both are, and why they differ."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageFilter

from gemini_diffusion.cli.terminal import report_likeness
from gemini_diffusion.generation.drawing.reproduction import compare, compare_with_file, explain
from gemini_diffusion.storage.gallery import Gallery, recipe_to_json
from gemini_diffusion.storage.image_compare import compare_images
from gemini_diffusion.types import Adapter
from gemini_diffusion.types.errors import BadInput
from tests.chat_tab_harness import Desk, who
from tests.recipes import changed

SCENE = Image.linear_gradient("L").convert("RGB").resize((160, 96))
SCENE.paste("orange", (30, 20, 90, 70))
OTHER = Image.linear_gradient("L").convert("RGB").resize((160, 96)).rotate(180)


def saved(image: Image.Image, kind: str = "JPEG", **options: Any) -> Image.Image:
    content = io.BytesIO()
    image.save(content, kind, **options)
    return Image.open(content)


@pytest.mark.parametrize(
    ("other", "verdict"),
    [
        (SCENE.copy(), "identical"), (saved(SCENE, quality=50), "near"), (saved(SCENE, "WEBP", quality=60), "near"),
        (SCENE.resize((80, 48), Image.Resampling.LANCZOS), "near"), (SCENE.resize((400, 240)), "near"),
        (SCENE.filter(ImageFilter.GaussianBlur(12)), "different"), (OTHER, "different"),
        (SCENE.crop((0, 0, 120, 96)), "different"), (Image.new("RGB", (1, 1)), "different"),
    ],
)  # fmt: skip
def test_a_picture_saved_anew_or_resized_is_near_and_another_one_different(other: Image.Image, verdict: str) -> None:
    assert compare_images(SCENE, other).verdict == compare_images(other, SCENE).verdict == verdict


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"seed": 8}, ["the seed 8 instead of 1234"]), ({"scheduler": "DDIM"}, ["the scheduler DDIM instead of Euler"]),
        ({"prompt": "a cat"}, ["the prompt differs"]), ({"width": 96}, ["the size 96 x 48 instead of 64 x 48"]),
        ({"adapters": (Adapter("dune", 0.5),)}, ["the LoRA dune at 0.5 instead of 0.8"]),
        ({"adapters": ()}, ["the LoRA dune is missing"]),
        ({"adapters": (Adapter("dune", 0.8), Adapter("sand"))}, ["the LoRA sand was not there"]),
        ({"versions": {"torch": "2.14.0", "threads": "2"}}, ["torch 2.14.0 instead of 2.13.0", "threads 2 instead of 1"]),
        ({"engine": "hosted", "clip_skip": 2}, ["the engine hosted instead of local", "clip_skip 2 instead of none"]),
    ],
)  # fmt: skip
def test_the_reason_of_a_difference_is_named(fields: dict[str, Any], said: list[str]) -> None:
    before = changed(adapters=(Adapter("dune", 0.8),), versions={"torch": "2.13.0", "threads": "1"})
    assert list(explain(before, changed(before, **fields))) == [each.replace("clip_skip", "clip skip") for each in said]


def test_a_file_is_compared_and_what_happened_to_it_is_said(tmp_path: Path) -> None:
    gallery = Gallery(tmp_path)
    drawn = gallery.save(SCENE, changed(width=160, height=96))
    assert str(compare_with_file(drawn.path, drawn)) == "Identical to the picture that was brought, to the last pixel."
    near = compare_with_file(gallery.export(drawn, "jpeg"), drawn)
    assert near.verdict == "near" and near.reasons == ("it was saved anew, which loses something",)
    small = gallery.save(SCENE.resize((80, 48)), drawn.recipe)
    assert compare_with_file(small.path, drawn).reasons == ("it was resized to 80 x 48",)
    assert "another program" in str(compare(small.path, None, drawn, lossless=True))
    (tmp_path / "broken.png").write_bytes(b"\x89PNG")
    with pytest.raises(BadInput):
        compare_with_file(tmp_path / "broken.png", drawn)


async def test_in_chat_what_is_drawn_by_a_brought_recipe_is_compared_with_it(tmp_path: Path) -> None:
    desk = Desk(tmp_path, able=True)
    session = desk.visitor(who()).session
    line = "/imagine a fox --raw --seed 7 --steps 1"
    await desk.shown(desk.tab.send(line, "", who()))
    first = session.turns[-1].pictures[0]
    await session.bring(first.path.read_bytes(), "fox.png", recipe_to_json(first.recipe))
    for asked, said in (
        (line, ["Identical to the picture that was brought, to the last pixel."]),
        (line.replace("--seed 7", "--seed 8"), ["the seed 8 instead of 7"]), ("/imagine a cat --raw --steps 1", []),
    ):  # fmt: skip
        await desk.shown(desk.tab.send(asked, "", who()))
        told = [notice for notice in session.turns[-1].notices if "brought" in notice]
        assert len(told) == len(said) and all(words in notice for words, notice in zip(said, told, strict=True)), told
    out = io.StringIO()
    assert report_likeness(first.path, session, out) == 1 and out.getvalue().startswith("Different from the picture")
    await session.bring(first.path.read_bytes(), "fox.png", "{}")
    await desk.shown(desk.tab.send(line, "", who()))
    assert not any("brought" in notice for notice in session.turns[-1].notices)
