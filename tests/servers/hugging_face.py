"""A server that speaks Hugging Face's protocols (inference, router, hub) to their own client; knows no network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.servers.hosted_models import FLUX, HOSTED, SD3, HostedModel
from tests.servers.hugging_face_drawings import (
    PROVIDERS,
    Drawing,
    HuggingFaceCall,
    black,
    job,
    job_asked,
    json_instead,
    no_output,
    picture,
    still_drawing,
    truncated,
)
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
from tests.servers.repositories import Repository
from tests.servers.wire import MAIN, Reply, Scripted, Server, as_json, for_call, whole

__all__ = [
    "FILE", "FLUX", "HOSTED", "HUB", "PROVIDERS", "SD3", "SDXL", "Drawing", "HostedModel", "HuggingFaceCall",
    "HuggingFaceServer", "Repository", "bad_gateway", "bad_request", "black", "crashed", "credits_exhausted",
    "deprecated", "forbidden", "gated", "invalid_token", "json_instead", "loading", "no_output", "not_found",
    "picture", "private_or_missing", "still_drawing", "too_many_requests", "truncated", "unavailable", "unprocessable",
]  # fmt: skip

HUB = "hub"
"""The purpose of questions to the hub (listings, whoami), for `enqueue(..., to=HUB)`."""
FILE = "file"
"""The purpose of fetching a picture that a provider gave as an address, or a repository's file."""


def _picture(call: HuggingFaceCall) -> Drawing:
    return Drawing()


@dataclass
class HuggingFaceServer(Server[HuggingFaceCall]):
    """Hub, router ("/{provider}/...") and endpoints by address (any other path) on one loopback port.

    What is not scripted, `respond` answers. The router wants a token; an endpoint wants none.
    """

    respond: Callable[[HuggingFaceCall], Scripted[HuggingFaceCall]] = _picture
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
        if purpose == MAIN and call.provider and call.token is None:
            return invalid_token()
        scripted = self.scripted(purpose)
        if scripted is not None:
            return for_call(scripted, call)
        if purpose == MAIN:
            return for_call(self.respond(call), call)
        return self._hub(call) if purpose == HUB else self._file(call)

    def _hub(self, call: HuggingFaceCall) -> Reply:
        if call.path == "/api/whoami-v2":
            return as_json({"type": "user", "name": "visitor"}) if call.token else invalid_token()
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
        if name := job_asked(call):
            return job(call, f"{self.url}/files/{name}.png", done=True)
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
