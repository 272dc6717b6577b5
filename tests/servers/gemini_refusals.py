"""The bodies with which Gemini's REST API refuses a call, as seen on the wire; knows nothing of what it answers otherwise."""

from __future__ import annotations

from functools import partial
from typing import Any

from tests.servers.wire import Reply, as_json

TYPE = "type.googleapis.com/google.rpc."
DOMAIN = "googleapis.com"
UNREGISTERED = (
    "Method doesn't allow unregistered callers (callers without established identity). "
    "Please use API Key or other form of API consumer identity to call this API."
)


def refusal(code: int, status: str, message: str, *details: dict[str, Any]) -> Reply:
    """Any refusal, in the shape of google.rpc.Status."""
    return as_json(error_body(code, status, message, *details), code)


def error_body(code: int, status: str, message: str, *details: dict[str, Any]) -> dict[str, Any]:
    """The JSON of a refusal, which also ends a stream that fails on the way."""
    error: dict[str, Any] = {"code": code, "message": message, "status": status}
    return {"error": error | ({"details": list(details)} if details else {})}


no_key = partial(refusal, 403, "PERMISSION_DENIED", UNREGISTERED)
"""403: the call carried no key."""


def invalid_key() -> Reply:
    """400, not 401: the key is not one of theirs."""
    return refusal(
        400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.",
        _info("API_KEY_INVALID"),
        {"@type": TYPE + "LocalizedMessage", "locale": "en-US", "message": "API key not valid. Please pass a valid API key."},
    )  # fmt: skip


def bad_request(message: str = "Request contains an invalid argument.") -> Reply:
    """400 with words of your own."""
    return refusal(400, "INVALID_ARGUMENT", message)


def field_unsupported(name: str = "temperature") -> Reply:
    """400 that names a field this model does not take (temperature, top_k, thinking_level, ...)."""
    violation = {"field": f"generation_config.{name}", "description": f"{name} is not supported by this model."}
    return refusal(
        400, "INVALID_ARGUMENT", f"{name} is not supported for this model.",
        {"@type": TYPE + "BadRequest", "fieldViolations": [violation]},
    )  # fmt: skip


location_unsupported = partial(refusal, 400, "FAILED_PRECONDITION", "User location is not supported for the API use.")
"""400: the service is not offered where the caller is."""


def service_disabled() -> Reply:
    """403: the key is good, but the API is switched off in its project."""
    message = (
        "Generative Language API has not been used in project 123456789 before or it is disabled. Enable it by visiting "
        "https://console.developers.google.com/apis/api/generativelanguage.googleapis.com/overview then retry."
    )
    return refusal(403, "PERMISSION_DENIED", message, _info("SERVICE_DISABLED"))


permission_denied = partial(refusal, 403, "PERMISSION_DENIED", "The caller does not have permission")
"""403: the key may not do this."""


def model_not_found(model: str = "gemini-gone") -> Reply:
    """404: a model that is retired or never was."""
    message = (
        f"models/{model} is not found for API version v1beta, or is not supported for generateContent. "
        "Call ListModels to see the list of available models and their supported methods."
    )
    return refusal(404, "NOT_FOUND", message)


def too_many_requests_per_minute(retry: float = 1.5) -> Reply:
    """429 that passes by itself; the hint is only in the body, never in a header."""
    return _quota("GenerateRequestsPerMinutePerProjectPerModel-FreeTier", 10, retry)


def too_many_requests_per_day(retry: float = 31.0) -> Reply:
    """429 that does not pass today, though it carries a hint in seconds all the same."""
    return _quota("GenerateRequestsPerDayPerProjectPerModel-FreeTier", 250, retry)


def not_in_free_tier(retry: float = 24.0) -> Reply:
    """429 with "limit: 0": this model never answers this key, though it carries a hint in seconds all the same."""
    return _quota("GenerateContentInputTokensPerModelPerMinute-FreeTier", 0, retry)


internal_error = partial(refusal, 500, "INTERNAL", "An internal error has occurred. Please retry or report it in the forum.")
overloaded = partial(refusal, 503, "UNAVAILABLE", "The model is overloaded. Please try again later.")
"""As it comes at busy hours."""
deadline_exceeded = partial(refusal, 504, "DEADLINE_EXCEEDED", "The request timed out. Please try again.")


def _quota(quota_id: str, limit: int, retry: float) -> Reply:
    metric = "generativelanguage.googleapis.com/generate_content_free_tier_requests"
    message = (
        "You exceeded your current quota, please check your plan and billing details.\n"
        f"* Quota exceeded for metric: {metric}, limit: {limit}\nPlease retry in {retry}s."
    )
    violation = {"quotaMetric": metric, "quotaId": quota_id, "quotaValue": str(limit)}
    violation_details = {"@type": TYPE + "QuotaFailure", "violations": [violation]}
    return refusal(
        429, "RESOURCE_EXHAUSTED", message, violation_details, {"@type": TYPE + "RetryInfo", "retryDelay": f"{retry}s"}
    )


def _info(reason: str) -> dict[str, Any]:
    metadata = {"service": "generativelanguage.googleapis.com"}
    return {"@type": TYPE + "ErrorInfo", "reason": reason, "domain": DOMAIN, "metadata": metadata}
