"""What each kind of server takes beyond OpenAI's own images API, and under which names, as data; asks nothing itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from gemini_diffusion.engines.models import ImageModel
from gemini_diffusion.types import Adapter, Capabilities

Fields = dict[str, Any]


def _beside(body: Fields, extras: Fields) -> Fields:
    return {**body, **extras}


def _in_the_prompt(body: Fields, extras: Fields) -> Fields:
    """stable-diffusion.cpp cuts these out of the prompt again; what a person wrote must not pass for them."""
    words = body["prompt"].replace("<sd_cpp_extra_args>", "").replace("</sd_cpp_extra_args>", "")
    return {**body, "prompt": f"{words}<sd_cpp_extra_args>{json.dumps(_nested(extras))}</sd_cpp_extra_args>"}


def _behind_a_bar(body: Fields, extras: Fields) -> Fields:
    """LocalAI takes what stands behind the first bar of a prompt for the negative one."""
    words, rest = body["prompt"].replace("|", ","), dict(extras)
    negative = rest.pop("|", "").replace("|", ",")
    return {**body, "prompt": f"{words}|{negative}" if negative else words, **rest}


def _as_it_is(body: Fields, extras: Fields) -> Fields:
    """Another of these apps writes no prompt of its own for one that is written."""
    return {**body, **extras, "prompt": f"{body['prompt']} --raw"}


def _as_text(body: Fields, extras: Fields) -> Fields:
    return {**body, "kwargs": json.dumps(extras)}


def _nested(fields: Fields) -> Fields:
    """`{"a.b": 1}` as `{"a": {"b": 1}}`."""
    made: Fields = {}
    for path, value in fields.items():
        *folders, name = path.split(".")
        place = made
        for folder in folders:
            place = place.setdefault(folder, {})
        place[name] = value
    return made


@dataclass(frozen=True, slots=True)
class Dialect:
    """One kind of server. `names` has for each field of ImageRequest that it honours beside prompt and size what it calls it;
    `put` writes those into a body, `loras` says how it is told of adapters, `one_lora` that it takes but one.

    `edits` says whether it begins from a picture, `streams` whether it shows one while it is drawn; `divider` stands between
    the two sides of a size.
    """

    label: str
    names: Mapping[str, str] = field(default_factory=dict)
    put: Callable[[Fields, Fields], Fields] = _beside
    loras: Callable[[Sequence[Adapter]], Any] = list
    one_lora: bool = False
    edits: bool = True
    streams: bool = False
    divider: str = "x"

    def capabilities(self, entry: ImageModel) -> Capabilities:
        """What it can do with a model."""
        return Capabilities(
            negative_prompt=entry.takes_negative and "negative_prompt" in self.names,
            seed="seed" in self.names,
            num_inference_steps="num_inference_steps" in self.names,
            guidance_scale="guidance_scale" in self.names,
            max_tokens=entry.max_tokens,
            adapters="adapters" in self.names,
            clip_skip="clip_skip" in self.names,
            image=self.edits,
            mask=self.edits,
        )


def _several(adapters: Sequence[Adapter]) -> list[Fields]:
    return [{"path": adapter.name, "multiplier": adapter.strength} for adapter in adapters]


def _only_one(adapters: Sequence[Adapter]) -> Fields:
    first = adapters[0]
    return {"name": first.name, "path": first.name, "scale": first.strength}


_PLAIN_NAMES = {name: name for name in ("seed", "negative_prompt", "num_inference_steps", "guidance_scale")}
_SHORT_NAMES = _PLAIN_NAMES | {"num_inference_steps": "steps", "guidance_scale": "guidance"}

OPENAI = Dialect("OpenAI", streams=True)
UNKNOWN = Dialect("a server of a kind that is not known here")
"""It is sent what OpenAI's API has and nothing else: a strict server refuses any other field."""
STABLE_DIFFUSION_CPP = Dialect(
    "stable-diffusion.cpp",
    {
        "seed": "seed",
        "negative_prompt": "negative_prompt",
        "num_inference_steps": "sample_params.sample_steps",
        "guidance_scale": "sample_params.guidance.txt_cfg",
        "strength": "strength",
        "clip_skip": "clip_skip",
        "adapters": "lora",
    },
    _in_the_prompt,
    _several,
)
LOCALAI = Dialect(
    "LocalAI", {"seed": "seed", "num_inference_steps": "step", "negative_prompt": "|"}, _behind_a_bar, edits=False
)
VLLM_OMNI = Dialect("vLLM-Omni", {**_PLAIN_NAMES, "strength": "strength", "adapters": "lora"}, loras=_only_one, one_lora=True)
SGLANG = Dialect("SGLang", _PLAIN_NAMES)
XINFERENCE = Dialect("xinference", _PLAIN_NAMES, _as_text, divider="*")
GEMINI_DIFFUSION = Dialect("Gemini Diffusion", _SHORT_NAMES, _as_it_is)

_BY_OWNER = {
    "vllm": VLLM_OMNI,
    "vllm-omni": VLLM_OMNI,
    "sglang": SGLANG,
    "xinference": XINFERENCE,
    "gemini-diffusion": GEMINI_DIFFUSION,
}
"""What a server writes as the owner of each of its models."""


def recognise(address: str, listed: Sequence[Mapping[str, Any]]) -> Dialect:
    """The dialect of a server, told by its address and the models that it lists."""
    if (urlsplit(address).hostname or "") == "api.openai.com":
        return OPENAI
    if any(entry.get("id") == "sd-cpp-local" for entry in listed):
        return STABLE_DIFFUSION_CPP
    if listed and all(set(entry) <= {"id", "object"} for entry in listed):  # no other leaves out the rest
        return LOCALAI
    owners = [str(entry.get("owned_by", "")).lower() for entry in listed]
    return next((_BY_OWNER[owner] for owner in owners if owner in _BY_OWNER), UNKNOWN)
