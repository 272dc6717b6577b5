"""The thirteen places by name; knows nothing of who stands there."""

from __future__ import annotations

from collections.abc import Callable

from postcard2 import landscapes, rooms, scene, towns
from postcard2.stage import Stage

PLACES: dict[str, Callable[[Stage], None]] = {
    name: getattr(home, name) for home in (landscapes, rooms, towns) for name in scene.PLACES if hasattr(home, name)
}
