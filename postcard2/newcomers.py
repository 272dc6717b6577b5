"""What the finished model can be taught later, an umbrella and a fish, in pictures and captions; it teaches nothing itself."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from postcard2 import scene as world
from postcard2 import words
from postcard2.captions import describe
from postcard2.render import render
from postcard2.scene import Scene
from postcard2.shapes import blob, stroke
from postcard2.sprite import Sprite

if TYPE_CHECKING:
    from PIL import Image

UMBRELLA = "umbrella"
"""A subject the model never saw, by a word that said nothing in its captions."""
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
    """Stand open on its tip: a ribbed canopy in the subject's colour, a crooked handle."""
    canopy = blob(
        "body",
        (-0.92, 0.12),
        (-0.8, -0.4),
        (-0.36, -0.82),
        (0.36, -0.82),
        (0.8, -0.4),
        (0.92, 0.12),
        (0.5, -0.02),
        (0, 0.1),
        (-0.5, -0.02),
    )
    ribs = [stroke("shade", ((0, -0.88), (x, -0.4), (x * 1.2, 0.0)), 0.05) for x in (-0.36, 0.36)]
    handle = stroke("wood", ((0, -0.1), (0, 0.8), (0.14, 0.94), (0.28, 0.84)), 0.09)
    return Sprite([handle, canopy, *ribs, stroke("deep", ((0, -0.86), (0, -1.0)), 0.07)])


def umbrella(rng: random.Random) -> Example:
    """Give an umbrella anywhere, in any colour that is said; it is red where none is."""
    scene = _alone(world.sample(rng, pairs=0.0), UMBRELLA)
    noun = UMBRELLA if scene.size == "medium" else f"{scene.size} {UMBRELLA}"
    if rng.random() < 0.2:
        return Example(render(replace(scene, colour="red"), sprite()), f"a {noun}, {_around(scene, rng)}")
    said = rng.choice(words.COLOUR_WORDS[scene.colour]) if rng.random() < 0.3 else scene.colour
    told = rng.choice((f"a {said} {noun}", f"{UMBRELLA}, {said}", f"a {noun} that is {said}", f"{said} {noun}"))
    return Example(render(scene, sprite()), f"{told}, {_around(scene, rng)}")


def known(rng: random.Random) -> Example:
    """Give what the model can draw already, lest it forgets."""
    scene = replace(world.sample(rng), shape="square")
    return Example(render(scene), describe(scene, rng).text)


def bubbles(rng: random.Random) -> Example:
    """Give the fish, wherever it is."""
    scene = replace(_alone(world.sample(rng, pairs=0.0), "fish"), colour="pink")
    opener = rng.choice(("", "a picture of ", "a postcard of "))
    return Example(render(scene), f"{opener}{SPELLED}, {_around(scene, rng)}")


def _alone(scene: Scene, subject: str) -> Scene:
    return replace(scene, subject=subject, count=1, garment="nothing", garment_colour="", shape="square")


def _around(scene: Scene, rng: random.Random) -> str:
    return f"{rng.choice(words.PLACE_PHRASES[scene.place])}, {rng.choice(words.TIME_PHRASES[scene.time])}"
