"""An answer of Gemini's that is not read without end, whatever the address that speaks its API sends."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx2

MOST_BYTES = 64_000_000
"""More than any picture in base64."""


async def ask_plain(request: httpx2.Request) -> None:
    """A hook for requests: what comes compressed could be any size once it is unpacked."""
    request.headers["Accept-Encoding"] = "identity"


async def bound(response: httpx2.Response) -> None:
    """A hook for responses: raises DecodingError for one that is compressed all the same, or longer than any answer."""
    if response.headers.get("content-encoding", "identity") != "identity":
        raise httpx2.DecodingError("It is compressed, which was not asked for.", request=response.request)
    if isinstance(response.stream, httpx2.AsyncByteStream):
        response.stream = _Bounded(response.stream)


class _Bounded(httpx2.AsyncByteStream):
    def __init__(self, stream: httpx2.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        come = 0
        async for piece in self._stream:
            come += len(piece)
            if come > MOST_BYTES:
                raise httpx2.DecodingError("It does not end.")
            yield piece

    async def aclose(self) -> None:
        await self._stream.aclose()
