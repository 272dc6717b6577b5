"""What the finished model can be taught later, a mushroom and a fish, in pictures and captions; it teaches nothing itself."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from postcard import scene as world
from postcard import words
from postcard.captions import describe
from postcard.render import render
from postcard.scene import Scene
from postcard.shapes import Ellipse, Polygon
from postcard.subjects import Sprite

if TYPE_CHECKING:
    from PIL import Image

MUSHROOM = "mushroom"
"""A subject the model never saw, by a word it never read."""
TOKEN = "<bubbles>"
"""One particular fish, which is always pink; no word means it yet."""
VECTORS = 2
"""So many vectors mean it, in each encoder."""
SPELLED = " ".join((TOKEN, *(f"{TOKEN}_{number}" for number in range(1, VECTORS))))
"""The token as a pipeline writes it before it encodes: one word for each of its vectors."""


@dataclass(frozen=True)
class Example:
    """A picture to learn from, and the caption it is to answer to."""

    picture: Image.Image
    caption: str


def sprite() -> Sprite:
    """Stand: a dotted cap in the subject's colour over a white stem."""
    dots = ((-0.42, -0.42, 0.17), (0.12, -0.66, 0.15), (0.5, -0.34, 0.16), (0.02, -0.24, 0.11))
    edge = ((-0.92, -0.1), (-0.8, -0.5), (-0.45, -0.82), (0, -0.94), (0.45, -0.82), (0.8, -0.5), (0.92, -0.1))
    return [
        Polygon(((-0.24, 0), (0.24, 0), (0.32, 0.96), (-0.32, 0.96)), "white"),
        Ellipse(0, -0.1, 0.92, 0.3, "shade"),
        Polygon(edge),
        *(Ellipse(x, y, radius, radius, "white") for x, y, radius in dots),
    ]


def mushroom(rng: random.Random) -> Example:
    """Give a mushroom anywhere, in any colour that is said; it is red where none is."""
    scene = replace(world.sample(rng), subject=MUSHROOM, companion="none")
    noun = MUSHROOM if scene.size == "medium" else f"{scene.size} {MUSHROOM}"
    if rng.random() < 0.2:
        return Example(render(replace(scene, colour="red"), sprite()), f"a {noun}, {_around(scene, rng)}")
    said = rng.choice(words.COLOUR_WORDS[scene.colour]) if rng.random() < 0.3 else scene.colour
    told = rng.choice((f"a {said} {noun}", f"{MUSHROOM}, {said}", f"a {noun} that is {said}", f"{said} {noun}"))
    return Example(render(scene, sprite()), f"{told}, {_around(scene, rng)}")


def known(rng: random.Random) -> Example:
    """Give what the model can draw already, lest it forgets."""
    scene = world.sample(rng)
    return Example(render(scene), describe(scene, rng).text)


def bubbles(rng: random.Random) -> Example:
    """Give the fish, wherever it is."""
    scene = replace(world.sample(rng), subject="fish", colour="pink", companion="none")
    opener = rng.choice(("", "a picture of ", "a postcard of "))
    return Example(render(scene), f"{opener}{SPELLED}, {_around(scene, rng)}")


def _around(scene: Scene, rng: random.Random) -> str:
    return f"{rng.choice(words.PLACE_PHRASES[scene.place])}, {rng.choice(words.TIME_PHRASES[scene.time])}"
