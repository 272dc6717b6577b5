"""The entry for what a person named: one we know, or one made for a hub id, an address, a folder or a file; fetches nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from gemini_diffusion.engines.models.detect import family_of
from gemini_diffusion.engines.models.entries import CATALOGUE, PROSE_SIZES, PROSE_TOKENS, REFINERS, SD15_SIZES, SDXL_SIZES
from gemini_diffusion.engines.models.entry import BY_THEIR_OWN_NAME, MODEL_FILES, Family, ImageModel

ANY = "auto"
"""Stands for the model that a server has, or the first of those it lists."""
_OLDER = ("sd15", "sd-1", "stable-diffusion-v1", "v1-5", "realistic_vision", "realistic-vision")
_PROSE = ("flux", "qwen-image", "z-image", "gpt-image", "dall-e")
_OWN_SIZES = {"gpt-image": ((1024, 1024), (1536, 1024), (1024, 1536)), "dall-e-2": ((1024, 1024),)}
"""By a mark in the name: (width, height) of models that draw in no others."""
_GEMINI_SIZES = (
    (1024, 1024), (832, 1248), (1248, 832), (864, 1184), (1184, 864),
    (896, 1152), (1152, 896), (768, 1344), (1344, 768), (1536, 672),
)  # fmt: skip
_GEMINI_LONG_SIZES = (*_GEMINI_SIZES, (512, 2048), (2048, 512))
_DOLLARS = {"gemini-3-pro-image": 0.134, "gemini-3.1-flash-image": 0.067, "gemini-2.5-flash-image": 0.039}
"""What Google lists for a picture of about a megapixel; the host's table goes before it."""


def find_model(model: str) -> ImageModel:
    """The entry for an id, source or alias in any case; for another model one of its family, also for `openai:NAME`.

    A folder or a file on this machine is looked into, as far as its table of contents or the head of its weights; a hub id
    that we do not know can only be guessed by its name.
    """
    wanted = model.strip().lower()
    for entry in (*CATALOGUE, *REFINERS):
        if wanted in (entry.id.lower(), entry.source.lower(), entry.label.lower(), *entry.aliases):
            return entry
    named = model.strip()
    engine, colon, theirs = named.partition(":")
    if colon and engine.lower() in BY_THEIR_OWN_NAME:
        return _their_own(engine.lower(), theirs.strip() or ANY)
    place = Path(named).expanduser() if named.startswith(("~/", "~\\")) else Path(named)
    return _local(place) if place.is_absolute() else _guess(named)


def nearest_size(entry: ImageModel, width: int, height: int) -> tuple[int, int]:
    """The native size in pixels whose shape comes closest to `width`:`height`."""

    def distance(size: tuple[int, int]) -> float:
        sides = size[0] * height, size[1] * width
        return max(sides) / min(sides)

    return min(entry.sizes, key=distance)


def _local(place: Path) -> ImageModel:
    """An entry for a folder or a file on this machine, which no hosted service can draw with."""
    family = family_of(place) or _family(place.name)
    label = place.stem if place.suffix.lower() in MODEL_FILES else place.name
    return _made(str(place), label, family, ("local",))


def _guess(model: str) -> ImageModel:
    """An entry for a hub id or an address that we do not know, its family read from its name."""
    label = f"the endpoint at {urlsplit(model).hostname or model}" if model.startswith(("https://", "http://")) else model
    family = _family(model)
    return _made(model, label, family, ("hosted",) if family == "flux" else ("local", "hosted"))


def _their_own(engine: str, name: str) -> ImageModel:
    """An entry for what a server calls one of its models. Its steps and guidance are guesses, which no server is told."""
    label = "the server's own model" if name == ANY else name
    sizes = next((own for mark, own in _OWN_SIZES.items() if mark in name.lower()), None)
    if engine == "gemini":
        sizes = _GEMINI_LONG_SIZES if "3.1-flash-image" in name else _GEMINI_SIZES
    made = _made(f"{engine}:{name}", label, "flux" if engine == "gemini" else _family(name), (engine,))
    return replace(made, sizes=sizes or made.sizes, variant="", refiner="", dollars=_DOLLARS.get(name, 0.0))


def _family(name: str) -> Family:
    name = name.lower()
    if any(mark in name for mark in _PROSE):
        return "flux"
    if any(mark in name for mark in _OLDER):
        return "sd15"
    return "sdxl" if "xl" in name else "generic"


def _made(model: str, label: str, family: Family, engines: tuple[str, ...]) -> ImageModel:
    """An entry with what is usual in its family; everything about it is an assumption."""
    if family == "flux":
        return ImageModel(
            model, label, family, model, engines, PROSE_SIZES, 28, 3.5, takes_negative=False, max_tokens=PROSE_TOKENS
        )
    if family == "sd15":
        return ImageModel(model, label, family, model, engines, SD15_SIZES, 30, 7.0, variant="fp16")
    refiner = "sdxl-refiner" if family == "sdxl" else ""
    return ImageModel(model, label, family, model, engines, SDXL_SIZES, 30, 5.0, variant="fp16", refiner=refiner)
