"""Lessons for the UNet, made once and used many times: latents of pictures and the embeddings of their captions.

The autoencoder and the text encoders do not change while the UNet learns, so nothing is computed twice. One process may
add shards to the folder while another trains from it.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from postcard.captions import describe
from postcard.language import Language
from postcard.pictures import batch

if TYPE_CHECKING:
    from diffusers import AutoencoderKL
    from torch import Tensor

SHARD = 2048
Lesson = tuple["Tensor", "Tensor", "Tensor"]
"""Latents N x 8 x 16 x 16, hidden text states N x 77 x 160, pooled text N x 96."""


@dataclass(frozen=True)
class PoolPlan:
    """What a pool is to hold: shards of `size` lessons each."""

    folder: Path
    shards: int
    size: int = SHARD
    seed: int = 0


def fill(plan: PoolPlan, vae: AutoencoderKL, language: Language) -> None:
    """Add shards until the folder holds as many as planned; each is written whole or not at all."""
    import torch
    from safetensors.torch import save_file

    folder = plan.folder
    folder.mkdir(parents=True, exist_ok=True)
    with torch.no_grad():
        hidden, pooled = language.read(language.tokens([""]))
        save_file({"hidden": hidden.half(), "pooled": pooled.half()}, folder / "empty.safetensors")
        for number in range(plan.shards):
            path = folder / f"shard-{plan.seed}-{number:03d}.safetensors"
            if path.exists():
                continue
            parts = [_lesson(random.Random(f"{plan.seed} {number} {part}"), vae, language) for part in range(plan.size // 64)]
            names = ("latents", "hidden", "pooled")
            whole = {name: torch.cat([part[index] for part in parts]).half().contiguous() for index, name in enumerate(names)}
            save_file(whole, path.with_suffix(".part"))
            path.with_suffix(".part").rename(path)
            print(f"pool {path.name}", flush=True)


def _lesson(rng: random.Random, vae: AutoencoderKL, language: Language) -> Lesson:
    import torch

    scenes, pictures = batch(rng, 64)
    hidden, pooled = language.read(language.tokens([describe(scene, rng).text for scene in scenes]))
    with torch.autocast("cpu", torch.bfloat16):
        latents = torch.cat([vae.encode(part).latent_dist.mean for part in pictures.split(8)])
    return latents, hidden, pooled


@dataclass
class Pool:
    """Gives random lessons from a folder of shards, and notices new ones."""

    folder: Path
    silent: float = 0.1
    _shards: dict[str, dict[str, Tensor]] = field(default_factory=dict)

    def refresh(self) -> int:
        """Read the shards that are new; give how many there are."""
        from safetensors.torch import load_file

        for path in sorted(self.folder.glob("*.safetensors")):
            if path.name not in self._shards:
                self._shards[path.name] = load_file(path)
        return len(self._shards) - 1

    def lesson(self, rng: random.Random, count: int) -> Lesson:
        """Give `count` lessons; a tenth of them have the empty caption, which is what guidance steers away from."""
        import torch

        empty = self._shards["empty.safetensors"]
        shard = self._shards[rng.choice([name for name in self._shards if name != "empty.safetensors"])]
        rows = torch.tensor(rng.sample(range(len(shard["latents"])), count))
        hidden, pooled = shard["hidden"][rows].float(), shard["pooled"][rows].float()
        mute = torch.tensor([rng.random() < self.silent for _ in range(count)])
        hidden[mute], pooled[mute] = empty["hidden"].float(), empty["pooled"].float()
        return shard["latents"][rows].float(), hidden, pooled
