"""What one picture costs, by the host's table, else by its maker's list."""

from __future__ import annotations

from gemini_diffusion.config.prices import Prices
from gemini_diffusion.config.settings import Settings
from gemini_diffusion.engines.models import ImageModel


def picture_price(entry: ImageModel, settings: Settings) -> float:
    """Dollars; 0 where nobody says."""
    return Prices(settings.lend_prices).picture(entry.id) or entry.dollars
