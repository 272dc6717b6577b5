"""The recipes that programs of the field write into their pictures: each dialect a file, all read into one value."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping

from gemini_diffusion.storage.metadata import (
    a1111,
    comfyui,
    draw_things,
    easy_diffusion,
    fooocus,
    invokeai,
    midjourney,
    novelai,
    swarmui,
)
from gemini_diffusion.storage.metadata.containers import exif_text, read_texts
from gemini_diffusion.storage.metadata.found_recipe import LONGEST_TEXT, FoundLora, FoundRecipe, json_object
from gemini_diffusion.storage.metadata.stealth import read_stealth

__all__ = ["FoundLora", "FoundRecipe", "read_foreign", "read_from_picture", "read_picture_texts"]

_DIALECTS: tuple[Callable[[Mapping[str, str]], FoundRecipe | None], ...] = (
    novelai.read, invokeai.read, swarmui.read, fooocus.read, easy_diffusion.read, draw_things.read, a1111.read, comfyui.read,
    midjourney.read,
)  # fmt: skip
"""The narrowest first: two of them share a name of a text, and several a form. A file may hold A1111's text beside a graph."""
_EXIF_NAMES = {
    "exif:010e": "ImageDescription", "exif:010f": "Make", "exif:0110": "Model", "exif:0131": "Software",
    "exif:9286": "UserComment",
}  # fmt: skip
_XMP_COMMENT = re.compile(r"<exif:UserComment>.{0,200}?<rdf:li[^>]*>(.*?)</rdf:li>", re.DOTALL)


def read_picture_texts(content: bytes) -> dict[str, str]:
    """All that a picture carries as text by name, the hidden one of NovelAI and Forge as `stealth`."""
    texts = read_texts(content)
    if not texts.keys() & {"parameters", "Comment", "prompt"} and (hidden := read_stealth(content)):
        texts["stealth"] = hidden
    return texts


def read_foreign(texts: Mapping[str, str]) -> FoundRecipe | None:
    """The recipe in a picture's texts, None where no dialect is found in them. Never raises, whatever stands there."""
    known = _named(texts)
    return next(filter(None, (read(known) for read in _DIALECTS)), None)


def read_from_picture(content: bytes) -> FoundRecipe | None:
    """The same from the picture itself."""
    return read_foreign(read_picture_texts(content))


def _named(texts: Mapping[str, str]) -> dict[str, str]:
    """The texts by the names that the dialects know, those of EXIF decoded."""
    known = {name: value for name, value in texts.items() if isinstance(value, str) and len(value) <= LONGEST_TEXT}
    coded = {name: known.pop(name) for name in list(known) if name.startswith("exif:")}
    known |= {_EXIF_NAMES.get(name, name): exif_text(value) for name, value in coded.items()}
    if comment := _XMP_COMMENT.search(known.get("xmp", "")):
        known.setdefault("UserComment", html.unescape(comment[1]))
    if hidden := known.get("stealth"):
        told = {name: value for name, value in json_object(hidden).items() if isinstance(value, str)}
        known = {**(told if "Comment" in told else {"parameters": hidden}), **known}
    return known
