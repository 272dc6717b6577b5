"""House, castle and lighthouse, drawn in the square from -1 to 1; knows nothing of place or time."""

from __future__ import annotations

import random

from postcard2.shapes import blob, both, box, ellipse, polygon, stroke
from postcard2.sprite import Shapes, Sprite


def house(rng: random.Random) -> Sprite:
    """A cottage: a roof with eaves, a chimney with smoke, lit windows, a door, a bush."""
    door = rng.choice((-0.3, 0.0, 0.3))
    smoke = [
        ellipse("smoke", 0.42 + x + rng.uniform(-0.05, 0.05), y, r) for x, y, r in ((0.02, -0.86, 0.09), (0.14, -0.97, 0.12))
    ]
    windows = [x for x in (-0.42, 0.0, 0.42) if abs(x - door) > 0.25][:2]
    return Sprite([
        *smoke, box("brick", 0.3, -0.76, 0.52, -0.2), box("deep", 0.27, -0.8, 0.55, -0.7),
        box("body", -0.68, -0.1, 0.68, 0.97), box("shade", -0.68, -0.1, 0.68, 0.06),
        blob("deep", (0, -0.78), (0.2, -0.62), (0.9, -0.08), (0.84, 0.04), (0, -0.02), (-0.84, 0.04), (-0.9, -0.08),
            (-0.2, -0.62)), stroke("shade", ((-0.5, -0.22), (0.5, -0.22)), 0.04), stroke("shade",
            ((-0.26, -0.44), (0.26, -0.44)), 0.04),
        *(part for x in windows for part in (box("white", x - 0.17, 0.22, x + 0.17, 0.56),
            box("window", x - 0.13, 0.26, x + 0.13, 0.52), stroke("white", ((x, 0.26), (x, 0.52)), 0.035),
            stroke("white", ((x - 0.13, 0.39), (x + 0.13, 0.39)), 0.035))),
        blob("wood", (door - 0.14, 0.97), (door - 0.14, 0.52), (door, 0.44), (door + 0.14, 0.52), (door + 0.14, 0.97)),
        ellipse("lamp", door + 0.07, 0.74, 0.03),
        *(ellipse("leaf", x, 0.9, 0.15, 0.12) for x in (-0.66, 0.66)), ellipse("leaf_light", -0.7, 0.86, 0.07),
    ])  # fmt: skip


def castle(rng: random.Random) -> Sprite:
    """Two towers with pointed roofs and flags, a gate between battlements."""
    wave = rng.uniform(-0.06, 0.06)
    teeth = [box("body", x, -0.1, x + 0.14, 0.06) for x in (-0.36, -0.07, 0.22)]
    tower: Shapes = [
        box("shade", 0.4, -0.3, 0.86, 0.97), box("body", 0.4, -0.3, 0.74, 0.97),
        polygon("deep", (0.32, -0.3), (0.63, -0.84), (0.94, -0.3)),
        blob("window", (0.56, 0.14), (0.56, -0.02), (0.63, -0.1), (0.7, -0.02), (0.7, 0.14)),
        *(stroke("shade", ((x, y), (x + 0.1, y)), 0.035) for x, y in ((0.46, 0.34), (0.56, 0.6), (0.46, 0.78))),
    ]  # fmt: skip
    flags = [
        part
        for x in (-0.63, 0.63)
        for part in (
            stroke("wood", ((x, -0.8), (x, -1.0)), 0.035),
            polygon("lamp_red", (x, -1.0), (x + 0.24, -0.95 + wave), (x, -0.88)),
        )
    ]
    return Sprite([
        *flags, box("body", -0.44, 0.02, 0.44, 0.97), *teeth, stroke("shade", ((-0.4, 0.16), (0.4, 0.16)), 0.05), *both(*tower),
        blob("deep", (-0.2, 0.97), (-0.2, 0.56), (0, 0.38), (0.2, 0.56), (0.2, 0.97)),
        blob("wood", (-0.14, 0.97), (-0.14, 0.6), (0, 0.46), (0.14, 0.6), (0.14, 0.97)),
        stroke("deep", ((0, 0.5), (0, 0.97)), 0.03),
    ])  # fmt: skip


def lighthouse(rng: random.Random) -> Sprite:
    """A banded tower on a rock, with a gallery and a lamp."""
    rock = rng.uniform(-0.06, 0.06)
    bands = [
        polygon(
            "white", (-0.36 + 0.16 * t, y), (0.36 - 0.16 * t, y), (0.345 - 0.17 * t, y - 0.22), (-0.345 + 0.17 * t, y - 0.22)
        )
        for t, y in ((0.24, 0.52), (0.62, 0.02))
    ]
    return Sprite([
        polygon("body", (-0.36, 0.86), (0.36, 0.86), (0.22, -0.46), (-0.22, -0.46)), *bands,
        stroke("shade", ((0.3, 0.8), (0.19, -0.42)), 0.09, 0.06),
        stroke("deep", ((-0.28, -0.46), (0.28, -0.46)), 0.11), box("lamp", -0.16, -0.74, 0.16, -0.5),
        *(stroke("deep", ((x, -0.72), (x, -0.5)), 0.03) for x in (-0.15, 0, 0.15)),
        blob("body", (-0.24, -0.72), (-0.14, -0.88), (0, -0.97), (0.14, -0.88), (0.24, -0.72)),
        ellipse("window", 0, 0.0, 0.06, 0.09), blob("deep", (-0.1, 0.84), (-0.1, 0.6), (0, 0.52), (0.1, 0.6), (0.1, 0.84)),
        blob("rock", (-0.72, 0.98), (-0.6, 0.82), (-0.2 + rock, 0.78), (0.3 + rock, 0.8), (0.62, 0.84), (0.74, 0.98)),
        blob("grey", (-0.5, 0.9), (-0.3, 0.84), (-0.1, 0.88), (-0.3, 0.94)),
    ])  # fmt: skip
