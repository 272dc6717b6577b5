"""What the Hugging Face hub knows of hosted models: who serves them and whose a token is; draws nothing."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from gemini_diffusion.engines.hosted.http import HttpClient, HttpRequest
from gemini_diffusion.engines.hosted.providers import PROVIDERS, ServedModel
from gemini_diffusion.engines.hugging_face_errors import TOKENS_PAGE
from gemini_diffusion.types.errors import BadAnswer, KeyRefused, ModelNotFound

SECONDS_KEPT = 3600.0
TASK = "text-to-image"


@dataclass
class HubInfo:
    """The hub at `url`. What it says of models is kept for an hour, by token: each account has its own order of providers."""

    url: str
    _kept: dict[tuple[int, str], tuple[float, Any]] = field(default_factory=dict, repr=False)

    async def serving(self, client: HttpClient, model: str, provider: str, token: str) -> ServedModel:
        """How `provider` serves `model`; "auto" takes the first in the hub's own order. Raises ModelNotFound."""
        if provider == "hf-inference":
            return ServedModel(model, provider, model)
        path = f"/api/models/{quote(model)}?{urlencode({'expand': 'inferenceProviderMapping'})}"
        offers = list(_offers(await self._ask(client, path, model, token)))
        for offer in offers:
            if provider in ("auto", offer.provider):
                return offer
        others = ", ".join(offer.provider for offer in offers)
        if others:
            raise ModelNotFound(f"{provider} does not serve {model}.", f"These do: {others}. Choose one, or auto.")
        raise ModelNotFound(f"Nobody serves {model} at Hugging Face now.", "Choose another model, or draw on this machine.")

    async def served(self, client: HttpClient, provider: str, token: str) -> list[tuple[str, tuple[str, ...]]]:
        """The models `provider` serves (any with "auto") and by whom each is served, the most wanted first."""
        question = {
            "inference_provider": "all" if provider == "auto" else provider,
            "pipeline_tag": TASK,
            "sort": "trendingScore",
            "limit": 50,
            "expand": "inferenceProviderMapping",
        }
        entries = await self._ask(client, f"/api/models?{urlencode(question)}", "The list of models", token)
        if not isinstance(entries, list):
            raise BadAnswer("The list of models could not be read.")
        found = [(str(entry.get("id", "")), tuple(offer.provider for offer in _offers(entry))) for entry in entries]
        return [(model, providers) for model, providers in found if model and providers]

    async def whose(self, client: HttpClient, token: str) -> str:
        """The name of the account a token belongs to. Raises KeyRefused for one that is refused or may not draw."""
        told = _read(await client.ask(HttpRequest(f"{self.url}/api/whoami-v2", "Hugging Face", token=token)))
        if not isinstance(told, dict) or not told.get("name"):
            said = str(told.get("error", ""))[:200] if isinstance(told, dict) else ""
            raise KeyRefused(
                f"Hugging Face does not say whose this token is{f': {said}' if said else ''}.", f"Check it at {TOKENS_PAGE}."
            )
        rights = told.get("auth", {}).get("accessToken", {})
        if rights.get("role") == "fineGrained" and not any("inference" in right for right in _texts(rights)):
            raise KeyRefused(
                "This token is valid, but it may not draw.",
                f'Give it the permission "Make calls to Inference Providers" at {TOKENS_PAGE}.',
            )
        return str(told["name"])

    def forget(self, model: str) -> None:
        """Drop what is kept of a model: it has just turned out to be wrong."""
        self._kept = {key: kept for key, kept in self._kept.items() if f"/{quote(model)}?" not in key[1]}

    async def _ask(self, client: HttpClient, path: str, subject: str, token: str) -> Any:
        now, key = time.monotonic(), (hash(token), path)
        self._kept = {key: kept for key, kept in self._kept.items() if now - kept[0] < SECONDS_KEPT}
        if key not in self._kept:
            self._kept[key] = (now, _read(await client.ask(HttpRequest(self.url + path, subject, token=token))))
        return self._kept[key][1]


def _read(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError as error:
        raise BadAnswer("Hugging Face answered with something that is not JSON.") from error


def _offers(entry: Any) -> Iterator[ServedModel]:
    """The providers in a model's entry that are live and that we know; the hub writes them as a list or as a mapping."""
    mapping = entry.get("inferenceProviderMapping") if isinstance(entry, dict) else None
    if isinstance(mapping, dict):
        mapping = [{**value, "provider": name} for name, value in mapping.items()]
    for offer in mapping or ():
        if offer.get("status") == "live" and offer.get("task") == TASK and offer.get("provider") in PROVIDERS:
            weights = str(offer.get("adapterWeightsPath") or "")
            yield ServedModel(str(entry.get("id", "")), offer["provider"], str(offer.get("providerId", "")), weights)


def _texts(value: Any) -> Iterator[str]:
    """Every text inside nested lists and mappings."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for entry in value.values():
            yield from _texts(entry)
    elif isinstance(value, list):
        for entry in value:
            yield from _texts(entry)
