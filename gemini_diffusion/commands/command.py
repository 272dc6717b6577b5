"""What a line can turn out to be; knows neither how it is read nor how it is written."""

from dataclasses import dataclass

from gemini_diffusion.commands.flags import Flags


@dataclass(frozen=True, slots=True)
class Notice:
    """One sentence for the person: what was read and what was done instead; `flag` is what it is about."""

    text: str
    flag: str


@dataclass(frozen=True, slots=True)
class Imagine:
    """A picture to draw. `idea` is never empty and holds no flag and no part that counts below zero; marks of emphasis stay.

    template: the idea still holds {a, b} choices, written as the person wrote them; `expand` settles them.
    """

    idea: str
    flags: Flags = Flags()
    notices: tuple[Notice, ...] = ()
    template: bool = False


@dataclass(frozen=True, slots=True)
class Say:
    """Ordinary chat, exactly as it was typed."""

    text: str


@dataclass(frozen=True, slots=True)
class Usage:
    """Nothing to draw: show USAGE, after the notices if there are any, and call nothing."""

    topic: str
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True, slots=True)
class Other:
    """One of the other commands, its name without the slash, with the rest of the message."""

    name: str
    argument: str


Command = Imagine | Say | Usage | Other
