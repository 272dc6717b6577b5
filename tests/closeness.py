"""How near two results are that were computed in different ways; the only place that says so, and why.

Numbers added up in another order are rounded differently. torch promises no order: not between a row computed alone and as one
of several (torch 2.13 on AVX2: 48 of 64 sums differ), not between another library's formula and ours, not between two layouts
of the same weights. What one call makes of the same bytes twice has to be equal, and tests compare that with `==`.
"""

from __future__ import annotations

from typing import Any

from PIL import Image, ImageChops

NUMBERS = 1e-5
"""Of numbers of about 1 in float32, after the few layers of the tests' models."""
SHADES = 1
"""Of 255: a number that lies between two shades is rounded to either."""


def nearly_equal(one: Any, other: Any) -> bool:
    """Whether two tensors differ by rounding at most."""
    return one.shape == other.shape and bool(one.allclose(other, rtol=NUMBERS, atol=NUMBERS))


def nearly_same(one: Image.Image, other: Image.Image) -> bool:
    """Whether two pictures differ by rounding at most."""
    return largest_difference(one, other) <= SHADES


def largest_difference(one: Image.Image, other: Image.Image) -> int:
    """Of 255, over all pixels and channels."""
    assert one.size == other.size
    return max(int(brightest) for _, brightest in ImageChops.difference(one, other).getextrema())  # type: ignore[misc]
