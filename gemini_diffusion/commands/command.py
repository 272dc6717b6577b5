"""What a line can turn out to be; knows neither how it is read nor how it is written."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product
from typing import Any

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


@dataclass(frozen=True, slots=True)
class SweepAxis:
    """What varies: `name` is a flag's, "prompt" or "lora NAME"; `labels` say its `values`, which fill `field` of Flags, or of
    Imagine where that is "idea"."""

    name: str
    field: str
    labels: tuple[str, ...]
    values: tuple[Any, ...]

    @property
    def rewrites(self) -> bool:
        """Whether the prompt has to be written anew for each value."""
        return self.field in ("idea", "style", "stylize")

    def applied(self, base: Imagine, place: int) -> Imagine:
        """The request with the value of that place."""
        value = self.values[place]
        if self.field == "idea":
            return replace(base, idea=value, flags=replace(base.flags, raw=True, weights=()))
        if self.field == "adapters":
            value = (*(each for each in base.flags.adapters if each.name != value.name), value)
        return replace(base, flags=replace(base.flags, **{self.field: value}))


@dataclass(frozen=True, slots=True)
class Sweep:
    """One or two axes; `base` is what each cell is drawn from, None for the selected picture."""

    axes: tuple[SweepAxis, ...]
    base: Imagine | None = None
    notices: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """Its axes as they are read: "steps 10,20 x cfg 3,6"."""
        return " x ".join(f"{axis.name} {','.join(axis.labels)}" for axis in self.axes)

    def cells(self, base: Imagine) -> list[SweepCell]:
        """Every cell, the first axis varying fastest."""
        rows = product(*(range(len(axis.labels)) for axis in reversed(self.axes)))
        return [self._cell(base, tuple(reversed(places))) for places in rows]

    def _cell(self, base: Imagine, places: tuple[int, ...]) -> SweepCell:
        for axis, place in zip(self.axes, places, strict=True):
            base = axis.applied(base, place)
        values = tuple(axis.labels[place] for axis, place in zip(self.axes, places, strict=True))
        return SweepCell(tuple(axis.name for axis in self.axes), values, base)


@dataclass(frozen=True, slots=True)
class SweepCell:
    """One picture of a sweep: the value of each axis, and the whole request."""

    names: tuple[str, ...]
    values: tuple[str, ...]
    command: Imagine

    @property
    def label(self) -> str:
        return ", ".join(f"{name} {value}" for name, value in zip(self.names, self.values, strict=True))


Command = Imagine | PictureCommand | Sweep | Say | Usage | Unknown
