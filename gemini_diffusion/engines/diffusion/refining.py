"""The second model of a pair, which takes over for a drawing's last steps or goes over a finished picture; keeps nothing.

Second encoder and decoder are the base's own: a refiner has the same ones.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gemini_diffusion.engines.diffusion.packages import Packages
from gemini_diffusion.engines.diffusion.shelf import index_of, variant_of
from gemini_diffusion.engines.diffusion.turns import beside
from gemini_diffusion.errors import RequestRefused
from gemini_diffusion.types import ImageRequest

KIND = "StableDiffusionXLImg2ImgPipeline"
STRENGTH = 0.3
"""How far a finishing pass may move away from the picture."""


def open_refiner(folder: Path, base: Any, packages: Packages) -> Any:
    """The refiner in `folder` beside `base`, a loaded SDXL: on its device, in its numbers. Raises RequestRefused."""
    kind = index_of(folder).get("_class_name")
    if kind != KIND or not hasattr(base, "text_encoder_2"):
        raise RequestRefused(
            f"A model of the kind {str(kind)[:60]} cannot refine this one's pictures.", "Draw without --refine."
        )
    refiner = getattr(packages.diffusers, kind).from_pretrained(
        folder,
        vae=base.vae,
        text_encoder_2=base.text_encoder_2,
        tokenizer_2=base.tokenizer_2,
        dtype=base.unet.dtype,
        variant=variant_of(folder) or None,
        use_safetensors=True,
        local_files_only=True,
        add_watermarker=False,
    )
    refiner.unet.to(memory_format=packages.torch.channels_last)
    beside(refiner.unet, base.unet)
    return refiner


def steps_left(scheduler: Any, request: ImageRequest) -> int:
    """How many steps the refiner makes after the part `request.refine` of the drawing; 0 where either would make none."""
    if request.refine >= 1:
        return 0
    trial = type(scheduler).from_config(scheduler.config)
    trial.set_timesteps(request.num_inference_steps)
    length = trial.config.num_train_timesteps
    later = int((trial.timesteps < round(length - request.refine * length)).sum())
    return later if later < len(trial.timesteps) else 0


def finish(view: Any, picture: Any, strength: float = STRENGTH, **options: Any) -> Any:
    """The finishing pass over any picture (PIL, sides multiples of 8): latents of a finer one like it.

    `view` is a view of the refiner, `options` are its pipeline's: the words, the steps, a generator.
    """
    return view(image=picture, strength=strength, output_type="latent", **options).images
