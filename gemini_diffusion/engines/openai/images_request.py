"""One picture asked of a server of OpenAI's images API: what is sent, what is left out, what had to be said; asks nothing."""

from __future__ import annotations

import io
import json
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gemini_diffusion.engines.ignored_fields import fields_set, ignored_fields
from gemini_diffusion.engines.models import ANY, ImageModel
from gemini_diffusion.engines.openai.server_dialects import UNKNOWN, Dialect
from gemini_diffusion.engines.true_size import with_true_size
from gemini_diffusion.network.openai_server import Files
from gemini_diffusion.storage.image_check import BLACK, is_black
from gemini_diffusion.storage.metadata.containers import is_signed
from gemini_diffusion.types import ImageRequest, ImageResult

if TYPE_CHECKING:
    from PIL.Image import Image

PARTIAL_IMAGES = 2
"""Pictures shown while one is drawn, where the server draws in sight; each costs a little more."""
_ALWAYS_BASE64 = re.compile(r"^(chat)?gpt-image")
"""Models that know no response_format, and refuse it."""


@dataclass
class ImagesRequest:
    """One picture on its way: `model` is the server's own name, ANY until it is known; `found` is where the answer stands, the
    picture's bytes or its address: what was drawn once is not ordered again.
    """

    request: ImageRequest
    entry: ImageModel
    seed: int
    model: str = ANY
    dialect: Dialect = UNKNOWN
    found: bytes | str = b""
    began: float = field(default_factory=time.monotonic)
    notices: list[str] = field(default_factory=list)

    @property
    def path(self) -> str:
        return "/images/edits" if self.request.image else "/images/generations"

    @property
    def body(self) -> dict[str, Any]:
        """What is sent, as JSON or, with a picture, as the fields of a form."""
        size = f"{self.request.width}{self.dialect.divider}{self.request.height}"
        model = {"model": self.model} if self.model != ANY else {}
        shared = {**model, "prompt": self.request.prompt, "n": 1, "size": size}
        always = bool(_ALWAYS_BASE64.match(self.model))
        form = {} if always else {"response_format": "b64_json"}
        shown = {"stream": True, "partial_images": PARTIAL_IMAGES} if self.dialect.streams and always else {}
        body = self.dialect.put({**shared, **form, **shown}, self._extras)
        return {name: _field(value) for name, value in body.items()} if self.request.image else body

    @property
    def files(self) -> Files | None:
        """The picture to begin from, and where it is drawn anew."""
        if not self.request.image:
            return None
        mask = {"mask": ("mask.png", _holes(self.request.mask), "image/png")} if self.request.mask else {}
        return {"image": ("image.png", self.request.image, "image/png"), **mask}

    @property
    def _names(self) -> Mapping[str, str]:
        """What the server calls each field that it honours with this model."""
        names = self.dialect.names
        return names if self.entry.takes_negative else {ours: its for ours, its in names.items() if ours != "negative_prompt"}

    @property
    def _extras(self) -> dict[str, Any]:
        """What OpenAI has no word for, under the server's: what a person set, and the seed."""
        names = self._names
        wanted = {name: getattr(self.request, name) for name in self._set if name in names}
        if "adapters" in wanted:
            wanted["adapters"] = self.dialect.loras(self.request.adapters)
        if "seed" in names:
            wanted["seed"] = self.seed
        return {names[name]: value for name, value in wanted.items()}

    @property
    def _set(self) -> Iterator[str]:
        """The fields that were asked for otherwise than the server would have them itself."""
        yield from fields_set(self.request, self.entry)
        if self.request.image:
            yield "strength"

    @property
    def ignored(self) -> tuple[str, ...]:
        """The fields a person set that the server was not told, or is known not to heed."""
        can, told = self.dialect.capabilities(self.entry), {*self._names, "mask"}
        strength = ["strength"] if self.request.image and "strength" not in told else []
        return tuple(dict.fromkeys((*ignored_fields(self.request, self.entry, can, told), *strength)))

    def result(self, picture: Image, engine: str) -> ImageResult:
        """What is handed on."""
        if is_black(picture):
            self.notices.append(BLACK)
        if self.dialect.one_lora and len(self.request.adapters) > 1:
            self.notices.append(f"{self.dialect.label} takes one LoRA, so only {self.request.adapters[0].name} was used.")
        signed = self.found if isinstance(self.found, bytes) and is_signed(self.found) else b""
        return with_true_size(
            ImageResult(
                image=picture,
                request=self.request,
                seed=self.seed,
                engine=engine,
                seconds=time.monotonic() - self.began,
                ignored=self.ignored,
                notices=tuple(self.notices),
                versions={"server": self.dialect.label, "model": self.model},
                signed=signed,
            )
        )


def _field(value: Any) -> str:
    """A value as a form has it."""
    return value if isinstance(value, str) else json.dumps(value)


def _holes(mask: bytes) -> bytes:
    """Our mask, white where it is drawn anew, as servers want it: some look for holes there, others for white."""
    from PIL import Image as Pillow

    with Pillow.open(io.BytesIO(mask), formats=("PNG",)) as opened:
        white = opened.convert("L")
    holes = white.convert("RGB")
    holes.putalpha(white.point(lambda value: 255 - value))
    written = io.BytesIO()
    holes.save(written, "PNG")
    return written.getvalue()
