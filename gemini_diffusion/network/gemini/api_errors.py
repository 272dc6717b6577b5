"""What Google's client raises, translated into our errors by one table; knows no visitor and keeps nothing of theirs.

A foreign exception holds the response and with it the request's headers, where the key is. So ours quote their words at
most, less the key, and are raised outside the `except` block: no cause, no context, nothing to pickle or to log.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

from gemini_diffusion.network.retry import BUSY_HINT
from gemini_diffusion.types.errors import (
    BadAnswer,
    FieldRefused,
    GeminiDiffusionError,
    KeyRefused,
    ModelNotFound,
    OutOfCredit,
    OutOfQuota,
    Overloaded,
    RateLimited,
    RequestRefused,
    Unreachable,
)

T = TypeVar("T")
KEY_HINT = "Copy it again from aistudio.google.com/apikey and test it in Settings."


@dataclass(frozen=True, slots=True)
class AskedWith:
    """What was asked, as far as an error may need it: `optional` are the parts the model may refuse."""

    model: str
    key: str
    optional: tuple[str, ...] = ()


async def translating(call: Awaitable[T], asked: AskedWith) -> T:
    """What the call returns; what the client raises comes out as ours, raised where no trace of theirs hangs on to it."""
    try:
        return await call
    except foreign() as error:
        ours = translate_api_errors(error, asked)
    raise ours


def translate_api_errors(error: Exception, asked: AskedWith) -> GeminiDiffusionError:
    """Our error for one of `foreign()`."""
    kind = next(kind for kind in type(error).__mro__ if kind in _table())
    return _table()[kind](error, asked)


def foreign() -> tuple[type[Exception], ...]:
    """Everything the client can raise, imported when it is first needed."""
    return tuple(_table())


@cache
def _table() -> Mapping[type[Exception], Callable[[Any, AskedWith], GeminiDiffusionError]]:
    import httpx2
    from google.genai import errors
    from pydantic import ValidationError

    return {
        errors.APIError: _by_code,
        errors.UnknownApiResponseError: _unreadable,
        errors.ContinuationInterruptedError: _unreadable,
        errors.UnknownFunctionCallArgumentError: _unreadable,
        errors.UnsupportedFunctionError: _unreadable,
        errors.FunctionInvocationError: _unreadable,
        ValidationError: _unreadable,
        json.JSONDecodeError: _unreadable,
        UnicodeError: _unreadable,
        TypeError: _unreadable,  # the client stumbles over JSON of a shape it does not expect
        AttributeError: _unreadable,
        LookupError: _unreadable,
        httpx2.TimeoutException: lambda error, asked: Unreachable("Gemini did not answer in time.", begun=True),
        httpx2.ConnectTimeout: _unreachable,
        httpx2.ConnectError: _unreachable,
        httpx2.ProxyError: lambda error, asked: Unreachable("The proxy on the way to Gemini failed."),
        httpx2.InvalidURL: _unreachable,
        httpx2.UnsupportedProtocol: _unreachable,
        httpx2.DecodingError: _unreadable,
        httpx2.TooManyRedirects: _redirected,
        httpx2.StreamError: _unreadable,
        httpx2.CookieConflict: _unreadable,
        httpx2.HTTPError: lambda error, asked: Unreachable("The connection to Gemini broke.", begun=True),
    }


def _unreadable(error: Exception, asked: AskedWith) -> GeminiDiffusionError:
    return BadAnswer("What Gemini sent cannot be read.", BUSY_HINT, begun=True)


def _unreachable(error: Exception, asked: AskedWith) -> GeminiDiffusionError:
    return Unreachable("Gemini cannot be reached.")


def _redirected(error: Exception, asked: AskedWith) -> GeminiDiffusionError:
    return RequestRefused(
        "Something on the way to Gemini sends its visitors elsewhere.",
        "Sign in to the network if it asks for that, or check the Gemini address.",
    )


def _by_code(error: Any, asked: AskedWith) -> GeminiDiffusionError:
    """Any answer of Gemini's own that is not a 200; `code` may be text in the middle of a stream."""
    code = int(error.code) if str(error.code).isdigit() else 0
    known = {400: _bad_request, 401: _key_refused, 402: _out_of_credit, 403: _forbidden, 404: _not_found, 429: _too_many}
    if code in known:
        return known[code](error, asked)
    if code in (408, 499) or code >= 500:
        return Overloaded(f"Gemini is overloaded or broken for a moment ({code}).", BUSY_HINT)
    if 300 <= code < 400:
        return _redirected(error, asked)
    return _refused(error, asked) if code else _unreadable(error, asked)


def _bad_request(error: Any, asked: AskedWith) -> GeminiDiffusionError:
    words = _words(error, asked)
    if _is_about_the_key(error, words):
        return _key_refused(error, asked)
    if "location is not supported" in words:
        return RequestRefused(
            "Gemini is not offered where this computer is.", "Go on without a key, or run this where Gemini is offered."
        )
    field = _named(words + json.dumps(_details(error)), asked.optional)
    return FieldRefused(_quoted("Gemini cannot take this request", words), field) if field else _refused(error, asked)


def _key_refused(error: Any, asked: AskedWith) -> GeminiDiffusionError:
    return KeyRefused(_quoted("Gemini does not accept this key", _words(error, asked)), KEY_HINT)


def _out_of_credit(error: Any, asked: AskedWith) -> GeminiDiffusionError:
    return OutOfCredit(_quoted("The Gemini account has no credit left", _words(error, asked)))


def _forbidden(error: Any, asked: AskedWith) -> GeminiDiffusionError:
    words = _words(error, asked)
    if "SERVICE_DISABLED" in _reasons(error):
        return KeyRefused(_quoted("Gemini is switched off in the project of this key", words), "Switch it on, then try again.")
    if _is_about_the_key(error, words):
        return _key_refused(error, asked)
    return RequestRefused(_quoted("This key may not do that", words), "Choose another model, or use another key.")


def _not_found(error: Any, asked: AskedWith) -> GeminiDiffusionError:
    return ModelNotFound(f"There is no Gemini model called {asked.model!r}, or not any more.")


def _refused(error: Any, asked: AskedWith) -> GeminiDiffusionError:
    return RequestRefused(_quoted("Gemini cannot take this request", _words(error, asked)))


def _too_many(error: Any, asked: AskedWith) -> GeminiDiffusionError:
    """429: the day's allowance and "limit: 0" do not pass by waiting, though both come with advice in seconds."""
    words, quotas = _words(error, asked), " ".join(str(quota) for quota in _violations(error))
    if re.search(r"credits? (are|is) deplet", words):
        return _out_of_credit(error, asked)
    if re.search(r"limit: 0(?![.\d])", words):
        return OutOfQuota(
            f"{asked.model} is not among the models this key may use for free.", "Choose another model, or use another key."
        )
    if "PerDay" in quotas:
        return OutOfQuota(f"The allowance of this key for {asked.model} is used up for today.")
    return RateLimited("Gemini takes no more requests this minute.", BUSY_HINT, retry_after=_advice(error, words))


def _advice(error: Any, words: str) -> float | None:
    """Seconds the service asks us to wait: from RetryInfo, its words, then the header."""
    headers = getattr(getattr(error, "response", None), "headers", None) or {}
    delays = [str(detail.get("retryDelay", "")) for detail in _details(error)]
    told = [*delays, *re.findall(r"retry in ([\d.]+s)", words), f"{headers.get('retry-after', '')}s"]
    seconds = [re.fullmatch(r"(\d+(?:\.\d+)?)s", text) for text in told]
    return next((float(match[1]) for match in seconds if match), None)


def _details(error: Any) -> list[dict[str, Any]]:
    """The `details` of google.rpc.Status, whatever came in its place left out."""
    body = error.details if isinstance(error.details, dict) else {}
    inner = body.get("error", body)
    details = inner.get("details") if isinstance(inner, dict) else None
    return [detail for detail in details if isinstance(detail, dict)] if isinstance(details, list) else []


def _reasons(error: Any) -> list[str]:
    return [str(detail.get("reason", "")) for detail in _details(error)]


def _is_about_the_key(error: Any, words: str) -> bool:
    return "api key" in words.lower() or any(reason.startswith("API_KEY") for reason in _reasons(error))


def _violations(error: Any) -> list[Any]:
    return [
        violation.get("quotaId", "")
        for detail in _details(error)
        for violation in detail.get("violations") or []
        if isinstance(violation, dict)
    ]


def _named(text: str, optional: tuple[str, ...]) -> str:
    """The first optional part that the text names, in whatever spelling."""
    plain = text.replace("_", "").lower()
    names = {name: name.removesuffix("_config").replace("_", "") for name in optional}
    return next((name for name, spelled in names.items() if spelled in plain), "")


def _words(error: Any, asked: AskedWith) -> str:
    """What the service said, on one line, less the key; "" where it sent a page for browsers."""
    words = " ".join(str(error.message or "").split())
    if "<html" in words.lower() or "<!doctype" in words.lower():
        return ""
    return words.replace(asked.key, "(key)") if asked.key else words


def _quoted(ours: str, theirs: str) -> str:
    cut = theirs if len(theirs) <= 300 else theirs[:300].rstrip() + " ..."
    return f'{ours}: "{cut}"{"" if cut[-1] in ".!?" else "."}' if cut else f"{ours}."
