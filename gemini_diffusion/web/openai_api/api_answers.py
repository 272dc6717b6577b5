"""Pictures, words and errors in the shapes of OpenAI's API; knows no request and no session."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Mapping
from typing import Any

from starlette.responses import JSONResponse

from gemini_diffusion.types import ChatAnswer, Picture
from gemini_diffusion.types.errors import (
    AgreementNeeded,
    Blocked,
    Fixable,
    GeminiDiffusionError,
    KeyNeeded,
    KeyRefused,
    ModelNotFound,
    OutOfCredit,
    OutOfQuota,
    RateLimited,
    Transient,
)

Answer = dict[str, Any]
_STATUS: tuple[tuple[type[GeminiDiffusionError], int, str], ...] = (
    (KeyNeeded, 403, "key_needed"),
    (KeyRefused, 403, "key_refused"),
    (AgreementNeeded, 403, "agreement_needed"),
    (ModelNotFound, 404, "model_not_found"),
    (Blocked, 400, "content_policy_violation"),
    (OutOfQuota, 429, "insufficient_quota"),
    (RateLimited, 429, "rate_limit_exceeded"),
    (OutOfCredit, 402, "insufficient_credit"),
    (Fixable, 400, "invalid_request"),
    (Transient, 503, "unavailable"),
)
"""The first that fits: a kind of error, its status and its code."""
_UNUSED = {"input_tokens": 0, "output_tokens": 0, "total_tokens": 0}


def refusal(error: GeminiDiffusionError) -> JSONResponse:
    """An error as OpenAI's clients read it. They ask again by themselves after some, which could draw and pay twice."""
    return JSONResponse(error_body(error), _kind(error)[0], {"x-should-retry": "false"})


def error_body(error: GeminiDiffusionError) -> Answer:
    status, code = _kind(error)
    kind = "invalid_request_error" if status < 429 else "server_error"
    return {"error": {"message": str(error), "type": kind, "param": None, "code": code}}


def _kind(error: GeminiDiffusionError) -> tuple[int, str]:
    return next(((status, code) for kind, status, code in _STATUS if isinstance(error, kind)), (500, "failed"))


def picture_entry(picture: Picture, address: str, ignored: tuple[str, ...]) -> Answer:
    """One picture: its `address`, or its bytes where that is "", the crafted prompt, and the whole recipe."""
    recipe = picture.recipe
    content = {"url": address} if address else {"b64_json": base64.b64encode(picture.path.read_bytes()).decode("ascii")}
    told = {"seed": recipe.seed, "model": recipe.model, "size": f"{recipe.width}x{recipe.height}"}
    left_out = list(dict.fromkeys((*ignored, *recipe.ignored)))
    more = {"ignored": left_out, "notices": list(recipe.notices), "recipe": recipe.flat()}
    return {**content, "revised_prompt": recipe.prompt, **told, **more}


def pictures(entries: list[Answer]) -> Answer:
    """The whole answer of a call for pictures."""
    size = entries[0]["size"] if entries else "auto"
    shape = {"background": "opaque", "output_format": "png", "quality": "auto", "size": size}
    return {"created": int(time.time()), "data": entries, **shape, "usage": _UNUSED}


def partial(jpeg: bytes, place: int) -> Answer:
    """How far a picture is."""
    return {"b64_json": base64.b64encode(jpeg).decode("ascii"), "partial_image_index": place, "output_format": "jpeg"}


def picture_event(kind: str, content: Mapping[str, Any]) -> bytes:
    """One event of a streamed answer; `kind` as "image_generation.completed"."""
    shape = {"created_at": int(time.time()), "quality": "auto", "background": "opaque", "output_format": "png"}
    return event({"type": kind, **shape, **content}, kind)


def event(value: Mapping[str, Any], name: str = "") -> bytes:
    """One server-sent event."""
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(value, ensure_ascii=False)}\n\n".encode()


def chat_chunk(identity: str, model: str, delta: Answer, finish: str | None = None) -> bytes:
    """A piece of a streamed answer in words."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    head = {"id": identity, "object": "chat.completion.chunk", "created": int(time.time()), "model": model}
    return event({**head, "choices": [choice]})


def completion(identity: str, answer: ChatAnswer) -> Answer:
    """A whole answer in words."""
    message = {"role": "assistant", "content": answer.text, "refusal": None}
    finish = "length" if answer.truncated else "stop"
    tokens = {"prompt_tokens": answer.input_tokens, "completion_tokens": answer.output_tokens}
    return {
        "id": identity,
        "object": "chat.completion",
        "created": int(time.time()),
        "model": answer.model,
        "choices": [{"index": 0, "message": message, "finish_reason": finish, "logprobs": None}],
        "usage": {**tokens, "total_tokens": answer.input_tokens + answer.output_tokens},
    }
