"""What the first picture of a page costs against the next one, with and without what is loaded while the person still types.

`python -m benchmarks.first_picture` draws two Postcard pictures in a fresh process each way, and prints processor seconds and
seconds waited of both, and their ratio. The memory is what the process holds before anything is drawn.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from gemini_diffusion.config.settings import Settings
from gemini_diffusion.engines.local.local_engine import LocalEngine
from gemini_diffusion.engines.models import FIRST_RUN, find_model
from gemini_diffusion.types import ImageRequest

TYPING = 10.0
"""Seconds between the page and the first message."""


def main() -> None:
    """Both ways, each in a process of its own."""
    print(f"{'':10}{'first':>16}{'next':>16}{'ratio':>14}{'memory before':>16}")
    for way in ("prepared", "cold"):
        command = [sys.executable, "-m", "benchmarks.first_picture", way]
        told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        first, later, memory = json.loads(told)
        sides = "".join(f"{processor:8.2f}{waited:8.2f}" for processor, waited in (first, later))
        ratios = "".join(f"{before / after:7.1f}" for before, after in zip(first, later, strict=True))
        print(f"{way:10}{sides}{ratios}{memory / 1e6:13.0f} MB")


async def measured(prepared: bool) -> None:
    """The seconds of the first and of the next picture, and bytes of memory before, as JSON on standard output."""
    with tempfile.TemporaryDirectory() as home:
        engine = LocalEngine(Path(home))
        if prepared:
            engine.prepare(Settings())
        await asyncio.sleep(TYPING)
        memory = psutil.Process().memory_info().rss
        print(json.dumps([await _drawn(engine), await _drawn(engine), memory]))
        await engine.close()


async def _drawn(engine: LocalEngine) -> tuple[float, float]:
    entry = find_model(FIRST_RUN)
    numbers = *entry.sizes[0], entry.num_inference_steps, entry.guidance_scale
    request = ImageRequest("a red cat on the beach", FIRST_RUN, *numbers, seed=7)
    processor, waited = time.process_time(), time.perf_counter()
    await engine.generate(request, Settings(), lambda event: None)
    return time.process_time() - processor, time.perf_counter() - waited


if __name__ == "__main__":
    if len(sys.argv) > 1:
        asyncio.run(measured(sys.argv[1] == "prepared"))
    else:
        main()
