"""The image models we know, as data, and the entry for any other that a person names; it loads and asks nothing."""

from gemini_diffusion.catalogue.entries import CATALOGUE, DEFAULT_HOSTED, DEFAULT_LOCAL, FIRST_RUN, REFINERS
from gemini_diffusion.catalogue.finding import find, nearest_size
from gemini_diffusion.catalogue.shape import ASSETS, GIGABYTE, PLACES, Companion, EngineName, Family, ImageModel

__all__ = [
    "ASSETS", "CATALOGUE", "DEFAULT_HOSTED", "DEFAULT_LOCAL", "FIRST_RUN", "GIGABYTE", "PLACES", "REFINERS",
    "Companion", "EngineName", "Family", "ImageModel", "find", "nearest_size",
]  # fmt: skip
