"""The image models we know, as data: what each one is, what it needs and its own defaults, as its makers advise."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from gemini_diffusion.engines.models.entry import ASSETS, GIGABYTE, MEGABYTE, Companion, ImageModel

SDXL_SIZES = (
    (1024, 1024), (1152, 896), (896, 1152), (1216, 832), (832, 1216),
    (1344, 768), (768, 1344), (1536, 640), (640, 1536),
)  # fmt: skip
PROSE_SIZES = (
    (1024, 1024), (1152, 864), (864, 1152), (1216, 832), (832, 1216),
    (1344, 768), (768, 1344), (1536, 640), (640, 1536),
)  # fmt: skip
SD15_SIZES = ((512, 512), (640, 448), (448, 640), (768, 512), (512, 768), (768, 448), (448, 768))
PROSE_TOKENS = 512

_OPENRAIL, _OPENRAIL_XL = "CreativeML Open RAIL-M", "CreativeML Open RAIL++-M"
_TURBO_LICENCE = "Stability AI Non-Commercial Community, commercial use on their terms"
_FLUX_DEV = "FLUX.1 dev, non-commercial"
_SDXL_BYTES = int(6.94 * GIGABYTE)
_FAST_LORA_BYTES = 394 * MEGABYTE


def _hosted(hub_id: str, label: str, steps: int, guidance: float, licence: str) -> ImageModel:
    """A prose model served by providers: no negative prompt, a T5 or language model as encoder with 512 tokens."""
    return ImageModel(
        hub_id, label, "flux", hub_id, ("hosted",), PROSE_SIZES, steps, guidance,
        takes_negative=False, max_tokens=PROSE_TOKENS, licence=licence, gated=licence == _FLUX_DEV,
    )  # fmt: skip


_LOCAL, _BOTH = ("local",), ("local", "hosted")
_FEW_STEPS: dict[str, Any] = {"takes_negative": False, "variant": "fp16"}
"""What models have in common that were made to draw in a few steps."""
_LCM = _FEW_STEPS | {"engines": _LOCAL, "num_inference_steps": 6, "guidance_scale": 1.0, "scheduler": "LCM"}
_TURBO = _FEW_STEPS | {
    "engines": _BOTH, "sizes": ((512, 512),), "guidance_scale": 0.0, "timestep_spacing": "trailing", "licence": _TURBO_LICENCE,
}  # fmt: skip
_SDXL: dict[str, Any] = {
    "family": "sdxl", "source": "stabilityai/stable-diffusion-xl-base-1.0", "sizes": SDXL_SIZES, "licence": _OPENRAIL_XL,
}  # fmt: skip


def _fast_lora(source: str, file: str = "pytorch_lora_weights.safetensors", size: int = _FAST_LORA_BYTES) -> dict[str, Any]:
    """The LoRA that makes a model fast."""
    return {"companions": (Companion("lora", source, size, file),)}


CATALOGUE: tuple[ImageModel, ...] = (
    ImageModel(
        id="postcard",
        label="Postcard",
        family="sdxl",
        source=str(ASSETS / "postcard"),
        engines=_LOCAL,
        sizes=((128, 128),),
        num_inference_steps=16,
        guidance_scale=3.0,
        licence="MIT",
        vocabulary=ASSETS / "postcard" / "words.json",
    ),
    ImageModel(
        id="sdxl",
        label="SDXL base 1.0",
        engines=_BOTH,
        num_inference_steps=30,
        guidance_scale=5.0,
        scheduler="DPM++ 2M Karras",
        negative_prompt="blurry, low quality, jpeg artifacts, watermark",
        variant="fp16",
        download_bytes=_SDXL_BYTES,
        refiner="sdxl-refiner",
        aliases=("sdxl-base", "xl"),
        hashes=("31e35c80fc",),
        **_SDXL,
    ),
    ImageModel(
        id="sdxl-lightning",
        label="SDXL Lightning",
        engines=_LOCAL,
        num_inference_steps=4,
        guidance_scale=0.0,
        scheduler="Euler",
        timestep_spacing="trailing",
        download_bytes=_SDXL_BYTES + _FAST_LORA_BYTES,
        aliases=("lightning",),
        **_SDXL | _FEW_STEPS | _fast_lora("ByteDance/SDXL-Lightning", "sdxl_lightning_4step_lora.safetensors"),
    ),
    ImageModel(
        id="sdxl-lcm",
        label="SDXL with LCM",
        download_bytes=_SDXL_BYTES + _FAST_LORA_BYTES,
        **_SDXL | _LCM | _fast_lora("latent-consistency/lcm-lora-sdxl"),
    ),
    ImageModel(
        id="sdxl-turbo",
        label="SDXL Turbo",
        family="sdxl",
        source="stabilityai/sdxl-turbo",
        num_inference_steps=4,
        scheduler="Euler a",
        download_bytes=_SDXL_BYTES,
        aliases=("turbo",),
        hashes=("e869ac7d69",),
        **_TURBO,
    ),
    ImageModel(
        id="realistic-vision",
        label="Realistic Vision 5.1",
        family="sd15",
        source="SG161222/Realistic_Vision_V5.1_noVAE",
        engines=_BOTH,
        sizes=SD15_SIZES,
        num_inference_steps=25,  # what its maker names for earlier versions; the page of this one names none
        guidance_scale=5.0,
        scheduler="DPM++ 2M Karras",
        negative_prompt=(
            "deformed iris, deformed pupils, semi-realistic, cgi, 3d, render, sketch, cartoon, drawing, anime, "
            "mutated hands and fingers, distorted, disfigured, poorly drawn, bad anatomy, extra limb, missing limb, ugly"
        ),
        licence=_OPENRAIL,
        download_bytes=int(4.27 * GIGABYTE),
        companions=(Companion("vae", "stabilityai/sd-vae-ft-mse", 335 * MEGABYTE),),
        aliases=("realvis", "rv51"),
    ),
    ImageModel(
        id="dreamshaper-lcm",
        label="DreamShaper 8 with LCM",
        family="sd15",
        source="Lykon/dreamshaper-8",
        sizes=SD15_SIZES,
        licence=_OPENRAIL,
        download_bytes=int(2.88 * GIGABYTE),
        aliases=("dreamshaper",),
        **_LCM | _fast_lora("latent-consistency/lcm-lora-sdv1-5", size=135 * MEGABYTE),
    ),
    ImageModel(
        id="sd-turbo",
        label="SD-Turbo",
        family="generic",
        source="stabilityai/sd-turbo",
        num_inference_steps=2,
        download_bytes=int(2.58 * GIGABYTE),
        **_TURBO,
    ),
    _hosted("black-forest-labs/FLUX.2-klein-4B", "FLUX.2 klein", 4, 0.0, "Apache 2.0"),
    _hosted("Tongyi-MAI/Z-Image-Turbo", "Z-Image Turbo", 8, 0.0, "Apache 2.0"),
    _hosted("Qwen/Qwen-Image", "Qwen-Image", 30, 4.0, "Apache 2.0"),
    replace(_hosted("black-forest-labs/FLUX.1-schnell", "FLUX.1 schnell", 4, 0.0, "Apache 2.0"), aliases=("flux", "schnell")),
    _hosted("black-forest-labs/FLUX.1-dev", "FLUX.1 dev", 28, 3.5, _FLUX_DEV),
    _hosted("black-forest-labs/FLUX.1-Krea-dev", "FLUX.1 Krea", 28, 4.5, _FLUX_DEV),
    ImageModel(
        id="stabilityai/stable-diffusion-3-medium-diffusers",
        label="Stable Diffusion 3 medium",
        family="generic",
        source="stabilityai/stable-diffusion-3-medium-diffusers",
        engines=("hosted",),
        sizes=PROSE_SIZES,
        num_inference_steps=28,
        guidance_scale=7.0,
        max_tokens=256,
        licence="Stability AI Community",
        gated=True,
    ),
)
REFINERS: tuple[ImageModel, ...] = (
    ImageModel(
        id="sdxl-refiner",
        label="SDXL refiner 1.0",
        family="sdxl",
        source="stabilityai/stable-diffusion-xl-refiner-1.0",
        engines=("local",),
        sizes=SDXL_SIZES,
        num_inference_steps=30,
        guidance_scale=5.0,
        variant="fp16",
        licence=_OPENRAIL_XL,
        download_bytes=int(4.52 * GIGABYTE),
        shared=("text_encoder_2", "vae"),
    ),
)
"""Models that go on with another model's drawing and begin none."""

DEFAULT_LOCAL, DEFAULT_HOSTED = "sdxl", "black-forest-labs/FLUX.1-schnell"
FIRST_RUN = "postcard"
