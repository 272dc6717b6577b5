"""What a server of OpenAI's API refuses with, and what goes wrong on the way to it, translated into our errors."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

from gemini_diffusion.network.retry import BUSY_HINT
from gemini_diffusion.types.errors import (
    BadAnswer,
    Blocked,
    ColdStart,
    GeminiDiffusionError,
    KeyNeeded,
    KeyRefused,
    ModelNotFound,
    OutOfCredit,
    OutOfQuota,
    Overloaded,
    RateLimited,
    RequestRefused,
    Unreachable,
)

ADDRESS_HINT = "Check that it runs, and its address in Settings."


def translate_api_errors(error: Exception, label: str) -> GeminiDiffusionError:
    """Our error for one of `foreign()`."""
    kind = next(kind for kind in type(error).__mro__ if kind in _table())
    return _table()[kind](label)


def foreign() -> tuple[type[Exception], ...]:
    """Everything the connection can raise, imported when it is first needed."""
    return tuple(_table())


@cache
def _table() -> Mapping[type[Exception], Callable[[str], GeminiDiffusionError]]:
    import httpx2

    return {
        httpx2.ConnectError: lambda label: Unreachable(f"{label} cannot be reached.", ADDRESS_HINT),
        httpx2.ConnectTimeout: lambda label: Unreachable(f"{label} cannot be reached.", ADDRESS_HINT),
        httpx2.ProxyError: lambda label: Unreachable(f"The proxy on the way to {inside(label)} failed."),
        httpx2.InvalidURL: lambda label: Unreachable(f"{label} cannot be reached.", ADDRESS_HINT),
        httpx2.UnsupportedProtocol: lambda label: Unreachable(f"{label} cannot be reached.", ADDRESS_HINT),
        httpx2.DecodingError: lambda label: BadAnswer(f"What {inside(label)} sent cannot be read.", BUSY_HINT, begun=True),
        httpx2.StreamError: lambda label: BadAnswer(f"What {inside(label)} sent cannot be read.", BUSY_HINT, begun=True),
        httpx2.HTTPError: lambda label: Unreachable(f"The connection to {inside(label)} broke.", begun=True),
    }


@dataclass(frozen=True, slots=True)
class OpenAiRefusal:
    """An answer that is none: `status` 0 where it came in the middle of a good one; `label` begins a sentence.

    A service says by inheriting what is its own: `takes_nothing` ends the sentence about a path that is not there.
    """

    status: int
    text: str
    headers: Mapping[str, str]
    label: str
    key: str = ""
    takes_nothing: ClassVar[str] = "takes no such request"

    def in_our_words(self) -> GeminiDiffusionError:
        """The error of ours. What the server said is quoted, less the key."""
        kinds: dict[int, Callable[[], GeminiDiffusionError]] = {
            401: self._key_refused,
            402: lambda: OutOfCredit(self.quoted(f"The account at {inside(self.label)} has no credit left")),
            403: lambda: RequestRefused(self.quoted("This key may not do that"), "Choose another model, or use another key."),
            404: self._not_found,
            429: self._too_many,
        }
        if self.status in kinds:
            return kinds[self.status]()
        if self.status in (408, 409, 425) or self.status >= 500:
            return self._busy()
        if 300 <= self.status < 400:
            return RequestRefused(
                f"{self.label} sends its visitors elsewhere.", "Give the address it sends them to, in Settings."
            )
        if not (self.status or self.words):
            return BadAnswer(f"{self.label} broke off.", BUSY_HINT, begun=True)
        if re.search(r"content_policy|content_filter|moderation|safety", self.text):
            return Blocked(self.quoted(f"{self.label} did not take this request"))
        return self.refused()

    def refused(self) -> GeminiDiffusionError:
        """What the server cannot take as it was asked."""
        return RequestRefused(self.quoted(f"{self.label} cannot take this request"))

    @property
    def words(self) -> str:
        """What the server said, on one line, less the key; "" where it sent a page for browsers."""
        said = " ".join(_message(self.text).split())
        if "<html" in said.lower() or "<!doctype" in said.lower():
            return ""
        return said.replace(self.key, "(key)") if self.key else said

    def quoted(self, ours: str) -> str:
        """A sentence of ours with what the server said behind it."""
        cut = self.words if len(self.words) <= 300 else self.words[:300].rstrip() + " ..."
        return f'{ours}: "{cut}"{"" if cut[-1] in ".!?" else "."}' if cut else f"{ours}."

    def _key_refused(self) -> GeminiDiffusionError:
        if not self.key:
            return KeyNeeded(f"{self.label} asks for a key.")
        return KeyRefused(self.quoted(f"{self.label} does not accept this key"))

    def _not_found(self) -> GeminiDiffusionError:
        if "model" in self.words.lower():
            return ModelNotFound(self.quoted(f"{self.label} has no such model"))
        return RequestRefused(
            f"At its address {inside(self.label)} {self.takes_nothing}.", "Give the address up to /v1, in Settings."
        )

    def _too_many(self) -> GeminiDiffusionError:
        if re.search(r"insufficient_quota|exceeded your current quota|per.day", self.text):
            return OutOfQuota(self.quoted("The allowance of this key is used up"))
        return RateLimited(f"{self.label} takes no more requests this minute.", BUSY_HINT, retry_after=self._advice())

    def _busy(self) -> GeminiDiffusionError:
        if self.status == 503 and "load" in self.words.lower():
            return ColdStart(f"{self.label} is loading its model.", retry_after=self._advice())
        said = self.quoted(f"{self.label} is overloaded or broken for a moment ({self.status})")
        return Overloaded(said, BUSY_HINT, retry_after=self._advice(), begun=self.status != 503)

    def _advice(self) -> float | None:
        """Seconds the server asks us to wait."""
        told = self.headers.get("retry-after", "")
        return float(told) if re.fullmatch(r"\d+(\.\d+)?", told) else None


def _message(text: str) -> str:
    """The words of an error in each of its usual shapes, else the text itself."""
    try:
        value: Any = json.loads(text)
    except (ValueError, RecursionError):
        return text
    for name in ("error", "message", "detail", "msg"):
        while isinstance(value, dict) and name in value:
            value = value[name]
    return value if isinstance(value, str) else json.dumps(value)


def inside(label: str) -> str:
    """A label in the middle of a sentence."""
    return label[0].lower() + label[1:] if label.startswith("The ") else label
