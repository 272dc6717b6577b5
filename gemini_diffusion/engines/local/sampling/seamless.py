"""Seamless pictures: edges that continue on the opposite side, for one drawing; changes no weight."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

UNET = "UNet2DConditionModel"
MARGIN = 8
"""Latents of the opposite edge that the decoder sees around the picture, 64 pixels."""


@contextmanager
def seamless(networks: Iterable[Any], torch: Any, wanted: bool) -> Iterator[None]:
    """Within it the convolutions of the UNets among `networks` go on at the opposite edge, if that is `wanted`."""
    unets = [network for network in networks if wanted and type(network).__name__ == UNET]
    convolutions = [module for unet in unets for module in unet.modules() if isinstance(module, torch.nn.Conv2d)]
    before = [convolution.padding_mode for convolution in convolutions]
    try:
        for convolution in convolutions:
            convolution.padding_mode = "circular"
        yield
    finally:
        for convolution, mode in zip(convolutions, before, strict=True):
            convolution.padding_mode = mode


def framed(latents: Any, torch: Any) -> Any:
    """Latents with a frame of their own opposite edges. The decoder gets it in place of circular convolutions, because for
    lack of memory it may work in tiles, whose edges are not the picture's."""
    return torch.nn.functional.pad(latents, (_margin(latents),) * 4, mode="circular")


def unframed(pixels: Any, latents: Any) -> Any:
    """What the decoder made of `framed(latents)`, without the frame."""
    height, width = latents.shape[-2:]
    factor = pixels.shape[-1] // (width + 2 * _margin(latents))
    edge = _margin(latents) * factor
    return pixels[..., edge : edge + height * factor, edge : edge + width * factor]


def _margin(latents: Any) -> int:
    return min(MARGIN, *latents.shape[-2:])
