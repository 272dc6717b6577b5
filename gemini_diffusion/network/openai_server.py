"""Where a server that speaks OpenAI's API is and how it is asked: one connection a question, nothing kept; knows no model.

The `openai` package is not used: it asks again by itself after a timeout or a 500, three times in all, and so would pay three
times; it takes its address and key from the environment where it is given none; and it weighs more than these calls do.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from gemini_diffusion import __version__
from gemini_diffusion.config.library_variables import naming_variables
from gemini_diffusion.config.options import Secret
from gemini_diffusion.network import openai_errors, server_sent_events
from gemini_diffusion.network.addresses import origin, refuse_private
from gemini_diffusion.network.openai_errors import OpenAiRefusal
from gemini_diffusion.types.errors import BadAnswer, BadInput, GeminiDiffusionError, KeyRefused

if TYPE_CHECKING:
    import ssl

    import httpx2

OPENAI = "https://api.openai.com/v1"
SECONDS_TO_CONNECT = 10.0
MOST_BYTES = 8_000_000
"""More than any answer in words or list of models; what is larger is not read to its end."""
MOST_REDIRECTS = 3
REDIRECTS = (301, 302, 303, 307, 308)

Files = Mapping[str, tuple[str, bytes, str]]
"""By the name of the part: a file's name, its bytes and what kind it is."""


@dataclass(frozen=True, slots=True)
class OpenAiServer:
    """One server: `address` as https://host/v1, the key it may be given, and what it is called in a sentence.

    `refusal` says in our words what it refuses with; `most_bytes` is the longest answer that is read; `counts` says whether it
    counts tokens where it is asked to.
    """

    address: str
    key: Secret = field(default_factory=Secret)
    label: str = "The server"
    refusal: type[OpenAiRefusal] = OpenAiRefusal
    most_bytes: int = MOST_BYTES
    counts: bool = False

    async def ask(self, path: str, body: Mapping[str, Any], files: Files | None = None) -> AsyncIterator[Mapping[str, Any]]:
        """The events of an answer as they come; one that ignores `stream` sends the whole in one. With `files` the body is a
        form. Raises errors of ours."""
        content: dict[str, Any] = {"data": body, "files": files} if files else {"json": body}
        async with self._opened("POST", self._url(path), **content) as response:
            if response.headers.get("content-type", "").lower().startswith("text/event-stream"):
                async for data in server_sent_events.data(self._bounded(response)):
                    if data.strip() == "[DONE]":
                        return
                    yield self._read(data)
            else:
                yield self._read((await self._content(response)).decode("utf-8", "replace"))

    async def models(self) -> list[Mapping[str, Any]]:
        """The models that it lists, each with an `id`, the newest first where it tells. Raises errors of ours."""
        async with self._opened("GET", self._url("/models")) as response:
            listed = self._read((await self._content(response)).decode("utf-8", "replace")).get("data")
        found = [entry for entry in listed if isinstance(entry, dict) and entry.get("id")] if isinstance(listed, list) else []
        return sorted(found, key=lambda entry: -_number(entry.get("created")))

    async def fetch(self, place: str) -> bytes:
        """What lies at an address that it named, which may be one within its own. The key goes to the server itself alone, and
        nobody is asked inside a private network but the server. Raises errors of ours."""
        address = urljoin(self._url("/"), place)
        for _ in range(MOST_REDIRECTS + 1):
            own = origin(address) == origin(self.address)
            if not own:
                await refuse_private(address)
            async with self._opened("GET", address, with_key=own, follow=True) as response:
                if response.status_code not in REDIRECTS:
                    return await self._content(response)
                address = urljoin(address, response.headers.get("location", ""))
        raise BadAnswer(f"{self.label} sends us on from address to address.")

    @asynccontextmanager
    async def _opened(
        self, method: str, address: str, *, with_key: bool = True, follow: bool = False, **content: Any
    ) -> AsyncIterator[httpx2.Response]:
        """The head of a good answer. A redirect is none but where the caller follows it: it could take the key elsewhere.

        There is no limit on reading: the deadline is the caller's, and it bounds the whole, not each read.
        """
        import httpx2

        with naming_variables():
            timeout = httpx2.Timeout(None, connect=SECONDS_TO_CONNECT)
            client = httpx2.AsyncClient(verify=_trust(), timeout=timeout, headers=self._headers(with_key=with_key))
        async with client:
            try:
                async with client.stream(method, address, **content) as response:
                    if response.status_code != 200 and not (follow and response.status_code in REDIRECTS):
                        text = (await self._content(response)).decode("utf-8", "replace")
                        raise self._refusal(response.status_code, response.headers, text)
                    yield response
                return
            except openai_errors.foreign() as error:
                ours = openai_errors.translate_api_errors(error, self.label)
        raise ours  # outside, so that no trace of the request and its headers hangs on to it

    def _url(self, path: str) -> str:
        if not re.match(r"https?://[^\s/@]+(/|$)", self.address):
            raise BadInput(f"{self.label} has no address that can be used.", "Give it as http://host:port/v1.")
        return self.address.rstrip("/") + path

    def _headers(self, *, with_key: bool) -> dict[str, str]:
        key = self.key.reveal() if with_key else ""
        if not (key.isascii() and key.isprintable()) or " " in key:
            raise KeyRefused("This key has characters that no key has.", "Copy it again and save it in Settings.")
        own = {"User-Agent": f"gemini-diffusion/{__version__}"}
        return {**own, "Authorization": f"Bearer {key}"} if key else own

    async def _content(self, response: httpx2.Response) -> bytes:
        return b"".join([piece async for piece in self._bounded(response)])

    async def _bounded(self, response: httpx2.Response) -> AsyncIterator[bytes]:
        come = 0
        async for piece in response.aiter_bytes():
            come += len(piece)
            if come > self.most_bytes:
                raise BadAnswer(f"{self.label} sends without end.", "Choose another model.", begun=True)
            yield piece

    def _read(self, text: str) -> Mapping[str, Any]:
        """A JSON object; also in the middle of a good answer it may be an error."""
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict):
            said = f"{self.label} sent something that is no answer of a model."
            raise BadAnswer(said, "Check its address in Settings.", begun=True)
        if value.get("error"):
            raise self._refusal(
                _number((value["error"] or {}).get("code")) if isinstance(value["error"], dict) else 0, {}, text
            )
        return value

    def _refusal(self, status: float, headers: Mapping[str, str], text: str) -> GeminiDiffusionError:
        return self.refusal(int(status), text, headers, self.label, self.key.reveal()).in_our_words()


@cache
def _trust() -> ssl.SSLContext:
    """The certificates of the system; reading them takes longer than a question."""
    import httpx2

    return httpx2.create_ssl_context()


def _number(value: Any) -> float:
    """A number as JSON has it, 0 for anything else."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else 0.0
