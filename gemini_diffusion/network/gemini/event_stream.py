"""Server-sent events put into the one form that Google's client reads.

Its reader ends an answer at any line that does not begin with "data: ", and splits JSON at characters that end a line for
Python but not for the format. A gateway may send comments, other fields, no blank after the colon, or a last "[DONE]", all of
which the format allows (WHATWG HTML, 9.2.6 "Interpreting an event stream").
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import httpx2

from gemini_diffusion.network.server_sent_events import lines

_PASSED_OVER = re.compile(rb":|(?:event|id|retry)(?::|$)")
_ESCAPED = {text.encode(): rb"\u%04x" % ord(text) for text in ("\u2028", "\u2029", "\u0085")}
"""What Python takes for the end of a line, though JSON allows it inside a text, as JSON can also write it."""


async def read_plainly(response: httpx2.Response) -> None:
    """A hook for responses: one of events comes as lines of "data: " and blank lines alone."""
    is_events = response.headers.get("content-type", "").lower().startswith("text/event-stream")
    if is_events and isinstance(response.stream, httpx2.AsyncByteStream):
        response.stream = _Plain(response.stream)


class _Plain(httpx2.AsyncByteStream):
    def __init__(self, stream: httpx2.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for line in lines(self._stream):
            if plain := _plain(line):
                yield plain

    async def aclose(self) -> None:
        await self._stream.aclose()


def _plain(line: bytes) -> bytes:
    """A line as the client reads it, b"" for one that says nothing to it; what is no event, as a bare error, stays as it is."""
    if line.startswith(b"data:"):
        value = line[5:].removeprefix(b" ")
        for text, escaped in _ESCAPED.items():
            value = value.replace(text, escaped)
        return b"" if value.strip() == b"[DONE]" else b"data: %s\n" % value
    return b"" if _PASSED_OVER.match(line) else line + b"\n"
