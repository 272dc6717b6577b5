"""Refusals of Hugging Face, by HTTP status, in our words; does not know how they were asked for."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from gemini_diffusion.types.errors import (
    AgreementNeeded,
    ColdStart,
    GeminiDiffusionError,
    KeyRefused,
    ModelNotFound,
    OutOfCredit,
    Overloaded,
    RateLimited,
    RequestRefused,
)

TOKENS_PAGE = "https://huggingface.co/settings/tokens"
BILLING_PAGE = "https://huggingface.co/settings/billing"
LONGEST_QUOTE = 300


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer with a status of 300 or more; `model` is what was asked for, header names in any case."""

    status: int
    model: str
    content: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    def header(self, name: str) -> str:
        """One header's value, "" where there is none."""
        return next((value for key, value in self.headers.items() if key.lower() == name), "")

    @property
    def body(self) -> dict[str, Any]:
        """The JSON object in the answer, {} where there is none."""
        try:
            value = json.loads(self.content)
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}

    @property
    def said(self) -> str:
        """What the service says of it, in one line, shortened, with nothing in it that looks like a token."""
        told = self.body.get("error", self.body.get("detail", self.body.get("message", "")))
        text = told if isinstance(told, str) else "; ".join(_sentences(told))
        return re.sub(r"\bhf_\w+", "hf_...", " ".join(text.split()))[:LONGEST_QUOTE]

    @property
    def retry_after(self) -> float | None:
        """The service's advice in seconds: the estimate in the body, Retry-After (seconds or a date), the rate limit's end."""
        estimate = self.body.get("estimated_time")
        if isinstance(estimate, int | float) and estimate > 0:
            return float(estimate)
        return _seconds(self.header("retry-after")) or _reset(self.header("ratelimit"))

    @property
    def is_gated(self) -> bool:
        return self.header("x-error-code") == "GatedRepo"

    def in_our_words(self) -> GeminiDiffusionError:
        """The error of ours that says what should happen next."""
        if self.is_gated:
            return licence_needed(self.model)
        if self.header("x-error-code") == "RepoNotFound":
            return _gone(self)
        return _BY_STATUS.get(self.status, _other)(self)


def licence_needed(model: str) -> AgreementNeeded:
    """The owner of a model wants its terms accepted on its page first."""
    page = f"https://huggingface.co/{model}"
    return AgreementNeeded(
        f"The owner of {model} asks you to accept its licence first.",
        f"Open {page}, accept it there, and use a token of that account.",
        model=model,
    )


def _sentences(told: object) -> list[str]:
    """Words out of a list of texts, or of FastAPI's list of fields that do not fit."""
    if isinstance(told, Mapping):
        place = told.get("loc")
        where = f"{place[-1]}: " if isinstance(place, list) and place else ""
        return [f"{where}{told.get('msg') or told.get('message') or ''}"]
    return [sentence for entry in told for sentence in _sentences(entry)] if isinstance(told, list) else [str(told)]


def _seconds(value: str) -> float | None:
    """Retry-After in seconds: a number, or the time until an HTTP date."""
    if re.fullmatch(r"\s*\d+(\.\d+)?\s*", value):
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return None


def _reset(value: str) -> float | None:
    """Seconds until a rate limit ends, from a header such as '"api";r=0;t=55'."""
    found = re.search(r";\s*t\s*=\s*(\d+)", value)
    return float(found[1]) if found else None


def _quoted(refusal: Refusal) -> str:
    return f" It says: {refusal.said}" if refusal.said else ""


def _refused(refusal: Refusal) -> GeminiDiffusionError:
    return RequestRefused(f"{refusal.model} does not take this request.{_quoted(refusal)}")


def _key(refusal: Refusal) -> GeminiDiffusionError:
    return KeyRefused("Hugging Face does not accept this token.", f"Check it in Settings, or make one at {TOKENS_PAGE}.")


def _permission(refusal: Refusal) -> GeminiDiffusionError:
    return KeyRefused(
        f"This token may not draw with {refusal.model}.{_quoted(refusal)}",
        f'Give it the permission "Make calls to Inference Providers" at {TOKENS_PAGE}.',
    )


def _credit(refusal: Refusal) -> GeminiDiffusionError:
    return OutOfCredit(
        "This month's credit at Hugging Face is used up.",
        f"Add credit at {BILLING_PAGE}, or draw on this machine.",
    )


def _gone(refusal: Refusal) -> GeminiDiffusionError:
    return ModelNotFound(f"{refusal.model} is not served there, or no longer.", "Choose another model or provider.")


def _limited(refusal: Refusal) -> GeminiDiffusionError:
    return RateLimited("Hugging Face has had too many requests for now.", retry_after=refusal.retry_after)


def _unavailable(refusal: Refusal) -> GeminiDiffusionError:
    if "estimated_time" in refusal.body or "loading" in refusal.said.lower():
        return ColdStart(f"{refusal.model} is waking up.", retry_after=refusal.retry_after)
    return _overloaded(refusal)


def _overloaded(refusal: Refusal) -> GeminiDiffusionError:
    said = f"The service of {refusal.model} is busy or broken for a moment."
    return Overloaded(said, retry_after=refusal.retry_after, begun=refusal.status != 503)


def _other(refusal: Refusal) -> GeminiDiffusionError:
    if refusal.status >= 500:
        return _overloaded(refusal)
    if refusal.status < 400:
        return RequestRefused("The service sent the request on to another address, which is not followed.")
    return _refused(refusal)


_BY_STATUS: dict[int, Callable[[Refusal], GeminiDiffusionError]] = {
    400: _refused,
    401: _key,
    402: _credit,
    403: _permission,
    404: _gone,
    408: _overloaded,
    410: _gone,
    422: _refused,
    429: _limited,
    503: _unavailable,
}
