"""What can be done with a picture of the conversation by a line; knows not how the line is read."""

from dataclasses import dataclass
from typing import Literal

PictureAction = Literal["edit", "again", "vary", "upscale", "finish", "seed", "ask", "check", "describe", "undo", "redo"]


@dataclass(frozen=True, slots=True)
class PictureCommand:
    """Something about a kept picture, as in "/edit #2 make it night".

    `number` counts the pictures of the conversation from 1, from its end where it is below 0; 0 is the selected one.
    """

    name: PictureAction
    text: str = ""
    number: int = 0


PICTURE_COMMANDS: dict[PictureAction, str] = {
    "edit": "`/edit make it night` changes a picture and leaves the rest of it as it is",
    "again": "`/again` draws it with a new seed, `/again same` with its own",
    "vary": "`/vary` draws one that is a little different, `/vary strong` a very different one",
    "upscale": "`/upscale` draws it large",
    "finish": "`/finish levels:0.5,sharpen:0.3` makes a finished copy, `/finish` one with auto levels",
    "seed": "`/seed` says its seed, `/seed 7` draws it with another one",
    "ask": "`/ask what is on the left?` has the chat model look at it",
    "check": "`/check` has it look for each thing that you asked for",
    "describe": "`/describe` says what could be asked for to get such a picture",
    "undo": "`/undo` goes back to the picture before",
    "redo": "`/redo` takes the undo back",
}
"""What each does, for the help."""
SWEEP_HELP = "`/sweep steps 10,20 x guidance 3,6` draws the selected picture with each of them, or another after `of a fox`"
"""The same for the command of an experiment."""
