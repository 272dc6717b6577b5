"""One row of the settings table, and how pydantic reads a value by it. Keys are Secret."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from gemini_diffusion.types.errors import BadInput

Scope = Literal["visitor", "host"]
LONGEST_TEXT = 2000
LONGEST_SHOWN = 40
_CONFIG = ConfigDict(allow_inf_nan=False, coerce_numbers_to_str=True, str_max_length=LONGEST_TEXT)


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
    """One row of the table: what a person reads about a setting and what values it takes.

    `env` are variables besides GEMINI_DIFFUSION_<FIELD>; `scope` says whether each visitor sets it or only the host; `address`
    is, for a key, the setting that holds the address it is sent to in place of the service's.
    """

    group: str
    label: str
    help: str
    env: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    scope: Scope = "visitor"
    address: str = ""

    @property
    def range(self) -> str:
        """As "0 to 1,000", empty where there is none."""
        return "" if self.low is None or self.high is None else f"{self.low:,.9g} to {self.high:,.9g}"


def row(default: Any, group: str, label: str, help: str, **more: Any) -> Any:
    """A dataclass field that carries its Option."""
    return field(default=default, metadata={"option": Option(group, label, help, **more)})


def read_as(kind: Any, option: Option, value: Any, source: str) -> Any:
    """`value` as `kind` (str, bool, int or float) that fits `option`; BadInput names `source` and says what would fit."""
    if isinstance(value, str):
        value = value.strip()
        value = {choice.lower(): choice for choice in option.choices}.get(value.lower(), value)
    try:
        return _adapter(kind, option).validate_python(value)
    except ValidationError as error:
        raise BadInput(f"{source} cannot be {_shown(value)}.", _hint(error.errors()[0]["type"], kind, option)) from None


@cache
def _adapter(kind: Any, option: Option) -> TypeAdapter[Any]:
    limits = Field(ge=option.low, le=option.high) if option.low is not None else Field()
    fitting: Any = Literal[option.choices] if option.choices else Annotated[kind, limits]
    return TypeAdapter(fitting, config=_CONFIG)


_HINTS = {
    "literal": "Choose one of {choices}.",
    "bool": "Use true or false.",
    "string_too": f"Keep it under {LONGEST_TEXT:,} characters.",
    "string": "Write it as text.",
}
"""By how pydantic's type of an error begins; whatever else is wrong with a value, it is no number in the range."""


def _hint(error: str, kind: Any, option: Option) -> str:
    number = "Use a whole number from {range}." if kind is int else "Use a number from {range}."
    hint = next((hint for start, hint in _HINTS.items() if error.startswith(start)), number)
    return hint.format(choices=", ".join(option.choices), range=option.range)


def _shown(value: Any) -> str:
    """A refused value, short enough for a sentence."""
    text = f"{value:g}" if isinstance(value, float) else repr(value) if isinstance(value, str) else str(value)
    return text[:LONGEST_SHOWN]


def without_secrets(address: str) -> str:
    """An address without user, password and query, which may hold a key."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}" if parts.scheme else address
