"""Pictures as each of Hugging Face's providers sends them, and the calls that ask for them; knows no server.

The shapes are those that huggingface_hub reads: bytes, base64 in JSON, an address, or a job to be asked for again.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass, field
from typing import Any

from tests.servers.picture import Picture
from tests.servers.wire import Call, Reply, as_json, whole

PROVIDERS = ("hf-inference", "fal-ai", "together", "nscale", "replicate", "wavespeed", "zai-org")


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
        route = self.path.removeprefix(f"/{self.provider}/") if self.provider else ""
        return named or route.removeprefix("v1/").removeprefix("models/").removeprefix("api/v3/").removesuffix("/predictions")

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


@dataclass(frozen=True)
class Drawing:
    """A picture in the shape of whichever provider was asked; without bytes it is drawn to the size and seed asked for."""

    data: bytes | None = None
    content_type: str = "image/png"

    def __call__(self, call: HuggingFaceCall) -> Reply:
        """The picture on the wire: its bytes, its base64 in JSON, an address of it, or a job that has it ready."""
        data = self.data if self.data is not None else _as_asked(call)
        if call.provider in (None, "hf-inference"):
            return whole(data, self.content_type)
        if call.provider in ("together", "nscale"):
            return as_json({"data": [{"index": 0, "b64_json": base64.b64encode(data).decode()}]})
        address = call.publish(data)
        if call.provider == "fal-ai":
            return as_json({"images": [{"url": address, "content_type": self.content_type}], "seed": call.seed})
        if call.provider == "replicate":
            return as_json({"id": "p1", "status": "succeeded", "output": [address]}, 201)
        return job(call, address, done=False)


def job(call: HuggingFaceCall, address: str, done: bool) -> Reply:
    """How those providers speak of a picture that is drawn while the client asks again; named after its address."""
    name = address.rpartition("/")[2].removesuffix(".png")
    if call.provider == "wavespeed":
        again = f"https://api.wavespeed.ai/api/v3/predictions/{name}/result"
        state = {"status": "completed" if done else "processing", "outputs": [address] if done else []}
        return as_json({"code": 200, "message": "success", "data": {"id": name, "urls": {"get": again}, **state}})
    if call.provider == "replicate":
        again = f"https://api.replicate.com/v1/predictions/{name}"
        told = ("succeeded", [address]) if done else ("processing", None)
        answer = {"id": name, "urls": {"get": again}, "error": None, "status": told[0], "output": told[1]}
        return as_json(answer, 200 if done else 201)
    result = {"image_result": [{"url": address}]} if done else {}
    return as_json({"id": name, "task_status": "SUCCESS" if done else "PROCESSING", **result})


def job_asked(call: HuggingFaceCall) -> str | None:
    """The name of the job whose state is asked, in the way of wavespeed, zai-org or replicate."""
    found = re.search(r"(?:/api/v3/predictions|/api/paas/v4/async-result|/v1/predictions)/(\w+)(?:/result)?$", call.path)
    return found[1] if found else None


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


def still_drawing(call: HuggingFaceCall) -> Reply:
    """A job that is not done yet, for `enqueue(still_drawing, to=FILE)`."""
    return job(call, job_asked(call) or "", done=False)


def no_output(call: HuggingFaceCall) -> Reply:
    """Replicate's way to say that it did not finish within its own wait: no picture, no error, a job to ask for."""
    return job(call, call.publish(_as_asked(call)), done=False)


def _as_asked(call: HuggingFaceCall) -> bytes:
    asked, seed = call.parameters, call.seed or 0
    label = f"seed {call.seed}\n{call.prompt[:60]}"
    return Picture.labelled(label, seed, int(asked.get("width") or 512), int(asked.get("height") or 512)).png()
