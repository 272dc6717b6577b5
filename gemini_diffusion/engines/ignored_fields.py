"""What of a request does not reach a service that draws, so that the result can name it; knows no service."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection

from gemini_diffusion.commands import find_unsupported
from gemini_diffusion.engines.models import ImageModel
from gemini_diffusion.types import Capabilities, ImageRequest

_DEFAULTS = {each.name: each.default for each in dataclasses.fields(ImageRequest)}
_NAMES = (
    "negative_prompt", "guidance_scale", "num_inference_steps", "seed", "prompt_2", "scheduler", "adapters", "clip_skip",
    "mask",
)  # fmt: skip


def fields_set(request: ImageRequest, entry: ImageModel) -> tuple[str, ...]:
    """The fields that a person set otherwise than the model has them by itself."""
    by_itself = {"guidance_scale": entry.guidance_scale, "num_inference_steps": entry.num_inference_steps}
    return tuple(name for name in _NAMES if getattr(request, name) != by_itself.get(name, _DEFAULTS[name]))


def ignored_fields(request: ImageRequest, entry: ImageModel, can: Capabilities, told: Collection[str] = ()) -> tuple[str, ...]:
    """Each field once that was set and is neither among what the service `can` do nor among those that it is `told`."""
    unsupported = (flag.request for flag in find_unsupported(request, can))
    return tuple(dict.fromkeys((*unsupported, *(name for name in fields_set(request, entry) if name not in told))))
