"""Lessons for the UNet, made once and used several times: scenes and the latents of their pictures.

The autoencoder does not change while the UNet learns, so no picture is encoded twice; captions cost nothing and are worded
afresh at every use. One process may add shards to the folder while another trains from it.
"""

from __future__ import annotations

import random
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from postcard2 import checkpoint
from postcard2.captions import describe
from postcard2.pictures import batch
from postcard2.scene import SHAPES, Scene

if TYPE_CHECKING:
    from diffusers import AutoencoderKL
    from torch import Tensor

SHARD = 1024
_CYCLE = ("square", "square", "portrait", "square", "landscape")
"""The shape of the pictures of each shard in turn: those of one shard, and so of one batch, are of one size."""


@dataclass(frozen=True)
class Lesson:
    """A batch: latents N x 16 x h x w, a caption for each, and the pictures' width and height in pixels."""

    latents: Tensor
    captions: list[str]
    size: tuple[int, int]


@dataclass
class Pool:
    """A folder of shards; gives random lessons from it and notices new ones."""

    folder: Path
    seed: int = 0
    size: int = SHARD
    silent: float = 0.1
    _shards: dict[str, tuple[list[Scene], Tensor]] = field(default_factory=dict)

    def refresh(self) -> int:
        """Read the shards that are new; give how many there are."""
        for path in sorted(self.folder.glob("shard-*.pt")):
            if path.name not in self._shards:
                held = checkpoint.load(path) or {}
                self._shards[path.name] = ([Scene(**scene) for scene in held["scenes"]], held["latents"])
        return len(self._shards)

    def add(self, vae: AutoencoderKL) -> None:
        """Render and encode one shard more; it is written whole or not at all."""
        import torch

        number = len(list(self.folder.glob(f"shard-{self.seed}-*.pt")))
        rng, shape = random.Random(f"{self.seed} {number}"), _CYCLE[number % len(_CYCLE)]
        scenes: list[Scene] = []
        latents: list[Tensor] = []
        with torch.no_grad():
            while len(scenes) < self.size:
                some, pictures = batch(rng, 8, shape)
                scenes += some
                latents.append(vae.encode(pictures.to(vae.device)).latent_dist.mean.half().cpu())
        state = {"scenes": [asdict(scene) for scene in scenes], "latents": torch.cat(latents)}
        checkpoint.save(self.folder / f"shard-{self.seed}-{number:03d}.pt", state)
        self.refresh()

    def lesson(self, rng: random.Random, count: int) -> Lesson:
        """Give `count` pictures; a tenth have the empty caption, which is what guidance steers away from."""
        scenes, latents = self._shards[rng.choice(list(self._shards))]
        rows = rng.sample(range(len(scenes)), count)
        captions = ["" if rng.random() < self.silent else describe(scenes[row], rng).text for row in rows]
        return Lesson(latents[rows].float(), captions, SHAPES[scenes[rows[0]].shape])
