"""HTTP as hosted drawing needs it: a cap on bytes, no blind redirect, nothing kept between calls; knows no provider.

The hub's own client is not used to draw. Its calls cannot be cancelled everywhere (the question who serves a model blocks the
event loop, two providers are polled in a thread for minutes), it follows redirects to any address, reads without a limit, and
takes the host's token where it is given none. Each of these would break a promise to a visitor; the wire itself is simple.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from gemini_diffusion import __version__
from gemini_diffusion.config.library_variables import naming_variables
from gemini_diffusion.engines.error_map import translate_error
from gemini_diffusion.engines.hugging_face_errors import Refusal
from gemini_diffusion.network.addresses import origin, refuse_private
from gemini_diffusion.types.errors import BadAnswer, KeyRefused

if TYPE_CHECKING:
    import ssl

    import httpx2

MOST_BYTES = 64_000_000
"""More than any picture we ask for; what is larger is not read."""
MOST_REDIRECTS = 3
REDIRECTS = (301, 302, 303, 307, 308)
SECONDS_TO_CONNECT = 10.0


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One call: `body` is posted as JSON, None asks with GET; `subject` is the model, for the words of a refusal."""

    address: str
    subject: str
    body: Mapping[str, Any] | None = None
    token: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HttpClient:
    """An open line. `trusted` are origins that may be private: those the host chose, never those a visitor or answer named."""

    http: httpx2.AsyncClient
    trusted: frozenset[str]

    async def ask(self, request: HttpRequest) -> bytes:
        """The answer's bytes. Raises an error of ours for every refusal and failure; a redirect of a POST is a refusal."""
        with translate_error(request.subject):
            address = request.address
            for _ in range(MOST_REDIRECTS + 1):
                await self._check(address)
                status, headers, content = await self._once(request, address)
                if status < 300:
                    return content
                onward = headers.get("location", "") if status in REDIRECTS and request.body is None else ""
                if not onward:
                    raise Refusal(status, request.subject, content, headers).in_our_words()
                address = urljoin(address, onward)
            raise BadAnswer("The picture was sent on from address to address.")

    async def _once(self, request: HttpRequest, address: str) -> tuple[int, dict[str, str], bytes]:
        """One call; the token goes to the origin it was meant for and to no other."""
        own = origin(address) == origin(request.address)
        headers = {**request.headers, **(_authorization(request.token) if own else {})}
        method = "GET" if request.body is None else "POST"
        async with self.http.stream(method, address, json=request.body, headers=headers) as response:
            content = bytearray()
            async for piece in response.aiter_bytes():
                content += piece
                if len(content) > MOST_BYTES:
                    raise BadAnswer(f"The answer is larger than {MOST_BYTES // 1_000_000} MB and was not read to its end.")
            return response.status_code, dict(response.headers), bytes(content)

    async def _check(self, address: str) -> None:
        """Nobody but the host may send us to a private address: the name is resolved and each of its addresses looked at."""
        if origin(address) not in self.trusted:
            await refuse_private(address)


@asynccontextmanager
async def open_client(context: ssl.SSLContext, trusted: frozenset[str]) -> AsyncIterator[HttpClient]:
    """A line for one picture or question: no cookie or connection outlives it, so no visitor can meet another's.

    There is no limit on reading here: the deadline is the caller's, and it bounds the whole, not each read.
    """
    import httpx2

    with naming_variables():
        client = httpx2.AsyncClient(
            verify=context,
            timeout=httpx2.Timeout(None, connect=SECONDS_TO_CONNECT),
            headers={"User-Agent": f"gemini-diffusion/{__version__}"},
        )
    async with client:
        yield HttpClient(client, trusted)


def _authorization(token: str) -> dict[str, str]:
    if not token:
        return {}
    if not token.isascii() or not token.isprintable() or " " in token:
        raise KeyRefused("This token has characters that no token has.", "Copy it again and paste it in Settings.")
    return {"Authorization": f"Bearer {token}"}
