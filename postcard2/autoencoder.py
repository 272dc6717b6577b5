"""The picture's short form: an AutoencoderKL, 16 times smaller a side, 16 numbers a cell, and its training; knows no words."""

from __future__ import annotations

import copy
import random
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from postcard2 import checkpoint
from postcard2.clock import autocast
from postcard2.pictures import batch, crops
from postcard2.practice import Learners, Practice, practise

if TYPE_CHECKING:
    from diffusers import AutoencoderKL
    from torch import Tensor

CHANNELS = 16
FACTOR = 16
"""Pixels to a latent cell: a 256-pixel picture is 16 x 16 cells, so the UNet costs what a 128-pixel one did at factor 8."""
KL_WEIGHT = 1e-5
"""Small: at 5e-4 half of each latent was noise, no colour came through, and 60 minutes ended at 17 dB."""
COLOUR_WEIGHT, BROAD_WEIGHT, EDGE_WEIGHT = 3.0, 2.0, 0.7
BROAD = 8
"""Pixels a side of what the broad error averages: colours of areas are learned before their edges."""
STATE = "autoencoder.pt"


@dataclass(frozen=True)
class AutoencoderPlan:
    """What a training of the autoencoder is given; it begins with what `folder` holds, else with what `start` gives."""

    minutes: float
    folder: Path
    crop: int = 128
    batch_size: int = 6
    peak_rate: float = 1e-3
    decoder_only: bool = False
    start: Path | None = None
    device: str = "cpu"
    seed: int = 0


def build() -> AutoencoderKL:
    """Make an untrained autoencoder of 2.8 M parameters; the outer blocks are thin, for they are nearly all of its cost."""
    from diffusers import AutoencoderKL

    return AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 5, up_block_types=("UpDecoderBlock2D",) * 5,
        block_out_channels=(16, 32, 64, 96, 112), layers_per_block=1, latent_channels=CHANNELS, norm_num_groups=8,
        mid_block_add_attention=False, sample_size=256, scaling_factor=1.0, force_upcast=False,
    )  # fmt: skip


def inherit(vae: AutoencoderKL, other: AutoencoderKL) -> int:
    """Take over what fits of an autoencoder with fewer levels, the outer ones; returns how many numbers that were.

    The first Postcard's gives 22 dB on these pictures as it is: its outer blocks need not be learned again.
    """
    deeper = len(vae.config.block_out_channels) - len(other.config.block_out_channels)
    given, taken = other.state_dict(), vae.state_dict()
    fitting = {name: given.get(_name_in_other(name, deeper)) for name in taken}
    inherited = {name: weight for name, weight in fitting.items() if weight is not None and weight.shape == taken[name].shape}
    vae.load_state_dict({**taken, **inherited})
    return sum(weight.numel() for weight in inherited.values())


def _name_in_other(name: str, deeper: int) -> str:
    """The same block's name where there are fewer levels: the decoder counts them from the inside."""
    match = re.match(r"decoder\.up_blocks\.(\d+)\.(.*)", name)
    return f"decoder.up_blocks.{int(match[1]) - deeper}.{match[2]}" if match else name


def edge_error(drawn: Tensor, wanted: Tensor) -> Tensor:
    """Give the mean error of the steps between neighbouring pixels: it punishes blur, which the plain error forgives."""
    error = drawn - wanted
    return error.diff(dim=-1).abs().mean() + error.diff(dim=-2).abs().mean()


def train(plan: AutoencoderPlan) -> None:
    """Train on fresh crops for the plan's minutes; goes on with the state in its folder.

    With `decoder_only` the encoder stays as it is, so a diffusion model on its latents stays valid meanwhile; otherwise
    the latents are standardised in what is written for use, and a pool made from earlier ones is of no more use.
    """
    import torch

    torch.manual_seed(plan.seed)
    vae = _open(plan).to(plan.device)
    learning = [vae.decoder, vae.post_quant_conv] if plan.decoder_only else [vae]
    weights = [weight for module in learning for weight in module.parameters()]

    def loss_of(rng: random.Random, step: int) -> Tensor:
        return _loss(vae, crops(rng, plan.batch_size, plan.crop).to(plan.device), plan.decoder_only)

    state = plan.folder / ("decoder.pt" if plan.decoder_only else STATE)
    learners = Learners({"vae": vae}, torch.optim.AdamW(weights, betas=(0.9, 0.99), weight_decay=1e-4))
    practise(
        Practice(state, plan.minutes, plan.peak_rate, plan.device, plan.seed), learners, loss_of, lambda: _export(vae, plan)
    )


def _export(vae: AutoencoderKL, plan: AutoencoderPlan) -> None:
    """Write the autoencoder for use; a training of all of it goes on with latents as they are, so a copy is standardised."""
    made = vae if plan.decoder_only else copy.deepcopy(vae)
    if not plan.decoder_only:
        standardise(made)
    checkpoint.export(plan.folder, made.save_pretrained)
    print(f"autoencoder {psnr(vae):.2f} dB", flush=True)


def _loss(vae: AutoencoderKL, pictures: Tensor, decoder_only: bool) -> Tensor:
    import torch

    with autocast(pictures.device.type):
        with torch.set_grad_enabled(not decoder_only):
            seen = vae.encode(pictures).latent_dist
        latents = seen.mean + 0.08 * torch.randn_like(seen.mean) if decoder_only else seen.sample()
        drawn = vae.decode(latents).sample.float()
    broad = torch.nn.functional.avg_pool2d(drawn - pictures, BROAD).abs().mean()
    loss: Tensor = COLOUR_WEIGHT * (drawn - pictures).abs().mean() + BROAD_WEIGHT * broad
    loss = loss + EDGE_WEIGHT * edge_error(drawn, pictures)
    return loss if decoder_only else loss + KL_WEIGHT * seen.kl().float().mean() / latents[0].numel()


def psnr(vae: AutoencoderKL, count: int = 8) -> float:
    """Give the peak signal-to-noise ratio in dB of pictures encoded and decoded: above 30 edges look crisp."""
    import torch

    _, pictures = batch(random.Random("unseen"), count)
    pictures = pictures.to(vae.device)
    with torch.no_grad():
        again = vae.decode(vae.encode(pictures).latent_dist.mean).sample.clamp(-1, 1)
    return float(10 * torch.log10(4 / ((again - pictures) ** 2).mean()))


def standardise(vae: AutoencoderKL) -> None:
    """Fold each latent channel's mean and spread into the 1 x 1 convolutions, so that latents come out as N(0, 1).

    The pipeline multiplies by one scaling_factor only; this gives every channel its own and leaves the factor at 1.
    """
    import torch

    with torch.no_grad():
        _, pictures = batch(random.Random("spread"), 48)
        means = torch.cat([vae.encode(part.to(vae.device)).latent_dist.mean for part in pictures.split(8)])
        mean, spread = means.mean((0, 2, 3)), means.std((0, 2, 3))
        ask, give = vae.quant_conv, vae.post_quant_conv
        ask.weight[:CHANNELS] /= spread.view(-1, 1, 1, 1)
        ask.bias[:CHANNELS] = (ask.bias[:CHANNELS] - mean) / spread
        ask.bias[CHANNELS:] -= 2 * spread.log()
        give.bias += (give.weight * mean.view(1, -1, 1, 1)).sum((1, 2, 3))
        give.weight *= spread.view(1, -1, 1, 1)


def _open(plan: AutoencoderPlan) -> Any:
    from diffusers import AutoencoderKL

    if (plan.folder / "config.json").exists():
        return AutoencoderKL.from_pretrained(plan.folder).float()
    vae = build()
    if plan.start:
        inherit(vae, AutoencoderKL.from_pretrained(plan.start).float())
    return vae
