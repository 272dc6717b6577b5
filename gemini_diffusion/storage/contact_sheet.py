"""Many pictures on one sheet, each with its label, filled in one by one; knows no drawing."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

LARGEST_CELL, WIDEST = 512, 3600
"""Pixels of a cell's longer side, and of a whole sheet's width at most."""
SMALLEST = 120
LARGEST_PREVIEW = 1024
_GAP, _PAPER, _EMPTY, _INK, _PALE = 12, "#ffffff", "#ececf2", "#1c1c28", "#5c5c6e"


class ContactSheet:
    """A sheet for pictures of `size` pixels in rows of `columns`; `image` is the sheet as far as it is filled."""

    def __init__(self, size: tuple[int, int], count: int, columns: int) -> None:
        from PIL import Image, ImageDraw, ImageFont

        side = max(SMALLEST, min(LARGEST_CELL, max(size), WIDEST // columns - _GAP))
        scale = side / max(size)
        self._cell = (max(1, round(size[0] * scale)), max(1, round(size[1] * scale)))
        self._columns, self._font = columns, ImageFont.load_default(max(12, side // 17))
        self._line = math.ceil(self._font.size * 1.35)  # type: ignore[union-attr]
        wide, high = self._cell[0] + _GAP, self._cell[1] + 2 * self._line + _GAP
        self.image: Image.Image = Image.new("RGB", (columns * wide + _GAP, math.ceil(count / columns) * high + _GAP), _PAPER)
        self._pen, self._step = ImageDraw.Draw(self.image), (wide, high)

    def put(self, place: int, label: str, told: str = "", picture: Path | None = None) -> None:
        """Fills a cell: the picture, or a grey field where there is none, and two lines below it."""
        from PIL import Image

        left, top = _GAP + place % self._columns * self._step[0], _GAP + place // self._columns * self._step[1]
        self._pen.rectangle((left, top, left + self._step[0] - _GAP, top + self._step[1] - _GAP), fill=_PAPER)
        if picture is None:
            self._pen.rectangle((left, top, left + self._cell[0] - 1, top + self._cell[1] - 1), fill=_EMPTY)
        else:
            with Image.open(picture, formats=("PNG",)) as image:
                small = image.convert("RGB")
            small.thumbnail(self._cell, Image.Resampling.LANCZOS, reducing_gap=2.0)
            self.image.paste(small, (left + (self._cell[0] - small.width) // 2, top + (self._cell[1] - small.height) // 2))
        for row, (text, colour) in enumerate(((label, _INK), (told, _PALE))):
            below = top + self._cell[1] + row * self._line + 2
            self._pen.text((left, below), self._fitting(text), fill=colour, font=self._font)

    def _fitting(self, text: str) -> str:
        """As much of a line as fits under a picture."""
        shown = " ".join(text.split())
        while shown and self._pen.textlength(shown, font=self._font) > self._cell[0]:
            shown = f"{shown.removesuffix('...')[:-1]}..." if len(shown) > 4 else ""
        return shown

    def preview(self) -> bytes:
        """The sheet so far as a JPEG that is quick to send."""
        small, content = self.image.copy(), io.BytesIO()
        small.thumbnail((LARGEST_PREVIEW, LARGEST_PREVIEW), reducing_gap=2.0)
        small.save(content, "JPEG", quality=80)
        return content.getvalue()


def columns_for(counts: Sequence[int]) -> int:
    """How many pictures stand in a row: those of the first of two axes, of one axis about as many as there are rows."""
    return counts[0] if len(counts) > 1 else min(counts[0], max(3, math.ceil(math.sqrt(counts[0]))))
