"""The frame below a cell: only noted."""

from __future__ import annotations

from google.colab import note


def serve_kernel_port_as_iframe(
    port: int, path: str = "/", width: str = "100%", height: str = "400", cache_in_notebook: bool = False
) -> None:
    note("output", port=port, path=path, height=height)
