"""Where a server of chat completions is and how it is asked: one connection a question, nothing kept; knows no conversation.

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

from gemini_diffusion import __version__
from gemini_diffusion.chat_models.openai_compatible import completion_errors
from gemini_diffusion.config.library_variables import naming_variables
from gemini_diffusion.config.options import Secret
from gemini_diffusion.network import server_sent_events
from gemini_diffusion.types.errors import BadAnswer, BadInput, GeminiDiffusionError, KeyRefused

if TYPE_CHECKING:
    import ssl

    import httpx2

SECONDS_TO_CONNECT = 10.0
MOST_BYTES = 8_000_000
"""More than any answer or list of models; what is larger is not read to its end."""


@dataclass(frozen=True, slots=True)
class CompletionServer:
    """One server: `address` as https://host/v1, the key it may be given, and what it is called in a sentence; whether it
    `counts` tokens where it is asked to."""

    address: str
    key: Secret = field(default_factory=Secret)
    label: str = "The chat server"
    counts: bool = False

    async def ask(self, body: Mapping[str, Any]) -> AsyncIterator[Mapping[str, Any]]:
        """The chunks of an answer as they come; one that ignores `stream` sends the whole in one. Raises errors of ours."""
        async with self._opened("POST", "/chat/completions", body) as response:
            if response.headers.get("content-type", "").lower().startswith("text/event-stream"):
                async for data in server_sent_events.data(self._bounded(response)):
                    if data.strip() == "[DONE]":
                        return
                    yield self._read(data)
            else:
                yield await self._whole(response)

    async def models(self) -> list[Mapping[str, Any]]:
        """The models that it lists, each with an `id`, the newest first where it tells. Raises errors of ours."""
        async with self._opened("GET", "/models") as response:
            listed = (await self._whole(response)).get("data")
        found = [entry for entry in listed if isinstance(entry, dict) and entry.get("id")] if isinstance(listed, list) else []
        return sorted(found, key=lambda entry: -_number(entry.get("created")))

    @asynccontextmanager
    async def _opened(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> AsyncIterator[httpx2.Response]:
        """The head of a good answer. A redirect is none: it could take the key elsewhere.

        There is no limit on reading: the deadline is the caller's, and it bounds the whole, not each read.
        """
        import httpx2

        with naming_variables():
            timeout = httpx2.Timeout(None, connect=SECONDS_TO_CONNECT)
            client = httpx2.AsyncClient(verify=_trust(), timeout=timeout, headers=self._headers())
        async with client:
            try:
                async with client.stream(method, self._url(path), json=body) as response:
                    if response.status_code != 200:
                        raise self._refusal(response.status_code, response.headers, await self._text(response))
                    yield response
                return
            except completion_errors.foreign() as error:
                ours = completion_errors.translate_api_errors(error, self.label)
        raise ours  # outside, so that no trace of the request and its headers hangs on to it

    def _url(self, path: str) -> str:
        if not re.match(r"https?://[^\s/@]+(/|$)", self.address):
            raise BadInput(f"{self.label} has no address that can be used.", "Give it as http://host:port/v1.")
        return self.address.rstrip("/") + path

    def _headers(self) -> dict[str, str]:
        key = self.key.reveal()
        if not (key.isascii() and key.isprintable()) or " " in key:
            raise KeyRefused("This key has characters that no key has.", "Copy it again and save it in Settings.")
        own = {"User-Agent": f"gemini-diffusion/{__version__}"}
        return {**own, "Authorization": f"Bearer {key}"} if key else own

    async def _whole(self, response: httpx2.Response) -> Mapping[str, Any]:
        return self._read(await self._text(response))

    async def _text(self, response: httpx2.Response) -> str:
        pieces = [piece async for piece in self._bounded(response)]
        return b"".join(pieces).decode("utf-8", "replace")

    async def _bounded(self, response: httpx2.Response) -> AsyncIterator[bytes]:
        come = 0
        async for piece in response.aiter_bytes():
            come += len(piece)
            if come > MOST_BYTES:
                raise BadAnswer(f"{self.label} sends without end.", "Choose another model.")
            yield piece

    def _read(self, text: str) -> Mapping[str, Any]:
        """A JSON object; also in the middle of a good answer it may be an error."""
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict):
            raise BadAnswer(f"{self.label} sent something that is no answer of a chat model.", "Check its address in Settings.")
        if value.get("error"):
            raise self._refusal(
                _number((value["error"] or {}).get("code")) if isinstance(value["error"], dict) else 0, {}, text
            )
        return value

    def _refusal(self, status: float, headers: Mapping[str, str], text: str) -> GeminiDiffusionError:
        return completion_errors.CompletionRefusal(int(status), text, headers, self.label, self.key.reveal()).in_our_words()


@cache
def _trust() -> ssl.SSLContext:
    """The certificates of the system; reading them takes longer than a question."""
    import httpx2

    return httpx2.create_ssl_context()


def _number(value: Any) -> float:
    """A number as JSON has it, 0 for anything else."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else 0.0
