"""What a program asks of OpenAI's chat completions, as a request for our chat models; asks nobody."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from gemini_diffusion.config.settings import Settings
from gemini_diffusion.generation.turn.picture_questions import seen
from gemini_diffusion.storage.uploads import read_upload
from gemini_diffusion.types import ChatRequest, Message
from gemini_diffusion.types.errors import BadInput
from gemini_diffusion.web.openai_api.picture_call import chosen_model

_SETTINGS = {
    "temperature": "temperature",
    "top_p": "top_p",
    "max_tokens": "max_output_tokens",
    "max_completion_tokens": "max_output_tokens",
}


def read_chat(fields: Mapping[str, Any]) -> ChatRequest:
    """The whole conversation in the fields of a body, which takes a moment where it holds pictures. Raises BadInput."""
    messages = fields.get("messages")
    if not isinstance(messages, list) or not all(isinstance(entry, dict) for entry in messages):
        raise BadInput("messages is no list of messages.", "Send messages as OpenAI's API has them.")
    instructions = [_text(entry.get("content")) for entry in messages if entry.get("role") in ("system", "developer")]
    said = [
        Message("assistant" if entry.get("role") == "assistant" else "user", _text(entry.get("content")), _image(entry))
        for entry in messages
        if entry.get("role") in ("user", "assistant")
    ]
    return ChatRequest(tuple(said), "\n\n".join(instructions), _schema(fields.get("response_format")))


def chat_settings(settings: Settings, fields: Mapping[str, Any]) -> Settings:
    """The visitor's settings with what this call says otherwise. Raises BadInput."""
    model = chosen_model(fields.get("model"))
    said = {ours: fields[name] for name, ours in _SETTINGS.items() if fields.get(name) is not None}
    return settings.replaced({**said, **({"chat_model": model} if model else {})})


def _text(content: Any) -> str:
    """The words of a content, which may be a list of parts."""
    if isinstance(content, list):
        return "\n".join(str(part.get("text", "")) for part in content if isinstance(part, dict) and part.get("type") == "text")
    return content if isinstance(content, str) else ""


def _image(entry: Mapping[str, Any]) -> bytes:
    """The last picture of a message, as our chat models see one. Raises BadInput for one that lies elsewhere."""
    content = entry.get("content")
    parts = [part for part in content if isinstance(part, dict)] if isinstance(content, list) else []
    places = [part.get("image_url") for part in parts if part.get("type") == "image_url"]
    if not places:
        return b""
    place = places[-1].get("url") if isinstance(places[-1], dict) else places[-1]
    _, marked, coded = str(place).partition(";base64,")
    try:
        content = base64.b64decode(coded, validate=True) if marked else b""
    except (binascii.Error, ValueError):
        content = b""
    if not content:
        raise BadInput("A picture is only read within its message.", "Send it as data:image/png;base64, and its bytes.")
    return seen(read_upload(content))


def _schema(wanted: Any) -> Mapping[str, Any] | None:
    """The schema that an answer is to fit, None for plain words."""
    if not isinstance(wanted, dict) or wanted.get("type") not in ("json_schema", "json_object"):
        return None
    schema = wanted.get("json_schema")
    inner = schema.get("schema") if isinstance(schema, dict) else None
    return inner if isinstance(inner, dict) else {"type": "object"}
