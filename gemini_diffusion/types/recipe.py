"""A kept picture and its recipe: everything that decided it, as it stands in the picture's file."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath, PureWindowsPath
from typing import TYPE_CHECKING, Any

from gemini_diffusion.types.image import CraftedPrompt, ImageRequest

if TYPE_CHECKING:
    from pydantic_core import CoreSchema

_IN_REQUEST = {entry.name for entry in dataclasses.fields(ImageRequest)} - {"image", "mask", "party"}
_MODEL_FLAG = re.compile(r'(--model(?:\s+|=))("[^"]*"|\S+)')
_IN_CRAFTED = {entry.name for entry in dataclasses.fields(CraftedPrompt)} - {"notices"}


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that decided a picture.

    `request` is the request as it was carried out: with the seed, the scheduler and the size in pixels that were used, without
    the bytes of the picture it began from; its `strength` is 0 where it began from none. `crafted` has the same words, and what
    was kept of the idea. `created` is ISO 8601 in UTC, `line` the canonical /imagine line that makes the picture again.
    `ignored` names the request's fields without effect, `notices` are all sentences that were told about the picture. `veiled`
    says that the picture filter wants it clicked before it is seen. `parent` is the id of the picture that this is another
    version of, "" for one that was asked for anew. `hashes` are the beginnings of the SHA-256 by which other programs know its
    model and LoRAs, by their names here. `memory` is the most bytes of a GPU's memory that the drawing took, on a processor
    what the program held after it, 0 where nobody knows.

    Written as JSON it is flat, as in 0.2.0: the fields of both parts beside its own. They are an allow-list, so that no key
    can slip in.
    """

    request: ImageRequest
    crafted: CraftedPrompt
    engine: str
    created: str
    line: str
    ignored: tuple[str, ...] = ()
    seconds: float = 0.0
    versions: Mapping[str, str] = field(default_factory=dict)
    notices: tuple[str, ...] = ()
    veiled: bool = False
    parent: str = ""
    hashes: Mapping[str, str] = field(default_factory=dict)
    memory: int = 0

    @property
    def original(self) -> str:
        return self.crafted.original

    @property
    def crafted_by(self) -> str:
        return self.crafted.crafted_by

    @property
    def prompt(self) -> str:
        return self.request.prompt

    @property
    def negative_prompt(self) -> str:
        return self.request.negative_prompt

    @property
    def model(self) -> str:
        return self.request.model

    @property
    def seed(self) -> int:
        """The seed that was used, 0 for a picture that nobody drew."""
        return self.request.seed or 0

    @property
    def width(self) -> int:
        return self.request.width

    @property
    def height(self) -> int:
        return self.request.height

    @property
    def num_inference_steps(self) -> int:
        return self.request.num_inference_steps

    @property
    def guidance_scale(self) -> float:
        return self.request.guidance_scale

    @property
    def scheduler(self) -> str:
        return self.request.scheduler

    def with_model(self, model: str) -> Recipe:
        """The same with another name for its model, in the line and among the hashes too."""
        hashes = {model if name == self.model else name: digest for name, digest in self.hashes.items()}
        line = _MODEL_FLAG.sub(lambda found: f'{found[1]}"{model}"', self.line, count=1)
        return dataclasses.replace(self, request=dataclasses.replace(self.request, model=model), hashes=hashes, line=line)

    def flat(self) -> dict[str, Any]:
        """The recipe as one flat dictionary that JSON can hold, the way files and programs get it.

        A model that lies on this machine's disk is named by its file alone: where that lies is nobody's business.
        """
        if name := _name_of_place(self.model):
            return self.with_model(name).flat()
        request, crafted = dataclasses.asdict(self.request), dataclasses.asdict(self.crafted)
        own = {entry.name: getattr(self, entry.name) for entry in dataclasses.fields(self)[2:]}
        told = {name: value for name, value in crafted.items() if name in _IN_CRAFTED}
        asked = {name: value for name, value in request.items() if name in _IN_REQUEST}
        return told | asked | own | {"versions": dict(self.versions), "hashes": dict(self.hashes)}

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Callable[[Any], CoreSchema]) -> CoreSchema:
        """How pydantic reads and writes it: flat, wherever it stands; fields of a later version are passed over."""
        from pydantic_core import core_schema

        flat = core_schema.plain_serializer_function_ser_schema(cls.flat)
        return core_schema.no_info_before_validator_function(_nested, handler(source), serialization=flat)


def _name_of_place(model: str) -> str:
    """The name of a file or folder that is named by its whole path, in any system's way; "" for any other model."""
    path = PurePath(model) if PurePath(model).is_absolute() else PureWindowsPath(model)
    return path.name if path.is_absolute() else ""


def _nested(flat: Any) -> Any:
    """A flat recipe with the fields of its two parts under their names; anything else as it is, for pydantic to refuse."""
    if not isinstance(flat, dict):
        return flat
    request = {name: value for name, value in flat.items() if name in _IN_REQUEST}
    return flat | {"request": request, "crafted": {name: value for name, value in flat.items() if name in _IN_CRAFTED}}


@dataclass(frozen=True, slots=True)
class Picture:
    """A kept picture: `id` is random (128 bits, hex), `path` the one file that is shown and downloaded."""

    id: str
    path: Path
    recipe: Recipe
