"""What the host says that models cost: dollars for a million tokens in and out, or for a picture. Nobody else is asked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase

from gemini_diffusion.types.errors import BadInput

_PRICE = re.compile(r"\s*(?P<name>\S+)\s*=\s*(?P<first>\d+(?:\.\d+)?)(?:/(?P<second>\d+(?:\.\d+)?))?\s*")


def names_model(patterns: str, model: str) -> bool:
    """Whether a model is among names with commas between, in which a star stands for anything."""
    return any(fnmatchcase(model, pattern.strip()) for pattern in patterns.split(",") if pattern.strip())


@dataclass(frozen=True, slots=True)
class Prices:
    """Those of a text as "gemini-flash-*=0.3/2.5, org/model=0.004", the first that fits a model. Raises BadInput."""

    text: str

    def __post_init__(self) -> None:
        for part in filter(str.strip, self.text.split(",")):
            if not _PRICE.fullmatch(part):
                raise BadInput(
                    f"Lent prices has {part.strip()}, which is no price.",
                    "Write model=0.3/2.5, dollars for a million tokens in and out, or model=0.004 for a picture.",
                )

    def answer(self, model: str, tokens_in: float, tokens_out: float) -> float | None:
        """Dollars of one answer; None where its price is not known."""
        if price := self._of(model, per_token=True):
            return (float(price["first"]) * tokens_in + float(price["second"]) * tokens_out) / 1e6
        return None

    def picture(self, model: str) -> float | None:
        """Dollars of one picture; None where its price is not known."""
        price = self._of(model, per_token=False)
        return float(price["first"]) if price else None

    def _of(self, model: str, *, per_token: bool) -> re.Match[str] | None:
        prices = filter(None, map(_PRICE.fullmatch, self.text.split(",")))
        fit = (price for price in prices if bool(price["second"]) == per_token and fnmatchcase(model, price["name"]))
        return next(fit, None)
