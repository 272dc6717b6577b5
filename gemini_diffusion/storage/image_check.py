"""Bytes that should be a picture, read to the end and judged; does not know where they came from."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from gemini_diffusion.storage.image_colours import as_srgb
from gemini_diffusion.types.errors import BadAnswer

if TYPE_CHECKING:
    from PIL.Image import Image

FORMATS = ("PNG", "JPEG", "WEBP")
MOST_PIXELS = 40_000_000
"""More than any model draws; a small file that claims more is a bomb."""
DARKEST = 8
"""A channel that nowhere exceeds this (of 255) looks black on every screen."""

BLACK = "The picture came back black: the service's safety filter or its decoder left nothing to see."


def read_picture(content: bytes) -> Image:
    """The picture in `content` as RGB, decoded to its last pixel and without the metadata it came with.

    Raises BadAnswer for what is no picture, is cut off or is absurdly large: a picture library reads lazily, so that a
    truncated file would otherwise fail only when it is shown.
    """
    from PIL import Image as Pillow
    from PIL import UnidentifiedImageError

    try:
        with Pillow.open(io.BytesIO(content), formats=FORMATS) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                raise BadAnswer(f"The service sent a picture of {opened.width} x {opened.height} pixels.")
            picture = as_srgb(opened).convert("RGB")
    except UnidentifiedImageError as error:
        raise BadAnswer("The service answered with something that is not a picture.") from error
    except (OSError, SyntaxError, ValueError, Pillow.DecompressionBombError) as error:
        raise BadAnswer("The picture arrived damaged or cut off.") from error
    picture.info = {}
    return picture


def is_black(picture: Image) -> bool:
    """Whether nothing can be seen: the mark of a safety filter or of numbers that overflowed."""
    return picture.convert("RGB").point(lambda value: 255 if value > DARKEST else 0).getbbox() is None
