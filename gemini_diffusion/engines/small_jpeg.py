"""A picture as small as a preview of it may be; does not know where it came from."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

SIDE = 256
"""Pixels of a preview's longer side."""
QUALITY = 70
"""Of its JPEG: about 8 kB, where a PNG had 80 kB. Every state that a page is shown carries it."""


def small_jpeg(picture: Image) -> bytes:
    """A preview of a picture: its longer side has 256 pixels."""
    from PIL import Image as Pillow

    scale = SIDE / max(picture.size)
    if scale != 1:
        width, height = (max(1, round(side * scale)) for side in picture.size)
        picture = picture.resize((width, height), Pillow.Resampling.BILINEAR)
    written = io.BytesIO()
    picture.save(written, "JPEG", quality=QUALITY)
    return written.getvalue()
