"""What a line can turn out to be; knows neither how it is read nor how it is written."""

from dataclasses import dataclass
from typing import Literal

from gemini_diffusion.types import Adapter, Aspect


@dataclass(frozen=True, slots=True)
class Notice:
    """One sentence for the person: what was read and what was done instead; `flag` is what it is about."""

    text: str
    flag: str


@dataclass(frozen=True, slots=True)
class Weight:
    """A part of the idea and its pull; below zero it is something to leave out."""

    text: str
    weight: float


@dataclass(frozen=True, slots=True)
class Flags:
    """What the person said by flag; None, False or empty where nothing was said, so that defaults can be filled in.

    choices: flags whose value is still open, as (flag name, "{1:1, 16:9}"); `expand` settles them.
    extras: accepted flags that no part of the program uses, as (flag name, value or "").
    weights: the parts of the idea with their pull; while it is not empty the idea is the parts above zero, so emphasised.
    refine: the part of the drawing after which the second model goes on, True where only that it does was said.
    """

    aspect: Aspect | None = None
    seed: int | Literal["last", "random"] | None = None
    negative: tuple[str, ...] = ()
    stylize: int | None = None
    raw: bool = False
    style: str | None = None
    count: int | None = None
    steps: int | None = None
    cfg: float | None = None
    scheduler: str | None = None
    quality: float | None = None
    draft: bool = False
    model: str | None = None
    tile: bool = False
    strength: float | None = None
    image_weight: float | None = None
    refine: float | bool = False
    hd: bool = False
    chaos: int | None = None
    engine: str | None = None
    review: bool = False
    dry: bool = False
    adapters: tuple[Adapter, ...] = ()
    references: tuple[str, ...] = ()
    weights: tuple[Weight, ...] = ()
    choices: tuple[tuple[str, str], ...] = ()
    extras: tuple[tuple[str, str], ...] = ()


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
