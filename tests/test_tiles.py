"""The size of large pictures, where their tiles lie, and how these grow together; nothing is drawn."""

from __future__ import annotations

import numpy
import pytest
from PIL import Image

from gemini_diffusion.engines.local.sampling.tiles import TileBlend, enlarged_size, tiles
from tests.pictures import distance, gradient


@pytest.mark.parametrize(
    ("drawn", "large"),
    [
        ((1024, 1024), (2048, 2048)), ((128, 128), (256, 256)), ((512, 768), (1024, 1536)), ((1344, 768), (2048, 1168)),
        ((640, 1536), (856, 2048)), ((2048, 1024), (2048, 1024)),
    ],
)  # fmt: skip
def test_a_large_picture_is_twice_as_large_and_at_most_2048(drawn: tuple[int, int], large: tuple[int, int]) -> None:
    assert enlarged_size(*drawn) == large


@pytest.mark.parametrize("seamless", [False, True])
@pytest.mark.parametrize("drawn", [(1024, 1024), (128, 128), (64, 64), (1344, 768), (640, 1536), (448, 768), (72, 104)])
def test_tiles_cover_all_of_a_picture_and_overlap_and_are_hardly_larger_than_what_the_model_draws(
    drawn: tuple[int, int], seamless: bool
) -> None:
    size = enlarged_size(*drawn)
    parts = tiles(size, drawn, 16, seamless)
    covered = numpy.zeros(size[::-1], int)
    for part in parts:
        covered[part.index] += 1
        assert part.across.start % 8 == part.down.start % 8 == part.across.length % 8 == part.down.length % 8 == 0
        assert all(length <= side * 9 / 8 + 16 for length, side in zip(part.size, drawn, strict=True))
    assert covered.min() >= 1
    assert len(parts) <= 4
    columns = sorted({(part.across.start, part.across.length) for part in parts})
    assert columns[0][0] + columns[0][1] - columns[1][0] >= drawn[0] / 8
    assert seamless == (columns[-1][0] + columns[-1][1] > size[0])


def test_tiles_suit_the_networks_that_halve_them() -> None:
    assert [part.size for part in tiles((2048, 2048), (1024, 1024), 32)] == [(1088, 1088)] * 4
    assert [part.size for part in tiles((1024, 1536), (512, 768), 64)] == [(576, 832)] * 4


def test_tiles_of_different_brightness_meet_without_a_seam() -> None:
    """Each tile is a flat grey, as far apart as drifting colours never are: the step between them is spread out."""
    blend = TileBlend(Image.new("RGB", (128, 128), (100, 100, 100)), (256, 256))
    for number, part in enumerate(tiles((256, 256), (128, 128), 16)):
        blend.add(part, Image.new("RGB", part.size, (100 + 8 * number,) * 3))
    values = numpy.asarray(blend.picture(100)).astype(int)
    steps = max(int(abs(numpy.diff(values, axis=axis)).max()) for axis in (0, 1))
    assert values.max() - values.min() >= 12
    assert steps <= 2


def test_what_is_coarse_comes_from_the_picture_and_what_is_fine_from_the_tiles() -> None:
    small = gradient(128, 128)
    blend = TileBlend(small, (256, 256))
    checks = numpy.indices((256, 256)).sum(0) % 2 * 40
    for part in tiles((256, 256), (128, 128)):
        fine = numpy.asarray(blend.crop(part)).astype(int) + checks[part.index][..., None] + 30  # brighter, and chequered
        blend.add(part, Image.fromarray(fine.clip(0, 255).astype("uint8")))
    drawn = blend.picture(2)
    middle = (32, 32, 96, 96)
    assert distance(drawn.resize((128, 128), Image.Resampling.BOX).crop(middle), small.crop(middle)) < 2
    values = numpy.asarray(drawn).astype(int)[64:192, 64:192]
    assert abs(values[:, 1:] - values[:, :-1]).mean() > 35


def test_an_unfinished_picture_shows_the_tiles_that_lie_and_elsewhere_what_was_there_before() -> None:
    small = gradient(128, 128)
    blend = TileBlend(small, (256, 256))
    first = tiles((256, 256), (128, 128), 16)[0]
    assert distance(blend.preview, small.resize((256, 256), Image.Resampling.LANCZOS)) < 1
    blend.add(first, Image.new("RGB", first.size, (200, 0, 0)))
    seen = blend.preview
    where = (0, 0, *first.size)
    assert distance(seen.crop(where), Image.new("RGB", first.size, (200, 0, 0))) == 0
    rest = (first.size[0], 0, 256, 256)
    assert distance(seen.crop(rest), TileBlend(small, (256, 256)).preview.crop(rest)) == 0


def test_a_look_at_an_unfinished_picture_costs_little_however_large_it_is() -> None:
    assert TileBlend(gradient(64, 48), (2048, 1536)).preview.size == (512, 384)


def test_a_seamless_picture_is_enlarged_as_one_that_goes_on_at_its_other_side() -> None:
    picture = gradient(64, 64)
    rolled = Image.fromarray(numpy.roll(numpy.asarray(picture), 32, axis=1))
    one, other = (TileBlend(each, (128, 128), seamless=True) for each in (picture, rolled))
    left, right = (numpy.asarray(each._enlarged) for each in (one, other))
    assert (numpy.roll(left, 64, axis=1) == right).all()
