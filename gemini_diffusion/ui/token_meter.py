"""How many tokens of an image model's text encoder a prompt takes, in one line."""

from __future__ import annotations

from gemini_diffusion.types import Capabilities, EncoderUsage, TokenUsage
from gemini_diffusion.ui import escape

MOST_SHOWN = 300
"""The most characters shown of what is left out."""


def token_line(meter: TokenUsage, able: Capabilities) -> str:
    """The line as Markdown: "42 of 77 tokens", with what the encoder leaves out struck through.

    An engine that weighs words reads a longer prompt in several windows, so that nothing is left out.
    """
    fullest = max(meter.gauges, key=lambda gauge: gauge.tokens)
    window = fullest.window if able.max_tokens is None or not meter.estimated else able.max_tokens
    said = f"{'about ' if meter.estimated else ''}{fullest.tokens} of {window} tokens"
    if fullest.tokens <= window:
        return said
    if able.weights:
        return f"{said}, read in {_windows(fullest)} parts"
    beyond = meter.beyond if window == fullest.window else ""
    return f"{said}, the rest is left out" + (f": {_struck(beyond)}" if beyond else "")


def _windows(gauge: EncoderUsage) -> int:
    """How many windows a text takes; each has two special tokens."""
    return -(-(gauge.tokens - 2) // (gauge.window - 2))


def _struck(text: str) -> str:
    words = " ".join(text.split())
    return f"~~{escape.escape_text(words[:MOST_SHOWN])}~~" + (" ..." if len(words) > MOST_SHOWN else "")
