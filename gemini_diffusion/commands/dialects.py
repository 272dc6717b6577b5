"""Other programs' ways of writing a prompt, put into the grammar of the /imagine line; what has no like here is named.

A1111's text with "Negative prompt:" and "Steps: 20, Sampler: ...", its (( )), [ ], [a:b:0.5], BREAK and AND, ComfyUI's {a|b}
and embedding:name, NovelAI's {{ }}, single dashes, width and height. Text in double quotes is left as it is.
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
_ELSEWHERE = {
    "neg": "no", "np": "no", "n-prompt": "no", "negative-prompt": "no", "num-inference-steps": "steps", "ddim-steps": "steps",
    "sampling-steps": "steps", "guidance": "cfg", "guidance-scale": "cfg", "cfg-scale": "cfg", "sampler-name": "scheduler",
    "clip-skip": "clip-skip", "batch": "n", "batch-size": "n", "count": "n", "n-iter": "n", "denoise": "strength",
    "denoising-strength": "strength", "aspect-ratio": "ar",
}  # fmt: skip
"""What other programs call our flags; they part words by hyphens or underscores."""
_OTHER_NAME = re.compile(
    rf"(?<!\S)--?({'|'.join(sorted(_ELSEWHERE, key=len, reverse=True)).replace('-', '[-_]')})(?=[ =]|$)", re.IGNORECASE
)
_SIDE = re.compile(r"(?<!\S)--?(?P<name>width|w|height|h)[ =](?P<size>\d{2,5})(?!\S)", re.IGNORECASE)
_DASHES = re.compile(rf"(?<!\S)-(?=(?:{_NAMES})(?:[ =]|$)|[snqrcv][ =]\d)|(?<=[)\],])\s*--(?=(?:{_NAMES})(?:[ =]|$))")
_SAMPLER = re.compile(
    r"(?<!\S)--(?:sampler|scheduler)[ =](?P<name>(?:DPM\+\+|DPM2|DPM|Euler|LMS|Heun|UniPC|DDIM|DEIS|LCM)"
    r"(?: (?:2M|2S|3M|SDE|Karras|Exponential|Trailing|a(?=$|,| -| Karras)))+)(?!\S)"
)
_NEGATIVE = re.compile(r"[\s.,;]*\bNegative prompt:\s*", re.IGNORECASE)
_SWAP = re.compile(r"\[(?:([^\[\]:|]*):)?([^\[\]:|]*):\s?(\d*\.?\d+)\]")
_TURNS = re.compile(r"\[([^\[\]:|]+)((?:\|[^\[\]:|]+)+)\]")
_LESS = re.compile(r"(?<![\\\w\[])(\[{1,9})([^\[\]:|]{1,200})(\]{1,9})(?!\()")
_MORE = re.compile(r"(?<![\\\w(])(\({2,9})([^()]{1,200})(\){2,9})(?![\d.])")
_EMBEDDING = re.compile(r"\bembedding:([\w-]{1,60})(?:\.\w+)?")
_CHOICE = re.compile(r"\{([^{}|]*(?:\|[^{}|]*)+)\}")
_SHARE = re.compile(r"^\s*\d*\.?\d+::|^\s*\d+(?:-\d+)?\$\$(?:[^|$]*\$\$)?")
_BRACES = re.compile(r"(?<![\\\w{])(\{{2,9})([^{}|,]{1,200})(\}{2,9})")
_PART_WEIGHT = re.compile(r"\bAND\s+([^,:()\[\]{}]{1,200}?)\s*:\s?(\d*\.?\d+)(?=\s*(?:$|AND\b|BREAK\b))")
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
    text = re.sub(r"\A\s*parameters:?\s*\n", "", text)
    found = (_A1111.fullmatch(text.strip()) if _STEPS.search(text) else None) or _NEGATIVE_ONLY.fullmatch(text.strip())
    if not found or not found["prompt"].strip():
        return None
    settings = found.groupdict().get("settings") or ""
    said = {name.lower(): value.strip().strip('"') for name, value in _SETTING.findall(settings)}
    flags = [f'--{_AS_FLAG[name]} "{value}"' for name, value in said.items() if name in _AS_FLAG and value not in ("", "-1")]
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
    text = _as_aspect(text)
    for pattern, put in _RULES:
        text = _replace(text, pattern, put, rewritten.notices)
    return text


def _replace(text: str, pattern: re.Pattern[str], put: Put, notices: list[str]) -> str:
    return pattern.sub(lambda match: put(match, notices), text)


def _as_aspect(text: str) -> str:
    """Width and height, in any order and wherever they stand, as one shape; one of them alone says none."""
    sides = {match["name"][0].lower(): match["size"] for match in _SIDE.finditer(text)}
    return f"{_SIDE.sub('', text)} --ar {sides['w']}:{sides['h']}" if len(sides) == 2 else text


def _swap(match: re.Match[str], notices: list[str]) -> str:
    first = (match[1] or "").strip() or match[2].strip()
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
    if _SHARE.search(match[1]) or any(map(_SHARE.search, match[1].split("|"))):
        notices.append(f"{match[0]} weighs its choices or takes several at once in other programs; here each is one choice.")
    options = [option for part in match[1].split("|") if (option := _SHARE.sub("", part).strip().replace(",", "\\,"))]
    return "{" + ", ".join(options) + "}" if len(options) > 1 else "".join(options)


def _braces(match: re.Match[str], notices: list[str]) -> str:
    """As NovelAI weighs: a twentieth more for each pair."""
    return f"({match[2].strip()}:{round(1.05 ** min(len(match[1]), len(match[3])), 2):g})"


def _part(match: re.Match[str], notices: list[str]) -> str:
    said = f"{match[1]} parts a prompt in other programs; here it was read as a comma."
    notices += [said] if said not in notices else []
    return ", "


_RULES: tuple[tuple[re.Pattern[str], Put], ...] = (
    (_NEGATIVE, lambda match, notices: " --no "),
    (_OTHER_NAME, lambda match, notices: f"--{_ELSEWHERE[match[1].lower().replace('_', '-')]}"),
    (_DASHES, lambda match, notices: "--" if match[0] == "-" else " --"),
    (_SAMPLER, lambda match, notices: f'--scheduler "{match["name"]}"'),
    (_SWAP, _swap),
    (_TURNS, _turns),
    (_LESS, _less),
    (_MORE, _more),
    (_CHOICE, _choice),
    (_BRACES, _braces),
    (_PART_WEIGHT, lambda match, notices: f"AND ({match[1]}:{match[2]})"),
    (_EMBEDDING, lambda match, notices: f"<{match[1]}>"),
    (_PART, _part),
)
