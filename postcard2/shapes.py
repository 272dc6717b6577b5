"""Flat shapes as polygons, and the curves they are made of; knows nothing of what they depict."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

Colour = tuple[int, int, int]
Point = tuple[float, float]
_CIRCLE = tuple((math.cos(turn), math.sin(turn)) for turn in (math.tau * step / 28 for step in range(28)))


@dataclass(frozen=True)
class Shape:
    """A filled polygon and the name of its tone; y grows downwards."""

    points: tuple[Point, ...]
    tone: str = "body"


def polygon(tone: str, *points: Point) -> Shape:
    """Make a shape with straight sides."""
    return Shape(points, tone)


def box(tone: str, left: float, top: float, right: float, bottom: float) -> Shape:
    """Make an upright rectangle."""
    return Shape(((left, top), (right, top), (right, bottom), (left, bottom)), tone)


def ellipse(tone: str, x: float, y: float, rx: float, ry: float = 0.0) -> Shape:
    """Make an ellipse about (x, y); a circle where only one radius is given."""
    return Shape(tuple((x + c * rx, y + s * (ry or rx)) for c, s in _CIRCLE), tone)


def blob(tone: str, *points: Point) -> Shape:
    """Make a closed smooth curve through the points (Catmull-Rom)."""
    count = len(points)
    curve: list[Point] = []
    for index in range(count):
        curve += _span(points[index - 1], points[index], points[(index + 1) % count], points[(index + 2) % count])
    return Shape(tuple(curve), tone)


def stroke(tone: str, points: tuple[Point, ...], start: float, end: float = 0.0) -> Shape:
    """Make a smooth line with round ends that is `start` wide and tapers to `end` (the same width where it is not given)."""
    curve = _open(points) if len(points) > 2 else list(points)
    steps, end = len(curve) - 1, end or start
    left: list[Point] = []
    right: list[Point] = []
    for index, (x, y) in enumerate(curve):
        before, after = curve[max(index - 1, 0)], curve[min(index + 1, steps)]
        dx, dy = after[0] - before[0], after[1] - before[1]
        half = (start + (end - start) * index / steps) / 2 / (math.hypot(dx, dy) or 1.0)
        left.append((x - dy * half, y + dx * half))
        right.append((x + dy * half, y - dx * half))
    return Shape((*left, *_cap(curve[-2], curve[-1], end / 2), *reversed(right), *_cap(curve[1], curve[0], start / 2)), tone)


def mirrored(shapes: Iterable[Shape]) -> list[Shape]:
    """Give the shapes with left and right exchanged."""
    return [Shape(tuple((-x, y) for x, y in shape.points), shape.tone) for shape in shapes]


def both(*shapes: Shape) -> list[Shape]:
    """Give the shapes and their mirror images: ears, arms, windows."""
    return [*shapes, *mirrored(shapes)]


def moved(shapes: Iterable[Shape], dx: float = 0.0, dy: float = 0.0, scale: float = 1.0, turn: float = 0.0) -> list[Shape]:
    """Give the shapes scaled and turned about the origin, then shifted."""
    cos, sin = scale * math.cos(turn), scale * math.sin(turn)
    return [Shape(tuple((dx + x * cos - y * sin, dy + x * sin + y * cos) for x, y in s.points), s.tone) for s in shapes]


def turned(shape: Shape, radians: float) -> Shape:
    """Turn a shape clockwise about its middle."""
    x, y = (sum(side) / len(shape.points) for side in zip(*shape.points, strict=True))
    return moved(moved([shape], -x, -y), x, y, turn=radians)[0]


def _span(before: Point, start: Point, end: Point, after: Point, steps: int = 6) -> list[Point]:
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = before, start, end, after
    curve = []
    for step in range(steps):
        t = step / steps
        curve.append((
            bx + t * (0.5 * (cx - ax) + t * (ax - 2.5 * bx + 2 * cx - 0.5 * dx + t * 0.5 * (3 * bx - ax - 3 * cx + dx))),
            by + t * (0.5 * (cy - ay) + t * (ay - 2.5 * by + 2 * cy - 0.5 * dy + t * 0.5 * (3 * by - ay - 3 * cy + dy))),
        ))  # fmt: skip
    return curve


def _open(points: tuple[Point, ...]) -> list[Point]:
    padded = (points[0], *points, points[-1])
    curve: list[Point] = []
    for index, (start, end) in enumerate(pairwise(points)):
        curve += _span(padded[index], start, end, padded[index + 3])
    return [*curve, points[-1]]


def _cap(inside: Point, tip: Point, radius: float) -> list[Point]:
    """Give the half circle from the left of a line's end to its right."""
    turn = math.atan2(tip[1] - inside[1], tip[0] - inside[0])
    angles = (turn + math.pi / 2 - math.pi * step / 8 for step in range(1, 8))
    return [(tip[0] + radius * math.cos(angle), tip[1] + radius * math.sin(angle)) for angle in angles]
