"""A picture's colours as every screen takes them: 8 bits a channel, in sRGB, whatever profile or depth its file has."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

_DEEP = ("I;16", "I;16B", "I;16L", "I")
"""Modes of grey pictures with 16 bits, which Pillow's own conversion would cut off at 255."""
_OF_SPACE = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"}


def as_srgb(image: Image) -> Image:
    """The picture in RGB, or RGBA where something of it is transparent. A profile that cannot be read is passed over."""
    shallow = as_8_bit(image)
    mode = "RGBA" if shallow.has_transparency_data else "RGB"
    profile = shallow.info.get("icc_profile")
    converted = _through_profile(shallow, profile) if isinstance(profile, bytes) else None
    if converted is None:
        return shallow.convert(mode)
    if mode == "RGBA":
        converted.putalpha(shallow.convert("RGBA").getchannel("A"))
    return converted


def as_8_bit(image: Image) -> Image:
    """A picture of 16 bits scaled to 8; any other as it is."""
    if image.mode not in _DEEP:
        return image
    import numpy
    from PIL import Image as Pillow

    scaled = numpy.asarray(image).astype(numpy.float32) / 257
    shallow = Pillow.fromarray(scaled.round().clip(0, 255).astype(numpy.uint8))
    shallow.info = image.info
    return shallow


def _through_profile(image: Image, content: bytes) -> Image | None:
    """The picture converted from its profile to sRGB; None where it is sRGB already, or the profile is broken or odd."""
    from PIL import ImageCms

    try:
        profile = ImageCms.getOpenProfile(io.BytesIO(content))
        mode = _OF_SPACE.get(profile.profile.xcolor_space.strip())
        if mode is None or ImageCms.getProfileDescription(profile).startswith("sRGB"):
            return None
        source = image if image.mode == mode else image.convert(mode)
        return ImageCms.profileToProfile(source, profile, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None
