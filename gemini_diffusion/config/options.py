"""One row of the settings table, and how a value is read by it; knows no field and no service. Keys are Secret."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlsplit

from gemini_diffusion.types.errors import BadInput

Scope = Literal["visitor", "host"]


class Secret:
    """A key that does not show itself: only `reveal()` gives it, only its last four characters are ever displayed."""

    __slots__ = ("_value",)

    def __init__(self, value: str = "") -> None:
        self._value = value.strip()

    def reveal(self) -> str:
        return self._value

    @property
    def tail(self) -> str:
        """The last four characters, nothing of a key too short to hide the rest."""
        return self._value[-4:] if len(self._value) >= 12 else ""

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __repr__(self) -> str:
        return "Secret(set)" if self._value else "Secret()"


@dataclass(frozen=True, slots=True)
class Option:
    """One row of the table: what a person reads about a setting and what values it takes."""

    group: str
    label: str
    help: str
    env: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    term: str = ""
    scope: Scope = "visitor"


def row(default: Any, option: Option) -> Any:
    return field(default=default, metadata={"option": option})


def without_secrets(address: str) -> str:
    """An address without user, password and query, which may hold a key."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}" if parts.scheme else address


def read_as(kind: type, label: str, value: Any, option: Option) -> Any:
    """`value` (text, number or truth) as a str, int, float or bool that fits `option`; BadInput says what would fit."""
    if kind is bool:
        return _read_bool(label, value)
    if kind is str:
        if not isinstance(value, (str, int, float)):
            raise BadInput(f"{label} cannot be {str(value)[:40]!r}.", "Write it as text.")
        return _read_text(label, str(value).strip(), option)
    return _read_number(label, value, option, whole=kind is int)


def _read_bool(label: str, value: Any) -> bool:
    words = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False, "": False}
    if isinstance(value, bool):
        return value
    if str(value).strip().lower() in words:
        return words[str(value).strip().lower()]
    raise BadInput(f"{label} cannot be {str(value)[:40]!r}.", "Use true or false.")


def _read_text(label: str, value: str, option: Option) -> str:
    if option.choices and value not in option.choices:
        known = {choice.lower(): choice for choice in option.choices}
        if value.lower() in known:
            return known[value.lower()]
        raise BadInput(f"{label} cannot be {value[:40]!r}.", f"Choose one of {', '.join(option.choices)}.")
    if len(value) > 2000:
        raise BadInput(f"{label} is {len(value)} characters long.", "Keep it under 2,000.")
    return value


def _read_number(label: str, value: Any, option: Option, *, whole: bool) -> float | int:
    low, high = option.low, option.high
    fits = (
        f"Use a {'whole ' if whole else ''}number from {low:,.9g} to {high:,.9g}."
        if low is not None and high is not None
        else ""
    )
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise BadInput(f"{label} cannot be {str(value)[:40]!r}.", fits) from None
    if not math.isfinite(number) or (whole and number != int(number)):
        raise BadInput(f"{label} cannot be {str(value)[:40]!r}.", fits)
    if (low is not None and number < low) or (high is not None and number > high):
        raise BadInput(f"{label} cannot be {number:g}.", fits)
    return int(number) if whole else number
