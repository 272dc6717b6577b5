"""What Gemini answers to a request for a picture: the picture, or why there is none; asks nothing itself."""

from __future__ import annotations

from typing import Any

from gemini_diffusion.network.gemini.refusal_reasons import REASONS
from gemini_diffusion.types.errors import Blocked, GaveUp, GeminiDiffusionError, RequestRefused

_DECLINED = ("STOP", "NO_IMAGE", "")


def read_image(answer: Any, model: str) -> bytes:
    """The last picture of an answer, its drafts left aside. Raises Blocked, RequestRefused, GaveUp where there is none."""
    candidate = next(iter(answer.candidates or ()), None)
    parts = (candidate.content.parts if candidate and candidate.content else None) or []
    images = [part.inline_data.data for part in parts if part.inline_data and part.inline_data.data and not part.thought]
    if images:
        return bytes(images[-1])
    words = " ".join(" ".join(part.text for part in parts if part.text and not part.thought).split())
    block = answer.prompt_feedback.block_reason.value if answer.prompt_feedback and answer.prompt_feedback.block_reason else ""
    finish = candidate.finish_reason.value if candidate and candidate.finish_reason else ""
    raise _no_image(model, words, block, finish)


def output_tokens(answer: Any) -> int:
    """Tokens of the answer, as the service counted them; 0 where it did not."""
    used = answer.usage_metadata
    return int((used.candidates_token_count or 0) + (used.thoughts_token_count or 0)) if used else 0


def _no_image(model: str, words: str, block: str, finish: str) -> GeminiDiffusionError:
    if block:
        return Blocked(f"Gemini did not take this request: {REASONS.get(block, block)}.")
    if finish in REASONS:
        return Blocked(f"Gemini withheld the picture: {REASONS[finish]}.")
    if words and finish in _DECLINED:
        return RequestRefused(f'{model} answered in words: "{words[:300]}"', "Say what is to be seen, then send it again.")
    return GaveUp(f"{model} drew no picture.", "Say it in other words, or choose another model.")
