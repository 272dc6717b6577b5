"""The line of an experiment, "/sweep steps 10,20 x guidance 3,6 of a fox" -> its axes and its cells; draws nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from math import prod
from typing import Any

from gemini_diffusion.commands import flag_values
from gemini_diffusion.commands.command import Imagine, Sweep, SweepAxis, Usage
from gemini_diffusion.commands.flags import FLAGS, Flag, find_flag
from gemini_diffusion.commands.picture_command import SWEEP_HELP
from gemini_diffusion.commands.quotes import outside, quoted, unquote
from gemini_diffusion.types import Adapter

MOST_CELLS = 60
_OF, _TIMES, _COMMA = re.compile(r"(?:^|\s)of\s"), re.compile(r"\s[xX\u00d7]\s"), re.compile(r"[,\uff0c\u3001]")
_AXIS = re.compile(
    r"(?P<name>prompts?|loras?\s+\S+|-{0,2}[A-Za-z][A-Za-z-]*)\s*[:=\s]\s*(?P<values>.+)", re.DOTALL | re.IGNORECASE
)


def parse_sweep(rest: str, imagine: Callable[[str], Imagine | Usage]) -> Sweep | Usage:
    """What stands after /sweep; `imagine` reads the request after "of"."""
    of = next(outside(quoted(rest), rest, _OF), None)
    head, line = (rest[: of.start()], rest[of.end() :]) if of else (rest, "")
    try:
        axes = tuple(map(_axis, _split(head, _TIMES)))
    except ValueError as error:
        return Usage("/sweep", (str(error),))
    cells = prod(len(axis.labels) for axis in axes)
    if len(axes) > 2 or cells > MOST_CELLS or len({axis.name for axis in axes}) < len(axes):
        return Usage("/sweep", (f"That would be {cells} pictures; take at most {MOST_CELLS}, along one or two things.",))
    base = imagine(line) if line.strip() else None
    if isinstance(base, Usage):
        return Usage("/sweep", base.notices)
    if base and (base.template or base.flags.choices):
        return Usage("/sweep", ('Choices in braces are an axis here, as in /sweep prompts "a red fox", "a blue fox".',))
    return Sweep(axes, base, base.notices if base else ())


def _split(text: str, mark: re.Pattern[str]) -> list[str]:
    """The parts between the marks that stand outside quotes."""
    parts, last = list[str](), 0
    for found in outside(quoted(text), text, mark):
        parts.append(text[last : found.start()])
        last = found.end()
    return [part.strip() for part in (*parts, text[last:])]


def _axis(text: str) -> SweepAxis:
    """Raises ValueError with a sentence that says what is wrong."""
    found = _AXIS.fullmatch(text)
    values = list(dict.fromkeys(filter(None, map(unquote, _split(found["values"], _COMMA))))) if found else []
    if not found or not values:
        raise ValueError(f"Say what varies and its values: {SWEEP_HELP}.")
    name, _, rest = found["name"].partition(" ")
    if name.lower() in ("prompt", "prompts"):
        return SweepAxis("prompt", "idea", tuple(values), tuple(values))
    if name.lower() in ("lora", "loras"):
        return _adapter_axis(rest.strip(), values)
    return _flag_axis(_flag(name), values)


def _flag_axis(flag: Flag, values: list[str]) -> SweepAxis:
    read = dict[str, Any]()
    for value in values:
        found = flag_values.parse_value(flag, f'"{value}"')
        if found.value is None:
            raise ValueError(found.said)
        read[unquote(flag_values.format_value(found.value))] = found.value
    return SweepAxis(flag.name, flag.field, tuple(read), tuple(read.values()))


def _flag(name: str) -> Flag:
    """The flag that is meant, in the plural too; "guidance" is what people call --cfg."""
    plain = name.lower().lstrip("-")
    flag = find_flag("cfg" if plain == "guidance" else plain) or find_flag(plain.removesuffix("s"))
    if flag is None or not _can_vary(flag):
        known = ", ".join(each.name for each in FLAGS if _can_vary(each))
        raise ValueError(f"{name} cannot vary; take one of {known}, prompt or lora NAME.")
    return flag


def _can_vary(flag: Flag) -> bool:
    return flag.kind not in ("switch", "phrases", "maybe") and flag.field not in ("", "count", "prompt_2")


def _adapter_axis(name: str, values: list[str]) -> SweepAxis:
    if not all(re.fullmatch(r"-?[0-9]{0,2}\.?[0-9]{1,4}", value) for value in values):
        raise ValueError(f"The strengths of {name} are numbers, as in lora {name} 0.4, 0.8.")
    adapters = {f"{float(value):g}": Adapter(name, float(value)) for value in values}
    return SweepAxis(f"lora {name}", "adapters", tuple(adapters), tuple(adapters.values()))
