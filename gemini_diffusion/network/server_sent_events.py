"""The lines of a stream of server-sent events, as the format ends them (WHATWG HTML, 9.2.6); knows no service.

Python takes more characters for the end of a line than the format does, and some of them stand unescaped in JSON.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterable, AsyncIterator

_END_OF_LINE = re.compile(rb"\r\n|\n|\r(?!$)")
"""A carriage return at the very end may be half of a pair whose other half has not come yet."""
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


async def lines(pieces: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    """The lines without their ends, each as soon as it is whole; also a last one that nothing ends."""
    held, first = [b""], True
    async for piece in pieces:
        half = held[-1][-1:]  # a line is searched once, however long it grows
        *whole, rest = _END_OF_LINE.split(half + piece)
        held[-1] = held[-1][: len(held[-1]) - len(half)]
        for line in whole:
            line = b"".join((*held, line))
            held = []
            yield line.removeprefix(_BYTE_ORDER_MARK) if first else line
            first = False
        held.append(rest)
    for line in b"".join(held).split(b"\r"):
        yield line


async def data(pieces: AsyncIterable[bytes]) -> AsyncIterator[str]:
    """The data of each event, several lines of one put together; comments and other fields are passed over."""
    held: list[str] = []
    async for line in lines(pieces):
        if line.startswith(b"data:"):
            held.append(line[5:].removeprefix(b" ").decode("utf-8", "replace"))
        elif not line and held:
            yield "\n".join(held)
            held = []
    if held:
        yield "\n".join(held)
