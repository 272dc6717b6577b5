"""What a message means, by rules alone: talk, a picture to draw, or something about a picture of the conversation.

A message that the rules do not understand to its last word is talk; `offer` is the line that would draw it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from gemini_diffusion import commands
from gemini_diffusion.commands import Command, Imagine, PictureAction, PictureCommand, Say
from gemini_diffusion.crafting.edits.edit_clauses import LONGEST_EDIT, names_a_scene, names_a_thing, read_edit, take_reference
from gemini_diffusion.crafting.edits.edit_words import pattern

_MARKS = " \t\r\n.!~,\u3002\uff01"
_ACTIONS: tuple[PictureAction, ...] = ("undo", "redo", "again", "upscale", "vary")
_DRAWS = ("edit", "again", "vary", "upscale")


@dataclass(frozen=True, slots=True)
class Intent:
    """The command that a message comes to, and what corrects that: "talk", the line that draws it, or "".

    `open` says that a picture could be meant and the rules cannot tell: a chat model may be asked.
    """

    command: Command
    offer: str = ""
    open: bool = False


def read_intent(text: str, *, pictures: bool, looked: bool = False, plain: bool = True) -> Intent:
    """What `text` means where there are `pictures`; `looked` says that the last turn was a question about one. Without `plain`
    only commands are more than talk.
    """
    command = commands.read(text)
    if not isinstance(command, Say) or not plain:
        return Intent(command)
    if wanted := commands.meant_by(text) or _scene(text):
        return Intent(wanted, "talk")
    if not pictures:
        return Intent(command, open=_could_draw(text))
    if found := _about_picture(text, looked):
        return Intent(found, "talk" if found.name in _DRAWS else "")
    return Intent(command, _offer(text), open=True)


def _scene(text: str) -> Imagine | None:
    """What a message that only names something to be seen would draw, flags and all; None for any other."""
    if len(text) > LONGEST_EDIT:
        return None
    said = commands.read(f"/imagine {text}")
    if not isinstance(said, Imagine) or not names_a_scene(said.idea):
        return None
    return commands.meant_by(f"make a picture of {text.strip(_MARKS)}")


def drawing_line(text: str) -> str:
    """The line that draws what a text names, "" where it names nothing that can be seen."""
    return f"/imagine {' '.join(text.split())}" if len(text) <= LONGEST_EDIT and names_a_thing(text) else ""


def _about_picture(text: str, looked: bool) -> PictureCommand | None:
    if len(text) > LONGEST_EDIT:
        return None
    number, rest = take_reference(text.strip(_MARKS))
    polite = pattern("polite").sub(" ", rest).strip(_MARKS)
    for action in _ACTIONS:
        if pattern(action).fullmatch(polite) or (not number and pattern(action).fullmatch(text.strip(_MARKS))):
            return PictureCommand(action, "", number if action not in ("undo", "redo") else 0)
    if edit := read_edit(text):
        return PictureCommand("edit", text.strip(), edit.number)
    asks = pattern("question").search(text)
    if asks and (looked or pattern("looking").search(text)):
        return PictureCommand("ask", text.strip(), number)
    return None


def _offer(text: str) -> str:
    """The line that would draw what looks like a change to a picture, though not every word of it is understood."""
    said = " ".join(text.split())
    likely = re.match(r"(?:please )?(?:make|turn|change|add|put|remove|replace|give|without|with)\b", said, re.IGNORECASE)
    return f"/edit {said}" if likely and len(said) < LONGEST_EDIT else ""


def _could_draw(text: str) -> bool:
    """Whether a picture could be meant before there is one."""
    return bool(pattern("drawing").search(text))
