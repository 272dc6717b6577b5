"""A drawn picture finished: levels, light, contrast, colour, detail, sharpness, each as strong as asked; draws nothing.

Each step gives whole numbers of 8 bits, so that steps added later make the same picture as all of them at once.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gemini_diffusion.types.finishing import FinishStep

if TYPE_CHECKING:
    from PIL.Image import Image

CUT = 0.5
"""Percent of the pixels at either end that auto levels let go beyond black and white."""
LARGEST_PREVIEW = 1024
"""Pixels of a preview's longer side."""


def finish_image(image: Image, steps: Sequence[FinishStep]) -> Image:
    """The picture in RGB after these steps, as large as before."""
    finished = image.convert("RGB")
    for step in steps:
        finished = _STEPS[step.name](finished, step.strength)
    return finished


def finished_preview(picture: Path, steps: Sequence[FinishStep]) -> bytes:
    """About how the kept picture will look, as a WebP that is small enough to be shown while a slider moves."""
    from PIL import Image as Pillow

    content = io.BytesIO()
    with Pillow.open(picture, formats=("PNG",)) as image:
        small = image.convert("RGB")
    small.thumbnail((LARGEST_PREVIEW, LARGEST_PREVIEW), reducing_gap=2.0)
    finish_image(small, steps).save(content, "WEBP", quality=85, method=1)
    return content.getvalue()


def _levels(image: Image, strength: float) -> Image:
    """One stretch for all channels, so that no hue moves."""
    from PIL import Image as Pillow
    from PIL import ImageOps

    return Pillow.blend(image, ImageOps.autocontrast(image, cutoff=CUT, preserve_tone=True), strength)


def _light(image: Image, strength: float) -> Image:
    """A curve that leaves black and white where they are: at 1 the middle is 1.5 stops lighter."""
    curve = [round(255 * (value / 255) ** 2**-strength) for value in range(256)]
    return image.point(curve * 3)


def _contrast(image: Image, strength: float) -> Image:
    from PIL import ImageEnhance

    return ImageEnhance.Contrast(image).enhance(1 + strength / 2)


def _colour(image: Image, strength: float) -> Image:
    from PIL import ImageEnhance

    return ImageEnhance.Color(image).enhance(1 + strength)


def _detail(image: Image, strength: float) -> Image:
    """Contrast among neighbours: a wide, weak unsharp mask."""
    from PIL import ImageFilter

    return image.filter(ImageFilter.UnsharpMask(radius=max(2, max(image.size) / 50), percent=round(60 * strength), threshold=0))


def _sharpen(image: Image, strength: float) -> Image:
    from PIL import ImageFilter

    return image.filter(ImageFilter.UnsharpMask(radius=1.2, percent=round(200 * strength), threshold=2))


_STEPS: dict[str, Callable[[Image, float], Image]] = {
    "levels": _levels,
    "light": _light,
    "contrast": _contrast,
    "colour": _colour,
    "detail": _detail,
    "sharpen": _sharpen,
}
