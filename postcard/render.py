"""Draws a scene as a 128-pixel postcard; knows shapes and places, but no words."""

from __future__ import annotations

import random

from PIL import Image, ImageDraw

from postcard.places import SIZE, Backdrop, paint
from postcard.scene import Scene
from postcard.shapes import Colour, Ellipse, Frame, Polygon, Shape, Stroke, ink, ink_rim
from postcard.subjects import FLOATING, SPRITES

PIXELS = 128
RIM: Colour = (255, 250, 236)
RIM_WIDTH = 11.0

PAINT: dict[str, Colour] = {
    "red": (216, 40, 44), "orange": (244, 126, 24), "yellow": (252, 208, 40), "green": (44, 150, 70),
    "blue": (38, 100, 214), "purple": (126, 62, 186), "pink": (250, 132, 182), "black": (42, 42, 52),
}  # fmt: skip
_FIXED: dict[str, Colour] = {
    "white": (255, 252, 244), "dark": (34, 30, 44), "wood": (128, 82, 54), "leaf": (70, 160, 84),
    "glass": (196, 232, 248), "lamp": (255, 232, 128), "beak": (246, 160, 30), "nose": (240, 130, 140),
    "ball": (232, 70, 70), "heart": (240, 66, 110), "wing": (255, 196, 60),
}  # fmt: skip
_CENTRE = {"left": 172.0, "centre": 256.0, "right": 340.0}
_HALF = {"small": 102.0, "medium": 138.0, "large": 182.0}
_GROUND = 466.0

_COMPANIONS: dict[str, list[Shape]] = {
    "none": [],
    "heart": [Ellipse(-0.42, -0.3, 0.5, 0.5, "heart"), Ellipse(0.42, -0.3, 0.5, 0.5, "heart"),
              Polygon(((-0.86, -0.06), (0.86, -0.06), (0, 0.9)), "heart")],
    "ball": [Ellipse(0, 0, 0.9, 0.9, "ball"), Stroke(((-0.66, 0), (0.66, 0)), 0.4, "white")],
    "butterfly": [Ellipse(-0.5, -0.32, 0.46, 0.46, "wing"), Ellipse(0.5, -0.32, 0.46, 0.46, "wing"),
                  Ellipse(-0.4, 0.42, 0.34, 0.34, "wing"), Ellipse(0.4, 0.42, 0.34, 0.34, "wing"),
                  Stroke(((0, -0.5), (0, 0.6)), 0.22, "dark")],
}  # fmt: skip


def tones(colour: str) -> dict[str, Colour]:
    """Give the palette of a subject of this colour: its body, a shade, a light, and what is the same on all."""
    red, green, blue = PAINT[colour]
    lift = 0.3 if colour == "black" else 0.55
    shade = (round(red * 0.74), round(green * 0.74), round(blue * 0.74))
    if colour == "black":
        shade = (74, 74, 90)
    light = (round(red + (255 - red) * lift), round(green + (255 - green) * lift), round(blue + (255 - blue) * lift))
    return {**_FIXED, "body": (red, green, blue), "shade": shade, "light": light}


def render(scene: Scene, sprite: list[Shape] | None = None) -> Image.Image:
    """Draw the scene: PIXELS x PIXELS, RGB; the same scene gives the same picture. A `sprite` stands in for the subject's."""
    rng = random.Random(scene.seed)
    mirrored = {"left": False, "right": True}.get(scene.side, rng.random() < 0.5)
    clouds = ((rng.uniform(70, 150), rng.uniform(60, 90)), (rng.uniform(230, 300), rng.uniform(110, 150)))
    backdrop = Backdrop(scene.place, scene.time, mirrored, rng.randint(-24, 24), clouds[: rng.randint(1, 2)])  # fmt: skip
    canvas = paint(backdrop)
    draw = ImageDraw.Draw(canvas)
    _put_companion(draw, scene, backdrop.mirrored)
    half = _HALF[scene.size] * rng.uniform(0.95, 1.05)
    lift = 34.0 if scene.subject in FLOATING else 0.0
    margin = 1.02 * half + 10
    x = min(max(_CENTRE[scene.side] + rng.uniform(-12, 12), margin), SIZE - margin)
    frame = Frame(x, _GROUND - half - lift + rng.uniform(-6, 6), half, scene.side == "right")
    _sticker(draw, sprite or SPRITES[scene.subject](), frame, tones(scene.colour))
    return canvas.reduce(SIZE // PIXELS)


def _sticker(draw: ImageDraw.ImageDraw, shapes: list[Shape], frame: Frame, palette: dict[str, Colour]) -> None:
    ink_rim(draw, shapes, frame, RIM, RIM_WIDTH)
    ink(draw, shapes, frame, palette)


def _put_companion(draw: ImageDraw.ImageDraw, scene: Scene, mirrored: bool) -> None:
    shapes = _COMPANIONS[scene.companion]
    if not shapes:
        return
    right = scene.side == "left" or (scene.side == "centre" and not mirrored)
    x = 446.0 if right else 66.0
    y = 440.0 if scene.companion == "ball" else 130.0
    _sticker(draw, shapes, Frame(x, y, 44.0), tones("red"))
