"""A contact sheet: prompts, the first picture of each, failures included; knows nothing of how they are drawn."""

from __future__ import annotations

import random

from PIL import Image, ImageDraw, ImageFont

from postcard2 import scene as world

CELL, MARGIN, CAPTION, COLUMNS = 160, 8, 38, 8
_WHEN = {"dawn": "at dawn", "day": "by day", "sunset": "at sunset", "night": "at night"}
_WHERE = {"beach": "on the beach", "sea": "on the sea", "snow": "in the snow", "mountains": "in the mountains",
          "forest": "in the forest", "meadow": "in a meadow", "garden": "in a garden", "city": "in the city",
          "street": "on a street", "desert": "in the desert", "room": "in a room", "sky": "in the sky",
          "space": "in space"}  # fmt: skip
_WEATHER = {"clear": "", "rain": " in the rain", "snow": " while it snows", "fog": " in the fog"}
KNOWN = ("a red cat on the beach at sunset", "a fox in the snow", "a blue boat at night", "a house in the forest",
         "a girl in a yellow dress in a garden", "two white owls in the forest at night",
         "a black dog left of a red car on a street", "a robot with a blue scarf in space")  # fmt: skip


def prompts(count: int = 48) -> list[str]:
    """Give the prompts of the sheet: eight that the documents show, then scenes in turn through all subjects."""
    rng = random.Random("sheet")
    asked = list(KNOWN[:count])
    for index in range(count - len(asked)):
        subject = world.SUBJECTS[index % len(world.SUBJECTS)]
        drawn = world.sample(rng)
        while drawn.subject != subject:
            drawn = world.sample(rng)
        asked.append(plain(drawn))
    return asked


def plain(scene: world.Scene) -> str:
    """Say a scene in the shortest words."""
    who = _named(scene.colour, scene.subject, scene.size, scene.count)
    if scene.garment != "nothing":
        who += f" with a {scene.garment_colour} {scene.garment}"
    if scene.second:
        who += f" {scene.relation} {_named(scene.second_colour, scene.second)}"
    when = "" if scene.place == "space" else f" {_WHEN[scene.time]}"
    lacks = (
        "" if scene.without == "nothing" else f" without {'the ' if scene.without in ('sun', 'moon') else ''}{scene.without}"
    )
    return f"{who} {_WHERE[scene.place]}{when}{_WEATHER[scene.weather]}{lacks}"


def _named(colour: str, subject: str, size: str = "medium", count: int = 1) -> str:
    from postcard2.words import plural

    words = f"{'' if size == 'medium' else size + ' '}{colour} {subject if count == 1 else plural(subject)}"
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}" if count == 1 else f"{('two', 'three')[count - 2]} {words}"


def sheet(pictures: list[Image.Image], captions: list[str]) -> Image.Image:
    """Lay the pictures out in rows of eight, each over its prompt."""
    rows = -(-len(pictures) // COLUMNS)
    step_x, step_y = CELL + MARGIN, CELL + CAPTION + MARGIN
    page = Image.new("RGB", (COLUMNS * step_x + MARGIN, rows * step_y + MARGIN), "white")
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(10)
    for index, (picture, caption) in enumerate(zip(pictures, captions, strict=True)):
        x, y = MARGIN + index % COLUMNS * step_x, MARGIN + index // COLUMNS * step_y
        small = picture.copy()
        small.thumbnail((CELL, CELL), Image.Resampling.LANCZOS)
        page.paste(small, (x + (CELL - small.width) // 2, y + (CELL - small.height) // 2))
        draw.multiline_text((x, y + CELL + 2), _wrapped(caption, font), fill=(60, 60, 70), font=font, spacing=1)
    return page


def _wrapped(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> str:
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if font.getlength(longer) > CELL and lines[-1]:
            lines.append(word)
        else:
            lines[-1] = longer
    return "\n".join(lines[:3])
