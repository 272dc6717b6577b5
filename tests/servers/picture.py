"""Pictures made on the spot, as bytes; knows no service."""

from __future__ import annotations

import io
import random
from dataclasses import dataclass

from PIL import Image, ImageDraw


@dataclass(frozen=True)
class Picture:
    """A picture and the bytes of it."""

    image: Image.Image

    @classmethod
    def noise(cls, seed: int = 0, width: int = 64, height: int = 64) -> Picture:
        """Coloured noise: the same for the same seed, and nothing that compresses."""
        return cls(Image.frombytes("RGB", (width, height), random.Random(seed).randbytes(3 * width * height)))

    @classmethod
    def solid(cls, colour: str = "teal", width: int = 64, height: int = 64) -> Picture:
        """One colour, by a name or #rrggbb."""
        return cls(Image.new("RGB", (width, height), colour))

    @classmethod
    def black(cls, width: int = 64, height: int = 64) -> Picture:
        """What a safety filter or a half-precision decoder leaves."""
        return cls.solid("black", width, height)

    @classmethod
    def labelled(cls, text: str, seed: int = 0, width: int = 512, height: int = 512) -> Picture:
        """A gradient in colours of the seed with words on it, to be told apart by eye."""
        colour = random.Random(seed)
        start, end = ([colour.randrange(40, 216) for _ in range(3)] for _ in range(2))
        corners = Image.new("RGB", (2, 2))
        middle = [(a + b) // 2 for a, b in zip(start, end, strict=True)]
        corners.putdata([tuple(start), tuple(middle), tuple(middle), tuple(end)])
        image = corners.resize((width, height), Image.Resampling.BILINEAR)
        ImageDraw.Draw(image).multiline_text((width // 16, height // 16), text, fill="white", font_size=max(12, width // 16))
        return cls(image)

    def png(self) -> bytes:
        """The bytes as PNG."""
        return self._saved("PNG")

    def jpeg(self, quality: int = 90) -> bytes:
        """The bytes as JPEG."""
        return self._saved("JPEG", quality=quality)

    def _saved(self, form: str, **options: int) -> bytes:
        target = io.BytesIO()
        self.image.save(target, form, **options)
        return target.getvalue()
