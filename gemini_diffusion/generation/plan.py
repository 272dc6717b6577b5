"""What will be drawn, decided before anything runs: engine, model, size, numbers, from flags, settings and the model's own.

An explicit flag beats a setting, which beats the wording, which beats the model's default. It loads and asks nothing.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gemini_diffusion.commands import Flags, Imagine, format_line, nearest, to_own
from gemini_diffusion.config.settings import Settings
from gemini_diffusion.engines import ImageEngine, models
from gemini_diffusion.engines.models import ImageModel
from gemini_diffusion.generation import request_options
from gemini_diffusion.generation.request_options import NO_OPTIONS, DrawingTarget, RequestOptions
from gemini_diffusion.types import (
    NO_START_IMAGE,
    Aspect,
    Capabilities,
    CraftedPrompt,
    ImageRequest,
    Recipe,
    StartImage,
    prompt_weights,
)
from gemini_diffusion.types.errors import ModelNotFound, RequestRefused

SEEDS = 2**32
_VERSION = re.compile(r"[0-9]{1,2}(?:\.[0-9]{1,2})?")
"""What people are used to write after --v elsewhere; it names no model here."""


@dataclass(frozen=True, slots=True)
class DrawingPlan:
    """Who draws and how. `seeds` has one entry a picture, None for a random one; sizes in pixels.

    `negative` are the phrases to avoid that come with the model and the settings, not with the words of this request.
    """

    engine: ImageEngine
    model: ImageModel
    capabilities: Capabilities
    width: int
    height: int
    num_inference_steps: int
    guidance_scale: float
    scheduler: str
    seeds: tuple[int | None, ...]
    negative: tuple[str, ...] = ()
    options: RequestOptions = NO_OPTIONS
    notices: tuple[str, ...] = ()

    def requests(self, crafted: CraftedPrompt) -> list[ImageRequest]:
        """One request a picture, alike but for the seed; marks of emphasis only where the engine reads them."""
        prompt, denied = prompt_weights.split_negative(crafted.prompt)
        negative = ", ".join(merge_negative(split_prompt(crafted.negative_prompt), denied, self.negative))
        weighs = self.capabilities.weights
        first = ImageRequest(
            prompt=prompt if weighs else prompt_weights.strip_weights(prompt),
            model=self.model.id,
            width=self.width,
            height=self.height,
            num_inference_steps=self.num_inference_steps,
            guidance_scale=self.guidance_scale,
            negative_prompt=negative if weighs else prompt_weights.strip_weights(negative),
            scheduler=self.scheduler,
            adapters=self.options.adapters,
            refine=self.options.refine,
            image=self.options.canvas.image,
            mask=self.options.canvas.mask,
            source=self.options.canvas.source,
            strength=self.options.strength,
            tile=self.options.tile,
            hd=self.options.hd,
        )
        return [dataclasses.replace(first, seed=seed) for seed in self.seeds]

    def remarks(self, crafted: CraftedPrompt) -> tuple[str, ...]:
        """What has to be said of a prompt before it is drawn: that its marks of emphasis mean nothing to the engine."""
        if self.capabilities.weights or not prompt_weights.has_weights(crafted.prompt):
            return ()
        name = self.drawer.name
        return (f"{name[:1].upper()}{name[1:]} does not weigh words, so all of them count the same.",)

    @property
    def source(self) -> str:
        """The id of the kept picture that every picture begins from, "" where there is none."""
        return self.options.canvas.source

    @property
    def drawer(self) -> DrawingTarget:
        """Who draws, as a person says it."""
        place = "" if self.model.is_address else f" {models.PLACES.get(self.engine.name, self.engine.name)}"
        return DrawingTarget(f"{self.model.label}{place}", self.capabilities)

    def shaped(self, wording: str) -> DrawingPlan:
        """The plan with the shape the wording asked for ("16:9"), as read while crafting; no flag may have named one."""
        ratio = wording.partition(":")
        if not (ratio[0].isdigit() and ratio[2].isdigit() and int(ratio[0]) and int(ratio[2])):
            return self
        return _with_shape(self, Aspect(int(ratio[0]), int(ratio[2])))


def make_plan(
    flags: Flags,
    settings: Settings,
    engines: Mapping[str, ImageEngine],
    last_seed: int | None,
    canvas: StartImage = NO_START_IMAGE,
) -> DrawingPlan:
    """The plan for a request; ModelNotFound and RequestRefused where the named engine or model does not exist or do not fit.

    With `--raw` nothing is added that the line does not say: no phrases, LoRAs or refiner from the settings.
    """
    flags, said_of_model = _without_version(flags)
    engine, model = _who(flags, settings, engines)
    width, height = model.sizes[0]
    usual = int(_first(settings.num_inference_steps, model.num_inference_steps))
    capabilities = engine.capabilities(model.id, settings)
    plan = DrawingPlan(
        engine=engine,
        model=model,
        capabilities=capabilities,
        width=width,
        height=height,
        num_inference_steps=usual,
        guidance_scale=float(_first(flags.cfg, settings.guidance_scale, model.guidance_scale)),
        scheduler=flags.scheduler or settings.scheduler or (model.scheduler if capabilities.scheduler else ""),
        seeds=_seeds(flags, last_seed),
        negative=()
        if flags.raw
        else merge_negative(split_prompt(settings.negative_prompt), split_prompt(model.negative_prompt)),
        notices=("There is no last picture yet, so its seed is random.",) if flags.seed == "last" and last_seed is None else (),
    )
    steps, said = request_options.decide_steps(flags, usual, plan.drawer)
    more = request_options.decide_options(flags, settings, canvas, plan.drawer)
    notices = (*said_of_model, *plan.notices, *said, *more.notices)
    plan = dataclasses.replace(plan, num_inference_steps=steps, options=more, notices=notices)
    shape = flags.aspect or more.canvas.shape
    return _with_shape(plan, shape) if shape else plan


def plan_again(
    recipe: Recipe,
    settings: Settings,
    engines: Mapping[str, ImageEngine],
    seed: int | None,
    canvas: StartImage = NO_START_IMAGE,
) -> DrawingPlan:
    """The plan that a kept picture was drawn by, with another seed if wanted (None: random); `canvas` what it began from."""
    flags = Flags(
        engine=recipe.engine,
        model=recipe.model,
        steps=recipe.num_inference_steps,
        cfg=recipe.guidance_scale,
        raw=True,
        adapters=recipe.request.adapters,
        refine=recipe.request.refine if recipe.request.refine < 1 else False,
        tile=recipe.request.tile,
        hd=recipe.request.hd,
        strength=recipe.request.strength if canvas.image else None,
    )
    plan = make_plan(flags, settings, engines, None, canvas)
    width, height = recipe.width, recipe.height
    if recipe.request.hd:  # the large picture was made of one of the model's own sizes
        width, height = models.nearest_size(plan.model, width, height)
    return dataclasses.replace(plan, width=width, height=height, scheduler=recipe.scheduler, seeds=(seed,))


def canonical_line(request: ImageRequest, engine: str) -> str:
    """The canonical /imagine line that makes a picture again: its final prompt, verbatim, and every number."""
    flags = Flags(
        aspect=Aspect(request.width, request.height),
        seed=request.seed,
        negative=split_prompt(request.negative_prompt),
        raw=True,
        steps=request.num_inference_steps,
        cfg=request.guidance_scale,
        scheduler=request.scheduler or None,
        model=request.model,
        engine=engine,
        adapters=request.adapters,
        refine=request.refine if request.refine < 1 else False,
        strength=request.strength if request.source else None,
        tile=request.tile,
        hd=request.hd,
        references=(to_own(request.source),) if request.source else (),
    )
    return format_line(Imagine(request.prompt, flags))


def split_prompt(text: str) -> tuple[str, ...]:
    """A comma list as phrases, whole and in order."""
    return tuple(phrase.strip() for phrase in text.split(",") if phrase.strip())


def merge_negative(*lists: Iterable[str]) -> tuple[str, ...]:
    """Phrases of several lists in order, each once whatever its case."""
    seen: dict[str, str] = {}
    for phrases in lists:
        for phrase in phrases:
            seen.setdefault(phrase.casefold(), phrase)
    return tuple(seen.values())


def _who(flags: Flags, settings: Settings, engines: Mapping[str, ImageEngine]) -> tuple[ImageEngine, ImageModel]:
    """The engine and the model: one asked for by name never gives way to another by itself."""
    name = (flags.engine or settings.engine).lower()
    wanted = flags.model or settings.image_model
    if name == "auto":
        name = _automatic(settings, wanted)
    if name not in engines:
        raise RequestRefused(f"There is no engine called {name}.", f"Choose one of auto, {', '.join(engines)}.")
    engine = engines[name]
    model = _model(wanted or engine.default_model(settings))
    if engine.name not in model.engines:
        raise RequestRefused(
            f"{model.label} cannot draw {models.PLACES[engine.name]}.", "Choose another image model or engine."
        )
    return engine, model


def _model(name: str) -> ImageModel:
    """The model of that name. A word that we do not know and that leads nowhere is a slip, and a refiner begins no picture."""
    model = models.find_model(name)
    if model in models.REFINERS:
        raise RequestRefused(f"{model.label} only goes on with the drawings of others.", "Add --refine instead.")
    if "/" in model.source or "\\" in model.source:
        return model
    near = nearest(name, [spelling for entry in models.CATALOGUE for spelling in (entry.id, *entry.aliases)])
    hint = f"Did you mean {near}?" if near else "Choose one in Settings, or name one of Hugging Face as owner/name."
    raise ModelNotFound(f"There is no image model called {name[:60]}.", hint)


def _without_version(flags: Flags) -> tuple[Flags, tuple[str, ...]]:
    """`--v 6` counts the models of another service: it is left out, and said."""
    if not flags.model or not _VERSION.fullmatch(flags.model):
        return flags, ()
    said = f"Models have names here, not versions, so --model {flags.model} was left out."
    return dataclasses.replace(flags, model=None), (said,)


def _automatic(settings: Settings, wanted: str) -> str:
    """Hosted where it is paid for, else local; a model that only one of them draws decides."""
    name = "hosted" if settings.hf_token or settings.hf_inference_url else "local"
    possible = models.find_model(wanted).engines if wanted else (name,)
    return name if name in possible else possible[0]


def _seeds(flags: Flags, last_seed: int | None) -> tuple[int | None, ...]:
    count = flags.count or 1
    start = last_seed if flags.seed == "last" else flags.seed
    if not isinstance(start, int):
        return (None,) * count
    return tuple((start + place) % SEEDS for place in range(count))


def _with_shape(plan: DrawingPlan, aspect: Aspect) -> DrawingPlan:
    """The nearest native size, said where its shape is not the one asked for."""
    width, height = models.nearest_size(plan.model, aspect.width, aspect.height)
    notices = plan.notices
    if abs(width * aspect.height / (height * aspect.width) - 1) > 0.06:
        notices += (f"{plan.model.label} draws {width} x {height}, the nearest to {aspect.width}:{aspect.height}.",)
    return dataclasses.replace(plan, width=width, height=height, notices=notices)


def _first(*values: float | None) -> float:
    """The first that was said; the last one always is."""
    return next(value for value in values if value is not None)
