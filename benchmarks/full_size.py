"""SDXL in its full size with random weights through the app's own loading and drawing, on the processor; knows no window.

`python -m benchmarks.full_size` builds the model in 16 bits in a temporary folder (7 GB), draws in a process of its own, and
prints seconds and gigabytes: one step at 512 pixels with guidance and the real decoder, four steps without guidance with a
tiny one. The picture is noise; the code path, the sizes and the memory are the real model's. The claim: at most 12 GB.
"""

from __future__ import annotations

import asyncio
import json
import math
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

MOST = 12.0
"""Gigabytes at most for drawing."""
PATTERN = 10_000_019
"""Random numbers that are repeated through all weights: a prime, so that no two rows of a matrix are alike."""
VOCABULARY = 49_408
UNET: dict[str, Any] = {
    "sample_size": 128, "in_channels": 4, "out_channels": 4, "block_out_channels": (320, 640, 1280), "layers_per_block": 2,
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
    "transformer_layers_per_block": (1, 2, 10), "attention_head_dim": (5, 10, 20), "cross_attention_dim": 2048,
    "use_linear_projection": True, "addition_embed_type": "text_time", "addition_time_embed_dim": 256,
    "projection_class_embeddings_input_dim": 2816,
}  # fmt: skip
VAE: dict[str, Any] = {
    "sample_size": 1024, "in_channels": 3, "out_channels": 3, "latent_channels": 4, "block_out_channels": (128, 256, 512, 512),
    "layers_per_block": 2, "down_block_types": ("DownEncoderBlock2D",) * 4, "up_block_types": ("UpDecoderBlock2D",) * 4,
    "scaling_factor": 0.13025, "force_upcast": True,
}  # fmt: skip
ENCODERS: dict[str, tuple[str, dict[str, Any]]] = {
    "text_encoder": ("CLIPTextModel", {
        "hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 12, "num_attention_heads": 12,
        "projection_dim": 768, "hidden_act": "quick_gelu",
    }),
    "text_encoder_2": ("CLIPTextModelWithProjection", {
        "hidden_size": 1280, "intermediate_size": 5120, "num_hidden_layers": 32, "num_attention_heads": 20,
        "projection_dim": 1280, "hidden_act": "gelu",
    }),
}  # fmt: skip


def main() -> None:
    if len(sys.argv) > 1:
        {"build": build, "draw": draw}[sys.argv[1]](Path(sys.argv[2]))
        return
    with tempfile.TemporaryDirectory(prefix="full-size-") as place:
        for task in ("build", "draw"):
            subprocess.run([sys.executable, "-m", "benchmarks.full_size", task, place], check=True)


def build(folder: Path) -> None:
    """Write the model as the real one lies on the disk, one part after the other, so that memory holds only one."""
    from gemini_diffusion.engines.torch_imports import import_torch

    packages = import_torch()
    torch, diffusers, transformers = packages.torch, packages.diffusers, packages.transformers
    with measured("built and saved"):
        torch.set_grad_enabled(False)
        torch.manual_seed(1)
        noise = torch.randn(PATTERN).to(torch.bfloat16)
        _filled(lambda: diffusers.UNet2DConditionModel(**UNET), noise).save_pretrained(folder / "unet")
        _filled(lambda: diffusers.AutoencoderKL(**VAE), noise).save_pretrained(folder / "vae")
        for name, (kind, options) in ENCODERS.items():
            config = transformers.CLIPTextConfig(
                vocab_size=VOCABULARY, bos_token_id=VOCABULARY - 2, eos_token_id=VOCABULARY - 1, **options
            )
            _filled(lambda kind=kind, config=config: getattr(transformers, kind)(config), noise).save_pretrained(folder / name)
        for name, pad in (("tokenizer", "<|endoftext|>"), ("tokenizer_2", "!")):
            transformers.CLIPTokenizer(vocab=_words(), merges=[], model_max_length=77, pad_token=pad).save_pretrained(
                folder / name
            )
        diffusers.EulerDiscreteScheduler(
            beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", timestep_spacing="leading", steps_offset=1
        ).save_pretrained(folder / "scheduler")
        index = {"_class_name": "StableDiffusionXLPipeline", "unet": ["diffusers", "UNet2DConditionModel"],
                 "vae": ["diffusers", "AutoencoderKL"], "scheduler": ["diffusers", "EulerDiscreteScheduler"],
                 "tokenizer": ["transformers", "CLIPTokenizer"], "tokenizer_2": ["transformers", "CLIPTokenizer"],
                 **{name: ["transformers", kind] for name, (kind, _) in ENCODERS.items()}}  # fmt: skip
        (folder / "model_index.json").write_text(json.dumps(index), encoding="utf-8")


def draw(folder: Path) -> None:
    """Load it as the engine does, then draw twice."""
    from gemini_diffusion.engines.downloads.model_store import weights_bytes
    from gemini_diffusion.engines.local.loading.device import measure, place
    from gemini_diffusion.engines.local.loading.loader import count_weights, load_pipeline
    from gemini_diffusion.engines.local.loading.memory_plan import plan_memory
    from gemini_diffusion.engines.torch_imports import import_torch

    packages = import_torch()
    with measured("planned and loaded"):
        machine = measure(packages.torch, place(packages.torch, weights_bytes(folder)))
        plan = plan_memory("Full-size SDXL", count_weights(folder), machine, 512 * 512)
        pipeline = load_pipeline(folder, packages, plan)
    print(f"  {pipeline.placement}")
    with measured("512 x 512, one step, guidance, real decoder"):
        picture(pipeline, steps=1, guidance=5.0)
    packages.torch.manual_seed(1)
    tiny = packages.diffusers.AutoencoderTiny().to(pipeline.base.unet.dtype)
    pipeline.base.register_modules(vae=tiny)
    with measured("512 x 512, four steps, no guidance, tiny decoder"):
        picture(pipeline, steps=4, guidance=0.0)
    print(f"memory at most {peak():6.1f} GB  (at most {MOST:.0f})")
    if peak() > MOST:
        sys.exit("That is too much.")


def picture(pipeline: Any, steps: int, guidance: float) -> None:
    """One picture of 512 x 512 pixels through the engine's own pipeline."""
    from gemini_diffusion.engines.local.sampling.batch import BatchItem, DrawnImage
    from gemini_diffusion.engines.worker import WorkerJob
    from gemini_diffusion.types import ImageRequest

    async def drawn() -> Any:
        job = WorkerJob(asyncio.get_running_loop(), lambda event: None)
        request = ImageRequest("a red cat on the beach at sunset", "", 512, 512, steps, guidance)
        return await asyncio.to_thread(pipeline.draw, [BatchItem(request, 1, job)])

    (outcome,) = asyncio.run(drawn())
    if not isinstance(outcome, DrawnImage):
        raise outcome


@contextmanager
def measured(what: str) -> Iterator[None]:
    """Prints how long it took, by the wall and by the processor, and the most memory so far."""
    wall, processor = time.perf_counter(), time.process_time()
    yield
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    print(f"{what:50} {wall:7.1f} s  {processor:7.1f} s of processor time  {peak():6.1f} GB", flush=True)


def peak() -> float:
    """The most resident memory of this process so far, in gigabytes; Linux counts in kilobytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9


def _filled(make: Any, noise: Any) -> Any:
    """A network in 16 bits: matrices of noise that keep numbers as large as they were, and norms that do nothing."""
    import torch

    with torch.device("meta"):
        network = make()
        network.to(dtype=torch.bfloat16)
    network.to_empty(device="cpu")
    for name, values in network.named_parameters():
        if values.ndim < 2:
            values.fill_(1.0 if "norm" in name and name.endswith("weight") else 0.0)
        else:
            flat = values.view(-1)
            for start in range(0, flat.numel(), PATTERN):
                part = flat[start : start + PATTERN]
                part.copy_(noise[: part.numel()])
            values.div_(math.sqrt(math.prod(values.shape[1:])))
    for name, values in network.named_buffers():
        if name.endswith("position_ids"):
            values.copy_(torch.arange(values.shape[-1]).expand_as(values))
    return network


def _words() -> dict[str, int]:
    """A vocabulary as large as CLIP's: the printable characters, alone and at a word's end, then words that never come."""
    letters = [chr(code) for code in range(33, 127)]
    words = [*letters, *(f"{letter}</w>" for letter in letters)]
    words += [f"unused{number}" for number in range(VOCABULARY - 2 - len(words))]
    return {word: number for number, word in enumerate([*words, "<|startoftext|>", "<|endoftext|>"])}


if __name__ == "__main__":
    main()
