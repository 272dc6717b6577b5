"""The picture that a drawing begins from: read from bytes nobody vouches for, and fitted to a size; knows no model."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gemini_diffusion.engines.local.sampling.tiles import enlarged_size
from gemini_diffusion.storage.image_check import FORMATS, MOST_PIXELS
from gemini_diffusion.types import ImageRequest
from gemini_diffusion.types.errors import BadInput, RequestRefused

if TYPE_CHECKING:
    from PIL.Image import Image

LARGEST_CUT = 0.06
"""The part of a picture that may be cut away without a word, when its shape is not quite the drawing's."""
WHITE_ENOUGH = 128
"""From this brightness on (of 255) a mask is white: it may have been drawn with a soft brush or scaled."""


@dataclass(frozen=True, slots=True, eq=False)
class InitImage:
    """`picture` in RGB, upright; `mask` as large, 255 where it is drawn anew and 0 elsewhere, None for everywhere.

    `notices` are what a person should read of how it was made to fit.
    """

    picture: Image
    mask: Image | None = None
    notices: tuple[str, ...] = ()

    def at(self, width: int, height: int) -> InitImage:
        """It all at a size: scaled to cover that, the rest cut away on both sides alike."""
        if self.picture.size == (width, height):
            return self
        from PIL import Image as Pillow
        from PIL import ImageOps

        picture = ImageOps.fit(self.picture, (width, height), Pillow.Resampling.LANCZOS)
        mask = self.mask and ImageOps.fit(self.mask, (width, height), Pillow.Resampling.BOX).point(_black_or_white)
        return InitImage(picture, mask, self.notices)


class InitImages:
    """Reads off the event loop. Whoever asks for the same while it is read gets the same, and so at the same moment: pictures
    of one line begin from one, and can be drawn together."""

    def __init__(self) -> None:
        self._reading: dict[Hashable, asyncio.Task[InitImage | None]] = {}

    async def read(self, request: ImageRequest) -> InitImage | None:
        """As the function `read`."""
        if not (request.image or request.mask):
            return None
        key = request.image, request.mask, _size(request)
        if key not in self._reading:
            self._reading[key] = asyncio.create_task(asyncio.to_thread(read_init_image, request))
        task = self._reading[key]
        try:
            return await asyncio.shield(task)
        finally:
            if self._reading.get(key) is task:
                del self._reading[key]


def read_init_image(request: ImageRequest) -> InitImage | None:
    """What the request's drawing begins from, at the largest size it is needed in; None for nothing. Takes a moment.

    A mask that is white all over is none. Raises BadInput for what is no picture, is cut off or is absurdly large,
    RequestRefused for a mask without a picture or without a white place.
    """
    if not request.image:
        if request.mask:
            raise RequestRefused("A mask says what of a picture is drawn anew, and there is no picture.", "Attach one.")
        return None
    picture = _opened(request.image, "attached picture")
    mask = _opened(request.mask, "mask").convert("L").resize(picture.size).point(_black_or_white) if request.mask else None
    fitted = InitImage(picture, mask, _cut(picture, request)).at(*_size(request))
    if fitted.mask is None:
        return fitted
    darkest, brightest = fitted.mask.getextrema()
    if not brightest:
        raise RequestRefused("Nothing is marked in the mask, so nothing would be drawn anew.", "Paint over what should change.")
    return InitImage(fitted.picture, None, fitted.notices) if darkest else fitted


def _size(request: ImageRequest) -> tuple[int, int]:
    """What the drawing ends in."""
    size = request.width, request.height
    return enlarged_size(*size) if request.hd else size


def _cut(picture: Image, request: ImageRequest) -> tuple[str, ...]:
    """What is cut away of a picture of another shape, if it is worth a word."""
    wide, tall = picture.width * request.height, request.width * picture.height
    share = 1 - min(wide, tall) / max(wide, tall)
    if share <= LARGEST_CUT:
        return ()
    size = f"{request.width} x {request.height}"
    return (f"The attached picture has another shape than {size}, so {share:.0%} of it was cut away.",)


def _opened(content: bytes, name: str) -> Image:
    """The picture as RGB, upright, decoded to its last pixel; what shines through is black in a mask, white elsewhere."""
    from PIL import Image as Pillow
    from PIL import ImageOps, UnidentifiedImageError

    try:
        with Pillow.open(io.BytesIO(content), formats=FORMATS) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                raise BadInput(
                    f"The {name} has {opened.width} x {opened.height} pixels, too many to read.", "Attach a smaller one."
                )
            upright = ImageOps.exif_transpose(opened)
            picture = _in_eight_bits(upright).convert("RGBA")
    except UnidentifiedImageError as error:
        raise BadInput(f"The {name} is not a picture that can be read.", "Attach a PNG, JPEG or WebP file.") from error
    except (OSError, SyntaxError, ValueError, Pillow.DecompressionBombError) as error:
        raise BadInput(f"The {name} is damaged or cut off.", "Save it once more and attach that.") from error
    ground = Pillow.new("RGBA", picture.size, "black" if name == "mask" else "white")
    return Pillow.alpha_composite(ground, picture).convert("RGB")


def _in_eight_bits(picture: Image) -> Image:
    """Greys of 16 bits in 8; Pillow would make white of all that is above 255."""
    return picture.convert("I").point(lambda value: value / 257).convert("L") if picture.mode.startswith("I") else picture


def _black_or_white(value: int) -> int:
    return 255 if value >= WHITE_ENOUGH else 0
