"""Presets: flags under a name, kept among a person's settings, and taken where a request leaves them open."""

from __future__ import annotations

import dataclasses
import re
from functools import lru_cache

from gemini_diffusion.commands import Flags, Imagine, nearest, parse
from gemini_diffusion.config.settings import Settings
from gemini_diffusion.types.errors import BadInput

_ENTRY = re.compile(r'\s*([^:;]+?)\s*:\s*((?:"[^"]*"|[^;"])+)')


@lru_cache(64)
def read_presets(text: str) -> dict[str, Flags]:
    """Each preset of a text as "noir: --style noir --steps 30; wide: --ar 16:9". What holds no flag is none."""
    found = dict[str, Flags]()
    for name, flags in _ENTRY.findall(text):
        command = parse(f"/imagine x {flags}")
        if isinstance(command, Imagine) and command.flags != Flags():
            found[name] = command.flags
    return found


def with_preset(flags: Flags, settings: Settings) -> Flags:
    """The flags with those of the preset that they name, or else of the chosen one, where they say nothing themselves.

    A line with --raw says all there is, unless it names a preset. Raises BadInput for a name that there is not.
    """
    wanted = flags.preset or ("" if flags.raw else settings.preset)
    if not wanted:
        return flags
    presets = read_presets(settings.presets)
    kept = next((preset for name, preset in presets.items() if name.casefold() == wanted.casefold()), None)
    if kept is None:
        raise _unknown(wanted, list(presets))
    plain = Flags()
    said = {entry.name: getattr(flags, entry.name) for entry in dataclasses.fields(Flags)}
    differing = {name: value for name, value in said.items() if value != getattr(plain, name)}
    return dataclasses.replace(kept, **differing | {"preset": None})


def _unknown(wanted: str, names: list[str]) -> BadInput:
    near = nearest(wanted, names)
    known = (
        f"Did you mean {near}?" if near else f"There are {', '.join(names)}." if names else "Write one in Settings, Presets."
    )
    return BadInput(f"There is no preset called {wanted[:40]}.", known)
