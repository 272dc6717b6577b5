"""Gemini Diffusion: a person's words become a crafted prompt, the prompt a picture, and what decided it stays with it.

In a program: `from gemini_diffusion import imagine`, then `imagine("a fox in the snow")`; see generation/python_api.py. The
types of these names stand in __init__.pyi, so that no import leads from here to them: every module imports this package.
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.2.0"
__all__ = ["Painter", "__version__", "imagine", "imagine_async", "read_recipe", "reproduce"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(importlib.import_module("gemini_diffusion.generation.python_api"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
