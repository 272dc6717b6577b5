"""The words of a request as a pipeline takes them, and what of them had no effect; draws nothing."""

from __future__ import annotations

import inspect
import textwrap
from dataclasses import dataclass
from typing import Any

from gemini_diffusion.types import ImageRequest


@dataclass(frozen=True, slots=True)
class Conditioning:
    """`arguments` are the pipeline's, `ignored` names fields of the request without effect, `notices` are for the person."""

    arguments: dict[str, Any]
    ignored: tuple[str, ...]
    notices: tuple[str, ...]


def condition(view: Any, request: ImageRequest) -> Conditioning:
    """What `view`, a diffusers pipeline, is to be told of the request's words."""
    arguments = {"prompt": request.prompt, "negative_prompt": request.negative_prompt or None}
    if request.prompt_2 and _takes_prompt_2(view):
        arguments["prompt_2"] = request.prompt_2
    return Conditioning(arguments, tuple(_ignored(view, request)), tuple(_cut(view, request)))


def _cut(view: Any, request: ImageRequest) -> list[str]:
    """A sentence for each text of which the encoder reads only the beginning."""
    texts = {"prompt": request.prompt, "negative prompt": request.negative_prompt}
    ends = {name: _left_out(view.tokenizer, text) for name, text in texts.items()}
    return [f'The end of the {name} did not fit the encoder and was left out: "{end}".' for name, end in ends.items() if end]


def _takes_prompt_2(view: Any) -> bool:
    return "prompt_2" in inspect.signature(view.__call__).parameters


def _ignored(view: Any, request: ImageRequest) -> list[str]:
    """Fields that had no effect: no second encoder, or guidance so low that the negative prompt is never looked at."""
    ignored = ["prompt_2"] if request.prompt_2 and not _takes_prompt_2(view) else []
    return [*ignored, "negative_prompt"] if request.negative_prompt and request.guidance_scale <= 1 else ignored


def _left_out(tokenizer: Any, text: str) -> str:
    """The words of `text` beyond the encoder's window, shortened where they are many."""
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    return textwrap.shorten(str(tokenizer.decode(ids[tokenizer.model_max_length - 2 :])), 160, placeholder=" ...")
