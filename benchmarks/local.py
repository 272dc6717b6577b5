"""Drawing on this machine through the app's engine against the bare diffusers call in the same process; knows no window.

`python -m benchmarks.local [rounds]` prints seconds: one picture with previews on, and a batch of four against four single
calls. Rounds alternate, so that a busy machine is busy for both; processor time says the same where other programs take
turns. Claims: one picture at most 1.03 times the bare call and 50 ms; a batch no slower than one by one.

With a GPU it then draws 1024 x 1024 in 30 steps, SDXL where it is on this machine and else its architecture with random
weights, and prints seconds and peak memory of the bare call in float16 and of the engine.
"""

from __future__ import annotations

import asyncio
import dataclasses
import functools
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks import full_size
from benchmarks.postcard import open_bare, request, seconds
from gemini_diffusion.config.settings import Settings
from gemini_diffusion.engines import models
from gemini_diffusion.engines.downloads.model_store import ModelStore
from gemini_diffusion.engines.local.local_engine import LocalEngine
from gemini_diffusion.types import Event, ImageRequest, Preview

LARGE = ImageRequest("a red fox in the snow, cinematic light", "", 1024, 1024, 30, 5.0, seed=1)


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    with tempfile.TemporaryDirectory() as home, asyncio.Runner() as runner:
        engine = Engine(runner, Path(home))
        try:
            one_picture(engine, rounds)
            four_pictures(engine, rounds)
            large_picture(engine, Path(home))
        finally:
            runner.run(engine.local.close())


class Engine:
    """The engine, called as from a program without a loop of its own; it counts the previews it is told of."""

    def __init__(self, runner: asyncio.Runner, home: Path) -> None:
        self.local = LocalEngine(home)
        self.previews = 0
        self._runner = runner

    def draw(self, *requests: ImageRequest) -> None:
        """All of them, asked at once."""
        self._runner.run(self._draw(requests))

    async def _draw(self, requests: Sequence[ImageRequest]) -> None:
        await asyncio.gather(*(self.local.generate(each, Settings(), self._watch) for each in requests))

    def _watch(self, event: Event) -> None:
        self.previews += isinstance(event, Preview)


def one_picture(engine: Engine, rounds: int) -> None:
    """Also with enough steps to last longer than the first preview takes to come."""
    for steps in (request().num_inference_steps, 60):
        asked = dataclasses.replace(request(), num_inference_steps=steps)
        bare, ours = open_bare(steps), functools.partial(engine.draw, asked)
        engine.previews = 0
        times = compare(rounds, bare, ours)
        print(f"Postcard, {steps} steps, {engine.previews} previews in {2 * rounds + 1} drawings")
        for clock, (plain, through) in times.items():
            ratio = f"{through / plain:.3f} (at most {1.03 + 0.05 / plain:.3f})"
            print(f"  {clock:15} bare {plain:.3f} s, through the engine {through:.3f} s: {ratio}")


def four_pictures(engine: Engine, rounds: int) -> None:
    """One party's four like requests, asked at once and one after the other."""
    four = [dataclasses.replace(request(), seed=seed, party="a person") for seed in range(4)]

    def one_by_one() -> None:
        for each in four:
            engine.draw(each)

    print("Postcard, four pictures of one person")
    for clock, (apart, together) in compare(rounds, one_by_one, functools.partial(engine.draw, *four)).items():
        print(f"  {clock:15} one by one {apart:.3f} s, as a batch {together:.3f} s: {together / apart:.3f} (at most 1)")


def large_picture(engine: Engine, home: Path) -> None:
    """Seconds and peak memory of the GPU for the same picture, bare and through the engine."""
    import torch

    if not torch.cuda.is_available():
        print("No GPU: 1024 x 1024 in 30 steps was not measured.")
        return
    folder = ModelStore.at(home).find(models.find_model("sdxl")) or random_sdxl(home / "full-size-xl")
    print(f"SDXL on {torch.cuda.get_device_name(0)}, 1024 x 1024, 30 steps, the bare call in float16")
    measured("bare diffusers call", bare_large(folder))
    torch.cuda.empty_cache()
    measured("through the engine", lambda: engine.draw(dataclasses.replace(LARGE, model=str(folder))))


def random_sdxl(folder: Path) -> Path:
    folder.mkdir()
    full_size.build(folder)
    return folder


def measured(name: str, draw: Callable[[], Any]) -> None:
    """Print what a way takes once everything is loaded."""
    import torch

    draw()
    torch.cuda.reset_peak_memory_stats()
    took = statistics.median(seconds(draw) for _ in range(3))
    print(f"  {name:20} {took:8.3f} s, {torch.cuda.max_memory_allocated() / 1e9:.2f} GB at most")


def bare_large(folder: Path) -> Callable[[], Any]:
    """The plain call; with it goes the memory it holds."""
    import torch
    from diffusers import StableDiffusionXLPipeline

    pipe: Any = StableDiffusionXLPipeline.from_pretrained(folder, dtype=torch.float16, add_watermarker=False).to("cuda")
    pipe.set_progress_bar_config(disable=True)
    numbers = {"num_inference_steps": LARGE.num_inference_steps, "guidance_scale": LARGE.guidance_scale}
    return lambda: pipe(LARGE.prompt, **numbers, generator=torch.Generator().manual_seed(1)).images[0]


def compare(rounds: int, first: Callable[[], Any], second: Callable[[], Any]) -> dict[str, tuple[float, float]]:
    """Median seconds of both by two clocks, in turn, after one of each that is not counted."""
    first(), second()
    times = {}
    for name, clock in (("wall clock", time.perf_counter), ("processor time", time.process_time)):
        pairs = [(seconds(first, clock), seconds(second, clock)) for _ in range(rounds)]
        times[name] = statistics.median(one for one, _ in pairs), statistics.median(other for _, other in pairs)
    return times


if __name__ == "__main__":
    main()
