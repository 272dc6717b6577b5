"""The UNet that turns noise into a postcard's latents, and how it is trained; knows lessons, not pictures or words."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from postcard.autoencoder import CHANNELS
from postcard.clock import Clock, set_rate
from postcard.language import POOLED, WIDTHS
from postcard.pool import Lesson, Pool

if TYPE_CHECKING:
    from diffusers import EulerDiscreteScheduler, UNet2DConditionModel
    from torch import Tensor

SIDE = 16
SAVE_EVERY = 4.0
"""Minutes between two saves."""
TIME_IDS = (128.0, 128.0, 0.0, 0.0, 128.0, 128.0)
"""SDXL's micro-conditioning: original size, crop corner, target size; always those of a whole postcard."""


@dataclass(frozen=True)
class DiffusionPlan:
    """What a training of the UNet is given."""

    minutes: float
    folder: Path
    pool: Path
    batch_size: int = 32
    peak_rate: float = 1.2e-3
    average: float = 0.999
    device: str = "cpu"
    seed: int = 0


def build() -> UNet2DConditionModel:
    """Make an untrained UNet of 4.1 M parameters: 64 channels at 16 x 16 cells, 128 with attention at 8 x 8."""
    from diffusers import UNet2DConditionModel

    return UNet2DConditionModel(
        sample_size=SIDE, in_channels=CHANNELS, out_channels=CHANNELS,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        block_out_channels=(64, 128), layers_per_block=1, transformer_layers_per_block=1, attention_head_dim=(2, 2),
        cross_attention_dim=sum(WIDTHS), use_linear_projection=True, norm_num_groups=16,
        addition_embed_type="text_time", addition_time_embed_dim=8, projection_class_embeddings_input_dim=POOLED + 6 * 8,
    )  # fmt: skip


def scheduler() -> EulerDiscreteScheduler:
    """Give SDXL's noise schedule with v-prediction; `clip_sample` false matters to those who make a DDIM of it."""
    from diffusers import EulerDiscreteScheduler

    made = EulerDiscreteScheduler(
        beta_schedule="scaled_linear", beta_start=0.00085, beta_end=0.012, prediction_type="v_prediction",
        timestep_spacing="trailing", steps_offset=1,
    )  # fmt: skip
    made.register_to_config(clip_sample=False, set_alpha_to_one=False, skip_prk_steps=True)
    return made


class Noise:
    """The schedule as training needs it: how much signal is left at each of 1000 steps, and how often each is practised."""

    def __init__(self, device: str) -> None:
        self.signal = scheduler().alphas_cumprod.to(device)
        snr = self.signal / (1 - self.signal)
        self.odds = (5 / (snr + 1)).clamp(max=1) + 0.08

    def loss(self, unet: Any, lesson: Lesson) -> Tensor:
        """Give the mean error of the predicted velocity v = sqrt(a) noise - sqrt(1 - a) latents (Salimans and Ho, 2022).

        Steps are drawn by odds instead of weighted: the noisy ones, where a 16 x 16 latent is decided, come most often.
        """
        import torch

        latents, hidden, pooled = lesson
        steps = torch.multinomial(self.odds, len(latents), replacement=True)
        left = self.signal[steps].view(-1, 1, 1, 1)
        noise = torch.randn_like(latents)
        noisy = left.sqrt() * latents + (1 - left).sqrt() * noise
        velocity = left.sqrt() * noise - (1 - left).sqrt() * latents
        ids = torch.tensor([TIME_IDS], device=latents.device).repeat(len(latents), 1)
        with torch.autocast(latents.device.type, torch.bfloat16):
            guess = unet(noisy, steps, hidden, added_cond_kwargs={"text_embeds": pooled, "time_ids": ids}).sample
        return torch.nn.functional.mse_loss(guess.float(), velocity)


class Learner:
    """The UNet that learns, the average of its weights that draws better, and the optimizer; kept in one file."""

    def __init__(self, plan: DiffusionPlan, start: UNet2DConditionModel | None) -> None:
        import torch
        from diffusers.models.attention_processor import AttnProcessor

        torch.manual_seed(plan.seed)
        self.unet = (start or build()).to(plan.device)
        self.unet.set_attn_processor(AttnProcessor())  # on a CPU faster to train than the fused attention
        self.average = torch.optim.swa_utils.AveragedModel(self.unet, multi_avg_fn=_blending(plan.average))
        self.optimizer = torch.optim.AdamW(self.unet.parameters(), betas=(0.9, 0.99), weight_decay=0.01, fused=True)
        self.noise, self.step, self.minutes = Noise(plan.device), 0, 0.0
        self.file = plan.folder / "unet-training.pt"
        if self.file.exists():
            self._restore(plan.device)
        torch.manual_seed(plan.seed + self.step)  # a resumed run must not meet the same noise again

    def learn(self, lesson: Lesson, rate: float) -> float:
        """Take one step on one lesson at this learning rate; give its loss."""
        import torch

        set_rate(self.optimizer, rate)
        loss = self.noise.loss(self.unet, lesson)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.unet.parameters(), 1.0)
        self.optimizer.step()
        self.average.update_parameters(self.unet)
        self.step += 1
        return loss.item()

    def drawn_with(self) -> Any:
        """Give a copy of the average weights, on the processor."""
        return copy.deepcopy(self.average.module).to("cpu")

    def save(self, minutes: float) -> None:
        """Write all that a resumed training needs."""
        import torch

        state = {"unet": self.unet.state_dict(), "mean": self.average.state_dict(), "optimizer": self.optimizer.state_dict()}
        torch.save({**state, "minutes": minutes, "step": self.step}, self.file)

    def _restore(self, device: str) -> None:
        import torch

        held = torch.load(self.file, map_location=device, weights_only=True)
        self.unet.load_state_dict(held["unet"])
        self.average.load_state_dict(held["mean"])
        self.optimizer.load_state_dict(held["optimizer"])
        self.minutes, self.step = float(held["minutes"]), int(held["step"])


def train(plan: DiffusionPlan, start: UNet2DConditionModel | None, on_save: Callable[[Any], None]) -> None:
    """Train until the minutes are used up, from the folder's state or else from `start`; `on_save` gets the average."""
    learner, pool = Learner(plan, start), Pool(plan.pool)
    pool.refresh()  # what it takes is no training
    clock = Clock(plan.minutes, learner.minutes)
    rng, saved, losses = random.Random(f"unet {plan.seed} {learner.step}"), clock.minutes_spent, []
    while clock.progress < 1:
        latents, hidden, pooled = pool.lesson(rng, plan.batch_size)
        lesson = latents.to(plan.device), hidden.to(plan.device), pooled.to(plan.device)
        losses.append(learner.learn(lesson, clock.rate(plan.peak_rate)))
        if learner.step % 100 == 0:
            seen, mean = learner.step * plan.batch_size, sum(losses) / len(losses)
            print(f"unet {clock.minutes_spent:6.1f} min, step {learner.step}, seen {seen}, loss {mean:.4f}", flush=True)
            losses.clear()
            pool.refresh()
        if clock.minutes_spent - saved > SAVE_EVERY:
            saved = clock.minutes_spent
            learner.save(saved)
            on_save(learner.drawn_with())
    learner.save(clock.minutes_spent)
    on_save(learner.drawn_with())


def _blending(decay: float) -> Any:
    """Give an exponential moving average that trusts early weights less: they are soon outdated."""
    import torch

    def blend(means: list[Tensor], values: list[Tensor], count: Tensor) -> None:
        keep = min(decay, (1 + float(count)) / (10 + float(count)))
        with torch.no_grad():
            torch._foreach_lerp_(means, values, 1 - keep)

    return blend
