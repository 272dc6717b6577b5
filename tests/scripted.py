"""A chat model that answers from a script: a real sibling of the others, with what it was asked kept in `history`."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Iterable
from typing import Any

from gemini_diffusion.config.settings import Settings
from gemini_diffusion.crafting import PromptRequest, craft
from gemini_diffusion.engines.models import find_model
from gemini_diffusion.types import ChatAnswer, ChatRequest, CraftedPrompt, Emit, Event, ModelChoice, TextGrew

Turn = str | Exception | ChatAnswer
IDEA = "a red cat on the beach"
GOOD = "a red cat on the beach, warm light, soft waves"


class ScriptedChatModel:
    """Answers what was enqueued, in order, growing a few letters at a time; an exception in the script is raised."""

    name = "scripted"
    key = "google_api_key"
    paid_by: tuple[str, ...] = ("google_api_key",)
    sees = True

    def __init__(self, turns: Iterable[Turn] = (), structured: bool = True) -> None:
        self.structured = structured
        self.turns: deque[Turn] = deque(turns)
        self.history: list[ChatRequest] = []

    def is_ready(self, settings: Settings) -> bool:
        return bool(settings.google_api_key)

    def enqueue(self, turns: Iterable[Turn]) -> None:
        self.turns.extend(turns)

    async def answer(self, request: ChatRequest, settings: Settings, emit: Emit) -> ChatAnswer:
        self.history.append(request)
        turn = self.turns.popleft()
        if isinstance(turn, Exception):
            raise turn
        answer = turn if isinstance(turn, ChatAnswer) else ChatAnswer(turn, "scripted-1")
        for end in range(7, len(answer.text) + 7, 7):
            emit(TextGrew(answer.text[:end]))
            await asyncio.sleep(0)
        return answer

    def unused_settings(self, settings: Settings) -> tuple[str, ...]:
        return ()

    async def models(self, settings: Settings) -> list[ModelChoice]:
        return [ModelChoice("scripted-1", "Scripted")]

    async def check(self, settings: Settings) -> str:
        return "The script is there."

    async def close(self) -> None:
        return None


def as_json(prompt: str, **fields: object) -> str:
    """A whole answer by the schema with this prompt."""
    answer: dict[str, object] = {
        "title": "A picture",
        "prompt": prompt,
        "prompt_2": "",
        "negative_prompt": "",
        "style": "",
        "aspect_ratio": "auto",
        "kept_terms": [],
        "added_terms": [],
        "reply": "Here it is.",
        "refusal": None,
    }
    return json.dumps(answer | fields)


async def crafted_from(*turns: Turn, idea: str = IDEA, **wish: Any) -> tuple[CraftedPrompt, ScriptedChatModel, list[Event]]:
    """What crafting makes of an idea with these answers, the model that was asked, and the news on the way."""
    model, events = ScriptedChatModel(turns), list[Event]()
    given = PromptRequest(idea, wish.pop("model", find_model("sdxl")), **wish)
    return await craft(given, (), model, Settings(), events.append), model, events
