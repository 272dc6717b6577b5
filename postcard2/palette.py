"""Colours: of subjects, of the sky at each time, and what light, rain and fog make of them; knows no shapes."""

from __future__ import annotations

import random
from dataclasses import dataclass

from postcard2.shapes import Colour

PAINT: dict[str, Colour] = {
    "red": (218, 44, 48), "orange": (246, 130, 30), "yellow": (252, 208, 50), "green": (58, 156, 74),
    "turquoise": (34, 190, 186), "blue": (44, 102, 216), "purple": (132, 66, 190), "pink": (250, 134, 184),
    "white": (250, 248, 242), "grey": (146, 152, 164), "brown": (142, 88, 52), "black": (46, 46, 58),
}  # fmt: skip
_FIXED: dict[str, Colour] = {
    "white": (255, 252, 246), "paper": (255, 250, 238), "cream": (255, 240, 214), "dark": (36, 32, 46), "wood": (128, 84, 56),
    "brick": (176, 88, 70), "leaf": (64, 148, 80), "leaf_light": (112, 188, 98), "glass": (190, 228, 246),
    "lamp": (255, 222, 104), "lamp_red": (232, 68, 62), "lamp_green": (92, 200, 112), "beak": (248, 158, 40),
    "nose": (240, 140, 150),
    "cheek": (244, 142, 140), "horn": (222, 188, 140), "denim": (70, 92, 146), "trousers": (70, 74, 96),
    "visor": (38, 58, 110), "visor_light": (128, 176, 226), "grey": (160, 166, 178), "rock": (112, 108, 112),
    "smoke": (236, 238, 242), "coffee": (112, 66, 42), "window": (186, 226, 244),
}  # fmt: skip
_GLOWS = frozenset({"lamp", "window", "lamp_red", "lamp_green"})
_SKIN: tuple[Colour, ...] = ((252, 216, 184), (238, 190, 150), (198, 140, 100), (140, 92, 64))
_HAIR: tuple[Colour, ...] = ((58, 42, 38), (104, 66, 42), (232, 184, 92), (190, 90, 48), (196, 196, 202))

SKIES: dict[str, tuple[Colour, Colour, Colour]] = {
    "dawn": ((142, 184, 226), (246, 204, 214), (255, 236, 196)),
    "day": ((66, 152, 234), (134, 202, 248), (218, 242, 252)),
    "sunset": ((78, 52, 130), (224, 92, 112), (255, 190, 98)),
    "night": ((12, 16, 52), (28, 40, 98), (60, 76, 146)),
}
_LIGHT: dict[str, tuple[float, Colour]] = {
    "dawn": (0.16, (255, 196, 196)), "day": (0.0, (0, 0, 0)), "sunset": (0.24, (232, 88, 84)), "night": (0.58, (20, 28, 92)),
}  # fmt: skip
"""How far the colour of scenery goes towards the colour of the light; subjects go less far, so that theirs can be told."""
FOG: dict[str, Colour] = {"dawn": (242, 226, 224), "day": (228, 233, 238), "sunset": (226, 178, 168), "night": (96, 106, 146)}
_RAIN: dict[str, Colour] = {"dawn": (170, 168, 182), "day": (138, 152, 170), "sunset": (132, 96, 116), "night": (34, 42, 76)}


@dataclass(frozen=True)
class Light:
    """The light of a scene: its time of day and its weather."""

    time: str
    weather: str

    def sky(self) -> tuple[Colour, Colour, Colour]:
        """Give the colours of the sky at its top, in its middle and at the horizon."""
        top, middle, low = SKIES[self.time]
        if self.weather == "clear":
            return top, middle, low
        veil, far = (_RAIN, 0.62) if self.weather == "rain" else (FOG, 0.45 if self.weather == "snow" else 0.72)
        return mix(top, veil[self.time], far), mix(middle, veil[self.time], far), mix(low, veil[self.time], far * 0.8)

    def on_scenery(self, colour: Colour, depth: float = 0.0) -> Colour:
        """Give a colour as it looks outdoors; `depth` from 0, near, to 1, at the horizon, where haze takes it."""
        far, light = _LIGHT[self.time]
        seen = mix(colour, light, far)
        if self.weather == "rain":
            seen = mix(seen, _RAIN[self.time], 0.25 + 0.2 * depth)
        if self.weather == "fog":
            return mix(seen, FOG[self.time], 0.18 + 0.66 * depth)
        return mix(seen, self.sky()[2], 0.4 * depth)

    def on_subject(self, colour: Colour) -> Colour:
        """Give a colour of a subject, which light and weather change little."""
        far, light = _LIGHT[self.time]
        return mix(colour, light, far * 0.4)


def tones(colour: str, light: Light, rng: random.Random, garment: str = "red") -> dict[str, Colour]:
    """Give the palette of a subject of this colour in this light; skin and hair are left to chance."""
    skin, hair = rng.choice(_SKIN), rng.choice(_HAIR)
    fixed = {**_FIXED, **_shades("garment", garment), "skin": skin, "hair": hair}
    fixed["patch"] = _FIXED["white"] if colour in ("black", "brown", "grey") else (74, 58, 54)
    if light.time in ("night", "sunset"):
        fixed["window"] = _FIXED["lamp"]
    own = _shades("body", colour)
    own = {"body": own["body"], "shade": own["body_shade"], "light": own["body_light"], "deep": own["body_deep"]}
    return {name: tone if name in _GLOWS else light.on_subject(tone) for name, tone in {**fixed, **own}.items()}


def mix(one: Colour, other: Colour, far: float) -> Colour:
    """Go from one colour a part of the way to another."""
    return (
        round(one[0] + (other[0] - one[0]) * far), round(one[1] + (other[1] - one[1]) * far),
        round(one[2] + (other[2] - one[2]) * far)
    )  # fmt: skip


def _shades(name: str, colour: str) -> dict[str, Colour]:
    body = PAINT[colour]
    if colour == "black":
        made = (74, 76, 94), (116, 118, 138), (24, 24, 34)
    elif colour == "white":
        made = (216, 220, 232), (255, 254, 250), (152, 160, 182)
    else:
        made = mix(body, (30, 16, 60), 0.24), mix(body, (255, 250, 232), 0.5), mix(body, (24, 12, 48), 0.48)
    return {name: body, f"{name}_shade": made[0], f"{name}_light": made[1], f"{name}_deep": made[2]}
