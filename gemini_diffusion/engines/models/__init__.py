"""The image models we know, as data, and the entry for any other that a person names; it loads and asks nothing."""

from gemini_diffusion.engines.models.entries import CATALOGUE, DEFAULT_HOSTED, DEFAULT_LOCAL, FIRST_RUN, REFINERS
from gemini_diffusion.engines.models.entry import ASSETS, BY_THEIR_OWN_NAME, GIGABYTE, PLACES, Companion, Family, ImageModel
from gemini_diffusion.engines.models.lookup import ANY, find_model, nearest_size
