"""A program that holds the token, as a visitor: what it asks is drawn, edited and answered within the limits of one."""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gemini_diffusion.chat_models import ChatModel
from gemini_diffusion.commands import Imagine, to_own
from gemini_diffusion.config.settings import Settings
from gemini_diffusion.engines import ImageEngine
from gemini_diffusion.generation.drawing.job import Job, ReviewChoice
from gemini_diffusion.storage import uploads
from gemini_diffusion.types import (
    ChatAnswer,
    ChatRequest,
    CraftedPrompt,
    Emit,
    Event,
    Failed,
    ModelChoice,
    Picture,
    PictureKept,
)
from gemini_diffusion.types.errors import GeminiDiffusionError
from gemini_diffusion.web.openai_api.mask_reading import white_where_redrawn

if TYPE_CHECKING:
    from gemini_diffusion.generation.visitors import Visitor, Visitors

SECONDS_FOR_A_LIST = 10.0


@dataclass(frozen=True, slots=True)
class ApiVisitor:
    """Whoever holds one token is one visitor, however many programs and calls that are: they share its limits and its place in
    the queue. Nothing of a call is remembered but its pictures."""

    visitors: Visitors
    token: str

    @property
    def visitor(self) -> Visitor:
        return self.visitors.of(f"program:{hashlib.sha256(self.token.encode()).hexdigest()[:32]}")

    async def draw(self, command: Imagine, emit: Emit) -> list[Picture]:
        """The pictures that a command asks for, in the order of their seeds. Raises an error of ours where none came;
        where some did not, the notices of the others say why."""
        kept: dict[int, Picture] = {}
        failed: list[str] = []

        def tell(event: Event) -> None:
            if isinstance(event, PictureKept):
                kept[event.index] = event.picture
            if isinstance(event, Failed):
                failed.append(f"{event.text} {event.hint}".strip())
            emit(event)

        visitor = self.visitor
        await self._job(visitor, visitor.settings, tell).imagine(command)
        return [_with_notices(kept[place], failed) for place in sorted(kept)]

    async def begin_from(self, image: bytes, mask: bytes, command: Imagine) -> Imagine:
        """The command, begun from a picture that came with it and drawn anew where its mask says. Raises BadInput, DiskFull,
        OutOfQuota."""
        session = self.visitor.session
        brought = await session.bring(image)
        if mask:
            white = await asyncio.to_thread(white_where_redrawn, mask)
            marked = await asyncio.to_thread(uploads.with_marks, brought, white)
            brought = await asyncio.to_thread(self.visitors.services.gallery.save, marked, brought.recipe)
            session.collection.add(brought)
        flags = dataclasses.replace(command.flags, references=(to_own(brought.id), *command.flags.references))
        return dataclasses.replace(command, flags=flags)

    async def answer(self, request: ChatRequest, settings: Settings, emit: Emit) -> ChatAnswer:
        """What the chat model under these settings says to a whole conversation."""
        model = await self._job(self.visitor, settings, emit).lent_model()
        return await model.answer(request, settings, emit)

    async def models(self) -> AsyncIterator[tuple[str, ModelChoice]]:
        """What can be asked for, each with "chat" or "image"; a service without a key, or that does not answer, is left out."""
        settings, services = self.visitor.settings, self.visitors.services
        kinds: tuple[tuple[str, Mapping[str, ChatModel | ImageEngine]], ...] = (
            ("chat", services.chat_models),
            ("image", services.engines),
        )
        for kind, parts in kinds:
            for part in parts.values():
                if not part.key or any(getattr(settings, name) for name in part.paid_by):
                    for choice in await _listed(part, settings):
                        yield kind, choice

    def _job(self, visitor: Visitor, settings: Settings, emit: Emit) -> Job:
        session = visitor.session
        return Job(
            self.visitors.services,
            settings,
            emit,
            session.collection.add,
            _goes_on,
            access=visitor.access,
            find=session.picture,
        )


async def _listed(part: ChatModel | ImageEngine, settings: Settings) -> list[ModelChoice]:
    try:
        async with asyncio.timeout(SECONDS_FOR_A_LIST):
            return [choice for choice in await part.models(settings) if choice.runnable]
    except (GeminiDiffusionError, TimeoutError):
        return []


def _with_notices(picture: Picture, more: list[str]) -> Picture:
    recipe = dataclasses.replace(picture.recipe, notices=(*picture.recipe.notices, *more))
    return dataclasses.replace(picture, recipe=recipe)


async def _goes_on(crafted: CraftedPrompt) -> tuple[ReviewChoice, str]:
    """Nobody sits before a program who could be asked about a prompt."""
    return "draw", ""
