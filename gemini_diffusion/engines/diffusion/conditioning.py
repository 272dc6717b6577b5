"""The words of requests as a pipeline takes them, and what of them had no effect; draws nothing.

Words without marks that fit the encoder's window go to the pipeline as they are, so that it draws exactly what it would draw
by itself. All others are encoded here and handed over as embeddings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gemini_diffusion.emphasis import Span, parted, plain, read
from gemini_diffusion.engines.diffusion.encoder import MOST_WINDOWS, Encoder
from gemini_diffusion.types import ImageRequest

LONGEST = MOST_WINDOWS * 75 + 2
"""Tokens of a CLIP model's prompt that are read at most, its two specials included."""


@dataclass(frozen=True, slots=True)
class Conditioning:
    """`arguments` are the pipeline's, `ignored` names fields of the requests without effect, `notices` are for the person."""

    arguments: dict[str, Any]
    ignored: tuple[str, ...]
    notices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Words:
    """One request's texts, their marks still in them."""

    prompt: str
    prompt_2: str
    negative: str
    guided: bool


def condition(view: Any, *requests: ImageRequest, clip_skip: int = 0) -> Conditioning:
    """What `view`, a diffusers pipeline of the SDXL or SD 1.5 family or SDXL's refiner, is to be told of the requests' words.

    One request gives the arguments of a call for one picture, several those of one call for as many, in order. `clip_skip`
    is the number of the text model's last layers that are left out.
    """
    words = [_words(view, request) for request in requests]
    encoders = _encoders(view, clip_skip)
    arguments = _embedded(view, words, encoders) if _needs_embedding(words, encoders, clip_skip) else _as_they_are(words)
    ignored = dict.fromkeys(name for request in requests for name in _ignored(view, request))
    notices = dict.fromkeys(notice for one in words for notice in _cut(encoders[0], one))
    return Conditioning(arguments, tuple(ignored), tuple(notices))


def _words(view: Any, request: ImageRequest) -> Words:
    """The texts, what counts below zero moved to what is left out."""
    prompt, denied = parted(request.prompt)
    negative = ", ".join(filter(None, [request.negative_prompt, *denied]))
    return Words(prompt, request.prompt_2 if _takes_prompt_2(view) else "", negative, request.guidance_scale > 1)


def _takes_prompt_2(view: Any) -> bool:
    """Whether there are two encoders that may be told different things; the refiner has but one."""
    return getattr(view, "text_encoder_2", None) is not None and view.text_encoder is not None


def _ignored(view: Any, request: ImageRequest) -> list[str]:
    """Fields that had no effect: no second encoder, or guidance so low that the negative prompt is never looked at."""
    ignored = ["prompt_2"] if request.prompt_2 and not _takes_prompt_2(view) else []
    return [*ignored, "negative_prompt"] if request.negative_prompt and request.guidance_scale <= 1 else ignored


def _cut(encoder: Encoder, words: Words) -> list[str]:
    """A sentence for each text of which the encoder reads only the beginning."""
    texts = {"prompt": words.prompt, "negative prompt": words.negative}
    ends = {name: encoder.left_out(read(text)) for name, text in texts.items()}
    return [f'The end of the {name} did not fit the encoder and was left out: "{end}".' for name, end in ends.items() if end]


def _needs_embedding(words: Sequence[Words], encoders: Sequence[Encoder], clip_skip: int) -> bool:
    """Whether the pipeline cannot do it by itself: a weight, a long text, or a batch of which only some rule something out."""
    if clip_skip or len({bool(one.negative) for one in words}) > 1:
        return True
    readings = [read(text) for one in words for text in (one.prompt, one.prompt_2, one.negative)]
    return any(
        any(span.weight != 1 for span in reading) or any(len(encoder.windows(reading)) > 1 for encoder in encoders)
        for reading in readings
    )


def _as_they_are(words: Sequence[Words]) -> dict[str, Any]:
    """The pipeline's own texts: one, or a list of several."""
    one = len(words) == 1
    prompts, others, negatives = zip(*((plain(w.prompt), plain(w.prompt_2), plain(w.negative)) for w in words), strict=True)
    arguments: dict[str, Any] = {"prompt": prompts[0] if one else list(prompts), "negative_prompt": None}
    if any(negatives):
        arguments["negative_prompt"] = negatives[0] if one else list(negatives)
    if any(others):
        texts = [other or prompt for other, prompt in zip(others, prompts, strict=True)]
        arguments["prompt_2"] = texts[0] if one else texts
    return arguments


def _encoders(view: Any, clip_skip: int) -> list[Encoder]:
    """The pipeline's encoders in its order; SDXL's refiner has the second only."""
    from diffusers.utils.torch_utils import get_module_execution_device

    two = hasattr(view, "text_encoder_2")
    pairs = [(view.tokenizer, view.text_encoder)]
    pairs += [(view.tokenizer_2, view.text_encoder_2)] if two else []
    return [
        Encoder(tokenizer, model, clip_skip, not two, _converter(view, tokenizer), get_module_execution_device(model))
        for tokenizer, model in pairs
        if model is not None
    ]


def _converter(view: Any, tokenizer: Any) -> Any:
    """How a text names a textual inversion of several tokens to this tokenizer; diffusers asks only for those it holds."""
    return lambda text: view.maybe_convert_prompt(text, tokenizer) if hasattr(view, "maybe_convert_prompt") else text


def _embedded(view: Any, words: Sequence[Words], encoders: Sequence[Encoder]) -> dict[str, Any]:
    """The embeddings of all requests, each filled up to the same length; the negative ones only where they are looked at."""
    import torch

    guided = words[0].guided
    told = [_told(encoders, one.prompt, one.prompt_2) for one in words]
    plainly = [_without_skip(encoder) for encoder in encoders]  # diffusers leaves no layer out of what is ruled out
    denied = [_denied(view, plainly, one) for one in words] if guided else []
    length = max(hidden.shape[1] for parts in (*told, *denied) if parts for hidden, _ in parts)
    embeds = [_filled(encoders, parts, length) for parts in told]
    arguments = {"prompt_embeds": torch.cat(embeds)}
    pooled = [parts[-1][1] for parts in told]
    two = pooled[0] is not None
    if two:
        arguments["pooled_prompt_embeds"] = torch.cat(pooled)
    if guided:
        against = [
            _filled(plainly, parts, length) if parts else torch.zeros_like(one)
            for parts, one in zip(denied, embeds, strict=True)
        ]
        arguments["negative_prompt_embeds"] = torch.cat(against)
    if guided and two:
        zeros = torch.zeros_like(pooled[0])
        arguments["negative_pooled_prompt_embeds"] = torch.cat([parts[-1][1] if parts else zeros for parts in denied])
    return arguments


def _without_skip(encoder: Encoder) -> Encoder:
    if not encoder.layer:
        return encoder
    return Encoder(encoder.tokenizer, encoder.model, 0, encoder.normed, encoder.convert, encoder.device)


Parts = list[tuple[Any, Any]]
"""For each encoder the embeddings of a text and the pooled ones."""


def _told(encoders: Sequence[Encoder], text: str, text_2: str = "") -> Parts:
    """What each encoder makes of a text; the last one may be told another."""
    spans = read(text) or (Span(""),)
    others = (read(text_2) if text_2 else spans) if len(encoders) > 1 else spans
    return [encoder.encode(others if place else spans) for place, encoder in enumerate(encoders)]


def _denied(view: Any, encoders: Sequence[Encoder], words: Words) -> Parts:
    """What is ruled out; nothing where SDXL takes zeros for it, as its pipeline does."""
    if not words.negative and getattr(view.config, "force_zeros_for_empty_prompt", False):
        return []
    return _told(encoders, words.negative)


def _filled(encoders: Sequence[Encoder], parts: Parts, length: int) -> Any:
    """The encoders' embeddings side by side, each as long as `length` tokens by repeating the empty text."""
    import torch

    whole = [
        torch.cat([hidden, *[encoder.empty.to(hidden)] * ((length - hidden.shape[1]) // encoder.empty.shape[1])], dim=1)
        for encoder, (hidden, _) in zip(encoders, parts, strict=True)
    ]
    return torch.cat(whole, dim=-1)
