"""Other programs' ways of writing a prompt, put into the grammar of the /imagine line; what has no like here is named.

A1111's text with "Negative prompt:" and "Steps: 20, Sampler: ...", its (( )), [ ], [a:b:0.5], BREAK and AND, ComfyUI's {a|b}
and embedding:name, single dashes, width and height. Text in double quotes is left as it is.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from gemini_diffusion.commands.flags import FLAGS
from gemini_diffusion.commands.quotes import quoted

_STEPS = re.compile(r"\bSteps:\s*\d+,", re.IGNORECASE)
_A1111 = re.compile(
    r"(?P<prompt>.*?)(?:(?:^|\s)Negative prompt:\s*(?P<negative>.*?))?(?:^|\s)(?P<settings>Steps:\s*\d+,\s.*)",
    re.DOTALL | re.IGNORECASE,
)
_NEGATIVE_ONLY = re.compile(r"(?P<prompt>.+?)\n\s*Negative prompt:\s*(?P<negative>.+)", re.DOTALL | re.IGNORECASE)
_SETTING = re.compile(r'\s*([A-Za-z][\w /-]*):\s*("(?:[^"\\]|\\.)*"|[^,]*)(?:,|$)')
_AS_FLAG = {
    "steps": "steps", "sampler": "scheduler", "cfg scale": "cfg", "seed": "seed", "size": "ar", "clip skip": "clip-skip",
    "denoising strength": "strength",
}  # fmt: skip
_FLAGS = [name for flag in FLAGS for name in (flag.name, *flag.aliases) if len(name) > 1]
_NAMES = "|".join(sorted(_FLAGS, key=len, reverse=True))
_SIZE = re.compile(r"(?<!\S)--?(?:width|w)[ =](\d{2,5})\s+--?(?:height|h)[ =](\d{2,5})(?!\S)")
_SINGLE_DASH = re.compile(rf"(?<!\S)-(?=(?:{_NAMES})(?:[ =]|$))")
_SWAP = re.compile(r"\[([^\[\]:|]*):([^\[\]:|]*):\s?(\d*\.?\d+)\]")
_TURNS = re.compile(r"\[([^\[\]:|]+)((?:\|[^\[\]:|]+)+)\]")
_LESS = re.compile(r"(?<![\\\w\[])(\[{1,9})([^\[\]:|]{1,200})(\]{1,9})(?!\()")
_MORE = re.compile(r"(?<![\\\w(])(\({2,9})([^()]{1,200})(\){2,9})(?![\d.])")
_EMBEDDING = re.compile(r"\bembedding:([\w-]{1,60})(?:\.\w+)?")
_CHOICE = re.compile(r"\{([^{}|]*(?:\|[^{}|]*)+)\}")
_PART = re.compile(r"\s?,?\s?\b(BREAK|AND)\b\s?,?\s?")


Put = Callable[[re.Match[str], list[str]], str]
"""What stands instead of a match; what has to be said of it goes into the list."""


@dataclass(slots=True)
class Rewritten:
    """A line in our grammar, and a sentence for each thing that was read otherwise."""

    line: str
    notices: list[str] = field(default_factory=list)


def a1111_line(text: str) -> Rewritten | None:
    """The /imagine line that a whole A1111 text says; None for any other text."""
    found = (_A1111.fullmatch(text.strip()) if _STEPS.search(text) else None) or _NEGATIVE_ONLY.fullmatch(text.strip())
    if not found or not found["prompt"].strip():
        return None
    settings = found.groupdict().get("settings") or ""
    said = {name.lower(): value.strip().strip('"') for name, value in _SETTING.findall(settings)}
    flags = [f'--{_AS_FLAG[name]} "{value}"' for name, value in said.items() if name in _AS_FLAG and value]
    denied = found["negative"] or ""
    negative = [f"--no {_plain(denied)}"] if _plain(denied) else []
    line = " ".join([found["prompt"].strip(), "--raw", *negative, *flags])
    rest = [
        f"{name} {value}" for name, value in said.items() if name not in _AS_FLAG and "hash" not in name and name != "version"
    ]
    notice = "I read this as a prompt of Automatic1111, with its own words and numbers"
    return Rewritten(line, [f"{notice}{'; without effect: ' + ', '.join(rest)[:200] if rest else ''}."])


def _plain(negative: str) -> str:
    """What is ruled out as phrases: weights go, as a negative prompt names things."""
    bare = re.sub(r":\s?-?\d*\.?\d+\s?(?=\))", "", negative)
    return ", ".join(filter(None, (part.strip() for part in re.sub(r"[()\[\]\"]", "", bare).split(","))))


def rewrite(body: str) -> Rewritten:
    """The words after /imagine with every other program's signs put into ours, outside quotations."""
    rewritten, pieces, last = Rewritten(""), list[str](), 0
    for start, end in [*quoted(body), (len(body), len(body))]:
        pieces += [_outside(body[last:start], rewritten), body[start:end]]
        last = end
    rewritten.line = "".join(pieces)
    return rewritten


def _outside(text: str, rewritten: Rewritten) -> str:
    for pattern, put in _RULES:
        text = _replace(text, pattern, put, rewritten.notices)
    return text


def _replace(text: str, pattern: re.Pattern[str], put: Put, notices: list[str]) -> str:
    return pattern.sub(lambda match: put(match, notices), text)


def _swap(match: re.Match[str], notices: list[str]) -> str:
    first = match[1].strip() or match[2].strip()
    notices.append(f"{match[0]} changes words while it is drawn, which no engine here does; I read it as {first}.")
    return first


def _turns(match: re.Match[str], notices: list[str]) -> str:
    notices.append(f"{match[0]} takes turns at every step, which no engine here does; I read it as {match[1].strip()}.")
    return match[1].strip()


def _less(match: re.Match[str], notices: list[str]) -> str:
    depth = min(len(match[1]), len(match[3]))
    return f"({match[2].strip()}:{round(1.1**-depth, 2):g})"


def _more(match: re.Match[str], notices: list[str]) -> str:
    depth = min(len(match[1]), len(match[3]), 5)
    return f"({match[2].strip()}:{round(1.1**depth, 2):g})"


def _choice(match: re.Match[str], notices: list[str]) -> str:
    return "{" + ", ".join(option.strip().replace(",", "\\,") for option in match[1].split("|")) + "}"


def _part(match: re.Match[str], notices: list[str]) -> str:
    said = f"{match[1]} parts a prompt in other programs; here it was read as a comma."
    notices += [said] if said not in notices else []
    return ", "


_RULES: tuple[tuple[re.Pattern[str], Put], ...] = (
    (_SIZE, lambda match, notices: f"--ar {match[1]}:{match[2]}"),
    (_SINGLE_DASH, lambda match, notices: "--"),
    (_SWAP, _swap),
    (_TURNS, _turns),
    (_LESS, _less),
    (_MORE, _more),
    (_CHOICE, _choice),
    (_EMBEDDING, lambda match, notices: f"<{match[1]}>"),
    (_PART, _part),
)
