"""A listing of Gemini models as ListModels gives it: every kind an app has to sort, made up of names of late 2026."""

from __future__ import annotations

from typing import Any

CHAT = ("generateContent", "countTokens", "createCachedContent", "batchGenerateContent")


def model(name: str, display: str, methods: tuple[str, ...] = CHAT, thinking: bool = True) -> dict[str, Any]:
    """One entry of the listing."""
    return {
        "name": f"models/{name}",
        "version": "001",
        "displayName": display,
        "description": f"{display}, as listed.",
        "inputTokenLimit": 1_048_576,
        "outputTokenLimit": 65_536,
        "supportedGenerationMethods": list(methods),
        "temperature": 1,
        "topP": 0.95,
        "topK": 64,
        "maxTemperature": 2,
        "thinking": thinking,
    }


LISTING = (
    model("gemini-2.0-flash", "Gemini 2.0 Flash (retired)", thinking=False),
    model("gemini-2.5-flash", "Gemini 2.5 Flash"),
    model("gemini-flash-latest", "Gemini Flash Latest"),
    model("gemini-flash-lite-latest", "Gemini Flash-Lite Latest"),
    model("gemini-3.8-flash", "Gemini 3.8 Flash"),
    model("gemini-3.6-flash", "Gemini 3.6 Flash"),
    model("gemini-3.5-flash-lite", "Gemini 3.5 Flash-Lite"),
    model("gemini-3.1-pro-preview", "Gemini 3.1 Pro Preview"),
    model("gemma-4-31b-it", "Gemma 4 31B", CHAT[:2], thinking=False),
    model("gemini-nano-banana-2.1", "Nano Banana 2.1", CHAT[:2], thinking=False),
    model("gemini-3-pro-image", "Gemini 3 Pro Image", CHAT[:2], thinking=False),
    model("gemini-3.8-flash-tts", "Gemini 3.8 Flash TTS", CHAT[:2], thinking=False),
    model("gemini-3.8-flash-live", "Gemini 3.8 Flash Live", ("bidiGenerateContent", "countTokens")),
    model("gemini-embedding-2", "Gemini Embedding 2", ("embedContent", "countTextTokens"), thinking=False),
    model("veo-4.0-generate", "Veo 4", ("predictLongRunning",), thinking=False),
    model("aqa", "Attributed question answering", ("generateAnswer",), thinking=False),
)
