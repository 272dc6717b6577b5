"""Pictures to begin drawings from, as bytes, and how far two pictures are apart on the whole; for the tests of engines."""

from __future__ import annotations

import io
from typing import Any

import numpy
from PIL import Image, ImageChops, ImageDraw, ImageStat


def encoded(picture: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    """The picture as the content of a file."""
    content = io.BytesIO()
    picture.save(content, kind, **options)
    return content.getvalue()


def gradient(width: int, height: int) -> Image.Image:
    """A picture that shows whether it was turned, mirrored or cut: red grows to the right, green downwards."""
    across = Image.linear_gradient("L").rotate(90).resize((width, height))
    down = Image.linear_gradient("L").resize((width, height))
    return Image.merge("RGB", (across, down, Image.new("L", (width, height), 90)))


def marked(width: int, height: int, box: tuple[int, int, int, int]) -> Image.Image:
    """A mask that is white within the box, its last row and column included."""
    mask = Image.new("L", (width, height))
    ImageDraw.Draw(mask).rectangle(box, fill=255)
    return mask


def distance(one: Image.Image, other: Image.Image) -> float:
    """How far two pictures of one size are apart: the mean over pixels and channels, of 255."""
    return sum(ImageStat.Stat(ImageChops.difference(one, other)).mean) / 3


def edge_jump(picture: Image.Image) -> float:
    """How much neighbours differ across the edges, as a multiple of how much inside; of both ways the larger one."""
    values = numpy.asarray(picture).astype(float)
    across = abs(values[:, 0] - values[:, -1]).mean() / abs(numpy.diff(values, axis=1)).mean()
    down = abs(values[0] - values[-1]).mean() / abs(numpy.diff(values, axis=0)).mean()
    return float(max(across, down))
