"""A mask as programs send it, with a hole where a picture is drawn anew, as ours: white there; knows no request."""

from __future__ import annotations

import io

from gemini_diffusion.storage.image_check import FORMATS, MOST_PIXELS
from gemini_diffusion.types.errors import BadInput


def white_where_redrawn(mask: bytes) -> bytes:
    """A PNG that is white where the mask has holes; one without holes is black and white already. Raises BadInput."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(mask), formats=FORMATS) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                raise BadInput("That mask has too many pixels to read.", "Send one as large as the picture.")
            seen = opened.convert("RGBA")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise BadInput("That mask is no picture I can read.", "Send a PNG with a hole where it is drawn anew.") from error
    holes = ImageOps.invert(seen.getchannel("A"))
    white = holes if holes.getbbox() else seen.convert("L")
    written = io.BytesIO()
    white.save(written, "PNG")
    return written.getvalue()
