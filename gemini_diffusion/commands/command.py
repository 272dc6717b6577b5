"""What a line can turn out to be; knows neither how it is read nor how it is written."""

from dataclasses import dataclass

from gemini_diffusion.commands.flags import Flags
from gemini_diffusion.commands.picture_command import PictureCommand


@dataclass(frozen=True, slots=True)
class Imagine:
    """A picture to draw. `idea` is never empty and holds no flag and no part that counts below zero; marks of emphasis stay.

    notices: one sentence for each thing that was read otherwise than it was written.
    template: the idea still holds {a, b} choices, written as the person wrote them; `expand` settles them.
    """

    idea: str
    flags: Flags = Flags()
    notices: tuple[str, ...] = ()
    template: bool = False


@dataclass(frozen=True, slots=True)
class Say:
    """Ordinary chat, exactly as it was typed."""

    text: str


@dataclass(frozen=True, slots=True)
class Usage:
    """Nothing to draw: show USAGE, after the notices if there are any, and call nothing."""

    topic: str
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unknown:
    """A command that does not exist: `text` says what works instead, `meant` is the whole line that a slip stands for."""

    name: str
    text: str
    meant: str = ""


Command = Imagine | PictureCommand | Say | Usage | Unknown
