"""The whole training in its order, from nothing to a model that draws: each part goes on where it stopped; only wiring.

Encoders first, for they need no pictures; then the autoencoder, and the UNet on what both make. The judge learns last, from
renders alone. Every part keeps its state in the run's folder, so the machine may be switched off at any moment.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from postcard2 import autoencoder, checkpoint, diffusion, distill, judge, language, pipeline
from postcard2.pool import SHARD
from postcard2.sheet import prompts, sheet

if TYPE_CHECKING:
    from diffusers import AutoencoderKL, UNet2DConditionModel


@dataclass(frozen=True)
class Effort:
    """Minutes of one thread that each part is worth (more never hurts the UNet), and the pictures in a shard of the pool."""

    encoders: float = 24.0
    autoencoder: float = 90.0
    judge: float = 25.0
    unet: float = 600.0
    distillation: float = 40.0
    shard: int = SHARD


FULL = Effort()


@dataclass(frozen=True)
class Workshop:
    """Where unfinished parts lie, and the finished model that stands in for those that are missing."""

    run: Path
    shipped: Path
    device: str = "cpu"
    seed: int = 0
    effort: Effort = FULL

    def language(self) -> language.Language:
        """Read the encoders."""
        return language.load(self._home("language/tokenizer", self.run / "language", self.shipped))

    def vae(self) -> AutoencoderKL:
        """Read the autoencoder; ValueError where it is one of an earlier program."""
        from diffusers import AutoencoderKL

        vae = AutoencoderKL.from_pretrained(self._home("vae/config.json", self.run / "vae", self.shipped / "vae")).float()
        if vae.config.latent_channels != autoencoder.CHANNELS:
            raise ValueError(
                f"The model in {self.shipped} was made by an earlier revision of this program: its latents have "
                f"{vae.config.latent_channels} channels, not {autoencoder.CHANNELS}. "
                "Begin a new one with `python -m postcard2 make`."
            )
        return vae

    def unet(self) -> UNet2DConditionModel | None:
        """Read the average weights of the UNet, or None where none has learned on this run's latents."""
        from diffusers import UNet2DConditionModel

        for home in (self.run, self.shipped):
            if (home / "unet" / "config.json").exists():
                return UNet2DConditionModel.from_pretrained(home / "unet").float()
            if (home / "vae" / "config.json").exists():
                return None
        return None

    def teachers(self) -> diffusion.Teachers:
        """Read the parts that no longer change while the UNet learns."""
        return diffusion.Teachers(self.language(), self.vae())

    def pipe(self) -> Any:
        """Put the parts together."""
        return pipeline.assemble(self.language(), self.vae(), self.unet() or diffusion.build())

    def _home(self, mark: str, own: Path, other: Path) -> Path:
        return own if (self.run / mark).exists() else other


def train_unet(shop: Workshop, minutes: float, fresh: bool = False) -> None:
    """Train the UNet; writes a sheet and the average weights every few minutes."""
    teachers = shop.teachers()

    def on_save(average: Any) -> None:
        checkpoint.export(shop.run / "unet", average.save_pretrained)
        asked = prompts(8)
        drawn = pipeline.draw(pipeline.assemble(teachers.language, teachers.vae, average), asked, list(range(len(asked))))
        sheet(drawn, asked).save(shop.run / "sheet.png")

    if fresh:
        (shop.run / diffusion.STATE).unlink(missing_ok=True)
    plan = diffusion.DiffusionPlan(minutes, shop.run, shard=shop.effort.shard, device=shop.device, seed=shop.seed)
    diffusion.train(plan, teachers, None if fresh else shop.unet(), on_save)


def train_distilled(shop: Workshop, minutes: float) -> None:
    """Train the LoRA that draws in four steps."""
    plan = distill.DistillPlan(minutes, shop.run, device=shop.device, seed=shop.seed)
    distill.train(plan, shop.teachers(), shop.unet(), lambda weights: distill.write(weights, shop.run / pipeline.QUICK_FILE))


def make(shop: Workshop, minutes: float) -> None:
    """Bring each part, in turn, to the minutes that it is worth, for at most `minutes` in all."""
    effort = shop.effort
    parts: tuple[tuple[str, float, Callable[[float], Any]], ...] = (
        (
            f"language/{language.STATE}",
            effort.encoders,
            lambda some: language.train(shop.run / "language", some, seed=shop.seed),
        ),
        (f"vae/{autoencoder.STATE}", effort.autoencoder, lambda some: autoencoder.train(_autoencoder_plan(shop, some))),
        (
            judge.STATE,
            effort.judge,
            lambda some: judge.train(shop.run, some, seed=shop.seed).save(shop.run / "judge.safetensors"),
        ),
        (diffusion.STATE, effort.unet, lambda some: train_unet(shop, some)),
        (distill.STATE, effort.distillation, lambda some: train_distilled(shop, some)),
    )
    for file, worth, work in parts:
        held = checkpoint.load(shop.run / file)
        wanted = min(worth - (held["minutes"] if held else 0.0), minutes)
        if wanted > 0.01:
            print(f"{file}: {wanted:.1f} minutes", flush=True)
            work(wanted)
            minutes -= wanted


def _autoencoder_plan(shop: Workshop, minutes: float) -> autoencoder.AutoencoderPlan:
    shipped = shop.shipped / "vae"
    start = shipped if (shipped / "config.json").exists() else None
    return autoencoder.AutoencoderPlan(minutes, shop.run / "vae", start=start, device=shop.device, seed=shop.seed)
