"""One postcard as values: who, in what colour, beside whom, where, when, in what weather; knows no pixels or words."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import Any

PEOPLE = ("girl", "boy", "woman", "man", "astronaut")
ANIMALS = ("cat", "dog", "fox", "rabbit", "horse", "cow", "bear", "owl", "bird", "penguin", "fish", "butterfly", "dinosaur",
           "dragon")  # fmt: skip
THINGS = ("robot", "snowman", "boat", "car", "train", "plane", "rocket", "balloon", "bicycle", "house", "castle", "lighthouse",
          "tree", "flower", "rose", "mushroom", "cup", "cake", "ball", "heart")  # fmt: skip
SUBJECTS = (*PEOPLE, *ANIMALS, *THINGS)
COLOURS = ("red", "orange", "yellow", "green", "turquoise", "blue", "purple", "pink", "white", "grey", "brown", "black")
PLACES = ("beach", "sea", "snow", "mountains", "forest", "meadow", "garden", "city", "street", "desert", "room", "sky", "space")
TIMES = ("dawn", "day", "sunset", "night")
WEATHERS = ("clear", "rain", "snow", "fog")
GARMENTS = ("nothing", "hat", "scarf")
RELATIONS = ("left of", "right of", "behind", "in front of", "on", "under")
INVERSE = {"left of": "right of", "right of": "left of", "behind": "in front of", "in front of": "behind",
           "on": "under", "under": "on"}  # fmt: skip
SIDES = ("centre", "left", "right")
SIZES = ("medium", "small", "large")
ABSENT = ("nothing", "clouds", "sun", "moon", "trees")
SHAPES = {"square": (256, 256), "portrait": (192, 320), "landscape": (320, 192)}
"""Width and height in pixels of the three kinds of postcard: about the same number of pixels each."""

DRESSED = frozenset({*PEOPLE[:4], "cat", "dog", "fox", "rabbit", "bear", "owl", "penguin", "robot", "snowman"})
"""Who can wear a hat or a scarf."""
SEATS = frozenset({"horse", "cow", "bear", "dinosaur", "boat", "car", "train", "house", "castle", "mushroom", "cake", "ball"})
"""What another subject can be on."""
LIGHTWEIGHT = frozenset({"cat", "dog", "fox", "rabbit", "owl", "bird", "penguin", "butterfly", "girl", "boy", "robot", "cup",
                         "flower", "mushroom", "ball", "heart", "snowman", "fish"})  # fmt: skip
"""What can be on another subject."""
NATURAL = {
    "girl": "red", "boy": "blue", "woman": "green", "man": "grey", "astronaut": "white", "cat": "black", "dog": "brown",
    "fox": "orange", "rabbit": "grey", "horse": "brown", "cow": "white", "bear": "brown", "owl": "brown", "bird": "blue",
    "penguin": "black", "fish": "orange", "butterfly": "yellow", "dinosaur": "green", "dragon": "green", "robot": "grey",
    "snowman": "white", "boat": "red", "car": "red", "train": "black", "plane": "white", "rocket": "white", "balloon": "red",
    "bicycle": "red", "house": "red", "castle": "grey", "lighthouse": "red", "tree": "green", "flower": "yellow",
    "rose": "red", "mushroom": "red", "cup": "white", "cake": "pink", "ball": "red", "heart": "red",
}  # fmt: skip
"""The colour a subject has when nobody names one."""


@dataclass(frozen=True)
class Scene:
    """What a postcard shows. `seed` decides what no caption speaks of: poses, clouds, small shifts.

    `relation` says where `subject` is, seen from `second`; both are empty where the subject is alone. `without` names what
    the place would have and this one has not.
    """

    subject: str
    colour: str
    place: str
    time: str = "day"
    weather: str = "clear"
    count: int = 1
    garment: str = "nothing"
    garment_colour: str = ""
    second: str = ""
    second_colour: str = ""
    relation: str = ""
    side: str = "centre"
    size: str = "medium"
    without: str = "nothing"
    shape: str = "square"
    seed: int = 0


def flipped(scene: Scene) -> Scene:
    """Give the same picture told from the other subject: a cat left of a dog is a dog right of a cat."""
    return replace(
        scene, subject=scene.second, colour=scene.second_colour, second=scene.subject, second_colour=scene.colour,
        relation=INVERSE[scene.relation],
    )  # fmt: skip


def canonical(scene: Scene) -> Scene:
    """Tell a pair so that its relation is one of left of, behind, on: two tellings of one picture come out equal."""
    return flipped(scene) if scene.relation in ("right of", "in front of", "under") else scene


def held_out(scene: Scene) -> bool:
    """Say whether training never sees this combination of subject, colour and place, or this pair, so that tests can ask."""
    row = SUBJECTS.index(scene.subject) + 3 * COLOURS.index(scene.colour) + 5 * PLACES.index(scene.place)
    if not scene.second:
        return row % 16 == 7
    return (SUBJECTS.index(scene.subject) * SUBJECTS.index(scene.second)) % 16 == 6


def sample(rng: random.Random, unseen: bool = False, pairs: float = 0.35) -> Scene:
    """Draw a scene; a share of `pairs` has two subjects.

    With `unseen` only combinations held out of training are drawn; without it, never.
    """
    while True:
        scene = _sample_pair(rng) if rng.random() < pairs else _sample_single(rng)
        if held_out(scene) == unseen:
            return scene


def _sample_single(rng: random.Random) -> Scene:
    subject = rng.choice(SUBJECTS)
    count = rng.choices((1, 2, 3), (76, 12, 12))[0]
    alone = count == 1
    garment = rng.choices(GARMENTS, (60, 20, 20))[0] if subject in DRESSED and alone else "nothing"
    colour = _colour(rng, subject)
    return Scene(
        subject, colour, **_surroundings(rng), count=count, garment=garment,
        garment_colour=rng.choice([other for other in COLOURS if other != colour]) if garment != "nothing" else "",
        side=rng.choices(SIDES, (76, 12, 12))[0] if alone else "centre",
        size=rng.choices(SIZES, (70, 15, 15))[0] if alone else "medium",
    )  # fmt: skip


def _sample_pair(rng: random.Random) -> Scene:
    relation = rng.choice(("left of", "left of", "behind", "on"))
    subject, second = rng.choice(SUBJECTS), rng.choice(SUBJECTS)
    while subject == second or (relation == "on" and not (subject in LIGHTWEIGHT and second in SEATS)):
        subject, second = rng.choice(SUBJECTS), rng.choice(SUBJECTS)
    scene = Scene(
        subject,
        _colour(rng, subject),
        **_surroundings(rng),
        second=second,
        second_colour=_colour(rng, second),
        relation=relation,
    )
    return flipped(scene) if rng.random() < 0.5 else scene


def _surroundings(rng: random.Random) -> dict[str, Any]:
    place = rng.choice(PLACES)
    time = "night" if place == "space" else rng.choice(TIMES)
    weather = "clear" if place == "space" else rng.choices(WEATHERS, (67, 11, 11, 11))[0]
    absent = [thing for thing in ABSENT if can_lack(place, time, weather, thing)]
    without = rng.choice(absent) if rng.random() < 0.07 else "nothing"
    shape = rng.choices(tuple(SHAPES), (60, 20, 20))[0]
    return {"place": place, "time": time, "weather": weather, "without": without, "shape": shape, "seed": rng.getrandbits(32)}


def can_lack(place: str, time: str, weather: str, thing: str) -> bool:
    """Say whether this place at this time usually shows the thing, so that its absence can be seen."""
    if thing == "trees":
        return place in ("beach", "snow", "mountains", "garden", "meadow")
    if weather != "clear" or place in ("space", "room"):
        return thing == "nothing"
    return thing == "nothing" or thing == {"clouds": "clouds"}.get(thing, "moon" if time == "night" else "sun")


def _colour(rng: random.Random, subject: str) -> str:
    return NATURAL[subject] if rng.random() < 0.12 else rng.choice(COLOURS)
