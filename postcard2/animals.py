"""The animals, drawn in the square from -1 to 1, facing right; knows nothing of place or time."""

from __future__ import annotations

import random

from postcard2.shapes import blob, both, ellipse, moved, polygon, stroke, turned
from postcard2.sprite import Shapes, Spot, Sprite, cheeks, eye, eyes, legs, smile


def cat(rng: random.Random) -> Sprite:
    """Sit, seen from the front: pointed ears, striped, a tail that curls up."""
    curl = rng.uniform(-0.25, 0.25)
    return Sprite([
        stroke("body", ((0.3, 0.86), (0.74, 0.76), (0.86, 0.36), (0.72 + curl, 0.02)), 0.2, 0.14),
        stroke("shade", ((0.8, 0.22), (0.72 + curl, 0.02)), 0.16, 0.14),
        blob("body", (-0.26, -0.02), (0.26, -0.02), (0.48, 0.5), (0.46, 0.94), (-0.46, 0.94), (-0.48, 0.5)),
        blob("light", (-0.17, 0.12), (0.17, 0.12), (0.24, 0.5), (0, 0.78), (-0.24, 0.5)),
        *both(stroke("shade", ((0.16, 0.6), (0.16, 0.92)), 0.05), ellipse("light", 0.2, 0.93, 0.16, 0.075)),
        *both(blob("body", (0.14, -0.56), (0.54, -1.0), (0.6, -0.26)),
            blob("nose", (0.28, -0.58), (0.5, -0.82), (0.52, -0.44))),
        blob("body", (0, -0.7), (0.42, -0.62), (0.64, -0.24), (0.44, 0.08), (0, 0.16), (-0.44, 0.08), (-0.64, -0.24),
            (-0.42, -0.62)),
        *(stroke("shade", ((x, -0.68), (x * 0.8, -0.5)), 0.08, 0.03) for x in (-0.16, 0, 0.16)),
        *eyes(-0.24, 0.26, 0.15, rng), *cheeks(-0.04, 0.42), ellipse("light", 0, 0.0, 0.19, 0.12),
        polygon("nose", (-0.07, -0.07), (0.07, -0.07), (0, 0.01)), smile(-0.06, 0.03, 0.06), smile(0.06, 0.03, 0.06),
    ], Spot(0, -0.58, 0.4), Spot(0, 0.12, 0.34))  # fmt: skip


def dog(rng: random.Random) -> Sprite:
    """Stand, seen from the side: a snout, hanging ears, a tail that wags."""
    wag, stride = rng.uniform(-0.2, 0.2), rng.uniform(-0.12, 0.16)
    return Sprite([
        stroke("body", ((-0.56, 0.12), (-0.78, -0.1), (-0.86 + wag, -0.42)), 0.17, 0.09),
        *legs((-0.36, 0.34), 0.4, 0.17, stride, "shade shade"), *legs((-0.5, 0.2), 0.4, 0.19, -stride),
        blob("body", (-0.7, 0.2), (-0.5, -0.02), (0.1, 0.02), (0.44, -0.06), (0.46, 0.36), (0.2, 0.56), (-0.5, 0.54)),
        blob("light", (0.1, 0.46), (0.42, 0.2), (0.4, 0.42), (0.2, 0.56)),
        stroke("body", ((0.28, 0.16), (0.4, -0.24)), 0.42), ellipse("body", 0.42, -0.42, 0.36, 0.34),
        blob("light", (0.52, -0.42), (0.8, -0.4), (0.98, -0.26), (0.86, -0.1), (0.56, -0.12)),
        ellipse("dark", 0.95, -0.32, 0.1, 0.085),
        stroke("dark", ((0.66, -0.14), (0.78, -0.14), (0.88, -0.2)), 0.035), *eye(0.54, -0.5, 0.12),
        blob("shade", (0.16, -0.72), (0.34, -0.6), (0.3, -0.2), (0.12, -0.04), (0.02, -0.3)),
    ], Spot(0.42, -0.68, 0.28), Spot(0.33, 0.02, 0.26))  # fmt: skip


def fox(rng: random.Random) -> Sprite:
    """Sit, seen from the front: a wedge of a face with white cheeks, a bushy tail with a white tip."""
    curl = rng.uniform(-0.08, 0.14)
    return Sprite([
        blob("body", (0.2, 0.9), (0.6, 0.84), (0.94, 0.5), (0.92 + curl, 0.06), (0.7 + curl, -0.02), (0.52, 0.3), (0.3, 0.5)),
        blob("white", (0.92, 0.2), (0.92 + curl, 0.02), (0.78 + curl, -0.16), (0.62 + curl, 0.06), (0.72, 0.2)),
        blob("body", (-0.2, 0), (0.2, 0), (0.4, 0.6), (0.42, 0.95), (-0.42, 0.95), (-0.4, 0.6)),
        blob("white", (-0.16, 0.06), (0.16, 0.06), (0.12, 0.5), (0, 0.68), (-0.12, 0.5)),
        *both(ellipse("deep", 0.2, 0.92, 0.17, 0.08), polygon("body", (0.1, -0.6), (0.56, -1.0), (0.66, -0.4)),
              polygon("deep", (0.44, -0.88), (0.56, -1.0), (0.6, -0.78)),
              polygon("nose", (0.3, -0.62), (0.5, -0.8), (0.54, -0.52))),
        blob("body", (0, -0.7), (0.5, -0.56), (0.7, -0.26), (0.3, 0.06), (0, 0.2), (-0.3, 0.06), (-0.7, -0.26), (-0.5, -0.56)),
        *both(blob("white", (0.68, -0.26), (0.4, -0.3), (0.06, -0.06), (0.02, 0.16), (0.3, 0.05))),
        *eyes(-0.32, 0.26, 0.12, rng), ellipse("dark", 0, 0.13, 0.1, 0.08),
    ], Spot(0, -0.6, 0.42), Spot(0, 0.14, 0.28))  # fmt: skip


def rabbit(rng: random.Random) -> Sprite:
    """Sit, seen from the front: two long ears, one of which may hang, a round belly."""
    tilt = rng.choice((0.1, 0.22, 1.0))
    ear = [ellipse("body", 0, -0.34, 0.16, 0.4), ellipse("nose", 0, -0.32, 0.08, 0.29)]
    return Sprite([
        ellipse("white", 0.56, 0.72, 0.18), *moved(ear, -0.2, -0.36, turn=-0.14), *moved(ear, 0.2, -0.36, turn=tilt),
        blob("body", (-0.3, 0.08), (0.3, 0.08), (0.54, 0.6), (0.4, 0.94), (-0.4, 0.94), (-0.54, 0.6)),
        ellipse("light", 0, 0.58, 0.28, 0.3),
        *both(ellipse("shade", 0.28, 0.92, 0.22, 0.09), ellipse("body", 0.2, 0.42, 0.1, 0.18)),
        blob("body", (0, -0.48), (0.38, -0.36), (0.5, -0.04), (0.3, 0.22), (-0.3, 0.22), (-0.5, -0.04), (-0.38, -0.36)),
        *eyes(-0.16, 0.22, 0.13, rng), *cheeks(0.05, 0.34), ellipse("nose", 0, 0.02, 0.07, 0.05),
        ellipse("light", 0, 0.11, 0.13, 0.07), polygon("white", (-0.05, 0.12), (0.05, 0.12), (0.04, 0.2), (-0.04, 0.2)),
    ], Spot(0, -0.4, 0.34), Spot(0, 0.2, 0.3))  # fmt: skip


def horse(rng: random.Random) -> Sprite:
    """Stand or trot, seen from the side: long legs, an arched neck, a mane."""
    stride, flow = rng.uniform(-0.16, 0.2), rng.uniform(-0.1, 0.1)
    return Sprite([
        blob("deep", (-0.6, -0.08), (-0.86, 0.02), (-0.94 + flow, 0.5), (-0.84, 0.62), (-0.76, 0.3), (-0.6, 0.12)),
        *legs((-0.4, 0.28), 0.3, 0.14, stride, "shade dark"), *legs((-0.52, 0.16), 0.3, 0.15, -stride, "body dark"),
        blob("body", (-0.7, 0.06), (-0.46, -0.14), (0.06, -0.08), (0.4, -0.2), (0.46, 0.2), (0.14, 0.4), (-0.46, 0.38)),
        blob("body", (0.06, 0.0), (0.24, -0.46), (0.36, -0.8), (0.58, -0.74), (0.56, -0.4), (0.46, 0.14)),
        blob("body", (0.34, -0.78), (0.5, -0.88), (0.7, -0.7), (0.98, -0.46), (0.92, -0.32), (0.7, -0.38), (0.44, -0.5)),
        ellipse("light", 0.88, -0.42, 0.13, 0.11), ellipse("dark", 0.94, -0.44, 0.025),
        polygon("body", (0.4, -0.8), (0.42, -1.0), (0.54, -0.82)),
        blob("deep", (0.46, -0.96), (0.3, -0.86), (0.12, -0.5), (-0.02 + flow, -0.06), (0.16, -0.14), (0.32, -0.52),
            (0.44, -0.78)),
        *eye(0.6, -0.66, 0.07),
    ])  # fmt: skip


def cow(rng: random.Random) -> Sprite:
    """Stand, seen from the side: a heavy body with patches, horns, a pink muzzle and a bell."""
    stride = rng.uniform(-0.06, 0.08)
    patches = [
        turned(ellipse("patch", x + rng.uniform(-0.08, 0.08), y, 0.17, 0.13), rng.uniform(0, 3))
        for x, y in ((-0.46, 0.08), (0.02, 0.24))
    ]
    return Sprite([
        stroke("shade", ((-0.72, 0.0), (-0.88, 0.2), (-0.86, 0.5)), 0.06), ellipse("patch", -0.86, 0.54, 0.07, 0.11),
        *legs((-0.44, 0.28), 0.46, 0.16, stride, "shade dark"), ellipse("nose", -0.22, 0.56, 0.16, 0.12),
        *legs((-0.58, 0.14), 0.46, 0.18, -stride, "body dark"),
        blob("body", (-0.78, 0.08), (-0.6, -0.14), (0, -0.1), (0.4, -0.16), (0.46, 0.26), (0.2, 0.52), (-0.6, 0.52)), *patches,
        stroke("horn", ((0.4, -0.56), (0.3, -0.72), (0.36, -0.86)), 0.1, 0.04),
        stroke("horn", ((0.72, -0.56), (0.84, -0.7), (0.8, -0.86)), 0.1, 0.04),
        turned(ellipse("shade", 0.24, -0.42, 0.15, 0.08), 0.4), turned(ellipse("shade", 0.9, -0.42, 0.15, 0.08), -0.4),
        blob("body", (0.34, -0.56), (0.56, -0.64), (0.8, -0.56), (0.84, -0.2), (0.74, 0.06), (0.4, 0.06), (0.3, -0.2)),
        blob("patch", (0.34, -0.54), (0.52, -0.62), (0.52, -0.34), (0.36, -0.26)),
        ellipse("nose", 0.58, 0.02, 0.25, 0.17), ellipse("dark", 0.48, 0.0, 0.035), ellipse("dark", 0.68, 0.0, 0.035),
        *eyes(-0.34, 0.14, 0.08, rng, x=0.58), ellipse("lamp", 0.36, 0.3, 0.09),
    ])  # fmt: skip


def bear(rng: random.Random) -> Sprite:
    """Stand upright like a toy, arms open: round ears, a light muzzle and belly."""
    lift = rng.uniform(-0.35, 0.25)
    return Sprite([
        *both(ellipse("body", 0.26, 0.86, 0.24, 0.15), ellipse("shade", 0.27, 0.9, 0.13, 0.07)),
        stroke("body", ((-0.34, 0.12), (-0.72, 0.2 + lift)), 0.26, 0.22),
        stroke("body", ((0.34, 0.12), (0.7, 0.34)), 0.26, 0.22),
        ellipse("light", -0.72, 0.2 + lift, 0.1), ellipse("light", 0.7, 0.34, 0.1),
        blob("body", (-0.36, 0), (0.36, 0), (0.54, 0.46), (0.4, 0.9), (-0.4, 0.9), (-0.54, 0.46)),
        ellipse("light", 0, 0.48, 0.32, 0.34),
        *both(ellipse("body", 0.42, -0.76, 0.2), ellipse("nose", 0.43, -0.75, 0.11)),
        blob("body", (0, -0.86), (0.42, -0.72), (0.56, -0.36), (0.34, -0.02), (-0.34, -0.02), (-0.56, -0.36), (-0.42, -0.72)),
        ellipse("light", 0, -0.24, 0.26, 0.2), ellipse("dark", 0, -0.33, 0.1, 0.075), smile(0, -0.2, 0.1),
        *eyes(-0.5, 0.24, 0.1, rng),
        *cheeks(-0.28, 0.4),
    ], Spot(0, -0.78, 0.38), Spot(0, 0.02, 0.36))  # fmt: skip


def owl(rng: random.Random) -> Sprite:
    """Perch, seen from the front: huge eyes, tufted ears, feathered breast."""
    spread = rng.uniform(0, 0.14)
    scales = [stroke("shade", ((x - 0.07, y), (x, y + 0.06), (x + 0.07, y)), 0.045)
              for y, xs in ((0.24, (-0.15, 0.15)), (0.42, (-0.24, 0, 0.24)), (0.6, (-0.15, 0.15))) for x in xs]  # fmt: skip
    return Sprite([
        *both(blob("shade", (0.4, -0.1), (0.66 + spread, 0.3), (0.6 + spread, 0.8), (0.36, 0.72))),
        blob("body", (0, -0.82), (0.46, -0.66), (0.6, 0.1), (0.46, 0.8), (0, 0.96), (-0.46, 0.8), (-0.6, 0.1), (-0.46, -0.66)),
        *both(polygon("body", (0.14, -0.76), (0.56, -1.0), (0.54, -0.5)),
            polygon("shade", (0.34, -0.82), (0.56, -1.0), (0.55, -0.7))),
        ellipse("light", 0, 0.42, 0.4, 0.44), *scales,
        *both(ellipse("light", 0.26, -0.38, 0.31, 0.31), ellipse("white", 0.25, -0.38, 0.23)),
        *(part for x in (-0.25, 0.25) for part in (ellipse("lamp", x, -0.38, 0.17), ellipse("dark", x, -0.37, 0.11),
            ellipse("white", x - 0.05, -0.43, 0.045))),
        polygon("beak", (-0.09, -0.28), (0.09, -0.28), (0, -0.06)), *both(stroke("beak", ((0.16, 0.9), (0.2, 0.96)), 0.12)),
    ], Spot(0, -0.72, 0.42), Spot(0, 0.0, 0.46))  # fmt: skip


def bird(rng: random.Random) -> Sprite:
    """Stand or flap, seen from the side: a round body, a beak, two thin legs."""
    up = rng.random() < 0.35
    wing = (blob("shade", (-0.1, 0.1), (0.16, 0.04), (0.0, -0.4), (-0.5, -0.86), (-0.5, -0.3)) if up
            else blob("shade", (0.2, 0.06), (0.12, 0.36), (-0.3, 0.46), (-0.68, 0.3), (-0.2, 0.0)))  # fmt: skip
    return Sprite([
        *(stroke("beak", ((x, 0.5), (x + 0.02, 0.92), (x + 0.16, 0.95)), 0.065) for x in (-0.1, 0.16)),
        blob("deep", (-0.4, 0.12), (-0.94, -0.12), (-1.0, 0.1), (-0.9, 0.28), (-0.4, 0.44)),
        blob("body", (0.36, -0.76), (0.74, -0.5), (0.66, 0.1), (0.4, 0.52), (-0.14, 0.64), (-0.54, 0.4), (-0.5, 0.06),
            (-0.06, -0.3), (0.04, -0.62)),
        blob("light", (0.62, -0.1), (0.52, 0.36), (0.14, 0.6), (0.0, 0.4), (0.3, 0.2)), wing,
        polygon("beak", (0.68, -0.56), (1.0, -0.38), (0.66, -0.28)), *eye(0.44, -0.46, 0.13),
        ellipse("cheek", 0.4, -0.22, 0.1, 0.07),
    ])  # fmt: skip


def penguin(rng: random.Random) -> Sprite:
    """Stand, seen from the front: white belly and face, flippers, orange feet."""
    flap = rng.uniform(-0.1, 0.3)
    return Sprite([
        *both(ellipse("beak", 0.2, 0.93, 0.2, 0.08)),
        *both(blob("shade", (0.38, -0.16), (0.62 + flap, 0.14), (0.7 + flap, 0.44 - flap), (0.56, 0.46), (0.4, 0.26))),
        blob("body", (0, -0.96), (0.34, -0.82), (0.44, -0.4), (0.56, 0.3), (0.42, 0.86), (0, 0.94), (-0.42, 0.86),
            (-0.56, 0.3), (-0.44, -0.4), (-0.34, -0.82)),
        blob("white", (0, -0.14), (0.28, -0.04), (0.4, 0.36), (0.28, 0.8), (0, 0.86), (-0.28, 0.8), (-0.4, 0.36),
            (-0.28, -0.04)),
        blob("white", (0, -0.52), (0.2, -0.68), (0.35, -0.5), (0.24, -0.2), (0, -0.12), (-0.24, -0.2), (-0.35, -0.5),
            (-0.2, -0.68)),
        *eyes(-0.48, 0.17, 0.09, rng), *cheeks(-0.3, 0.23, 0.05), polygon("beak", (-0.11, -0.38), (0.11, -0.38), (0, -0.22)),
    ], Spot(0, -0.8, 0.34), Spot(0, -0.12, 0.38))  # fmt: skip


def fish(rng: random.Random) -> Sprite:
    """Swim, seen from the side: a forked tail, fins, bands."""
    swing = rng.uniform(-0.1, 0.1)
    return Sprite([
        blob("shade", (-0.36, 0.24), (-0.8, -0.1 + swing), (-1.0, -0.16 + swing), (-0.88, 0.24 + swing), (-1.0, 0.64 + swing),
            (-0.8, 0.58 + swing)),
        blob("shade", (-0.36, -0.06), (-0.2, -0.46), (0.14, -0.42), (0.4, -0.1)),
        blob("shade", (-0.2, 0.6), (-0.2, 0.92), (0.06, 0.9), (0.24, 0.64)),
        blob("body", (-0.5, 0.24), (-0.2, -0.12), (0.3, -0.22), (0.76, 0.02), (0.92, 0.26), (0.74, 0.52), (0.3, 0.72),
            (-0.2, 0.62)),
        *(blob("light", (x, -0.12 - x * 0.1), (x + 0.13, -0.16 - x * 0.1), (x + 0.17, 0.26), (x + 0.1, 0.68),
            (x - 0.02, 0.64), (x + 0.05, 0.26)) for x in (-0.16, 0.14)),
        blob("shade", (0.1, 0.32), (-0.16, 0.28), (-0.2, 0.5), (0.02, 0.52)), *eye(0.6, 0.12, 0.13),
        stroke("dark", ((0.78, 0.42), (0.84, 0.36), (0.9, 0.36)), 0.04),
        *(ellipse("white", 0.9 + x, y, r) for x, y, r in ((0.04, -0.1, 0.05), (-0.06, -0.32, 0.07), (0.06, -0.54, 0.05))),
    ])  # fmt: skip


def butterfly(rng: random.Random) -> Sprite:
    """Spread four wings, seen from above; a beat makes them narrower."""
    beat = rng.uniform(0.7, 1.0)
    wings = both(
        blob("body", (0.06, -0.1), (0.3, -0.72), (0.8, -0.86), (0.98, -0.5), (0.74, -0.06), (0.2, 0.06)),
        blob("shade", (0.06, 0.08), (0.6, 0.06), (0.8, 0.36), (0.62, 0.72), (0.3, 0.66)),
        blob("light", (0.3, -0.24), (0.48, -0.6), (0.78, -0.62), (0.74, -0.36), (0.5, -0.18)),
        ellipse("deep", 0.82, -0.62, 0.08),
        ellipse("white", 0.54, 0.4, 0.11),
    )
    wings = [type(s)(tuple((x * beat, y) for x, y in s.points), s.tone) for s in wings]
    return Sprite([
        *both(stroke("dark", ((0.03, -0.4), (0.12, -0.66), (0.26, -0.76)), 0.04), ellipse("dark", 0.27, -0.77, 0.045)), *wings,
        stroke("dark", ((0, -0.34), (0, 0.5)), 0.15, 0.08), ellipse("dark", 0, -0.42, 0.12),
        *both(ellipse("white", 0.05, -0.44, 0.035)),
    ])  # fmt: skip


def dinosaur(rng: random.Random) -> Sprite:
    """Stand, seen from the side: a long neck, a long tail, plates on the back."""
    stride, bow = rng.uniform(-0.06, 0.08), rng.uniform(-0.06, 0.06)
    plates = [
        polygon("deep", (x - 0.11, y + 0.08), (x - 0.02, y - 0.14), (x + 0.11, y + 0.08))
        for x, y in ((-0.5, 0.08), (-0.28, 0.0), (-0.06, -0.02), (0.16, -0.08))
    ]
    return Sprite([
        *legs((-0.26, 0.26), 0.5, 0.19, stride, "shade shade"), *plates,
        blob("body", (-1.0, 0.66), (-0.66, 0.24), (-0.34, 0.06), (0.1, 0.02), (0.3, -0.2), (0.4 + bow, -0.66),
            (0.58 + bow, -0.92), (0.86 + bow, -0.88),
             (0.98 + bow, -0.7), (0.9 + bow, -0.58), (0.66 + bow, -0.58), (0.6, -0.2), (0.5, 0.3), (0.2, 0.66), (-0.4, 0.62),
             (-0.7, 0.52)),
        blob("light", (0.56, -0.1), (0.46, 0.32), (0.18, 0.6), (-0.3, 0.58), (0.1, 0.44), (0.4, 0.1)),
        *legs((-0.36, 0.14), 0.54, 0.21, -stride),
        *eye(0.7 + bow, -0.78, 0.08), stroke("dark", ((0.8 + bow, -0.65), (0.94 + bow, -0.69)), 0.035),
        *(ellipse("shade", x, y, 0.05) for x, y in ((-0.3, 0.3), (-0.1, 0.2), (0.1, 0.34))),
    ])  # fmt: skip


def dragon(rng: random.Random) -> Sprite:
    """Stand, seen from the side: a bat's wing, spines, horns, and sometimes a small flame."""
    up, fire = rng.uniform(-0.15, 0.15), rng.random() < 0.5
    flame: Shapes = (
        [
            blob("beak", (0.84, -0.36), (1.12, -0.5), (1.08, -0.34), (1.2, -0.24), (1.0, -0.2)),
            ellipse("lamp", 0.94, -0.32, 0.09, 0.06),
        ]
        if fire
        else []
    )
    spines = [
        polygon("deep", (x - 0.08, y + 0.06), (x - 0.08, y - 0.12), (x + 0.09, y + 0.04))
        for x, y in ((-0.66, 0.44), (-0.44, 0.22), (0.22, -0.3), (0.2, -0.52))
    ]
    return Sprite([
        *spines, stroke("body", ((-0.3, 0.6), (-0.7, 0.66), (-0.92, 0.34)), 0.26, 0.07),
        polygon("deep", (-0.8, 0.34), (-1.0, 0.06), (-1.04, 0.38)),
        *legs((-0.12, 0.26), 0.6, 0.2, 0.04, "shade shade"),
        blob("body", (-0.5, 0.5), (-0.3, 0.14), (0.1, 0.0), (0.24, -0.44), (0.46, -0.5), (0.52, -0.1), (0.48, 0.4),
            (0.2, 0.78), (-0.3, 0.8)),
        blob("light", (0.5, -0.16), (0.46, 0.36), (0.2, 0.72), (0.06, 0.6), (0.32, 0.2)),
        *legs((-0.24, 0.14), 0.66, 0.2, -0.04),
        blob("shade", (0.12, 0.16), (-0.1, -0.4), (-0.46, -0.82 + up), (-0.98, -0.76 + up), (-0.8, -0.5 + up),
            (-0.76, -0.2 + up), (-0.52, -0.18), (-0.4, 0.1), (-0.14, 0.06)),
        *(stroke("light", ((0.06, 0.08), (-0.2, -0.34), (x, y + up)), 0.05, 0.025) for x,
            y in ((-0.9, -0.72), (-0.74, -0.24), (-0.4, 0.04))),
        *(stroke("horn", ((x, -0.74), (x - 0.14, -0.94)), 0.1, 0.03) for x in (0.34, 0.46)), *flame,
        blob("body", (0.2, -0.58), (0.36, -0.8), (0.6, -0.78), (0.9, -0.58), (0.94, -0.42), (0.8, -0.32), (0.46, -0.32)),
        *eye(0.54, -0.6, 0.1), ellipse("dark", 0.86, -0.52, 0.03),
        stroke("dark", ((0.64, -0.4), (0.8, -0.38), (0.88, -0.42)), 0.03),
    ])  # fmt: skip
