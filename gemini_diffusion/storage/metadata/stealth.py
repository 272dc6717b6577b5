"""A text in the lowest bits of a picture's transparency, as NovelAI and Forge hide it: it outlives stripped metadata."""

from __future__ import annotations

import io
import zlib

from gemini_diffusion.storage.metadata.containers import MOST_PIECES, inflate, png_chunks
from gemini_diffusion.storage.metadata.found_recipe import LONGEST_TEXT

MOST_PIXELS = 6_000_000
"""More than these programs draw; a larger picture would take more memory than a recipe is worth."""
PLAIN, PACKED = b"stealth_pnginfo", b"stealth_pngcomp"


def read_stealth(content: bytes) -> str:
    """The hidden text of a PNG or WebP; "" where there is none."""
    if not _may_hide(content):
        return ""
    import numpy
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(content), formats=("PNG", "WEBP")) as image:
            if image.mode != "RGBA" or image.width * image.height > MOST_PIXELS:
                return ""
            low = numpy.asarray(image.getchannel("A")) & 1
    except (OSError, ValueError, SyntaxError, UnidentifiedImageError, Image.DecompressionBombError):
        return ""
    bits = low.T.reshape(-1)  # column by column
    return stealth_text(numpy.packbits(bits[: 8 * (LONGEST_TEXT + 20)]).tobytes())


def _may_hide(content: bytes) -> bool:
    """Whether it is a WebP, or a PNG with transparency and no more chunks than a decoder should be given."""
    if content[:4] == b"RIFF":
        return True
    return content[25:26] == b"\6" and sum(1 for _ in png_chunks(memoryview(content))) < MOST_PIECES


def stealth_text(hidden: bytes) -> str:
    """The text in the hidden bytes: a signature, the length of what follows in bits, then the text, packed or not."""
    signature, length = hidden[:15], int.from_bytes(hidden[15:19]) // 8
    if signature not in (PLAIN, PACKED) or length > LONGEST_TEXT:
        return ""
    payload: bytes | None = hidden[19 : 19 + length]
    if signature == PACKED:
        payload = inflate(payload or b"", zlib.MAX_WBITS | 16)
    return (payload or b"").decode("utf-8", "replace")
