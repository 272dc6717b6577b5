"""The engine that draws on this machine; whatever blocks runs on the threads of its parts."""

from __future__ import annotations

import contextlib
import dataclasses
import threading
from pathlib import Path

from gemini_diffusion.config.settings import Settings
from gemini_diffusion.engines import models
from gemini_diffusion.engines.downloads.fetch import Download, Hub
from gemini_diffusion.engines.downloads.model_download import model_download, no_model_in
from gemini_diffusion.engines.downloads.model_store import ModelStore, in_bytes, weights_bytes
from gemini_diffusion.engines.image_engine import ImageEngine
from gemini_diffusion.engines.local.adapters.adapter_download import adapter_download
from gemini_diffusion.engines.local.adapters.adapter_files import (
    FOLDER,
    LABELS,
    AdapterFile,
    AdapterFolder,
    refuse_others,
    width_of,
)
from gemini_diffusion.engines.local.adapters.triggers import choose_adapters
from gemini_diffusion.engines.local.drawing_queue import DrawingQueue
from gemini_diffusion.engines.local.eta import FILE, DurationEstimator
from gemini_diffusion.engines.local.loading.device import SMALL, free_ram, has_gpu, place
from gemini_diffusion.engines.local.model_cache import DrawCommand, ModelCache
from gemini_diffusion.engines.local.sampling.conditioning import LONGEST
from gemini_diffusion.engines.local.sampling.init_image import InitImages
from gemini_diffusion.engines.local.sampling.refiner import refuse_handover
from gemini_diffusion.engines.local.sampling.schedulers import SCHEDULERS, refuse_unknown
from gemini_diffusion.engines.local.work_size import work_ahead
from gemini_diffusion.engines.models import ImageModel
from gemini_diffusion.engines.token_counter import TokenCounter
from gemini_diffusion.engines.torch_imports import import_torch
from gemini_diffusion.engines.worker import Worker, step_back
from gemini_diffusion.types import AdapterChoice, Capabilities, Emit, ImageRequest, ImageResult, ModelChoice, TokenUsage
from gemini_diffusion.types.errors import GeminiDiffusionError, ModelNotFound, RequestRefused

GRID = 8
"""Sides are multiples of this: one latent is 8 x 8 pixels."""
LARGEST_SIDE = 2048
ROOM = 2_000_000_000
"""Bytes of free memory without which nothing is loaded before it is needed; the packages take about 400 MB."""


class LocalEngine(ImageEngine):
    """diffusers on this machine, one drawing or one batch at a time. One instance serves all visitors.

    `home` is where models are fetched to unless the hub's own cache is set; `hub_url` "" is the hub's usual address.
    Downloads have a thread of their own, so that nobody's drawing waits for somebody's gigabytes.
    """

    name = "local"
    key = ""

    def __init__(self, home: Path, hub_url: str = "") -> None:
        self._store = ModelStore.at(home)
        self._adapter_folder = AdapterFolder(home / FOLDER, self._store.folder)
        self._hub_url = hub_url
        self._durations = DurationEstimator(home / FILE)
        self._model_cache, self._downloads = ModelCache(self._durations), Worker("download")
        self._drawings: DrawingQueue[DrawCommand, ImageResult] = DrawingQueue(self._model_cache.draw)
        self._tokens, self._init_images = TokenCounter(), InitImages()
        self._prepared = False

    def is_ready(self, settings: Settings) -> bool:
        """A model comes with the program."""
        return True

    def default_model(self, settings: Settings) -> str:
        """SDXL where a GPU is and the download was agreed to or made, else the model that came with the program."""
        entry = models.find_model(models.DEFAULT_LOCAL)
        ready = _is_agreed(entry, settings) or self._store.find(entry) is not None
        return entry.id if has_gpu() and ready else models.FIRST_RUN

    def count_tokens(self, model: str, text: str) -> int | None:
        """Tokens for the model's first encoder, specials included; None for a model that is not on this machine."""
        folder = self._store.find(models.find_model(model))
        return self._tokens.count(folder, text) if folder else None

    def meter(self, model: str, text: str) -> TokenUsage:
        """Counted by the model's own tokenizers, or estimated for a model that is not on this machine."""
        return self._tokens.meter(self._store.find(models.find_model(model)), text)

    def adapters(self) -> list[AdapterChoice]:
        """What lies in the adapters' folder, the unusable with its reason."""
        return [_offered(file) for file in self._adapter_folder.files()]

    def estimate(self, request: ImageRequest) -> float | None:
        """By the model's own history on this machine."""
        ahead = work_ahead(request, models.find_model(request.model).id)
        known = [(self._durations.estimate(work), times) for work, times in ahead.items()]
        told = [seconds * times for seconds, times in known if seconds is not None]
        return sum(told) if len(told) == len(known) else None

    def loading(self, model: str) -> float | None:
        """By this machine's own history; 0 for a model that is in memory."""
        entry = models.find_model(model)
        return 0.0 if self._model_cache.is_warm(entry) else self._durations.loading(entry.id)

    def capabilities(self, model: str, settings: Settings) -> Capabilities:
        """All that diffusers offers for the model's family."""
        entry = models.find_model(model)
        is_clip = entry.family in ("sdxl", "sd15")
        return Capabilities(
            negative_prompt=entry.takes_negative,
            scheduler=True,
            prompt_2=entry.family == "sdxl",
            max_tokens=LONGEST if is_clip else entry.max_tokens,
            schedulers=tuple(SCHEDULERS),
            adapters=True,
            weights=is_clip,
            refine=bool(entry.refiner),
            image=True,
            mask=True,
            tile=True,
            hd=True,
            clip_skip=is_clip,
        )

    def check_request(self, request: ImageRequest, settings: Settings) -> None:
        """Raises for numbers that cannot be drawn, and a model or LoRA that is not here or not for this model."""
        _refuse_the_impossible(request)
        entry = models.find_model(request.model)
        for needed in [entry, *([models.find_model(entry.refiner)] if entry.refiner and request.refine < 1 else [])]:
            self._require(needed, settings)
        here = tuple(adapter for adapter in request.adapters if not self._adapter_folder.lacks(adapter.name.strip()))
        for file, _ in choose_adapters(dataclasses.replace(request, adapters=here), self._adapter_folder).files:
            refuse_others(file, width_of(entry, self._store.find(entry)))

    def prepare(self, settings: Settings) -> None:
        """Import the packages, at low priority, and load the model in use where that is small."""
        entry = models.find_model(settings.image_model or self.default_model(settings))
        folder = self._store.find(entry)
        if folder is None or self._prepared or free_ram() < ROOM:
            return
        self._prepared = True
        request = ImageRequest("", entry.id, *entry.sizes[0], num_inference_steps=1, guidance_scale=1)
        command = DrawCommand(request, entry, folder, parts=self._store.parts(entry))

        def load() -> None:
            step_back()
            with contextlib.suppress(GeminiDiffusionError):  # whoever draws is told
                import_torch()
                if weights_bytes(folder) < SMALL:
                    self._drawings.run_soon(lambda: self._model_cache.load(command))

        threading.Thread(target=load, name="prepare", daemon=True).start()

    async def generate(self, request: ImageRequest, settings: Settings, emit: Emit) -> ImageResult:
        """One picture. Raises AgreementNeeded before anything is fetched that nobody agreed to."""
        self.check_request(request, settings)
        entry = models.find_model(request.model)
        init_image = await self._init_images.read(request)
        await self._fetch_adapters(request, settings, emit)
        chosen = choose_adapters(request, self._adapter_folder)
        for file, _ in chosen.files:
            refuse_others(file, width_of(entry, self._store.find(entry)))
        folder = await self._folder(entry, settings, emit)
        wanted = entry.refiner if request.refine < 1 else ""
        refiner = await self._folder(models.find_model(wanted), settings, emit) if wanted else None
        parts = self._store.parts(entry)
        notices = (*chosen.notices, *(init_image.notices if init_image else ()))
        command = DrawCommand(chosen.request, entry, folder, refiner, parts, chosen.files, init_image, notices)
        return await self._drawings.draw(command, emit)

    def draw_next(self, party: str) -> None:
        self._drawings.prefer(party)

    async def models(self, settings: Settings) -> list[ModelChoice]:
        """The catalogue's models for this machine, and what each would cost."""
        return [self._choice(entry) for entry in models.CATALOGUE if "local" in entry.engines]

    async def check(self, settings: Settings) -> str:
        """The device, the packages and the room on the disk; imports torch. Raises PackageMissing."""
        return await self._drawings.run_between(self._account)

    async def close(self) -> None:
        """Stop what is being drawn or fetched, and wait for the step it is in."""
        await self._drawings.close()
        await self._downloads.close()

    async def _folder(self, entry: ImageModel, settings: Settings, emit: Emit) -> Path:
        """Where the model is, after it was fetched if that was agreed to."""
        self._require(entry, settings)
        if folder := self._store.find(entry):
            return folder
        await self._fetch(model_download(entry, self._hub(settings)), _is_agreed(entry, settings), emit)
        if folder := self._store.find(entry):
            return folder
        raise no_model_in(entry.source)

    def _require(self, entry: ImageModel, settings: Settings) -> None:
        """Raises where a model is not here and nobody agreed to its download, if its size is known without asking."""
        if self._store.find(entry) or _is_agreed(entry, settings):
            return
        if entry.is_folder:
            raise ModelNotFound(f"{entry.label} is not there, or not whole.", "Choose another model.")
        if size := self._store.to_fetch(entry):
            raise model_download(entry, self._hub(settings)).agreement(size)

    async def _fetch_adapters(self, request: ImageRequest, settings: Settings, emit: Emit) -> None:
        """Fetch what the request names by a hub id and is not here. Raises AgreementNeeded for the first not agreed to."""
        for name in dict.fromkeys(adapter.name.strip() for adapter in request.adapters if adapter.strength):
            if self._adapter_folder.lacks(name):
                await self._fetch(adapter_download(name, self._hub(settings)), name in settings.agreed_models, emit)

    async def _fetch(self, download: Download, agreed: bool, emit: Emit) -> None:
        """Raises AgreementNeeded, with the size that the hub tells, where nobody agreed."""
        if not agreed:
            raise download.agreement(await self._downloads.run(lambda job: download.plan().missing, emit))
        await self._downloads.run(download.run, emit)

    def _hub(self, settings: Settings) -> Hub:
        return Hub(self._store, self._hub_url, settings.hf_token.reveal())

    def _choice(self, entry: ImageModel) -> ModelChoice:
        if self._store.find(entry):
            return ModelChoice(entry.id, entry.label, "included" if entry.is_folder else "on this machine")
        if entry.is_folder:
            return ModelChoice(entry.id, entry.label, "not in this copy of the program", runnable=False)
        return ModelChoice(entry.id, entry.label, f"{in_bytes(self._store.to_fetch(entry))} to download")

    def _account(self) -> str:
        packages = import_torch()
        versions = ", ".join(f"{name} {version}" for name, version in packages.versions.items())
        free = in_bytes(self._store.free_bytes)
        return f"Large models are drawn on {place(packages.torch, SMALL)}. {versions}; {free} are free."


def _refuse_the_impossible(request: ImageRequest) -> None:
    """What diffusers would answer with an error of its own, or with hours of work, said in words before anything starts."""
    width, height = request.width, request.height
    if width % GRID or height % GRID or not (GRID <= width <= LARGEST_SIDE and GRID <= height <= LARGEST_SIDE):
        near = " x ".join(str(min(LARGEST_SIDE, max(GRID, round(side / GRID) * GRID))) for side in (width, height))
        raise RequestRefused(
            f"{width} x {height} pixels cannot be drawn: sides are multiples of {GRID}, at most {LARGEST_SIDE}.",
            f"{near} can.",
        )
    if request.num_inference_steps < 1:
        raise RequestRefused("A drawing needs at least one step.", "About 30 are usual.")
    if request.image and not 0 <= request.strength <= 1:
        raise RequestRefused("Strength is how far to move from the picture, between 0 and 1.", "0.6 is usual, 1 forgets it.")
    refuse_unknown(request.scheduler)
    refuse_handover(request)
    if not 0 < request.refine <= 1:
        raise RequestRefused("The refiner begins after a part of the drawing, between 0 and 1.", "0.8 is usual, 1 is never.")


def _is_agreed(entry: ImageModel, settings: Settings) -> bool:
    return entry.id in {models.find_model(model).id for model in settings.agreed_models}


def _offered(file: AdapterFile) -> AdapterChoice:
    written = file.token if file.kind == "textual inversion" else f"<lora:{file.name}:1>"
    made_for = LABELS.get(file.family, "a model we do not know")
    note = f"{file.kind} for {made_for}, {in_bytes(file.size)}"
    return AdapterChoice(written, note, file.trigger_words, file.problem, file.hash)
