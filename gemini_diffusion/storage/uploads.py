"""Pictures that a drawing begins from: what a person brings, made clean, and what they mark in a picture.

Nothing of what comes in is believed: not its name, its size or what it says of itself. It knows no visitor and no window.
"""

from __future__ import annotations

import io
import warnings
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from gemini_diffusion.storage.image_check import FORMATS
from gemini_diffusion.storage.image_colours import as_8_bit, as_srgb
from gemini_diffusion.types import CraftedPrompt, ImageRequest, Picture, Recipe, StartImage
from gemini_diffusion.types.errors import BadInput

if TYPE_CHECKING:
    from PIL.Image import Image

LONGEST = 10_000_000
"""Bytes of one picture."""
MOST_PIXELS = 25_000_000
"""A phone's camera takes half of that; a small file that claims more is a bomb."""
LARGEST_SIDE = 2048
"""Pixels; a larger picture is made smaller, since no model draws more and disks fill."""
LONGEST_NAME = 80
_OTHER = "Bring a PNG, JPEG or WebP."


def read_upload(content: bytes) -> Image:
    """The picture alone: upright, in sRGB on white, at most LARGEST_SIDE, without a word about where or when it was taken.

    Raises BadInput for anything but a PNG, JPEG or WebP of a sensible size.
    """
    from PIL import Image as Pillow
    from PIL import ImageOps

    image = as_8_bit(_opened(content))
    image.thumbnail((LARGEST_SIDE, LARGEST_SIDE), Pillow.Resampling.LANCZOS)
    seen = as_srgb(ImageOps.exif_transpose(image))
    clean = Pillow.new("RGB", seen.size, "white")  # nothing that came along is in a picture that we make
    clean.paste(seen, mask=seen.getchannel("A") if seen.mode == "RGBA" else None)
    return clean


def with_marks(picture: Picture, mask: bytes) -> Image:
    """The picture with holes where `mask` is white: an RGBA picture keeps both in one file, and nothing of it is lost.

    Raises BadInput where the mask is no picture, or nothing is marked.
    """
    from PIL import Image as Pillow

    marks = _opened(mask).convert("L")
    with Pillow.open(picture.path, formats=("PNG",)) as image:
        marked = image.convert("RGB")
    holes = marks.resize(marked.size).point(lambda value: 0 if value >= 128 else 255)
    if holes.getextrema()[0] == 255:
        raise BadInput("Nothing is marked.", "Paint over what should be drawn anew.")
    marked.putalpha(holes)
    return marked


def start_image(picture: Picture) -> StartImage:
    """What a drawing begins from when it begins from `picture`, its holes as the mask. Raises BadInput without the file."""
    from PIL import Image as Pillow

    try:
        with Pillow.open(picture.path, formats=("PNG",)) as image:
            if image.mode != "RGBA":
                return StartImage(picture.path.read_bytes(), source=picture.id)
            holes = image.getchannel("A").point(lambda value: 255 - value)
            return StartImage(_png(image.convert("RGB")), _png(holes), picture.id)
    except OSError as error:
        raise BadInput("The picture to begin from is not here any more.", "Choose another one.") from error


def upload_recipe(image: Image, name: str) -> Recipe:
    """What is written into a picture that no engine drew: hardly more than the `name` it came by."""
    words = " ".join("".join(sign if sign.isprintable() else " " for sign in name).split())
    return Recipe(
        request=ImageRequest("", "", image.width, image.height, num_inference_steps=0, guidance_scale=0.0, strength=0.0),
        crafted=CraftedPrompt("", "", title=words[:LONGEST_NAME]),
        engine="",
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        line="",
    )


def _opened(content: bytes) -> Image:
    """Decoded to its last pixel; a decompression bomb ends at its first bytes, a cut file is an error."""
    from PIL import Image as Pillow
    from PIL import UnidentifiedImageError

    if len(content) > LONGEST:
        raise BadInput(f"That picture is larger than {LONGEST // 1_000_000} MB.", "Bring a smaller one.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Pillow.DecompressionBombWarning)
            image = Pillow.open(io.BytesIO(content), formats=FORMATS)
        if image.width * image.height > MOST_PIXELS:
            raise BadInput(f"That picture has {image.width} x {image.height} pixels, too many to read.", "Bring a smaller one.")
        image.draft("RGB", (LARGEST_SIDE, LARGEST_SIDE))
        image.load()
    except UnidentifiedImageError as error:
        raise BadInput("That is no picture I can read.", _OTHER) from error
    except (OSError, ValueError, SyntaxError, Pillow.DecompressionBombError, Pillow.DecompressionBombWarning) as error:
        raise BadInput("That picture cannot be read: it is broken, or absurdly large.", _OTHER) from error
    return image


def _png(image: Image) -> bytes:
    content = io.BytesIO()
    image.save(content, "PNG")
    return content.getvalue()
