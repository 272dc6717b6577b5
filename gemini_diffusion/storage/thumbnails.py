"""Small pictures for a grid: one WebP beside each kept picture, made once and gone with it."""

from __future__ import annotations

import io
from pathlib import Path

from gemini_diffusion.storage.files import write_atomically
from gemini_diffusion.types.errors import BadInput

SIDE = 384
"""Pixels of the longer side: sharp on a screen with two pixels to the point."""
NAME = f"thumbnail_{SIDE}.webp"
"""No name of a kept or exported picture has an underscore."""
_QUALITY = 80


def thumbnail(picture: Path) -> Path:
    """The small picture for the one at `picture`; made now if it is missing. Raises BadInput, DiskFull."""
    from PIL import Image

    small = picture.with_name(NAME)
    if not small.exists():
        content = io.BytesIO()
        try:
            with Image.open(picture, formats=("PNG",)) as image:
                image.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS, reducing_gap=2.0)
                image.convert("RGB").save(content, "WEBP", quality=_QUALITY)
        except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
            raise BadInput(f"{picture.name} is not a picture that can be read.", "Choose another one.") from error
        write_atomically(small, content.getvalue(), durable=False)
    return small
