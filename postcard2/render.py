"""Draws a scene as a postcard; knows shapes and places, but no words."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image

from postcard2 import animals, buildings, people, plants, things, vehicles
from postcard2.cutout import Frame, Paper, paste
from postcard2.landscapes import front
from postcard2.palette import FOG, Light, tones
from postcard2.places import PLACES
from postcard2.scene import SHAPES, SUBJECTS, Scene, canonical
from postcard2.sprite import Sprite, hat, scarf
from postcard2.stage import Stage, open_stage, paint_heaven, paint_weather

STICKER = Paper(rim=2.0, relief=1.0, shadow=0.34, shadow_offset=(3, 4), shadow_blur=4)
_HOMES = (animals, buildings, people, plants, things, vehicles)
SPRITES: dict[str, Callable[[random.Random], Sprite]] = {
    name: getattr(home, name) for home in _HOMES for name in SUBJECTS if hasattr(home, name)
}
FLYING = frozenset({"balloon", "plane", "rocket", "butterfly", "heart"})
_HALF = {"small": 0.22, "medium": 0.315, "large": 0.41}
_SIDE = {"left": 0.3, "centre": 0.5, "right": 0.7}
_SEAT = {"horse": (-0.1, -0.06), "cow": (-0.3, -0.08), "bear": (0.0, -0.82), "dinosaur": (-0.1, 0.06), "boat": (-0.3, 0.5),
         "car": (-0.05, -0.28), "train": (0.2, -0.02), "house": (0.0, -0.7), "castle": (0.0, -0.04), "mushroom": (0.0, -0.7),
         "cake": (0.0, -0.3), "ball": (0.0, -0.58)}  # fmt: skip
"""Where another one sits on each of those that have room."""


@dataclass(frozen=True)
class Actor:
    """One subject on the stage: centre of its feet in parts of width and height, and half its size in pixels."""

    subject: str
    colour: str
    x: float
    y: float
    half: float
    mirrored: bool = False


def render(scene: Scene, sprite: Sprite | None = None) -> Image.Image:
    """Draw the scene, RGB, as large as its shape says; the same scene gives the same picture.

    A `sprite` stands in for the subject's own: that is how a newcomer is drawn.
    """
    scene = canonical(scene) if scene.second else scene
    rng = random.Random(scene.seed)
    light = Light(scene.time, scene.weather)
    stage = open_stage(SHAPES[scene.shape], light, rng, scene.without)
    sun_right = {"left": True, "right": False}.get(scene.side, rng.random() < 0.5)
    if scene.place != "space":
        paint_heaven(stage, sun_right)
    if scene.place == "room":
        paint_weather(stage)
    elif scene.weather == "fog":
        stage.veil(FOG[scene.time], 46, 26, 0.55)
    PLACES[scene.place](stage)
    for actor in _cast(scene, stage.canvas.size, rng):
        _put(stage, scene, actor, sprite)
    if scene.place == "sea":
        front(stage)
    if scene.place != "room":
        paint_weather(stage)
    return stage.canvas


def _cast(scene: Scene, size: tuple[int, int], rng: random.Random) -> list[Actor]:
    """Say who stands where, the farthest first."""
    basis = min(1.16 * min(size), (size[0] * size[1]) ** 0.5)
    ground = {"sea": 0.94, "sky": 0.86}.get(scene.place, 0.93) + rng.uniform(-0.015, 0.01)
    jitter, turned = rng.uniform(-0.02, 0.02), rng.random() < 0.3

    def actor(x: float, share: float, y: float = ground, second: bool = False, mirrored: bool = turned) -> Actor:
        half = basis * share * rng.uniform(0.95, 1.05)
        x = min(max(x + jitter, (half + 3) / size[0]), 1 - (half + 3) / size[0])
        who = (scene.second, scene.second_colour) if second else (scene.subject, scene.colour)
        lift = rng.uniform(0.08, 0.2) if who[0] in FLYING and scene.relation != "on" else 0.0
        return Actor(*who, x, min(y, 0.97) - lift * min(1.0, 0.3 / share), half, mirrored)

    wide = min(0.3, 0.23 * size[0] / basis)
    if scene.relation == "left of":
        return [actor(0.73, wide, second=True, mirrored=rng.random() < 0.5), actor(0.27, wide, mirrored=rng.random() < 0.5)]
    if scene.relation == "behind":
        side = rng.choice((-1, 1))
        return [
            actor(0.5 - 0.15 * side, 0.3, ground - 0.12),
            actor(0.5 + 0.15 * side, 0.25, min(0.97, ground + 0.03), second=True),
        ]
    if scene.relation == "on":
        below = actor(0.5, 0.28, second=True)
        at, half = _SEAT[scene.second], basis * 0.2
        across = -at[0] if below.mirrored else at[0]
        top = below.y + (at[1] - 1) * below.half / size[1]
        return [below, Actor(scene.subject, scene.colour, below.x + across * below.half / size[0], top, half, turned)]
    if scene.count > 1:
        share = wide if scene.count == 2 else min(0.22, 0.155 * size[0] / basis)
        spots = (0.27, 0.73) if scene.count == 2 else (0.18, 0.5, 0.82)
        return [actor(x, share, ground + (0.0 if index % 2 else -0.03)) for index, x in enumerate(spots)]
    return [actor(_SIDE[scene.side], _HALF[scene.size])]


def _put(stage: Stage, scene: Scene, actor: Actor, stand_in: Sprite | None) -> None:
    rng = random.Random(f"{scene.seed} {actor.subject} {actor.x:.3f}")
    own = actor.subject == scene.subject
    drawn = stand_in if stand_in and own else SPRITES[actor.subject](rng)
    shapes = list(drawn.shapes)
    if own and scene.garment == "hat" and drawn.head:
        shapes += hat(drawn.head, rng.randrange(3))
    if own and scene.garment == "scarf" and drawn.neck:
        shapes += scarf(drawn.neck, rng.uniform(-0.3, 1.0))
    width, height = stage.canvas.size
    palette = tones(actor.colour, stage.light, rng, scene.garment_colour or "red")
    frame = Frame(actor.x * width, actor.y * height - actor.half, actor.half, actor.mirrored, rng.uniform(-0.04, 0.04))
    paste(stage.canvas, shapes, frame, palette, STICKER)
