"""Reading a text aloud with Gemini: which model, what it is asked, and its samples as a WAV file; knows no connection."""

from __future__ import annotations

import io
import re
import wave
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from gemini_diffusion.chat_models.gemini.model_list import bare_id, rank
from gemini_diffusion.types.errors import BadAnswer, BadInput, ModelNotFound

if TYPE_CHECKING:
    from google.genai.types import GenerateContentResponse, Model

VOICE = "Kore"
LONGEST = 3000
"""Characters that are read in one go, about four minutes."""
_RATE = re.compile(r"rate=(\d{4,6})")
_USUAL_RATE = 24_000
_MARKS = re.compile(r"[*_`#>|]+|^\s*[-+]\s", re.MULTILINE)


def speech_models_in(listed: Iterable[Model]) -> tuple[str, ...]:
    """Those of a live listing that speak, the newest stable one first."""
    names = {bare_id(model.name) for model in listed if model.name and "generateContent" in (model.supported_actions or ())}
    return tuple(sorted((name for name in names if "tts" in name), key=rank))


def speech_request(text: str, models: tuple[str, ...], deadline: float) -> dict[str, Any]:
    """What the client is called with. Raises ModelNotFound where no model speaks, BadInput for no text or one too long."""
    words = " ".join(_MARKS.sub(" ", text).split())
    if not models:
        raise ModelNotFound("Gemini lists no model that speaks for this key.", "Read aloud works with the browser's own voice.")
    if not words or len(words) > LONGEST:
        said = "There is nothing to read." if not words else f"This answer is longer than {LONGEST:,} characters."
        raise BadInput(said, "Read aloud reads it with the browser's own voice.")
    voice = {"voice_config": {"prebuilt_voice_config": {"voice_name": VOICE}}}
    options = {"timeout": int(deadline * 1000) + 1000}
    config = {"response_modalities": ["AUDIO"], "speech_config": voice, "http_options": options}
    return {"model": models[0], "contents": words, "config": config}


def wav_of(response: GenerateContentResponse) -> bytes:
    """The sound in an answer as a WAV file; bare samples get their header. Raises BadAnswer where there is none."""
    parts = [part for found in response.candidates or () if found.content for part in found.content.parts or ()]
    sounds = [part.inline_data for part in parts if part.inline_data and part.inline_data.data]
    content, kind = b"".join(sound.data or b"" for sound in sounds), (sounds[0].mime_type or "") if sounds else ""
    if content.startswith(b"RIFF"):
        return content
    if not content or not kind.startswith("audio/"):
        raise BadAnswer("Gemini sent no sound.", "Try again, or use Read aloud.")
    rate = _RATE.search(kind)
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(int(rate[1]) if rate else _USUAL_RATE)
        sound.writeframes(content[: len(content) // 2 * 2])
    return file.getvalue()
