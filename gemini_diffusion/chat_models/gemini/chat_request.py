"""One question as Gemini's API takes it: turns, instruction, schema and the settings that were moved; knows no connection."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gemini_diffusion.chat_models.gemini.model_list import SAMPLING, bare_id, ignored_sampling, takes_thinking_level
from gemini_diffusion.config.settings import Settings
from gemini_diffusion.types import ChatRequest, Message
from gemini_diffusion.types.errors import BadInput, ModelNotFound

if TYPE_CHECKING:
    from google.genai.types import ContentDict, PartDict

HARMS = ("HARASSMENT", "HATE_SPEECH", "SEXUALLY_EXPLICIT", "DANGEROUS_CONTENT")
ENOUGH_FOR_JSON = 2048
"""Output tokens below which JSON would always be cut: thinking counts too, and half a JSON is worth nothing."""
THINKING = "thinking_config"


@dataclass(frozen=True, slots=True)
class GeminiRequest:
    """`contents` and `config` are what the client takes, in the API's own names; `notices` say what was left out."""

    model: str
    contents: list[ContentDict]
    config: Mapping[str, Any]
    notices: tuple[str, ...] = ()

    @property
    def optional(self) -> tuple[str, ...]:
        """The parts of `config` that can be left out if the model refuses them."""
        return tuple(name for name in (*SAMPLING, "max_output_tokens", THINKING) if name in self.config)

    def without(self, name: str) -> GeminiRequest:
        """The request less one optional part, and saying so."""
        rest = {key: value for key, value in self.config.items() if key != name}
        said = () if name == THINKING else (f"{self.model} refused {_label(name)}; it was left out.",)
        return dataclasses.replace(self, config=rest, notices=(*self.notices, *said))


def build_request(request: ChatRequest, settings: Settings) -> GeminiRequest:
    """The request for Gemini; BadInput if there is nothing to answer, ModelNotFound for a name no model can have."""
    model = bare_id(settings.chat_model)
    if not re.fullmatch(r"[\w.-]+(/[\w.-]+)*", model, re.ASCII) or ".." in model:
        raise ModelNotFound(f"There is no Gemini model called {model[:60]!r}.")
    moved, notices = _sampling(model, settings)
    config = {
        "safety_settings": [{"category": f"HARM_CATEGORY_{harm}", "threshold": settings.safety} for harm in HARMS],
        "automatic_continuation": False,  # would ask again and again, at the person's cost
        "automatic_function_calling": {"disable": True},
        # Only what the service is told: it bounds single reads, the deadline itself is kept by the retry loop.
        "http_options": {"timeout": int(settings.deadline * 1000) + 1000},
        **moved,
        **_instruction(request),
        **_structure(request, model, settings.max_output_tokens),
    }
    return GeminiRequest(model, _turns(request.messages), config, notices)


def _turns(messages: Sequence[Message]) -> list[ContentDict]:
    said = [message for message in messages if message.text.strip()]  # the API refuses an empty part
    if not said or said[-1].role != "user":
        raise BadInput("There is nothing to answer.", "Write something first.")
    roles = {"user": "user", "assistant": "model"}
    return [{"role": roles[message.role], "parts": _parts(message)} for message in said]


def _parts(message: Message) -> list[PartDict]:
    """The picture first, as Google advises; bytes, since the client would make a PNG of a picture object."""
    image: list[PartDict] = [{"inline_data": {"data": message.image, "mime_type": "image/jpeg"}}] if message.image else []
    return [*image, {"text": message.text}]


def _sampling(model: str, settings: Settings) -> tuple[dict[str, Any], tuple[str, ...]]:
    """What was moved and is used by the model, and a sentence on what is not."""
    moved = {name: getattr(settings, name) for name in (*SAMPLING, "max_output_tokens")}
    moved = {name: value for name, value in moved.items() if value is not None}
    ignored = [name for name in ignored_sampling(model) if name in moved]
    notices = tuple(f"{_label(name)} is not used by {model}." for name in ignored)
    return {name: value for name, value in moved.items() if name not in ignored}, notices


def _instruction(request: ChatRequest) -> dict[str, Any]:
    return {"system_instruction": request.system_instruction} if request.system_instruction.strip() else {}


def _structure(request: ChatRequest, model: str, limit: int | None) -> dict[str, Any]:
    """What makes the answer JSON; long thinking would only keep a person waiting for it."""
    if request.schema is None:
        return {}
    thinking = {THINKING: {"thinking_level": "LOW"}} if takes_thinking_level(model) else {}
    enough = {"max_output_tokens": max(limit, ENOUGH_FOR_JSON)} if limit else {}
    return {"response_mime_type": "application/json", "response_json_schema": dict(request.schema), **thinking, **enough}


def _label(name: str) -> str:
    return Settings.table()[name].label
