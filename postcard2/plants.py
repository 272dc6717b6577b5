"""Tree, flower, rose and mushroom, drawn in the square from -1 to 1; knows nothing of place or time."""

from __future__ import annotations

import math
import random

from postcard2.shapes import blob, both, ellipse, moved, polygon, stroke, turned
from postcard2.sprite import Sprite


def tree(rng: random.Random) -> Sprite:
    """A leafy crown of several rounds on a forked trunk."""
    shift = rng.uniform(-0.08, 0.08)
    crown = [
        (-0.42, -0.1, 0.36),
        (0.42, -0.12, 0.36),
        (-0.26, -0.52, 0.36),
        (0.28, -0.54, 0.36),
        (shift, -0.66, 0.33),
        (0, -0.2, 0.44),
    ]
    leaves = [
        stroke("light", ((x - 0.07, y), (x, y + 0.05), (x + 0.07, y)), 0.05)
        for x, y in ((-0.44, -0.2), (-0.2, -0.56), (0.06 + shift, -0.78), (-0.1, -0.12), (0.16, -0.4))
    ]
    return Sprite([
        blob("wood", (-0.13, 0.1), (0.13, 0.1), (0.14, 0.7), (0.3, 0.97), (-0.3, 0.97), (-0.14, 0.7)),
        stroke("wood", ((0.04, 0.44), (0.3, 0.06)), 0.11, 0.07),
        *(ellipse("shade", x + 0.03, y + 0.06, r) for x, y, r in crown),
        *(ellipse("body", x - 0.01, y - 0.01, r * 0.93) for x, y, r in crown), *leaves,
    ])  # fmt: skip


def flower(rng: random.Random) -> Sprite:
    """An open blossom of round petals on a stem with two leaves."""
    lean, start = rng.uniform(-0.12, 0.12), rng.uniform(0, 0.8)
    petals = [turned(ellipse(tone, lean + 0.36 * math.cos(a), -0.38 + 0.36 * math.sin(a), 0.27, 0.19), a) for tone,
        offset in (("shade", 0.45), ("body", 0.0))
              for a in (start + offset + math.tau * step / 7 for step in range(7))]  # fmt: skip
    return Sprite([
        stroke("leaf", ((0, 0.97), (-lean * 0.4, 0.4), (lean, -0.2)), 0.1, 0.08),
        blob("leaf", (0, 0.84), (0.2, 0.5), (0.54, 0.4), (0.4, 0.72)),
        blob("leaf_light", (0, 0.9), (-0.22, 0.62), (-0.52, 0.52), (-0.38, 0.8)),
        *petals, ellipse("lamp", lean, -0.38, 0.21), *(ellipse("wood", lean + x, -0.38 + y, 0.03) for x,
            y in ((-0.08, -0.06), (0.07, -0.07), (0, 0.07), (0.1, 0.06), (-0.09, 0.07))),
    ])  # fmt: skip


def rose(rng: random.Random) -> Sprite:
    """A closed blossom of folded petals on a thorny stem."""
    lean = rng.uniform(-0.14, 0.14)
    bloom = [
        *both(blob("leaf", (0.04, 0.06), (0.3, 0.02), (0.42, 0.22), (0.2, 0.18))), ellipse("shade", 0, -0.36, 0.46, 0.42),
        blob("body", (-0.5, -0.5), (-0.3, -0.3), (0.02, 0.02), (-0.3, 0.06), (-0.52, -0.2)),
        blob("body", (0.5, -0.5), (0.3, -0.3), (-0.02, 0.02), (0.3, 0.06), (0.52, -0.2)),
        blob("body", (-0.36, -0.5), (-0.2, -0.8), (0.2, -0.8), (0.36, -0.5), (0.2, -0.14), (-0.2, -0.14)),
        ellipse("deep", 0, -0.56, 0.26, 0.18),
        blob("light", (-0.22, -0.6), (0, -0.72), (0.22, -0.58), (0.06, -0.44), (-0.1, -0.46)),
        stroke("deep", ((-0.1, -0.56), (0.04, -0.62), (0.1, -0.54), (0.0, -0.5)), 0.05),
        stroke("light", ((-0.3, -0.4), (-0.1, -0.1), (0.1, 0.0)), 0.045),
    ]  # fmt: skip
    return Sprite([
        stroke("leaf", ((0, 0.97), (-lean * 0.3, 0.5), (lean, 0.0)),
            0.09), *(polygon("leaf", (x, y), (x + side * 0.14, y - 0.06), (x, y + 0.09)) for x, y,
            side in ((0.02, 0.6, 1), (-0.02, 0.34, -1))),
        blob("leaf_light", (0, 0.82), (-0.24, 0.52), (-0.56, 0.5), (-0.4, 0.78)),
        blob("leaf", (0, 0.74), (0.26, 0.44), (0.54, 0.44), (0.36, 0.7)), *moved(bloom, lean, 0, turn=lean),
    ])  # fmt: skip


def mushroom(rng: random.Random) -> Sprite:
    """A spotted cap on a pale stalk, with a tuft of grass."""
    spots = [
        ellipse("white", x + rng.uniform(-0.04, 0.04), y, r, r * 0.8)
        for x, y, r in ((-0.5, -0.18, 0.12), (-0.14, -0.52, 0.14), (0.3, -0.34, 0.16), (0.66, -0.06, 0.09), (-0.08, -0.1, 0.1))
    ]
    return Sprite([
        blob("cream", (-0.2, 0.06), (0.2, 0.06), (0.24, 0.5), (0.34, 0.94), (0, 1.0), (-0.34, 0.94), (-0.24, 0.5)),
        stroke("horn", ((0.16, 0.2), (0.2, 0.6), (0.26, 0.9)), 0.07),
        blob("horn", (-0.6, 0.1), (0, 0.0), (0.6, 0.1), (0, 0.26)),
        blob("body", (-0.86, 0.1), (-0.74, -0.36), (-0.3, -0.76), (0.3, -0.76), (0.74, -0.36), (0.86, 0.1), (0.4, 0.16),
            (0, 0.08), (-0.4, 0.16)), *spots,
        *(stroke("leaf", ((x, 0.98), (x + lean, 0.74)), 0.08, 0.02) for x,
            lean in ((-0.5, -0.1), (-0.42, 0.02), (0.44, 0.06), (0.52, 0.14))),
    ])  # fmt: skip
