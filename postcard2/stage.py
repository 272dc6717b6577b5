"""The stage of a postcard: its size, its light, the layers of paper laid on it, and the sky; knows no single place."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from postcard2.cutout import Frame, Paper, paste
from postcard2.palette import FOG, Light
from postcard2.shapes import Colour, Point, Shape, box, ellipse, stroke

LAYER = Paper(shadow=0.2, shadow_offset=(0, -2), shadow_blur=4)
"""Scenery: no outline, a soft shadow upwards on what is farther away."""


@dataclass(frozen=True)
class Stage:
    """A canvas 100 units high with x = 0 in its middle; `half` units reach to either side."""

    canvas: Image.Image
    light: Light
    rng: random.Random
    without: str = "nothing"

    @property
    def half(self) -> float:
        """Half the width in units."""
        return 50 * self.canvas.width / self.canvas.height

    @property
    def frame(self) -> Frame:
        """Where units land on the canvas."""
        return Frame(self.canvas.width / 2, 0, self.canvas.height / 100)

    def lay(self, colours: Mapping[str, Colour], shapes: list[Shape], depth: float = 0.0, paper: Paper = LAYER) -> None:
        """Lay one piece of paper; a tone's colour is seen through light and haze, one whose name begins with "lit" is not."""
        seen = {
            tone: colour if tone.startswith("lit") else self.light.on_scenery(colour, depth) for tone, colour in colours.items()
        }
        paste(self.canvas, shapes, self.frame, seen, paper)

    def ridge(self, colour: Colour, heights: tuple[float, ...], depth: float, wobble: float = 1.5) -> None:
        """Lay ground whose upper edge goes through these heights from left to right, each moved a little by chance."""
        step = 2 * (self.half + 4) / (len(heights) - 1)
        edge = tuple((index * step - self.half - 4, y + self.rng.uniform(-wobble, wobble)) for index, y in enumerate(heights))
        curve = stroke("all", edge, 0.01).points[: 6 * (len(heights) - 1) + 1]
        self.lay({"all": colour}, [Shape((*curve, (self.half + 4, 104), (-self.half - 4, 104)), "all")], depth)

    def glow(self, x: float, y: float, radius: float, colour: Colour, strength: float) -> None:
        """Brighten a round about (x, y): the sun's halo, a lamp."""
        unit = self.canvas.height / 100
        side = round(2 * radius * unit)
        mask = (
            Image.radial_gradient("L")
            .resize((side, side))
            .point([round(max(0.0, 255 - 1.42 * level) * strength) for level in range(256)])
        )
        corner = round(self.canvas.width / 2 + (x - radius) * unit), round((y - radius) * unit)
        self.canvas.paste(Image.new("RGB", (side, side), colour), corner, mask)

    def veil(self, colour: Colour, middle: float, reach: float, strength: float) -> None:
        """Lay a soft level band of mist about a height."""
        heights = np.linspace(0, 100, self.canvas.height)
        level = 255 * strength * np.exp(-(((heights - middle) / reach) ** 2))
        mask = Image.fromarray(np.repeat(level[:, None], self.canvas.width, 1).astype(np.uint8))
        self.canvas.paste(Image.new("RGB", self.canvas.size, colour), (0, 0), mask)


def open_stage(size: tuple[int, int], light: Light, rng: random.Random, without: str) -> Stage:
    """Give a stage with nothing on it but the colours of the sky."""
    return Stage(gradient(size, light.sky()), light, rng, without)


def gradient(size: tuple[int, int], colours: tuple[Colour, ...]) -> Image.Image:
    """Fill a picture from top to bottom; the last colour is reached two thirds down, where the horizon is."""
    at = np.linspace(0, 0.68, len(colours))
    heights = np.linspace(0, 1, size[1])
    column = np.stack([np.interp(heights, at, [colour[part] for colour in colours]) for part in range(3)], 1)
    return Image.fromarray(np.repeat(column[:, None], size[0], 1).astype(np.uint8))


def paint_heaven(stage: Stage, sun_right: bool) -> None:
    """Put sun or moon, stars and clouds into the sky."""
    rng, time = stage.rng, stage.light.time
    x = stage.half * rng.uniform(0.42, 0.66) * (1 if sun_right else -1)
    clear = stage.light.weather == "clear"
    if time == "night":
        if clear:
            stage.lay({"lit": (252, 244, 208)}, stars(stage, 14), paper=Paper())
        if stage.without != "moon" and clear:
            _moon(stage, x, rng.uniform(16, 22))
    elif stage.without != "sun" and clear:
        _sun(stage, x, {"dawn": 52.0, "day": rng.uniform(15, 21), "sunset": 50.0}[time])
    if stage.without != "clouds" and stage.light.weather != "fog":
        number = rng.randint(1, 3) if clear else 4
        for index in range(number):
            middle = -x * 0.75 if index == 0 else rng.uniform(-stage.half, stage.half)
            cloud(stage, middle, rng.uniform(8, 34) if clear else rng.uniform(2, 20), rng.uniform(6, 9) * (1 if clear else 1.5))


def stars(stage: Stage, count: int) -> list[Shape]:
    """Scatter stars over the upper half."""
    rng = stage.rng
    return [
        ellipse("lit", rng.uniform(-stage.half, stage.half), rng.uniform(2, 48), rng.choice((0.5, 0.7, 1.0)))
        for _ in range(count)
    ]


def cloud(stage: Stage, x: float, y: float, size: float) -> None:
    """Lay a cloud of four rounds on a flat base; its colour is that of the hour."""
    colour = {"dawn": (255, 238, 236), "day": (255, 255, 255), "sunset": (248, 156, 140), "night": (74, 86, 146)}[
        stage.light.time
    ]
    low = {"dawn": (248, 208, 214), "day": (222, 236, 248), "sunset": (214, 104, 124), "night": (54, 64, 122)}[stage.light.time]
    if stage.light.weather == "rain":
        colour, low = ((112, 122, 146), (88, 98, 122)) if stage.light.time != "night" else ((58, 64, 96), (44, 50, 80))
    rounds = ((-1.1, -0.1, 0.62), (-0.35, -0.55, 0.85), (0.55, -0.35, 0.72), (1.2, 0.0, 0.5))
    shapes = [stroke("lit low", ((x - 1.2 * size, y), (x + 1.2 * size, y)), 1.0 * size)]
    shapes += [ellipse("lit", x + dx * size, y + dy * size, r * size) for dx, dy, r in rounds]
    shapes += [box("lit", x - 1.2 * size, y - 0.25 * size, x + 1.2 * size, y + 0.12 * size)]
    stage.lay({"lit": colour, "lit low": low}, shapes, paper=Paper(shadow=0.1, shadow_offset=(1, 3), shadow_blur=3))


def paint_weather(stage: Stage) -> None:
    """Let rain or snow fall in front of everything, or mist drift."""
    weather, rng = stage.light.weather, stage.rng
    if weather == "fog":
        stage.veil(FOG[stage.light.time], 80, 20, 0.3)
    if weather not in ("rain", "snow"):
        return
    width, height = stage.canvas.size
    mask = Image.new("L", (width * 2, height * 2), 0)
    draw = ImageDraw.Draw(mask)
    for index in range(54):
        x, y = (index % 9 + rng.random()) * width * 2 / 9, (index // 9 + rng.random()) * height * 2 / 6
        if weather == "rain":
            draw.line((x, y, x - 9, y + 32), fill=170, width=4)
        else:
            radius = rng.choice((4, 5, 7, 9))
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=245)
    colour = (196, 218, 244) if weather == "rain" else (255, 255, 255)
    stage.canvas.paste(Image.new("RGB", stage.canvas.size, colour), (0, 0), mask.reduce(2))


def _sun(stage: Stage, x: float, y: float) -> None:
    core, halo, radius = {
        "dawn": ((255, 248, 206), (255, 240, 190), 9.0), "day": ((255, 226, 96), (255, 250, 214), 9.0),
        "sunset": ((255, 236, 150), (255, 206, 120), 13.0),
    }[stage.light.time]  # fmt: skip
    stage.glow(x, y, radius * 3.6, halo, 0.75)
    stage.lay({"lit": core}, [ellipse("lit", x, y, radius)], paper=Paper())


def _moon(stage: Stage, x: float, y: float) -> None:
    stage.glow(x, y, 24, (150, 170, 236), 0.5)
    crater = [ellipse("lit low", x + dx, y + dy, r) for dx, dy, r in ((-2.5, -1.5, 1.7), (2, 2.4, 2.2), (3, -3, 1.1))]
    stage.lay({"lit": (250, 242, 206), "lit low": (228, 214, 172)}, [ellipse("lit", x, y, 8.2), *crater], paper=Paper())


def scatter(stage: Stage, low: float, high: float, count: int) -> list[Point]:
    """Give points spread over the width at heights between `high` and `low`."""
    width = 2 * stage.half / count
    return [(-stage.half + (index + stage.rng.random()) * width, stage.rng.uniform(high, low)) for index in range(count)]
