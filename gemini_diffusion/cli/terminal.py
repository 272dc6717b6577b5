"""The main job without a window: one line in, the stages told as they come, the file's path and its line last."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TextIO

from gemini_diffusion import commands
from gemini_diffusion.commands import Usage
from gemini_diffusion.config.settings import Settings
from gemini_diffusion.generation.drawing.recipe_offer import offer_of_file
from gemini_diffusion.generation.drawing.reproduction import compare_with_file
from gemini_diffusion.generation.error_messages import nothing_to_draw
from gemini_diffusion.generation.health import CheckResult
from gemini_diffusion.generation.services import Services
from gemini_diffusion.generation.turn.session import Session
from gemini_diffusion.types import CraftedPrompt
from gemini_diffusion.types.turn import Turn

PICTURES = (".png", ".jpg", ".jpeg", ".webp")
BAR = 24
"""Characters of a full progress bar."""


async def once(session: Session, line: str, settings: Settings, out: TextIO | None = None) -> int:
    """Does what `line` asks for and tells it on `out`; the exit code: 0 when it was done, 1 when it was not.

    Raises BadInput where there is nothing to draw."""
    command = commands.read(line)
    if isinstance(command, Usage) and command.topic == "/imagine":
        raise nothing_to_draw(command.notices)
    out = out or sys.stdout
    session.start(line, settings)
    say = _Printer(out)
    turn = session.turns[-1]
    async for turn in session.watch():
        say.follow(turn)
        if turn.state == "review":
            say.line("  There is nobody to ask here, so the prompt is drawn as it is.")
            session.choose("draw")
    for text in _ending(turn):
        say.line(text)
    return 0 if turn.state == "done" and not turn.failures else 1


def picture_named(line: str) -> Path | None:
    """The picture's file that a line is the name of; None for any other line."""
    path = Path(line.strip())
    return path if path.suffix.lower() in PICTURES and path.is_file() else None


def line_of_picture(services: Services, settings: Settings, path: Path, out: TextIO | None = None) -> str:
    """The line of the recipe in a picture, told on `out`. Raises BadInput where there is none."""
    offer = offer_of_file(path, services, settings)
    for text in (f"Recipe of {offer.program}: {offer.line}", *(f"  {notice}" for notice in offer.notices)):
        print(text, file=out)
    return offer.line


def report_likeness(picture: Path, session: Session, out: TextIO | None = None) -> int:
    """Says how alike a picture and the one just drawn are; the exit code: 0 when they look the same."""
    comparison = compare_with_file(picture, session.turns[-1].pictures[-1])
    print(comparison, file=out)
    return 1 if comparison.verdict == "different" else 0


def report(findings: list[CheckResult], out: TextIO | None = None) -> int:
    """Prints what a checkup found; the exit code: 0 when everything works."""
    for finding in findings:
        print(f"{'ok ' if finding.ok else 'NO '} {finding.part}: {finding.text}", file=out)
        if finding.fix:
            print(f"    {finding.fix}", file=out)
    return 0 if all(finding.ok for finding in findings) else 1


class _Printer:
    """Tells each thing once; on a terminal the progress of a stage overwrites itself."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._printed: set[str] = set()
        self._overwritable = False

    def line(self, text: str) -> None:
        if self._overwritable:
            print("\r\033[K", end="", file=self._out)
            self._overwritable = False
        print(text, file=self._out, flush=True)

    def follow(self, turn: Turn) -> None:
        for text in _lasting_lines(turn):
            if text not in self._printed:
                self._printed.add(text)
                self.line(text)
        passing = _progress_line(turn)
        if passing and self._out.isatty():
            print(f"\r\033[K{passing}", end="", file=self._out, flush=True)
            self._overwritable = True


def _lasting_lines(turn: Turn) -> list[str]:
    notices = [f"  {text}" for text in turn.notices]
    steps = [f"  {step.text}  {step.seconds:.1f} s" for step in turn.steps if step.seconds is not None]
    prompt = [f"  Prompt: {turn.crafted.prompt}", *_difference(turn.crafted), *_keywords(turn.crafted)] if turn.crafted else []
    return [*notices, *steps[:1], *prompt, *steps[1:]]


def _difference(crafted: CraftedPrompt) -> list[str]:
    """What of the person's words the prompt kept, added, changed and dropped, in one line; nothing where it is their own."""
    changed = [f"{said} to {words}" for said, words in crafted.changed]
    rows = (("Kept", crafted.unchanged), ("Added", crafted.added), ("Changed", changed), ("Dropped", crafted.dropped))
    told = [f"{name}: {', '.join(words)}." for name, words in rows if words]
    return [f"  {' '.join(told)}"] if told else []


def _keywords(crafted: CraftedPrompt) -> list[str]:
    """The paraphrases and the keywords that were counted in them, with how many hold each and its weight."""
    words = [f"{keyword.word} {keyword.held} ({keyword.weight:g})" for keyword in crafted.keywords]
    told = [f"  Paraphrase {number}: {text}" for number, text in enumerate(crafted.paraphrases, 1)]
    return [*told, f"  Keywords, held by so many and weight: {', '.join(words)}."] if words else []


def _progress_line(turn: Turn) -> str:
    if turn.waiting:
        return f"  {turn.waiting.reason} {turn.waiting.seconds_left:.0f} s"
    for entry in turn.progress:
        done = entry.done / max(1, entry.total)
        bar = "#" * round(done * BAR)
        left = f"  about {entry.seconds_left:.0f} s left" if entry.seconds_left is not None else ""
        return f"  [{bar:<{BAR}}] {entry.unit} {entry.done} of {entry.total}{left}"
    return next((f"  {step.text}" for step in turn.steps if step.stage == "waiting" and step.seconds is None), "")


def _ending(turn: Turn) -> list[str]:
    """What remains to be said: failures first, so that the path and the line stay last."""
    failures = [f"{failed.text} {failed.hint} {_agreement(failed.action)}".strip() for failed in turn.failures]
    answer = [turn.text] if turn.text else []
    pictures = [text for picture in turn.pictures for text in (str(picture.path), picture.recipe.line)]
    return [*failures, *answer, *pictures]


def _agreement(action: str) -> str:
    """How to say yes to a download where there is no button for it."""
    kind, _, model = action.partition(":")
    return f"Here you agree with GEMINI_DIFFUSION_AGREED_DOWNLOADS={model}." if kind == "download" else ""
