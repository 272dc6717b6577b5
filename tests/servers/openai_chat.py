"""A server of OpenAI's chat completions on a loopback port, as Ollama, llama.cpp or vLLM are; knows no network."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.servers import friendly
from tests.servers.wire import MAIN, Call, Piece, Reply, Scripted, Server, as_json, for_call

MODELS = "models"
LISTING = ({"id": "text-embedding-3-small", "created": 9}, {"id": "old:1b", "created": 1}, {"id": "llama3.2:3b", "created": 5})


@dataclass
class ChatCall(Call):
    """A call: what was asked, of which model, with which key."""

    @property
    def key(self) -> str | None:
        return self.headers.get("authorization", "").removeprefix("Bearer ") or None

    @property
    def model(self) -> str:
        return str(self.body.get("model"))

    @property
    def schema(self) -> dict[str, Any] | None:
        return (self.body.get("response_format") or {}).get("json_schema", {}).get("schema")

    @property
    def system_text(self) -> str:
        return "".join(message["content"] for message in self.body["messages"] if message["role"] == "system")

    @property
    def last_user_text(self) -> str:
        content = self.body["messages"][-1]["content"]
        return content if isinstance(content, str) else next(part["text"] for part in content if part["type"] == "text")


@dataclass(frozen=True)
class Completion:
    """What the model says, an event for each text; called with a call, it is the reply to it."""

    texts: tuple[str, ...] = ()
    finish: str | None = "stop"
    every: float = 0.0
    more: tuple[Mapping[str, Any], ...] = ()
    done: bytes = b"data: [DONE]\n\n"
    end: str = "\n\n"

    def __call__(self, call: ChatCall) -> Reply:
        events = [{"choices": [{"index": 0, "delta": {"content": text}}]} for text in self.texts]
        last = [{"choices": [{"index": 0, "delta": {}, "finish_reason": self.finish}]}] if self.finish else []
        lines = [json.dumps({"model": call.model, **event}, ensure_ascii=False) for event in (*self.more, *events, *last)]
        pieces = [Piece(f"data: {line}{self.end}".encode(), self.every if n else 0.0) for n, line in enumerate(lines)]
        return Reply(headers=(("Content-Type", "text/event-stream"),), pieces=(*pieces, Piece(self.done)), chunked=True)


def say(*texts: str, every: float = 0.0) -> Completion:
    """Plain words; several texts are several events."""
    return Completion(texts, every=every)


def whole(text: str) -> Callable[[ChatCall], Reply]:
    """The answer of a server that does not stream."""
    message = {"role": "assistant", "content": text}
    return lambda call: as_json({"model": call.model, "choices": [{"message": message, "finish_reason": "stop"}]})


def refused(status: int, message: str, headers: Mapping[str, str] | None = None, **more: Any) -> Reply:
    """An error in OpenAI's own shape."""
    return as_json({"error": {"message": message, "type": "error", **more}}, status, headers)


def _friendly(call: ChatCall) -> Scripted[ChatCall]:
    if call.schema:
        return say(json.dumps(friendly.crafted(call.schema, call.last_user_text)))
    text = str(friendly.chat(call.last_user_text))
    return say(*(text[at : at + 12] for at in range(0, len(text), 12)))


@dataclass
class ChatServer(Server[ChatCall]):
    """What is not scripted, `respond` answers. `keys` are the only ones accepted, where given."""

    respond: Callable[[ChatCall], Scripted[ChatCall]] = _friendly
    keys: frozenset[str] | None = None
    call_type: type[ChatCall] = field(default=ChatCall, init=False, repr=False)

    @property
    def address(self) -> str:
        return f"{self.url}/v1"

    @property
    def completions(self) -> list[ChatCall]:
        """The calls that asked the model for something."""
        return [call for call in self.calls if call.path == "/v1/chat/completions"]

    def answer(self, call: ChatCall) -> Reply:
        if self.keys is not None and call.key not in self.keys:
            return refused(401, f"Incorrect API key provided: {call.key}.", code="invalid_api_key")
        listing = call.path == "/v1/models"
        if not listing and call.path != "/v1/chat/completions":
            return as_json({"detail": "Not Found"}, 404)
        scripted = self.scripted(MODELS if listing else MAIN)
        if scripted is None:
            scripted = as_json({"object": "list", "data": list(LISTING)}) if listing else self.respond(call)
        return for_call(scripted, call)
