"""The image models we know, as data: what each one is, what it needs and its own defaults; loads and asks nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

Family = Literal["sdxl", "sd15", "flux", "generic"]
EngineName = Literal["local", "hosted"]
ASSETS = Path(__file__).resolve().parent.parent / "assets"
GIGABYTE = 1_000_000_000


@dataclass(frozen=True, slots=True)
class ImageModel:
    """One model: `id` is what a person types, `source` a hub id or a folder, `sizes` its native (width, height) in pixels.

    `max_tokens` is the text encoder's window with its two specials; `download_bytes` 0 where nothing is fetched;
    `vocabulary` a words.json where the model knows only those words.
    """

    id: str
    label: str
    family: Family
    source: str
    engines: tuple[EngineName, ...]
    sizes: tuple[tuple[int, int], ...]
    num_inference_steps: int
    guidance_scale: float
    scheduler: str = ""
    negative_prompt: str = ""
    takes_negative: bool = True
    max_tokens: int = 77
    variant: str = ""
    licence: str = ""
    gated: bool = False
    download_bytes: int = 0
    vocabulary: Path | None = None
    trigger_words: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()

    @property
    def is_address(self) -> bool:
        return self.source.startswith(("https://", "http://"))

    def drawn_with(self, engine: str) -> str:
        """The model and the place as a person says them: "SDXL base 1.0, on this machine"."""
        return self.label if self.is_address else f"{self.label}, {PLACES.get(engine, engine)}"

    @property
    def is_folder(self) -> bool:
        return Path(self.source).is_absolute()


_SDXL_SIZES = (
    (1024, 1024), (1152, 896), (896, 1152), (1216, 832), (832, 1216),
    (1344, 768), (768, 1344), (1536, 640), (640, 1536),
)  # fmt: skip
_PROSE_SIZES = (
    (1024, 1024), (1152, 864), (864, 1152), (1216, 832), (832, 1216),
    (1344, 768), (768, 1344), (1536, 640), (640, 1536),
)  # fmt: skip
_OPENRAIL = "CreativeML Open RAIL++-M"


def _hosted(hub_id: str, label: str, steps: int, guidance: float, licence: str) -> ImageModel:
    """A prose model served by providers: no negative prompt, a T5 or language model as encoder with 512 tokens."""
    return ImageModel(
        hub_id, label, "flux", hub_id, ("hosted",), _PROSE_SIZES, steps, guidance,
        takes_negative=False, max_tokens=512, licence=licence,
    )  # fmt: skip


CATALOGUE: tuple[ImageModel, ...] = (
    ImageModel(
        id="postcard",
        label="Postcard",
        family="sdxl",
        source=str(ASSETS / "postcard"),
        engines=("local",),
        sizes=((128, 128),),
        num_inference_steps=16,
        guidance_scale=3.0,
        licence="MIT",
        vocabulary=ASSETS / "postcard" / "words.json",
    ),
    ImageModel(
        id="sdxl",
        label="SDXL base 1.0",
        family="sdxl",
        source="stabilityai/stable-diffusion-xl-base-1.0",
        engines=("local", "hosted"),
        sizes=_SDXL_SIZES,
        num_inference_steps=30,
        guidance_scale=5.0,
        scheduler="DPM++ 2M Karras",
        negative_prompt="blurry, low quality, jpeg artifacts, watermark",
        variant="fp16",
        licence=_OPENRAIL,
        download_bytes=int(6.94 * GIGABYTE),
        aliases=("sdxl-base", "xl"),
    ),
    _hosted("black-forest-labs/FLUX.1-schnell", "FLUX.1 schnell", 4, 0.0, "Apache 2.0"),
    _hosted("black-forest-labs/FLUX.1-dev", "FLUX.1 dev", 28, 3.5, "FLUX.1 dev, non-commercial"),
    _hosted("black-forest-labs/FLUX.1-Krea-dev", "FLUX.1 Krea", 28, 4.5, "FLUX.1 dev, non-commercial"),
    _hosted("Qwen/Qwen-Image", "Qwen-Image", 30, 4.0, "Apache 2.0"),
    ImageModel(
        id="stabilityai/stable-diffusion-3-medium-diffusers",
        label="Stable Diffusion 3 medium",
        family="generic",
        source="stabilityai/stable-diffusion-3-medium-diffusers",
        engines=("hosted",),
        sizes=_PROSE_SIZES,
        num_inference_steps=28,
        guidance_scale=7.0,
        max_tokens=256,
        licence="Stability AI Community",
        gated=True,
    ),
)

PLACES = {"local": "on this machine", "hosted": "at Hugging Face"}
"""Where an engine draws, as a person says it."""

DEFAULT_LOCAL, DEFAULT_HOSTED = "sdxl", "black-forest-labs/FLUX.1-schnell"
FIRST_RUN = "postcard"


def find(model: str) -> ImageModel:
    """The entry for an id, source or alias in any case; an unknown id or address gets an entry of its likely family."""
    wanted = model.strip().lower()
    for entry in CATALOGUE:
        if wanted in (entry.id.lower(), entry.source.lower(), entry.label.lower(), *entry.aliases):
            return entry
    return _guess(model.strip())


def _guess(model: str) -> ImageModel:
    """An entry for a model we do not know, its family read from its name; everything about it is an assumption."""
    name = model.lower()
    label = _label(model)
    if "flux" in name or "qwen-image" in name or "z-image" in name:
        return _hosted(model, label, 28, 3.5, "")
    older = any(
        mark in name for mark in ("sd15", "sd-1", "stable-diffusion-v1", "v1-5", "realistic_vision", "realistic-vision")
    )
    if older:
        sizes = ((512, 512), (640, 448), (448, 640), (768, 448), (448, 768))
        return ImageModel(model, label, "sd15", model, ("local", "hosted"), sizes, 30, 7.0, variant="fp16")
    family: Family = "sdxl" if "xl" in name else "generic"
    return ImageModel(model, label, family, model, ("local", "hosted"), _SDXL_SIZES, 30, 5.0, variant="fp16")


def _label(model: str) -> str:
    """A short name for a person: a folder's last part, an address's host, a hub id as it is."""
    if model.startswith(("https://", "http://")):
        return f"the endpoint at {urlsplit(model).hostname or model}"
    return Path(model).name if Path(model).is_absolute() else model


def nearest_size(entry: ImageModel, width: int, height: int) -> tuple[int, int]:
    """The native size in pixels whose shape comes closest to `width`:`height`; the largest of equals."""

    def distance(size: tuple[int, int]) -> tuple[float, int]:
        wide, tall = max(size[0] * height, size[1] * width), min(size[0] * height, size[1] * width)
        return wide / tall, -size[0] * size[1]

    return min(entry.sizes, key=distance)
