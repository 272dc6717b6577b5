"""One question as OpenAI's chat completions take it, and the same with less where a server refuses a part."""

from __future__ import annotations

import base64
import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gemini_diffusion.config.settings import Settings
from gemini_diffusion.types import ChatRequest, Message
from gemini_diffusion.types.errors import BadInput

ENOUGH_FOR_JSON = 2048
"""Output tokens below which JSON would often be cut; half a JSON is worth nothing."""
UNUSED = ("top_k", "safety")
"""Settings that this kind of server knows nothing of."""


@dataclass(frozen=True, slots=True)
class CompletionRequest:
    """`body` is sent, in the API's own names; `schema` is what the answer has to fit; `notices` say what was left out."""

    body: Mapping[str, Any]
    schema: Mapping[str, Any] | None = None
    notices: tuple[str, ...] = ()

    def without(self, name: str) -> CompletionRequest:
        """The request less a part that was refused, or with another that does the same.

        JSON by a schema becomes any JSON and then plain text, the schema told in words; a limit has an older and a newer name.
        """
        rest = {key: value for key, value in self.body.items() if key != name}
        if name == "response_format" and self.schema is not None:
            told = {"messages": _with_schema(self.body["messages"], self.schema)} if self._by_schema else {}
            looser = {"response_format": {"type": "json_object"}} if self._by_schema else {}
            return dataclasses.replace(self, body={**rest, **looser, **told})
        if name == "max_tokens" and name in self.body:
            return dataclasses.replace(self, body={**rest, "max_completion_tokens": self.body[name]})
        if name == "max_tokens":
            rest.pop("max_completion_tokens", None)
        said = (
            f"The chat model refused {Settings.table()[_SETTINGS[name]].label}; it was left out." if name in _SETTINGS else ""
        )
        return dataclasses.replace(self, body=rest, notices=(*self.notices, *([said] if said else [])))

    def can_do_without(self, name: str) -> bool:
        return name in self.body or (name == "max_tokens" and "max_completion_tokens" in self.body)

    @property
    def _by_schema(self) -> bool:
        return bool(self.body.get("response_format", {}).get("type") == "json_schema")


_SETTINGS = {"temperature": "temperature", "top_p": "top_p", "max_tokens": "max_output_tokens"}


def build_request(request: ChatRequest, model: str, settings: Settings, *, counted: bool = False) -> CompletionRequest:
    """The request for one model, its tokens to be `counted`; BadInput if there is nothing to answer."""
    said = [message for message in request.messages if message.text.strip()]
    if not said or said[-1].role != "user":
        raise BadInput("There is nothing to answer.", "Write something first.")
    instruction = request.system_instruction.strip()
    body = {
        "model": model,
        "messages": [*([{"role": "system", "content": instruction}] if instruction else []), *map(_message, said)],
        "stream": True,
        **_sampling(settings, structured=request.schema is not None),
    }
    if counted:
        body["stream_options"] = {"include_usage": True}
    if request.schema is not None:
        body["response_format"] = {"type": "json_schema", "json_schema": {"name": "answer", "schema": dict(request.schema)}}
    return CompletionRequest(body, request.schema)


def _message(message: Message) -> dict[str, Any]:
    """A message; with a picture its content is a list, the picture first."""
    if not message.image:
        return {"role": message.role, "content": message.text}
    address = "data:image/jpeg;base64," + base64.b64encode(message.image).decode("ascii")
    parts = [{"type": "image_url", "image_url": {"url": address}}, {"type": "text", "text": message.text}]
    return {"role": message.role, "content": parts}


def _sampling(settings: Settings, *, structured: bool) -> dict[str, Any]:
    """The settings that were moved, under the API's names."""
    limit = settings.max_output_tokens
    given = {
        "temperature": settings.temperature,
        "top_p": settings.top_p,
        "max_tokens": max(limit, ENOUGH_FOR_JSON) if limit and structured else limit,
    }
    return {name: value for name, value in given.items() if value is not None}


def _with_schema(messages: Sequence[Mapping[str, Any]], schema: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The messages with the schema in words behind the instruction."""
    words = f"Answer with one JSON object and nothing else. It has to fit this JSON schema:\n{json.dumps(schema)}"
    first = messages[0]
    if first["role"] == "system":
        return [{**first, "content": f"{first['content']}\n\n{words}"}, *messages[1:]]
    return [{"role": "system", "content": words}, *messages]
