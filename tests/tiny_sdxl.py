"""Builds tiny image models with random weights, saved as the big ones are: for tests of the real pipeline code.

What they draw is coloured noise; only its size, its speed and its repeatability matter. Nothing of them is committed.
"""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

MERGES = (("c", "a"), ("ca", "t</w>"), ("d", "o"), ("do", "g</w>"))


def build_sdxl(folder: Path) -> Path:
    """A StableDiffusionXLPipeline in `folder`, about 1 MB; draws 64 x 64 pixels in some ten milliseconds a step."""
    import diffusers
    import torch

    torch.manual_seed(0)
    encoders = {
        "text_encoder": _encoder("CLIPTextModel"),
        "text_encoder_2": _encoder("CLIPTextModelWithProjection"),
        "tokenizer": _tokenizer("<|endoftext|>"),
        "tokenizer_2": _tokenizer("!"),
    }
    unet = _unet(
        cross_attention_dim=64,
        addition_embed_type="text_time",
        addition_time_embed_dim=8,
        projection_class_embeddings_input_dim=32 + 6 * 8,
    )
    scheduler = diffusers.EulerDiscreteScheduler(beta_schedule="scaled_linear", timestep_spacing="leading", steps_offset=1)
    pipeline = diffusers.StableDiffusionXLPipeline(
        **encoders, unet=unet, vae=_vae(), scheduler=scheduler, add_watermarker=False, force_zeros_for_empty_prompt=False
    )
    pipeline.save_pretrained(folder, safe_serialization=True)
    return folder


def build_refiner(folder: Path) -> Path:
    """A refiner for `build_sdxl`'s model: one encoder, aesthetics score; saved whole, as the real one is."""
    import diffusers
    import torch

    torch.manual_seed(1)
    unet = _unet(
        cross_attention_dim=32,
        addition_embed_type="text_time",
        addition_time_embed_dim=8,
        projection_class_embeddings_input_dim=32 + 5 * 8,
    )
    pipeline = diffusers.StableDiffusionXLImg2ImgPipeline(
        text_encoder=None,
        tokenizer=None,
        text_encoder_2=_encoder("CLIPTextModelWithProjection"),
        tokenizer_2=_tokenizer("!"),
        unet=unet,
        vae=_vae(),
        scheduler=diffusers.EulerDiscreteScheduler(beta_schedule="scaled_linear", timestep_spacing="leading", steps_offset=1),
        requires_aesthetics_score=True,
        force_zeros_for_empty_prompt=False,
        add_watermarker=False,
    )
    pipeline.save_pretrained(folder, safe_serialization=True)
    return folder


def build_sd15(folder: Path, checked: bool = False) -> Path:
    """A StableDiffusionPipeline in `folder`; `checked`, with a safety checker that objects to every picture."""
    import diffusers
    import torch

    torch.manual_seed(0)
    checker, extractor = _strict_checker() if checked else (None, None)
    pipeline = diffusers.StableDiffusionPipeline(
        text_encoder=_encoder("CLIPTextModel"),
        tokenizer=_tokenizer("<|endoftext|>"),
        unet=_unet(cross_attention_dim=32),
        vae=_vae(),
        scheduler=diffusers.DDIMScheduler(beta_schedule="scaled_linear", steps_offset=1, clip_sample=False),
        safety_checker=checker,
        feature_extractor=extractor,
        requires_safety_checker=checked,
    )
    pipeline.save_pretrained(folder, safe_serialization=True)
    return folder


def _unet(**options: Any) -> Any:
    import diffusers

    return diffusers.UNet2DConditionModel(
        sample_size=8,
        block_out_channels=(16, 32),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        attention_head_dim=(1, 2),
        use_linear_projection=True,
        norm_num_groups=8,
        **options,
    )


def _vae() -> Any:
    import diffusers

    return diffusers.AutoencoderKL(
        block_out_channels=(8, 8, 8, 16),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=1,
        latent_channels=4,
        norm_num_groups=4,
        sample_size=64,
        scaling_factor=0.13025,  # SDXL's, so that previews are made as for the real one
    )


def _strict_checker() -> tuple[Any, Any]:
    import torch
    import transformers
    from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker

    small = {"hidden_size": 16, "intermediate_size": 16, "num_attention_heads": 2, "num_hidden_layers": 1}
    vision = {**small, "image_size": 32, "patch_size": 16}
    checker = StableDiffusionSafetyChecker(transformers.CLIPConfig(text_config=small, vision_config=vision, projection_dim=16))
    checker.concept_embeds_weights.data = torch.full_like(checker.concept_embeds_weights, -2.0)
    size = {"height": 32, "width": 32}
    return checker, transformers.CLIPImageProcessorPil(size=size, crop_size=size, do_center_crop=False)


def _encoder(kind: str) -> Any:
    import transformers

    vocabulary = len(_vocabulary())
    config = transformers.CLIPTextConfig(
        vocab_size=vocabulary,
        hidden_size=32,
        intermediate_size=37,
        num_attention_heads=4,
        num_hidden_layers=2,
        projection_dim=32,
        max_position_embeddings=77,
        bos_token_id=vocabulary - 2,
        eos_token_id=vocabulary - 1,
        pad_token_id=vocabulary - 1,
    )
    return getattr(transformers, kind)(config).eval()


def _tokenizer(pad: str) -> Any:
    import transformers

    return transformers.CLIPTokenizer(vocab=_vocabulary(), merges=list(MERGES), model_max_length=77, pad_token=pad)


def _vocabulary() -> dict[str, int]:
    """CLIP's layout: every byte alone and at a word's end, the merges, the two specials last."""
    symbols = _byte_symbols()
    words = [*symbols, *(f"{symbol}</w>" for symbol in symbols), *("".join(pair) for pair in MERGES)]
    return {word: number for number, word in enumerate([*words, "<|startoftext|>", "<|endoftext|>"])}


def _byte_symbols() -> list[str]:
    """The printable stand-ins for the 256 bytes that byte-level vocabularies use."""
    plain = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = itertools.count(256)
    return [chr(byte) if byte in plain else chr(next(others)) for byte in range(256)]
