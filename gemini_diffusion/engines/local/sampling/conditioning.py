"""The words of requests as a pipeline takes them, and what of them had no effect; draws nothing.

Words without marks that fit the encoder's window go to the pipeline as they are, so that it draws exactly what it would draw
by itself. All others are encoded here and handed over as embeddings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from gemini_diffusion.engines.local.sampling.text_encoder import MOST_WINDOWS, TextEncoder
from gemini_diffusion.types import ImageRequest
from gemini_diffusion.types.prompt_weights import WeightedSpan, has_weights, parse_weights, split_negative, strip_weights

LONGEST = MOST_WINDOWS * 75 + 2
"""Tokens of a CLIP model's prompt that are read at most, its two specials included."""


@dataclass(frozen=True, slots=True)
class Conditioning:
    """`arguments` are the pipeline's, `ignored` names fields of the request without effect, `notices` are for the person."""

    arguments: dict[str, Any]
    ignored: tuple[str, ...]
    notices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Words:
    """A request's texts, their marks still in them."""

    prompt: str
    prompt_2: str
    negative: str

    @property
    def texts(self) -> tuple[str, str, str]:
        return self.prompt, self.prompt_2, self.negative


def condition(view: Any, request: ImageRequest, clip_skip: int = 0) -> Conditioning:
    """What `view`, a diffusers pipeline of the SDXL or SD 1.5 family or SDXL's refiner, is to be told of the request's words.

    `clip_skip` is the number of the text model's last layers that are left out.
    """
    words = _words(view, request)
    encoders = _encoders(view, clip_skip)
    if clip_skip or _is_weighted(words) or _is_long(words, encoders):
        arguments = _embedded(view, words, encoders, guided=request.guidance_scale > 1)
    else:
        arguments = _as_they_are(words)
    return Conditioning(arguments, tuple(_ignored(view, request)), (*_cut(encoders[0], words), *_skipped_less(encoders)))


def _words(view: Any, request: ImageRequest) -> Words:
    """The texts, what counts below zero moved to what is left out."""
    prompt, denied = split_negative(request.prompt)
    negative = ", ".join(filter(None, [request.negative_prompt, *denied]))
    return Words(prompt, request.prompt_2 if _takes_prompt_2(view) else "", negative)


def _takes_prompt_2(view: Any) -> bool:
    """Whether there are two encoders that may be told different things; the refiner has but one."""
    return getattr(view, "text_encoder_2", None) is not None and view.text_encoder is not None


def _ignored(view: Any, request: ImageRequest) -> list[str]:
    """Fields that had no effect: no second encoder, or guidance so low that the negative prompt is never looked at."""
    ignored = ["prompt_2"] if request.prompt_2 and not _takes_prompt_2(view) else []
    return [*ignored, "negative_prompt"] if request.negative_prompt and request.guidance_scale <= 1 else ignored


def _cut(encoder: TextEncoder, words: Words) -> list[str]:
    """A sentence for each text of which the encoder reads only the beginning."""
    texts = {"prompt": words.prompt, "negative prompt": words.negative}
    ends = {name: encoder.left_out(parse_weights(text)) for name, text in texts.items()}
    return [f'The end of the {name} did not fit the encoder and was left out: "{end}".' for name, end in ends.items() if end]


def _skipped_less(encoders: Sequence[TextEncoder]) -> list[str]:
    """A sentence where an encoder has fewer layers than are to be skipped."""
    if all(encoder.layer <= encoder.most_skipped for encoder in encoders):
        return []
    return ["The text encoder has fewer layers than were to be skipped, so its first one was read."]


def _is_weighted(words: Words) -> bool:
    return any(map(has_weights, words.texts))


def _is_long(words: Words, encoders: Sequence[TextEncoder]) -> bool:
    """Whether a text needs more than one of an encoder's windows."""
    return any(len(encoder.windows(parse_weights(text))) > 1 for text in words.texts for encoder in encoders)


def _as_they_are(words: Words) -> dict[str, Any]:
    """The texts themselves, their escapes undone."""
    arguments = {"prompt": strip_weights(words.prompt), "negative_prompt": strip_weights(words.negative) or None}
    return {**arguments, "prompt_2": strip_weights(words.prompt_2)} if words.prompt_2 else arguments


def _encoders(view: Any, clip_skip: int) -> list[TextEncoder]:
    """The pipeline's encoders in its order; SDXL's refiner has the second only."""
    from diffusers.utils.torch_utils import get_module_execution_device

    two = hasattr(view, "text_encoder_2")
    pairs = [(view.tokenizer, view.text_encoder)]
    pairs += [(view.tokenizer_2, view.text_encoder_2)] if two else []
    return [
        TextEncoder(tokenizer, model, clip_skip, not two, _converter(view, tokenizer), get_module_execution_device(model))
        for tokenizer, model in pairs
        if model is not None
    ]


def _converter(view: Any, tokenizer: Any) -> Any:
    """How a text names a textual inversion of several tokens to this tokenizer; diffusers asks only for those it holds."""
    return lambda text: view.maybe_convert_prompt(text, tokenizer) if hasattr(view, "maybe_convert_prompt") else text


def _embedded(view: Any, words: Words, encoders: Sequence[TextEncoder], guided: bool) -> dict[str, Any]:
    """Embeddings for and, where they are looked at, against, both of the same length."""
    import torch

    positive = _encode_text(encoders, words.prompt, words.prompt_2)
    plainly = [_without_skip(encoder) for encoder in encoders]  # diffusers leaves no layer out of what is ruled out
    negative = _encode_negative(view, plainly, words) if guided else []
    length = max(hidden.shape[1] for hidden, _ in (*positive, *negative))
    embeds, pooled = _concatenated(encoders, positive, length), positive[-1][1]
    arguments = {"prompt_embeds": embeds, "pooled_prompt_embeds": pooled}
    if guided:
        arguments["negative_prompt_embeds"] = _concatenated(plainly, negative, length) if negative else torch.zeros_like(embeds)
    if guided and pooled is not None:
        arguments["negative_pooled_prompt_embeds"] = negative[-1][1] if negative else torch.zeros_like(pooled)
    return {name: value for name, value in arguments.items() if value is not None}


def _without_skip(encoder: TextEncoder) -> TextEncoder:
    return replace(encoder, layer=0) if encoder.layer else encoder


Parts = list[tuple[Any, Any]]
"""For each encoder the embeddings of a text and the pooled ones."""


def _encode_text(encoders: Sequence[TextEncoder], text: str, text_2: str = "") -> Parts:
    """What each encoder makes of a text; the last one may be told another."""
    spans = parse_weights(text) or (WeightedSpan(""),)
    others = (parse_weights(text_2) if text_2 else spans) if len(encoders) > 1 else spans
    return [encoder.encode(others if place else spans) for place, encoder in enumerate(encoders)]


def _encode_negative(view: Any, encoders: Sequence[TextEncoder], words: Words) -> Parts:
    """What is ruled out; nothing where SDXL takes zeros for it, as its pipeline does."""
    if not words.negative and getattr(view.config, "force_zeros_for_empty_prompt", False):
        return []
    return _encode_text(encoders, words.negative)


def _concatenated(encoders: Sequence[TextEncoder], parts: Parts, length: int) -> Any:
    """The encoders' embeddings side by side, each as long as `length` tokens by repeating the empty text."""
    import torch

    whole = [
        torch.cat([hidden, *[encoder.empty.to(hidden)] * ((length - hidden.shape[1]) // encoder.empty.shape[1])], dim=1)
        for encoder, (hidden, _) in zip(encoders, parts, strict=True)
    ]
    return torch.cat(whole, dim=-1)
