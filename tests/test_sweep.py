"""Experiments: what a line varies, the sheet and the numbers it ends in, and that a broken one goes on where it was."""

from __future__ import annotations

import asyncio
import csv
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from gemini_diffusion import Painter
from gemini_diffusion.chat_models.builtin import BuiltinChatModel
from gemini_diffusion.commands import Imagine, Sweep, Usage, parse
from gemini_diffusion.config.settings import Settings
from gemini_diffusion.generation.drawing.job import Job
from gemini_diffusion.generation.drawing.sweep import run_sweep
from gemini_diffusion.generation.services import Services
from gemini_diffusion.storage.gallery import Gallery
from gemini_diffusion.types import Event, Noticed, PictureKept, Preview
from gemini_diffusion.types.errors import BadInput, OutOfMemory
from tests.sketch_engine import SketchEngine

FOX = Imagine("a fox")
SEEDS = ",".join(map(str, range(61)))


def swept(line: str) -> Sweep:
    command = parse(f"/sweep {line}")
    assert isinstance(command, Sweep), command
    return command


@pytest.mark.parametrize(
    ("line", "labels", "said"),
    [
        ("steps 10,20 x guidance 3", ["steps 10, cfg 3", "steps 20, cfg 3"], {"steps": 20, "cfg": 3}),
        (
            "schedulers Euler a, DDIM \u00d7 seeds 1",
            ["scheduler Euler a, seed 1", "scheduler DDIM, seed 1"],
            {"scheduler": "DDIM"},
        ),
        ("--model sdxl, postcard", ["model sdxl", "model postcard"], {"model": "postcard"}),
        ('prompts "a cup of tea", a red fox', ["prompt a cup of tea", "prompt a red fox"], {"raw": True}),
        ("finish levels:0.5, light", ["finish levels:0.5", "finish light:0.5"], {}),
        ("ar 1:1,3:2", ["ar 1:1", "ar 3:2"], {}),
    ],
)
def test_a_line_names_what_varies(line: str, labels: list[str], said: dict[str, Any]) -> None:
    cells = swept(line).cells(FOX)
    assert [cell.label for cell in cells] == labels
    assert {name: getattr(cells[-1].command.flags, name) for name in said} == said
    assert cells[-1].command.idea == ("a red fox" if line.startswith("prompts") else "a fox")


def test_a_lora_varies_in_strength_beside_the_others_and_the_first_axis_varies_fastest() -> None:
    sweep = swept("lora ink 0.4,.8 x steps 5,9 of a fox <lora:ink:1> <lora:dune:0.3> --seed 4")
    assert sweep.base and sweep.title == "lora ink 0.4,0.8 x steps 5,9"
    found = [
        (cell.command.flags.steps, *((each.name, each.strength) for each in cell.command.flags.adapters))
        for cell in sweep.cells(sweep.base)
    ]
    assert found == [(steps, ("dune", 0.3), ("ink", strength)) for steps in (5, 9) for strength in (0.4, 0.8)]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("", "Say what varies"), ("steps", "Say what varies"), ("glow 1,2", "glow cannot vary"), ("n 1,2", "n cannot vary"),
        ("tile 1,2", "tile cannot vary"), ("steps many", "takes 1 to 150"), ("lora ink strong", "strengths of ink"),
        (f"seeds {SEEDS}", "61 pictures"), ("steps 1 x seed 2 x cfg 3", "one or two"), ("steps 1 x steps 2", "one or two"),
        ("steps 1,2 of a {red, blue} fox", "Choices in braces"),
    ],
)  # fmt: skip
def test_what_cannot_be_swept_says_why(line: str, why: str) -> None:
    command = parse(f"/sweep {line}")
    assert isinstance(command, Usage) and why in command.notices[0]


class Bench:
    """Sweeps over an engine that sketches, for one person."""

    def __init__(self, home: Path) -> None:
        self.engine, self.gallery, self.news = SketchEngine(able=True), Gallery(home / "pictures"), list[Event]()
        self.seen = asyncio.Event()
        self.services = Services({"builtin": BuiltinChatModel()}, {"local": self.engine}, self.gallery)

    def job(self) -> Job:
        async def go_on(crafted: object) -> Any:
            return "draw", ""

        def tell(event: Event) -> None:
            self.news.append(event)
            if isinstance(event, Preview):
                self.seen.set()

        return Job(self.services, Settings(), tell, lambda picture: None, go_on, find=self.gallery.find)


async def test_a_sheet_grows_and_is_kept_with_its_numbers(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.engine.enqueue(None, OutOfMemory("No memory is left."))
    result = await run_sweep(bench.job(), swept("steps 2,3,4 x guidance 3,6 of a fox"))
    assert [bool(cell.picture) for cell in result.cells] == [True, False, True, True, True, True]
    assert len({cell.picture.recipe.seed for cell in result.cells if cell.picture}) == 1, (
        "one seed, so that only the axes differ"
    )
    assert len([event for event in bench.news if isinstance(event, Preview)]) == 6
    assert "6 pictures, about" in next(
        event.text for event in bench.news if isinstance(event, Noticed) and "sheet" in event.text
    )
    assert [event.picture for event in bench.news if isinstance(event, PictureKept)] == [result.sheet]
    with Image.open(result.sheet.path) as sheet:
        cell, paper = sheet.getpixel((20, 20)), sheet.getpixel((2, 2))
        assert cell != paper == (255, 255, 255) and sheet.width > 3 * 120
    rows = list(csv.DictReader(result.table.read_text("utf-8-sig").splitlines()))
    assert [(row["steps"], row["cfg"], bool(row["seconds"]), row["error"]) for row in rows[:3]] == [
        ("2", "3", True, ""), ("3", "3", False, "No memory is left."), ("4", "3", True, "")
    ]  # fmt: skip


async def test_a_stop_keeps_the_sheet_and_the_same_line_goes_on(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    line = "steps 5,6,7 of a fox"
    task = asyncio.create_task(run_sweep(bench.job(), swept(line)))
    await bench.seen.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert isinstance(bench.news[-1], PictureKept)
    drawn = len(bench.engine.history)
    with next((tmp_path / "sweeps").iterdir()).open("a") as log:
        log.write('{"cell": 2, "pict')
    whole = await run_sweep(bench.job(), swept(line))
    assert all(cell.picture for cell in whole.cells) and len(bench.engine.history) < drawn + 3
    again = await run_sweep(bench.job(), swept(line))
    assert [cell.picture for cell in again.cells] == [cell.picture for cell in whole.cells]


def test_a_program_sweeps_and_a_picture_is_what_it_begins_from(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    with Painter(bench.services, home=str(tmp_path)) as painter:
        result = painter.sweep('prompts "a red fox", "a blue fox" of a fox --seed 9')
        assert [cell.picture.recipe.prompt for cell in result.cells if cell.picture] == ["a red fox", "a blue fox"]
        with pytest.raises(BadInput, match="no drawing to sweep"):
            painter.sweep("steps 1,2")
        front = result.cells[0].picture
        cells = asyncio.run(run_sweep(bench.job(), swept("steps 3,4"), front)).cells
        assert [(cell.picture.recipe.prompt, cell.picture.recipe.seed) for cell in cells if cell.picture] == [
            ("a red fox", 9)
        ] * 2
