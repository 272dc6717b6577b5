"""Drawings that begin from a picture: attached, named in the line, varied, marked or enlarged; always one's own."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from gemini_diffusion.commands import Imagine, parse
from gemini_diffusion.generation.drawing.edit import Edit
from gemini_diffusion.generation.turn.session import Session
from gemini_diffusion.storage.gallery import read_recipe
from gemini_diffusion.types import Picture
from gemini_diffusion.types.errors import BadInput, RequestRefused
from tests.pictures import encoded
from tests.sketch_engine import SketchEngine
from tests.test_session import PLAIN, Room
from tests.test_uploads import halves

SNOW = "/imagine make it snowy --seed 7 --steps 1 --raw"


@pytest.fixture
def room(tmp_path: Path) -> Room:
    """A room whose engine can begin from pictures."""
    return Room(tmp_path, SketchEngine(able=True))


async def beach(room: Room) -> Picture:
    return await room.session.bring(encoded(halves((64, 64))), "beach.png")


def pixels(picture: Picture) -> bytes:
    with Image.open(picture.path) as image:
        return image.convert("RGB").tobytes()


def same(first: Picture, second: Picture) -> bool:
    """Whether both are the same picture made the same way."""
    return first.recipe.line == second.recipe.line and pixels(first) == pixels(second)


async def test_a_brought_picture_is_one_of_this_persons_and_stays_so(room: Room, tmp_path: Path) -> None:
    picture = await beach(room)
    assert room.session.picture(picture.id) == picture == room.anew().picture(picture.id)
    assert Session(room.studio, tmp_path / "other").picture(picture.id) is None
    assert (picture.recipe.crafted.title, picture.recipe.engine, picture.path.name) == ("beach.png", "", "beach-png.png")


async def test_an_attached_picture_is_drawn_from_and_told(room: Room) -> None:
    picture = await beach(room)
    room.session.start(SNOW, PLAIN, picture.id)
    turn = await room.ended()
    assert (turn.state, turn.asked, turn.source) == ("done", SNOW, picture)
    assert room.anew().turns[-1].source == picture
    request = room.engine.history[-1][0]
    assert (request.image, request.strength) == (picture.path.read_bytes(), 0.6)
    recipe = read_recipe(turn.pictures[0].path)
    assert (recipe.request.source, recipe.request.strength) == (picture.id, 0.6)


async def test_the_line_of_a_picture_drawn_from_another_makes_it_again(room: Room) -> None:
    picture = await beach(room)
    first = (await room.done(f"/imagine picture:{picture.id} make it snowy --seed 7 --steps 1 --strength 0.3")).pictures[0]
    command = parse(first.recipe.line)
    assert isinstance(command, Imagine) and command.flags.references == (f"picture:{picture.id}",)
    assert command.flags.strength == 0.3
    assert same((await room.done(first.recipe.line)).pictures[0], first)


async def test_drawing_it_again_begins_where_it_began(room: Room) -> None:
    picture = await beach(room)
    first = (await room.done(f"/imagine picture:{picture.id} make it snowy --seed 7 --steps 1")).pictures[0]
    await room.session.redraw(first.id, Edit(), PLAIN)
    assert same((await room.ended()).pictures[0], first)
    picture.path.unlink()
    with pytest.raises(BadInput, match="not here any more"):
        await room.session.redraw(first.id, Edit(), PLAIN)


@pytest.mark.parametrize("identity", ["0" * 32, "0" * 20, "f" * 64])
async def test_a_picture_nobody_knows_is_refused_in_words(room: Room, identity: str) -> None:
    turn = await room.done(f"/imagine picture:{identity} a fox --steps 1")
    assert turn.state == "failed" and "You have no picture" in turn.failures[0].text and turn.failures[0].hint
    with pytest.raises(BadInput):
        room.session.start(SNOW, PLAIN, identity)
    assert room.engine.history == []


async def test_somebody_elses_picture_is_nobodys(room: Room, tmp_path: Path) -> None:
    picture = await beach(room)
    room.session = Session(room.studio, tmp_path / "other")
    assert (await room.done(f"/imagine picture:{picture.id} a fox --steps 1")).state == "failed"
    with pytest.raises(BadInput):
        room.session.start(SNOW, PLAIN, picture.id)
    with pytest.raises(BadInput):
        await room.session.redraw(picture.id, Edit(prompt="a fox", begin=True), PLAIN)
    assert room.engine.history == []


async def test_of_two_pictures_the_first_counts_and_that_is_told(room: Room) -> None:
    picture, other = await beach(room), await beach(room)
    turn = await room.done(f"/imagine picture:{picture.id} picture:{other.id} a fox --steps 1")
    assert turn.pictures[0].recipe.request.source == picture.id
    assert any("only the first one counts" in notice for notice in turn.notices)


async def test_a_picture_with_plain_words_is_a_question_and_draws_nothing(room: Room) -> None:
    picture = await beach(room)
    room.session.start("What is this?", PLAIN, picture.id)
    turn = await room.ended()
    assert (turn.source, turn.failures[0].text) == (picture, "The built-in helper cannot see pictures.")
    room.session.start("/imagine", PLAIN, picture.id)
    turn = await room.ended()
    assert turn.state == "done" and turn.source == picture and room.engine.history == []


async def test_the_shape_of_the_picture_is_the_shape_of_what_is_drawn(room: Room) -> None:
    room.engine = SketchEngine(model="sdxl", able=True)
    room.studio.engines["local"] = room.engine  # type: ignore[index]
    wide = await room.session.bring(encoded(halves((160, 90))))
    room.session.start("/imagine a fox in 9:16 --steps 1", PLAIN, wide.id)
    await room.ended()
    assert (room.engine.history[-1][0].width, room.engine.history[-1][0].height) == (1344, 768)


async def test_a_variation_begins_from_the_picture_itself_with_a_new_seed(room: Room) -> None:
    first = (await room.done("/imagine a red cat --seed 7 --steps 2")).pictures[0]
    await room.session.redraw(first.id, Edit(seed="random", begin=True, strength=0.5), PLAIN)
    varied = (await room.ended()).pictures[0]
    request = room.engine.history[-1][0]
    assert (request.image, request.strength, request.prompt) == (first.path.read_bytes(), 0.5, first.recipe.prompt)
    assert varied.recipe.seed != 7 and varied.recipe.request.source == first.id
    assert same((await room.done(varied.recipe.line)).pictures[0], varied)


async def test_only_the_marked_part_is_drawn_anew_and_the_line_says_which(room: Room) -> None:
    first = (await room.done("/imagine a red cat --seed 7 --steps 2 --raw")).pictures[0]
    mask = Image.new("L", (64, 64))
    mask.paste(255, (0, 0, 32, 64))
    edit = Edit(prompt="a hat", seed=99, begin=True, mask=encoded(mask), strength=1.0)
    await room.session.redraw(first.id, edit, PLAIN)
    turn = await room.ended()
    with Image.open(first.path) as before, Image.open(turn.pictures[0].path) as after:
        right = (before.width - 1, 5)
        assert before.getpixel(right) == after.getpixel(right)
        assert before.getpixel((5, 5)) != after.getpixel((5, 5)) == (99, 0, 90)
    assert turn.pictures[0].recipe.request.source not in ("", first.id)
    assert same((await room.done(turn.pictures[0].recipe.line)).pictures[0], turn.pictures[0])
    await room.session.redraw(turn.pictures[0].id, Edit(), PLAIN)
    assert same((await room.ended()).pictures[0], turn.pictures[0])
    assert room.engine.history[-1][0].mask


async def test_a_brought_picture_is_changed_by_words_alone(room: Room) -> None:
    picture = await beach(room)
    await room.session.redraw(picture.id, Edit(prompt="a beach in snow", begin=True, strength=0.4), PLAIN)
    recipe = (await room.ended()).pictures[0].recipe
    assert (recipe.prompt, recipe.original, recipe.request.source, recipe.request.strength) == (
        "a beach in snow", "a beach in snow", picture.id, 0.4,
    )  # fmt: skip
    with pytest.raises(BadInput, match="The prompt is empty"):
        await room.session.redraw(picture.id, Edit(prompt=" ", begin=True), PLAIN)


async def test_a_picture_is_drawn_again_at_twice_the_size(room: Room) -> None:
    first = (await room.done("/imagine a red cat --seed 7 --steps 2")).pictures[0]
    await room.session.redraw(first.id, Edit(hd=True), PLAIN)
    turn = await room.ended()
    assert turn.pictures[0].recipe.width == 2 * first.recipe.width
    assert (turn.pictures[0].recipe.seed, turn.pictures[0].recipe.request.hd, "--hd" in turn.asked) == (7, True, True)


async def test_where_nobody_can_begin_from_a_picture_nothing_is_drawn_instead(tmp_path: Path) -> None:
    room = Room(tmp_path)
    first = (await room.done("/imagine a red cat --steps 1")).pictures[0]
    with pytest.raises(RequestRefused, match="cannot begin from a picture"):
        await room.session.redraw(first.id, Edit(begin=True), PLAIN)


async def test_while_something_is_drawn_no_mark_is_kept(room: Room) -> None:
    first = (await room.done("/imagine a red cat --steps 1")).pictures[0]
    room.engine.pause_at(1)
    room.session.start("/imagine a dog --steps 1", PLAIN)
    before = len(room.session.collection.pictures)
    with pytest.raises(BadInput, match="One thing at a time"):
        await room.session.redraw(first.id, Edit(begin=True, mask=encoded(Image.new("L", (8, 8), 255))), PLAIN)
    assert len(room.session.collection.pictures) == before
    await room.session.stop()
