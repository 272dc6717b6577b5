"""How a picture looks while it is sampled: what the model takes it to be at each step, made small and cheap; tells nobody."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from gemini_diffusion.engines.small_jpeg import small_jpeg

if TYPE_CHECKING:
    from PIL.Image import Image

SECONDS_BETWEEN = 0.5
SHARE = 0.02
"""Of a drawing's time that its previews may take: where one is dear, the next comes later."""
SMALL = 5_000_000
"""A decoder with fewer parameters is quick enough to show a preview itself."""

FACTORS: dict[tuple[int, float], tuple[tuple[tuple[float, float, float], ...], tuple[float, float, float]]] = {
    (4, 0.13025): (
        ((0.3651, 0.4232, 0.4341), (-0.2533, -0.0042, 0.1068), (0.1076, 0.1111, -0.0362), (-0.3165, -0.2492, -0.2188)),
        (0.1084, -0.0175, -0.0011),
    ),
    (4, 0.18215): (
        ((0.3512, 0.2297, 0.3227), (0.3250, 0.4974, 0.2350), (-0.2829, 0.1762, 0.2721), (-0.2120, -0.2616, -0.7177)),
        (0.0, 0.0, 0.0),
    ),
}
"""(channels, scaling factor) of SDXL's and of Stable Diffusion 1.5's latents -> their linear fit to red, green and blue from
-1 to 1 and its offset, as ComfyUI publishes them in comfy/latent_formats.py. Other latents have no such fit."""

TELLS_SECOND = ("EulerDiscrete", "EulerAncestralDiscrete", "HeunDiscrete", "KDPM2AncestralDiscrete", "DDIM", "LCM")
"""Schedulers whose step returns the predicted picture beside the next latents."""


class Previews:
    """The previews of one drawing; `views` are the pipelines that sample it in turn, whose schedulers are its own."""

    def __init__(self, torch: Any, views: Sequence[Any]) -> None:
        self._torch, self._vae = torch, views[0].vae
        self._latest: tuple[Any, Any, Any, Any, Any] | None = None
        for view in views:
            self._watch(view.scheduler)

    def _watch(self, scheduler: Any) -> None:
        """Remember what each of its steps was given and gave; a few references, no copy."""
        step = scheduler.step

        @functools.wraps(step)  # pipelines look into its signature
        def remembered(output: Any, timestep: Any, sample: Any, *args: Any, **options: Any) -> Any:
            result = step(output, timestep, sample, *args, **options)
            self._latest = scheduler, output, timestep, sample, result
            return result

        scheduler.step = remembered

    def jpeg(self, place: int) -> bytes:
        """Picture number `place` of the batch as the model takes it to be now, b"" for latents that cannot be shown cheaply."""
        predicted = self.predicted()
        pixels = None if predicted is None else self._pixels(predicted[place : place + 1].float().nan_to_num())
        return b"" if pixels is None else small_jpeg(_picture(pixels[0], self._torch))

    def predicted(self) -> Any:
        """The latents without their noise, as the model sees them after the latest step; None before the first."""
        if self._latest is None:
            return None
        scheduler, output, timestep, sample, result = self._latest
        if type(scheduler).__name__.removesuffix("Scheduler") in TELLS_SECOND:
            return result[1]
        if scheduler.config.get("predict_x0") or str(scheduler.config.get("algorithm_type")).endswith("dpmsolver++"):
            return scheduler.model_outputs[-1]
        return _from_noise(scheduler, output, timestep, sample)

    def _pixels(self, latents: Any) -> Any:
        """[1, 3, height, width] from -1 to 1, None where neither a fit is known nor the decoder small."""
        config = self._vae.config
        fit = FACTORS.get((config.latent_channels, config.scaling_factor))
        if fit:
            factors, offset = (self._torch.tensor(numbers, device=latents.device) for numbers in fit)
            return self._torch.einsum("bchw,cr->brhw", latents, factors) + offset.view(1, 3, 1, 1)
        if sum(weights.numel() for weights in self._vae.decoder.parameters()) < SMALL:
            return self._vae.decode((latents / config.scaling_factor).to(self._vae.dtype), return_dict=False)[0]
        return None


def _from_noise(scheduler: Any, output: Any, timestep: Any, sample: Any) -> Any:
    """The picture that a prediction of the noise, the velocity or the picture itself means, by the schedule's own numbers."""
    kept = scheduler.alphas_cumprod[int(timestep)].to(sample.device)
    signal, noise = kept**0.5, (1 - kept) ** 0.5
    kind = scheduler.config.prediction_type
    if kind == "v_prediction":
        return signal * sample - noise * output
    return output if kind == "sample" else (sample - noise * output) / signal


def _picture(pixels: Any, torch: Any) -> Image:
    """The picture of [3, height, width] from -1 to 1."""
    from PIL import Image as Pillow

    values = ((pixels.float() + 1) * 127.5).clamp(0, 255).to(torch.uint8).permute(1, 2, 0).contiguous().cpu().numpy()
    return Pillow.fromarray(values)
