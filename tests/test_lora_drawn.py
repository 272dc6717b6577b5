"""The whole way of a LoRA: from `<lora:...>` in a line to its subject in the picture, alone and within a mask."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from PIL import Image

from gemini_diffusion.chat_models.builtin import BuiltinChatModel
from gemini_diffusion.config.settings import Settings
from gemini_diffusion.engines.local.local_engine import LocalEngine
from gemini_diffusion.generation.drawing.reproduction import compare
from gemini_diffusion.generation.services import Services
from gemini_diffusion.generation.turn.session import Session
from gemini_diffusion.storage.gallery import Gallery
from gemini_diffusion.types import Adapter
from gemini_diffusion.types.errors import BadAnswer
from gemini_diffusion.types.turn import Turn
from tests.engine_harness import Local, reading
from tests.pictures import encoded, marked
from tests.test_postcard_adapters import TRAINED, shown


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[LocalEngine]:
    (tmp_path / "adapters").mkdir()
    shutil.copy(TRAINED / "mushroom.safetensors", tmp_path / "adapters")
    engine = LocalEngine(tmp_path)
    yield engine
    await engine.close()


async def drawn(session: Session, line: str) -> Turn:
    session.start(line, Settings())
    return [turn async for turn in session.watch()][-1]


async def test_a_lora_named_in_a_line_brings_its_subject_and_is_in_the_recipe(engine: LocalEngine, tmp_path: Path) -> None:
    studio = Services({"builtin": BuiltinChatModel()}, {"local": engine}, Gallery(tmp_path / "pictures"))
    session = Session(studio, tmp_path)
    turns = [
        await drawn(session, f"/imagine a red subject in the meadow by day{lora} --raw --seed 300 --n 2")
        for lora in ("", " <lora:mushroom>")
    ]
    subjects = [[shown(Image.open(picture.path).convert("RGB")) for picture in turn.pictures] for turn in turns]
    assert "mushroom" not in subjects[0]
    assert subjects[1].count("mushroom") == 2
    recipe = turns[1].pictures[0].recipe
    assert recipe.request.adapters == (Adapter("mushroom"),)
    assert "<lora:mushroom" in recipe.line
    assert any("mushroom answers to" in notice for notice in turns[1].notices)
    weaker = await drawn(session, recipe.line.replace("<lora:mushroom>", "<lora:mushroom:0.5>"))
    told = compare(turns[1].pictures[0].path, recipe, weaker.pictures[0], lossless=True)
    assert (told.verdict, told.reasons) == ("different", ("the LoRA mushroom at 0.5 instead of 1",))


async def test_a_lora_draws_within_a_mask_too(engine: LocalEngine) -> None:
    local = Local(engine)
    size = {"width": 128, "height": 128, "num_inference_steps": 16, "guidance_scale": 3.0}
    meadow = (await local.draw("postcard", prompt="a red cat in the meadow by day", **size)).image  # type: ignore[arg-type]
    changed = await local.draw(
        "postcard", prompt="a red mushroom in the meadow by day", adapters=(Adapter("mushroom"),), image=encoded(meadow),
        mask=encoded(marked(128, 128, (12, 12, 116, 120))), strength=1.0, **size,  # type: ignore[arg-type]
    )  # fmt: skip
    assert (shown(meadow), shown(changed.image)) == ("cat", "mushroom")
    assert changed.image.crop((0, 124, 128, 128)).tobytes() == meadow.crop((0, 124, 128, 128)).tobytes()


async def test_a_lora_so_strong_that_numbers_overflow_is_named_as_what_to_leave_out(engine: LocalEngine) -> None:
    local, size = Local(engine), {"width": 128, "height": 128, "num_inference_steps": 2}
    with reading(BadAnswer, "overflowed in float32, so there is no picture. Draw it without mushroom, or with less of it."):
        await local.draw("postcard", adapters=(Adapter("mushroom", 1e38),), **size)  # type: ignore[arg-type]
    assert (await local.draw("postcard", **size)).image.size == (128, 128)  # type: ignore[arg-type]
