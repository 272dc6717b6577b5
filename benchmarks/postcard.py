"""A Postcard picture through the app's engine against the bare diffusers call in the same process; knows no window.

`python -m benchmarks.postcard [rounds]` prints seconds and megabytes. Rounds alternate, so that a busy machine is busy for
both; the same threads, steps, guidance, seed and scheduler. The claim: at most 1.03 times the bare call and 50 ms. Processor
time says the same where other programs take turns.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from gemini_diffusion.config.settings import Settings
from gemini_diffusion.engines import models
from gemini_diffusion.engines.local.local_engine import LocalEngine
from gemini_diffusion.types import Event, ImageRequest

ENTRY = models.find_model("postcard")
PROMPT = "a red cat on the beach at sunset"


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    with tempfile.TemporaryDirectory() as home, asyncio.Runner() as runner:
        engine = LocalEngine(Path(home))
        try:
            compare(rounds, lambda: runner.run(engine.generate(request(), Settings(), unseen)).image)
        finally:
            runner.run(engine.close())


def compare(rounds: int, through_engine: Callable[[], Any]) -> None:
    """Print the first picture, then both ways in turn."""
    idle = resident()
    first = seconds(through_engine)
    print(f"first picture, packages and weights loaded  {first:8.2f} s   (at most 8 more than a later one)")
    print(f"memory above the idle engine                {resident() - idle:8.0f} MB  (at most 700)")
    bare = open_bare()
    for draw in (bare, through_engine):
        draw()
    for name, clock in (("wall clock", time.perf_counter), ("processor time", time.process_time)):
        pairs = [(seconds(bare, clock), seconds(through_engine, clock)) for _ in range(rounds)]
        plain, ours = (statistics.median(column) for column in zip(*pairs, strict=True))
        print(f"{name}, medians of {rounds}")
        print(f"  bare diffusers call                       {plain:8.3f} s")
        print(f"  through the engine                        {ours:8.3f} s   (at most 2)")
        print(f"  ratio                                     {ours / plain:8.3f}     (at most {1.03 + 0.05 / plain:.3f})")


def request() -> ImageRequest:
    width, height = ENTRY.sizes[0]
    return ImageRequest(PROMPT, ENTRY.id, width, height, ENTRY.num_inference_steps, ENTRY.guidance_scale, seed=1)


def open_bare(steps: int = ENTRY.num_inference_steps) -> Callable[[], Any]:
    """The call a person would write who knows diffusers; on the threads that the engine has chosen."""
    import torch
    from diffusers import StableDiffusionXLPipeline

    pipe: Any = StableDiffusionXLPipeline.from_pretrained(ENTRY.source, dtype=torch.float32, add_watermarker=False)
    pipe.set_progress_bar_config(disable=True)
    asked = request()

    def draw() -> Any:
        return pipe(
            asked.prompt,
            num_inference_steps=steps,
            guidance_scale=asked.guidance_scale,
            generator=torch.Generator().manual_seed(1),
        ).images[0]

    return draw


def seconds(work: Callable[[], Any], clock: Callable[[], float] = time.perf_counter) -> float:
    start = clock()
    work()
    return clock() - start


def resident() -> float:
    """Megabytes of resident memory of this process."""
    return psutil.Process().memory_info().rss / 1e6


def unseen(event: Event) -> None:
    """Nobody watches a benchmark."""


if __name__ == "__main__":
    main()
