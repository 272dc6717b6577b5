"""A pipeline for one drawing: it shares all weights with the loaded one and has a scheduler and a state of its own."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any


def view_of(base: Any, scheduler: Any) -> Any:
    """A view of `base`, a loaded diffusers pipeline that is itself never called, with this `scheduler`."""
    kind = type(base)
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
