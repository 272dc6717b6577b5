"""The two CLIP text encoders, and how they learn what a caption says before any picture is seen; knows no pictures."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from postcard import scene as world
from postcard.captions import Caption, describe
from postcard.clock import Clock, set_rate
from postcard.tokenizer import LENGTH, build

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

WIDTHS = (64, 96)
POOLED = 96

ANSWERS: dict[str, tuple[str, ...]] = {
    "subject": ("any", *world.SUBJECTS), "colour": ("any", *world.COLOURS), "place": ("any", *world.PLACES),
    "time": ("any", *world.TIMES), "side": ("any", *world.SIDES), "size": ("any", *world.SIZES),
    "companion": ("any", *world.COMPANIONS[1:]),
}  # fmt: skip
"""The questions that a text encoder must be able to answer from a caption."""


@dataclass
class Language:
    """The tokenizer and both encoders, as the pipeline will hold them."""

    tokenizer: CLIPTokenizer
    first: CLIPTextModel
    second: CLIPTextModelWithProjection

    def tokens(self, texts: list[str], short: bool = False) -> Tensor:
        """Give N x 77 token numbers; with `short` only as many columns as the longest text needs."""
        ids: Tensor = self.tokenizer(
            texts, padding="longest" if short else "max_length", max_length=LENGTH, truncation=True, return_tensors="pt"
        ).input_ids
        return ids

    def read(self, ids: Tensor) -> tuple[Tensor, Tensor]:
        """Give what the UNet sees: N x length x 160 (both encoders' last layer but one) and N x 96 pooled."""
        import torch

        one = self.first(ids, output_hidden_states=True)
        two = self.second(ids, output_hidden_states=True)
        return torch.cat([one.hidden_states[-2], two.hidden_states[-2]], dim=-1), two.text_embeds


def create() -> Language:
    """Make untrained encoders over a freshly learned tokenizer."""
    import torch
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

    torch.manual_seed(0)
    tokenizer = build()

    def config(width: int, act: str) -> CLIPTextConfig:
        return CLIPTextConfig(
            vocab_size=len(tokenizer), hidden_size=width, intermediate_size=3 * width, num_hidden_layers=3,
            num_attention_heads=width // 32, max_position_embeddings=LENGTH, projection_dim=POOLED, hidden_act=act,
            bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id,
        )  # fmt: skip

    return Language(
        tokenizer, CLIPTextModel(config(WIDTHS[0], "quick_gelu")), CLIPTextModelWithProjection(config(WIDTHS[1], "gelu"))
    )


def load(folder: Path) -> Language:
    """Read encoders and tokenizer from a pipeline's folder."""
    from transformers import CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

    return Language(
        CLIPTokenizer.from_pretrained(folder / "tokenizer"),
        CLIPTextModel.from_pretrained(folder / "text_encoder"),
        CLIPTextModelWithProjection.from_pretrained(folder / "text_encoder_2"),
    )


def save(language: Language, folder: Path) -> None:
    """Write encoders and tokenizer where a pipeline's folder has them."""
    for name in ("tokenizer", "tokenizer_2"):
        language.tokenizer.save_pretrained(folder / name)
    language.first.save_pretrained(folder / "text_encoder")
    language.second.save_pretrained(folder / "text_encoder_2")


def train(folder: Path, minutes: float, peak_rate: float = 2e-3, batch_size: int = 96, seed: int = 0) -> None:
    """Train both encoders to answer what a caption says, by linear questions on all three outputs the UNet uses."""
    import torch

    language = load(folder) if (folder / "text_encoder").exists() else create()
    questions = _questions()
    models = [language.first, language.second, questions]
    parameters = [p for model in models for p in model.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=peak_rate, weight_decay=0.01)
    rng, clock, step = random.Random(f"language {seed}"), Clock(minutes), 0
    while clock.progress < 1:
        set_rate(optimizer, clock.rate(peak_rate))
        captions = [describe(world.sample(rng), rng) for _ in range(batch_size)]
        ids = language.tokens([caption.text for caption in captions], short=True)
        loss, right = _ask(language, questions, ids, captions)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        step += 1
        if step % 200 == 0 or clock.progress >= 1:
            print(f"language {clock.minutes_spent:5.1f} min, step {step}, loss {loss.item():.4f}, right {right}", flush=True)
    save(language, folder)


def _questions() -> Any:
    import torch

    sizes = (WIDTHS[0], WIDTHS[1], POOLED)
    return torch.nn.ModuleList(
        torch.nn.ModuleDict({name: torch.nn.Linear(size, len(options)) for name, options in ANSWERS.items()}) for size in sizes
    )


def _ask(language: Language, questions: Any, ids: Tensor, captions: list[Caption]) -> tuple[Tensor, str]:
    import torch
    from torch.nn.functional import cross_entropy

    rows = torch.arange(len(ids))
    ends = (ids == language.tokenizer.eos_token_id).int().argmax(dim=1)
    hidden, pooled = language.read(ids)
    at_end = hidden[rows, ends]
    views = (at_end[:, : WIDTHS[0]], at_end[:, WIDTHS[0] :], pooled)
    loss, right = torch.zeros(()), {}
    for view, heads in zip(views, questions, strict=True):
        for name, options in ANSWERS.items():
            answer = torch.tensor([options.index(getattr(caption, name)) for caption in captions])
            guess = heads[name](view)
            loss = loss + cross_entropy(guess, answer)
            right[name] = float((guess.argmax(1) == answer).float().mean())
    return loss / 3, json.dumps({name: round(value, 3) for name, value in right.items()})
