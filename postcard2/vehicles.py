"""What drives, sails, flies and rolls, drawn in the square from -1 to 1, facing right; knows nothing of place or time."""

from __future__ import annotations

import math
import random

from postcard2.shapes import blob, both, box, ellipse, moved, polygon, stroke
from postcard2.sprite import Shapes, Sprite


def boat(rng: random.Random) -> Sprite:
    """Sail with two sails that the wind fills, a pennant, a hull with portholes."""
    wind = rng.uniform(0.02, 0.2)
    return Sprite([
        stroke("wood", ((0, -0.94), (0, 0.5)), 0.07), polygon("lamp_red", (0, -0.98), (-0.26, -0.9), (0, -0.82)),
        blob("body", (0.07, -0.84), (0.3 + wind, -0.4), (0.8, 0.3), (0.44, 0.36), (0.07, 0.34)),
        stroke("light", ((0.09, 0.04), (0.34, 0.02), (0.62, 0.04)), 0.09),
        blob("white", (-0.08, -0.66), (-0.14, 0.32), (-0.5, 0.34), (-0.7, 0.28), (-0.3 - wind / 2, -0.2)),
        blob("shade", (-0.9, 0.44), (0.98, 0.44), (0.86, 0.7), (0.6, 0.97), (-0.56, 0.97), (-0.8, 0.7)),
        blob("body", (-0.92, 0.42), (1.0, 0.42), (0.94, 0.58), (0.86, 0.66), (-0.8, 0.66), (-0.88, 0.58)),
        *(ellipse("white", x, 0.79, 0.065) for x in (-0.32, 0, 0.32)),
    ])  # fmt: skip


def car(rng: random.Random) -> Sprite:
    """Drive, seen from the side: a rounded cabin, windows that reflect, big wheels."""
    roof = rng.uniform(-0.06, 0.06)
    wheels = [
        part
        for x in (-0.48, 0.5)
        for part in (ellipse("dark", x, 0.74, 0.25), ellipse("grey", x, 0.74, 0.13), ellipse("white", x, 0.74, 0.05))
    ]
    return Sprite([
        blob("body", (-0.72, 0.24), (-0.56, -0.12), (-0.34, -0.32 + roof), (0.2, -0.32 + roof), (0.42, -0.08), (0.6, 0.24),
            (0, 0.4)),
        blob("glass", (-0.52, 0.14), (-0.42, -0.14), (-0.28, -0.2 + roof), (-0.08, -0.2 + roof), (-0.08, 0.16)),
        blob("glass", (0.02, 0.16), (0.02, -0.2 + roof), (0.18, -0.19 + roof), (0.34, -0.04), (0.46, 0.16)),
        polygon("white", (-0.34, 0.12), (-0.22, -0.18 + roof), (-0.16, -0.18 + roof), (-0.28, 0.12)),
        blob("body", (-0.94, 0.28), (-0.7, 0.18), (0.6, 0.16), (0.92, 0.26), (0.98, 0.6), (0.86, 0.74), (-0.86, 0.74),
            (-0.98, 0.6)),
        stroke("light", ((-0.84, 0.36), (0.84, 0.36)), 0.07), stroke("shade", ((-0.86, 0.66), (0.88, 0.66)), 0.12),
        stroke("shade", ((-0.03, 0.22), (-0.03, 0.62)), 0.03),
        stroke("deep", ((0.1, 0.32), (0.2, 0.32)), 0.05), ellipse("lamp", 0.9, 0.42, 0.08, 0.1),
        ellipse("lamp_red", -0.93, 0.42, 0.06, 0.09), *wheels,
    ])  # fmt: skip


def train(rng: random.Random) -> Sprite:
    """Steam along: a boiler, a chimney with smoke, a cabin, wheels with a rod."""
    turn = rng.uniform(0, math.tau)
    rod = [(x + 0.09 * math.cos(turn), 0.76 + 0.09 * math.sin(turn)) for x in (-0.5, 0.2)]
    smoke = [
        ellipse("smoke", 0.5 + x + rng.uniform(-0.05, 0.05), y, r)
        for x, y, r in ((0.0, -0.7, 0.13), (-0.22, -0.84, 0.17), (-0.54, -0.9, 0.14))
    ]
    return Sprite([
        *smoke, polygon("deep", (0.4, -0.06), (0.36, -0.5), (0.64, -0.5), (0.58, -0.06)),
        stroke("shade", ((0.38, -0.5), (0.62, -0.5)), 0.12),
        ellipse("lamp", 0.02, -0.12, 0.14, 0.16),
        blob("body", (-0.3, -0.06), (0.7, -0.06), (0.88, 0.08), (0.88, 0.4), (0.76, 0.56), (-0.3, 0.56)),
        *(stroke("light", ((x, -0.04), (x, 0.52)), 0.06) for x in (0.16, 0.5)), ellipse("lamp", 0.86, 0.22, 0.1),
        ellipse("white", 0.88, 0.22, 0.05),
        box("body", -0.92, -0.5, -0.28, 0.6), box("window", -0.78, -0.34, -0.42, 0.02),
        blob("deep", (-1.0, -0.5), (-0.6, -0.6), (-0.2, -0.5), (-0.2, -0.42), (-1.0, -0.42)),
        stroke("shade", ((-0.9, 0.24), (-0.3, 0.24)), 0.06), box("deep", -0.96, 0.54, 0.84, 0.7),
        polygon("grey", (0.78, 0.6), (1.02, 0.94), (0.7, 0.94)),
        *(part for x in (-0.5, 0.2) for part in (ellipse("dark", x, 0.76, 0.22), ellipse("lamp_red", x, 0.76, 0.14),
            ellipse("dark", x, 0.76, 0.05))), ellipse("dark", 0.58, 0.83, 0.14), ellipse("grey", 0.58, 0.83, 0.07),
        stroke("grey", (rod[0], rod[1]), 0.06),
    ])  # fmt: skip


def plane(rng: random.Random) -> Sprite:
    """Fly, seen from the side: a rounded nose, a row of windows, a wing and a tail."""
    tilt = rng.uniform(-0.22, 0.05)
    parts = [
        blob("shade", (-0.1, -0.1), (0.1, -0.1), (-0.18, -0.54), (-0.34, -0.54)),
        blob("shade", (-0.94, -0.6), (-0.72, -0.58), (-0.42, -0.12), (-0.8, -0.1)),
        blob("body", (-0.98, -0.14), (-0.5, -0.24), (0.5, -0.28), (0.86, -0.16), (1.0, 0.08), (0.8, 0.24), (0.2, 0.28),
            (-0.6, 0.12)),
        blob("light", (-0.6, 0.08), (0.2, 0.14), (0.92, 0.12), (0.8, 0.24), (0.2, 0.28)),
        *(ellipse("glass", x, -0.06, 0.07, 0.08) for x in (-0.4, -0.18, 0.04, 0.26)),
        blob("glass", (0.56, -0.2), (0.76, -0.14), (0.84, -0.02), (0.58, -0.02)), ellipse("grey", 0.0, 0.42, 0.19, 0.09),
        blob("deep", (-0.06, 0.08), (0.26, 0.08), (-0.2, 0.6), (-0.42, 0.62)),
        blob("deep", (-0.9, -0.06), (-0.66, -0.06), (-0.88, 0.18), (-1.0, 0.18)),
    ]  # fmt: skip
    return Sprite(moved(parts, 0, 0.1, turn=tilt))


def rocket(rng: random.Random) -> Sprite:
    """Fly upwards: a pointed hull with a porthole, fins, a flame."""
    flame = rng.uniform(-0.08, 0.08)
    return Sprite([
        blob("beak", (-0.2, 0.5), (0.2, 0.5), (0.2, 0.74), (0, 1.0 + flame), (-0.2, 0.74)),
        blob("lamp", (-0.1, 0.5), (0.1, 0.5), (0.1, 0.66), (0, 0.84 + flame), (-0.1, 0.66)),
        *both(blob("shade", (0.28, 0.1), (0.56, 0.42), (0.6, 0.78), (0.26, 0.52))),
        blob("body", (0, -1.0), (0.24, -0.66), (0.36, -0.16), (0.32, 0.34), (0.2, 0.56), (-0.2, 0.56), (-0.32, 0.34),
            (-0.36, -0.16), (-0.24, -0.66)),
        blob("deep", (0, -1.0), (0.16, -0.8), (0.25, -0.62), (0, -0.54), (-0.25, -0.62), (-0.16, -0.8)),
        ellipse("grey", 0, -0.2, 0.2), ellipse("visor", 0, -0.2, 0.15), ellipse("visor_light", -0.05, -0.25, 0.06),
        stroke("light", ((-0.3, 0.26), (0, 0.32), (0.3, 0.26)), 0.08), stroke("deep", ((0, 0.36), (0, 0.7)), 0.1),
    ])  # fmt: skip


def balloon(rng: random.Random) -> Sprite:
    """Float: a striped hot-air balloon with a basket."""
    swing = rng.uniform(-0.06, 0.06)
    return Sprite([
        *(stroke("wood", ((x, 0.3), (x * 0.7 + swing, 0.66)), 0.03) for x in (-0.26, 0, 0.26)),
        blob("body", (0, -1.0), (0.48, -0.86), (0.7, -0.42), (0.56, 0.02), (0.2, 0.38), (-0.2, 0.38), (-0.56, 0.02),
            (-0.7, -0.42), (-0.48, -0.86)),
        *both(blob("light", (0.2, -0.96), (0.46, -0.74), (0.5, -0.36), (0.34, 0.1), (0.14, 0.38), (0.24, 0.0), (0.3, -0.44))),
        blob("light", (0, -1.0), (0.11, -0.7), (0.12, -0.3), (0.05, 0.38), (-0.05, 0.38), (-0.12, -0.3), (-0.11, -0.7)),
        stroke("shade", ((-0.19, 0.36), (0.19, 0.36)), 0.09),
        *moved([blob("wood", (-0.2, 0.64), (0.2, 0.64), (0.16, 0.96), (-0.16, 0.96)),
            stroke("horn", ((-0.2, 0.66), (0.2, 0.66)), 0.08), stroke("horn", ((-0.16, 0.82), (0.16, 0.82)), 0.035)], swing),
    ])  # fmt: skip


def bicycle(rng: random.Random) -> Sprite:
    """Stand, seen from the side: two spoked wheels, a frame, a saddle, a basket."""
    turn = rng.uniform(0, 1)
    wheels: Shapes = []
    for x in (-0.54, 0.54):
        wheels += [ellipse("dark", x, 0.54, 0.43), ellipse("paper", x, 0.54, 0.34)]
        wheels += [
            stroke(
                "grey",
                (
                    (x - 0.34 * math.cos(a + turn), 0.54 - 0.34 * math.sin(a + turn)),
                    (x + 0.34 * math.cos(a + turn), 0.54 + 0.34 * math.sin(a + turn)),
                ),
                0.025,
            )
            for a in (0, 1.05, 2.09)
        ]
        wheels += [ellipse("dark", x, 0.54, 0.07)]
    frame = [
        ((-0.54, 0.54), (-0.22, -0.02)),
        ((-0.22, -0.02), (0.4, -0.1)),
        ((-0.06, 0.54), (0.4, -0.1)),
        ((-0.54, 0.54), (-0.06, 0.54)),
        ((-0.28, -0.14), (-0.06, 0.54)),
        ((0.34, -0.3), (0.54, 0.54)),
    ]
    return Sprite([
        *wheels, *(stroke("body", pair, 0.11) for pair in frame), stroke("grey", ((0.34, -0.24), (0.32, -0.42)), 0.06),
        stroke("dark", ((0.16, -0.46), (0.36, -0.44), (0.46, -0.34)), 0.09),
        blob("deep", (-0.5, -0.2), (-0.14, -0.2), (-0.08, -0.13), (-0.3, -0.1), (-0.46, -0.1)),
        blob("horn", (0.46, -0.34), (0.86, -0.34), (0.8, -0.02), (0.52, -0.02)),
        stroke("wood", ((0.5, -0.2), (0.82, -0.2)), 0.04),
        ellipse("grey", -0.06, 0.54, 0.12), stroke("dark", ((-0.06, 0.54), (0.04, 0.72)), 0.05),
    ])  # fmt: skip
