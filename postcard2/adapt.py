"""Teaches the finished model one more thing in a small file beside it: an umbrella as a LoRA, a fish as a textual inversion.

The model's own weights stay as they are. Both files are in the forms that people share, so they prove the app's ways of using
them: the LoRA has weights for the UNet and both text encoders, the textual inversion vectors for both text encoders.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from postcard2 import newcomers
from postcard2.clock import Clock
from postcard2.diffusion import Given, Noise
from postcard2.language import Language
from postcard2.newcomers import Example
from postcard2.pictures import to_tensor
from postcard2.scene import SHAPES

if TYPE_CHECKING:
    from torch import Tensor

RANK = 4
UNET_LAYERS = ("to_q", "to_k", "to_v", "to_out.0", "ff.net.0.proj", "ff.net.2", "proj_in", "proj_out")
ENCODER_LAYERS = ("q_proj", "k_proj", "v_proj", "out_proj")


@dataclass(frozen=True)
class AdaptPlan:
    """What a training is given; `lessons` pictures are made of each kind, once."""

    minutes: float
    path: Path
    lessons: int = 512
    seed: int = 0


@dataclass(frozen=True)
class Parts:
    """The model that is adapted; changed in memory alone."""

    language: Language
    vae: Any
    unet: Any


@dataclass(frozen=True)
class Lessons:
    """Latents N x 16 x 16 x 16 and what is said of each."""

    latents: Tensor
    captions: list[str]

    def some(self, rng: random.Random, count: int) -> tuple[Tensor, list[str]]:
        """Give `count` lessons."""
        rows = rng.sample(range(len(self.captions)), count)
        return self.latents[rows], [self.captions[row] for row in rows]


def train_lora(parts: Parts, plan: AdaptPlan) -> None:
    """Learn the subject with small matrices beside the attention of the UNet and both encoders; every second lesson is old."""
    import torch
    from peft import LoraConfig

    torch.manual_seed(plan.seed)
    rng = random.Random(f"lora {plan.seed}")
    models = {"unet": parts.unet, "text_encoder": parts.language.first, "text_encoder_2": parts.language.second}
    for name, model in models.items():
        layers = UNET_LAYERS if name == "unet" else ENCODER_LAYERS
        model.requires_grad_(False)
        model.add_adapter(LoraConfig(r=RANK, lora_alpha=RANK, target_modules=list(layers)))
    trained = [value for model in models.values() for value in model.parameters() if value.requires_grad]
    optimizer = torch.optim.AdamW(trained, weight_decay=0.0)
    new, old = (_lessons(example, parts, rng, plan.lessons) for example in (newcomers.umbrella, newcomers.known))
    _practise(parts, optimizer, Clock(plan.minutes), lambda: _joined(new.some(rng, 8), old.some(rng, 8)), 2e-3)
    _save_lora(models, plan.path)


def train_inversion(parts: Parts, plan: AdaptPlan) -> None:
    """Learn the vectors of a new word in both encoders: everything else stays, and the gradient of other words is dropped."""
    import torch

    torch.manual_seed(plan.seed)
    rng = random.Random(f"inversion {plan.seed}")
    for model in (parts.unet, parts.language.first, parts.language.second):
        model.requires_grad_(False)
    tables, rows = _with_new_rows(parts.language)
    lessons = _lessons(newcomers.bubbles, parts, rng, plan.lessons)
    _practise(parts, torch.optim.Adam(tables), Clock(plan.minutes), lambda: lessons.some(rng, 16), 5e-3)
    vectors = {name: table.detach()[rows].half() for name, table in zip(("clip_l", "clip_g"), tables, strict=True)}
    _write(vectors, plan.path, {"modelspec.title": "Bubbles, a pink fish"})


def _with_new_rows(language: Language) -> tuple[list[Tensor], list[int]]:
    """Add the token to the tokenizer and to both tables of words, where it begins as any fish; give the tables and its rows."""
    import torch

    tokens = newcomers.SPELLED.split()
    language.tokenizer.add_tokens(tokens)
    *rows, fish = language.tokenizer.convert_tokens_to_ids([*tokens, "fish</w>"])
    tables = []
    for encoder in (language.first, language.second):
        encoder.resize_token_embeddings(len(language.tokenizer), mean_resizing=False)
        table = encoder.get_input_embeddings().weight
        with torch.no_grad():
            table[rows] = table[fish].clone()
        table.requires_grad_(True).register_hook(_only(rows))
        tables.append(table)
    return tables, rows


def _practise(parts: Parts, optimizer: Any, clock: Clock, lesson: Callable[[], tuple[Tensor, list[str]]], peak: float) -> None:
    """Take steps until the time is used up; the loss is the one that the UNet learned by."""
    noise, step, losses = Noise("cpu"), 0, []
    while clock.progress < 1:
        optimizer.param_groups[0]["lr"] = clock.rate(peak)
        latents, captions = lesson()
        loss = noise.loss(parts.unet, latents, Given.of(captions, SHAPES["square"], parts.language, "cpu"))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        step += 1
        losses.append(loss.item())
        if step % 50 == 0:
            print(f"adapt {clock.minutes_spent:5.1f} min, step {step}, loss {sum(losses) / len(losses):.4f}", flush=True)
            losses.clear()


def _lessons(example: Callable[[random.Random], Example], parts: Parts, rng: random.Random, count: int) -> Lessons:
    import torch

    examples = [example(rng) for _ in range(count)]
    pictures = to_tensor([one.picture for one in examples])
    with torch.no_grad():
        latents = torch.cat([parts.vae.encode(some).latent_dist.mean for some in pictures.split(8)])
    return Lessons(latents * parts.vae.config.scaling_factor, [one.caption for one in examples])


def _joined(one: tuple[Tensor, list[str]], other: tuple[Tensor, list[str]]) -> tuple[Tensor, list[str]]:
    import torch

    return torch.cat([one[0], other[0]]), one[1] + other[1]


def _only(rows: list[int]) -> Callable[[Tensor], Tensor]:
    def drop(gradient: Tensor) -> Tensor:
        kept = gradient.new_zeros(gradient.shape)
        kept[rows] = gradient[rows]
        return kept

    return drop


def _save_lora(models: dict[str, Any], path: Path) -> None:
    from peft.utils import get_peft_model_state_dict

    weights = {
        f"{name}.{key}": value.half().contiguous()
        for name, model in models.items()
        for key, value in get_peft_model_state_dict(model, adapter_name="default").items()
    }
    _write(weights, path, {"modelspec.title": "An umbrella", "modelspec.trigger_phrase": newcomers.UMBRELLA})


def _write(weights: dict[str, Tensor], path: Path, metadata: dict[str, str]) -> None:
    from safetensors.torch import save_file

    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(weights, path, metadata={"format": "pt", **metadata})
    path.chmod(0o644)
