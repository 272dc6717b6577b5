"""What 0.2.0 left in a data folder opens unchanged, is not rewritten by being opened, and can be drawn again."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from gemini_diffusion.chat_models.builtin import BuiltinChatModel
from gemini_diffusion.config.settings import Settings
from gemini_diffusion.generation.drawing.edit import Edit
from gemini_diffusion.generation.drawing.plan import plan_again
from gemini_diffusion.generation.services import Services
from gemini_diffusion.generation.turn.session import Session
from gemini_diffusion.generation.visitors import Visitors
from gemini_diffusion.storage.gallery import Gallery, read_recipe
from gemini_diffusion.storage.metadata.written import RECIPE_KEY
from gemini_diffusion.types import StartImage
from tests.sketch_engine import SketchEngine

KEPT = Path(__file__).parent / "assets/kept_0.2.0"
PICTURES = sorted(path for path in KEPT.glob("pictures/*/*") if path.is_file())


def as_written(path: Path) -> dict[str, Any]:
    with Image.open(path) as image:
        text = image.info.get(RECIPE_KEY) or image.getexif()[0x010E]
    written: dict[str, Any] = json.loads(text)
    return written


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return Path(shutil.copytree(KEPT, tmp_path / "home"))


@pytest.fixture
def ada(home: Path) -> Session:
    engines = {"local": SketchEngine(able=True)}
    studio = Services({"builtin": BuiltinChatModel()}, engines, Gallery(home / "pictures"))
    return Visitors(studio, Settings(home=str(home)), lends=True, owner=True).of("ada").session


@pytest.mark.parametrize("path", PICTURES, ids=lambda path: path.name)
def test_a_kept_picture_has_every_field_it_was_written_with(path: Path) -> None:
    read, written = json.loads(json.dumps(read_recipe(path).flat())), as_written(path)
    assert {name: read[name] for name in written} == written


def test_a_kept_conversation_is_there_with_its_pictures(ada: Session, home: Path) -> None:
    assert [(turn.kind, turn.state, len(turn.pictures)) for turn in ada.turns] == [
        ("say", "done", 0), ("imagine", "done", 1), ("imagine", "done", 1), ("imagine", "done", 2), ("note", "done", 0),
        ("note", "done", 0),
    ]  # fmt: skip
    shown = [picture for turn in ada.turns for picture in turn.pictures]
    assert {picture.id for picture in shown} < {picture.id for picture in ada.collection.pictures}
    assert all(picture.path.is_relative_to(home) and picture.recipe == read_recipe(picture.path) for picture in shown)


async def test_nothing_is_rewritten_until_something_is_said(ada: Session, home: Path) -> None:
    def content() -> dict[str, bytes]:
        return {str(path.relative_to(home)): path.read_bytes() for path in home.rglob("*") if path.is_file()}

    before = content()
    assert ada.latest and ada.collection.pictures and ada.turns
    assert content() == before
    ada.start("/help", Settings())
    async for _ in ada.watch():
        pass
    after = content()
    written = [name for name in before if after[name] != before[name]]
    assert [Path(name).name for name in written] == ["conversation.json"]
    assert Session(ada._services, (home / written[0]).parent).turns == ada.turns


async def test_a_kept_picture_of_many_flags_is_drawn_again_with_all_of_them(ada: Session) -> None:
    kept = next(picture for picture in ada.collection.pictures if "balloon" in picture.path.name).recipe
    planned = plan_again(kept, Settings(), {"local": SketchEngine(able=True)}, kept.seed, StartImage(b"PNG", source="x"))
    request = planned.requests(kept.crafted)[0]
    assert (request.tile, request.hd, request.strength, request.width) == (True, True, 0.7, 128)
    assert (request.scheduler, request.guidance_scale, request.num_inference_steps) == ("Euler a", 4.0, 6)
    source = next(picture for picture in ada.collection.pictures if picture.recipe.seed == 11).id
    await ada.redraw(source, Edit(), Settings())
    async for _ in ada.watch():
        pass
    drawn = ada.turns[-1].pictures[0].recipe
    assert (drawn.prompt, drawn.request.source, drawn.crafted.kept) == (kept.prompt, kept.request.source, kept.crafted.kept)
