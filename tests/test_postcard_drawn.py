"""The whole way from words to a postcard, judged by what is in the picture: crafting, the local engine, the gallery."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from PIL import Image

from gemini_diffusion.chat_models.builtin import BuiltinChatModel
from gemini_diffusion.config.settings import Settings
from gemini_diffusion.engines.local.local_engine import LocalEngine
from gemini_diffusion.generation.drawing.edit import Edit
from gemini_diffusion.generation.services import Services
from gemini_diffusion.generation.turn.session import Session
from gemini_diffusion.storage.gallery import Gallery, recipe_to_json
from gemini_diffusion.types import Picture
from gemini_diffusion.types.turn import Turn
from postcard.judge import Judge, Verdict
from tests.closeness import SHADES, largest_difference

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # diffusers' own, about numpy


@pytest.fixture
async def session(tmp_path: Path) -> AsyncIterator[Session]:
    engine = LocalEngine(tmp_path)
    yield Session(Services({"builtin": BuiltinChatModel()}, {"local": engine}, Gallery(tmp_path / "pictures")), tmp_path)
    await engine.close()


async def ended(session: Session) -> Turn:
    return [turn async for turn in session.watch()][-1]


def judged(turn: Turn) -> list[Verdict]:
    return Judge.load().judge_all([Image.open(picture.path).convert("RGB") for picture in turn.pictures])


@pytest.mark.parametrize(
    ("line", "seen"),
    [
        ("/imagine a red cat on the beach at sunset --seed 1", Verdict("cat", "red", "beach", "sunset")),
        ("/imagine 밤 숲 속의 파란 집 --seed 1", Verdict("house", "blue", "forest", "night")),
        ("/imagine um barco amarelo na praia de dia --seed 1", Verdict("boat", "yellow", "beach", "day")),
    ],
)
async def test_the_picture_shows_what_was_asked_in_any_language(line: str, seen: Verdict, session: Session) -> None:
    session.start(line, Settings())
    assert judged(await ended(session)) == [seen]


async def test_a_prompt_edited_in_the_panel_is_what_is_drawn_next(session: Session) -> None:
    session.start("/imagine a red car in the city by day --seed 4", Settings())
    first = await ended(session)
    await session.redraw(first.pictures[0].id, Edit(prompt="a green car in the city at night"), Settings())
    second = await ended(session)
    assert [judged(first)[0].colour, judged(first)[0].time] == ["red", "day"]
    assert [judged(second)[0].colour, judged(second)[0].time] == ["green", "night"]


def farthest(one: Picture, other: Picture) -> int:
    """The largest difference of a channel between two kept pictures, of 255."""
    return largest_difference(Image.open(one.path).convert("RGB"), Image.open(other.path).convert("RGB"))


async def test_the_kept_line_makes_the_same_pixels_and_another_seed_others(session: Session) -> None:
    session.start("/imagine a pink rabbit in the snow --n 2 --seed 5", Settings())
    first, other = (await ended(session)).pictures
    session.start(first.recipe.line, Settings())
    again = (await ended(session)).pictures[0]
    assert farthest(again, first) <= SHADES  # the first was drawn together with the other
    assert farthest(other, first) > 50


async def test_redrawn_by_its_recipe_a_brought_postcard_is_identical_and_otherwise_it_is_told_why(session: Session) -> None:
    session.start("/imagine a pink rabbit in the snow --seed 5", Settings())
    [first] = (await ended(session)).pictures
    await session.bring(first.path.read_bytes(), "rabbit.png", recipe_to_json(first.recipe))
    told = {
        "": "Identical",
        '--scheduler "Euler a"': "the scheduler Euler a instead of Euler",
        "--seed 6": "the seed 6 instead of 5",
    }
    for flags, said in told.items():
        session.start(f"{first.recipe.line} {flags}", Settings())
        turn = await ended(session)
        assert any(said in notice for notice in turn.notices), turn.notices


async def test_the_kept_line_makes_the_same_bytes_whatever_is_set_meanwhile(session: Session) -> None:
    other = Settings().replaced({"scheduler": "DDIM", "num_inference_steps": 9, "guidance_scale": 7, "negative_prompt": "fog"})
    for then, now in ((Settings(), other), (other, Settings())):
        session.start("/imagine a (pink:1.2) rabbit in the snow --tile --seed 5", then)
        first = (await ended(session)).pictures[0]
        session.start(first.recipe.line, now)
        again = (await ended(session)).pictures[0]
        assert farthest(again, first) == 0
        assert again.recipe.line == first.recipe.line


async def test_stop_ends_a_drawing_within_a_step_and_keeps_nothing(session: Session) -> None:
    session.start("/imagine a cat --steps 150", Settings())
    async for turn in session.watch():
        if turn.progress and turn.progress[0].done >= 2:
            break
    await session.stop()
    stopped = re.fullmatch(r"Stopped at step (\d+) of 150\.", session.turns[-1].notices[-1])
    assert stopped and int(stopped[1]) < 150
    assert session.collection.pictures == ()
    session.start("/imagine a cat in the snow --seed 2", Settings())
    assert judged(await ended(session))[0].subject == "cat"
