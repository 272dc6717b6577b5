"""How alike two pictures look: the same to the last pixel, near as after saving anew, or different; knows no recipe."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from gemini_diffusion.storage.image_colours import as_srgb

if TYPE_CHECKING:
    from PIL.Image import Image

Verdict = Literal["identical", "near", "different"]
NEAR_PSNR, NEAR_SSIM = 25.0, 0.88
"""A JPEG of low quality or a picture made half as large keeps above both; one drawn with another seed falls below."""
MOST_SHAPE = 0.02
"""Difference of width to height beyond which a picture was cut, not only resized."""
BLOCK = 8
LARGEST_SIDE = 512
"""Pixels at which pictures that are not identical are compared: what a person sees, at little cost."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """`psnr` in dB, infinite where no pixel differs; `ssim` from -1 to 1, by the structure in blocks of BLOCK pixels."""

    verdict: Verdict
    psnr: float = math.inf
    ssim: float = 1.0


def compare_images(one: Image, other: Image) -> Likeness:
    """How alike they are; of different sizes the larger is made as small as the other."""
    import numpy

    first, second = as_srgb(one).convert("RGB"), as_srgb(other).convert("RGB")
    if first.size == second.size and numpy.array_equal(numpy.asarray(first), numpy.asarray(second)):
        return Likeness("identical")
    shapes = sorted((first.width / first.height, second.width / second.height))
    if shapes[1] / shapes[0] > 1 + MOST_SHAPE:
        return Likeness("different", 0.0, 0.0)
    size = _common(first, second)
    pair = [numpy.asarray(each.resize(size, reducing_gap=3.0), numpy.float32) for each in (first, second)]
    error = float(numpy.mean((pair[0] - pair[1]) ** 2))
    psnr = math.inf if error == 0 else 10 * math.log10(255**2 / error)
    ssim = _ssim(pair[0].mean(axis=2), pair[1].mean(axis=2))
    return Likeness("near" if psnr >= NEAR_PSNR and ssim >= NEAR_SSIM else "different", psnr, ssim)


def _common(first: Image, second: Image) -> tuple[int, int]:
    small = min((first.size, second.size), key=lambda size: size[0] * size[1])
    scale = min(1.0, LARGEST_SIDE / max(small))
    return max(1, round(small[0] * scale)), max(1, round(small[1] * scale))


def _ssim(one: Any, other: Any) -> float:
    """The mean structural similarity over blocks, with the constants of its paper (Wang 2004)."""
    a, b = _blocks(one), _blocks(other)
    mean_a, mean_b = a.mean(axis=1), b.mean(axis=1)
    variance_a, variance_b = a.var(axis=1), b.var(axis=1)
    together = (a * b).mean(axis=1) - mean_a * mean_b
    light, contrast = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    above = (2 * mean_a * mean_b + light) * (2 * together + contrast)
    below = (mean_a**2 + mean_b**2 + light) * (variance_a + variance_b + contrast)
    return float((above / below).mean())


def _blocks(pixels: Any) -> Any:
    """Rows of BLOCK x BLOCK pixels; a rest at the edges is left out, unless that would be all."""
    block = min(BLOCK, *pixels.shape)
    high, wide = (side // block * block for side in pixels.shape)
    parts = pixels[:high, :wide].reshape(high // block, block, wide // block, block)
    return parts.swapaxes(1, 2).reshape(-1, block * block)
