"""How a model and a picture fit into what is free: the plan before loading, and the next cheaper one; measures nothing.

Rungs, the fastest first: everything on the device; the picture decoded in tiles; parts that wait in memory and take turns;
layers that do; half the bytes where a processor computes in float32; a smaller picture. Below that only another engine helps.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Literal

from gemini_diffusion.engines.downloads.model_store import in_bytes
from gemini_diffusion.engines.local.loading.device import Machine, Placement
from gemini_diffusion.types.errors import OutOfMemory

BYTES = {"float32": 4, "float16": 2, "bfloat16": 2}
"""Of one number."""
MEGAPIXEL = 1024 * 1024
DECODER = 1_740_000_000
"""Bytes that decoding takes for each megapixel in 16 bits, measured with SDXL's decoder; twice as much in 32."""
TILES = 440_000_000
"""The same in tiles of 512 pixels, whatever the size of the picture."""
SAMPLER = 600_000_000
"""Bytes that a step takes for each megapixel in 16 bits, both halves of guidance at once."""
LARGEST_LAYER = 150_000_000
"""Numbers of a layer and what is around it, where layers come one by one."""
SLACK = 400_000_000
"""What the device's driver and torch keep for themselves."""
SMALLER = 0.75
"""Times its sides is a picture that is drawn smaller."""
GRID = 64
"""Sides of a picture that was made smaller are multiples of this."""
ELSEWHERE = "Close other programs, choose a smaller model such as dreamshaper-lcm or postcard, or draw it at Hugging Face."


@dataclass(frozen=True, slots=True)
class Weights:
    """How many numbers a model holds: `total`, and its `largest` part alone."""

    total: int
    largest: int

    def __add__(self, other: Weights) -> Weights:
        """Both models, in memory at once."""
        return Weights(self.total + other.total, max(self.largest, other.largest))


@dataclass(frozen=True, slots=True)
class MemoryPlan:
    """Where a model is put and what waits elsewhere: `offload` "model" its parts, "sequential" its layers.

    `tiling` decodes in tiles; `halved` is a processor made to compute in 16 bits; `scale` is how much smaller sides are drawn
    than asked; `reason` is the sentence for the person, "" where everything fits.
    """

    placement: Placement
    offload: Literal["", "model", "sequential"] = ""
    tiling: bool = False
    halved: bool = False
    scale: float = 1.0
    reason: str = ""

    def cheaper(self) -> MemoryPlan | None:
        """The next rung, with its reason; None below the last."""
        rung = self._next()
        return rung and dataclasses.replace(rung, reason=f"The memory did not suffice, so {rung.measures}.")

    def needed(self, weights: Weights, pixels: int) -> tuple[int, int]:
        """Bytes that a picture of so many pixels takes: on the device, and in memory beside it."""
        each = BYTES[self.placement.dtype]
        there = {"": weights.total, "model": weights.largest, "sequential": min(LARGEST_LAYER, weights.total)}[self.offload]
        return there * each + self._working(pixels * self.scale**2), weights.total * each if self.offload else 0

    def size(self, width: int, height: int) -> tuple[int, int]:
        """The size that is really drawn where `width` x `height` is asked for."""
        if self.scale == 1:
            return width, height
        return self._side(width), self._side(height)

    @property
    def measures(self) -> str:
        """What saves most memory, in words that follow "so"; "" where nothing does."""
        if self.scale < 1:
            return f"pictures are drawn at {self.scale:.0%} of their sides"
        if self.offload == "model":
            return "its parts wait in memory and take turns"
        if self.offload:
            return "its layers come one by one, slowly"
        if self.halved:
            return "it computes in bfloat16, with half the bytes"
        return "pictures are decoded in tiles" if self.tiling else ""

    def _next(self) -> MemoryPlan | None:
        device, dtype = self.placement.device, self.placement.dtype
        if not self.tiling:
            return dataclasses.replace(self, tiling=True)
        if device == "cuda" and self.offload != "sequential":
            return dataclasses.replace(self, offload="sequential" if self.offload else "model")
        if device == "cpu" and dtype == "float32":
            return dataclasses.replace(self, halved=True, placement=dataclasses.replace(self.placement, dtype="bfloat16"))
        return dataclasses.replace(self, scale=SMALLER) if self.scale == 1 else None

    def _working(self, pixels: float) -> int:
        """Bytes for what is computed on the way: sampling and decoding are never at once."""
        dtype, share = self.placement.dtype, pixels / MEGAPIXEL
        decoder = (min(TILES, DECODER * share) if self.tiling else DECODER * share) * (1 if dtype == "bfloat16" else 2)
        return int(max(decoder, SAMPLER * share * BYTES[dtype] / 2))

    def _side(self, side: int) -> int:
        return max(GRID, round(side * self.scale / GRID) * GRID)


def plan_memory(label: str, weights: Weights, machine: Machine, pixels: int = MEGAPIXEL) -> MemoryPlan:
    """The fastest plan that fits into what is free for a picture of so many pixels.

    Raises OutOfMemory where none does, before anything is loaded.
    """
    full = MemoryPlan(machine.placement)
    most, _ = full.needed(weights, pixels)
    plan: MemoryPlan | None = full
    while plan and not _fits(plan.needed(weights, pixels), machine):
        plan = plan.cheaper()
    free = f"{in_bytes(machine.free)} are free {f'on {machine.name}' if machine.name else 'here'}"
    if plan is None:
        raise OutOfMemory(f"{label} needs about {in_bytes(most)} of memory; {free}.", ELSEWHERE)
    if plan == full:
        return full
    return dataclasses.replace(plan, reason=f"{label} needs about {in_bytes(most)}; {free}, so {plan.measures}.")


def fits_beside(plan: MemoryPlan, weights: Weights, added: Weights, machine: Machine, pixels: int) -> bool:
    """Whether another model fits beside one that `plan` put into memory, whose `weights` are no longer in what is free."""
    (there, beside), (taken, taken_beside) = (plan.needed(each, pixels) for each in (weights + added, weights))
    working, _ = plan.needed(Weights(0, 0), pixels)
    return _fits((there - taken + working, beside - taken_beside), machine)


def _fits(needed: tuple[int, int], machine: Machine) -> bool:
    there, beside = needed
    return there + min(SLACK, there) <= machine.free and beside <= machine.ram
