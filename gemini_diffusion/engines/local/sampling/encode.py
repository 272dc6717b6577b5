"""From a picture to latents, with an eye on numbers that overflow and on memory; the way back is decoding.py's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gemini_diffusion.engines.local.sampling.decode import within_memory
from gemini_diffusion.types.errors import BadAnswer

if TYPE_CHECKING:
    from PIL.Image import Image


def encode(vae: Any, picture: Image, torch: Any) -> Any:
    """Latents [1, channels, height / 8, width / 8] in float32 of an RGB picture whose sides are multiples of 8.

    The middle of what the encoder holds possible, not a sample of it: the same picture always has the same latents. Raises
    BadAnswer where the encoder's output are not numbers in any precision.
    """
    latents = _latents(vae, picture, torch)
    if not torch.isfinite(latents).all() and vae.dtype != torch.float32:
        vae.to(torch.float32)  # and it stays so, as after a decoding that overflowed
        latents = _latents(vae, picture, torch)
    if not torch.isfinite(latents).all():
        raise BadAnswer("The encoder of this model makes no numbers out of the picture.", "Choose another model or picture.")
    return latents


def _latents(vae: Any, picture: Image, torch: Any) -> Any:
    import numpy
    from diffusers.utils.torch_utils import get_module_execution_device

    values = torch.from_numpy(numpy.array(picture)).permute(2, 0, 1)[None]
    pixels = (values.to(torch.float32) / 127.5 - 1).to(get_module_execution_device(vae), vae.dtype)
    with torch.no_grad():
        latents, _ = within_memory(vae, torch, lambda: vae.encode(pixels).latent_dist.mode().to(torch.float32))
    mean, deviation = getattr(vae.config, "latents_mean", None), getattr(vae.config, "latents_std", None)
    if mean is not None and deviation is not None:
        mean, deviation = (torch.tensor(each, device=latents.device).view(1, -1, 1, 1) for each in (mean, deviation))
        latents = (latents - mean) / deviation
    return latents * vae.config.scaling_factor
