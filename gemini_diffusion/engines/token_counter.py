"""Counting tokens as an image model's encoder does, from the vocabulary on disk; imports neither torch nor transformers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from gemini_diffusion.types import EncoderUsage, TokenUsage
from gemini_diffusion.types.prompt_weights import strip_weights

SPECIALS = 2
"""A start and an end, around every text."""
WINDOW = 77
"""Tokens that CLIP reads at once, specials included."""
ENCODERS = ("tokenizer", "tokenizer_2")
TOKENS_A_WORD = 1.3
"""Of English, where no tokenizer is here to count by."""
PIECES = r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
"""How CLIP cuts a text into words before it looks for their parts."""


class TokenCounter:
    """Counts by the tokenizers of models; each is read once."""

    def __init__(self) -> None:
        self._tokenizers: dict[Path, Any] = {}

    def count(self, folder: Path, text: str) -> int | None:
        """Tokens of `text` for the first encoder of the model in `folder`, specials included; None where it has no CLIP."""
        tokenizer = self._tokenizer(folder / ENCODERS[0])
        return None if tokenizer is None else len(tokenizer.encode(text, add_special_tokens=False).ids) + SPECIALS

    def meter(self, folder: Path | None, text: str) -> TokenUsage:
        """How a prompt, its marks of emphasis left aside, fills each encoder of the model in `folder`; None for no model here.

        The refiner's folder has the second encoder only; without any the count is estimated.
        """
        words = strip_weights(text)
        found = [(name, self._tokenizer(folder / name)) for name in ENCODERS] if folder else []
        usages = tuple(_usage(name, tokenizer, words) for name, tokenizer in found if tokenizer is not None)
        return TokenUsage(usages) if usages else TokenUsage((_estimated(words),), estimated=True)

    def _tokenizer(self, folder: Path) -> Any:
        if folder not in self._tokenizers:
            self._tokenizers[folder] = _read(folder)
        return self._tokenizers[folder]


def _usage(name: str, tokenizer: Any, words: str) -> EncoderUsage:
    encoding = tokenizer.encode(words, add_special_tokens=False)
    starts = [start for start, _ in encoding.offsets[WINDOW - SPECIALS :]]
    return EncoderUsage(name, len(encoding.ids) + SPECIALS, beyond=words[starts[0] :] if starts else "")


def _estimated(words: str) -> EncoderUsage:
    """A guess by the words, the ones beyond the window included."""
    pieces = words.split()
    room = int((WINDOW - SPECIALS) / TOKENS_A_WORD)
    return EncoderUsage("estimate", round(len(pieces) * TOKENS_A_WORD) + SPECIALS, beyond=" ".join(pieces[room:]))


def _read(folder: Path) -> Any:
    """The tokenizer in a folder: one file of the fast kind, or CLIP's vocabulary with its merges."""
    try:
        if (folder / "tokenizer.json").exists():
            return _whole(folder / "tokenizer.json")
        return _clip(folder) if (folder / "vocab.json").exists() else None
    except (OSError, ValueError, ImportError):
        return None  # the count is then estimated, as for any model whose tokenizer is not here


def _whole(path: Path) -> Any:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def _clip(folder: Path) -> Any:
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

    vocabulary = json.loads((folder / "vocab.json").read_text(encoding="utf-8"))
    lines = (folder / "merges.txt").read_text(encoding="utf-8").splitlines()
    merges = [
        (left, right) for left, _, right in (line.partition(" ") for line in lines if not line.startswith("#version")) if right
    ]
    tokenizer = Tokenizer(models.BPE(vocabulary, merges, end_of_word_suffix="</w>", unk_token="<|endoftext|>"))
    tokenizer.add_special_tokens(["<|startoftext|>", "<|endoftext|>"])
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PIECES), behavior="removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    return tokenizer
