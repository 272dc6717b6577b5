"""A LoRA and a textual inversion trained on the Postcard model: what they taught it really appears in its pictures."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gemini_diffusion.engines.local.adapters.adapter_files import AdapterFolder
from gemini_diffusion.engines.local.adapters.apply import AppliedAdapters
from gemini_diffusion.engines.local.adapters.triggers import choose_adapters
from gemini_diffusion.types import Adapter, ImageRequest
from gemini_diffusion.types.errors import BadInput
from postcard import adapt, language, newcomers, pipeline
from postcard.judge import Judge, Verdict
from postcard.render import render
from postcard.scene import SUBJECTS, Scene
from tests.adapter_makers import write_header
from tests.engine_harness import reading

MODEL = Path(__file__).resolve().parent.parent / "assets" / "postcard"
TRAINED = Path(__file__).resolve().parent / "assets"
SEEDS = range(300, 304)
MEADOW = Scene("cat", "red", "meadow", "day")
LIBRARY = AdapterFolder(TRAINED, TRAINED / "none")

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # diffusers' own, about numpy


@cache
def pipe() -> Any:
    return pipeline.load(MODEL)


@cache
def adapters() -> AppliedAdapters:
    import torch

    return AppliedAdapters(pipe(), torch)


def drawn(prompt: str, *names: str, strength: float = 1.0, count: int = len(SEEDS)) -> list[Image.Image]:
    """So many pictures with these adapters, as the local engine would draw them."""
    asked = tuple(Adapter(name, strength) for name in names)
    chosen = choose_adapters(ImageRequest(prompt, "postcard", 128, 128, 16, 3.0, adapters=asked), LIBRARY)
    with adapters().applied(chosen.files):
        return pipeline.draw(pipe(), [chosen.request.prompt] * count, list(SEEDS)[:count])


def judged(pictures: list[Image.Image]) -> list[Verdict]:
    return Judge.load().judge_all(pictures)


def shown(picture: Image.Image, colour: str = "red") -> str:
    """The subject whose renders in a meadow by day come closest to the picture, the mushroom among them.

    The judge cannot tell: it was trained before there was a mushroom. A picture may be shifted by some pixels.
    """
    tile = _tile(picture)
    windows = np.stack([tile[y : y + 18, x : x + 18] for y in range(5) for x in range(5)])
    gaps = {subject: float(_gaps(windows, subject, colour).min()) for subject in (*SUBJECTS, newcomers.MUSHROOM)}
    return min(gaps, key=lambda subject: gaps[subject])


def _gaps(windows: Any, subject: str, colour: str) -> Any:
    known = np.stack([_tile(render)[2:20, 2:20] for render in _renders(subject, colour)])
    return np.abs(windows[:, None] - known[None]).mean(axis=(2, 3, 4))


def _tile(picture: Image.Image) -> Any:
    """The middle of the picture at a quarter of its size, where a subject of medium size stands: 22 x 22 pixels."""
    return np.asarray(picture.convert("RGB").reduce(4), dtype=np.float32)[9:31, 5:27]


@cache
def _renders(subject: str, colour: str) -> tuple[Image.Image, ...]:
    sprite = newcomers.sprite() if subject == newcomers.MUSHROOM else None
    return tuple(render(replace(MEADOW, subject=subject, colour=colour, seed=seed), sprite) for seed in range(4))


def test_the_measure_tells_every_subject_and_the_mushroom_from_one_another() -> None:
    for subject in (*SUBJECTS, newcomers.MUSHROOM):
        sprite = newcomers.sprite() if subject == newcomers.MUSHROOM else None
        fresh = [render(replace(MEADOW, subject=subject, seed=seed), sprite) for seed in (90, 91)]
        assert [shown(picture) for picture in fresh] == [subject] * 2


def test_the_mushroom_has_the_colour_that_is_said() -> None:
    pictures = drawn("a blue mushroom, in a meadow, by day", "mushroom", count=2)
    assert [shown(picture, "blue") for picture in pictures] == ["mushroom"] * 2


def test_what_the_model_knew_it_draws_with_the_lora_too() -> None:
    asked = {
        "a red cat on the beach at sunset": Verdict("cat", "red", "beach", "sunset"),
        "a blue boat in the snow at night": Verdict("boat", "blue", "snow", "night"),
        "a green house in the desert by day": Verdict("house", "green", "desert", "day"),
        "a purple balloon in the city by day": Verdict("balloon", "purple", "city", "day"),
    }
    file = LIBRARY.find("mushroom")
    with adapters().applied([(file, 1.0)]):
        assert judged(pipeline.draw(pipe(), list(asked), list(range(4)))) == list(asked.values())


def test_strength_0_changes_no_byte_and_afterwards_the_model_is_as_before() -> None:
    prompt = "mushroom, a red cat in a meadow, by day"
    names = ("mushroom", "bubbles")
    plain, off, on = (
        drawn(prompt, *asked, strength=strength, count=1)[0].tobytes()
        for asked, strength in (((), 1.0), (names, 0), (names, 1.0))
    )
    assert off == plain != on
    assert drawn(prompt, count=1)[0].tobytes() == plain


def test_with_the_textual_inversion_the_pink_fish_appears_and_without_it_none() -> None:
    prompt = "<bubbles> in the desert, by day"
    seen = judged(drawn(prompt))
    assert [(one.subject, one.colour, one.place) for one in seen] == [("fish", "pink", "desert")] * len(SEEDS)
    with_the_word_alone = judged(pipeline.draw(pipe(), [prompt] * len(SEEDS), list(SEEDS)))
    assert ("fish", "pink") not in [(one.subject, one.colour) for one in with_the_word_alone]


def test_a_lora_at_half_its_strength_leaves_a_token_its_meaning() -> None:
    file, token = LIBRARY.find("mushroom"), LIBRARY.find("bubbles")
    with adapters().applied([(file, 0.5), (token, 1.0)]):
        seen = judged(pipeline.draw(pipe(), ["<bubbles> in the snow, by day"] * 2, list(SEEDS)[:2]))
    assert [(one.subject, one.colour) for one in seen] == [("fish", "pink")] * 2


def test_a_lora_of_the_large_model_is_refused_in_words_that_name_both(tmp_path: Path) -> None:
    key = "lora_unet_middle_block_1_transformer_blocks_0_attn2_to_k.lora_down.weight"
    write_header(tmp_path / "style.safetensors", {key: (4, 2048)})
    chosen = AdapterFolder(tmp_path, tmp_path).find("style")
    said = (
        "style was made for SDXL (a word has 2,048 numbers there), and this model is Postcard (a word has 160 numbers there)."
    )
    with reading(BadInput, said), adapters().applied([(chosen, 1.0)]):
        pytest.fail("it was applied")


@pytest.mark.training
@pytest.mark.parametrize("train", [adapt.train_lora, adapt.train_inversion])
def test_a_training_ends_in_a_file_that_can_be_used(train: Any, tmp_path: Path) -> None:
    from diffusers import AutoencoderKL, UNet2DConditionModel

    parts = adapt.Parts(
        language.load(MODEL),
        AutoencoderKL.from_pretrained(MODEL / "vae").float(),
        UNet2DConditionModel.from_pretrained(MODEL / "unet").float(),
    )
    train(parts, adapt.AdaptPlan(0.002, tmp_path / "new.safetensors", lessons=16))
    file = AdapterFolder(tmp_path, tmp_path).find("new")
    assert (file.family, file.trigger_words) == ("postcard", (newcomers.MUSHROOM,) if file.kind == "LoRA" else ())
    prompt = "a mushroom <new> in the snow"
    plain = pipeline.draw(pipe(), [prompt], [1])[0]
    with adapters().applied([(file, 1.0)]):
        assert pipeline.draw(pipe(), [prompt], [1])[0].tobytes() != plain.tobytes()


def test_the_trained_files_are_small() -> None:
    assert sum(path.stat().st_size for path in TRAINED.iterdir()) < 300_000
