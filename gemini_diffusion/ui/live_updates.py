"""A running turn as a page follows it: each of its states as updates of the conversation and the image panel."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from gemini_diffusion.commands import Flags
from gemini_diffusion.generation.drawing import plan
from gemini_diffusion.types import Capabilities
from gemini_diffusion.types.errors import GeminiDiffusionError
from gemini_diffusion.ui.chat_panel import ChatPanel
from gemini_diffusion.ui.image_panel import ImagePanel
from gemini_diffusion.ui.live_preview import next_preview
from gemini_diffusion.ui.picture_details import describe
from gemini_diffusion.ui.progress import current_stage
from gemini_diffusion.ui.recovery import can_move
from gemini_diffusion.ui.token_meter import token_line

if TYPE_CHECKING:
    from gemini_diffusion.generation.visitors import Visitor, Visitors
    from gemini_diffusion.storage.gallery import FileFormat
    from gemini_diffusion.types import Picture
    from gemini_diffusion.types.turn import Turn

Updates = dict[Any, Any]


@dataclass(frozen=True, slots=True)
class LiveUpdates:
    """What a visitor's page is shown of the running turn."""

    visitors: Visitors
    conversation: ChatPanel
    panel: ImagePanel

    async def follow(
        self, visitor: Visitor, words: str = "", identity: str = "", *, clear: bool = False
    ) -> AsyncGenerator[Updates, None]:
        """Every state of the turn of that id, or of the running one; `words` go back into an empty box when it is stopped or
        fails.

        A slow page applies only the latest of several updates, so each is complete. Only the selected picture is sent once,
        since the person may edit its prompt from then on: a page that missed it asks for it again.
        """
        session, shown, seen = visitor.session, False, None
        judged = self.visitors.services.picture_filter.is_on(visitor.settings)
        async for turn in session.watch(identity):
            if turn.state == "queued":  # whoever follows the running one shows the rest
                yield self.conversation.queued(session) | (self.conversation.emptied() if clear else {})
                clear = False
                continue
            seen = next_preview(turn, seen, blurred=judged)
            state = self._state(visitor, turn, words) | self.panel.show_preview(seen)
            chosen = turn.kept[0].picture if turn.kept else turn.selected
            if chosen and not shown:
                state, shown = _merged(await self.show_picture(visitor, chosen), state), True
            yield state | (self.conversation.emptied() if clear else {})
            clear = False

    async def show_picture(self, visitor: Visitor, picture: Picture) -> Updates:
        """Shows a picture in the image panel and prepares the file for its Download button."""
        file = await exported(visitor, picture)
        details = await asyncio.to_thread(describe, picture, self._able(visitor, picture))
        meter = await self.meter(visitor, picture, picture.recipe.prompt)
        return self.panel.show_picture(details, file, visitor.settings.file_format) | {self.panel.meter: meter}

    async def meter(self, visitor: Visitor, picture: Picture, prompt: str) -> str:
        """How many tokens the prompt has for the model that drew the picture, as Markdown; empty for an uploaded one."""
        recipe = picture.recipe
        if not recipe.engine:
            return ""
        engine = self.visitors.services.engines[recipe.engine]
        read = await asyncio.to_thread(engine.meter, recipe.model, prompt)
        return token_line(read, engine.capabilities(recipe.model, visitor.settings))

    def _able(self, visitor: Visitor, picture: Picture) -> Capabilities:
        """The capabilities of the model that drew a picture, or for an uploaded one of the model that would draw now."""
        engines, recipe = self.visitors.services.engines, picture.recipe
        if recipe.engine:
            return engines[recipe.engine].capabilities(recipe.model, visitor.settings)
        try:
            return plan.make_plan(Flags(), visitor.settings, engines, None).capabilities
        except GeminiDiffusionError:  # no engine is ready: the next drawing says why
            return Capabilities()

    def _state(self, visitor: Visitor, turn: Turn, words: str) -> Updates:
        """The complete state of a turn."""
        turns, busy = visitor.session.turns, visitor.session.busy
        updates = self.conversation.show(visitor.session) | self.panel.enable(not busy)
        updates |= self.panel.progress(
            current_stage(turn) if turn.kind == "imagine" else None, move=turn.alternative if can_move(turn) else None
        )
        if busy:
            return updates | self.conversation.busy()
        updates |= self.conversation.listed.show(visitor.session.conversations)
        last = turns[-1].id if turns else ""
        lost = turn.state in ("stopped", "failed") and turn.id == last  # a later turn has sent the words again
        return updates | self.conversation.idle(words if lost else "", turn.source.id if lost and turn.source else "")


async def exported(visitor: Visitor, picture: Picture) -> Path:
    """The file for the Download button, in the format the person chose."""
    chosen = cast("FileFormat", visitor.settings.file_format)
    return await asyncio.to_thread(visitor.session.store.export, picture, chosen)


def _merged(first: Updates, then: Updates) -> Updates:
    """Both updates, those of the same component joined."""
    both = [part for part in first if isinstance(first[part], dict) and isinstance(then.get(part), dict)]
    return first | then | {part: first[part] | then[part] for part in both}
