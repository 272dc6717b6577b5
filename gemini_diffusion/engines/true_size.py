"""A picture that a service drew in another size than it was asked for: named, as everything is that was not honoured."""

from __future__ import annotations

import dataclasses

from gemini_diffusion.types import ImageResult


def with_true_size(result: ImageResult) -> ImageResult:
    """The result with a notice where the picture has another size than the request."""
    picture, asked = result.image, result.request
    if picture.size == (asked.width, asked.height):
        return result
    said = f"The service drew {picture.width} x {picture.height} pixels instead of {asked.width} x {asked.height}."
    return dataclasses.replace(result, ignored=(*result.ignored, "width", "height"), notices=(*result.notices, said))
