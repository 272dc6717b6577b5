"""One picture on its way from a service: what is sent, what is left out, which seed, and what had to be said; asks nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gemini_diffusion.config.settings import Settings
from gemini_diffusion.engines.hosted.providers import (
    ENDPOINT,
    PROVIDERS,
    ImageAddress,
    Parameters,
    PendingImage,
    Provider,
    ServedModel,
)
from gemini_diffusion.engines.ignored_fields import ignored_fields
from gemini_diffusion.engines.models import ImageModel
from gemini_diffusion.engines.seed import new_seed
from gemini_diffusion.engines.true_size import with_true_size
from gemini_diffusion.storage.image_check import BLACK
from gemini_diffusion.types import Capabilities, ImageRequest, ImageResult
from gemini_diffusion.types.errors import BadAnswer

if TYPE_CHECKING:
    from PIL.Image import Image


@dataclass
class HostedImageRequest:
    """One picture on its way: what is asked, with which seed, by whom it is drawn, and what had to be said of it.

    `begun` is where the provider's work stands: what is paid for is asked for again until it is there, and never ordered twice.
    """

    request: ImageRequest
    settings: Settings
    entry: ImageModel
    seed: int
    served: ServedModel = field(default_factory=lambda: ServedModel("", "", ""))
    begun: PendingImage | ImageAddress | None = None
    attempts: int = 0
    began: float = 0.0
    notices: list[str] = field(default_factory=list)
    signed: bytes = b""

    @property
    def provider(self) -> Provider:
        return PROVIDERS.get(self.served.provider, ENDPOINT)

    @property
    def parameters(self) -> Parameters:
        """What is sent: no empty value, and nothing that the model or the provider is known not to take."""
        wanted = {
            "negative_prompt": self.request.negative_prompt,
            "height": self.request.height,
            "width": self.request.width,
            "num_inference_steps": self.request.num_inference_steps,
            "guidance_scale": self.request.guidance_scale,
            "seed": self.seed,
        }
        refused = set(_not_taken(self.entry, self.provider))
        return {name: value for name, value in wanted.items() if name not in refused and value != ""}

    @property
    def ignored(self) -> tuple[str, ...]:
        """The fields a person set that did not reach the model."""
        return ignored_fields(self.request, self.entry, Capabilities(), self.parameters)

    def begin(self) -> None:
        self.attempts += 1
        self.began = time.monotonic()

    def black(self) -> None:
        """A black picture is asked for once more where the seed was ours to choose; then it is shown with its cause."""
        if self.attempts > 1 or self.request.seed is not None:
            self.notices.append(BLACK)
            return
        self.seed, self.begun = new_seed(), None
        raise BadAnswer("The picture came back black.")

    def result(self, picture: Image, engine: str) -> ImageResult:
        """What is handed on; a size other than the one asked for is named."""
        return with_true_size(
            ImageResult(
                image=picture,
                request=self.request,
                seed=self.seed,
                engine=engine,
                seconds=time.monotonic() - self.began,
                ignored=self.ignored,
                notices=tuple(self.notices),
                versions={"provider": self.served.provider},
                signed=self.signed,
            )
        )


def _not_taken(entry: ImageModel, provider: Provider) -> Iterator[str]:
    """Parameters that are not sent: a model without negatives or guidance is refused by some providers for having them."""
    if not entry.takes_negative or "negative_prompt" in provider.ignores:
        yield "negative_prompt"
    if entry.guidance_scale == 0 or "guidance_scale" in provider.ignores:
        yield "guidance_scale"
    yield from sorted(provider.ignores - {"negative_prompt", "guidance_scale"})
