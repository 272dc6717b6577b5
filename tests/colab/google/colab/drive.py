"""Google Drive: only noted."""

from __future__ import annotations

from google.colab import note


def mount(mountpoint: str) -> None:
    note("drive", mountpoint=mountpoint)
