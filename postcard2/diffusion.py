"""The UNet that turns noise into a postcard's latents, and how it is trained; knows lessons, not pictures."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from postcard2.autoencoder import CHANNELS
from postcard2.clock import autocast
from postcard2.language import POOLED, WIDTHS, Language
from postcard2.pool import SHARD, Pool
from postcard2.practice import Learners, Practice, blending, practise

if TYPE_CHECKING:
    from diffusers import AutoencoderKL, EulerDiscreteScheduler, UNet2DConditionModel
    from torch import Tensor

SIDE = 16
STATE = "unet-training.pt"
USES = 6
"""How often a lesson is used, on average, before another shard is made."""


@dataclass(frozen=True)
class DiffusionPlan:
    """What a training of the UNet is given."""

    minutes: float
    folder: Path
    shards: int = 60
    shard: int = SHARD
    batch_size: int = 32
    peak_rate: float = 1e-3
    average: float = 0.9995
    device: str = "cpu"
    seed: int = 0


def build() -> UNet2DConditionModel:
    """Make an untrained UNet of 6.9 M parameters: 64 channels at 16 x 16 cells, 128 with attention at 8 x 8 and 4 x 4.

    The third level costs little, for it has few cells, and holds most of the parameters: what a dragon is.
    """
    from diffusers import UNet2DConditionModel

    return UNet2DConditionModel(
        sample_size=SIDE, in_channels=CHANNELS, out_channels=CHANNELS,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        block_out_channels=(64, 128, 128), layers_per_block=1, transformer_layers_per_block=1, attention_head_dim=(2, 4, 4),
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


@dataclass(frozen=True)
class Given:
    """What the UNet is told about a batch: text states N x 77 x 160, pooled text N x 96, SDXL's size and crop N x 6."""

    hidden: Tensor
    pooled: Tensor
    time_ids: Tensor

    @classmethod
    def of(cls, captions: list[str], size: tuple[int, int], language: Language, device: str) -> Given:
        """Read captions of pictures of this width and height."""
        import torch

        hidden, pooled = language.read(language.tokens(captions))
        width, height = (float(side) for side in size)
        ids = torch.tensor([[height, width, 0.0, 0.0, height, width]]).repeat(len(captions), 1)
        return cls(hidden.to(device), pooled.to(device), ids.to(device))

    def ask(self, unet: Any, noisy: Tensor, steps: Tensor) -> Tensor:
        """Give the velocity that the UNet predicts for noisy latents at these steps."""
        with autocast(noisy.device.type):
            kwargs = {"text_embeds": self.pooled, "time_ids": self.time_ids}
            guess: Tensor = unet(noisy, steps, self.hidden, added_cond_kwargs=kwargs).sample
        return guess.float()


class Noise:
    """The schedule as training needs it: how much signal is left at each of 1000 steps, and how often each is practised."""

    def __init__(self, device: str) -> None:
        self.signal = scheduler().alphas_cumprod.to(device)
        snr = self.signal / (1 - self.signal)
        self.odds = (5 / (snr + 1)).clamp(max=1) + 0.08

    def loss(self, unet: Any, latents: Tensor, given: Given) -> Tensor:
        """Give the mean error of the predicted velocity v = sqrt(a) noise - sqrt(1 - a) latents (Salimans and Ho, 2022).

        Steps are drawn by odds instead of weighted: the noisy ones, where a 16 x 16 latent is decided, come most often.
        """
        import torch

        steps = torch.multinomial(self.odds, len(latents), replacement=True)
        left = self.signal[steps].view(-1, 1, 1, 1)
        noise = torch.randn_like(latents)
        noisy = left.sqrt() * latents + (1 - left).sqrt() * noise
        velocity = left.sqrt() * noise - (1 - left).sqrt() * latents
        return torch.nn.functional.mse_loss(given.ask(unet, noisy, steps), velocity)


@dataclass(frozen=True)
class Teachers:
    """The parts that no longer change: the encoders that read captions and the autoencoder that encodes pictures."""

    language: Language
    vae: AutoencoderKL


def train(plan: DiffusionPlan, teachers: Teachers, start: UNet2DConditionModel | None, on_save: Callable[[Any], None]) -> None:
    """Train for the plan's minutes, from the folder's state or else from `start`; `on_save` gets the average of the weights."""
    import torch
    from diffusers.models.attention_processor import AttnProcessor

    torch.manual_seed(plan.seed)
    unet = (start or build()).to(plan.device)
    unet.set_attn_processor(AttnProcessor())  # on a CPU faster to train than the fused attention
    mean = torch.optim.swa_utils.AveragedModel(unet, multi_avg_fn=blending(plan.average))
    optimizer = torch.optim.AdamW(unet.parameters(), betas=(0.9, 0.99), weight_decay=0.01, fused=True)
    pool, noise = Pool(plan.folder / "pool", plan.seed, plan.shard), Noise(plan.device)

    def loss_of(rng: random.Random, step: int) -> Tensor:
        if pool.refresh() < min(plan.shards, 1 + step * plan.batch_size // (USES * pool.size)):
            pool.add(teachers.vae)
        lesson = pool.lesson(rng, plan.batch_size)
        with torch.no_grad():
            given = Given.of(lesson.captions, lesson.size, teachers.language, plan.device)
        return noise.loss(unet, lesson.latents.to(plan.device), given)

    learners = Learners({"unet": unet, "mean": mean}, optimizer, lambda: mean.update_parameters(unet))
    practice = Practice(plan.folder / STATE, plan.minutes, plan.peak_rate, plan.device, plan.seed)
    practise(practice, learners, loss_of, lambda: on_save(copy.deepcopy(mean.module).to("cpu")))
