"""A large picture out of overlapping tiles: where they lie, and how they grow together without a seam; draws none of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL.Image import Image

TIMES = 2
LARGEST_SIDE = 2048
GRID = 8
"""Sides of a picture are multiples of this, and tiles begin at them: one latent is 8 x 8 pixels."""
COARSEST = 512
"""Pixels of a side that a look at an unfinished picture has at least, where the picture has them."""
OVERLAP = 1 / 8
"""Of a tile's side that at least two neighbours share."""


def enlarged_size(width: int, height: int) -> tuple[int, int]:
    """The size of the large picture for one of these sides: twice as large, the longer side at most 2048."""
    times = max(1, min(TIMES, LARGEST_SIDE / max(width, height)))
    return round(width * times / GRID) * GRID, round(height * times / GRID) * GRID


@dataclass(frozen=True, slots=True)
class TileSpan:
    """A tile's extent along one side: its pixels' indices, which may go on at the other end of a seamless picture."""

    start: int
    length: int
    whole: int

    @property
    def indices(self) -> Any:
        """As an index for numpy."""
        import numpy

        return (self.start + numpy.arange(self.length)) % self.whole

    @property
    def weights(self) -> Any:
        """How much each pixel counts: least at the tile's edges, and steeply more towards its middle."""
        import numpy

        distance = numpy.minimum(numpy.arange(self.length), numpy.arange(self.length)[::-1]) + 0.5
        return ((distance / self.length) ** 3).astype("float32")


@dataclass(frozen=True, slots=True)
class Tile:
    """One tile of a picture by its two extents."""

    across: TileSpan
    down: TileSpan

    @property
    def size(self) -> tuple[int, int]:
        return self.across.length, self.down.length

    @property
    def index(self) -> tuple[Any, Any]:
        """As an index into an array [height, width, ...]."""
        return self.down.indices[:, None], self.across.indices[None, :]

    @property
    def weights(self) -> Any:
        """[height, width, 1]"""
        return (self.down.weights[:, None] * self.across.weights)[..., None]

    def within(self, factor: int) -> Tile:
        """The same tile of a picture with sides smaller by a factor, such as its latents."""
        spans = (
            TileSpan(span.start // factor, span.length // factor, span.whole // factor) for span in (self.across, self.down)
        )
        return Tile(*spans)


def tiles(size: tuple[int, int], drawn: tuple[int, int], grid: int = GRID, seamless: bool = False) -> list[Tile]:
    """The tiles of a picture of `size`, row by row, each about as large as the pictures that the model draws (`drawn`).

    Sides of a tile are multiples of `grid`, where those of the picture are.
    """
    across, down = (_spans(whole, side, grid, seamless) for whole, side in zip(size, drawn, strict=True))
    return [Tile(column, row) for row in down for column in across]


def _spans(whole: int, side: int, grid: int, seamless: bool) -> list[TileSpan]:
    """Extents evenly along one side. A tile a little larger than the model's own size saves many with little overlap."""
    shared = int(side * OVERLAP)
    if seamless:
        count = max(1, math.ceil(whole / side))
        length = min(whole, _up(whole / count + shared, grid))
        return [TileSpan(round(whole * place / count / GRID) * GRID, length, whole) for place in range(count)]
    count = max(1, math.ceil((whole - shared) / side))
    length = min(whole, _up(max(side, (whole + (count - 1) * shared) / count), grid))
    gap = (whole - length) / max(1, count - 1)
    return [TileSpan(round(gap * place / GRID) * GRID, length, whole) for place in range(count)]


def _up(length: float, grid: int) -> int:
    return math.ceil(length / grid) * grid


class TileBlend:
    """A picture enlarged to a size, and what was drawn over it tile by tile."""

    def __init__(self, picture: Image, size: tuple[int, int], seamless: bool = False) -> None:
        import numpy

        self._seamless = seamless
        self._enlarged = numpy.asarray(picture if picture.size == size else _resized(picture, size, seamless))
        self._sum = numpy.zeros(self._enlarged.shape, "float32")
        self._weight = numpy.zeros((*self._enlarged.shape[:2], 1), "float32")

    def crop(self, tile: Tile) -> Image:
        """A tile of the enlarged picture."""
        from PIL import Image as Pillow

        return Pillow.fromarray(self._enlarged[tile.index])

    def add(self, tile: Tile, drawn: Image) -> None:
        """Put a tile in its place; where others lie already it fades into them."""
        import numpy

        self._sum[tile.index] += numpy.asarray(drawn) * tile.weights
        self._weight[tile.index] += tile.weights

    @property
    def preview(self) -> Image:
        """How it looks with the tiles that lie, and where none does as it was before; at most 1023 pixels wide or high."""
        import numpy
        from PIL import Image as Pillow

        step = max(1, max(self._enlarged.shape) // COARSEST)
        drawn, weight, before = (values[::step, ::step] for values in (self._sum, self._weight, self._enlarged))
        seen = numpy.where(weight > 0, drawn / numpy.maximum(weight, numpy.finfo("float32").tiny), before)
        return Pillow.fromarray(seen.round().clip(0, 255).astype("uint8"))

    def picture(self, radius: float) -> Image:
        """It all, when every tile lies: what is coarser than `radius` pixels from the enlarged picture, what is finer from the
        tiles. So colours do not drift from tile to tile, and none can show what was not there."""
        from PIL import Image as Pillow

        drawn = (self._sum / self._weight).round().clip(0, 255).astype("uint8")
        coarse = self._coarse(self._enlarged, radius) - self._coarse(drawn, radius)
        return Pillow.fromarray((drawn + coarse).round().clip(0, 255).astype("uint8"))

    def _coarse(self, values: Any, radius: float) -> Any:
        """The picture without what is finer."""
        import numpy
        from PIL import Image as Pillow
        from PIL import ImageFilter

        margin = round(3 * radius)
        blurred = Pillow.fromarray(_framed(values, margin, self._seamless)).filter(ImageFilter.GaussianBlur(radius))
        height, width = values.shape[:2]
        return numpy.asarray(blurred, "float32")[margin : margin + height, margin : margin + width]


def _resized(picture: Image, size: tuple[int, int], seamless: bool) -> Image:
    """The picture at a size; what a seamless one shows beyond an edge is its opposite side."""
    import numpy
    from PIL import Image as Pillow

    framed = Pillow.fromarray(_framed(numpy.asarray(picture), GRID, seamless))
    inside = (GRID, GRID, GRID + picture.width, GRID + picture.height)
    return framed.resize(size, Pillow.Resampling.LANCZOS, box=inside)


def _framed(values: Any, margin: int, seamless: bool) -> Any:
    """[height, width, 3] with a frame: of the opposite edges where they meet, else of the edges themselves."""
    import numpy

    return numpy.pad(values, ((margin, margin), (margin, margin), (0, 0)), "wrap" if seamless else "edge")
