"""Making a picture large: enlarged, and gone over in tiles at low strength for the detail it lacks; begins no picture."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gemini_diffusion.engines.local.sampling import sampling
from gemini_diffusion.engines.local.sampling.batch import BatchItem, DrawnImage, Outcome
from gemini_diffusion.engines.local.sampling.callbacks import StepCallbacks
from gemini_diffusion.engines.local.sampling.conditioning import Conditioning
from gemini_diffusion.engines.local.sampling.decode import BLACK, decode
from gemini_diffusion.engines.local.sampling.encode import encode
from gemini_diffusion.engines.local.sampling.sampling import Models, SamplingRun, Segment, Start
from gemini_diffusion.engines.local.sampling.tiles import Tile, TileBlend, tiles
from gemini_diffusion.engines.small_jpeg import small_jpeg
from gemini_diffusion.engines.worker import JobCancelled
from gemini_diffusion.types.errors import GeminiDiffusionError

STRENGTH = 0.3
"""How far a tile moves from what was drawn: enough for finer detail, too little for another picture."""
SMALL, SMALL_STRENGTH = 256, 0.1
"""A model of pictures no larger than this has learned nothing but whole scenes, and would begin one in each tile."""
COARSE = 1 / 64
"""Of a tile's side: what is coarser than this stays as it was before."""
ENLARGED = "The picture was enlarged to {width} x {height}, in {tiles} tiles gone over at strength {strength:g}."


@dataclass(frozen=True, slots=True)
class Upscale:
    """The way to one large picture. Each tile is drawn by itself by the same `segments`, so that it takes no more memory."""

    models: Models
    one: BatchItem
    tiles: Sequence[Tile]
    segments: Sequence[Segment]
    strength: float

    @classmethod
    def of(cls, models: Models, one: BatchItem) -> Upscale:
        """What is ahead for a picture that is asked for large."""
        request = one.request
        strength = request.strength if one.is_drawn_already else STRENGTH
        strength = min(strength, SMALL_STRENGTH) if max(one.size) <= SMALL else strength
        unet, vae = models.base.unet, models.base.vae
        halvings = len(vae.config.block_out_channels) + len(unet.config.block_out_channels) - 2
        parts = tiles(one.large or one.size, one.size, 2**halvings, request.tile)
        return cls(models, one, parts, sampling.segments(models, request, strength), strength)

    @property
    def steps(self) -> int:
        """Of all tiles together."""
        return len(self.tiles) * sum(segment.steps for segment in self.segments)

    def outcome(self, before: Outcome, steps: StepCallbacks) -> Outcome:
        """The large picture for the one before, or why there is none."""
        try:
            return self._over(before, steps) if isinstance(before, DrawnImage) else before
        except (GeminiDiffusionError, JobCancelled) as error:
            return error

    def _over(self, before: DrawnImage, steps: StepCallbacks) -> DrawnImage:
        request, large = self.one.request, self.one.large or self.one.size
        blend = TileBlend(before.image, large, request.tile)
        texts, noise = self.models.conditionings(self.segments, request), self._noise(large)
        said: dict[str, None] = dict.fromkeys(before.notices)
        for number, tile in enumerate(self.tiles):
            steps.show(lambda _: small_jpeg(blend.preview))
            start = Start(self._latents(blend.crop(tile)), noise=_cut(noise, tile.within(self._factor)))
            picture, notices = self._tile(number, start, texts, steps)
            blend.add(tile, picture)
            said |= dict.fromkeys(notice for notice in notices if notice != BLACK)  # a tile may well be all night
        conditionings = ENLARGED.format(width=large[0], height=large[1], tiles=len(self.tiles), strength=self.strength)
        return dataclasses.replace(
            before, image=blend.picture(COARSE * min(self.tiles[0].size)), notices=(*said, conditionings)
        )

    def _tile(
        self, number: int, start: Start, texts: Sequence[Conditioning], steps: StepCallbacks
    ) -> tuple[Any, tuple[str, ...]]:
        """One tile gone over, and what a person should read about it. Its seed is for samplers that add noise at each step."""
        packages = self.models.packages
        self.one.job.check()
        later = (len(self.tiles) - number - 1) * sum(segment.steps for segment in self.segments)
        sampling_run = SamplingRun(self.segments, start, later, shown=False)
        latents = sampling_run.run([self.one.seed + 1 + number], [texts], steps, packages)
        return decode(self.segments[0].view, latents, packages.torch)

    def _latents(self, picture: Any) -> Any:
        return encode(self.segments[0].view.vae, picture, self.models.packages.torch)

    def _noise(self, large: tuple[int, int]) -> Any:
        """[channels, height, width] for the whole picture: where tiles overlap, the same noise makes the same detail."""
        torch, (width, height) = self.models.packages.torch, large
        shape = self.segments[0].view.unet.config.in_channels, height // self._factor, width // self._factor
        return torch.randn(shape, generator=torch.Generator("cpu").manual_seed(self.one.seed))

    @property
    def _factor(self) -> int:
        """Pixels of a latent's side."""
        return int(self.segments[0].view.vae_scale_factor)


def _cut(noise: Any, tile: Tile) -> Any:
    """[1, channels, height, width]"""
    return noise[(slice(None), *tile.index)][None]
