"""Numbers of more than one word, in English and in eight other languages: "twenty-five", "half a dozen", "vingt-cinq"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

_UNITS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
_TEENS = ["ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_VALUES: Mapping[str, int] = {
    **{word: value for value, word in enumerate([*_UNITS, *_TEENS], 1)},
    **{word: 10 * value for value, word in enumerate(_TENS, 2)},
    **{"half": 0, "dozen": 12, "hundred": 100, "thousand": 1000},
}
_TWO = rf"(?:{'|'.join(_TENS)})[- ](?:{'|'.join(_UNITS)})"
_SMALL = rf"(?:{_TWO}|{'|'.join([*_TENS, *_TEENS, *_UNITS])}|\d{{1,3}})"
COMPOUND = rf"\b(?:half[ -](?:a[ -])?dozen|{_SMALL}[ -](?:dozen|hundred|thousand)(?:(?: and)? {_SMALL})?|{_TWO})\b"
"""One number in several English words."""
_IS_COMPOUND = re.compile(COMPOUND, re.IGNORECASE)


def value_of(said: str) -> int | None:
    """The value of a number in several English words, None for any other text."""
    if not _IS_COMPOUND.fullmatch(said):
        return None
    words = [word for word in re.split("[ -]", said.lower()) if word not in ("a", "and")]
    if words[0] == "half":
        return 6
    total = 0
    for word in words:
        value = int(word) if word.isdecimal() else _VALUES[word]
        total = total * value if word in ("dozen", "hundred", "thousand") else total + value
    return total


def in_english(value: int) -> str:
    """A number from 21 to 99 as English writes it."""
    tens, units = divmod(value, 10)
    return _TENS[tens - 2] + (f"-{_UNITS[units - 1]}" if units else "")


def compounds(code: str, forms: Mapping[str, int]) -> Iterator[tuple[str, int]]:
    """(what is said, its value) of the numbers from 21 to 99 in a language whose `forms` for single numbers are known."""
    units = [(word, value) for word, value in forms.items() if value < 10]
    tens = [(word, value) for word, value in forms.items() if value in range(20, 100, 10)]
    for ten, tens_value in tens:
        for unit, value in [*units, *_more_units(code, forms, tens_value)]:
            for said in _joined(code, ten, unit, tens_value):
                yield said, tens_value + value


def _more_units(code: str, forms: Mapping[str, int], tens: int) -> Iterator[tuple[str, int]]:
    """French counts on from sixty and from eighty up to nineteen; German and Arabic have another word for one."""
    if code == "fr" and tens in (60, 80):
        yield from ((word, value) for word, value in forms.items() if 10 <= value < 20)
    if code == "fr":
        yield "un", 1
    if code == "de":
        yield "ein", 1


def _joined(code: str, ten: str, unit: str, tens: int) -> Iterator[str]:
    """How a ten and what is beyond it are said as one number."""
    if code in ("es", "pt"):
        yield f"{ten} {'y' if code == 'es' else 'e'} {unit}"
        if code == "es" and tens == 20:
            yield f"veinti{unit}"
    elif code == "fr":
        yield from (f"{ten.removesuffix('s')}-{unit}", f"{ten} et {unit}", f"{ten}-et-{unit}")
    elif code == "de":
        yield f"{unit}und{ten}"
    elif code == "it":
        yield (ten[:-1] if unit[0] in "uo" else ten) + unit
    elif code == "ru":
        yield f"{ten} {unit}"
    elif code == "ko":
        yield f"{'스물' if tens == 20 else ten}{unit}"
    elif code == "ar":
        yield f"{unit} و{ten}"
