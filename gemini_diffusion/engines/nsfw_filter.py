"""The picture filter: an image classifier that says which pictures want a click before they are seen; knows no window.

It fails safe: a picture it should have judged and could not is blurred too. It never fetches what the host did not agree to,
sends no picture anywhere, and runs on the processor, so that it takes no room from whatever draws.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gemini_diffusion.config.settings import Settings
from gemini_diffusion.engines.downloads.fetch import Download, Hub
from gemini_diffusion.engines.downloads.model_store import WEIGHTS, ModelStore, in_bytes
from gemini_diffusion.engines.error_map import translate_error
from gemini_diffusion.engines.torch_imports import TorchImports, import_torch
from gemini_diffusion.engines.worker import Worker, WorkerJob
from gemini_diffusion.types import Emit, Event, StageFinished, StageStarted, ignore
from gemini_diffusion.types.errors import AgreementNeeded, GeminiDiffusionError, ModelNotFound, RequestRefused

if TYPE_CHECKING:
    from PIL.Image import Image

THRESHOLD = 0.5
"""The probability of all unsafe labels together from which a picture is blurred: more likely than not. The published
classifiers answer close to 0 or 1, so that the exact value decides little; a picture blurred for nothing costs one click."""
# fmt: off
UNSAFE = frozenset((
    "nsfw", "unsafe", "porn", "porno", "pornography", "sexy", "sexual", "sex", "hentai", "nude", "nudity", "explicit", "erotic",
))
# fmt: on
SAFE = frozenset(("sfw", "safe", "normal", "neutral", "drawing", "drawings", "clean", "benign"))
"""Words by which a label says which side it is on."""
UNCHECKED = "Nobody could check this picture, so it stays blurred until you tap it."
FILES = ("config.json", "preprocessor_config.json", "model.safetensors")
SIZES = {"Falconsai/nsfw_image_detection": 343_000_000}
"""Bytes to fetch of the models we know."""
PAUSE = 600.0
"""Seconds after a failure until loading or fetching is tried again: no picture waits for what has just failed."""

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FilterResult:
    """Whether a picture wants a click before it is seen; `notices` are sentences for the person."""

    blurred: bool = False
    notices: tuple[str, ...] = ()


class NsfwFilter:
    """One classifier for all visitors. `home` holds its model unless the hub's own cache is set; `hub_url` "" is the hub's."""

    def __init__(self, home: Path = Path(), hub_url: str = "") -> None:
        self._store = ModelStore.at(home)
        self._hub_url = hub_url
        self._worker = Worker("picture-filter")
        self._open: tuple[str, _Classifier] | None = None
        self._failed: tuple[str, float, GeminiDiffusionError] | None = None

    @staticmethod
    def is_on(settings: Settings) -> bool:
        """Whether pictures are judged: whoever knows if strangers draw has made "auto" one of the other two."""
        return settings.picture_filter == "on"

    def lacks(self, settings: Settings) -> str:
        """What the host has to do before anything can be judged, as far as can be told at once; "" where nothing is."""
        try:
            self._place(settings)
        except GeminiDiffusionError as error:
            return str(error)
        return ""

    async def judge(self, image: Image, settings: Settings, emit: Emit) -> FilterResult:
        """Whether `image` is to be blurred; never fails. The first one after an agreed download waits for it, and shows it."""
        if not self.is_on(settings):
            return FilterResult()
        stages = _Stages(ignore if self._open else emit)
        try:
            self._place(settings)
            unsafe = await self._worker.run(lambda job: self._classifier(job, settings).unsafe(image), stages)
        except GeminiDiffusionError:
            stages.end()
            return FilterResult(True, (UNCHECKED,))
        return FilterResult(unsafe >= THRESHOLD)

    async def check(self, settings: Settings) -> str:
        """Loads the model and says so in a sentence, or raises what is missing or wrong; fetches nothing."""
        if self._place(settings) is None:
            return f"{settings.picture_filter_model} is fetched with the first picture that is drawn."
        await self._worker.run(lambda job: self._classifier(job, settings), ignore)
        return f"{settings.picture_filter_model} judges pictures on this machine."

    async def close(self) -> None:
        await self._worker.close()

    def _place(self, settings: Settings) -> Path | None:
        """The model's folder, None where it may be fetched. Raises AgreementNeeded, ModelNotFound."""
        model = settings.picture_filter_model
        if Path(model).is_dir() or Path(model).is_absolute():
            if _is_whole(Path(model)):
                return Path(model)
            raise ModelNotFound(f"The picture filter's folder {model} holds no image classifier as safetensors.", _WAYS)
        found = self._kept(model)
        if found is None and model not in settings.agreed_models:
            size = SIZES.get(model, 0)
            raise AgreementNeeded(
                f"The picture filter's model {model}{f', {in_bytes(size)},' if size else ''} is not on this machine.",
                f"Agree to its download with GEMINI_DIFFUSION_AGREED_DOWNLOADS={model}. {_WAYS}",
                model=model,
                download_bytes=size,
            )
        return found

    def _kept(self, model: str) -> Path | None:
        """The model's folder in the hub's cache, None where it is not whole."""
        versions = self._store.folder / f"models--{model.replace('/', '--')}" / "snapshots"
        return next(filter(_is_whole, sorted(versions.glob("*"))), None)

    # On the worker's thread

    def _classifier(self, job: WorkerJob, settings: Settings) -> _Classifier:
        """Loaded once; a failure is logged for the host, and stands for a while."""
        model = settings.picture_filter_model
        if self._open and self._open[0] == model:
            return self._open[1]
        if self._failed and self._failed[0] == model and time.monotonic() - self._failed[1] < PAUSE:
            raise self._failed[2]
        try:
            folder = self._place(settings) or self._fetched(job, model)
            with job.stage("loading", "Loading the picture filter"):
                self._open = model, _load(folder, model)
        except GeminiDiffusionError as error:
            _LOG.warning("The picture filter cannot judge: %s", error)
            self._failed = model, time.monotonic(), error
            raise
        return self._open[1]

    def _fetched(self, job: WorkerJob, model: str) -> Path:
        """Fetches the model with progress; what has arrived is kept, also after a stop."""
        hub = Hub(self._store, self._hub_url)
        Download(model, "the picture filter", _WAYS, hub, lambda hub: [hub.plan(model, FILES, set)]).run(job)
        if folder := self._kept(model):
            return folder
        raise ModelNotFound(f"{model} holds no image classifier as safetensors.", _WAYS)


_WAYS = "Another one can be named with GEMINI_DIFFUSION_PICTURE_FILTER_MODEL; GEMINI_DIFFUSION_PICTURE_FILTER=off does without."


@dataclass(frozen=True, slots=True)
class _Classifier:
    """A model in memory, with the numbers of its labels that are unsafe."""

    packages: TorchImports
    processor: Any
    model: Any
    labels: tuple[int, ...]

    def unsafe(self, image: Image) -> float:
        """The probability, 0 to 1, that `image` belongs under an unsafe label."""
        torch = self.packages.torch
        with translate_error("The picture filter"), torch.inference_mode():
            pixels = self.processor(images=image.convert("RGB"), return_tensors="pt")
            shares = torch.softmax(self.model(**pixels).logits[0], dim=-1)
            return float(shares[list(self.labels)].sum())


def _load(folder: Path, name: str) -> _Classifier:
    """The classifier in `folder`: safetensors only, nothing fetched, no code of the model's run. Raises RequestRefused."""
    packages = import_torch()
    options: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
    with translate_error(name):
        processor = packages.transformers.AutoImageProcessor.from_pretrained(folder, **options)
        model = packages.transformers.AutoModelForImageClassification.from_pretrained(
            folder, dtype=packages.torch.float32, use_safetensors=True, **options
        ).eval()
    return _Classifier(packages, processor, model, unsafe_labels(model.config.id2label, name))


def unsafe_labels(names: Mapping[int, str], model: str) -> tuple[int, ...]:
    """The numbers of the labels whose names say unsafe. RequestRefused where the names do not tell both sides."""
    words = {number: set(re.findall(r"[a-z]+", name.lower())) for number, name in names.items()}
    unsafe = tuple(number for number, said in words.items() if said & UNSAFE)
    if not unsafe or not any(said & SAFE for number, said in words.items() if number not in unsafe):
        shown = ", ".join(list(names.values())[:5])
        raise RequestRefused(
            f"{model} cannot be the picture filter: its labels ({shown[:100]}) do not tell safe from unsafe.", _WAYS
        )
    return unsafe


def _is_whole(folder: Path) -> bool:
    return all((folder / name).exists() for name in FILES[:2]) and any(folder.glob(f"*{WEIGHTS}"))


@dataclass
class _Stages:
    """Passes events on, and ends a stage that failed too, since the picture goes on without it."""

    emit: Emit
    _running: StageStarted | None = None
    _started: float = 0.0

    def __call__(self, event: Event) -> None:
        if isinstance(event, StageStarted | StageFinished):
            self._running = event if isinstance(event, StageStarted) else None
            self._started = time.monotonic()
        self.emit(event)

    def end(self) -> None:
        if failed := self._running:
            self.emit(StageFinished(failed.stage, f"{failed.text} failed", time.monotonic() - self._started))
