"""What a server of OpenAI's images API answers and refuses with, in our words; asks nothing itself."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any, ClassVar

from gemini_diffusion.network.openai_errors import OpenAiRefusal
from gemini_diffusion.types.errors import BadAnswer


class ImagesRefusal(OpenAiRefusal):
    """A refusal of a picture."""

    __slots__ = ()
    takes_nothing: ClassVar[str] = "draws no pictures"


def is_partial(event: Mapping[str, Any]) -> bool:
    """Whether it only shows how far a picture has come."""
    return str(event.get("type", "")).endswith("partial_image")


def read_entry(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """The picture in a whole answer, or in the last event of a streamed one; {} where there is none."""
    data = event.get("data")
    entry = data[0] if isinstance(data, list) and data else event
    return entry if isinstance(entry, dict) else {}


def read_place(entry: Mapping[str, Any]) -> bytes | str:
    """The picture's bytes, or the address where it lies; b"" for neither. Raises BadAnswer for what is not base64."""
    coded, place = entry.get("b64_json"), entry.get("url")
    if isinstance(place, str) and place.startswith("data:"):
        coded = place.partition(",")[2]
    if not isinstance(coded, str) or not coded:
        return place if isinstance(place, str) else b""
    try:
        return base64.b64decode(coded.partition(";base64,")[2] or coded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadAnswer("The picture arrived damaged or cut off.", begun=True) from error
