"""What a drawn subject is made of, and the parts that several share: eyes, legs, smiles; knows no single subject."""

from __future__ import annotations

import random
from dataclasses import dataclass

from postcard2.shapes import Shape, ellipse, moved, polygon, stroke

Shapes = list[Shape]


@dataclass(frozen=True)
class Spot:
    """A place on a sprite and half the width there: the top of a head, a neck."""

    x: float
    y: float
    half: float


@dataclass(frozen=True)
class Sprite:
    """A subject in the square from -1 to 1, facing right, standing on y = 1."""

    shapes: Shapes
    head: Spot | None = None
    neck: Spot | None = None


def eye(x: float, y: float, radius: float, look: float = 0.25) -> Shapes:
    """Draw an open eye that looks a little to one side; the glint makes it alive."""
    return [
        ellipse("white", x, y, radius, radius * 1.12),
        ellipse("dark", x + look * radius, y + 0.08 * radius, radius * 0.66, radius * 0.78),
        ellipse("white", x + look * radius - 0.22 * radius, y - 0.25 * radius, radius * 0.24),
    ]


def eyes(y: float, apart: float, radius: float, rng: random.Random, x: float = 0.0) -> Shapes:
    """Draw two eyes beside x that look the same way."""
    look = rng.uniform(-0.25, 0.3)
    return [*eye(x - apart, y, radius, look), *eye(x + apart, y, radius, look)]


def smile(x: float, y: float, half: float, tone: str = "dark") -> Shape:
    """Draw a curved line that goes up at its ends."""
    return stroke(tone, ((x - half, y), (x, y + half * 0.55), (x + half, y)), max(0.035, half * 0.22))


def cheeks(y: float, apart: float, radius: float = 0.07) -> Shapes:
    """Draw two rosy cheeks."""
    return [ellipse("cheek", -apart, y, radius * 1.3, radius), ellipse("cheek", apart, y, radius * 1.3, radius)]


def legs(xs: tuple[float, ...], hip: float, width: float, stride: float, tones: str = "body body") -> Shapes:
    """Draw legs from the hips down to y = 0.97, each swung forwards or back in turn; `tones` are those of leg and foot."""
    tone, foot = tones.split()
    drawn: Shapes = []
    for index, x in enumerate(xs):
        end = x + (stride if index % 2 else -stride)
        drawn.append(stroke(tone, ((x, hip), ((x + end) / 2 + 0.02, (hip + 0.9) / 2), (end, 0.9)), width, width * 0.8))
        drawn.append(ellipse(foot, end + 0.05, 0.93, width * 0.6, width * 0.36))
    return drawn


def hat(spot: Spot, kind: int) -> Shapes:
    """Draw one of three hats on a head: a top hat, a woollen one with a bobble, a sun hat. The tone is `garment`."""
    half = spot.half
    if kind == 0:
        parts = [polygon("garment", (-0.62, 0.05), (-0.7, -0.95), (0.7, -0.95), (0.62, 0.05)),
                 polygon("garment_shade", (-0.63, -0.05), (-0.65, -0.3), (0.65, -0.3), (0.63, -0.05)),
                 ellipse("garment", 0, 0.02, 1.05, 0.15)]  # fmt: skip
    elif kind == 1:
        parts = [ellipse("garment", 0, -0.12, 0.86, 0.78), ellipse("garment_light", 0, -0.95, 0.26),
                 stroke("garment_shade", ((-0.8, 0.06), (0.8, 0.06)), 0.3)]  # fmt: skip
    else:
        parts = [ellipse("garment", 0, -0.2, 0.66, 0.62), stroke("garment_shade", ((-0.6, -0.08), (0.6, -0.08)), 0.2),
                 ellipse("garment", 0, 0.06, 1.3, 0.2)]  # fmt: skip
    return moved(parts, spot.x, spot.y, half)


def scarf(spot: Spot, flutter: float) -> Shapes:
    """Draw a scarf about a neck, one end hanging. The tone is `garment`."""
    parts = [
        stroke("garment_shade", ((0.35, 0.1), (0.5 + 0.3 * flutter, 0.8), (0.55 + 0.8 * flutter, 1.35)), 0.5, 0.56),
        stroke("garment", ((-0.9, -0.02), (0, 0.2), (0.9, -0.02)), 0.52),
        ellipse("garment_light", 0.42, 0.16, 0.24),
    ]
    return moved(parts, spot.x, spot.y, spot.half)
