"""A contact sheet: prompts, the first picture of each, failures included; knows nothing of how they are drawn."""

from __future__ import annotations

import random

from PIL import Image, ImageDraw, ImageFont

from postcard import scene as world

CELL, MARGIN, CAPTION, COLUMNS = 128, 8, 26, 8
_WHEN = {"day": "by day", "sunset": "at sunset", "night": "at night"}
_WHERE = {"beach": "on the beach", "snow": "in the snow", "forest": "in the forest", "city": "in the city",
          "meadow": "in a meadow", "desert": "in the desert"}  # fmt: skip
KNOWN = ("a red cat on the beach at sunset", "a fox in the snow", "a blue boat at night", "a house in the forest")


def prompts(count: int = 32) -> list[str]:
    """Give the prompts of the sheet: four that the documents show, then scenes in turn through all subjects."""
    rng = random.Random("sheet")
    asked = list(KNOWN[:count])
    for index in range(count - len(asked)):
        drawn = world.sample(rng)
        subject = world.SUBJECTS[index % len(world.SUBJECTS)]
        size = "" if drawn.size == "medium" else f"{drawn.size} "
        article = "an" if not size and drawn.colour == "orange" else "a"
        friend = "" if drawn.companion == "none" else f" with a {drawn.companion}"
        asked.append(f"{article} {size}{drawn.colour} {subject}{friend} {_WHERE[drawn.place]} {_WHEN[drawn.time]}")
    return asked


def sheet(pictures: list[Image.Image], captions: list[str]) -> Image.Image:
    """Lay the pictures out in rows of eight, each over its prompt."""
    rows = -(-len(pictures) // COLUMNS)
    step_x, step_y = CELL + MARGIN, CELL + CAPTION + MARGIN
    page = Image.new("RGB", (COLUMNS * step_x + MARGIN, rows * step_y + MARGIN), "white")
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(10)
    for index, (picture, caption) in enumerate(zip(pictures, captions, strict=True)):
        x, y = MARGIN + index % COLUMNS * step_x, MARGIN + index // COLUMNS * step_y
        page.paste(picture.resize((CELL, CELL)), (x, y))
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
    return "\n".join(lines[:2])
