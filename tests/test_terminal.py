"""One line without a window: what is told, in what order, and what a line that wants to be reviewed does where nobody is."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from gemini_diffusion.chat_models.builtin import BuiltinChatModel
from gemini_diffusion.cli.terminal import line_of_picture, once, picture_named
from gemini_diffusion.config.settings import Settings
from gemini_diffusion.generation.services import Services
from gemini_diffusion.generation.turn.session import Session
from gemini_diffusion.storage.gallery import Gallery, read_recipe
from gemini_diffusion.types.errors import AgreementNeeded, BadInput, GeminiDiffusionError
from tests.foreign_pictures import png
from tests.sketch_engine import SketchEngine
from tests.test_foreign_recipes import A1111
from tests.waiting import patiently


async def told(line: str, home: Path, failing: GeminiDiffusionError | None = None, **settings: Any) -> tuple[int, list[str]]:
    engine = SketchEngine()
    engine.enqueue(failing)
    studio = Services({"builtin": BuiltinChatModel()}, {"local": engine}, Gallery(home / "pictures"))
    out = io.StringIO()
    async with patiently("the line's end"):
        code = await once(Session(studio, home), line, Settings().replaced(settings), out)
    return code, out.getvalue().splitlines()


@pytest.mark.parametrize(("line", "settings"), [("/imagine a cat --review", {}), ("/imagine a cat", {"review": True})])
async def test_a_prompt_to_be_reviewed_is_shown_and_drawn_as_nobody_can_be_asked(
    line: str, settings: dict[str, Any], tmp_path: Path
) -> None:
    code, said = await told(f"{line} --steps 1", tmp_path, **settings)
    assert code == 0
    prompt = next(place for place, text in enumerate(said) if text.startswith("  Prompt: a cat"))
    assert said[prompt + 1].startswith("  Kept: cat. Added: ")
    assert said.index("  There is nobody to ask here, so the prompt is drawn as it is.") > prompt
    assert read_recipe(Path(said[-2])).line == said[-1]


def test_a_pictures_file_stands_for_the_line_that_its_recipe_says(tmp_path: Path) -> None:
    services = Services({}, {}, Gallery(tmp_path / "pictures"))
    (tmp_path / "kite.png").write_bytes(png(parameters=f"{A1111}, Model: kiteXL"))
    out = io.StringIO()
    kite = picture_named(f" {tmp_path / 'kite.png'}")
    assert kite and picture_named("a kite.png") is None, "words that only look like a file"
    line = line_of_picture(services, Settings(), kite, out)
    assert line.startswith("/imagine a kite --ar 2:3 --seed 42")
    said = out.getvalue().splitlines()
    assert said[0] == f"Recipe of AUTOMATIC1111: {line}" and "kiteXL, which is not here" in said[1]


async def test_a_picture_that_failed_is_told_before_the_path_and_makes_the_code_one(tmp_path: Path) -> None:
    code, said = await told("/imagine a cat --engine cloud", tmp_path)
    assert (code, said[-1]) == (1, "There is no engine called cloud. Choose one of auto, local.")


async def test_a_command_one_letter_off_is_asked_about_and_makes_the_code_one(tmp_path: Path) -> None:
    assert await told("/imagin a cat", tmp_path) == (1, ["There is no command /imagin. Did you mean /imagine?"])


@pytest.mark.parametrize(("line", "expected"), [("/imagin", 1), ("/imagine a cat --dry", 0), ("/help", 0), ("hello", 0)])
async def test_the_code_tells_whether_what_was_asked_for_was_done(line: str, expected: int, tmp_path: Path) -> None:
    code, said = await told(line, tmp_path)
    assert (code, bool(said)) == (expected, True)


@pytest.mark.parametrize("line", ["/imagine", "/Draw:  ", "/imagine --n 2"])
async def test_a_line_without_an_idea_is_an_error_in_the_use_of_the_command(line: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="There is nothing to draw"):
        await told(line, tmp_path)


async def test_a_download_that_waits_for_a_yes_says_how_to_give_it_without_a_button(tmp_path: Path) -> None:
    asks = AgreementNeeded("It is a 6.9 GB download.", "Agree to it.", model="sdxl", download_bytes=6_900_000_000)
    code, said = await told("/imagine a cat --steps 1", tmp_path, asks)
    last = "It is a 6.9 GB download. Agree to it. Here you agree with GEMINI_DIFFUSION_AGREED_DOWNLOADS=sdxl."
    assert (code, said[-1]) == (1, last)
    assert "sdxl" in Settings().replaced({"agreed_downloads": "sdxl"}).agreed_models
