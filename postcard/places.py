"""Sky and ground of a postcard, in quarters of a pixel; knows nothing of who stands there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image, ImageDraw

from postcard.shapes import Colour, Ellipse, Frame, Point, Polygon, Shape, Stroke, ink

SIZE = 512
HORIZON = 330

SKIES: dict[str, tuple[Colour, Colour]] = {
    "day": ((104, 188, 240), (206, 236, 250)),
    "sunset": ((122, 74, 150), (255, 168, 92)),
    "night": ((18, 26, 70), (52, 70, 134)),
}
_LIGHT: dict[str, tuple[float, Colour]] = {
    "day": (0.0, (0, 0, 0)),
    "sunset": (0.24, (226, 74, 106)),
    "night": (0.57, (20, 34, 92)),
}
"""How far a colour goes towards the colour of the light."""
_STARS = ((50, 60), (150, 130), (236, 48), (300, 150), (440, 186), (90, 220), (320, 36))


@dataclass(frozen=True)
class Backdrop:
    """What can vary in a place: its time of day, its side, a small sideways shift, and the clouds' places."""

    place: str
    time: str
    mirrored: bool
    shift: int
    clouds: tuple[Point, ...]


class Brush:
    """Draws in canvas pixels, mirrored and tinted as the backdrop says."""

    def __init__(self, draw: ImageDraw.ImageDraw, backdrop: Backdrop) -> None:
        self.draw = draw
        self.backdrop = backdrop

    def tint(self, colour: Colour) -> Colour:
        """Give the colour as the light of this time of day shows it."""
        far, light = _LIGHT[self.backdrop.time]
        red, green, blue = (round(own + (lit - own) * far) for own, lit in zip(colour, light, strict=True))
        return red, green, blue

    def shapes(self, shapes: list[Shape], colour: Colour, lit: bool = False) -> None:
        """Draw shapes given in canvas pixels in one colour; lit ones keep it at night."""
        x = SIZE if self.backdrop.mirrored else 0
        frame = Frame(x, 0, 1.0, self.backdrop.mirrored)
        tones = {"body": colour if lit else self.tint(colour)}
        ink(self.draw, shapes, frame, tones)

    def polygon(self, colour: Colour, *points: Point) -> None:
        """Draw one polygon."""
        self.shapes([Polygon(points)], colour)

    def hill(self, colour: Colour, x: float, top: float, rx: float, ry: float) -> None:
        """Draw a hill: the upper part of an ellipse whose highest point is at (x, top)."""
        self.shapes([Ellipse(x + self.backdrop.shift, top + ry, rx, ry)], colour)

    def ground(self, colour: Colour, top: float) -> None:
        """Fill everything below `top`."""
        self.polygon(colour, (-8, top), (SIZE + 8, top), (SIZE + 8, SIZE + 8), (-8, SIZE + 8))


def paint(backdrop: Backdrop) -> Image.Image:
    """Draw sky and ground: SIZE x SIZE, RGB."""
    canvas = _gradient(*SKIES[backdrop.time])
    brush = Brush(ImageDraw.Draw(canvas), backdrop)
    _heaven(brush)
    PLACES[backdrop.place](brush)
    return canvas


def _gradient(top: Colour, bottom: Colour) -> Image.Image:
    strip = Image.new("RGB", (1, 2))
    strip.putpixel((0, 0), top)
    strip.putpixel((0, 1), bottom)
    return strip.resize((SIZE, SIZE), Image.Resampling.BILINEAR, box=(0, 0.5, 1, 1.5 + 0.4))


def _heaven(brush: Brush) -> None:
    time = brush.backdrop.time
    if time == "night":
        brush.shapes([Ellipse(x, y, 8, 8) for x, y in _STARS], (250, 240, 200), lit=True)
        brush.shapes([Ellipse(400, 90, 50, 50)], (252, 240, 196), lit=True)
        brush.shapes([Ellipse(376, 78, 42, 42)], (26, 36, 84), lit=True)
        return
    if time == "sunset":
        brush.shapes([Ellipse(366, HORIZON - 34, 118, 118)], (255, 190, 104), lit=True)
        brush.shapes([Ellipse(366, HORIZON - 34, 84, 84)], (255, 232, 140), lit=True)
        cloud = (236, 130, 130)
    else:
        brush.shapes([Ellipse(410, 92, 56, 56)], (255, 220, 80), lit=True)
        cloud = (255, 255, 255)
    for x, y in brush.backdrop.clouds:
        brush.shapes([Stroke(((x - 44, y), (x + 44, y)), 36), Ellipse(x - 12, y - 18, 34, 34)], cloud, lit=True)


def _pine(brush: Brush, colour: Colour, x: float, base: float, height: float) -> None:
    x += brush.backdrop.shift
    width = height * 0.34
    for top, bottom, reach in ((0.0, 0.5, 0.6), (0.25, 0.75, 0.8), (0.5, 1.0, 1.0)):
        left, right = (x - width * reach, base - height * (1 - bottom)), (x + width * reach, base - height * (1 - bottom))
        brush.polygon(colour, left, right, (x, base - height * (1 - top)))


def beach(brush: Brush) -> None:
    """Paint a sea, a curved shore and a palm."""
    brush.ground((44, 140, 206), HORIZON - 30)
    brush.shapes([Stroke(((40, HORIZON - 2), (150, HORIZON - 2)), 9), Stroke(((250, HORIZON + 14), (380, HORIZON + 14)), 9)],
                 (190, 228, 244))  # fmt: skip
    brush.hill((250, 250, 244), 250, HORIZON + 26, 560, 240)
    brush.hill((246, 216, 150), 250, HORIZON + 42, 560, 240)
    x = 52 + brush.backdrop.shift / 2
    brush.shapes([Stroke(((x - 16, 430), (x, 320), (x + 26, 220)), 22)], (150, 100, 62))
    crown = (x + 26, 216)
    tips = ((x - 60, 236), (x - 36, 170), (x + 36, 146), (x + 104, 180), (x + 112, 246))
    brush.shapes([Stroke((crown, tip), 24) for tip in tips], (52, 150, 84))


def snow(brush: Brush) -> None:
    """Paint white mountains, two pines and a white slope, with flakes in the air."""
    shift = brush.backdrop.shift
    brush.polygon((150, 172, 200), (-60 + shift, 360), (110 + shift, 130), (290 + shift, 360))
    brush.polygon((250, 252, 255), (50 + shift, 212), (110 + shift, 130), (174 + shift, 212), (112 + shift, 190))
    brush.polygon((170, 190, 214), (200 + shift, 360), (380 + shift, 200), (580 + shift, 360))
    brush.hill((226, 236, 246), 420, HORIZON - 34, 330, 260)
    _pine(brush, (60, 124, 116), 54, 386, 150)
    _pine(brush, (60, 124, 116), 462, 372, 120)
    brush.hill((248, 251, 255), 200, HORIZON + 14, 560, 240)
    flakes = ((40, 40), (130, 96), (214, 30), (290, 104), (350, 30), (474, 170), (440, 30), (30, 170), (230, 190))
    brush.shapes([Ellipse(x, y, 9, 9) for x, y in flakes], (255, 255, 255), lit=True)


def forest(brush: Brush) -> None:
    """Paint two rows of pines on a dark green floor."""
    for x in range(-10, 560, 74):
        _pine(brush, (84, 152, 104), x + 30, HORIZON + 40, 210)
    for x, height in ((20, 300), (128, 230), (400, 240), (494, 310)):
        _pine(brush, (38, 104, 70), x, HORIZON + 64, height)
    brush.ground((92, 142, 74), HORIZON + 40)
    brush.hill((112, 164, 84), 250, HORIZON + 62, 480, 240)


def city(brush: Brush) -> None:
    """Paint a skyline with windows and a road."""
    pane = (255, 224, 120) if brush.backdrop.time == "night" else (222, 238, 250)
    far, near = (146, 162, 196), (106, 122, 166)
    blocks = ((-20, 84, 180, near), (84, 160, 250, far), (160, 250, 130, near), (250, 330, 220, far),
              (330, 424, 90, near), (424, 530, 200, far))  # fmt: skip
    for left, right, top, colour in blocks:
        brush.polygon(colour, (left, top), (right, top), (right, 420), (left, 420))
        for y in range(top + 26, HORIZON - 10, 62):
            panes = [Polygon(((x, y), (x + 20, y), (x + 20, y + 28), (x, y + 28))) for x in (left + 18, right - 38)]
            brush.shapes([*panes], pane, lit=brush.backdrop.time == "night")
    brush.ground((186, 190, 200), HORIZON + 18)
    brush.ground((108, 112, 126), HORIZON + 48)
    brush.shapes([Stroke(((x, 486), (x + 60, 486)), 12) for x in (10, 150, 290, 430)], (244, 240, 226))


def meadow(brush: Brush) -> None:
    """Paint rolling hills dotted with flowers."""
    brush.hill((120, 190, 120), 120, HORIZON - 86, 300, 260)
    brush.hill((140, 206, 112), 430, HORIZON - 50, 300, 260)
    brush.hill((164, 220, 96), 230, HORIZON + 4, 620, 300)
    blooms = ((40, 404), (120, 470), (470, 410), (400, 480), (226, 490), (60, 490))
    for index, (x, y) in enumerate(blooms):
        brush.shapes([Ellipse(x, y, 14, 14)], ((255, 255, 255), (252, 150, 180), (255, 214, 90))[index % 3])


def desert(brush: Brush) -> None:
    """Paint red mesas, dunes and a cactus."""
    shift = brush.backdrop.shift
    mesa = (206, 118, 78)
    brush.polygon(mesa, (230 + shift, 380), (262 + shift, 210), (372 + shift, 210), (410 + shift, 380))
    brush.polygon(mesa, (400 + shift, 380), (420 + shift, 268), (520 + shift, 268), (540 + shift, 380))
    brush.hill((236, 178, 96), 90, HORIZON - 40, 330, 260)
    brush.hill((246, 198, 112), 330, HORIZON + 10, 560, 280)
    x = 66 + shift / 2
    arms = [Stroke(((x, 440), (x, 236)), 42), Stroke(((x, 350), (x - 46, 350), (x - 46, 290)), 27),
            Stroke(((x, 380), (x + 48, 380), (x + 48, 310)), 27)]  # fmt: skip
    brush.shapes([*arms], (72, 150, 92))


PLACES: dict[str, Callable[[Brush], None]] = {
    "beach": beach, "snow": snow, "forest": forest, "city": city, "meadow": meadow, "desert": desert,
}  # fmt: skip
