"""Drawing a part of a picture anew: the rest is held while it is sampled, and put back as it was; knows no model.

A UNet that was not trained for it changes the whole picture, so each step's latents outside the mask are those of the picture
with just as much noise, and what the decoder makes of them is not shown at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL.Image import Image

EDGE = 1 / 128
"""Of the longer side is the soft edge's width, on the outside of the mask."""


def soften_mask(mask: Image) -> Image:
    """A mask whose edge fades to the outside, so that no line is seen where the new part meets the old."""
    from PIL import ImageFilter

    blurred = mask.filter(ImageFilter.GaussianBlur(max(mask.size) * EDGE / 2))
    return blurred.point(lambda value: min(255, 2 * value))


def paste_unmasked(drawn: Image, picture: Image, soft: Image) -> Image:
    """What was drawn within the `soft` mask, the picture as it was outside, all of one size."""
    from PIL import Image as Pillow

    return Pillow.composite(drawn, picture, soft)


def mask_to_latents(soft: Image, latents: Any, torch: Any) -> Any:
    """[1, 1, height, width] like `latents` and in their numbers: 1 where a latent shows within the soft mask, else 0."""
    import numpy

    height, width = latents.shape[-2:]
    marked = torch.from_numpy(numpy.asarray(soft) > 0)[None, None].to(latents)
    return torch.nn.functional.adaptive_max_pool2d(marked, (height, width))


@dataclass(frozen=True, slots=True)
class MaskedLatents:
    """What keeps the rest of a picture while a part is drawn anew: its `latents` [1, channels, height, width], the drawing's
    own `noise` [pictures, channels, height, width], and the `cells` of the mask."""

    latents: Any
    noise: Any
    cells: Any

    def after_step(self, view: Any, step: int, timestep: Any, tensors: dict[str, Any]) -> dict[str, Any]:
        """diffusers' callback: outside the mask the latents are the picture's, with the noise that is left."""
        scheduler = view.scheduler
        following = scheduler.timesteps[_place(scheduler, step, timestep) + 1 :][:1]
        rest = scheduler.add_noise(self.latents, self.noise, following) if len(following) else self.latents
        drawn = tensors["latents"]
        return {**tensors, "latents": (self.cells * drawn + (1 - self.cells) * rest).to(drawn.dtype)}


def _place(scheduler: Any, step: int, timestep: Any) -> int:
    """Where in the whole schedule a pipeline's step is: it may have begun in the middle. Those that repeat a timestep count."""
    if hasattr(scheduler, "begin_index"):
        return (scheduler.begin_index or 0) + step
    return int((scheduler.timesteps == timestep).nonzero()[0])
