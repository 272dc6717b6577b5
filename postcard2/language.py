"""The two CLIP text encoders, and how they learn what a caption says before any picture is seen; knows no pictures."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from postcard2 import checkpoint
from postcard2 import scene as world
from postcard2.captions import Caption, describe
from postcard2.practice import Learners, Practice, practise
from postcard2.tokenizer import LENGTH, build

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

WIDTHS = (64, 96)
POOLED = 96
LAYERS = 4
STATE = "language.pt"

ANSWERS: dict[str, tuple[str | int, ...]] = {
    "subject": world.SUBJECTS, "colour": world.COLOURS, "count": (1, 2, 3), "garment": world.GARMENTS,
    "garment_colour": world.COLOURS, "second": world.SUBJECTS, "second_colour": world.COLOURS, "relation": world.RELATIONS,
    "place": world.PLACES, "time": world.TIMES, "weather": world.WEATHERS, "side": world.SIDES, "size": world.SIZES,
    "without": world.ABSENT,
}  # fmt: skip
"""The questions that a text encoder must be able to answer from a caption; a caption that is silent is an answer, too."""


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
            vocab_size=len(tokenizer), hidden_size=width, intermediate_size=3 * width, num_hidden_layers=LAYERS,
            num_attention_heads=width // 32, max_position_embeddings=LENGTH, projection_dim=POOLED, hidden_act=act,
            bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id,
        )  # fmt: skip

    return Language(
        tokenizer, CLIPTextModel(config(WIDTHS[0], "quick_gelu")), CLIPTextModelWithProjection(config(WIDTHS[1], "gelu"))
    )


def load(folder: Path) -> Language:
    """Read encoders and tokenizer from a pipeline's folder, in 32-bit floats whatever is on disk."""
    from transformers import CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

    return Language(
        CLIPTokenizer.from_pretrained(folder / "tokenizer"),
        CLIPTextModel.from_pretrained(folder / "text_encoder").float(),
        CLIPTextModelWithProjection.from_pretrained(folder / "text_encoder_2").float(),
    )


def save(language: Language, folder: Path) -> None:
    """Write encoders and tokenizer where a pipeline's folder has them."""
    for name in ("tokenizer", "tokenizer_2"):
        language.tokenizer.save_pretrained(folder / name)
    language.first.save_pretrained(folder / "text_encoder")
    language.second.save_pretrained(folder / "text_encoder_2")


def train(folder: Path, minutes: float, peak_rate: float = 2e-3, batch_size: int = 96, seed: int = 0) -> None:
    """Train both encoders to answer what a caption says, by linear questions on all three outputs the UNet uses.

    Goes on from the state in `folder` for `minutes` more.
    """
    import torch

    language = load(folder) if (folder / "text_encoder").exists() else create()
    learned = torch.nn.ModuleList([language.first, language.second, _questions()])
    rights: list[str] = []

    def loss_of(rng: random.Random, step: int) -> Tensor:
        captions = [describe(world.sample(rng), rng) for _ in range(batch_size)]
        ids = language.tokens([caption.text for caption in captions], short=True)
        loss, right = _ask(language, learned[2], ids, captions)
        rights[:] = [right]
        return loss

    def on_save() -> None:
        checkpoint.export(folder, lambda part: save(language, part))
        print(f"language right {rights[0]}", flush=True)

    optimizer = torch.optim.AdamW(learned.parameters(), betas=(0.9, 0.98), weight_decay=0.01)
    practise(
        Practice(folder / STATE, minutes, peak_rate, seed=seed), Learners({"learned": learned}, optimizer), loss_of, on_save
    )


def teach(language: Language, synonyms: dict[str, str], steps: int = 150, rate: float = 0.02) -> float:
    """Make single-token words mean what known words mean, by their embeddings alone; give the error that is left.

    The encoders' own answer to a caption with the known word is the lesson for the same caption with the new one. Nothing
    else is touched, so a UNet that was trained on these encoders stays valid. Raises ValueError for a word of several tokens.
    """
    import torch

    split = [word for word in synonyms if len(language.tokenizer.tokenize(word)) > 1]
    if split:
        raise ValueError(f"The tokenizer splits {', '.join(split)}: only words that are one token can be taught.")
    rows = {word: language.tokenizer.convert_tokens_to_ids(f"{word}</w>") for word in synonyms}
    tables = _embeddings(language)
    optimizer = torch.optim.Adam(tables, lr=rate)
    only = torch.zeros(len(language.tokenizer), 1)
    only[list(rows.values())] = 1
    rng, error = random.Random("teach"), torch.zeros(())
    for step in range(steps):
        new, known = _retold(synonyms, rng)
        with torch.no_grad():
            hidden, pooled = language.read(language.tokens(known))
        now_hidden, now_pooled = language.read(language.tokens(new))
        error = (now_hidden - hidden).square().mean() + (now_pooled - pooled).square().mean()
        optimizer.param_groups[0]["lr"] = rate * (1 - step / steps)
        optimizer.zero_grad(set_to_none=True)
        error.backward()
        for table in tables:
            table.grad *= only
        optimizer.step()
    return float(error.detach())


def _embeddings(language: Language) -> list[Any]:
    return [model.get_input_embeddings().weight for model in (language.first, language.second)]


def _retold(synonyms: dict[str, str], rng: random.Random, count: int = 32) -> tuple[list[str], list[str]]:
    """Give captions with new words, and the same captions with the known words in their places."""
    new: list[str] = []
    known: list[str] = []
    while len(new) < count:
        text = describe(world.sample(rng), rng).text.lower()
        word, meaning = rng.choice(list(synonyms.items()))
        pieces = text.split(" ")
        if meaning in pieces:
            known.append(text)
            new.append(" ".join(word if piece == meaning else piece for piece in pieces))
    return new, known


def _questions() -> Any:
    import torch

    sizes = (WIDTHS[0], WIDTHS[1], POOLED)
    return torch.nn.ModuleList(
        torch.nn.ModuleDict({name: torch.nn.Linear(size, 1 + len(options)) for name, options in ANSWERS.items()})
        for size in sizes
    )


def _answer(caption: Caption, name: str, options: tuple[str | int, ...]) -> int:
    """Give the number of the answer; 0 is silence."""
    return 1 + options.index(caption.says[name]) if name in caption.says else 0


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
            answer = torch.tensor([_answer(caption, name, options) for caption in captions])
            guess = heads[name](view)
            loss = loss + cross_entropy(guess, answer)
            right[name] = float((guess.argmax(1) == answer).float().mean())
    return loss / 3, json.dumps({name: round(value, 3) for name, value in right.items()})
