"""What a server of chat completions refuses with beyond what every server of OpenAI's API does."""

from __future__ import annotations

import re
from typing import ClassVar

from gemini_diffusion.network.openai_errors import OpenAiRefusal
from gemini_diffusion.types.errors import FieldRefused, GeminiDiffusionError, RequestRefused

OPTIONAL = {
    "response_format": re.compile(
        r"response_format|json_schema|json_object|json mode|guided|grammar|structured", re.IGNORECASE
    ),
    "max_tokens": re.compile(r"max_tokens|max_completion_tokens"),
    "temperature": re.compile(r"temperature"),
    "top_p": re.compile(r"top_p"),
    "stream_options": re.compile(r"stream_options|include_usage"),
}
"""The parts of a request that it can do without, and how a refusal names them."""


class CompletionRefusal(OpenAiRefusal):
    """A refusal of a question: it may name a part that can be left out, or be about a picture."""

    __slots__ = ()
    takes_nothing: ClassVar[str] = "takes no chat"

    def refused(self) -> GeminiDiffusionError:
        words = self.words.lower()
        if re.search(r"image|vision|multimodal|mmproj", words) and re.search(r"support|cannot|can't|not |no |requires", words):
            return RequestRefused(self.quoted("This model cannot see pictures"), "Choose a chat model that can.")
        named = next((name for name, spelled in OPTIONAL.items() if spelled.search(self.words)), "")
        said = self.quoted(f"{self.label} cannot take this request")
        return FieldRefused(said, named) if named else RequestRefused(said)
