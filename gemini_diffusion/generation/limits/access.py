"""What one visitor may have of what all share: the host's keys, drawing slots, room on disk; knows no conversation."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PureWindowsPath

from gemini_diffusion.chat_models import Answerer, ChatModel
from gemini_diffusion.config.settings import Settings
from gemini_diffusion.engines import ImageEngine
from gemini_diffusion.generation.limits.disk_quota import DiskQuota
from gemini_diffusion.generation.limits.key_quota import KeyQuota
from gemini_diffusion.generation.limits.lent_model import LentChatModel
from gemini_diffusion.generation.limits.time_quota import TimeQuota
from gemini_diffusion.types import Emit, Event, ImageRequest, StageStarted
from gemini_diffusion.types.errors import BadInput, KeyNeeded, OutOfQuota, Overloaded

MOST_DRAWINGS = 64
"""Drawings of all visitors that are under way at once, the waiting ones too."""
MOST_OF_A_PARTY = 16
"""The same of one party: twice what one visitor can ask for at once."""


@dataclass(slots=True)
class DrawingSlots:
    """How many drawings are under way, by party; one for all visitors. Belongs to one event loop."""

    taken: Counter[str] = field(default_factory=Counter)

    @contextmanager
    def one(self, party: str) -> Iterator[None]:
        """A place for one drawing. Raises Overloaded where there is none."""
        if self.taken.total() >= MOST_DRAWINGS or self.taken[party] >= MOST_OF_A_PARTY:
            raise Overloaded("Many pictures are being drawn here right now.")
        self.taken[party] += 1
        try:
            yield
        finally:
            self.taken[party] -= 1
            self.taken += Counter()  # forgets who has none


@dataclass(frozen=True, slots=True)
class Access:
    """One visitor, or all those who cannot come back. `name` is whom the quotas count for; without one nothing is counted, as
    for the host. A `guest` is not the host.

    `party` is random: drawings of one party stand in an engine's queue as one, and it tells nobody who they are.
    """

    slots: DrawingSlots = field(default_factory=DrawingSlots)
    key_quota: KeyQuota | None = None
    disk_quota: DiskQuota | None = None
    time_quota: TimeQuota | None = None
    name: str = ""
    guest: bool = False
    party: str = field(default_factory=lambda: secrets.token_hex(8))

    @property
    def left(self) -> str:
        """What is left of the host's keys today, as "12 of 30"; "" where nothing is counted."""
        return f"{self.key_quota.left(self.name)} of {self.key_quota.per_visitor}" if self.key_quota else ""

    def refuse_model(self, named: str | None) -> None:
        """Whether a model may be asked for by this name. Raises BadInput where it is a place on the host's disk."""
        if self.guest:
            refuse_local_path(named or "")

    def refuse_more(self) -> None:
        """Raises OutOfQuota where the host keeps nothing more for them."""
        if self.disk_quota:
            self.disk_quota.refuse_more(self.name)

    def refuse_long(self, key: str, seconds: float | None) -> None:
        """Raises OutOfQuota where this machine would draw for longer than it still does for them today."""
        if self.time_quota and not key:
            self.time_quota.refuse(self.name, seconds)

    def keeps(self, folder: Path) -> None:
        """Counts what is in `folder` now as theirs."""
        if self.disk_quota:
            self.disk_quota.count(self.name, folder)

    def lends(self, part: ChatModel | ImageEngine, settings: Settings) -> bool:
        """Whether the host pays for what this chat model or engine does under these settings."""
        return self.key_quota is not None and self.key_quota.pays_for(part, settings)

    async def lend(self, model: ChatModel, settings: Settings) -> Answerer:
        """This chat model for one answer, counted where the host pays for it. Raises OutOfQuota, and RequestRefused for a model
        that is not lent, before anything is asked."""
        if not (self.key_quota and self.lends(model, settings)):
            return model
        self.key_quota.refuse_model(settings.chat_model)
        await self.key_quota.take(self.name)
        return LentChatModel(model, self.key_quota, self.name)

    @asynccontextmanager
    async def drawing(self, engine: ImageEngine, request: ImageRequest, settings: Settings, emit: Emit) -> AsyncIterator[Emit]:
        """A place for one drawing until it is kept, counted where the host pays, by the time that its news tell where this
        machine draws. Raises Overloaded, OutOfQuota, KeyNeeded, RequestRefused."""
        with self.slots.one(self.party):
            if self.key_quota and self.lends(engine, settings):
                _keep_at_home(self.key_quota, request, settings)
                self.key_quota.refuse_model(request.model)
                await self.key_quota.take(self.name, request.model)
            timed = None if engine.key else self.time_quota
            began = False

            def watched(event: Event) -> None:
                nonlocal began
                if timed and not began and isinstance(event, StageStarted) and event.stage == "drawing":
                    began = True
                    timed.begin(self.name)
                emit(event)

            try:
                yield watched
            finally:
                if timed and began:
                    timed.end(self.name)

    def refusal(self, engine: ImageEngine, settings: Settings) -> OutOfQuota | None:
        """Why the host does not pay for a drawing any more today; None where they do, or need not."""
        return self.key_quota.refusal(self.name) if self.key_quota and self.lends(engine, settings) else None


def is_local_path(model: str) -> bool:
    """Whether a model is named by where it lies on a disk, in any system's way of saying so."""
    named = model.strip()
    alone = "/" not in named and named.lower().endswith((".safetensors", ".ckpt"))  # a file's name stands for where it lies
    return (
        alone
        or named.startswith(("/", "\\", "~", "."))
        or PureWindowsPath(named).is_absolute()
        or named.lower().startswith("file:")
    )


def refuse_local_path(model: str) -> None:
    """Raises BadInput for a place on this machine's disk: even whether something is there is the host's to know."""
    if is_local_path(model):
        raise BadInput("A model on this machine's disk is the host's to choose.", "Choose one of the list, or a hub id.")


def _keep_at_home(key_quota: KeyQuota, request: ImageRequest, settings: Settings) -> None:
    """The host's token never goes to an address that a visitor names, wherever that is."""
    named = request.model.startswith(("https://", "http://")) and not settings.hf_inference_url
    if named and key_quota.lends_token(settings):
        raise KeyNeeded("The host's token is not sent to an endpoint of yours.", "Add a token of your own in Settings.")
