"""From latents to a picture, with an eye on numbers that overflow and on memory; does not sample."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gemini_diffusion.engines.error_map import translate_errors
from gemini_diffusion.engines.local.sampling.seamless import framed, unframed
from gemini_diffusion.storage.image_check import is_black
from gemini_diffusion.types.errors import BadAnswer, Blocked, OutOfMemory

MENDED = "The decoder's numbers overflowed in {dtype}, so it was run again in float32."
IN_TILES = "The memory did not suffice to decode the picture at once, so it was done in tiles."
BLACK = "The picture is black all over: that is what the model drew, not a fault on the way."
ANOTHER = "Draw it with another seed, less guidance or another model."
TILE = 512
"""Pixels of a tile's side. SDXL's own tiles of 1024 save nothing at its usual size."""


class LatentsOverflowed(BadAnswer):
    """The latents are no numbers: there is nothing to decode, but sampling in another precision may help."""


def decode(pipeline: Any, latents: Any, torch: Any, seamless: bool = False) -> tuple[Any, tuple[str, ...]]:
    """The picture for `latents` [1, channels, height / 8, width / 8], and the sentences a person should read about it.

    Raises LatentsOverflowed where the latents, BadAnswer where the decoder's output are not numbers in any precision, Blocked
    where the model's own safety checker hides the picture. A black picture therefore never appears without its cause.
    """
    if not torch.isfinite(latents).all():
        raise LatentsOverflowed(f"The model's numbers overflowed in {_name(latents.dtype)}, so there is no picture.", ANOTHER)
    given = framed(latents, torch) if seamless else latents
    vae = pipeline.vae
    with torch.no_grad():
        pixels, in_tiles_now = within_memory(vae, torch, lambda: _pixels(vae, given, torch))
        notices = (IN_TILES,) if in_tiles_now else ()
        if not torch.isfinite(pixels).all() and vae.dtype != torch.float32:
            notices = (*notices, MENDED.format(dtype=_name(vae.dtype)))
            vae.to(torch.float32)  # and it stays so: the next picture would overflow as well
            pixels, _ = within_memory(vae, torch, lambda: _pixels(vae, given, torch))
    if not torch.isfinite(pixels).all():
        raise BadAnswer("The decoder of this model makes no numbers out of it, so there is no picture.", ANOTHER)
    picture = _checked(pipeline, unframed(pixels, latents) if seamless else pixels)
    return picture, (*notices, BLACK) if is_black(picture) else notices


def within_memory(vae: Any, torch: Any, work: Callable[[], Any]) -> tuple[Any, bool]:
    """What the decoder or the encoder of `vae` makes in `work`, at once or, where the memory does not suffice, in tiles.

    Also whether it was so. The second try begins when nothing of the first is held any more.
    """
    try:
        return work(), False
    except (RuntimeError, MemoryError) as error:
        if vae.use_tiling or not isinstance(translate_errors(error, ""), OutOfMemory):
            raise
    in_tiles(vae)
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    return work(), True


def in_tiles(vae: Any) -> None:
    """Let the decoder work in tiles from now on."""
    vae.enable_tiling()
    vae.tile_sample_min_size = TILE
    vae.tile_latent_min_size = TILE // 2 ** (len(vae.config.block_out_channels) - 1)


def _pixels(vae: Any, latents: Any, torch: Any) -> Any:
    """Pixels from -1 to 1, [1, 3, height, width], in the decoder's own dtype."""
    mean, deviation = getattr(vae.config, "latents_mean", None), getattr(vae.config, "latents_std", None)
    latents = latents.to(torch.float32) / vae.config.scaling_factor
    if mean is not None and deviation is not None:
        shape = (1, -1, 1, 1)
        latents = latents * torch.tensor(deviation, device=latents.device).view(shape)
        latents = latents + torch.tensor(mean, device=latents.device).view(shape)
    return vae.decode(latents.to(vae.dtype), return_dict=False)[0]


def _checked(pipeline: Any, pixels: Any) -> Any:
    """The picture, unless a safety checker that came with the model hides it."""
    checker = getattr(pipeline, "safety_checker", None)
    if checker is not None:
        pixels, flagged = pipeline.run_safety_checker(pixels, pixels.device, checker.dtype)
        if any(flagged or ()):
            raise Blocked("The safety checker that came with this model hid the picture.")
    return pipeline.image_processor.postprocess(pixels, output_type="pil")[0]


def _name(dtype: Any) -> str:
    return str(dtype).removeprefix("torch.")
