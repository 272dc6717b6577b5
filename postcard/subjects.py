"""The twelve subjects as shapes in a unit square, facing right, standing on y = 1; knows nothing of place or time."""

from __future__ import annotations

from collections.abc import Callable

from postcard.shapes import Ellipse, Point, Polygon, Shape, Stroke

Sprite = list[Shape]


def _mirror(points: tuple[Point, ...]) -> tuple[Point, ...]:
    return tuple((-x, y) for x, y in points)


def _pair(points: tuple[Point, ...], tone: str = "body") -> Sprite:
    return [Polygon(points, tone), Polygon(_mirror(points), tone)]


def _eye(x: float, y: float, radius: float = 0.15) -> Sprite:
    return [Ellipse(x, y, radius, radius * 1.1, "white"), Ellipse(x + 0.03, y + 0.01, radius * 0.62, radius * 0.7, "dark")]


def cat() -> Sprite:
    """Sit, seen from the front: two pointed ears, a tail that curls up."""
    return [
        Stroke(((-0.3, 0.85), (-0.72, 0.72), (-0.86, 0.4), (-0.74, 0.08)), 0.2, "body"),
        Ellipse(0, 0.48, 0.5, 0.52),
        Ellipse(0, 0.62, 0.25, 0.32, "light"),
        *_pair(((-0.56, -0.3), (-0.56, -0.98), (-0.08, -0.64))),
        *_pair(((-0.47, -0.5), (-0.47, -0.8), (-0.24, -0.62)), "light"),
        Ellipse(0, -0.28, 0.6, 0.46),
        *_eye(-0.25, -0.32),
        *_eye(0.22, -0.32),
        Polygon(((-0.09, -0.12), (0.09, -0.12), (0, -0.01)), "nose"),
        Ellipse(-0.2, 0.9, 0.17, 0.1, "shade"),
        Ellipse(0.2, 0.9, 0.17, 0.1, "shade"),
    ]


def dog() -> Sprite:
    """Stand, seen from the side: a long body, a snout, a hanging ear, a raised tail."""
    return [
        Stroke(((-0.6, 0.15), (-0.85, -0.12), (-0.88, -0.4)), 0.17),
        Stroke(((-0.32, 0.4), (-0.32, 0.9)), 0.2, "shade"),
        Stroke(((0.44, 0.4), (0.44, 0.9)), 0.2, "shade"),
        Stroke(((-0.58, 0.4), (-0.58, 0.9)), 0.2),
        Stroke(((0.18, 0.4), (0.18, 0.9)), 0.2),
        Stroke(((-0.45, 0.26), (0.3, 0.26)), 0.52),
        Stroke(((0.3, 0.1), (0.42, -0.25)), 0.42),
        Ellipse(0.46, -0.42, 0.38, 0.36),
        Ellipse(0.8, -0.3, 0.24, 0.19, "light"),
        Ellipse(0.98, -0.38, 0.1, 0.1, "dark"),
        Stroke(((0.24, -0.55), (0.16, -0.18)), 0.26, "shade"),
        *_eye(0.54, -0.5, 0.14),
    ]


def fox() -> Sprite:
    """Sit, seen from the front: a wedge of a face with white cheeks, and a bushy tail with a white tip."""
    cheek = ((-0.68, -0.3), (-0.1, -0.22), (0, 0.16))
    return [
        Stroke(((-0.2, 0.8), (-0.62, 0.62), (-0.74, 0.3)), 0.4),
        Ellipse(-0.74, 0.14, 0.19, 0.26, "white"),
        Polygon(((-0.22, 0), (0.22, 0), (0.42, 0.96), (-0.42, 0.96))),
        Polygon(((-0.14, 0.05), (0.14, 0.05), (0, 0.66)), "white"),
        Ellipse(-0.2, 0.92, 0.16, 0.09, "dark"),
        Ellipse(0.2, 0.92, 0.16, 0.09, "dark"),
        *_pair(((-0.62, -0.4), (-0.6, -1.0), (-0.12, -0.66))),
        *_pair(((-0.605, -0.78), (-0.6, -1.0), (-0.42, -0.87)), "dark"),
        Polygon(((-0.68, -0.3), (-0.5, -0.62), (0, -0.72), (0.5, -0.62), (0.68, -0.3), (0, 0.18))),
        *_pair(cheek, "white"),
        *_eye(-0.24, -0.38, 0.13),
        *_eye(0.21, -0.38, 0.13),
        Ellipse(0, 0.12, 0.11, 0.09, "dark"),
    ]


def rabbit() -> Sprite:
    """Sit, seen from the front: two long upright ears, a round body, a white tail."""
    return [
        Ellipse(-0.56, 0.7, 0.18, 0.18, "white"),
        Ellipse(-0.24, -0.66, 0.17, 0.36),
        Ellipse(0.24, -0.66, 0.17, 0.36),
        Ellipse(-0.24, -0.62, 0.08, 0.26, "light"),
        Ellipse(0.24, -0.62, 0.08, 0.26, "light"),
        Ellipse(0, 0.54, 0.52, 0.44),
        Ellipse(0, 0.6, 0.28, 0.3, "white"),
        Ellipse(0, -0.08, 0.46, 0.38),
        *_eye(-0.2, -0.14),
        *_eye(0.17, -0.14),
        Ellipse(0, 0.07, 0.08, 0.06, "nose"),
        Ellipse(-0.28, 0.92, 0.22, 0.1, "shade"),
        Ellipse(0.28, 0.92, 0.22, 0.1, "shade"),
    ]


def bird() -> Sprite:
    """Stand, seen from the side: a round body, a beak, a wing, two thin legs."""
    return [
        Stroke(((-0.12, 0.5), (-0.12, 0.94)), 0.09, "beak"),
        Stroke(((0.16, 0.5), (0.16, 0.94)), 0.09, "beak"),
        Polygon(((-0.4, 0.05), (-1.0, -0.14), (-0.94, 0.34), (-0.3, 0.45)), "shade"),
        Polygon(((0.62, -0.56), (1.02, -0.36), (0.62, -0.2)), "beak"),
        Ellipse(0, 0.16, 0.6, 0.5),
        Ellipse(0.34, -0.36, 0.42, 0.4),
        Ellipse(0.18, 0.32, 0.34, 0.3, "light"),
        Ellipse(-0.2, 0.1, 0.34, 0.24, "shade"),
        *_eye(0.42, -0.42, 0.15),
    ]


def fish() -> Sprite:
    """Swim, seen from the side: a forked tail, fins, two pale bands."""
    return [
        Polygon(((-0.4, 0.3), (-1.0, -0.12), (-0.84, 0.3), (-1.0, 0.72)), "shade"),
        Polygon(((-0.3, -0.1), (-0.1, -0.5), (0.4, -0.12)), "shade"),
        Polygon(((-0.2, 0.7), (-0.1, 1.0), (0.25, 0.72)), "shade"),
        Ellipse(0.16, 0.3, 0.74, 0.48),
        Stroke(((-0.24, 0.04), (-0.24, 0.56)), 0.13, "light"),
        Stroke(((0.12, -0.06), (0.12, 0.66)), 0.13, "light"),
        *_eye(0.54, 0.16, 0.16),
        Stroke(((0.66, 0.46), (0.8, 0.42)), 0.06, "dark"),
    ]


def boat() -> Sprite:
    """Sail: a mast, a large and a small sail, a wide hull."""
    return [
        Stroke(((0, -0.92), (0, 0.5)), 0.09, "wood"),
        Polygon(((0.08, -0.86), (0.08, 0.34), (0.8, 0.34))),
        Polygon(((-0.1, -0.66), (-0.1, 0.34), (-0.66, 0.34)), "white"),
        Polygon(((-0.92, 0.46), (0.96, 0.46), (0.62, 0.98), (-0.6, 0.98))),
        Polygon(((-0.83, 0.6), (0.86, 0.6), (0.78, 0.74), (-0.74, 0.74)), "white"),
    ]


def car() -> Sprite:
    """Drive, seen from the side: a cabin with two windows, a bonnet, two wheels."""
    return [
        Polygon(((-0.66, 0.26), (-0.46, -0.26), (0.28, -0.26), (0.56, 0.26))),
        Stroke(((-0.8, 0.44), (0.82, 0.44)), 0.4),
        Polygon(((-0.48, 0.22), (-0.35, -0.12), (-0.1, -0.12), (-0.1, 0.22)), "glass"),
        Polygon(((0.04, 0.22), (0.04, -0.12), (0.22, -0.12), (0.38, 0.22)), "glass"),
        Ellipse(0.94, 0.42, 0.1, 0.11, "lamp"),
        Ellipse(-0.52, 0.7, 0.27, 0.27, "dark"),
        Ellipse(0.52, 0.7, 0.27, 0.27, "dark"),
        Ellipse(-0.52, 0.7, 0.11, 0.11, "white"),
        Ellipse(0.52, 0.7, 0.11, 0.11, "white"),
    ]


def house() -> Sprite:
    """Stand: a pitched roof, a chimney, a door, two lit windows."""
    return [
        Polygon(((0.3, -0.86), (0.52, -0.86), (0.52, -0.3), (0.3, -0.3)), "wood"),
        Polygon(((-0.66, -0.2), (0.66, -0.2), (0.66, 0.98), (-0.66, 0.98))),
        Polygon(((-0.88, -0.1), (0, -0.94), (0.88, -0.1)), "shade"),
        Polygon(((-0.18, 0.36), (0.18, 0.36), (0.18, 0.98), (-0.18, 0.98)), "wood"),
        Polygon(((-0.54, 0.1), (-0.26, 0.1), (-0.26, 0.42), (-0.54, 0.42)), "lamp"),
        Polygon(((0.26, 0.1), (0.54, 0.1), (0.54, 0.42), (0.26, 0.42)), "lamp"),
        Ellipse(0, -0.4, 0.14, 0.14, "lamp"),
    ]


def tree() -> Sprite:
    """Stand: a trunk and a crown of round masses."""
    return [
        Polygon(((-0.13, 0.2), (0.13, 0.2), (0.2, 0.98), (-0.2, 0.98)), "wood"),
        Ellipse(-0.42, 0.02, 0.42, 0.38, "shade"),
        Ellipse(0.42, 0.02, 0.42, 0.38, "shade"),
        Ellipse(0, -0.42, 0.54, 0.5),
        Ellipse(-0.34, -0.04, 0.38, 0.34),
        Ellipse(0.34, -0.04, 0.38, 0.34),
        Ellipse(-0.14, -0.58, 0.2, 0.16, "light"),
        Ellipse(0.3, -0.16, 0.13, 0.11, "light"),
    ]


def flower() -> Sprite:
    """Grow: six round petals around a brown heart, a stem, two leaves."""
    petals = ((0, -0.84), (0.4, -0.62), (0.4, -0.16), (0, 0.06), (-0.4, -0.16), (-0.4, -0.62))
    return [
        Stroke(((0, 0), (0, 0.92)), 0.13, "leaf"),
        Polygon(((0, 0.8), (-0.2, 0.42), (-0.6, 0.36), (-0.42, 0.7)), "leaf"),
        Polygon(((0, 0.8), (0.2, 0.42), (0.6, 0.36), (0.42, 0.7)), "leaf"),
        *(Ellipse(x, y * 0.92 - 0.03, 0.27, 0.27) for x, y in petals),
        Ellipse(0, -0.39, 0.25, 0.25, "wood"),
    ]


def balloon() -> Sprite:
    """Float: a striped hot-air balloon over its basket."""
    return [
        Stroke(((-0.3, 0.3), (-0.16, 0.72)), 0.06, "wood"),
        Stroke(((0.3, 0.3), (0.16, 0.72)), 0.06, "wood"),
        Polygon(((-0.56, 0.04), (0.56, 0.04), (0.2, 0.46), (-0.2, 0.46))),
        Ellipse(0, -0.3, 0.66, 0.66),
        Ellipse(0, -0.3, 0.36, 0.655, "light"),
        Ellipse(0, -0.3, 0.15, 0.66),
        Polygon(((-0.24, 0.68), (0.24, 0.68), (0.18, 0.98), (-0.18, 0.98)), "wood"),
    ]


SPRITES: dict[str, Callable[[], Sprite]] = {
    "cat": cat, "dog": dog, "fox": fox, "rabbit": rabbit, "bird": bird, "fish": fish,
    "boat": boat, "car": car, "house": house, "tree": tree, "flower": flower, "balloon": balloon,
}  # fmt: skip
FLOATING = frozenset({"balloon", "fish"})
