"""What a request will be for this machine, told by its numbers alone before anything is loaded."""

from __future__ import annotations

from collections import Counter

from gemini_diffusion.engines.local.eta import WorkSize
from gemini_diffusion.engines.local.sampling.batch import NEAR
from gemini_diffusion.engines.local.sampling.tiles import enlarged_size, tiles
from gemini_diffusion.engines.local.sampling.upscale import SMALL, SMALL_STRENGTH, STRENGTH
from gemini_diffusion.types import ImageRequest


def work_ahead(request: ImageRequest, model: str) -> Counter[WorkSize]:
    """The drawings that a request comes to, and how many of each: the picture, from where it begins, and the tiles of a large
    one."""
    size, large = (request.width, request.height), enlarged_size(request.width, request.height)
    enlarged = request.hd and large != size
    found = Counter[WorkSize]()
    if not (enlarged and request.image and request.strength <= NEAR):
        found[_drawing(request, model, size, request.strength if request.image else 1.0)] += 1
    strength = request.strength if request.image and request.strength <= NEAR else STRENGTH
    strength = min(strength, SMALL_STRENGTH) if max(size) <= SMALL else strength
    for tile in tiles(large, size, seamless=request.tile) if enlarged else ():
        found[_drawing(request, model, tile.size, strength)] += 1
    return found


def _drawing(request: ImageRequest, model: str, size: tuple[int, int], strength: float) -> WorkSize:
    steps = max(1, round(request.num_inference_steps * strength))
    return WorkSize(model, "", *size, steps, request.guidance_scale)
