"""How each provider behind Hugging Face's router is asked for a picture and how it answers, as data; asks nothing itself.

The shapes are those of huggingface_hub's own client; a test compares them with the installed one, provider by provider.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

from gemini_diffusion.types.errors import BadAnswer, Blocked, RequestRefused

Parameters = dict[str, Any]
"""width, height, num_inference_steps, guidance_scale, seed, negative_prompt: those that are sent, under these names."""
HUB = "https://huggingface.co"


@dataclass(frozen=True, slots=True)
class ServedModel:
    """A model as one provider serves it: `served_as` is the provider's own name, `weights` a LoRA file of the model's."""

    model: str
    provider: str
    served_as: str
    weights: str = ""


@dataclass(frozen=True, slots=True)
class ImageAddress:
    """The picture lies at an address."""

    address: str


@dataclass(frozen=True, slots=True)
class PendingImage:
    """The picture is not ready; `path`, at the same provider, is asked again `seconds` later."""

    path: str
    seconds: float


ProviderAnswer = bytes | ImageAddress | PendingImage


@dataclass(frozen=True, slots=True)
class Provider:
    """`path` and `body` say how it is asked, `read` reads an answer; `ignores` are the parameters it does not take."""

    path: Callable[[str], str]
    body: Callable[[ServedModel, str, Parameters], dict[str, Any]]
    read: Callable[[bytes], ProviderAnswer]
    ignores: frozenset[str] = frozenset()
    headers: Mapping[str, str] = field(default_factory=dict)


def read_answer(provider: Provider, content: bytes) -> ProviderAnswer:
    """The picture or where it is. Raises BadAnswer for an answer without one, Blocked for one that was hidden."""
    try:
        return provider.read(content)
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise BadAnswer("The service answered without a picture.") from error


def _plain(served: ServedModel, prompt: str, parameters: Parameters) -> dict[str, Any]:
    return {"inputs": prompt, "parameters": parameters}


def _image_bytes(content: bytes) -> ProviderAnswer:
    return content


def _fal(served: ServedModel, prompt: str, parameters: Parameters) -> dict[str, Any]:
    rest = dict(parameters)
    body = {"prompt": prompt, "image_size": {"width": rest.pop("width"), "height": rest.pop("height")}, **rest}
    if served.weights:
        body["loras"] = [{"path": f"{HUB}/{served.model}/resolve/main/{served.weights}", "scale": 1}]
    if served.weights and served.served_as == "fal-ai/lora":
        body["model_name"] = "stabilityai/stable-diffusion-xl-base-1.0"
    return body


def _from_fal(content: bytes) -> ProviderAnswer:
    answer = json.loads(content)
    if any(answer.get("has_nsfw_concepts") or ()):
        raise Blocked("The provider's safety filter hid this picture.")
    return ImageAddress(str(answer["images"][0]["url"]))


def _with_size(parameters: Parameters) -> Parameters:
    """The sides as one text, the rest as it is."""
    rest = dict(parameters)
    return {"size": f"{rest.pop('width')}x{rest.pop('height')}", **rest}


def _together(served: ServedModel, prompt: str, parameters: Parameters) -> dict[str, Any]:
    rest = dict(parameters)
    steps = {"steps": rest.pop("num_inference_steps")} if "num_inference_steps" in rest else {}
    return {"prompt": prompt, "response_format": "base64", **rest, **steps, "model": served.served_as}


def _nscale(served: ServedModel, prompt: str, parameters: Parameters) -> dict[str, Any]:
    return {"response_format": "b64_json", "prompt": prompt, "model": served.served_as, **_with_size(parameters)}


def _from_base64(content: bytes) -> ProviderAnswer:
    return base64.b64decode(json.loads(content)["data"][0]["b64_json"])


def _replicate(served: ServedModel, prompt: str, parameters: Parameters) -> dict[str, Any]:
    weights = {"lora_weights": f"{HUB}/{served.model}"} if served.weights else {}
    version = {"version": served.served_as.partition(":")[2]} if ":" in served.served_as else {}
    return {"input": {"prompt": prompt, **parameters, **weights}, **version}


def _from_replicate(content: bytes) -> ProviderAnswer:
    answer = json.loads(content)
    if answer.get("error") or answer.get("status") in ("failed", "canceled"):
        raise RequestRefused(f"The provider could not draw this. It says: {str(answer.get('error'))[:300]}")
    if output := answer["output"]:
        return ImageAddress(output if isinstance(output, str) else str(output[0]))
    return PendingImage(f"/v1/predictions/{quote(answer['id'], safe='')}", 1.0)


def _wavespeed(served: ServedModel, prompt: str, parameters: Parameters) -> dict[str, Any]:
    return {"prompt": prompt, **parameters}


def _from_wavespeed(content: bytes) -> ProviderAnswer:
    state = json.loads(content)["data"]
    if state.get("status") == "failed":
        raise RequestRefused(f"The provider could not draw this. It says: {str(state.get('error', ''))[:300]}")
    if state.get("status") == "completed":
        return ImageAddress(str(state["outputs"][0]))
    return PendingImage(urlsplit(state["urls"]["get"]).path, 0.5)


def _zai(served: ServedModel, prompt: str, parameters: Parameters) -> dict[str, Any]:
    return {"model": served.served_as, "prompt": prompt, **_with_size(parameters)}


def _from_zai(content: bytes) -> ProviderAnswer:
    state = json.loads(content)
    if state.get("task_status") == "FAIL":
        raise RequestRefused("The provider could not draw this.")
    if state.get("task_status") == "PROCESSING":
        return PendingImage(f"/api/paas/v4/async-result/{state['id']}", 2.0)
    return ImageAddress(str(state["image_result"][0]["url"]))


ENDPOINT = Provider(lambda _: "", _plain, _image_bytes)
"""One endpoint by its address: asked exactly there, in the shape of hf-inference."""

PROVIDERS: dict[str, Provider] = {
    "hf-inference": Provider(lambda name: f"/models/{name}", _plain, _image_bytes),
    "fal-ai": Provider(lambda name: f"/{name}", _fal, _from_fal),
    "together": Provider(lambda _: "/v1/images/generations", _together, _from_base64),
    "nscale": Provider(
        lambda _: "/v1/images/generations",
        _nscale,
        _from_base64,
        ignores=frozenset({"num_inference_steps"}),
    ),
    "replicate": Provider(
        lambda name: "/v1/predictions" if ":" in name else f"/v1/models/{name}/predictions",
        _replicate,
        _from_replicate,
        headers={"Prefer": "wait"},
    ),
    "wavespeed": Provider(lambda name: f"/api/v3/{name}", _wavespeed, _from_wavespeed),
    "zai-org": Provider(
        lambda _: "/api/paas/v4/async/images/generations",
        _zai,
        _from_zai,
        headers={"Accept-Language": "en-US,en", "x-source-channel": "hugging_face"},
    ),
}
