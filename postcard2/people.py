"""The people: girl, boy, woman, man, astronaut, in clothes of the subject's colour; knows nothing of place or time."""

from __future__ import annotations

import random

from postcard2.shapes import Point, Shape, blob, both, box, ellipse, polygon, stroke
from postcard2.sprite import Shapes, Spot, Sprite, cheeks, smile


def girl(rng: random.Random) -> Sprite:
    """Stand in a flared dress, with pigtails or a bob."""
    sway = rng.uniform(-0.05, 0.05)
    if rng.random() < 0.5:
        back = both(
            stroke("hair", ((0.3, -0.5), (0.56, -0.42), (0.56 + sway, 0.02)), 0.24, 0.1), ellipse("body", 0.44, -0.5, 0.08)
        )
    else:
        back = [blob("hair", (-0.42, -0.6), (0, -0.9), (0.42, -0.6), (0.46, -0.08), (0, 0.06), (-0.46, -0.08))]
    return Sprite([
        *back, *_legs(0.14, 0.5, 0.13, "skin", "deep"),
        *_arms((0.17, 0.08), 0.44, 0.15, rng),
        blob("body", (-0.16, 0), (0.16, 0), (0.26, 0.26), (0.5 + sway, 0.64), (0, 0.7), (-0.5 + sway, 0.64), (-0.26, 0.26)),
        stroke("light", ((-0.44 + sway, 0.6), (0, 0.65), (0.44 + sway, 0.6)), 0.07), box("shade", -0.24, 0.22, 0.24, 0.3),
        *_head(-0.4, 0.36, rng),
        blob("hair", (-0.38, -0.4), (-0.34, -0.66), (0, -0.8), (0.34, -0.66), (0.38, -0.4), (0.26, -0.54), (-0.08, -0.58)),
    ], Spot(0, -0.62, 0.36), Spot(0, -0.02, 0.22))  # fmt: skip


def boy(rng: random.Random) -> Sprite:
    """Stand in a shirt and short trousers, hair in a tuft."""
    tuft = rng.uniform(-0.1, 0.1)
    return Sprite([
        *_legs(0.16, 0.5, 0.15, "skin", "deep"),
        *both(polygon("denim", (0, 0.36), (0.32, 0.36), (0.32, 0.66), (0.03, 0.66))),
        *_arms((0.24, 0.06), 0.44, 0.17, rng),
        blob("body", (-0.26, 0), (0.26, 0), (0.33, 0.2), (0.33, 0.44), (-0.33, 0.44), (-0.33, 0.2)),
        stroke("light", ((-0.31, 0.2), (0.31, 0.2)), 0.1),
        *_head(-0.4, 0.36, rng),
        blob("hair", (-0.38, -0.42), (-0.36, -0.7), (tuft - 0.06, -0.84), (tuft + 0.1, -0.92), (0.2, -0.8), (0.38, -0.62),
             (0.38, -0.42), (0.2, -0.6), (-0.2, -0.58)),
    ], Spot(0, -0.62, 0.36), Spot(0, 0, 0.24))  # fmt: skip


def woman(rng: random.Random) -> Sprite:
    """Stand tall in a long dress, with long hair or a bun."""
    sway = rng.uniform(-0.06, 0.06)
    if rng.random() < 0.5:
        back = [
            blob(
                "hair",
                (-0.26, -0.7),
                (0, -0.94),
                (0.26, -0.7),
                (0.34 + sway, -0.28),
                (0.16, -0.16),
                (-0.2, -0.18),
                (-0.34, -0.34),
            )
        ]
    else:
        back = [ellipse("hair", 0.02, -0.95, 0.14, 0.12)]
    return Sprite([
        *back, *_legs(0.1, 0.8, 0.09, "skin", "deep"), *_arms((0.17, -0.3), 0.5, 0.12, rng),
        blob("body", (-0.19, -0.38), (0.19, -0.38), (0.15, -0.02), (0.3, 0.4), (0.42 + sway, 0.84), (0, 0.9),
            (-0.42 + sway, 0.84),
             (-0.3, 0.4), (-0.15, -0.02)),
        box("light", -0.155, -0.05, 0.155, 0.02), polygon("skin", (-0.09, -0.4), (0.09, -0.4), (0, -0.28)),
        stroke("shade", ((0.02, 0.1), (0.06, 0.5), (0.14 + sway, 0.84)), 0.05, 0.09),
        stroke("light", ((-0.08, 0.14), (-0.16, 0.5), (-0.24 + sway, 0.82)), 0.03, 0.06),
        *_head(-0.65, 0.23, rng),
        blob("hair", (-0.25, -0.62), (-0.2, -0.82), (0, -0.91), (0.2, -0.82), (0.25, -0.62), (0.16, -0.76), (-0.06, -0.76)),
    ], Spot(0, -0.8, 0.24), Spot(0, -0.4, 0.15))  # fmt: skip


def man(rng: random.Random) -> Sprite:
    """Stand tall in jacket and trousers, with a beard or a moustache."""
    if rng.random() < 0.6:
        beard = [blob("hair", (-0.21, -0.66), (-0.1, -0.57), (0.1, -0.57), (0.21, -0.66), (0.16, -0.45), (0, -0.38),
            (-0.16, -0.45)),
                 stroke("cheek", ((-0.06, -0.52), (0.06, -0.52)), 0.04)]  # fmt: skip
    else:
        beard = [stroke("hair", ((-0.11, -0.54), (0, -0.58), (0.11, -0.54)), 0.06)]
    return Sprite([
        *_legs(0.13, 0.3, 0.22, "trousers", "deep"), *_arms((0.27, -0.28), 0.52, 0.16, rng),
        blob("body", (-0.27, -0.36), (0.27, -0.36), (0.33, -0.2), (0.3, 0.36), (-0.3, 0.36), (-0.33, -0.2)),
        polygon("white", (-0.1, -0.38), (0.1, -0.38), (0, -0.06)),
        polygon("deep", (-0.03, -0.34), (0.03, -0.34), (0.04, -0.14), (0, -0.06), (-0.04, -0.14)),
        polygon("shade", (-0.18, -0.38), (-0.1, -0.38), (0, -0.04), (-0.08, -0.1)),
        polygon("shade", (0.18, -0.38), (0.1, -0.38), (0, -0.04), (0.08, -0.1)),
        stroke("shade", ((0, -0.04), (0, 0.34)), 0.03), ellipse("light", 0.07, 0.08, 0.03), ellipse("light", 0.07, 0.2, 0.03),
        *_head(-0.65, 0.23, rng, mouth=False), *beard,
        blob("hair", (-0.25, -0.62), (-0.24, -0.82), (0, -0.91), (0.24, -0.82), (0.25, -0.62), (0.17, -0.76), (-0.17, -0.76)),
    ], Spot(0, -0.8, 0.24), Spot(0, -0.37, 0.2))  # fmt: skip


def astronaut(rng: random.Random) -> Sprite:
    """Stand in a space suit with a large helmet, a pack on the back, one arm raised."""
    return Sprite([
        *both(blob("grey", (0.3, -0.1), (0.52, -0.06), (0.54, 0.46), (0.3, 0.5))),
        *_legs(0.18, 0.42, 0.28, "body", "shade"), *_arms((0.3, 0.06), 0.48, 0.23, rng, hand="shade"),
        blob("body", (-0.3, 0), (0.3, 0), (0.38, 0.26), (0.32, 0.58), (-0.32, 0.58), (-0.38, 0.26)),
        box("grey", -0.17, 0.14, 0.17, 0.36), ellipse("lamp_red", -0.08, 0.22, 0.04), ellipse("lamp_green", 0.04, 0.22, 0.04),
        stroke("shade", ((-0.3, 0.48), (0, 0.54), (0.3, 0.48)), 0.06),
        ellipse("body", 0, -0.42, 0.46, 0.44), ellipse("shade", 0.02, -0.4, 0.36, 0.31),
        ellipse("visor", 0.02, -0.4, 0.32, 0.27),
        blob("visor_light", (-0.2, -0.5), (-0.06, -0.6), (0.02, -0.58), (-0.16, -0.36)), ellipse("white", 0.16, -0.3, 0.04),
    ])  # fmt: skip


def _head(y: float, radius: float, rng: random.Random, mouth: bool = True) -> Shapes:
    look = rng.uniform(-0.04, 0.04)
    r = radius
    parts: Shapes = [
        *both(ellipse("skin", r * 0.98, y + 0.05 * r, r * 0.18)), ellipse("skin", 0, y, r, r * 0.98),
        *cheeks(y + 0.3 * r, 0.56 * r, 0.15 * r),
    ]  # fmt: skip
    for x in (-0.36 * r, 0.36 * r):
        parts += [
            ellipse("dark", x + look, y + 0.05 * r, r * 0.14, r * 0.19),
            ellipse("white", x + look - 0.03 * r, y - 0.03 * r, r * 0.055),
        ]
    return [*parts, smile(look, y + 0.4 * r, 0.2 * r)] if mouth else parts


def _legs(apart: float, hip: float, width: float, tone: str, shoe: str) -> Shapes:
    return both(stroke(tone, ((apart, hip), (apart, 0.9)), width), ellipse(shoe, apart + 0.02, 0.94, width * 0.75, 0.07))


def _arms(shoulder: Point, length: float, width: float, rng: random.Random, hand: str = "skin") -> Shapes:
    """Draw two arms, each hanging, waving or on the hip as chance will have it."""
    drawn: Shapes = []
    x, y = shoulder
    for side in (-1, 1):
        pose = rng.choice(("down", "down", "wave", "hip"))
        if pose == "down":
            bend, end = (x + 0.14, y + length * 0.5), (x + 0.13, y + length)
        elif pose == "wave":
            bend, end = (x + length * 0.45, y + 0.06), (x + length * 0.6, y - length * 0.6)
        else:
            bend, end = (x + length * 0.5, y + length * 0.5), (x + 0.06, y + length * 0.78)
        points = ((side * (x - 0.02), y + width / 2), (side * bend[0], bend[1]), (side * end[0], end[1]))
        drawn += [_sleeve(points, width), ellipse(hand, *points[-1], width * 0.52)]
    return drawn


def _sleeve(points: tuple[tuple[float, float], ...], width: float) -> Shape:
    return stroke("body", points, width, width * 0.82)
