"""Places that people built, as layers of paper from the horizon to the front: garden, city, street."""

from __future__ import annotations

from postcard2.cutout import FLAT
from postcard2.landscapes import blooms
from postcard2.palette import mix
from postcard2.shapes import Colour, Shape, blob, box, ellipse, polygon, stroke
from postcard2.stage import Stage

_FRONTS = [
    (232, 150, 118), (240, 200, 130), (150, 184, 190), (206, 132, 134), (176, 190, 142), (222, 190, 176)
]  # fmt: skip


def garden(stage: Stage) -> None:
    """A hedge, a white picket fence, beds of flowers, a path."""
    half, rng = stage.half, stage.rng
    if stage.without != "trees":
        crowns = [
            ellipse("leaf", half * t + rng.uniform(-3, 3), 46 + rng.uniform(-3, 3), 13, 14) for t in (-0.95, -0.4, 0.3, 0.9)
        ]
        stage.lay({"leaf": (112, 176, 120)}, crowns, 0.25)
    hedge = [ellipse("leaf", x, 60, 9, 8) for x in range(int(-half) - 4, int(half) + 10, 9)]
    stage.lay({"leaf": (62, 138, 78)}, [*hedge, box("leaf", -half - 2, 60, half + 2, 82)], 0.08)
    pickets = [
        polygon("white", (x - 2.2, 76), (x - 2.2, 58), (x, 55), (x + 2.2, 58), (x + 2.2, 76))
        for x in range(int(-half) - 2, int(half) + 6, 7)
    ]
    stage.lay(
        {"white": (252, 250, 244)},
        [box("white", -half - 2, 61, half + 2, 63.4), box("white", -half - 2, 69, half + 2, 71.4), *pickets],
        0,
    )
    stage.ridge((140, 202, 96), (75, 74, 75), 0.0, 0.5)
    stage.lay({"path": (236, 214, 176)}, [blob("path", (-8, 75), (8, 75), (18, 104), (-18, 104))], 0, FLAT)
    beds = [ellipse("soil", side * half * 0.72, 84, half * 0.3, 4) for side in (-1, 1)]
    stage.lay({"soil": (92, 146, 76)}, beds, 0, FLAT)
    blooms(stage, [(side * half * (0.5 + 0.11 * i), 83 + (i * 5 % 3)) for side in (-1, 1) for i in range(5)])


def city(stage: Stage) -> None:
    """Skyscrapers in two rows with lit or mirroring windows, a paved square."""
    towers(stage, [24 + 10 * stage.rng.uniform(-1, 1) for _ in range(8)], (176, 188, 214), 0.3, False)
    towers(stage, [38 + 10 * stage.rng.uniform(-1, 1) for _ in range(6)], (112, 128, 172), 0.08, True)
    stage.ridge((196, 198, 208), (76, 76, 76), 0.0, 0)
    tiles = [stroke("line", ((x, 77), (x * 1.9, 104)), 0.5) for x in range(-120, 121, 16)] + [
        stroke("line", ((-140, y), (140, y)), 0.5) for y in (81, 88)
    ]
    stage.lay({"line": (168, 170, 184)}, tiles, 0, FLAT)


def towers(stage: Stage, tops: list[float], colour: Colour, depth: float, panes: bool) -> None:
    """Lay one row of tower blocks of equal width whose roofs are at these heights, with windows or without."""
    width = 2 * stage.half / (len(tops) - 1)
    shapes: list[Shape] = []
    for index, top in enumerate(tops):
        left, wall = -stage.half + (index - 0.5) * width, "wall" if index % 2 else "other"
        shapes.append(box(wall, left + 0.6, top, left + width - 0.6, 80))
        if index % 3 == 1:
            shapes.append(box(wall, left + width * 0.36, top - 6, left + width * 0.56, top))
        shapes += _panes(left, top, width) if panes else []
    lit = (255, 222, 118) if stage.light.time in ("night", "sunset") else (214, 234, 248)
    seen = mix(lit, stage.light.sky()[2], 0.25)
    stage.lay({"wall": colour, "other": mix(colour, (60, 50, 110), 0.18), "lit pane": seen}, shapes, depth)


def _panes(left: float, top: float, width: float) -> list[Shape]:
    columns = max(2, round(width / 8))
    corners = ((left + width * (column + 0.5) / columns, top + 4 + row * 8) for row in range(5) for column in range(columns))
    return [box("lit pane", x - 1.7, y, x + 1.7, y + 4) for x, y in corners if y < 72]


def street(stage: Stage) -> None:
    """A row of gabled houses in warm colours, pavement, road, a lamp."""
    half, rng = stage.half, stage.rng
    number = max(3, round(half / 14))
    colours = rng.sample(_FRONTS, 4)
    for index in range(number):
        _front(stage, -half + index * 2 * half / number, 2 * half / number, colours[index % 4])
    ground = {"pavement": (206, 204, 208), "kerb": (170, 168, 178), "road": (104, 106, 122)}
    bands = (("pavement", 75, 84), ("kerb", 83, 85), ("road", 85, 104))
    stage.lay(ground, [box(tone, -half - 2, top, half + 2, bottom) for tone, top, bottom in bands])
    dashes = [box("line", x, 93, x + 10, 94.6) for x in range(int(-half) - 6, int(half) + 10, 20)]
    stage.lay({"line": (240, 238, 228)}, dashes, 0, FLAT)
    x = half * rng.choice((-0.88, 0.88))
    if stage.light.time in ("night", "sunset"):
        stage.glow(x, 37, 20, (255, 226, 130), 0.6)
    lantern = [ellipse("lit", x, 36, 3.4, 4), box("iron", x - 3, 31, x + 3, 33), box("iron", x - 2, 39.5, x + 2, 41.5)]
    stage.lay({"iron": (60, 62, 80), "lit": (255, 232, 150)}, [stroke("iron", ((x, 82), (x, 40)), 1.8), *lantern])


def _front(stage: Stage, left: float, width: float, wall: Colour) -> None:
    """Lay one house seen from the street: a gable, four windows, a door."""
    top, middle, right = stage.rng.uniform(26, 34), left + width / 2, left + width
    shapes = [
        polygon("roof", (left - 1, top), (middle, top - 14), (right + 1, top)), box("wall", left + 0.4, top, right - 0.4, 78),
        box("roof", left - 1, top - 1, right + 1, top + 1.4), box("door", middle - 3, 62, middle + 3, 78),
    ]  # fmt: skip
    for x in (middle - width * 0.22, middle + width * 0.22):
        for y in (top + 7, top + 23):
            shapes += [box("frame", x - 3.2, y - 1, x + 3.2, y + 9), box("lit pane", x - 2.3, y, x + 2.3, y + 8)]
    pane = (255, 218, 110) if stage.light.time in ("night", "sunset") else (206, 230, 244)
    colours = {"wall": wall, "roof": (150, 82, 78), "frame": (252, 246, 234), "lit pane": pane, "door": (112, 78, 66)}
    stage.lay(colours, shapes, 0.04)
