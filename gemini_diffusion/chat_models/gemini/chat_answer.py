"""Gemini's answer as it grows and what it means at its end: words, cut words, or a reason for silence; knows no connection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gemini_diffusion.chat_models.gemini.chat_request import GeminiRequest
from gemini_diffusion.network.gemini.refusal_reasons import REASONS
from gemini_diffusion.types import ChatAnswer
from gemini_diffusion.types.errors import BadAnswer, Blocked, GeminiDiffusionError, RequestRefused

if TYPE_CHECKING:
    from google.genai.types import Candidate, GenerateContentResponse

CUT = ("MAX_TOKENS", "CONTINUATION")


@dataclass
class PartialAnswer:
    """One streamed answer: `text` grows with each chunk, thoughts left out."""

    request: GeminiRequest
    text: str = ""
    model: str = ""
    finish: str = ""
    block: str = ""
    retirement: str = ""
    tokens: tuple[int, int] = (0, 0)

    def add(self, chunk: GenerateContentResponse) -> bool:
        """Take in one chunk; whether the text grew."""
        before = len(self.text)
        self.model = chunk.model_version or self.model
        if chunk.prompt_feedback and chunk.prompt_feedback.block_reason:
            self.block = chunk.prompt_feedback.block_reason.value
        if chunk.model_status and chunk.model_status.message:
            self.retirement = chunk.model_status.message
        if used := chunk.usage_metadata:
            self.tokens = used.prompt_token_count or 0, (used.candidates_token_count or 0) + (used.thoughts_token_count or 0)
        for candidate in (chunk.candidates or [])[:1]:
            self._add_candidate(candidate)
        return len(self.text) > before

    def _add_candidate(self, candidate: Candidate) -> None:
        parts = (candidate.content.parts if candidate.content else None) or []
        self.text += "".join(part.text or "" for part in parts if not part.thought)
        if candidate.finish_reason:
            self.finish = candidate.finish_reason.value

    def ended(self) -> ChatAnswer:
        """The answer, or why there is none."""
        refusal = self._refusal()
        if refusal:
            raise refusal
        notices = [*self.request.notices, self._rerouted(), self.retirement, self._cut()]
        answered = self.model or self.request.model
        said = tuple(notice for notice in notices if notice)
        return ChatAnswer(self.text, answered, bool(self._cut()), said, *self.tokens)

    def _refusal(self) -> GeminiDiffusionError | None:
        if self.block:
            return Blocked(f"Gemini did not take this request: {REASONS.get(self.block, self.block)}.")
        if self.finish in REASONS:
            return Blocked(f"Gemini withheld its answer: {REASONS[self.finish]}.")
        if self.text.strip():
            return None
        if self.finish in CUT:
            return RequestRefused(
                f"{self.request.model} spent its whole limit of words on thinking and said nothing.",
                "Raise Max output tokens in Settings or clear it, or choose another model.",
            )
        return BadAnswer(f"{self.request.model} sent an empty answer.", "Say it in other words, or choose another model.")

    def _cut(self) -> str:
        """What to say of an answer that is not whole; "" of one that is."""
        limit = self.request.config.get("max_output_tokens")
        if self.finish == "STOP":
            return ""
        if self.finish not in CUT:
            return "The answer may be incomplete: Gemini did not say that it was finished."
        return (
            f"The answer was cut at {limit} tokens, the longest set in Settings."
            if limit
            else "The answer was cut: it got too long."
        )

    def _rerouted(self) -> str:
        """A retired model is answered for by another; a name that follows the newest is meant to be."""
        asked = self.request.model
        if not self.model or asked.endswith("-latest") or self.model.startswith(asked):
            return ""
        return f"{self.model} answered in place of {asked}."
