"""The services' own clients, pointed at the local servers without a change to them; knows nothing of the app."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
from google import genai
from google.genai import types
from huggingface_hub import InferenceClient
from huggingface_hub.utils import set_async_client_factory, set_client_factory
from huggingface_hub.utils._http import default_async_client_factory, default_client_factory

HUGGING_FACE_HOSTS = ("router.huggingface.co", "huggingface.co")


def gemini_client(url: str, key: str = "key-1", timeout: float = 5.0) -> genai.Client:
    """Google's client. Keep it in a variable: it closes itself when nobody holds it."""
    options = types.HttpOptions(base_url=url, api_version="v1beta", timeout=int(timeout * 1000))
    return genai.Client(api_key=key, enterprise=False, http_options=options)


def endpoint_client(url: str, token: str = "hf_a", timeout: float = 5.0) -> InferenceClient:
    """Hugging Face's client for one endpoint by its address."""
    return InferenceClient(model=url + "/draw", token=token, timeout=timeout)


@contextmanager
def hugging_face_at(url: str) -> Iterator[None]:
    """For a while, every request of this process for the hub or the router goes to `url`.

    The router's address is a constant of huggingface_hub that no variable moves; its client factories are the public way in.
    """
    here = httpx2.URL(url)

    def move(request: httpx2.Request) -> None:
        if request.url.host in HUGGING_FACE_HOSTS:
            request.url = request.url.copy_with(scheme=here.scheme, host=here.host, port=here.port)

    async def move_async(request: httpx2.Request) -> None:
        move(request)

    set_client_factory(lambda: httpx2.Client(event_hooks={"request": [move]}, follow_redirects=True))
    set_async_client_factory(lambda: httpx2.AsyncClient(event_hooks={"request": [move_async]}, follow_redirects=True))
    try:
        yield
    finally:
        set_client_factory(default_client_factory)
        set_async_client_factory(default_async_client_factory)
