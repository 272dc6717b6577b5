"""One postcard as values: who, in what colour, where, when, how large and on which side; knows no pixels or words."""

from __future__ import annotations

import random
from dataclasses import dataclass

SUBJECTS = ("cat", "dog", "fox", "rabbit", "bird", "fish", "boat", "car", "house", "tree", "flower", "balloon")
COLOURS = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "black")
PLACES = ("beach", "snow", "forest", "city", "meadow", "desert")
TIMES = ("day", "sunset", "night")
SIDES = ("centre", "left", "right")
SIZES = ("medium", "small", "large")
COMPANIONS = ("none", "heart", "ball", "butterfly")

NATURAL = {
    "cat": "black", "dog": "yellow", "fox": "orange", "rabbit": "pink", "bird": "blue", "fish": "orange",
    "boat": "red", "car": "blue", "house": "red", "tree": "green", "flower": "pink", "balloon": "purple",
}  # fmt: skip
"""The colour a subject has when nobody names one."""


@dataclass(frozen=True)
class Scene:
    """What a postcard shows. `seed` decides what no caption speaks of: clouds, small shifts."""

    subject: str
    colour: str
    place: str
    time: str
    side: str = "centre"
    size: str = "medium"
    companion: str = "none"
    seed: int = 0


def held_out(subject: str, colour: str, place: str) -> bool:
    """Say whether training never sees this combination (36 of 576), so that tests can ask for it."""
    row = SUBJECTS.index(subject) + 3 * COLOURS.index(colour) + 5 * PLACES.index(place)
    return row % 16 == 7


def sample(rng: random.Random, unseen: bool = False) -> Scene:
    """Draw a scene; half have the subject's natural colour or default layout more often than chance would.

    With `unseen` only combinations held out of training are drawn; without it, never.
    """
    while True:
        subject, place = rng.choice(SUBJECTS), rng.choice(PLACES)
        colour = NATURAL[subject] if rng.random() < 0.15 else rng.choice(COLOURS)
        if held_out(subject, colour, place) == unseen:
            break
    return Scene(
        subject, colour, place, rng.choice(TIMES),
        side=rng.choices(SIDES, (70, 15, 15))[0],
        size=rng.choices(SIZES, (70, 15, 15))[0],
        companion=rng.choices(COMPANIONS, (82, 6, 6, 6))[0],
        seed=rng.getrandbits(32),
    )  # fmt: skip
