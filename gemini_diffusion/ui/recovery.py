"""The next steps that a failure, a long wait or a wrong reading offers as buttons, and what each does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gemini_diffusion.engines import fallback, models
from gemini_diffusion.types import Alternative, Failed
from gemini_diffusion.types.errors import BadInput
from gemini_diffusion.types.turn import Turn

if TYPE_CHECKING:
    from gemini_diffusion.config.settings import Settings
    from gemini_diffusion.generation.visitors import Visitor, Visitors

SETTINGS_TAB = "settings"


@dataclass(frozen=True, slots=True)
class Recovery:
    """One step: the text to send again and what changes before it, or the tab to open instead."""

    text: str
    kind: str
    which: str = ""

    @staticmethod
    def read(value: str, turns: Sequence[Turn]) -> Recovery:
        """The step a page asks for, if the last turn offers it. Raises BadInput otherwise."""
        last = turns[-1] if turns else None
        offered = _offered(last) if last else []
        if last is None or value not in (way for way, _ in offered):
            raise BadInput("That option is no longer available.", "Send the request again.")
        kind, _, which = value.partition(":")
        return Recovery(which if kind == "send" else last.asked, kind, which)

    @property
    def tab(self) -> str:
        """The tab to open, empty if the step sends something."""
        return SETTINGS_TAB if self.kind == "settings" else ""

    def settings(self, visitors: Visitors, visitor: Visitor) -> Settings:
        """The settings to send it with; this is where an agreement to a download is given and kept."""
        if self.kind == "download":
            visitors.agree(self.which)
        if self.kind == "postcard":
            return visitor.settings.replaced({"engine": here(visitors), "image_model": models.FIRST_RUN})
        return visitor.settings


def here(visitors: Visitors) -> str:
    """The name of the engine that draws on this machine."""
    return fallback(visitors.services.engines).name


def recovery_options(failed: Failed, other: Alternative | None = None) -> list[tuple[str, str]]:
    """The next steps a failure offers, as (value, label); `other` is the engine that could draw it instead."""
    moved = [(f"send:{other.line}", f"Draw it {place(other)}")] if other and failed.elsewhere else []
    return [*_again(failed), *moved]


def place(other: Alternative) -> str:
    """Where another engine draws, as a person says it."""
    return models.PLACES.get(other.engine, other.engine)


def _again(failed: Failed) -> list[tuple[str, str]]:
    kind, _, which = failed.action.partition(":")
    if kind == "download":
        return [(failed.action, "Download and draw"), ("postcard", "Draw a postcard instead")]
    if kind == "send":
        return [(failed.action, f"Send {which[:60]}")]
    if kind == "settings":
        return [("settings", "Open Settings"), ("retry", "Try again")]
    return [("retry", "Try again")]


def corrections(turn: Turn) -> list[tuple[str, str]]:
    """What puts right how a message was read, as (value, label); also while it is drawn."""
    if not turn.offer:
        return []
    if turn.offer == "talk":
        return [("talk", "I only wanted to talk")]
    return [(f"send:{turn.offer}", "Fix what is missing" if turn.selected else "Draw it")]


def _offered(turn: Turn) -> list[tuple[str, str]]:
    if turn.failures:
        return [] if turn.running else recovery_options(turn.failures[-1], turn.alternative)
    return corrections(turn)


def can_move(turn: Turn) -> bool:
    """Whether a turn waits for a service that is to draw, so that another engine could draw instead."""
    crafting = turn.step("crafting")
    waits = turn.alternative is not None and turn.waiting is not None
    return waits and not (crafting and crafting.seconds is None)
