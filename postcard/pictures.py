"""Pictures as tensors, rendered in batches; knows scenes, not models."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from postcard.render import PIXELS, render
from postcard.scene import Scene, sample

if TYPE_CHECKING:
    from torch import Tensor


def to_tensor(images: list[Image.Image]) -> Tensor:
    """Give N x 3 x H x W floats in [-1, 1]."""
    import torch

    array = np.stack([np.asarray(image.convert("RGB")) for image in images])
    return torch.from_numpy(array).permute(0, 3, 1, 2).float() / 127.5 - 1


def batch(rng: random.Random, count: int) -> tuple[list[Scene], Tensor]:
    """Draw `count` training scenes and their pictures."""
    scenes = [sample(rng) for _ in range(count)]
    return scenes, to_tensor([render(scene) for scene in scenes])


def crops(rng: random.Random, count: int, side: int) -> Tensor:
    """Give `count` square crops, two from each picture: learning edges needs no whole pictures."""
    import torch

    _, pictures = batch(rng, count if side == PIXELS else (count + 1) // 2)
    if side == PIXELS:
        return pictures
    edge = PIXELS - side
    cut = []
    for index in range(count):
        x, y = rng.randint(0, edge), rng.randint(0, edge)
        cut.append(pictures[index // 2, :, y : y + side, x : x + side])
    return torch.stack(cut)
