"""A model in one .safetensors file, as people share them: what it may be, and the settings it does not carry; loads nothing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from gemini_diffusion.engines.models.detect import FIRST_LAYER, Kind, json_in, kind_of, shapes_in, text_width
from gemini_diffusion.engines.models.entry import WEIGHTS
from gemini_diffusion.types.errors import ModelNotFound, RequestRefused

FIRST_OF_FAMILY: Mapping[Kind, str] = {
    "sdxl": "stabilityai/stable-diffusion-xl-base-1.0",
    "sd15": "stable-diffusion-v1-5/stable-diffusion-v1-5",
}
"""Where the settings and tokenizers that fit every file of a family come from; a few megabytes."""
CLASSES: Mapping[Kind, str] = {"sdxl": "StableDiffusionXLPipeline", "sd15": "StableDiffusionPipeline"}
WHOLE = "Choose a whole model: a .safetensors file of SDXL's or SD 1.5's family, a folder, or a name at Hugging Face."
_WORDS: Mapping[Kind, str] = {
    "sdxl refiner": "the SDXL refiner, which goes on with a picture that another model began",
    "sd2": "of Stable Diffusion 2's family, which is only drawn with from a folder here",
    "flux": "of FLUX's family, which is not drawn with on this machine",
    "inpainting": "made to fill in parts of a picture and draws none by itself",
    "lora": "a LoRA: it changes a model and is none by itself",
    "vae": "a decoder (VAE), one part of a model",
    "controlnet": "a ControlNet: it steers a model and is none by itself",
    "embedding": "a textual inversion: it adds a word to a model and is none by itself",
    "part": "only one part of a model, without the others",
    "gguf": "a GGUF file, which is not read here",
    "pickle": "a pickle, which could run a program when it is read, so it was not opened",
    "other": "no model that is known here, or damaged",
}


def refuse_unusable(file: Path) -> None:
    """Raises what is wrong with a file that cannot be drawn with, in words; it is never opened further than its head."""
    if not file.is_file():
        raise ModelNotFound(f"There is no file {file.name[:80]} there.", "Check its path, or choose another model.")
    if file.suffix.lower() != WEIGHTS:
        raise RequestRefused(
            f"{file.name[:80]} was not opened: only {WEIGHTS} files are, because others may run a program when they are read.",
            WHOLE,
        )
    kind = kind_of(file)
    if kind in _WORDS:
        raise RequestRefused(f"{file.name[:80]} is {_WORDS[kind]}.", WHOLE)


def first_of_family(file: Path) -> str:
    """The hub id whose settings fit a file; "" where the file is no whole model of a family drawn with here."""
    return FIRST_OF_FAMILY.get(kind_of(file), "") if file.suffix.lower() == WEIGHTS else ""


def class_of(file: Path) -> str:
    """The pipeline of diffusers for a file. Raises RequestRefused where there is none."""
    refuse_unusable(file)
    return CLASSES[kind_of(file)]


def fits(settings: Path, file: Path) -> bool:
    """Whether the settings in a folder describe the model in a file: the same pipeline, widths as in its weights.

    Those of a few-step model do not: it would begin its steps elsewhere.
    """
    shapes = shapes_in(file)
    unet, scheduler = json_in(settings / "unet" / "config.json"), json_in(settings / "scheduler" / "scheduler_config.json")
    return (
        json_in(settings / "model_index.json").get("_class_name") == CLASSES.get(kind_of(file))
        and scheduler.get("timestep_spacing") != "trailing"
        and text_width(settings) == text_width(file) != 0
        and unet.get("block_out_channels", [None])[0] == shapes.get(FIRST_LAYER, (0,))[0]
    )
