"""A room as layers of paper: a wall, a window on the sky of the hour, a picture, floor boards and a rug."""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image

from postcard2.cutout import FLAT, Paper
from postcard2.palette import mix
from postcard2.shapes import Colour, blob, box, ellipse, stroke
from postcard2.stage import Stage

HUNG = Paper(shadow=0.22, shadow_offset=(2, 3))
_WALLS = ((250, 226, 190), (206, 226, 208), (240, 206, 204), (204, 218, 236))
_CURTAINS = ((214, 98, 92), (92, 140, 176), (112, 160, 112), (226, 168, 84))
_RUGS = ((206, 92, 92), (96, 130, 180), (120, 160, 116))


@dataclass(frozen=True)
class Dusk:
    """How dark it is inside: 0 by day, 1 at night."""

    depth: float

    def on(self, colour: Colour, far: float = 0.4) -> Colour:
        """Give a colour as it looks in this light."""
        return mix(colour, (44, 38, 88), far * self.depth)


def room(stage: Stage) -> None:
    """A papered wall with a window and a picture, floor boards and a rug."""
    half, rng = stage.half, stage.rng
    dusk = Dusk(1.0 if stage.light.time == "night" else 0.0)
    wall, x = dusk.on(rng.choice(_WALLS)), half * rng.choice((-0.5, 0.5))
    outside = stage.canvas.copy()
    stripes = [box("lit stripe", left, -2, left + 3, 78) for left in range(int(-half) - 4, int(half) + 4, 12)]
    paper = {"lit": wall, "lit stripe": mix(wall, (120, 80, 60), 0.1)}
    stage.lay(paper, [box("lit", -half - 2, -2, half + 2, 78), *stripes], 0, FLAT)
    _window(stage, x, dusk, outside)
    _picture(stage, -1.1 * x)
    _floor(stage, dusk)


def _window(stage: Stage, x: float, dusk: Dusk, outside: Image.Image) -> None:
    """Hang a window about x: frame, what is outside, bars, curtains on a rod."""
    canvas, unit = stage.canvas, stage.canvas.height / 100
    frame = {"lit": dusk.on((255, 250, 240), 0.3)}
    stage.lay(frame, [box("lit", x - 17, 10, x + 17, 50), box("lit", x - 19, 49, x + 19, 52)], 0, HUNG)
    left, top, width, height = (round(part) for part in (canvas.width / 2 + (x - 15) * unit, 12 * unit, 30 * unit, 36 * unit))
    canvas.paste(outside.crop((left, 0, left + width, height)), (left, top))
    stage.lay(frame, [box("lit", x - 0.9, 11, x + 0.9, 49), box("lit", x - 16, 29, x + 16, 30.6)], 0, FLAT)
    fold = ((21, 7), (12, 7), (14, 26), (17, 40), (15, 56), (22, 56))
    drapes = [blob("lit", *((x + side * dx, y) for dx, y in fold)) for side in (-1, 1)]
    cloth = {"lit": dusk.on(stage.rng.choice(_CURTAINS), 0.35), "lit rod": (128, 92, 66)}
    stage.lay(cloth, [*drapes, stroke("lit rod", ((x - 23, 7.5), (x + 23, 7.5)), 1.4)], 0, HUNG)


def _picture(stage: Stage, x: float) -> None:
    """Hang a small landscape about x."""
    colours = {
        "lit frame": (150, 106, 72), "lit": (250, 244, 226), "lit hill": (120, 172, 130), "lit sun": (250, 190, 90)
    }  # fmt: skip
    hill = blob("lit hill", (x - 8, 38), (x - 8, 33), (x - 2, 30), (x + 3, 34), (x + 8, 32), (x + 8, 38))
    shapes = [
        box("lit frame", x - 10, 20, x + 10, 40),
        box("lit", x - 8, 22, x + 8, 38),
        ellipse("lit sun", x + 3, 27, 2.4),
        hill,
    ]
    stage.lay(colours, shapes, 0, HUNG)


def _floor(stage: Stage, dusk: Dusk) -> None:
    """Lay boards that run to the eye, a skirting and a rug."""
    half, floor, rug = stage.half, dusk.on((206, 150, 100)), dusk.on(stage.rng.choice(_RUGS), 0.35)
    boards = [stroke("lit line", ((x, 77), (x * 2.0, 104)), 0.5) for x in range(-110, 111, 13)]
    wood = {"lit": floor, "lit line": mix(floor, (80, 44, 30), 0.25), "lit skirting": dusk.on((255, 250, 240), 0.3)}
    skirting = box("lit skirting", -half - 2, 73, half + 2, 76)
    stage.lay(wood, [box("lit", -half - 2, 75, half + 2, 104), *boards, skirting])
    woven = {"lit": rug, "lit edge": mix(rug, (255, 240, 220), 0.5)}
    stage.lay(woven, [ellipse("lit edge", 0, 91, half * 0.72, 8), ellipse("lit", 0, 91, half * 0.66, 6.6)], 0, FLAT)
