"""The picture's short form: an AutoencoderKL, 8 times smaller a side, 8 numbers a cell, and its training; knows no words."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from postcard.clock import Clock, set_rate
from postcard.pictures import batch, crops

if TYPE_CHECKING:
    from diffusers import AutoencoderKL
    from torch import Tensor

CHANNELS = 8
KL_WEIGHT = 1e-3
COLOUR_WEIGHT, EDGE_WEIGHT = 3.0, 0.7


@dataclass(frozen=True)
class AutoencoderPlan:
    """What a training of the autoencoder is given; it begins with what `folder` holds, else `start`, else nothing."""

    minutes: float
    folder: Path
    crop: int = 64
    batch_size: int = 16  # of 64-pixel crops; 4 of whole pictures cost the same
    peak_rate: float = 2e-3
    decoder_only: bool = False
    start: Path | None = None
    device: str = "cpu"
    seed: int = 0


def build() -> AutoencoderKL:
    """Make an untrained autoencoder of 1.7 M parameters."""
    from diffusers import AutoencoderKL

    return AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4,
        block_out_channels=(16, 32, 64, 96), layers_per_block=1, latent_channels=CHANNELS, norm_num_groups=8,
        mid_block_add_attention=False, sample_size=128, scaling_factor=1.0, force_upcast=False,
    )  # fmt: skip


def edge_error(drawn: Tensor, wanted: Tensor) -> Tensor:
    """Give the mean error of the steps between neighbouring pixels: it punishes blur, which the plain error forgives."""
    error = drawn - wanted
    return error.diff(dim=-1).abs().mean() + error.diff(dim=-2).abs().mean()


def train(plan: AutoencoderPlan) -> None:
    """Train on fresh crops until the minutes are used up; continues what lies in the plan's folder.

    With `decoder_only` the encoder stays as it is, so a diffusion model on its latents stays valid meanwhile; otherwise
    the latents are standardised at the end, and a pool made from earlier ones is of no more use.
    """
    import torch

    vae, spent = _open(plan)
    vae.to(plan.device)
    learning = [vae.decoder, vae.post_quant_conv] if plan.decoder_only else [vae]
    parameters = [p for module in learning for p in module.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=plan.peak_rate, betas=(0.9, 0.99), weight_decay=1e-4)
    rng = random.Random(f"autoencoder {plan.seed} {spent}")
    clock, step, saved = Clock(plan.minutes), 0, 0.0
    while clock.progress < 1:
        set_rate(optimizer, clock.rate(plan.peak_rate))
        loss = _loss(vae, crops(rng, plan.batch_size, plan.crop).to(plan.device), plan.decoder_only)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        step += 1
        if clock.minutes_spent - saved > 2 or clock.progress >= 1:
            saved = clock.minutes_spent
            if clock.progress >= 1 and not plan.decoder_only:
                standardise(vae)
            _save(vae, plan.folder, spent + saved)
            print(f"autoencoder {saved:5.1f} min, step {step}, loss {loss.item():.4f}, {psnr(vae):.2f} dB", flush=True)


def _loss(vae: AutoencoderKL, pictures: Tensor, decoder_only: bool) -> Tensor:
    import torch

    with torch.autocast(pictures.device.type, torch.bfloat16):
        with torch.set_grad_enabled(not decoder_only):
            seen = vae.encode(pictures).latent_dist
        latents = seen.mean + 0.08 * torch.randn_like(seen.mean) if decoder_only else seen.sample()
        drawn = vae.decode(latents).sample.float()
    loss: Tensor = COLOUR_WEIGHT * (drawn - pictures).abs().mean() + EDGE_WEIGHT * edge_error(drawn, pictures)
    return loss if decoder_only else loss + KL_WEIGHT * seen.kl().float().mean() / latents[0].numel()


def psnr(vae: AutoencoderKL, count: int = 16) -> float:
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
        _, pictures = batch(random.Random("spread"), 256)
        means = torch.cat([vae.encode(part.to(vae.device)).latent_dist.mean for part in pictures.split(32)])
        mean, spread = means.mean((0, 2, 3)), means.std((0, 2, 3))
        ask, give = vae.quant_conv, vae.post_quant_conv
        ask.weight[:CHANNELS] /= spread.view(-1, 1, 1, 1)
        ask.bias[:CHANNELS] = (ask.bias[:CHANNELS] - mean) / spread
        ask.bias[CHANNELS:] -= 2 * spread.log()
        give.bias += (give.weight * mean.view(1, -1, 1, 1)).sum((1, 2, 3))
        give.weight *= spread.view(1, -1, 1, 1)


def _open(plan: AutoencoderPlan) -> tuple[Any, float]:
    import torch
    from diffusers import AutoencoderKL

    note = plan.folder / "training.json"
    if note.exists():
        return AutoencoderKL.from_pretrained(plan.folder), float(json.loads(note.read_text())["minutes"])
    if plan.start:
        return AutoencoderKL.from_pretrained(plan.start).float(), 0.0
    torch.manual_seed(plan.seed)
    return build(), 0.0


def _save(vae: AutoencoderKL, folder: Path, minutes: float) -> None:
    vae.save_pretrained(folder)
    (folder / "training.json").write_text(json.dumps({"minutes": round(minutes, 1)}))
