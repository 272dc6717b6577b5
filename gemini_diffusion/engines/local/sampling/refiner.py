"""The second model of a pair, which takes over for a drawing's last steps or goes over a finished picture; keeps nothing.

Second encoder and decoder are the base's own: a refiner has the same ones.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gemini_diffusion.engines.downloads.model_store import index_of, variant_of
from gemini_diffusion.engines.local.loading.alignment import align_weights
from gemini_diffusion.engines.local.loading.offload import offload_parts
from gemini_diffusion.engines.local.sampling.schedulers import TWO_CALLS
from gemini_diffusion.engines.torch_imports import TorchImports
from gemini_diffusion.types import ImageRequest
from gemini_diffusion.types.errors import RequestRefused

KIND = "StableDiffusionXLImg2ImgPipeline"
FINISHING = 0.4
"""Up to this strength a pass over a picture is a finishing pass, and all the refiner's."""


def open_refiner(folder: Path, base: Any, packages: TorchImports) -> Any:
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
    offload_parts(refiner.unet, base.unet)
    align_weights(refiner.unet)
    return refiner


def refuse_handover(request: ImageRequest) -> None:
    """Raises RequestRefused where a refiner is to take over from a scheduler that cannot hand over."""
    finishing = request.image and request.strength <= FINISHING
    if request.refine < 1 and not finishing and request.scheduler.lower() in map(str.lower, TWO_CALLS):
        raise cannot_hand_over(request.scheduler)


def cannot_hand_over(name: str) -> RequestRefused:
    """No single timestep parts the steps of a scheduler in two that asks the model twice for each."""
    return RequestRefused(
        f"The refiner cannot take over from {name}, which asks the model twice for each step.",
        "Choose another scheduler, such as Euler or DPM++ 2M, or draw without the refiner.",
    )


def split_at_handover(timesteps: Any, scheduler: Any, request: ImageRequest, strength: float | None) -> tuple[int, int]:
    """How many of a drawing's `timesteps` the base makes and how many the refiner after it.

    All are the base's where the refiner is not wanted, or where the drawing begins from noise (`strength` None) and the base
    would make none: a refiner cannot begin a picture. All are the refiner's in a pass that hardly moves from its picture.
    """
    if request.refine >= 1:
        return len(timesteps), 0
    if strength is not None and strength <= FINISHING:
        return 0, len(timesteps)
    length = scheduler.config.num_train_timesteps
    second = int((timesteps < round(length - request.refine * length)).sum())
    if strength is None and second == len(timesteps):
        return second, 0
    return len(timesteps) - second, second
