"""How a picture looks so far, as the image panel shows it until the picture is there; knows no engine and keeps nothing."""

from __future__ import annotations

import base64
import dataclasses
from dataclasses import dataclass

from gemini_diffusion.types.turn import Turn


@dataclass(frozen=True, slots=True)
class LivePreview:
    """How a picture looks so far: `source` is an address that holds the picture itself, so that the page asks nobody for it.

    It is `blurred` where pictures are judged first, `small` once another one of the turn can be seen, and `fading` when it is
    over and gives way to the picture it became.
    """

    source: str
    blurred: bool = False
    small: bool = False
    fading: bool = False

    @property
    def look(self) -> str:
        """The classes of the style sheet."""
        return " ".join(name for name in ("blurred", "small", "fading") if getattr(self, name))


def next_preview(turn: Turn, before: LivePreview | None, *, blurred: bool) -> LivePreview | None:
    """What a turn shows of its picture on the way, after what was shown `before` of it."""
    if turn.preview is None:
        return dataclasses.replace(before, fading=True) if before else None
    content = base64.b64encode(turn.preview.jpeg).decode("ascii")
    return LivePreview(f"data:image/jpeg;base64,{content}", blurred=blurred, small=bool(turn.kept))
