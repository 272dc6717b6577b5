"""Takes out what has no place in a prompt: addresses, flags, weights, markup, control characters; knows no request."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from gemini_diffusion.types import prompt_weights

_FLAGS = r"(?:ar|aspect|seed|no|stylize|s|raw|style|n|steps|cfg|quality|q|model|v|niji|tile|chaos|c)"
_RULES = tuple(
    (re.compile(pattern, re.IGNORECASE), instead)
    for pattern, instead in (
        (r"!?\[([^\[\]]*)\]\([^)]*\)", r"\1"),  # markdown links and pictures
        (r"<[^<>]{0,200}>", " "),  # tags, <lora:...> among them
        (r"\b[a-z][a-z0-9+.-]{1,12}://\S*|\bwww\.\S+|\b(?:javascript|data|file|mailto):\S+", " "),
        (r"(?<![\w-])(?<![\w-]\.)[\w-]+(?:\.[\w-]+)*\.(?:com|net|org|io|ru|cn|de|xyz|info|dev|app)\b(?:/\S*)?", " "),
        (rf"(?:^|(?<=[\s,;(]))(?:--[a-z][\w-]*|[\u2013\u2014]{_FLAGS}\b)(?:[ =:]?(?=\S*\d)[\w.:x/-]+)?", " "),
        (r"```\w*|`|\*+|~~|(?:^|(?<=\s))#{1,6}\s", " "),
        (r"(?:^|(?<=\W))_+(?=\w)|(?<=\w)_+(?=\W|$)", ""),
        (r"[{}\[\]<>|\\]+", " "),
        (r"\s+", " "),
        (r"\s+(?=[,.;!?)])", ""),
        (r"(?:,\s*){2,}", ", "),
    )
)
_ADDRESS = re.compile(r"://|www\.", re.IGNORECASE)


def sanitize(text: str, quotes: Sequence[str] = (), longest: int = 4000) -> str:
    """`text` in one line without what no encoder should read; what the person quoted, and their tokens, stay as they are."""
    plain = visible(text)[:longest]
    longest_first = sorted(filter(None, quotes), key=len, reverse=True)  # "<cat>" before the "cat" in it
    held = {chr(0xE000 + place): quote for place, quote in enumerate(longest_first)}
    for sign, quote in held.items():
        plain = plain.replace(quote, sign)
    plain = prompt_weights.strip_weights(prompt_weights.split_negative(plain)[0])
    for pattern, instead in _RULES:
        plain = pattern.sub(instead, plain)
    for sign, quote in held.items():
        plain = plain.replace(sign, quote)
    return plain.strip(" ,;")


def visible(text: str) -> str:
    """Without control characters, private ones, lone surrogates and marks that turn the direction of writing."""
    spaced = re.sub(r"[\t\r\n\v\f\u2028\u2029]+", " ", text)
    return "".join(char for char in spaced if unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co") or char == "\u200d")


def holds_address(text: str) -> bool:
    return bool(_ADDRESS.search(text))


def repeats(text: str, source: str, own: str, run: int = 6) -> bool:
    """Whether `text` holds `run` words in a row of `source` that are not the person's own: an instruction read aloud."""
    return not (_runs(text, run) & _runs(source, run)) <= _runs(own, run)


def _runs(text: str, length: int) -> set[tuple[str, ...]]:
    words = re.findall(r"[^\W_]+", text.casefold())
    return set(zip(*(words[place:] for place in range(length)), strict=False))
