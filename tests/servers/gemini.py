"""A server that speaks Gemini's REST protocol (models, generateContent, SSE) to Google's own client; knows no network."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.servers import friendly
from tests.servers.gemini_models import LISTING, model
from tests.servers.gemini_refusals import (
    bad_request,
    deadline_exceeded,
    error_body,
    field_unsupported,
    internal_error,
    invalid_key,
    location_unsupported,
    model_not_found,
    no_key,
    not_in_free_tier,
    overloaded,
    permission_denied,
    refusal,
    service_disabled,
    too_many_requests_per_day,
    too_many_requests_per_minute,
)
from tests.servers.wire import MAIN, Call, Piece, Reply, Scripted, Server, as_json, for_call

__all__ = [
    "MODELS", "Answer", "GeminiCall", "GeminiServer", "bad_request", "blocked_answer", "blocked_prompt", "broken_stream",
    "deadline_exceeded", "empty_candidate", "field_unsupported", "internal_error", "invalid_key",
    "location_unsupported", "model", "model_not_found", "no_candidates", "no_key", "not_in_free_tier", "overloaded",
    "permission_denied", "refusal", "reply", "service_disabled", "structured", "thinking_only",
    "too_many_requests_per_day", "too_many_requests_per_minute",
]  # fmt: skip

MODELS = "models"
"""The purpose of a listing, for `enqueue(..., to=MODELS)`."""
COUNT = "count"


@dataclass
class GeminiCall(Call):
    """A call of Gemini: what was asked, whatever the case of the names in its body."""

    @property
    def key(self) -> str | None:
        """The key as received."""
        return self.headers.get("x-goog-api-key")

    @property
    def model(self) -> str:
        """The model's name in the path."""
        return self.path.rpartition("models/")[2].partition(":")[0]

    @property
    def streams(self) -> bool:
        """Whether the answer is wanted piece by piece."""
        return self.path.endswith(":streamGenerateContent")

    @property
    def config(self) -> dict[str, Any]:
        """The generation config, its own names in camelCase (what lies deeper as it came)."""
        return {_camel(name): value for name, value in (_pick(self.body, "generationConfig") or {}).items()}

    @property
    def schema(self) -> dict[str, Any] | None:
        """The schema the answer must follow."""
        found: dict[str, Any] | None = self.config.get("responseJsonSchema") or self.config.get("responseSchema")
        return found

    @property
    def wants_json(self) -> bool:
        """Whether JSON was asked for: a crafting call, not chat."""
        return self.schema is not None or self.config.get("responseMimeType") == "application/json"

    @property
    def system_text(self) -> str:
        """The system instruction."""
        return _text_of(_pick(self.body, "systemInstruction") or {})

    @property
    def turns(self) -> list[tuple[str, str]]:
        """The conversation that was sent, as (role, text)."""
        return [(content.get("role", "user"), _text_of(content)) for content in self.body.get("contents", [])]

    @property
    def last_user_text(self) -> str:
        """What the person said last."""
        return next((text for role, text in reversed(self.turns) if role == "user"), "")


@dataclass(frozen=True)
class Answer:
    """What the model says: one stream event per text, `every` so many seconds; called with a call, it is the reply to it."""

    texts: tuple[str, ...] = ()
    thoughts: tuple[str, ...] = ()
    finish: str | None = "STOP"
    block: str | None = None
    every: float = 0.0
    failure: Mapping[str, Any] | None = None
    image: bytes | None = None
    mime: str = "image/png"
    model_version: str = ""

    def __call__(self, call: GeminiCall) -> Reply:
        """This answer on the wire: server-sent events or one JSON object."""
        events = self.events(call.model)
        if not call.streams:
            return as_json(self.failure or _joined(events))
        pieces = tuple(Piece(b"data: %s\r\n\r\n" % json.dumps(event).encode(), self.every if n else 0.0)
                       for n, event in enumerate([*events, *([self.failure] if self.failure else [])]))  # fmt: skip
        return Reply(headers=(("Content-Type", "text/event-stream"),), pieces=pieces, chunked=True)

    def events(self, asked: str) -> list[dict[str, Any]]:
        """The stream's events, the last of which carries the finish reason."""
        version = {"modelVersion": self.model_version or asked, "responseId": "reply-1"}
        if self.block:
            return [{"promptFeedback": {"blockReason": self.block}, "usageMetadata": _usage(0, 0), **version}]
        parts: list[dict[str, Any]] = [{"text": thought, "thought": True} for thought in self.thoughts]
        parts += [{"text": text} for text in self.texts]
        if self.image is not None:
            parts += [{"inlineData": {"mimeType": self.mime, "data": base64.b64encode(self.image).decode()}}]
        said, thought_of = sum(len(t.split()) for t in self.texts), 40 * len(self.thoughts)
        candidates = [_candidate(part) for part in parts]
        if self.finish and not self.failure:
            candidates = candidates or [{"index": 0}]
            candidates[-1]["finishReason"] = self.finish
        return [{"candidates": [one], "usageMetadata": _usage(said, thought_of), **version} for one in candidates]


def reply(*texts: str, every: float = 0.0, thoughts: Sequence[str] = (), model_version: str = "") -> Answer:
    """Plain words; several texts are several events of a stream."""
    return Answer(texts, tuple(thoughts), every=every, model_version=model_version)


def structured(value: object, every: float = 0.0, size: int = 24) -> Answer:
    """A JSON answer, streamed in pieces of `size` characters."""
    return Answer(_pieces(json.dumps(value, ensure_ascii=False), size), every=every)


def thinking_only() -> Answer:
    """A model that spent all its output tokens on thought: no text and no error."""
    return Answer((), ("Let me think about foxes.", "And about snow."), finish="MAX_TOKENS")


def blocked_prompt(reason: str = "SAFETY") -> Answer:
    """The request itself was refused; PROHIBITED_CONTENT, BLOCKLIST and OTHER are more reasons."""
    return Answer(block=reason)


def blocked_answer(finish: str = "SAFETY", *texts: str) -> Answer:
    """The answer was withheld, possibly after some words; RECITATION, LANGUAGE and SPII are more reasons."""
    return Answer(texts, finish=finish)


def empty_candidate() -> Answer:
    """A candidate that stopped without a word."""
    return Answer()


def no_candidates() -> Answer:
    """An answer with nothing in it, not even a reason."""
    return Answer(finish=None)


def broken_stream(*texts: str, code: int = 503, status: str = "UNAVAILABLE", every: float = 0.0) -> Answer:
    """Some words, then an error in the middle of the stream."""
    return Answer(texts, failure=error_body(code, status, "The model is overloaded. Please try again later."), every=every)


def _friendly(call: GeminiCall) -> Answer:
    words = friendly.crafted(call.schema or {}, call.last_user_text) if call.wants_json else friendly.chat(call.last_user_text)
    return structured(words, every=0.01) if call.wants_json else reply(*_pieces(str(words), 12), every=0.01)


@dataclass
class GeminiServer(Server[GeminiCall]):
    """Gemini on a loopback port. What is not scripted, `respond` answers; a call without a key never gets that far.

    `keys` are the only ones accepted, where given; `listing` is what is listed, `page` models at a time.
    """

    respond: Callable[[GeminiCall], Scripted[GeminiCall]] = _friendly
    keys: frozenset[str] | None = None
    listing: tuple[dict[str, Any], ...] = LISTING
    page: int = 10

    call_type: type[GeminiCall] = field(default=GeminiCall, init=False, repr=False)

    @property
    def generations(self) -> list[GeminiCall]:
        """The calls that asked the model for something, in order."""
        return [call for call in self.calls if _purpose(call) == MAIN]

    def answer(self, call: GeminiCall) -> Reply:
        """The reply to one call: first the key, then the script, then by itself."""
        if not call.key:
            return no_key()
        if self.keys is not None and call.key not in self.keys:
            return invalid_key()
        purpose = _purpose(call)
        scripted = self.scripted(purpose)
        if scripted is not None:
            return for_call(scripted, call)
        if purpose == MODELS:
            return self._list(call)
        if call.model not in {entry["name"].removeprefix("models/") for entry in self.listing}:
            return model_not_found(call.model)
        if purpose == COUNT:
            return as_json({"totalTokens": sum(len(text.split()) for _, text in call.turns)})
        return for_call(self.respond(call), call)

    def _list(self, call: GeminiCall) -> Reply:
        if not call.path.endswith("/models"):
            found = [entry for entry in self.listing if entry["name"] == f"models/{call.model}"]
            return as_json(found[0]) if found else model_not_found(call.model)
        start = int(call.query.get("pageToken") or 0)
        more = {"nextPageToken": str(start + self.page)} if start + self.page < len(self.listing) else {}
        return as_json({"models": self.listing[start : start + self.page], **more})


def _purpose(call: GeminiCall) -> str:
    if call.method == "GET":
        return MODELS
    return COUNT if call.path.endswith(":countTokens") else MAIN


def _candidate(part: dict[str, Any]) -> dict[str, Any]:
    return {"content": {"role": "model", "parts": [part]}, "index": 0}


def _usage(said: int, thought: int) -> dict[str, int]:
    thoughts = {"thoughtsTokenCount": thought} if thought else {}
    return {"promptTokenCount": 8, "candidatesTokenCount": said, "totalTokenCount": 8 + said + thought, **thoughts}


def _joined(events: list[dict[str, Any]]) -> dict[str, Any]:
    """The events of a stream as the one object that generateContent gives."""
    if not events:
        return {"usageMetadata": _usage(0, 0)}
    last = dict(events[-1])
    candidates = [candidate for event in events for candidate in event.get("candidates", ())]
    parts = [part for candidate in candidates if "content" in candidate for part in candidate["content"]["parts"]]
    if parts:
        last["candidates"] = [{**last["candidates"][0], "content": {"role": "model", "parts": parts}}]
    return last


def _pieces(text: str, size: int = 24) -> tuple[str, ...]:
    return tuple(text[start : start + size] for start in range(0, len(text), size))


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)


def _pick(value: Mapping[str, Any], name: str) -> Any:
    """The entry of this camelCase name, written in either case."""
    return next((entry for key, entry in value.items() if _camel(key) == name), None)


def _text_of(content: Mapping[str, Any]) -> str:
    return "".join(part.get("text", "") for part in content.get("parts", []))
