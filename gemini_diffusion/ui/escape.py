"""Escapes text of a person or a model for the chat, which renders Markdown and HTML.

No tag, image, link or form in it may become live. The content security policy of security_headers.py is the second barrier.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

_TAGLESS = str.maketrans({"&": "&amp;", "<": "&lt;"})
_PLAIN = _TAGLESS | str.maketrans({">": "&gt;"} | {sign: f"\\{sign}" for sign in r"\`*_{}[]()#+-.!|~$=:@/"})
_INDENT = re.compile(r"^[ \t]+", re.MULTILINE)
_AUTOLINK = re.compile(r"(https?|ftp):(?=//)|(www)\.|(?<=\w)@(?=\w)", re.IGNORECASE)
_FENCE = re.compile(r"\s*(`{3,}|~{3,})\s*([\w+#-]{0,20})\s*$")
_SPAN = re.compile(r"\\[!-/:-@\[-`{-~]|(?<!`)(`{1,2})(?!`)([^`|]+)(?<!`)\1(?!`)|`+")


@lru_cache(maxsize=128)  # a turn is shown several times a second, and its words stay the same
def escape_text(text: str) -> str:
    """`text` shown literally: no character of it means anything to Markdown or HTML, and lines stay lines."""
    lines = "\n".join(text.splitlines()).translate(_PLAIN)
    return _INDENT.sub(lambda indent: "&nbsp;" * len(indent[0].expandtabs(4)), lines)


@lru_cache(maxsize=32)
def escape_answer(text: str) -> str:
    """A model's Markdown with its emphasis, lists, tables and code, but with every tag, link and image shown as text."""
    return "\n".join(_blocks(iter(text.splitlines())))


def _blocks(lines: Iterator[str]) -> Iterator[str]:
    for line in lines:
        mark = _FENCE.match(line)
        if mark:
            yield from _code(mark, lines)
        else:
            yield _prose(line)


def _code(opening: re.Match[str], lines: Iterator[str]) -> Iterator[str]:
    """A block of code between fences of our own, longer than any run inside: where it ends is then beyond doubt."""
    inside: list[str] = []
    for line in lines:
        mark = _FENCE.match(line)
        if mark and mark[1].startswith(opening[1]) and not mark[2]:
            break
        inside.append(line)
    longest = max((len(run) for line in inside for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    yield from ("", fence + ("" if opening[2].lower() == "mermaid" else opening[2]), *inside, fence, "")


def _prose(line: str) -> str:
    """One line outside a block of code. Each backtick becomes part of a span found here or is escaped, so that the reader
    of the Markdown finds no other; a span holds no bar, since a table would cut it there."""
    parts, end = [], 0
    for found in _SPAN.finditer(line):
        parts += [_words(line[end : found.start()]), _span(found)]
        end = found.end()
    return "".join((*parts, _words(line[end:])))


def _span(found: re.Match[str]) -> str:
    """A code span and a harmless escape stay, a stray backtick is escaped, an escaped tag or address becomes an entity."""
    text = found[0]
    if found[1]:
        return text
    if text.startswith("`"):
        return text.replace("`", r"\`")
    return {"<": "&lt;", "&": "&amp;", "@": "&#64;"}.get(text[1], text)


def _words(text: str) -> str:
    text = text.translate(_TAGLESS).replace("[", r"\[").replace("]", r"\]").replace("~~~", r"\~\~\~")
    return _AUTOLINK.sub(_unlinked, text)


def _unlinked(link: re.Match[str]) -> str:
    if link[1]:
        return f"{link[1]}&#58;"
    return f"{link[2]}&#46;" if link[2] else "&#64;"
