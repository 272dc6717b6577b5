"""What the servers say when nobody scripted them: plausible words and values, for tests that only need an answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

KNOWN_FIELDS = {
    "prompt": "{idea}, soft morning light, fine detail, gentle depth of field",
    "negative_prompt": "blurry, low quality, watermark",
    "prompt_2": "soft morning light, fine detail",
    "title": "{title}",
    "style": "photograph",
    "aspect_ratio": "1:1",
    "reply": "Here is {idea}, in soft morning light.",
    "refusal": "",
    "answer": "You said: {idea}",
}
"""A crafted prompt by the names of its fields; {idea} is the person's request."""


def chat(said: str) -> str:
    """An answer to a chat message."""
    offer = "This is a local stand-in for Gemini. Ask for a picture with `/imagine a fox in the snow`."
    return f"You said: {said.strip()[:200]}\n\n{offer}"


def crafted(schema: Mapping[str, Any], said: str) -> Any:
    """A value that follows the schema and holds the last line of what was said wherever a prompt is wanted."""
    lines = [line.strip() for line in said.splitlines() if line.strip()] or ["a fox in the snow"]
    return _value(schema if schema.get("properties") else {"type": "object", "properties": {"prompt": {}}}, "", lines[-1])


def _value(schema: Mapping[str, Any], name: str, idea: str) -> Any:
    kind = _kind(schema)
    if schema.get("enum"):
        return "1:1" if "1:1" in schema["enum"] else schema["enum"][0]
    if kind == "object":
        return {key: _value(entry, key, idea) for key, entry in schema.get("properties", {}).items()}
    if name == "paraphrases":
        return [
            f"{idea}{more}" for more in ("", " in soft light", ", seen close up", " in soft morning light", ", fine detail")
        ]
    if kind == "array":
        return idea.split() if name.startswith(("kept", "keep")) else []
    if kind in ("integer", "number"):
        return None if _nullable(schema) else schema.get("minimum", 0)
    if kind == "boolean":
        return False
    if name == "refusal" and _nullable(schema):
        return None
    return KNOWN_FIELDS.get(name, "").format(idea=idea, title=" ".join(idea.split()[:6]))


def _kinds(schema: Mapping[str, Any]) -> list[str]:
    kinds = schema.get("type", [option.get("type", "") for option in schema.get("anyOf", [])])
    return [kind.lower() for kind in ([kinds] if isinstance(kinds, str) else kinds)]


def _kind(schema: Mapping[str, Any]) -> str:
    return next((kind for kind in _kinds(schema) if kind != "null"), "string")


def _nullable(schema: Mapping[str, Any]) -> bool:
    return bool(schema.get("nullable")) or "null" in _kinds(schema)
