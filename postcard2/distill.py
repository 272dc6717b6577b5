"""Makes the model quick: a LoRA with which four steps draw what sixteen guided ones do; knows lessons, not pictures.

Latent consistency distillation (Luo et al., 2023). From any noisy latents a student learns to jump to the end of the path that
the guided UNet would take: its jump from one point must agree with its jump from the next point on the path, to which the
teacher takes it. At the least noisy point the jump is known, and from there the agreement spreads to all others.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from postcard2.diffusion import Given, Teachers, scheduler
from postcard2.pool import Lesson, Pool
from postcard2.practice import Learners, Practice, blending, practise

if TYPE_CHECKING:
    from torch import Tensor

RANK = 8
LAYERS = (
    "to_q",
    "to_k",
    "to_v",
    "to_out.0",
    "ff.net.0.proj",
    "ff.net.2",
    "proj_in",
    "proj_out",
    "conv1",
    "conv2",
    "time_emb_proj",
)
POINTS = 50
"""Steps of the teacher's path, as many as diffusers' LCMScheduler has by default."""
GUIDANCE = 3.0
HUBER = 0.001
STATE = "distill.pt"


@dataclass(frozen=True)
class DistillPlan:
    """What a distillation is given."""

    minutes: float
    folder: Path
    batch_size: int = 16
    peak_rate: float = 3e-4
    average: float = 0.995
    device: str = "cpu"
    seed: int = 0


class Trajectory:
    """The path of POINTS points from noise to a picture, and the jump to its end."""

    def __init__(self, device: str) -> None:
        import torch

        self.signal = scheduler().alphas_cumprod.to(device)
        self.steps = torch.arange(1, POINTS + 1, device=device) * (1000 // POINTS) - 1

    def before(self, steps: Tensor) -> Tensor:
        """Give the next point on the way to the picture; after the last one comes step 0, where the jump is known."""
        return (steps - 1000 // POINTS).clamp(min=0)

    def split(self, noisy: Tensor, velocity: Tensor, steps: Tensor) -> tuple[Tensor, Tensor]:
        """Give the clean latents and the noise that a velocity at these steps says the noisy latents are made of."""
        left = self.signal[steps].view(-1, 1, 1, 1)
        return left.sqrt() * noisy - (1 - left).sqrt() * velocity, left.sqrt() * velocity + (1 - left).sqrt() * noisy

    def mixed(self, clean: Tensor, noise: Tensor, steps: Tensor) -> Tensor:
        """Give noisy latents at these steps."""
        left = self.signal[steps].view(-1, 1, 1, 1)
        return left.sqrt() * clean + (1 - left).sqrt() * noise

    def jump(self, noisy: Tensor, velocity: Tensor, steps: Tensor) -> Tensor:
        """Give the student's guess of the path's end; at step 0 it is held to the latents themselves, as LCMScheduler does."""
        scaled = (steps * 10.0).view(-1, 1, 1, 1)
        skip, out = 0.25 / (scaled**2 + 0.25), scaled / (scaled**2 + 0.25).sqrt()
        return skip * noisy + out * self.split(noisy, velocity, steps)[0]


def train(plan: DistillPlan, teachers: Teachers, unet: Any, on_save: Callable[[dict[str, Tensor]], None]) -> None:
    """Train for the plan's minutes on the pool in its folder; `on_save` gets the average of the LoRA's weights."""
    import torch
    from peft import LoraConfig

    torch.manual_seed(plan.seed)
    unet.requires_grad_(False).to(plan.device)
    unet.add_adapter(LoraConfig(r=RANK, lora_alpha=RANK, target_modules=list(LAYERS)))
    mean = torch.optim.swa_utils.AveragedModel(unet, multi_avg_fn=blending(plan.average))
    optimizer = torch.optim.AdamW([value for value in unet.parameters() if value.requires_grad], weight_decay=0.0)
    pool, path = Pool(plan.folder / "pool", plan.seed), Trajectory(plan.device)
    if not pool.refresh():
        pool.add(teachers.vae)

    def loss_of(rng: random.Random, step: int) -> Tensor:
        return _loss(unet, path, pool.lesson(rng, plan.batch_size), teachers, plan.device)

    def save() -> None:
        on_save({name: value.detach().cpu() for name, value in mean.module.named_parameters() if "lora_" in name})

    learners = Learners({"student": unet, "mean": mean}, optimizer, lambda: mean.update_parameters(unet))
    practise(Practice(plan.folder / STATE, plan.minutes, plan.peak_rate, plan.device, plan.seed), learners, loss_of, save)


def _loss(unet: Any, path: Trajectory, lesson: Lesson, teachers: Teachers, device: str) -> Tensor:
    """Give the disagreement of two neighbouring jumps; only the one from the noisier point learns."""
    import torch

    latents = lesson.latents.to(device)
    with torch.no_grad():
        given = Given.of(lesson.captions, lesson.size, teachers.language, device)
        silent = Given.of([""] * len(latents), lesson.size, teachers.language, device)
    steps = path.steps[torch.randint(POINTS, (len(latents),), device=device)]
    next_steps = path.before(steps)
    noisy = path.mixed(latents, torch.randn_like(latents), steps)
    with torch.no_grad():
        unet.disable_adapters()
        said, unsaid = given.ask(unet, noisy, steps), silent.ask(unet, noisy, steps)
        unet.enable_adapters()
        clean, noise = path.split(noisy, unsaid + GUIDANCE * (said - unsaid), steps)
        nearer = path.mixed(clean, noise, next_steps)
        wanted = path.jump(nearer, given.ask(unet, nearer, next_steps), next_steps)
    guess = path.jump(noisy, given.ask(unet, noisy, steps), steps)
    return (((guess - wanted) ** 2 + HUBER**2).sqrt() - HUBER).mean()


def write(weights: dict[str, Tensor], path: Path) -> None:
    """Write the LoRA as pipelines load it."""
    from safetensors.torch import save_file

    named = {f"unet.{name.replace('.default.', '.')}": value.half().contiguous() for name, value in weights.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    save_file(named, part, metadata={"format": "pt", "modelspec.title": "Postcard in four steps"})
    part.replace(path)
    path.chmod(0o644)
