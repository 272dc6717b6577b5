"""What is said to a chat model and what it answers, as plain values; knows no service."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Role = Literal["user", "assistant"]


@dataclass(frozen=True, slots=True)
class Message:
    """One thing said in a conversation; `image` is a JPEG that goes with it, where the model sees."""

    role: Role
    text: str
    image: bytes = b""


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """What a chat model is asked: `messages` ends with the user's turn; `schema` (JSON Schema) asks for JSON by it."""

    messages: tuple[Message, ...]
    system_instruction: str = ""
    schema: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class ChatAnswer:
    """What came back: `model` is the one that really answered; `truncated` when its limit of tokens cut the text.

    The tokens are those that the service counted, thinking too; 0 where it did not say.
    """

    text: str
    model: str
    truncated: bool = False
    notices: tuple[str, ...] = ()
    input_tokens: int = 0
    output_tokens: int = 0
