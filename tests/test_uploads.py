"""What a person brings: read safely, made clean of all but what is seen, marked, and begun from."""

from __future__ import annotations

import io
import random
import struct
import zlib
from pathlib import Path

import numpy
import pytest
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

from gemini_diffusion.storage import uploads
from gemini_diffusion.storage.gallery import Gallery, file_name, read_recipe
from gemini_diffusion.types import Picture
from gemini_diffusion.types.errors import BadInput
from tests.pictures import encoded

GPS, ORIENTATION = 0x8825, 0x0112


def swapped() -> bytes:
    """The profile of sRGB with the colourants of red and green the other way round."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return (
        profile.replace(b"\0s\0R\0G\0B", b"\0s\0w\0a\0p")
        .replace(b"rXYZ", b"....", 1)
        .replace(b"gXYZ", b"rXYZ", 1)
        .replace(b"....", b"gXYZ", 1)
    )


SWAPPED = swapped()


def profiled(mode: str, colour: object, profile: bytes) -> Image.Image:
    """A picture of one colour, whose file says `profile`."""
    image = Image.new(mode, (4, 4), colour)  # type: ignore[arg-type]
    if mode == "P":
        image.putpalette([0, 255, 0])
    image.info["icc_profile"] = profile
    return image


def halves(size: tuple[int, int] = (40, 20)) -> Image.Image:
    """Red on the left, blue on the right."""
    image = Image.new("RGB", size, "red")
    image.paste("blue", (size[0] // 2, 0, size[0], size[1]))
    return image


def kept(tmp_path: Path, image: Image.Image, name: str = "beach.jpg") -> Picture:
    return Gallery(tmp_path).save(image, uploads.upload_recipe(image, name))


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "WEBP"])
def test_the_three_formats_are_read(file_format: str) -> None:
    image = uploads.read_upload(encoded(halves(), file_format, quality=95))
    assert (image.mode, image.size) == ("RGB", (40, 20))
    assert image.getpixel((5, 10))[0] > 200 and image.getpixel((35, 10))[2] > 200  # type: ignore[index]


@pytest.mark.parametrize(
    ("image", "colour"),
    [
        (Image.fromarray(numpy.full((4, 4), 257 * 100, numpy.uint16)), (100, 100, 100)),
        (profiled("RGB", (0, 255, 0), SWAPPED), (255, 0, 0)),
        (profiled("RGBA", (0, 255, 0, 128), SWAPPED), (255, 127, 127)),
        (profiled("P", 0, SWAPPED), (255, 0, 0)),
        (profiled("L", 80, SWAPPED), (80, 80, 80)),
        (profiled("RGB", (0, 255, 0), b"no profile"), (0, 255, 0)),
        (profiled("RGB", (9, 255, 0), ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()), (9, 255, 0)),
    ],
)
def test_colours_are_those_that_the_file_means(image: Image.Image, colour: tuple[int, int, int]) -> None:
    read = uploads.read_upload(encoded(image, icc_profile=image.info.get("icc_profile"))).getpixel((1, 1))
    assert max(abs(one - other) for one, other in zip(read, colour, strict=True)) <= 2  # type: ignore[arg-type]


def test_a_picture_taken_sideways_stands_upright() -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    image = uploads.read_upload(encoded(halves((80, 40)), "JPEG", exif=exif.tobytes(), quality=95))
    assert image.size == (40, 80)
    assert image.getpixel((20, 10))[0] > 200 and image.getpixel((20, 70))[2] > 200  # type: ignore[index]


def test_nothing_that_a_camera_or_a_program_wrote_is_kept(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif.get_ifd(GPS)[1] = "N"
    exif[0x010F] = "SecretCamera"
    noted = PngInfo()
    noted.add_text("Comment", "<script>alert('SecretComment')</script>")
    photo = encoded(halves(), "JPEG", exif=exif.tobytes(), comment=b"SecretComment", icc_profile=b"SecretProfile")
    for content in (photo, encoded(halves(), exif=exif.tobytes(), pnginfo=noted) + b"<script>SecretTail</script>"):
        picture = kept(tmp_path, uploads.read_upload(content))
        with Image.open(picture.path) as image:
            assert set(image.info) == {"gemini-diffusion"} and not image.getexif()
        assert b"Secret" not in picture.path.read_bytes()
        for file_format in ("jpeg", "webp"):
            assert b"Secret" not in Gallery(tmp_path).export(picture, file_format).read_bytes()


def test_a_brought_picture_is_not_said_to_be_made_by_ai(tmp_path: Path) -> None:
    picture = kept(tmp_path, uploads.read_upload(encoded(halves())))
    for path in (picture.path, Gallery(tmp_path).export(picture, "jpeg"), Gallery(tmp_path).export(picture, "webp")):
        assert b"trainedAlgorithmicMedia" not in path.read_bytes()
        assert read_recipe(path) == picture.recipe


def test_what_shines_through_becomes_white_and_palettes_become_colours() -> None:
    glass = Image.new("RGBA", (8, 8), (255, 0, 0, 0))
    assert uploads.read_upload(encoded(glass)).getpixel((0, 0)) == (255, 255, 255)
    assert uploads.read_upload(encoded(halves().convert("P"))).mode == "RGB"
    assert uploads.read_upload(encoded(Image.new("L", (8, 8), 40))).getpixel((0, 0)) == (40, 40, 40)


def test_a_huge_picture_is_made_smaller() -> None:
    assert uploads.read_upload(encoded(Image.new("RGB", (4100, 2050)), "JPEG")).size == (2048, 1024)


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def bomb(width: int, height: int) -> bytes:
    """A small PNG that claims to be large."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0" * 100_000)) + chunk(b"IEND", b"")


TEXT_BOMB = (
    b"\x89PNG\r\n\x1a\n"
    + chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0))
    + chunk(b"zTXt", b"a\0\0" + zlib.compress(b"x" * 200_000_000, 9))
    + chunk(b"IEND", b"")
)


@pytest.mark.parametrize(
    "content",
    [
        b"", b"not a picture", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"GIF89a" + bytes(50), b"%PDF-1.7",
        encoded(halves(), "GIF"), encoded(halves(), "BMP"), encoded(halves(), "TIFF"), encoded(halves())[:-40],
        bomb(5001, 5000), bomb(9000, 9000), bomb(20_000, 20_000), TEXT_BOMB, bytes(10_000_001),
    ],
    ids=["nothing", "text", "svg", "a torn gif", "pdf", "gif", "bmp", "tiff", "cut off", "25 MP and more", "81 MP", "400 MP",
         "a bomb of text", "too many bytes"],
)  # fmt: skip
def test_what_is_no_picture_or_an_absurd_one_is_refused_with_the_next_step(content: bytes) -> None:
    with pytest.raises(BadInput) as caught:
        uploads.read_upload(content)
    assert caught.value.hint.startswith("Bring a")


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("My Beach (2).JPG", "my-beach-2-jpg.png"), ("../../etc/passwd", "etc-passwd.png"), ("<img src=x>", "img-src-x.png"),
        ("", "picture.png"), ("\x00\n\u202e", "picture.png"), ("é" * 300, f"{'e' * 60}.png"),
    ],
)  # fmt: skip
def test_a_name_becomes_a_plain_one(name: str, file: str) -> None:
    recipe = uploads.upload_recipe(halves(), name)
    assert file_name(recipe) == file
    assert len(recipe.crafted.title) <= 80 and recipe.crafted.title.isprintable()


def test_a_drawing_begins_from_the_very_file_that_is_kept(tmp_path: Path) -> None:
    picture = kept(tmp_path, halves())
    canvas = uploads.start_image(picture)
    assert (canvas.image, canvas.mask, canvas.source) == (picture.path.read_bytes(), b"", picture.id)
    picture.path.unlink()
    with pytest.raises(BadInput, match="not here any more"):
        uploads.start_image(picture)


def test_marks_are_kept_in_one_file_with_the_picture_and_neither_loses_by_it(tmp_path: Path) -> None:
    noise = Image.frombytes("RGB", (40, 20), random.Random(7).randbytes(2400))
    mask = Image.new("L", (80, 40))
    mask.paste(255, (40, 0, 80, 40))
    marked = kept(tmp_path, uploads.with_marks(kept(tmp_path, noise), encoded(mask)))
    canvas = uploads.start_image(marked)
    with Image.open(io.BytesIO(canvas.image)) as image, Image.open(io.BytesIO(canvas.mask)) as again:
        assert image.tobytes() == noise.tobytes()
        assert (again.mode, again.size, again.getcolors()) == ("L", (40, 20), [(400, 0), (400, 255)])
        assert again.getpixel((30, 10)) == 255
    assert canvas.source == marked.id


def test_marking_nothing_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="Nothing is marked"):
        uploads.with_marks(kept(tmp_path, halves()), encoded(Image.new("L", (40, 20))))
    with pytest.raises(BadInput):
        uploads.with_marks(kept(tmp_path, halves()), b"no mask")
