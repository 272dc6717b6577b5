"""Pictures as tensors, rendered in batches; knows scenes, not models."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from postcard2.render import render
from postcard2.scene import Scene, sample

if TYPE_CHECKING:
    from torch import Tensor


def to_tensor(images: list[Image.Image]) -> Tensor:
    """Give N x 3 x H x W floats in [-1, 1]; the images are all of one size."""
    import torch

    array = np.stack([np.asarray(image.convert("RGB")) for image in images])
    return torch.from_numpy(array).permute(0, 3, 1, 2).float() / 127.5 - 1


def batch(rng: random.Random, count: int, shape: str = "square") -> tuple[list[Scene], Tensor]:
    """Draw `count` training scenes of one shape and their pictures."""
    scenes = [replace(sample(rng), shape=shape) for _ in range(count)]
    return scenes, to_tensor([render(scene) for scene in scenes])


def crops(rng: random.Random, count: int, side: int, each: int = 4) -> Tensor:
    """Give `count` square crops, `each` from one picture: learning edges needs no whole pictures."""
    import torch

    _, pictures = batch(rng, -(-count // each))
    edge = pictures.shape[-1] - side
    corners = [(rng.randint(0, edge), rng.randint(0, edge)) for _ in range(count)]
    return torch.stack([pictures[index // each, :, y : y + side, x : x + side] for index, (x, y) in enumerate(corners)])
