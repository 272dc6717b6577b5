"""An experiment: one request drawn with each of several values, on a sheet that grows, with time and memory of each cell.

Every cell is noted as soon as it is kept, by the request: the same line sent again, after a Stop or a restart, goes on there.
"""

from __future__ import annotations

import asyncio
import csv
import dataclasses
import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gemini_diffusion import commands
from gemini_diffusion.commands import Imagine, Sweep, SweepCell
from gemini_diffusion.engines import models
from gemini_diffusion.generation.drawing.job import Job
from gemini_diffusion.generation.drawing.request_options import expand_choices
from gemini_diffusion.storage.contact_sheet import ContactSheet, columns_for
from gemini_diffusion.storage.files import write_atomically
from gemini_diffusion.storage.gallery import is_drawn
from gemini_diffusion.storage.uploads import upload_recipe
from gemini_diffusion.types import (
    CraftedPrompt,
    Event,
    Finished,
    Noticed,
    Picture,
    PictureKept,
    Preview,
    Progress,
    StageFinished,
    StageStarted,
    Waiting,
)
from gemini_diffusion.types.errors import BadInput, GeminiDiffusionError

FOLDER = "sweeps"
"""Beside the pictures: one file an experiment, a line a cell."""
LARGEST_SEED = 2**31
_PASSED = (StageStarted, StageFinished, Waiting, Progress, Noticed)


@dataclass(frozen=True, slots=True)
class SweptCell:
    """One cell as it came out: its picture, or the `error` that is there instead."""

    cell: SweepCell
    picture: Picture | None = None
    error: str = ""

    @property
    def told(self) -> str:
        """Time and memory in a few words."""
        if self.picture is None:
            return self.error
        recipe = self.picture.recipe
        return f"{recipe.seconds:.1f} s{f', {recipe.memory / 1e9:.1f} GB' if recipe.memory else ''}"


@dataclass(frozen=True, slots=True)
class SweepResult:
    """The `sheet` is a kept picture, `table` a CSV file beside it with a row for each of the `cells`."""

    sheet: Picture
    table: Path
    cells: tuple[SweptCell, ...]


async def run_sweep(job: Job, sweep: Sweep, front: Picture | None = None) -> SweepResult:
    """Draws every cell that was not drawn before; each becomes a picture of the person's, and at the end the sheet.

    Raises BadInput where there is nothing to begin from, and the error of the first cell where none came. A Stop leaves the
    sheet as far as it has come.
    """
    job.notify(sweep.notices)
    work = _Work(job, sweep, _base(sweep, front, job))
    cells = work.cells
    planned, crafted = await job.prepare(cells[0].command)
    known = await asyncio.to_thread(work.known)
    work.estimate(len(known))
    done = dict[int, SweptCell]()
    size, columns = (planned.request.width, planned.request.height), columns_for([len(axis.labels) for axis in sweep.axes])
    sheet = ContactSheet(size, len(cells), columns)
    try:
        for place, cell in enumerate(cells):
            drawn = SweptCell(cell, known[place]) if place in known else await work.draw(place, crafted)
            done[place] = drawn
            await asyncio.to_thread(sheet.put, place, cell.label, drawn.told, drawn.picture.path if drawn.picture else None)
            job.emit(Preview(await asyncio.to_thread(sheet.preview)))
    finally:
        drawn_any = any(each.picture for each in done.values())
        result = await asyncio.shield(asyncio.to_thread(work.keep, sheet, done)) if drawn_any else None
        if result:
            job.keep(result.sheet)
            job.emit(PictureKept(result.sheet))
    if result is None:
        raise work.lost[0]
    failed = len(cells) - sum(1 for each in done.values() if each.picture)
    job.emit(Finished(f"{len(cells) - failed} pictures are on the sheet{f', {failed} failed' if failed else ''}."))
    return result


def _base(sweep: Sweep, front: Picture | None, job: Job) -> Imagine:
    """What every cell is drawn from, one picture with a seed of its own: the same line has the same seed."""
    base = sweep.base
    if base is None:
        if front is None or not is_drawn(front.recipe):
            raise BadInput("There is no drawing to sweep.", f"Select one, or say what to draw: /sweep {sweep.title} of a fox.")
        line = commands.parse(front.recipe.line)
        if not isinstance(line, Imagine):
            raise BadInput("That picture cannot be drawn again.", "Select another one.")
        base = line
    base = expand_choices(base, job.settings)[0]
    seed = job.last_seed if base.flags.seed == "last" else base.flags.seed
    if not isinstance(seed, int):
        seed = int(hashlib.sha256(f"{sweep.title} {base.idea}".encode()).hexdigest(), 16) % LARGEST_SEED
    return dataclasses.replace(base, flags=dataclasses.replace(base.flags, seed=seed, count=None, dry=False, review=False))


class _Work:
    """The cells of one sweep, what is known of them, and how they are drawn."""

    def __init__(self, job: Job, sweep: Sweep, base: Imagine) -> None:
        self._job, self._sweep, self._base = job, sweep, base
        self.cells = sweep.cells(base)
        self.lost: list[GeminiDiffusionError] = []
        told = "\n".join(commands.format_line(cell.command) for cell in self.cells)
        name = hashlib.sha256(told.encode()).hexdigest()[:32]
        self._log = job.services.gallery.folder.with_name(FOLDER) / f"{name}.jsonl"
        self._seconds: list[float] = []

    def known(self) -> dict[int, Picture]:
        """The cells that were drawn before, as far as their pictures are this person's and still there."""
        found = dict[int, Picture]()
        if self._log.exists():
            for line in self._log.read_text("ascii", errors="ignore").splitlines():
                place, picture = _noted(line, self._job)
                if picture and picture.path.exists() and 0 <= place < len(self.cells):
                    found[place] = picture
        return found

    def estimate(self, known: int) -> None:
        """Tells how many pictures it is and how long they take, before the first."""
        if known:
            self._job.notify([f"{known} of {len(self.cells)} were drawn before and are taken from there."])
        asked = [self._job.planned(cell.command.flags).seconds for cell in self.cells[: len(self.cells) - known]]
        told = [seconds for seconds in asked if seconds is not None]
        about = f"about {max(1, round(sum(told)))} s" if len(told) == len(asked) else "the first ones tell how long it takes"
        self._job.notify([f"A sheet of {len(self.cells)} pictures, {about}. Stop keeps what is drawn."] if asked else [])

    async def draw(self, place: int, crafted: CraftedPrompt) -> SweptCell:
        """Draws one cell; what goes wrong with it stands in its place."""
        cell, loop = self.cells[place], asyncio.get_running_loop()
        start, kept = loop.time(), list[Picture]()
        title = f"{place + 1} of {len(self.cells)}: {cell.label}{self._left(place)}"
        self._job.emit(StageStarted("drawing", title))
        keep = _both(self._job.keep, kept.append)
        job = dataclasses.replace(self._job, emit=self._news, keep=keep, notices=list(self._job.notices))
        try:
            planned = job.planned(cell.command.flags)
            if any(axis.rewrites for axis in self._sweep.axes):
                planned, crafted = await job.prepare(cell.command)
            elif not cell.command.flags.aspect:
                planned = planned.shaped(crafted.aspect_ratio)
            error = await job.draw_one(planned, crafted, planned.requests(crafted)[0], 0)
        except GeminiDiffusionError as raised:
            error = raised
        taken = loop.time() - start
        self._job.emit(StageFinished("drawing", f"{place + 1} of {len(self.cells)}: {cell.label}", taken))
        if error or not kept:
            self.lost += [error] if error else []
            return SweptCell(cell, error=error.message if error else "")
        self._seconds.append(taken)
        await asyncio.to_thread(self._note, place, kept[-1])
        return SweptCell(cell, kept[-1])

    def _left(self, place: int) -> str:
        if not self._seconds:
            return ""
        return f", about {max(1, round(sum(self._seconds) / len(self._seconds) * (len(self.cells) - place)))} s left"

    def _news(self, event: Event) -> None:
        """What of a cell's own news is told: how far it has come, not its picture, which is on the sheet."""
        if isinstance(event, _PASSED) and not (isinstance(event, StageStarted | StageFinished) and event.stage == "drawing"):
            self._job.emit(event)

    def _note(self, place: int, picture: Picture) -> None:
        self._log.parent.mkdir(parents=True, exist_ok=True)
        note = json.dumps({"cell": place, "picture": picture.id})
        with self._log.open("a", encoding="ascii") as file:
            file.write(f"\n{note}\n")  # a line before it may have been cut off

    def keep(self, sheet: ContactSheet, done: Mapping[int, SweptCell]) -> SweepResult:
        """Writes the sheet as a picture, and the numbers beside it."""
        for place in range(len(self.cells)):
            if place not in done:
                sheet.put(place, self.cells[place].label)
        title = f"{self._sweep.title}: {self._base.idea}"
        kept = self._job.services.gallery.save(sheet.image, upload_recipe(sheet.image, title))
        table = kept.path.with_suffix(".csv")
        write_atomically(table, _table(list(done.values())).encode("utf-8-sig"))
        return SweepResult(kept, table, tuple(done.values()))


def _both(one: Any, other: Any) -> Any:
    def call(picture: Picture) -> None:
        one(picture)
        other(picture)

    return call


def _noted(line: str, job: Job) -> tuple[int, Picture | None]:
    """A cell's number and its picture; a line that was cut off names none."""
    try:
        note = json.loads(line)
        return int(note["cell"]), job.find(str(note["picture"]))
    except (ValueError, TypeError, KeyError):
        return -1, None


def _table(cells: list[SweptCell]) -> str:
    """One row a cell, for a spreadsheet; what varies stands first."""
    text = io.StringIO()
    known = [_numbers(swept.picture) if swept.picture else {} for swept in cells]
    values = [dict(zip(swept.cell.names, swept.cell.values, strict=True)) for swept in cells]
    names = dict.fromkeys((*cells[0].cell.names, *(name for numbers in known for name in numbers), "error"))
    rows = csv.DictWriter(text, list(names))
    rows.writeheader()
    for swept, numbers, varied in zip(cells, known, values, strict=True):
        rows.writerow(numbers | varied | {"error": swept.error})
    return text.getvalue()


def _numbers(picture: Picture) -> dict[str, Any]:
    recipe = picture.recipe
    return {
        "seconds": f"{recipe.seconds:.3f}", "memory_gb": f"{recipe.memory / 1e9:.3f}" if recipe.memory else "",
        "model": models.find_model(recipe.model).label, "seed": recipe.seed, "scheduler": recipe.scheduler,
        "steps": recipe.num_inference_steps, "cfg": f"{recipe.guidance_scale:g}",
        "picture": f"{picture.id}/{picture.path.name}", "line": recipe.line,
    }  # fmt: skip
