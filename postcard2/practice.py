"""The loop that every training here is: lessons, steps, a log, and a state on disk from which it goes on; knows no models."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from postcard2 import checkpoint
from postcard2.clock import Clock

if TYPE_CHECKING:
    from torch import Tensor

LOG_EVERY = 100
"""Steps between two lines of the log."""
SAVE_EVERY = 5.0
"""Minutes on the wall between two saves: a power cut loses so much at most, however busy the machine."""


@dataclass(frozen=True)
class Practice:
    """What a training is given: the file of its state, minutes to go on for, and the highest learning rate."""

    file: Path
    minutes: float
    peak_rate: float
    device: str = "cpu"
    seed: int = 0


@dataclass(frozen=True)
class Learners:
    """What learns and is kept: modules by name, their optimizer, and what is to be done after each step."""

    parts: Mapping[str, Any]
    optimizer: Any
    after_step: Callable[[], None] = lambda: None


def practise(
    plan: Practice, learners: Learners, loss_of: Callable[[random.Random, int], Tensor], on_save: Callable[[], None]
) -> None:
    """Train for the plan's minutes from the state in its file; `loss_of` is given a source of chance and the step's number.

    A resumed run meets other lessons and other noise than the one before, and the same ones each time it is repeated.
    """
    import torch

    clock, step = _restore(plan, learners)
    name, optimizer = plan.file.stem, learners.optimizer
    weights = [weight for group in optimizer.param_groups for weight in group["params"]]
    rng, saved, losses = random.Random(f"{name} {plan.seed} {step}"), time.monotonic(), []
    torch.manual_seed(plan.seed + step)
    while clock.progress < 1:
        for group in optimizer.param_groups:
            group["lr"] = clock.rate(plan.peak_rate)
        loss = loss_of(rng, step)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step()
        learners.after_step()
        step += 1
        losses.append(loss.item())
        if step % LOG_EVERY == 0:
            print(f"{name} {clock.minutes_spent:6.1f} min, step {step}, loss {sum(losses) / len(losses):.4f}", flush=True)
            losses.clear()
        if time.monotonic() - saved > 60 * SAVE_EVERY or clock.progress >= 1:
            saved = time.monotonic()
            state = {part: module.state_dict() for part, module in learners.parts.items()}
            checkpoint.save(
                plan.file, {**state, "optimizer": optimizer.state_dict(), "minutes": clock.minutes_spent, "step": step}
            )
            on_save()


def blending(decay: float) -> Any:
    """Give an exponential moving average that trusts early weights less: they are soon outdated."""
    import torch

    def blend(means: list[Tensor], values: list[Tensor], count: Tensor) -> None:
        keep = min(decay, (1 + float(count)) / (10 + float(count)))
        with torch.no_grad():
            torch._foreach_lerp_(means, values, 1 - keep)

    return blend


def _restore(plan: Practice, learners: Learners) -> tuple[Clock, int]:
    held = checkpoint.load(plan.file, plan.device)
    if held is None:
        return Clock(plan.minutes), 0
    for part, module in learners.parts.items():
        module.load_state_dict(held[part])
    learners.optimizer.load_state_dict(held["optimizer"])
    return Clock(plan.minutes, float(held["minutes"])), int(held["step"])
