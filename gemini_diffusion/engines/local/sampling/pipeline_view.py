"""A pipeline for one drawing: all weights are the loaded one's, the scheduler and the state its own; loads nothing."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

FROM_PICTURE = {
    "StableDiffusionXLPipeline": "StableDiffusionXLImg2ImgPipeline",
    "StableDiffusionPipeline": "StableDiffusionImg2ImgPipeline",
}
"""The pipeline that begins from noise -> the one that begins from a picture, with the same parts."""


def from_picture(diffusers: Any, base: Any) -> Any:
    """The class of the pipeline that draws from a picture with `base`'s parts."""
    return getattr(diffusers, FROM_PICTURE[type(base).__name__])


def view_of(base: Any, scheduler: Any, kind: Any = None) -> Any:
    """A view of `base`, a loaded diffusers pipeline that is itself never called, with this `scheduler`.

    `kind` is another class of pipeline for the same parts, None for the base's own.
    """
    kind = kind or type(base)
    switches = {
        name: base.config[name]
        for name in inspect.signature(kind.__init__).parameters
        if name in base.config and name not in base.components and isinstance(base.config[name], bool)
    }
    if "add_watermarker" in inspect.signature(kind.__init__).parameters:
        switches["add_watermarker"] = False
    view = kind(**{**base.components, "scheduler": scheduler}, **switches)
    view.set_progress_bar_config(disable=True)
    return view


def parts_of(pipeline: Any) -> Iterator[Any]:
    """The networks of a pipeline: what has weights."""
    return (part for part in pipeline.components.values() if hasattr(part, "modules"))
