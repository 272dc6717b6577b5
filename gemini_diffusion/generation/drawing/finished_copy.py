"""Another version of a kept picture: finished by the steps that its recipe then names, so that it can be made again."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import UTC, datetime

from gemini_diffusion.generation.drawing import plan
from gemini_diffusion.storage.gallery import Gallery, is_drawn
from gemini_diffusion.storage.image_finish import finish_image
from gemini_diffusion.types import FinishStep, Picture
from gemini_diffusion.types.errors import BadInput
from gemini_diffusion.types.finishing import FINISHES, MOST_STEPS, read_finish


def steps_in(text: str) -> tuple[FinishStep, ...]:
    """The steps that a person names; auto levels where they name none. Raises BadInput for what is none."""
    steps, unknown = read_finish(text or next(iter(FINISHES)))
    if unknown:
        raise BadInput(f"{unknown[0][:40]} finishes no picture.", f"Choose of {', '.join(FINISHES)}, as in levels:0.5.")
    return tuple(step for step in steps if step.strength)


def finish_picture(picture: Picture, steps: Sequence[FinishStep], gallery: Gallery) -> Picture:
    """Keeps the picture so finished, beside it; takes a moment, so on a thread. Raises BadInput, DiskFull."""
    from PIL import Image

    recipe = picture.recipe
    every = (*recipe.request.finish, *steps)
    if not steps or len(every) > MOST_STEPS:
        raise BadInput(f"A picture is finished in 1 to {MOST_STEPS} steps.", "Begin with the original, on the Pictures tab.")
    try:
        with Image.open(picture.path, formats=("PNG",)) as image:
            finished = finish_image(image, steps)
    except OSError as error:
        raise BadInput("The picture to finish is not here any more.", "Choose another one.") from error
    request = dataclasses.replace(recipe.request, finish=every)
    line = plan.canonical_line(request, recipe.engine) if is_drawn(recipe) else ""
    made = datetime.now(UTC).isoformat(timespec="seconds")
    return gallery.save(finished, dataclasses.replace(recipe, request=request, line=line, parent=picture.id, created=made))
