"""Places that nobody built, as layers of paper from the horizon to the front."""

from __future__ import annotations

from postcard2.cutout import FLAT, Paper
from postcard2.palette import mix
from postcard2.shapes import Shape, blob, box, ellipse, polygon, stroke
from postcard2.stage import LAYER, Stage, gradient, scatter, stars

SAND = (246, 214, 150)


def pine(x: float, base: float, height: float, tone: str = "tree") -> list[Shape]:
    """Draw a fir of three tiers; where `snow` is among the tones of the layer, use `frosted` for a white one."""
    w = height * 0.27
    return [box("trunk", x - w * 0.16, base - height * 0.14, x + w * 0.16, base)] + [
        polygon(tone, (x - w * reach, base - height * low), (x, base - height * high), (x + w * reach, base - height * low))
        for low, high, reach in ((0.1, 0.58, 1.0), (0.34, 0.8, 0.8), (0.58, 1.0, 0.58))
    ]


def frosted(x: float, base: float, height: float) -> list[Shape]:
    """Draw a fir with snow on its tiers."""
    w = height * 0.27
    caps = [blob("snow", (x - w * r, base - height * y), (x, base - height * (y + 0.2)), (x + w * r, base - height * y),
        (x, base - height * (y + 0.05)))
            for y, r in ((0.34, 0.5), (0.58, 0.42), (0.8, 0.3))]  # fmt: skip
    return [*pine(x, base, height), *caps]


def beach(stage: Stage) -> None:
    """Sea with an island, foam, sand, shells and a palm."""
    half, rng = stage.half, stage.rng
    island = half * rng.uniform(-0.5, 0.3)
    stage.lay(
        {"all": (96, 148, 140)},
        [blob("all", (island - 16, 56), (island - 6, 49), (island + 4, 51), (island + 15, 56))],
        0.5,
        FLAT,
    )
    stage.ridge((40, 138, 204), (55, 55, 55), 0.25, 0)
    stage.lay(
        {"all": (180, 226, 244)}, [stroke("all", ((x, y), (x + 9, y)), 0.8) for x, y in scatter(stage, 66, 59, 5)], 0, FLAT
    )
    stage.ridge((248, 252, 250), (70, 67, 71, 69, 73), 0.0)
    stage.ridge(SAND, (73, 70, 74, 72, 76), 0.0)
    stage.lay({"all": (230, 192, 126), "shell": (252, 190, 176)}, [
        *(ellipse("all", x, y, 3.4, 0.7) for x, y in scatter(stage, 96, 82, 5)),
        *(ellipse("shell", x, y, 1.5, 1.1) for x, y in scatter(stage, 97, 88, 3))
    ], 0, FLAT)  # fmt: skip
    if stage.without == "trees":
        return
    x = half * rng.choice((-0.84, 0.84)) + rng.uniform(-2, 2)
    lean = -8 if x > 0 else 8
    top = (x + lean, 27.0)
    tips = ((-19, 6), (-15, -8), (0, -14), (15, -7), (18, 7), (3, 9))
    fronds = [
        blob(
            "leaf" if i % 2 else "dark leaf",
            top,
            (top[0] + dx * 0.5, top[1] + dy * 0.5 - 5),
            (top[0] + dx, top[1] + dy),
            (top[0] + dx * 0.5, top[1] + dy * 0.5 - 1),
        )
        for i, (dx, dy) in enumerate(tips)
    ]
    stage.lay(
        {"trunk": (150, 104, 66), "leaf": (70, 164, 88), "dark leaf": (40, 126, 76)},
        [stroke("trunk", ((x - lean * 0.2, 84), (x, 56), top), 5, 3), *fronds],
    )


def sea(stage: Stage) -> None:
    """Water to the horizon in three rows of waves; the nearest comes with `front`."""
    stage.ridge((38, 122, 196), (54, 54, 54), 0.25, 0)
    stage.lay(
        {"all": (150, 210, 240)}, [stroke("all", ((x, y), (x + 8, y)), 0.8) for x, y in scatter(stage, 64, 57, 6)], 0, FLAT
    )
    stage.ridge((48, 142, 210), (66, 64, 66, 64, 66, 64, 66), 0.1, 0.6)
    stage.ridge((36, 122, 192), (77, 75, 77, 75, 77, 75), 0.0, 0.6)


def front(stage: Stage) -> None:
    """The wave in front of whoever is at sea."""
    stage.ridge((52, 148, 214), (89, 86, 89, 86, 89, 86), 0.0, 0.6)
    stage.lay(
        {"all": (206, 236, 248)},
        [stroke("all", ((x, y), (x + 4, y - 1), (x + 8, y)), 0.9, 0.4) for x, y in scatter(stage, 98, 92, 4)],
        0,
        FLAT,
    )


def snow(stage: Stage) -> None:
    """White hills and firs under snow."""
    half = stage.half
    stage.ridge((206, 220, 240), (54, 48, 55, 50, 56), 0.25)
    if stage.without != "trees":
        small = [
            shape
            for x in (-0.8, -0.5, 0.35, 0.68)
            for shape in frosted(half * x + stage.rng.uniform(-3, 3), 63, stage.rng.uniform(15, 21))
        ]
        stage.lay({"tree": (70, 128, 128), "trunk": (112, 84, 70), "snow": (250, 252, 255)}, small, 0.25)
    stage.ridge((228, 237, 250), (62, 60, 63, 66, 62), 0.1)
    if stage.without != "trees":
        large = [
            shape for x in (-0.9, 0.9) for shape in frosted(half * x + stage.rng.uniform(-3, 3), 80, stage.rng.uniform(34, 44))
        ]
        stage.lay({"tree": (44, 108, 104), "trunk": (104, 74, 60), "snow": (255, 255, 255)}, large, 0.05)
    stage.ridge((250, 252, 255), (76, 78, 75, 77, 74), 0.0)
    stage.lay({"all": (220, 230, 246)}, [ellipse("all", x, y, 4, 0.8) for x, y in scatter(stage, 96, 84, 5)], 0, FLAT)


def mountains(stage: Stage) -> None:
    """Two ranges with white summits, a shaded side each, and a green valley."""
    half, rng = stage.half, stage.rng
    for row, (xs, base, colour, depth) in enumerate(
        (((-0.75, 0.1, 0.85), 66, (150, 160, 196), 0.35), ((-0.35, 0.55), 72, (112, 120, 164), 0.12))
    ):
        for t in xs:
            x, top, width = half * t + rng.uniform(-5, 5), rng.uniform(16, 27) + 8 * row, rng.uniform(26, 34)
            y = top + 11
            cap = polygon(
                "snow",
                (x - width * 11 / (base - top), y),
                (x, top),
                (x + width * 11 / (base - top), y),
                (x + 2.5, y - 3),
                (x, y + 3),
                (x - 3, y - 2),
            )
            stage.lay({"rock": colour, "dark": mix(colour, (40, 36, 90), 0.3), "snow": (250, 252, 255)}, [
                polygon("rock", (x - width, base), (x, top), (x + width, base)),
                polygon("dark", (x, top), (x + width, base), (x + width * 0.2, base), (x + 4, top + 22)), cap,
            ], depth)  # fmt: skip
    stage.ridge((92, 150, 110), (68, 65, 69, 66, 70), 0.15)
    if stage.without != "trees":
        firs = [
            shape for x in (-0.92, -0.66, 0.7, 0.94) for shape in pine(half * x + rng.uniform(-2, 2), 78, rng.uniform(16, 24))
        ]
        stage.lay({"tree": (46, 110, 84), "trunk": (104, 74, 56)}, firs, 0.05)
    stage.ridge((126, 178, 98), (76, 78, 75, 77, 74), 0.0)


def forest(stage: Stage) -> None:
    """Three rows of firs that grow darker to the front, ferns and toadstools."""
    half, rng = stage.half, stage.rng
    stage.ridge((104, 160, 120), (64, 62, 64), 0.25)
    for spots, base, height, colour, depth in (
        (9, 70, 46, (120, 176, 138), 0.3), (6, 76, 58, (72, 140, 98), 0.12),
    ):  # fmt: skip
        row = [shape for x, _ in scatter(stage, 0, 0, spots) for shape in pine(x, base, height * rng.uniform(0.85, 1.1))]
        stage.lay({"tree": colour, "trunk": (110, 86, 70)}, row, depth)
    sides = [shape for x in (-0.9, 0.92) for shape in pine(half * x, 86, rng.uniform(74, 84))]
    stage.lay({"tree": (36, 98, 68), "trunk": (86, 60, 46)}, sides)
    stage.ridge((84, 136, 70), (76, 74, 77, 75, 78), 0.0)
    ferns = [
        stroke("fern", ((x, y), (x + lean * 0.6, y - 4), (x + lean, y - 5)), 1.5, 0.4)
        for x, y in scatter(stage, 97, 84, 5)
        for lean in (-5, -2, 2, 5)
    ]
    caps = [
        part
        for x, y in scatter(stage, 95, 86, 2)
        for part in (box("stalk", x - 0.7, y - 2, x + 0.7, y + 1), ellipse("cap", x, y - 2.4, 2.5, 1.6))
    ]
    stage.lay({"fern": (56, 112, 60), "stalk": (250, 236, 214), "cap": (214, 74, 62)}, [*ferns, *caps], 0, FLAT)


def meadow(stage: Stage) -> None:
    """Rolling hills, a round tree far away, flowers in the grass."""
    half, rng = stage.half, stage.rng
    stage.ridge((124, 186, 140), (55, 46, 54, 58, 50), 0.3)
    stage.ridge((134, 200, 116), (60, 64, 57, 52, 58), 0.12)
    if stage.without != "trees":
        x = half * rng.choice((-0.8, 0.8))
        stage.lay({"trunk": (126, 88, 60), "leaf": (76, 154, 86), "bright": (104, 180, 96)}, [
            box("trunk", x - 1.2, 52, x + 1.2, 68),
            *(ellipse("leaf", x + dx, 48 + dy, 7) for dx, dy in ((-5, 0), (5, 0), (0, -6))), ellipse("bright", x - 2, 44, 5),
        ])  # fmt: skip
    stage.ridge((154, 214, 98), (70, 67, 71, 73, 69), 0.0)
    stage.lay(
        {"all": (122, 190, 80)},
        [stroke("all", ((x, y), (x + lean, y - 3)), 1, 0.3) for x, y in scatter(stage, 97, 76, 9) for lean in (-1.5, 1.5)],
        0,
        FLAT,
    )
    blooms(stage, scatter(stage, 97, 75, 11))


def desert(stage: Stage) -> None:
    """Table mountains, dunes with a shaded side, cacti."""
    half, rng = stage.half, stage.rng
    mesas: list[Shape] = []
    for t, width, top in ((-0.6, 13, 36), (0.5, 17, 32), (1.0, 12, 42)):
        x = half * t + rng.uniform(-4, 4)
        mesas += [
            polygon("rock", (x - width - 6, 68), (x - width, top), (x + width, top), (x + width + 6, 68)),
            box("band", x - width - 1.2, top + 7, x + width + 1.2, top + 9.5),
        ]
    stage.lay({"rock": (212, 126, 88), "band": (184, 98, 74)}, mesas, 0.2)
    stage.ridge((240, 186, 108), (60, 64, 57, 63, 60), 0.12)
    stage.ridge((226, 166, 90), (72, 66, 69, 74, 68), 0.03)
    stage.ridge((250, 206, 128), (76, 79, 74, 76, 73), 0.0)
    stage.lay(
        {"all": (232, 180, 102)},
        [stroke("all", ((x, y), (x + 5, y - 1), (x + 10, y)), 0.8, 0.3) for x, y in scatter(stage, 96, 82, 5)],
        0,
        FLAT,
    )
    for t, base, scale in ((rng.choice((-0.86, 0.86)), 86, 1.0), (rng.uniform(-0.3, 0.3), 68, 0.4)):
        x = half * t
        arms = [((0, 0), (0, -40)), ((0, -16), (-9, -17), (-10, -30)), ((0, -12), (9, -13), (10, -24))]
        shapes = [
            stroke("cactus", tuple((x + dx * scale, base + dy * scale) for dx, dy in arm), (8 if i == 0 else 5) * scale)
            for i, arm in enumerate(arms)
        ]
        stage.lay(
            {"cactus": (78, 152, 98), "line": (56, 124, 82)},
            [*shapes, stroke("line", ((x, base - 1), (x, base - 38 * scale)), 1.2 * scale)],
            0.0,
        )


def sky(stage: Stage) -> None:
    """Nothing but banks of clouds below."""
    for y, size, depth in ((66, 12, 0.3), (80, 15, 0.1), (95, 18, 0.0)):
        pale = {"dawn": (255, 236, 234), "day": (255, 255, 255), "sunset": (250, 176, 150), "night": (104, 118, 176)}[
            stage.light.time
        ]
        puffs = [ellipse("lit", x, y + stage.rng.uniform(-2, 2), size) for x, _ in scatter(stage, 0, 0, 7)]
        colour = mix(pale, stage.light.sky()[1], 0.5 * depth + (0.3 if stage.light.weather != "clear" else 0.0) + 0.08)
        stage.lay({"lit": colour}, [*puffs, box("lit", -stage.half - 2, y, stage.half + 2, 104)], 0, LAYER)


def space(stage: Stage) -> None:
    """The dark with stars, a ringed planet, a small one, and the grey ground of a moon."""
    half, rng, canvas = stage.half, stage.rng, stage.canvas
    canvas.paste(gradient(canvas.size, ((12, 10, 34), (34, 22, 72), (70, 40, 112))))
    stage.lay({"lit": (255, 246, 220)}, stars(stage, 26), paper=FLAT)
    side = rng.choice((-1, 1))
    x, y, body = (
        side * half * rng.uniform(0.5, 0.66),
        rng.uniform(18, 26),
        rng.choice(((240, 176, 104), (226, 128, 120), (150, 190, 226))),
    )
    stage.glow(x, y, 26, body, 0.35)
    ring = stroke("lit ring", ((x - 19, y + 5), (x, y + 1.4), (x + 19, y - 5)), 2.0)
    stage.lay(
        {"lit": body, "lit band": mix(body, (90, 40, 80), 0.3), "lit ring": (250, 226, 180)},
        [ellipse("lit", x, y, 10.5), stroke("lit band", ((x - 8.6, y + 5), (x + 8.6, y + 1)), 2.4), ring],
        0,
        FLAT,
    )
    z = -side * half * rng.uniform(0.5, 0.8)
    stage.lay(
        {"lit": (96, 150, 214), "lit land": (112, 184, 120)},
        [ellipse("lit", z, 40, 5.5), blob("lit land", (z - 3, 38), (z + 1, 36), (z + 2, 40), (z - 1, 43))],
        0,
        FLAT,
    )
    ground = [
        ellipse("lit", 0, 78 + half * 1.4, half * 2.6, half * 1.4),
        *(
            part
            for cx, cy in scatter(stage, 97, 86, 5)
            for part in (ellipse("lit low", cx, cy, 6, 1.9), ellipse("lit rim", cx, cy + 0.7, 5, 1.2))
        ),
    ]
    stage.lay(
        {"lit": (176, 174, 192), "lit low": (136, 134, 158), "lit rim": (196, 194, 210)},
        ground,
        0,
        Paper(shadow=0.4, shadow_offset=(0, -3), shadow_blur=5),
    )


def blooms(stage: Stage, points: list[tuple[float, float]]) -> None:
    colours = {"a": (255, 255, 255), "b": (252, 150, 180), "c": (255, 206, 84), "d": (236, 92, 92), "heart": (255, 200, 70)}
    shapes: list[Shape] = []
    for index, (x, y) in enumerate(points):
        tone = "abcd"[index % 4]
        shapes += [
            *(ellipse(tone, x + dx, y + dy, 1.1) for dx, dy in ((-1.2, 0), (1.2, 0), (0, -1.2), (0, 1.2))),
            ellipse("heart", x, y, 0.8),
        ]
    stage.lay(colours, shapes, 0, FLAT)
