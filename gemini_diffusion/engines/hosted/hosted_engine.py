"""The engine that lets others draw: Hugging Face's providers with the visitor's token, or one endpoint by its address.

It never takes a key it was not given with the call. What goes over the wire is in this folder.
"""

from __future__ import annotations

import asyncio
import dataclasses
import time
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from gemini_diffusion.config.library_variables import naming_variables
from gemini_diffusion.config.options import without_secrets
from gemini_diffusion.config.settings import Settings
from gemini_diffusion.engines import models
from gemini_diffusion.engines.hosted.http import HttpClient, HttpRequest, open_client
from gemini_diffusion.engines.hosted.hub_info import HubInfo
from gemini_diffusion.engines.hosted.image_request import HostedImageRequest
from gemini_diffusion.engines.hosted.providers import (
    ENDPOINT,
    PROVIDERS,
    ImageAddress,
    Provider,
    ProviderAnswer,
    ServedModel,
    read_answer,
)
from gemini_diffusion.engines.image_engine import ImageEngine
from gemini_diffusion.engines.models import ImageModel
from gemini_diffusion.engines.seed import new_seed
from gemini_diffusion.network.addresses import origin
from gemini_diffusion.network.retry import ordered_once, retrying
from gemini_diffusion.storage.image_check import is_black, read_picture
from gemini_diffusion.storage.metadata.containers import is_signed
from gemini_diffusion.types import (
    Capabilities,
    Emit,
    ImageRequest,
    ImageResult,
    ModelChoice,
    StageFinished,
    StageStarted,
    ignore,
)
from gemini_diffusion.types.errors import BadAnswer, BadInput, GeminiDiffusionError, KeyNeeded, ModelNotFound

if TYPE_CHECKING:
    import ssl

    from PIL.Image import Image

ROUTER = "https://router.huggingface.co"
HUB = "https://huggingface.co"
SECONDS_FOR_A_LIST = 10.0
OWN_HOSTS = (".huggingface.cloud", ".huggingface.co")
"""Where an address that a visitor typed may receive the visitor's token."""


class HostedEngine(ImageEngine):
    """Hugging Face Inference Providers. One instance serves all visitors and holds no key.

    `router_url` and `hub_url` are where the services are; another address serves tests and mirrors.
    """

    name = "hosted"
    key = "hf_token"
    paid_by = ("hf_token", "hf_inference_url")

    def __init__(self, router_url: str = ROUTER, hub_url: str = HUB) -> None:
        self._router_url = router_url.rstrip("/")
        self._hub = HubInfo(hub_url.rstrip("/"))

    def is_ready(self, settings: Settings) -> bool:
        """An endpoint by its address needs no token."""
        return bool(settings.hf_token or settings.hf_inference_url)

    def default_model(self, settings: Settings) -> str:
        """The endpoint's address without anything secret in it, else the catalogue's choice."""
        return without_secrets(settings.hf_inference_url) or models.DEFAULT_HOSTED

    def capabilities(self, model: str, settings: Settings) -> Capabilities:
        """What the model takes, less what the chosen provider is known to drop."""
        entry = models.find_model(model)
        ignores = _provider(settings, model).ignores
        return Capabilities(
            negative_prompt=entry.takes_negative and "negative_prompt" not in ignores,
            seed="seed" not in ignores,
            num_inference_steps="num_inference_steps" not in ignores,
            guidance_scale=entry.guidance_scale > 0 and "guidance_scale" not in ignores,
            max_tokens=entry.max_tokens,
        )

    def check_request(self, request: ImageRequest, settings: Settings) -> None:
        """Raises KeyNeeded where there is neither a token nor an endpoint."""
        _require_key(settings, request.model)

    async def generate(self, request: ImageRequest, settings: Settings, emit: Emit) -> ImageResult:
        """One picture; asked again after what passes, within `settings.deadline` seconds altogether."""
        self.check_request(request, settings)
        entry = models.find_model(request.model)
        drawing = HostedImageRequest(request, settings, entry, seed=new_seed() if request.seed is None else request.seed)
        emit(StageStarted("drawing", f"{_capital(entry.label)} is drawing"))
        started = time.monotonic()
        async with open_client(self._tls, self._trusted(settings)) as client:
            picture = await retrying(lambda: self._attempt(client, drawing), deadline=settings.deadline, emit=emit)
        emit(StageFinished("drawing", _done(entry, drawing.served.provider), time.monotonic() - started))
        return drawing.result(picture, self.name)

    async def models(self, settings: Settings) -> list[ModelChoice]:
        """What the hub lists as served now; the catalogue's own list without a token or when the hub does not answer."""
        if settings.hf_inference_url:
            address = without_secrets(settings.hf_inference_url)
            return [ModelChoice(address, f"Endpoint at {urlsplit(address).hostname}")]
        if not settings.hf_token:
            return [dataclasses.replace(choice, note="needs a Hugging Face token", runnable=False) for choice in _known()]
        try:
            async with asyncio.timeout(SECONDS_FOR_A_LIST), open_client(self._tls, self._trusted(settings)) as client:
                served = await self._hub.served(client, settings.provider, settings.hf_token.reveal())
        except (GeminiDiffusionError, TimeoutError):
            return [dataclasses.replace(choice, note="from a list of ours: the live one did not come") for choice in _known()]
        return [_choice(models.find_model(model), f"by {', '.join(names)}", model) for model, names in served]

    async def check(self, settings: Settings) -> str:
        """Whose the token is, or which endpoint is set; nothing is drawn. Raises what is wrong."""
        _require_key(settings)
        if settings.hf_inference_url:
            return f"Pictures are asked of the endpoint at {urlsplit(settings.hf_inference_url).hostname}."
        return await retrying(lambda: self._account(settings), deadline=min(SECONDS_FOR_A_LIST, settings.deadline), emit=ignore)

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """Made once, as it takes longer than everything else about opening a line."""
        import httpx2

        with naming_variables():
            return httpx2.create_ssl_context()

    def _trusted(self, settings: Settings) -> frozenset[str]:
        chosen_by_host = (self._router_url, self._hub.url, settings.hf_inference_url)
        return frozenset(origin(address) for address in chosen_by_host if address)

    async def _account(self, settings: Settings) -> str:
        async with open_client(self._tls, self._trusted(settings)) as client:
            return f"The token works: it is {await self._hub.whose(client, settings.hf_token.reveal())}'s."

    async def _attempt(self, client: HttpClient, drawing: HostedImageRequest) -> Image:
        """Ask once and look at the whole answer, so that a bad picture counts as a failed attempt."""
        drawing.begin()
        try:
            drawing.served = await self._who_draws(client, drawing)
            content = await self._content(client, drawing)
        except ModelNotFound:
            self._hub.forget(drawing.entry.source)
            raise
        picture = await asyncio.to_thread(read_picture, content)
        drawing.signed = content if is_signed(content) else b""
        if is_black(picture):
            drawing.black()
        return picture

    async def _who_draws(self, client: HttpClient, drawing: HostedImageRequest) -> ServedModel:
        settings = drawing.settings
        if address := _endpoint(settings, drawing.request.model):
            return ServedModel(drawing.entry.source, urlsplit(address).hostname or "", "")
        return await self._hub.serving(client, drawing.entry.source, settings.provider, settings.hf_token.reveal())

    async def _content(self, client: HttpClient, drawing: HostedImageRequest) -> bytes:
        """The bytes of the picture, followed to where the provider put them."""
        found = drawing.begun or await self._order(client, drawing)
        while not isinstance(found, bytes | ImageAddress):  # these providers tell it no other way; the deadline ends it
            drawing.begun = found
            await asyncio.sleep(found.seconds)
            base, token = self._place(drawing)
            asking = HttpRequest(base + found.path, drawing.served.model, None, token, _headers(drawing.provider))
            found = read_answer(drawing.provider, await client.ask(asking))
        if isinstance(found, bytes):
            return found
        drawing.begun = found
        try:
            return await client.ask(HttpRequest(found.address, drawing.served.model))
        except BadInput as error:
            raise BadAnswer("The provider put the picture where nothing is fetched from.") from error

    async def _order(self, client: HttpClient, drawing: HostedImageRequest) -> ProviderAnswer:
        """What the provider answers to the request itself. GaveUp where it went wrong once the provider may have begun."""
        base, token = self._place(drawing)
        provider, served = drawing.provider, drawing.served
        body = provider.body(served, drawing.request.prompt, drawing.parameters)
        address = base + provider.path(served.served_as)
        order = HttpRequest(address, served.model, body, token, _headers(provider))
        with ordered_once():
            answer = read_answer(provider, await client.ask(order))
            if isinstance(answer, bytes):
                await asyncio.to_thread(read_picture, answer)
        return answer

    def _place(self, drawing: HostedImageRequest) -> tuple[str, str]:
        """The address that provider paths are added to, and the token that goes there."""
        settings, token = drawing.settings, drawing.settings.hf_token.reveal()
        address = _endpoint(settings, drawing.request.model)
        if not address:
            return f"{self._router_url}/{drawing.served.provider}", token
        own = address == settings.hf_inference_url or (urlsplit(address).hostname or "").endswith(OWN_HOSTS)
        return address, token if own else ""


def _headers(provider: Provider) -> dict[str, str]:
    return {"Accept": "image/png", **provider.headers}


def _provider(settings: Settings, model: str) -> Provider:
    return ENDPOINT if _endpoint(settings, model) else PROVIDERS.get(settings.provider, ENDPOINT)


def _endpoint(settings: Settings, model: str) -> str:
    """The one address that is asked, "" for the router: the host's, else one that was given as the model."""
    return settings.hf_inference_url or (model if model.startswith(("https://", "http://")) else "")


def _done(entry: ImageModel, provider: str) -> str:
    """Who drew it, and for a model that several serve, at whose place."""
    text = f"{_capital(entry.label)} has drawn it"
    return text if entry.is_address else f"{text} ({provider})"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _require_key(settings: Settings, model: str = "") -> None:
    if not settings.hf_token and not _endpoint(settings, model):
        raise KeyNeeded(
            "Hugging Face draws with your own token, and there is none.",
            "Add a Hugging Face token in Settings, or draw on this machine.",
        )


def _known() -> list[ModelChoice]:
    """The catalogue's models that are at home with providers; SDXL is served by none of them any more."""
    return [_choice(entry) for entry in models.CATALOGUE if entry.engines[0] == "hosted"]


def _choice(entry: ImageModel, note: str = "", model: str = "") -> ModelChoice:
    """A model with what is known of its licence."""
    return ModelChoice(model or entry.id, entry.label, "; ".join(filter(None, (note, entry.licence))))
