"""Flat shapes in a unit square and the ink that puts them on a canvas; knows nothing of what they depict."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from PIL import ImageDraw

Colour = tuple[int, int, int]
Point = tuple[float, float]


@dataclass(frozen=True)
class Ellipse:
    """An upright ellipse: centre, radii, and the name of its tone."""

    x: float
    y: float
    rx: float
    ry: float
    tone: str = "body"


@dataclass(frozen=True)
class Polygon:
    """A filled polygon."""

    points: tuple[Point, ...]
    tone: str = "body"


@dataclass(frozen=True)
class Stroke:
    """A thick line with round joints and ends."""

    points: tuple[Point, ...]
    width: float
    tone: str = "body"


Shape = Ellipse | Polygon | Stroke


@dataclass(frozen=True)
class Frame:
    """Where the unit square lands: its centre and half height in canvas pixels, and whether it is mirrored."""

    x: float
    y: float
    scale: float
    mirrored: bool = False

    def place(self, point: Point) -> Point:
        """Give the canvas position of a point of the unit square (y grows downwards)."""
        x = -point[0] if self.mirrored else point[0]
        return self.x + x * self.scale, self.y + point[1] * self.scale


def ink(draw: ImageDraw.ImageDraw, shapes: Iterable[Shape], frame: Frame, tones: Mapping[str, Colour]) -> None:
    """Draw the shapes in order, each in the colour that its tone names."""
    for shape in shapes:
        _ink(draw, shape, frame, tones[shape.tone], 0.0)


def ink_rim(draw: ImageDraw.ImageDraw, shapes: Iterable[Shape], frame: Frame, colour: Colour, width: float) -> None:
    """Draw the outline of all shapes together, `width` canvas pixels wide: a sticker's border."""
    for shape in shapes:
        _ink(draw, shape, frame, colour, width)


def _ink(draw: ImageDraw.ImageDraw, shape: Shape, frame: Frame, colour: Colour, grow: float) -> None:
    if isinstance(shape, Ellipse):
        x, y = frame.place((shape.x, shape.y))
        rx, ry = shape.rx * frame.scale + grow, shape.ry * frame.scale + grow
        draw.ellipse((x - rx, y - ry, x + rx, y + ry), fill=colour)
        return
    points = [frame.place(point) for point in shape.points]
    if isinstance(shape, Polygon):
        draw.polygon(points, fill=colour)
        if grow:
            _thick(draw, [*points, points[0]], 2 * grow, colour)
        return
    _thick(draw, points, shape.width * frame.scale + 2 * grow, colour)


def _thick(draw: ImageDraw.ImageDraw, points: list[Point], width: float, colour: Colour) -> None:
    draw.line(points, fill=colour, width=max(1, round(width)))
    radius = width / 2
    for x, y in points:
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)
