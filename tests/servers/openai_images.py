"""A server of OpenAI's images API on a loopback port, in the dialect of one of those that there are; knows no network."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes
from typing import Any

from tests.servers.picture import Picture
from tests.servers.wire import MAIN, Call, Piece, Reply, Scripted, Server, as_json, for_call, whole

MODELS, FILE = "models", "file"
DRAWING = ("/v1/images/generations", "/v1/images/edits")
LISTINGS: dict[str, list[dict[str, Any]]] = {
    "stable-diffusion.cpp": [{"id": "sd-cpp-local", "object": "model", "owned_by": "local"}],
    "LocalAI": [{"id": "qwen3-8b", "object": "model"}, {"id": "flux.1-dev", "object": "model"}],
    "vLLM-Omni": [{"id": "Qwen/Qwen-Image", "object": "model", "created": 1, "owned_by": "vllm"}],
    "SGLang": [{"id": "black-forest-labs/FLUX.2-dev", "object": "model", "owned_by": "sglang"}],
    "xinference": [
        {"id": "qwen3", "owned_by": "xinference", "model_type": "LLM"},
        {"id": "sd3.5", "owned_by": "xinference", "model_type": "image"},
    ],
    "Gemini Diffusion": [{"id": "postcard", "object": "model", "created": 0, "owned_by": "gemini-diffusion"}],
    "OpenAI": [{"id": "gpt-image-2", "object": "model", "created": 1, "owned_by": "system"}],
}
"""What each kind of server answers to the question for its models."""


@dataclass
class ImagesCall(Call):
    """A call for a picture, read as the server that is asked reads it."""

    @property
    def parts(self) -> dict[str, bytes]:
        """What a form holds, by name."""
        message = message_from_bytes(b"Content-Type: " + self.headers["content-type"].encode() + b"\r\n\r\n" + self.content)
        parts = [part for part in message.walk() if not part.is_multipart()]
        named = [(part.get_param("name", header="content-disposition"), part.get_payload(decode=True)) for part in parts]
        return {str(name): content for name, content in named if isinstance(content, bytes)}

    @property
    def fields(self) -> dict[str, Any]:
        """What was asked, whether as JSON or by a form, with all that a dialect puts elsewhere."""
        form = "multipart" in self.headers.get("content-type", "")
        sent = {name: part.decode("utf-8", "replace") for name, part in self.parts.items()} if form else dict(self.body)
        if found := re.search("<sd_cpp_extra_args>(.*?)</sd_cpp_extra_args>", str(sent.get("prompt", ""))):
            sent |= json.loads(found[1]) | {"prompt": sent["prompt"].replace(found[0], "")}
        return sent | json.loads(sent.pop("kwargs", "{}"))

    @property
    def size(self) -> tuple[int, int]:
        width, height = re.split(r"[x*]", self.fields["size"])
        return int(width), int(height)

    @property
    def picture(self) -> Picture:
        """The picture for its seed: noise, another at each call without one."""
        return Picture.noise(int(self.fields.get("seed", self.at * 1e6)), *self.size)


def drawn(call: ImagesCall, **more: Any) -> Reply:
    """The picture in base64."""
    return as_json({"created": 1, "data": [{"b64_json": coded(call.picture), **more}]})


def placed(address: str) -> Callable[[ImagesCall], Reply]:
    """The picture at an address."""
    return lambda call: as_json({"created": 1, "data": [{"url": address}]})


def streamed(call: ImagesCall) -> Reply:
    """Two pictures on the way and then the whole one; the first of them cannot be seen."""
    events: list[dict[str, Any]] = [
        {"type": "image_generation.partial_image", "partial_image_index": 0, "b64_json": "bm8="},
        {"type": "image_generation.partial_image", "partial_image_index": 1, "b64_json": coded(Picture.solid("red", 300, 300))},
        {"type": "image_generation.completed", "b64_json": coded(call.picture), "usage": {}},
    ]
    pieces = tuple(Piece(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()) for event in events)
    return Reply(headers=(("Content-Type", "text/event-stream"),), pieces=pieces, chunked=True)


def coded(picture: Picture) -> str:
    return base64.b64encode(picture.png()).decode()


@dataclass
class ImagesServer(Server[ImagesCall]):
    """What is not scripted, `respond` answers. `kind` is one of LISTINGS; `keys` are the only ones accepted, where given."""

    kind: str = "vLLM-Omni"
    respond: Callable[[ImagesCall], Scripted[ImagesCall]] = drawn
    keys: frozenset[str] | None = None
    call_type: type[ImagesCall] = field(default=ImagesCall, init=False, repr=False)

    @property
    def address(self) -> str:
        return f"{self.url}/v1"

    @property
    def drawings(self) -> list[ImagesCall]:
        """The calls that asked for a picture, in order."""
        return [call for call in self.calls if call.path in DRAWING]

    def answer(self, call: ImagesCall) -> Reply:
        if self.keys is not None and call.headers.get("authorization", "").removeprefix("Bearer ") not in self.keys:
            return as_json({"error": {"message": "Incorrect API key provided.", "code": "invalid_api_key"}}, 401)
        purpose = MODELS if call.path == "/v1/models" else MAIN if call.path in DRAWING else FILE
        scripted = self.scripted(purpose)
        if scripted is None and purpose == FILE:
            scripted = whole(Picture.noise(3).png(), "image/png")
        if scripted is None and purpose == MODELS:
            scripted = as_json({"object": "list", "data": LISTINGS.get(self.kind, [])})
        return for_call(scripted or self.respond(call), call)
