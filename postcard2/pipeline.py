"""The whole model as diffusers has it: put together, read, written small, and asked for pictures; trains nothing."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from postcard2 import diffusion
from postcard2.language import Language
from postcard2.scene import SHAPES

if TYPE_CHECKING:
    from diffusers import AutoencoderKL, StableDiffusionXLPipeline, UNet2DConditionModel
    from PIL import Image

STEPS = 16
GUIDANCE = 3.0
QUICK_STEPS = 4
QUICK_FILE = "lcm.safetensors"
"""The distilled version: a LoRA on the same UNet, drawn with the LCM scheduler and no guidance."""


def assemble(language: Language, vae: AutoencoderKL, unet: UNet2DConditionModel) -> StableDiffusionXLPipeline:
    """Make a pipeline of the parts; an empty negative prompt is read as words, not replaced by zeros."""
    from diffusers import StableDiffusionXLPipeline

    pipe = StableDiffusionXLPipeline(
        vae=vae, text_encoder=language.first, text_encoder_2=language.second, tokenizer=language.tokenizer,
        tokenizer_2=language.tokenizer, unet=unet, scheduler=diffusion.scheduler(),
        force_zeros_for_empty_prompt=False, add_watermarker=False,
    )  # fmt: skip
    pipe.set_progress_bar_config(disable=True)
    return pipe


def load(folder: Path) -> StableDiffusionXLPipeline:
    """Read a pipeline in 32-bit floats: on a CPU half precision is twenty times slower."""
    import torch
    from diffusers import StableDiffusionXLPipeline

    pipe: Any = StableDiffusionXLPipeline.from_pretrained(folder, dtype=torch.float32, add_watermarker=False)
    pipe.set_progress_bar_config(disable=True)
    return pipe


@dataclass(frozen=True)
class Drawing:
    """How pictures are drawn: number of steps, guidance, negative prompt, and one of postcard2.scene.SHAPES."""

    steps: int = STEPS
    guidance: float = GUIDANCE
    negative: str = ""
    shape: str = "square"


def quicken(pipe: Any, file: Path) -> Any:
    """Put the distilled LoRA into the pipeline's UNet for good: from now on it is to be drawn with QUICK."""
    from diffusers import LCMScheduler

    pipe.load_lora_weights(file.parent, weight_name=file.name)
    pipe.fuse_lora()
    pipe.unload_lora_weights()
    pipe.scheduler = LCMScheduler.from_config(scheduler_config(pipe))
    return pipe


def scheduler_config(pipe: Any) -> dict[str, Any]:
    """Give the pipeline's noise schedule without what only some schedulers know."""
    return {name: value for name, value in pipe.scheduler.config.items() if name != "skip_prk_steps"}


WHOLE, QUICK = Drawing(), Drawing(QUICK_STEPS, 1.0)


def draw(pipe: Any, prompts: list[str], seeds: list[int], how: Drawing = WHOLE, batch_size: int = 16) -> list[Image.Image]:
    """Draw one picture for each prompt with its seed."""
    import torch

    width, height = SHAPES[how.shape]
    pictures: list[Image.Image] = []
    for start in range(0, len(prompts), batch_size):
        words = prompts[start : start + batch_size]
        generators = [torch.Generator().manual_seed(seed) for seed in seeds[start : start + batch_size]]
        pictures += pipe(
            words, negative_prompt=[how.negative] * len(words), generator=generators, width=width, height=height,
            num_inference_steps=how.steps, guidance_scale=how.guidance,
        ).images  # fmt: skip
    return pictures


def export(pipe: Any, folder: Path) -> None:
    """Write the pipeline in half precision, with the keys that SDXL's own files have."""
    import torch

    for module in (pipe.vae, pipe.text_encoder, pipe.text_encoder_2, pipe.unet):
        module.to(torch.float16)
    pipe.save_pretrained(folder)
    _prefix(folder / "text_encoder" / "model.safetensors")
    for path in folder.glob("*/config.json"):
        config = json.loads(path.read_text())
        config.pop("_name_or_path", None)  # a folder of the machine it was made on
        path.write_text(json.dumps(config, indent=2) + "\n")
    for path in folder.rglob("*.safetensors"):
        path.chmod(0o644)  # the library writes them for their owner's eyes only


def _prefix(path: Path) -> None:
    """Name the first encoder's weights `text_model.*`, as in SDXL; the library writes them bare and reads both."""
    from safetensors.torch import load_file, save_file

    weights = load_file(path)
    named = {name if name.startswith("text_model.") else f"text_model.{name}": value for name, value in weights.items()}
    save_file(named, path, metadata={"format": "pt"})
