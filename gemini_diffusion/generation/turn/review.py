"""The choice that one turn of a session waits for: whether a written prompt is drawn; knows no window."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Literal

from gemini_diffusion.generation.drawing.job import ReviewChoice
from gemini_diffusion.types import CraftedPrompt
from gemini_diffusion.types.errors import BadInput


class Review:
    """`show` is told when a choice is waited for, and when it was made. Belongs to one event loop."""

    def __init__(self, show: Callable[[Literal["review", "running"]], None]) -> None:
        self._show = show
        self._choice: asyncio.Future[tuple[ReviewChoice, str]] | None = None

    async def ask(self, crafted: CraftedPrompt) -> tuple[ReviewChoice, str]:
        """What was chosen, and the prompt as edited."""
        self._choice = asyncio.get_running_loop().create_future()
        self._show("review")
        try:
            return await self._choice
        finally:
            self._choice = None
            self._show("running")

    def choose(self, choice: ReviewChoice, prompt: str = "") -> None:
        """Raises BadInput where nothing waits."""
        if self._choice is None or self._choice.done():
            raise BadInput("Nothing waits for a choice.", "Send a request first.")
        self._choice.set_result((choice, prompt))
