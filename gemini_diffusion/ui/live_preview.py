"""The live preview: how a picture looks so far, until it is finished."""

from __future__ import annotations

import base64
import dataclasses
from dataclasses import dataclass

from gemini_diffusion.types.turn import Turn


@dataclass(frozen=True, slots=True)
class LivePreview:
    """`source` is a data URL.

    It is `blurred` where the picture filter is on, `small` once another picture of the turn is shown, and `fading` when the
    finished picture replaces it.
    """

    source: str
    blurred: bool = False
    small: bool = False
    fading: bool = False

    @property
    def look(self) -> str:
        """Its CSS classes."""
        return " ".join(name for name in ("blurred", "small", "fading") if getattr(self, name))


def next_preview(turn: Turn, before: LivePreview | None, *, blurred: bool) -> LivePreview | None:
    """The preview to show for a turn, after the preview `before`."""
    if turn.preview is None:
        return dataclasses.replace(before, fading=True) if before else None
    content = base64.b64encode(turn.preview.jpeg).decode("ascii")
    return LivePreview(f"data:image/jpeg;base64,{content}", blurred=blurred, small=bool(turn.kept))
