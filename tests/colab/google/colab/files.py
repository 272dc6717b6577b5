"""A download to the person's browser: only noted."""

from __future__ import annotations

from google.colab import note


def download(filename: str) -> None:
    note("files", filename=filename)
