"""Toys and treats, drawn in the square from -1 to 1; knows nothing of place or time."""

from __future__ import annotations

import math
import random

from postcard2.shapes import Shape, blob, both, box, ellipse, moved, polygon, stroke, turned
from postcard2.sprite import Shapes, Spot, Sprite, cheeks, eyes, smile


def robot(rng: random.Random) -> Sprite:
    """Stand with a square head, an aerial, dials on the chest, one arm up."""
    lift = rng.uniform(-0.5, 0.1)
    return Sprite([
        stroke("grey", ((0, -0.8), (0, -0.94)), 0.05), ellipse("lamp_red", 0, -0.95, 0.07),
        *both(stroke("grey", ((0.2, 0.6), (0.2, 0.86)), 0.15),
            blob("shade", (0.06, 0.84), (0.36, 0.84), (0.4, 0.98), (0.04, 0.98))),
        stroke("grey", ((-0.42, 0.12), (-0.62, 0.26 + lift / 2), (-0.72, 0.3 + lift)), 0.12),
        ellipse("shade", -0.73, 0.28 + lift, 0.12),
        stroke("grey", ((0.42, 0.12), (0.64, 0.3), (0.66, 0.46)), 0.12), ellipse("shade", 0.66, 0.5, 0.12),
        blob("body", (-0.4, -0.04), (0.4, -0.04), (0.46, 0.02), (0.44, 0.64), (-0.44, 0.64), (-0.46, 0.02)),
        box("light", -0.28, 0.1, 0.28, 0.46),
        *(ellipse(tone, x, 0.2, 0.055) for tone, x in (("lamp_red", -0.16), ("lamp", 0), ("lamp_green", 0.16))),
        stroke("grey", ((-0.18, 0.37), (0.18, 0.37)), 0.07),
        box("grey", -0.14, -0.16, 0.14, 0), *both(ellipse("grey", 0.5, -0.44, 0.09, 0.14)),
        blob("body", (-0.46, -0.78), (0.46, -0.78), (0.5, -0.7), (0.48, -0.16), (-0.48, -0.16), (-0.5, -0.7)),
        blob("light", (-0.36, -0.66), (0.36, -0.66), (0.38, -0.28), (-0.38, -0.28)),
        *eyes(-0.5, 0.19, 0.12, rng), stroke("dark", ((-0.14, -0.32), (0.14, -0.32)), 0.045),
    ], Spot(0, -0.74, 0.4), Spot(0, -0.1, 0.3))  # fmt: skip


def snowman(rng: random.Random) -> Sprite:
    """Stand as two balls of snow with twigs for arms and a carrot."""
    lift = rng.uniform(-0.2, 0.2)
    return Sprite([
        *both(stroke("wood", ((0.36, 0.1), (0.72, -0.06 + lift), (0.88, -0.3 + lift)), 0.06, 0.04),
            stroke("wood", ((0.74, -0.1 + lift), (0.92, -0.08 + lift)), 0.04)),
        ellipse("body", 0, 0.5, 0.54, 0.49), ellipse("light", -0.12, 0.4, 0.3, 0.27), ellipse("body", 0, -0.34, 0.42, 0.41),
        ellipse("light", -0.08, -0.42, 0.24, 0.22),
        *(ellipse("dark", 0.02, y, 0.05) for y in (0.24, 0.44, 0.64)), *both(ellipse("dark", 0.15, -0.44, 0.06)),
        *cheeks(-0.26, 0.26),
        blob("beak", (-0.04, -0.34), (0.02, -0.38), (0.34, -0.26), (0.02, -0.24)), smile(0, -0.16, 0.13),
    ], Spot(0, -0.64, 0.34), Spot(0, -0.02, 0.3))  # fmt: skip


def cup(rng: random.Random) -> Sprite:
    """A steaming mug on a saucer, with a band and a heart."""
    drift = rng.uniform(-0.1, 0.1)
    return Sprite([
        *(stroke("smoke", ((x, -0.3), (x - 0.1 + drift, -0.5), (x + 0.06, -0.7), (x + drift, -0.92)), 0.11,
            0.05) for x in (-0.24, 0.14)),
        ellipse("shade", 0, 0.88, 0.84, 0.12), ellipse("light", 0, 0.84, 0.8, 0.1), ellipse("body", 0.6, 0.22, 0.3, 0.28),
        ellipse("paper", 0.6, 0.22, 0.17, 0.16),
        blob("body", (-0.62, -0.14), (0.62, -0.14), (0.58, 0.4), (0.4, 0.8), (0, 0.88), (-0.4, 0.8), (-0.58, 0.4)),
        ellipse("light", 0, -0.14, 0.62, 0.13), ellipse("coffee", 0, -0.12, 0.52, 0.085),
        *moved(_heart("deep", 0.2), -0.04, 0.34), stroke("light", ((-0.44, 0.1), (-0.42, 0.42), (-0.34, 0.62)), 0.07, 0.04),
    ])  # fmt: skip


def cake(rng: random.Random) -> Sprite:
    """Two tiers with icing, cherries and candles."""
    candles = [
        part
        for x in (-0.2, 0.0, 0.2)[: rng.randint(2, 3)]
        for part in (
            stroke("white", ((x, -0.34), (x, -0.66)), 0.07),
            blob("beak", (x - 0.05, -0.74), (x, -0.92), (x + 0.05, -0.74), (x, -0.68)),
            ellipse("lamp", x, -0.74, 0.028),
        )
    ]
    return Sprite([
        ellipse("grey", 0, 0.9, 0.94, 0.09), ellipse("white", 0, 0.87, 0.92, 0.08), *candles,
        blob("body", (-0.76, 0.28), (0.76, 0.28), (0.76, 0.84), (-0.76, 0.84)), blob("cream", (-0.78, 0.2), (0.78, 0.2),
            (0.78, 0.42), (0.6, 0.54), (0.4, 0.42), (0.16, 0.58), (-0.1, 0.44), (-0.34, 0.56), (-0.58, 0.44), (-0.78, 0.5)),
        stroke("shade", ((-0.7, 0.72), (0.7, 0.72)), 0.09), blob("body", (-0.46, -0.3), (0.46, -0.3), (0.46, 0.22),
            (-0.46, 0.22)), blob("cream", (-0.48, -0.38), (0.48, -0.38), (0.48, -0.18), (0.3, -0.06), (0.12, -0.18),
            (-0.1, -0.04), (-0.3, -0.18), (-0.48, -0.12)),
        *(ellipse("lamp_red", x, 0.18, 0.085) for x in (-0.62, 0.62)),
        *(ellipse("light", x, 0.08, 0.05) for x in (-0.22, 0.02, 0.26)),
    ])  # fmt: skip


def ball(rng: random.Random) -> Sprite:
    """A beach ball in coloured and white panels."""
    turn = rng.uniform(0, math.tau)
    panels: list[Shape] = []
    for step in range(6):
        a = math.tau * step / 6
        rim = tuple((0.8 * math.cos(a + t), 0.8 * math.sin(a + t)) for t in (0, 0.26, 0.52, 0.79, 1.05))
        panels.append(polygon("white" if step % 2 else "body", (0.0, 0.0), *rim))
    return Sprite([*moved([*panels, ellipse("shade", 0, 0, 0.13)], 0, 0.18, turn=turn),
        turned(ellipse("white", -0.34, -0.22, 0.15, 0.09), -0.7)])  # fmt: skip


def heart(rng: random.Random) -> Sprite:
    """A full heart with a glint, leaning a little."""
    return Sprite(
        moved(
            [*_heart("body", 0.95), blob("light", (-0.62, -0.36), (-0.44, -0.56), (-0.24, -0.54), (-0.46, -0.3))],
            0,
            0.1,
            turn=rng.uniform(-0.2, 0.2),
        )
    )


def _heart(tone: str, half: float) -> Shapes:
    points = ((0, -0.42), (0.3, -0.76), (0.76, -0.72), (0.96, -0.28), (0.72, 0.2), (0.3, 0.6), (0.04, 0.86), (0, 0.9))
    outline = (*points, *((-x, y) for x, y in reversed(points[1:-1])))
    return moved([blob(tone, *outline)], 0, 0, half)
