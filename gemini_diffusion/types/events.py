"""Events of a turn: news on the way from where it happens to whoever watches. `index` is the picture's place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from gemini_diffusion.types.image import CraftedPrompt
from gemini_diffusion.types.recipe import Picture, Recipe

Stage = Literal["crafting", "paraphrasing", "waiting", "downloading", "loading", "drawing", "finishing", "saving"]


@dataclass(frozen=True, slots=True)
class StageStarted:
    stage: Stage
    text: str
    index: int = 0


@dataclass(frozen=True, slots=True)
class StageFinished:
    stage: Stage
    text: str
    seconds: float
    index: int = 0


@dataclass(frozen=True, slots=True)
class TextGrew:
    """The answer (or the prompt being written) as far as it has come: always the whole text so far."""

    text: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """Counting down to attempt number `attempt`; sent about once a second, `seconds_left` 0 when it is made."""

    reason: str
    seconds_left: float
    attempt: int
    index: int = 0


@dataclass(frozen=True, slots=True)
class Progress:
    """`done` of `total` steps or bytes; `seconds_left` None until it can be told."""

    stage: Stage
    done: int
    total: int
    unit: Literal["step", "byte"] = "step"
    seconds_left: float | None = None
    index: int = 0


@dataclass(frozen=True, slots=True)
class Preview:
    """How the picture looks so far, as a small JPEG; at most twice a second, and never kept."""

    jpeg: bytes
    index: int = 0


@dataclass(frozen=True, slots=True)
class Noticed:
    """One sentence the person should read: what was read otherwise, left out, stepped down."""

    text: str


@dataclass(frozen=True, slots=True)
class Crafted:
    crafted: CraftedPrompt


@dataclass(frozen=True, slots=True)
class Understood:
    """What a message was taken for, before anything is done: `text` says it, `offer` is what corrects it with one click.

    `offer` is "talk" where it was only to be talked about, the line to send where it was to be drawn, "" for neither; `draws`
    says that it is drawn.
    """

    text: str = ""
    offer: str = ""
    draws: bool = False


@dataclass(frozen=True, slots=True)
class Selected:
    """The picture that a turn is about is put in front of the person; `left` is the id of the one that an undo or redo left."""

    picture: Picture
    left: str = ""


@dataclass(frozen=True, slots=True)
class PictureKept:
    picture: Picture
    index: int = 0


@dataclass(frozen=True, slots=True)
class Planned:
    """A picture that was asked for with --dry, so that nothing is drawn: its recipe as far as it is known without drawing."""

    recipe: Recipe
    index: int = 0


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another engine that can draw the same: `line` asks it to, `engine` is its name, `changes` says what differs."""

    line: str
    engine: str
    changes: str


@dataclass(frozen=True, slots=True)
class Failed:
    """A picture (`index`) or, with index None, the whole turn failed; `action` is one of the buttons the window knows.
    `elsewhere` says that another engine might do it.
    """

    text: str
    hint: str
    action: str = ""
    index: int | None = None
    elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class Stopped:
    text: str


@dataclass(frozen=True, slots=True)
class Finished:
    """The last event of a turn that came to its end; `text` is the one sentence said after a picture, or the answer."""

    text: str = ""


Event = (
    StageStarted
    | StageFinished
    | TextGrew
    | Waiting
    | Progress
    | Preview
    | Noticed
    | Crafted
    | Understood
    | Selected
    | PictureKept
    | Planned
    | Alternative
    | Failed
    | Stopped
    | Finished
)
Emit = Callable[[Event], None]
"""Called on the event loop's thread, must return at once and never raise."""


def ignore(event: Event) -> None:
    """The Emit of work that nobody watches."""
