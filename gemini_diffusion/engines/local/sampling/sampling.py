"""The steps of a drawing: from noise, or from a picture with noise over it, by one model or by two in turn; decodes nothing."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from gemini_diffusion.engines.local.sampling import schedulers
from gemini_diffusion.engines.local.sampling.callbacks import StepCallbacks
from gemini_diffusion.engines.local.sampling.conditioning import Conditioning, condition
from gemini_diffusion.engines.local.sampling.inpaint import MaskedLatents
from gemini_diffusion.engines.local.sampling.pipeline_view import from_picture, view_of
from gemini_diffusion.engines.local.sampling.preview import Previews
from gemini_diffusion.engines.local.sampling.refiner import cannot_hand_over, split_at_handover
from gemini_diffusion.engines.torch_imports import TorchImports
from gemini_diffusion.types import ImageRequest


@dataclass(frozen=True, slots=True)
class Segment:
    """The part of a drawing that one pipeline makes, in `steps` of its scheduler; `options` are the pipeline's own."""

    view: Any
    steps: int
    options: dict[str, Any]
    refines: bool = False


@dataclass(frozen=True, slots=True)
class Start:
    """What the latents begin as, all [pictures, channels, height, width] or with one row for all pictures.

    `latents` are those of a picture, `cells` is 1 where they are drawn anew and 0 where they are held; None is no picture, and
    all of it. `noise` None is that of the seeds.
    """

    latents: Any = None
    cells: Any = None
    noise: Any = None


NOTHING = Start()


@dataclass(frozen=True, slots=True)
class Models:
    """What is in memory to draw with: diffusers pipelines that are never called themselves, `refiner` None for none.

    The last `clip_skip` layers of the base's encoder are left out, unless a request says how many.
    """

    base: Any
    refiner: Any
    packages: TorchImports
    clip_skip: int = 0

    def conditionings(self, segments: Sequence[Segment], request: ImageRequest) -> list[Conditioning]:
        """The words of a request as each segment takes them."""
        return [
            condition(segment.view, request, clip_skip=0 if segment.refines else self._skipped(request)) for segment in segments
        ]

    def _skipped(self, request: ImageRequest) -> int:
        """The layers to leave out beyond what the family leaves out itself, counted as diffusers counts its `clip_skip`.

        A request counts as A1111 does: 1 reads the last layer, 2 the last but one. SDXL was trained on the last but one.
        """
        if request.clip_skip is None:
            return self.clip_skip
        last = 2 if hasattr(self.base, "text_encoder_2") else 1
        return max(0, request.clip_skip - last)


@dataclass(frozen=True, slots=True)
class SamplingRun:
    """One way from a start to latents, by `segments` in turn. `later` steps of the same drawing come after it.

    A run that makes only a piece of a picture is not `shown` on the way.
    """

    segments: Sequence[Segment]
    start: Start = NOTHING
    later: int = 0
    shown: bool = True

    def run(
        self, seeds: Sequence[int], texts: Sequence[Sequence[Conditioning]], steps: StepCallbacks, packages: TorchImports
    ) -> Any:
        """Latents [pictures, channels, height / 8, width / 8]: of each picture its seed, and its words for each segment."""
        torch, first = packages.torch, self.segments[0].view
        generators = [torch.Generator("cpu").manual_seed(seed) for seed in seeds]
        noise = self._noise(generators)
        shared = {"generator": generators, "output_type": "latent", "callback_on_step_end": self._after_step(steps, noise)}
        begins = "strength" in self.segments[0].options
        begun = {"image": _begin(first, self.start.latents, noise)} if begins else {"latents": noise}
        steps.previews = Previews(torch, [segment.view for segment in self.segments]) if self.shown else None
        for place, (segment, words) in enumerate(zip(self.segments, zip(*texts, strict=True), strict=True)):
            steps.later = sum(after.steps for after in self.segments[place + 1 :]) + self.later
            begun = {"image": segment.view(**_merged(words, torch), **segment.options, **begun, **shared).images}
        return begun["image"]

    def _noise(self, generators: Sequence[Any]) -> Any:
        """The noise in the pipeline's numbers and on its device, drawn as diffusers would by itself."""
        from diffusers.utils.torch_utils import randn_tensor

        view, options = self.segments[0].view, self.segments[0].options
        if self.start.noise is not None:
            return self.start.noise.to(view._execution_device, view.unet.dtype)
        if self.start.latents is not None:
            sides = self.start.latents.shape[-2:]
        else:
            sides = [options[side] // view.vae_scale_factor for side in ("height", "width")]
        shape = (len(generators), view.unet.config.in_channels, *sides)
        return randn_tensor(shape, list(generators), view._execution_device, view.unet.dtype)

    def _after_step(self, steps: StepCallbacks, noise: Any) -> Callable[..., dict[str, Any]]:
        """diffusers' callback: what is kept of a picture first, then the news."""
        if self.start.cells is None:
            return steps.after_step
        held = MaskedLatents(self.start.latents.to(noise), noise, self.start.cells.to(noise))

        def after_step(view: Any, step: int, timestep: Any, tensors: dict[str, Any]) -> dict[str, Any]:
            return steps.after_step(view, step, timestep, held.after_step(view, step, timestep, tensors))

        return after_step


def segments(models: Models, request: ImageRequest, strength: float | None = None) -> list[Segment]:
    """Which pipelines make the request's steps in turn, on one schedule; `strength` None begins from nothing but noise.

    A pass that hardly moves from its picture is all the refiner's, where one is wanted: that is what it was trained for.
    """
    base, refiner, diffusers = models.base, models.refiner, models.packages.diffusers
    scheduler = schedulers.make_scheduler(diffusers, request.scheduler, base.scheduler, request.num_inference_steps)
    timesteps = _timesteps(scheduler, request.num_inference_steps, strength)
    first, second = split_at_handover(timesteps, scheduler, request, strength) if refiner else (len(timesteps), 0)
    kind, options = type(base), {"num_inference_steps": request.num_inference_steps, "guidance_scale": request.guidance_scale}
    if strength is None:
        begun: dict[str, Any] = {"width": request.width, "height": request.height}
    else:
        kind = from_picture(diffusers, base)
        made = steps_made(request.num_inference_steps, strength)
        begun = {"strength": min(1.0, (made + 0.5) / request.num_inference_steps)}  # diffusers rounds down
    if not first:
        return [Segment(view_of(refiner, scheduler), second, {**options, **begun}, refines=True)]
    if not second:
        return [Segment(view_of(base, scheduler, kind), first, {**options, **begun})]
    if scheduler.order > 1:
        raise cannot_hand_over(schedulers.scheduler_name(scheduler))
    alike = copy.deepcopy(scheduler)
    return [
        Segment(view_of(base, scheduler, kind), first, {**options, **begun, "denoising_end": request.refine}),
        Segment(view_of(refiner, alike), second, {**options, "denoising_start": request.refine}, refines=True),
    ]


def steps_made(num_inference_steps: int, strength: float) -> int:
    """How many of the steps a picture goes through: at least one, or there would be nothing to do."""
    return min(num_inference_steps, max(1, int(num_inference_steps * strength + 1e-6)))


def _timesteps(scheduler: Any, num_inference_steps: int, strength: float | None) -> Any:
    """The timesteps that are left from a picture on, all of them from noise."""
    trial = copy.deepcopy(scheduler)  # from_config would forget what was set on it since
    trial.set_timesteps(num_inference_steps)
    left_out = 0 if strength is None else num_inference_steps - steps_made(num_inference_steps, strength)
    return trial.timesteps[left_out * trial.order :]


def _begin(view: Any, latents: Any, noise: Any) -> Any:
    """Let an image-to-image pipeline begin from these latents under this noise, and what it is given for a picture.

    By itself it would encode the picture in the decoder's own numbers, where they may overflow, and take only latents of four
    channels; what it is given is not looked at.
    """

    def prepare_latents(image: Any, timestep: Any, *args: Any, **options: Any) -> Any:
        return view.scheduler.add_noise(latents.to(noise).expand_as(noise), noise, timestep)

    view.prepare_latents = prepare_latents
    return noise.new_zeros(1, 3, view.vae_scale_factor, view.vae_scale_factor)


def _merged(texts: Sequence[Conditioning], torch: Any) -> dict[str, Any]:
    """The arguments of several drawings as those of one: a list of texts, the rows of a tensor, or None for all."""

    def merged(values: list[Any]) -> Any:
        if torch.is_tensor(values[0]):
            return torch.cat(values)
        return None if values[0] is None else values

    return {name: merged([text.arguments[name] for text in texts]) for name in texts[0].arguments}
