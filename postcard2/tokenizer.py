"""A CLIP tokenizer whose byte pairs are merged until every word of the captions is one token; knows no models."""

from __future__ import annotations

import random
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

from postcard2.captions import describe
from postcard2.scene import sample

if TYPE_CHECKING:
    from transformers import CLIPTokenizer

LENGTH = 77
START, END = "<|startoftext|>", "<|endoftext|>"
Word = tuple[str, ...]


def build(captions: int = 12_000, merges: int = 3_000) -> CLIPTokenizer:
    """Make the tokenizer: 256 bytes, 256 bytes that end a word, the merges, start and end; 77 tokens a prompt."""
    from transformers import CLIPTokenizer
    from transformers.convert_slow_tokenizer import bytes_to_unicode

    symbols = list(bytes_to_unicode().values())
    pairs = learn(_count_words(captions), merges)
    names = [*symbols, *(symbol + "</w>" for symbol in symbols), *("".join(pair) for pair in pairs), START, END]
    vocab = {name: index for index, name in enumerate(names)}
    return CLIPTokenizer(
        vocab=vocab, merges=pairs, model_max_length=LENGTH, bos_token=START, eos_token=END, pad_token=END, unk_token=END
    )


def _count_words(captions: int) -> Counter[str]:
    rng = random.Random("words")
    counts: Counter[str] = Counter()
    for _ in range(captions):
        text = describe(sample(rng), rng).text.lower()
        counts.update("".join(char if char.isalpha() else " " for char in text).split())
    return Counter({word: count for word, count in counts.items() if count >= 4})


def learn(counts: Counter[str], limit: int) -> list[tuple[str, str]]:
    """Merge the most frequent pair of neighbours again and again: the byte-pair encoding of Sennrich et al. (2016)."""
    split: dict[Word, int] = {(*word[:-1], word[-1] + "</w>"): count for word, count in counts.items()}
    pairs: Counter[tuple[str, str]] = Counter()
    for word, count in split.items():
        for pair in pairwise(word):
            pairs[pair] += count
    merges: list[tuple[str, str]] = []
    while len(merges) < limit and pairs:
        best = max(pairs, key=lambda pair: (pairs[pair], pair))
        merges.append(best)
        for word in [word for word in split if best in pairwise(word)]:
            count, merged = split.pop(word), _merge(word, best)
            split[merged] = count
            for pair in pairwise(word):
                pairs[pair] -= count
            for pair in pairwise(merged):
                pairs[pair] += count
        pairs = +pairs
    return merges


def _merge(word: Word, pair: tuple[str, str]) -> Word:
    merged: list[str] = []
    index = 0
    while index < len(word):
        if word[index : index + 2] == pair:
            merged.append("".join(pair))
            index += 2
        else:
            merged.append(word[index])
            index += 1
    return tuple(merged)
