"""How Hugging Face's inference services refuse a call, as seen on the wire; knows nothing of what they draw otherwise."""

from __future__ import annotations

from functools import partial

from tests.servers.wire import Reply, as_json

SDXL = "stabilityai/stable-diffusion-xl-base-1.0"


def loading(estimated_time: float | None = 3.5, model: str = SDXL) -> Reply:
    """503: a cold start, with the service's estimate in seconds."""
    estimate = {} if estimated_time is None else {"estimated_time": estimated_time}
    return as_json({"error": f"Model {model} is currently loading", **estimate}, 503)


def unavailable(retry_after: str | None = None) -> Reply:
    """503 for another reason, perhaps with a Retry-After header (seconds, or an HTTP date)."""
    return as_json({"error": "Service Unavailable"}, 503, {} if retry_after is None else {"Retry-After": retry_after})


def too_many_requests(retry_after: str | None = None, ratelimit: str | None = None) -> Reply:
    """429 with Retry-After, with the header `ratelimit` (such as '"api";r=0;t=2'), with both or with neither."""
    hints = {"Retry-After": retry_after, "ratelimit": ratelimit}
    return as_json({"error": "Rate limit reached"}, 429, {name: hint for name, hint in hints.items() if hint is not None})


credits_exhausted = partial(as_json, {"error": "You have exceeded your monthly included credits. Subscribe to PRO."}, 402)
invalid_token = partial(as_json, {"error": "Invalid username or password."}, 401)
"""No token, or not one of theirs."""
forbidden = partial(as_json, {"error": "This method does not have sufficient permissions to call Inference Providers"}, 403)
not_found = partial(as_json, {"error": "Model not found"}, 404)


def gated(model: str = SDXL) -> Reply:
    """403: the model's owner wants its terms accepted first."""
    message = f"Access to model {model} is restricted and you are not in the authorized list. Visit its page to ask for access."
    return as_json({"error": message}, 403, {"X-Error-Code": "GatedRepo", "X-Error-Message": message})


def private_or_missing() -> Reply:
    """401 of the hub: a repository that is private, or none."""
    headers = {"X-Error-Code": "RepoNotFound", "X-Error-Message": "Repository not found"}
    return as_json({"error": "Repository not found"}, 401, headers)


def deprecated(model: str = SDXL) -> Reply:
    """410: the model was served once."""
    message = f"The requested model is deprecated and no longer supported by provider hf-inference: {model}"
    return as_json({"error": message}, 410)


def bad_request(message: str = "`num_inference_steps` must be between 1 and 50") -> Reply:
    """400 with words."""
    return as_json({"error": message}, 400)


def unprocessable(field: str = "guidance_scale") -> Reply:
    """422 that names a field."""
    return as_json(
        {"detail": [{"loc": ["body", "parameters", field], "msg": "Input should be less than 20", "type": "lte"}]}, 422
    )


def crashed(message: str = "CUDA out of memory") -> Reply:
    """500."""
    return as_json({"error": [message], "warnings": ["There was an inference error"]}, 500)


def bad_gateway(status: int = 502) -> Reply:
    """502 or 504 as JSON; faults.html gives them as a page."""
    return as_json({"error": "Bad gateway"}, status)
