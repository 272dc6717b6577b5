"""The flags on one line, told apart from the words of the idea; knows no command and no reference.

Whatever cannot be used is named in a notice: no word of the person disappears without a trace.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from gemini_diffusion.commands import flag_values
from gemini_diffusion.commands.flag_values import FlagValue, Value
from gemini_diffusion.commands.flags import FLAGS, Flag, Flags, find_flag, flag_named, nearest_flag
from gemini_diffusion.commands.quotes import close_quotes, unquote
from gemini_diffusion.commands.tokenize_line import fold_width

_SHAPE = re.compile(r"(--|[\u2012-\u2015]{1,2})([A-Za-z]+(?:-[A-Za-z]+)*)(.*)", re.DOTALL)
_GLUED = re.compile(r"[-+.{]?[0-9{.].*", re.DOTALL)
_SHARE = re.compile(r"[01]?[.,][0-9]+,?|[0-9]{2,3}%,?")
_FIGURE = re.compile(r"[0-9]+(?:[.,:/xX][0-9]+)?%?,?")
_EXPLAINED = 5  # so many unknown flags get a sentence of their own; the rest share one


@dataclass(frozen=True, slots=True)
class FlagWord:
    """A word that is a flag, known or not, with the value that is part of the same word."""

    flag: Flag | None
    written: str
    value: str | None = None
    glued: bool = False


def read_flag_word(word: str) -> FlagWord | None:
    """Reads a word as a flag; None if it is text. A long dash counts only before a flag that is known."""
    shape = _SHAPE.fullmatch(fold_width(word))
    if not shape:
        return None
    flag, written, rest = find_flag(shape[2]), word[: shape.end(2)], word[shape.end(2) :]
    folded = shape[3]
    if flag and not folded.strip(",.;:!?"):
        return FlagWord(flag, written)
    if flag and folded.startswith("="):
        return FlagWord(flag, written, rest[1:] or None)
    if flag and flag.kind != "switch" and _GLUED.fullmatch(folded):
        return FlagWord(flag, written, rest, glued=True)
    return FlagWord(None, word) if shape[1] == "--" else None


@dataclass(slots=True)
class FlagsSaid:
    """What the flags of one line said; made by `hear`, and gone when the line is read."""

    words: list[str] = field(default_factory=list)
    values: dict[str, Value] = field(default_factory=dict)
    negative: dict[str, None] = field(default_factory=dict)
    choices: dict[str, str] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)
    met: Counter[str] = field(default_factory=Counter)
    unknown: dict[str, str] = field(default_factory=dict)
    foreign: dict[str, None] = field(default_factory=dict)

    def flags(self, references: Iterable[str] = ()) -> Flags:
        """The values by field."""
        by_field: dict[str, Any] = {flag_named(name).field: value for name, value in self.values.items()}
        return Flags(
            **by_field,
            negative=tuple(self.negative),
            references=tuple(references),
            choices=tuple((flag.name, self.choices[flag.name]) for flag in FLAGS if flag.name in self.choices),
        )

    def switch(self, spot: FlagWord, flag: Flag) -> None:
        """Notes a flag that has no value."""
        self.values[flag.name] = True
        if spot.value:
            self.tell(flag, f'{flag.written} takes no value; "{spot.value[:60]}" was left out.')

    def set(self, flag: Flag, text: str | None) -> None:
        """Notes the value of a flag as it was written."""
        if flag.name == "style" and text and unquote(text).casefold() == "raw":
            self.values["raw"] = True
        elif text and flag_values.is_open(text):
            self.leave_open(flag, close_quotes(text).rstrip(",;"))
        else:
            self.keep(flag, flag_values.parse_value(flag, text) if text else flag_values.missing_value(flag))

    def leave_open(self, flag: Flag, text: str) -> None:
        """Notes {a, b} choices; phrases add up, any other value is replaced."""
        self.met[flag.name] += 1
        if flag.kind == "phrases" and flag.name in self.choices:
            text = f"{self.choices[flag.name]}, {text}"
        elif flag.kind != "phrases":
            self.values.pop(flag.name, None)
        self.choices[flag.name] = text

    def keep(self, flag: Flag, reading: FlagValue) -> None:
        """Notes a value that was read; phrases add up, any other replaces the one before, an unusable one does not."""
        if reading.said:
            self.tell(flag, reading.said)
        if reading.value is None:
            return
        self.met[flag.name] += 1
        if flag.kind == "phrases" and isinstance(reading.value, tuple):
            self.negative |= dict.fromkeys(map(str, reading.value))
        else:
            self.values[flag.name] = reading.value
            self.choices.pop(flag.name, None)

    def tell(self, flag: Flag, text: str) -> None:
        """Adds a sentence about a flag."""
        self.notices.append(text)

    def all_notices(self) -> Iterable[str]:
        """Every sentence about the flags of the line, each once."""
        yield from dict.fromkeys(self.notices)
        yield from _unknown(self.unknown)
        for flag in map(flag_named, self.met):
            if self.met[flag.name] > 1 and flag.kind != "phrases":
                yield f"{flag.written} was given more than once; the last one counts."
        if self.foreign:
            yield f"Without effect here, so left out: {', '.join(self.foreign)}."


def _unknown(unknown: dict[str, str]) -> Iterable[str]:
    """unknown: everything of a mention that was left out -> the mention without its number."""
    for whole, word in list(unknown.items())[:_EXPLAINED]:
        near = nearest_flag(word.strip("-"))
        hint = f"did you mean {near.written}?" if near else "put it in double quotes to keep it as text."
        yield f'"{whole[:80]}" is not a flag I know, so it was left out; {hint}'
    rest = list(unknown)[_EXPLAINED:]
    if rest:
        yield f"These are not flags I know either, and were left out: {' '.join(rest)}."


def parse_flags(words: list[str]) -> FlagsSaid:
    """Parts the words of a line into flags and idea."""
    spots = [read_flag_word(word) for word in words]
    spoken, at = FlagsSaid(), 0
    while at < len(words):
        spot, at = spots[at], at + 1
        if spot is None:
            spoken.words.append(words[at - 1])
        else:
            at += _hear_one(spoken, spot, words[at : _end_of_value(spots, spot, at)])
    return spoken


def _end_of_value(spots: list[FlagWord | None], spot: FlagWord, at: int) -> int:
    """Where the words end that may belong to a flag: at the next flag, and after one word unless it takes several."""
    most = len(spots) if spot.flag and spot.flag.kind in ("phrases", "finish") else at + 1
    while at < min(most, len(spots)) and spots[at] is None:
        at += 1
    return at


def _hear_one(spoken: FlagsSaid, spot: FlagWord, free: list[str]) -> int:
    """Reads one flag with the words that may be its value; returns how many of them it took."""
    flag = spot.flag
    if flag is None:
        return _hear_unknown(spoken, spot, free)
    if spot.glued and spot.value:
        spoken.tell(flag, f'"{spot.written}{spot.value[:60]}" was read as {spot.written} {spot.value[:60]}.')
    if not flag.field:
        return _hear_foreign(spoken, flag, spot, free)
    if flag.kind == "switch":
        spoken.switch(spot, flag)
        return 0
    if flag.kind == "phrases":
        spoken.set(flag, " ".join(filter(None, [spot.value, *free])))
        return len(free)
    if flag.kind == "finish":
        return _hear_steps(spoken, flag, spot, free)
    if flag.kind == "share":
        return _hear_share(spoken, flag, spot, free)
    spoken.set(flag, spot.value or next(iter(free), None))
    return 0 if spot.value else len(free)


def _hear_foreign(spoken: FlagsSaid, flag: Flag, spot: FlagWord, free: list[str]) -> int:
    """A flag without effect goes with its value; one that may stand alone takes only what looks like a version or a code."""
    spoken.foreign[flag.written] = None
    if flag.kind == "switch" or spot.value or not free:
        return 0
    return int(flag.kind == "text" or any(sign.isdigit() for sign in free[0]))


def _hear_share(spoken: FlagsSaid, flag: Flag, spot: FlagWord, free: list[str]) -> int:
    """A flag that may stand alone takes a following word only if it is a fraction: "--refine 3 cats" draws cats."""
    takes = not spot.value and bool(free) and bool(_SHARE.fullmatch(fold_width(free[0])) or flag_values.is_open(free[0]))
    value = spot.value or (free[0] if takes else "")
    if value:
        spoken.set(flag, value)
    else:
        spoken.values[flag.name] = True
        spoken.choices.pop(flag.name, None)
    return int(takes)


def _hear_steps(spoken: FlagsSaid, flag: Flag, spot: FlagWord, free: list[str]) -> int:
    """A list of steps goes on after each comma: "--finish levels:0.5, sharpen a fox" draws a fox."""
    taken = [spot.value] if spot.value else free[:1]
    while taken and taken[-1].endswith(",") and len(free) > (used := len(taken) - bool(spot.value)):
        taken.append(free[used])
    spoken.set(flag, "".join(taken) or None)
    return len(taken) - bool(spot.value)


def _hear_unknown(spoken: FlagsSaid, spot: FlagWord, free: list[str]) -> int:
    """A flag nobody knows takes a number along, so that the 768 of --height 768 does not end up in the picture."""
    number = bool(free) and bool(_FIGURE.fullmatch(fold_width(free[0])))
    spoken.unknown[f"{spot.written} {free[0]}" if number else spot.written] = spot.written
    return int(number)
