"""Paper cut-outs: shapes become an image with an outline, a soft form shadow and a shadow on what lies below."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from postcard2.shapes import Colour, Point, Shape

SUPER = 3
"""Shapes are drawn this many times larger and then shrunk, which smooths their edges."""


Box = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels."""


@dataclass(frozen=True)
class Frame:
    """Where shapes land on a canvas: origin and unit length in pixels, mirrored or not, turned by radians."""

    x: float
    y: float
    scale: float
    mirrored: bool = False
    turn: float = 0.0

    def place(self, points: tuple[Point, ...]) -> list[Point]:
        """Give the pixel positions of points."""
        across = -self.scale if self.mirrored else self.scale
        if not self.turn:
            return [(self.x + x * across, self.y + y * self.scale) for x, y in points]
        cos, sin = math.cos(self.turn), math.sin(self.turn)
        return [(self.x + (x * cos - y * sin) * across, self.y + (x * sin + y * cos) * self.scale) for x, y in points]


@dataclass(frozen=True)
class Paper:
    """How a cut-out looks: its outline, how much it is rounded by shadow, and the shadow that it casts (pixels, 0 to 1)."""

    rim: float = 0.0
    rim_colour: Colour = (255, 250, 238)
    relief: float = 0.0
    shadow: float = 0.0
    shadow_offset: tuple[int, int] = (2, 3)
    shadow_blur: float = 3.0


FLAT = Paper()


def paste(canvas: Image.Image, shapes: list[Shape], frame: Frame, tones: Mapping[str, Colour], paper: Paper = FLAT) -> None:
    """Cut the shapes out and lay them on the canvas, in order, as one piece of paper."""
    placed = [(frame.place(shape.points), tones[shape.tone]) for shape in shapes]
    box = _bounds(placed, canvas.size, math.ceil(paper.rim) + 2)
    if box is None:
        return
    colours, mask = _cut(placed, box, paper.rim_colour)
    outline = _grown(mask, paper.rim) if paper.rim else mask
    if paper.shadow:
        _cast(canvas, outline, box, paper)
    if paper.relief:
        colours = _rounded(colours, mask, paper.relief)
    if paper.rim:
        canvas.paste(Image.new("RGB", mask.size, paper.rim_colour), box[:2], outline)
        canvas.paste(colours, box[:2], mask)
    else:
        canvas.paste(colours, box[:2], outline)


def _bounds(placed: list[tuple[list[Point], Colour]], size: tuple[int, int], margin: int) -> Box | None:
    xs = [x for points, _ in placed for x, _ in points]
    ys = [y for points, _ in placed for _, y in points]
    left, top = max(0, math.floor(min(xs)) - margin), max(0, math.floor(min(ys)) - margin)
    right, bottom = min(size[0], math.ceil(max(xs)) + margin), min(size[1], math.ceil(max(ys)) + margin)
    return (left, top, right, bottom) if left < right and top < bottom else None


def _cut(placed: list[tuple[list[Point], Colour]], box: Box, around: Colour) -> tuple[Image.Image, Image.Image]:
    """Give the colours and the mask of the part of the canvas in the box."""
    left, top, right, bottom = box
    # CMYK stands for any four channels here: of RGBA Pillow would multiply and divide by the last when it shrinks
    large = Image.new("CMYK", ((right - left) * SUPER, (bottom - top) * SUPER), (*around, 0))
    draw = ImageDraw.Draw(large)
    for points, colour in placed:
        draw.polygon([((x - left) * SUPER, (y - top) * SUPER) for x, y in points], fill=(*colour, 255))
    *colours, mask = large.reduce(SUPER).split()
    return Image.merge("RGB", colours), mask


def _grown(mask: Image.Image, radius: float) -> Image.Image:
    """Spread the mask by a radius in pixels in all directions."""
    grown = mask
    for step in range(12):
        angle = math.tau * step / 12
        shift = round(radius * math.cos(angle)), round(radius * math.sin(angle))
        grown = ImageChops.lighter(grown, ImageChops.offset(mask, *shift))
    return grown


def _cast(canvas: Image.Image, outline: Image.Image, box: Box, paper: Paper) -> None:
    pad = math.ceil(paper.shadow_blur * 2)
    width, height = outline.size
    dark = Image.new("L", (width + 2 * pad, height + 2 * pad), 0)
    dark.paste(outline, (pad, pad))
    small = dark.reduce(2).filter(ImageFilter.BoxBlur(paper.shadow_blur / 2)).filter(ImageFilter.BoxBlur(paper.shadow_blur / 2))
    soft = small.resize(dark.size, Image.Resampling.BILINEAR).point(lambda level: round(level * paper.shadow))
    corner = box[0] - pad + paper.shadow_offset[0], box[1] - pad + paper.shadow_offset[1]
    canvas.paste(Image.new("RGB", dark.size, (24, 20, 48)), corner, soft)


def _rounded(colours: Image.Image, mask: Image.Image, relief: float) -> Image.Image:
    """Lighten the side towards the light, upper left, and darken the other, as on something round."""
    blur = max(2.0, min(mask.size) / 14)
    small = mask.reduce(2).filter(ImageFilter.BoxBlur(blur / 2)).filter(ImageFilter.BoxBlur(blur / 2))
    soft = np.asarray(small.resize(mask.size, Image.Resampling.BILINEAR), np.float32) / 255
    reach = max(1, round(blur * 0.8))
    away = np.roll(soft, (-reach, -reach), (0, 1)) - np.roll(soft, (reach, reach), (0, 1))
    fall = np.linspace(0.05, -0.09, mask.size[1], dtype=np.float32)[:, None]
    factor = 1 + relief * (0.55 * np.clip(away, -0.5, 0.5) + fall)
    return Image.fromarray(np.clip(np.asarray(colours, np.float32) * factor[..., None], 0, 255).astype(np.uint8))
