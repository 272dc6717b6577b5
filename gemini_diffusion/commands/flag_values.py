"""The value of one flag, read from what a person wrote and written back; knows no line."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from math import gcd

from gemini_diffusion.commands.flags import Flag, Kind
from gemini_diffusion.commands.permutations import count_permutations
from gemini_diffusion.commands.quotes import outside, unquote, without_quotes
from gemini_diffusion.commands.tokenize_line import collapse_blanks, fold_width
from gemini_diffusion.types import Aspect, FinishStep
from gemini_diffusion.types.finishing import FINISHES, read_finish, write_finish
from gemini_diffusion.types.prompt_phrases import whole_spans

HIGHEST_SEED = 2**32 - 1
WIDEST = 4  # sides further apart than 4:1 are beyond what the models were trained on
NAMED_SHAPES = {"portrait": Aspect(2, 3), "landscape": Aspect(3, 2), "square": Aspect(1, 1)}
QUALITIES = (0.25, 0.5, 1.0, 2.0)

_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*|,[0-9]{1,2})?|[.,][0-9]+)")
_RATIO = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,3})?)[:xX\u00d7/]([0-9]{1,6}(?:\.[0-9]{1,3})?)")
_COMMA = re.compile("[,\uff0c\u3001]")
_WORD = re.compile(r"\w[\w.:/+'-]*")
_PHRASE = re.compile(rf"{_WORD.pattern}(?: {_WORD.pattern})*")

Value = Aspect | int | float | str | tuple[str, ...] | tuple[FinishStep, ...]


@dataclass(frozen=True, slots=True)
class FlagValue:
    """A value, or None where there is none to be had, and a sentence if it is not what was written."""

    value: Value | None
    said: str = ""


def parse_value(flag: Flag, text: str) -> FlagValue:
    """Reads a value as written, quotes included. A number beyond its range is moved into it; never raises."""
    text = text.strip().rstrip(",;\uff0c\u3001")
    return _READERS[flag.kind](flag, text) if text else missing_value(flag)


def missing_value(flag: Flag) -> FlagValue:
    """The reading of a flag that stands without its value."""
    return FlagValue(None, f"{flag.written} stands without a value ({flag.values}), so it was left out.")


def _unusable(flag: Flag, text: str) -> FlagValue:
    return FlagValue(None, f'{flag.written} takes {flag.values}; "{unquote(text)[:60]}" was left out.')


def _number(text: str) -> float | None:
    folded = fold_width(unquote(text))
    return float(folded.replace(",", ".")) if _NUMBER.fullmatch(folded) else None


def _share(text: str) -> float | None:
    """A part of one, in hundredths too."""
    hundredths = _number(text.removesuffix("%")) if text.endswith("%") else None
    return _number(text) if hundredths is None else hundredths / 100


def _decimal(flag: Flag, text: str) -> FlagValue:
    number = _share(text) if flag.high == 1 else _number(text)
    if number is None:
        return _unusable(flag, text)
    kept = round(min(max(number, flag.low), flag.high), 6)
    moved = f"{flag.written} goes from {flag.low:g} to {flag.high:g}; {kept:g} was used instead of {text[:20]}."
    return FlagValue(kept, moved if not flag.low <= number <= flag.high else "")


def _whole(flag: Flag, text: str) -> FlagValue:
    reading = _decimal(flag, text)
    if not isinstance(reading.value, float | int):
        return reading
    kept = round(reading.value)
    rounded = f"{flag.written} takes whole numbers; {kept} was used instead of {text[:20]}."
    return FlagValue(kept, reading.said or (rounded if kept != reading.value else ""))


def _step(flag: Flag, text: str) -> FlagValue:
    number = _number(text)
    if number is None:
        return _unusable(flag, text)
    kept = min(QUALITIES, key=lambda step: abs(step - number))
    return FlagValue(kept, "" if kept == number else f"{flag.written} takes {flag.values}; {kept:g} was used.")


def _seed(flag: Flag, text: str) -> FlagValue:
    word = unquote(text).lower()
    if word in ("last", "random"):
        return FlagValue(word)
    number = _number(text)
    if number is None or not 0 <= number <= HIGHEST_SEED or number != int(number):
        said = f'{flag.written} takes {flag.values}; "{unquote(text)[:60]}" was left out. Without one the seed is random.'
        return FlagValue(None, said)
    return FlagValue(int(number))


def _aspect(flag: Flag, text: str) -> FlagValue:
    word = fold_width(unquote(text)).lower()
    sides = _RATIO.fullmatch(word)
    if word in NAMED_SHAPES:
        return FlagValue(NAMED_SHAPES[word])
    if not sides:
        return _unusable(flag, text)
    width, height = (round(float(side) * 1000) for side in sides.groups())
    if not width or not height:
        return _unusable(flag, text)
    if max(width, height) > WIDEST * min(width, height):
        kept = Aspect(WIDEST, 1) if width > height else Aspect(1, WIDEST)
        shape = f"{kept.width}:{kept.height}"
        return FlagValue(kept, f"{flag.written} {word[:20]} is too narrow a strip to draw; {shape} was used.")
    common = gcd(width, height)
    return FlagValue(Aspect(width // common, height // common))


def _phrases(flag: Flag, text: str) -> FlagValue:
    pieces, last = list[str](), 0
    for comma in outside(whole_spans(text), text, _COMMA):
        pieces.append(text[last : comma.start()])
        last = comma.end()
    phrases = tuple(filter(None, map(unquote, [*pieces, text[last:]])))
    return FlagValue(phrases) if phrases else missing_value(flag)


def _text(flag: Flag, text: str) -> FlagValue:
    return FlagValue(unquote(text)) if unquote(text) else missing_value(flag)


def _finish(flag: Flag, text: str) -> FlagValue:
    steps, unknown = read_finish(unquote(text))
    said = f"{flag.written} takes {', '.join(FINISHES)}; {', '.join(unknown)[:60]} was left out." if unknown else ""
    return FlagValue(steps or None, said)


_READERS: dict[Kind, Callable[[Flag, str], FlagValue]] = {
    "whole": _whole,
    "decimal": _decimal,
    "share": _decimal,
    "step": _step,
    "seed": _seed,
    "aspect": _aspect,
    "phrases": _phrases,
    "text": _text,
    "finish": _finish,
    "maybe": _text,
}


def format_value(value: Value) -> str:
    """A value as `read` reads it back."""
    if isinstance(value, Aspect):
        common = gcd(value.width, value.height) or 1
        return f"{value.width // common}:{value.height // common}"
    if isinstance(value, tuple):
        steps = [part for part in value if isinstance(part, FinishStep)]
        return write_finish(steps) if steps else ", ".join(_quote(part) for part in value if isinstance(part, str))
    if isinstance(value, str):
        return _quote(value, _WORD)
    return f"{value:.6f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def _quote(text: str, plain: re.Pattern[str] = _PHRASE) -> str:
    text = without_quotes(collapse_blanks(text))
    return text if plain.fullmatch(text) else f'"{text}"'


def is_open(text: str) -> bool:
    """Whether the value still holds {a, b} choices."""
    return count_permutations(text) > 1
