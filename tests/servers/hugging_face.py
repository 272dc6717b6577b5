"""A server that speaks Hugging Face's protocols (inference, router, hub) to their own client; knows no network."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.servers.hugging_face_refusals import (
    SDXL,
    bad_gateway,
    bad_request,
    crashed,
    credits_exhausted,
    deprecated,
    forbidden,
    gated,
    invalid_token,
    loading,
    not_found,
    private_or_missing,
    too_many_requests,
    unavailable,
    unprocessable,
)
from tests.servers.picture import Picture
from tests.servers.repositories import Repository
from tests.servers.wire import MAIN, Call, Reply, Scripted, Server, as_json, for_call, whole

__all__ = [
    "FILE", "FLUX", "HUB", "PROVIDERS", "SD3", "SDXL", "Drawing", "HostedModel", "HuggingFaceCall",
    "HuggingFaceServer", "Repository", "bad_gateway", "bad_request", "black", "crashed", "credits_exhausted",
    "deprecated", "forbidden", "gated", "invalid_token", "json_instead", "loading", "no_output", "not_found",
    "picture", "private_or_missing", "too_many_requests", "truncated", "unavailable", "unprocessable",
]  # fmt: skip

HUB = "hub"
"""The purpose of questions to the hub (listings, whoami), for `enqueue(..., to=HUB)`."""
FILE = "file"
"""The purpose of fetching a picture that a provider gave as an address, or a repository's file."""
PROVIDERS = ("hf-inference", "fal-ai", "together", "nscale", "replicate")


@dataclass
class HuggingFaceCall(Call):
    """A call of Hugging Face: who asked which provider for what, whatever that provider's names for it."""

    pictures: dict[str, bytes] = field(default_factory=dict, repr=False)

    @property
    def token(self) -> str | None:
        """The token as received, without "Bearer" or "Key"."""
        return self.headers.get("authorization", "").partition(" ")[2] or None

    @property
    def provider(self) -> str | None:
        """The provider in the path; None for an endpoint by its address."""
        first = self.path.split("/")[1]
        return first if first in PROVIDERS else None

    @property
    def model(self) -> str:
        """The model as the provider calls it; "" for an endpoint by its address."""
        named: str = self.body.get("model", "")
        return named or self.path.partition("/models/")[2].removesuffix("/predictions") or self._after_provider()

    @property
    def prompt(self) -> str:
        """The prompt."""
        asked: str = self.body.get("inputs") or self.parameters.get("prompt") or ""
        return asked

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters, wherever this provider wants them; width and height under these names."""
        body = self.body
        found = dict(body.get("parameters") or body.get("input") or body)
        if isinstance(size := found.get("image_size"), dict):
            found |= size
        if isinstance(size := found.get("size"), str):
            found["width"], found["height"] = (int(side) for side in size.split("x"))
        return found

    @property
    def seed(self) -> int | None:
        """The seed, if one was asked for."""
        return self.parameters.get("seed")

    def publish(self, data: bytes) -> str:
        """Offer a picture at an address of this server, as providers with a store do."""
        path = f"/files/{hashlib.sha1(data).hexdigest()[:16]}.png"
        self.pictures[path] = data
        return self.origin + path

    def _after_provider(self) -> str:
        return "/".join(self.path.split("/")[2:]) if self.provider else ""


@dataclass(frozen=True)
class Drawing:
    """A picture in the shape of whichever provider was asked; without bytes it is drawn to the size and seed asked for."""

    data: bytes | None = None
    content_type: str = "image/png"

    def __call__(self, call: HuggingFaceCall) -> Reply:
        """The picture on the wire: its bytes, an address of it, or its base64 in JSON."""
        data = self.data if self.data is not None else _as_asked(call)
        if call.provider == "fal-ai":
            return as_json({"images": [{"url": call.publish(data), "content_type": self.content_type}], "seed": call.seed})
        if call.provider in ("together", "nscale"):
            return as_json({"data": [{"index": 0, "b64_json": base64.b64encode(data).decode()}]})
        if call.provider == "replicate":
            return as_json({"id": "p1", "status": "succeeded", "output": [call.publish(data)]}, 201)
        return whole(data, self.content_type)


def picture(data: bytes | None = None, content_type: str = "image/png") -> Drawing:
    """A good picture: these bytes, or one that shows its seed. The content type may be a lie."""
    return Drawing(data, content_type)


def black(width: int = 64, height: int = 64) -> Drawing:
    """A picture that is black all over."""
    return Drawing(Picture.black(width, height).png())


def truncated(form: str = "png", keep: float = 0.5) -> Drawing:
    """The first share of a PNG ("png") or JPEG ("jpeg"), sent as if it were all of it."""
    noise = Picture.noise(7, 128, 128)
    data = noise.png() if form == "png" else noise.jpeg()
    return Drawing(data[: int(len(data) * keep)], f"image/{form}")


def json_instead(value: object | None = None) -> Reply:
    """JSON with status 200 where a picture was due."""
    return as_json(value if value is not None else {"status": "ok", "message": "queued"})


def no_output() -> Reply:
    """Replicate's way to say that it did not finish in time: no picture, no error."""
    return as_json({"id": "p1", "status": "starting", "output": None}, 201)


@dataclass(frozen=True)
class HostedModel:
    """A model of the hub and who serves it: `providers` gives the provider's own name for it."""

    name: str
    providers: tuple[tuple[str, str], ...] = ()
    task: str = "text-to-image"
    status: str = "live"

    def entry(self) -> dict[str, Any]:
        """What the hub's listing says of it."""
        mapping = [
            {"provider": provider, "providerId": name, "status": self.status, "task": self.task, "hf_model_id": self.name}
            for provider, name in self.providers
        ]
        return {"_id": self.name, "id": self.name, "modelId": self.name, "private": False, "pipeline_tag": self.task,
                "sha": "0" * 40, "tags": ["diffusers"], "inferenceProviderMapping": mapping}  # fmt: skip


FLUX = "black-forest-labs/FLUX.1-schnell"
SD3 = "stabilityai/stable-diffusion-3-medium-diffusers"
HOSTED = (
    HostedModel(FLUX, (("hf-inference", FLUX), ("fal-ai", "fal-ai/flux/schnell"), ("together", FLUX), ("nscale", FLUX),
                       ("replicate", "black-forest-labs/flux-schnell"))),
    HostedModel("Qwen/Qwen-Image", (("fal-ai", "fal-ai/qwen-image"),)),
    HostedModel(SD3, (("hf-inference", SD3),)),
    HostedModel("ByteDance/Hyper-SD", (("fal-ai", "fal-ai/hyper-sdxl"),), status="staging"),
    HostedModel(SDXL),
    HostedModel("Qwen/Qwen4-8B", (("together", "Qwen/Qwen4-8B"),), task="conversational"),
)  # fmt: skip


def _picture(call: HuggingFaceCall) -> Drawing:
    return Drawing()


@dataclass
class HuggingFaceServer(Server[HuggingFaceCall]):
    """Hub, router ("/{provider}/...") and endpoints by address (any other path) on one loopback port.

    What is not scripted, `respond` answers. The router wants a token, one of `tokens` where given; an endpoint wants none.
    """

    respond: Callable[[HuggingFaceCall], Scripted[HuggingFaceCall]] = _picture
    tokens: frozenset[str] | None = None
    models: tuple[HostedModel, ...] = HOSTED
    repositories: dict[str, Repository] = field(default_factory=dict)
    pictures: dict[str, bytes] = field(default_factory=dict, repr=False)

    call_type: type[HuggingFaceCall] = field(default=HuggingFaceCall, init=False, repr=False)

    @property
    def drawings(self) -> list[HuggingFaceCall]:
        """The calls that asked for a picture, in order."""
        return [call for call in self.calls if _purpose(call) == MAIN]

    def serve(self, name: str, folder: Path, **options: Any) -> Repository:
        """Offer a folder as a repository; the options are those of Repository."""
        self.repositories[name] = Repository(name, folder, **options)
        return self.repositories[name]

    def answer(self, call: HuggingFaceCall) -> Reply:
        """The reply to one call: first the token where one is due, then the script, then by itself."""
        call.pictures = self.pictures
        purpose = _purpose(call)
        if purpose == MAIN and call.provider and not self._knows(call.token):
            return invalid_token()
        scripted = self.scripted(purpose)
        if scripted is not None:
            return for_call(scripted, call)
        if purpose == MAIN:
            return for_call(self.respond(call), call)
        return self._hub(call) if purpose == HUB else self._file(call)

    def _knows(self, token: str | None) -> bool:
        return token is not None and (self.tokens is None or token in self.tokens)

    def _hub(self, call: HuggingFaceCall) -> Reply:
        if call.path == "/api/whoami-v2":
            return as_json({"type": "user", "name": "visitor"}) if self._knows(call.token) else invalid_token()
        if call.path == "/api/models":
            return as_json([model.entry() for model in self.models if _listed(model, call.query)])
        if call.path.startswith("/api/models/"):
            return self._model(call)
        return as_json({})

    def _model(self, call: HuggingFaceCall) -> Reply:
        owner, _, rest = call.path.removeprefix("/api/models/").partition("/")
        short, _, question = rest.partition("/")
        name = f"{owner}/{short}"
        repository = self.repositories.get(name)
        if repository:
            said = repository.tree() if question.startswith("tree/") else repository.info()
            return repository.refuses(call.token, for_files=False) or as_json(said)
        found = [model for model in self.models if model.name == name]
        return as_json(found[0].entry()) if found else private_or_missing()

    def _file(self, call: HuggingFaceCall) -> Reply:
        if call.path in self.pictures:
            return whole(self.pictures[call.path], "image/png")
        name, _, rest = call.path[1:].partition("/resolve/")
        repository = self.repositories.get(name)
        if repository is None:
            return private_or_missing()
        return repository.refuses(call.token, for_files=True) or repository.file(rest.partition("/")[2], call)


def _purpose(call: HuggingFaceCall) -> str:
    if call.path.startswith("/api/"):
        return HUB
    return MAIN if call.method == "POST" else FILE


def _listed(model: HostedModel, query: dict[str, str]) -> bool:
    provider, task = query.get("inference_provider", "all"), query.get("pipeline_tag", model.task)
    names = [name for name, _ in model.providers]
    return task == model.task and (bool(names) if provider == "all" else bool({*provider.split(",")} & {*names}))


def _as_asked(call: HuggingFaceCall) -> bytes:
    asked, seed = call.parameters, call.seed or 0
    label = f"seed {call.seed}\n{call.prompt[:60]}"
    return Picture.labelled(label, seed, int(asked.get("width") or 512), int(asked.get("height") or 512)).png()
