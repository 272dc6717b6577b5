"""What will be drawn, decided before anything runs: engine, model, size, numbers, from flags, settings and the model's own.

An explicit flag beats a setting, which beats the wording, which beats the model's default. It loads and asks nothing.
"""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from gemini_diffusion import commands
from gemini_diffusion.commands import Flags, Imagine
from gemini_diffusion.config.settings import Settings
from gemini_diffusion.engines import ImageEngine, choose, models
from gemini_diffusion.engines.models import ImageModel
from gemini_diffusion.generation.drawing.request_options import join_names, settle_flags
from gemini_diffusion.storage.model_places import ModelPlaces
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
from gemini_diffusion.types.prompt_phrases import split_phrases

SEEDS = 2**32
AUTO = "auto"
"""Stands for no engine: the best that is ready draws."""
_VERSION = re.compile(r"[0-9]{1,2}(?:\.[0-9]{1,2})?")
"""What people are used to write after --v elsewhere; it names no model here."""


@dataclass(frozen=True, slots=True)
class DrawingPlan:
    """Who draws, and what of it is decided before there are words: `request` is whole but for its prompts and its seed.

    `seeds` has one entry a picture, None for a random one. `negative` are the phrases to avoid that come with the model and the
    settings, not with the words of this request. `ignored` names the request's fields that were asked for and left out.
    `parent` is the id of the picture that this draws another version of.
    """

    engine: ImageEngine
    model: ImageModel
    capabilities: Capabilities
    request: ImageRequest
    seeds: tuple[int | None, ...]
    negative: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    parent: str = ""

    def requests(self, crafted: CraftedPrompt) -> list[ImageRequest]:
        """One request a picture, alike but for the seed; marks of emphasis only where the engine reads them."""
        prompt, denied = prompt_weights.split_negative(crafted.prompt)
        negative = ", ".join(merge_negative(split_phrases(crafted.negative_prompt), denied, self.negative))
        prompt_2 = (crafted.prompt_2 or self.request.prompt_2) if self.capabilities.prompt_2 else ""
        if not self.capabilities.weights:
            prompt, prompt_2, negative = map(prompt_weights.strip_weights, (prompt, prompt_2, negative))
        told = dataclasses.replace(self.request, prompt=prompt, prompt_2=prompt_2, negative_prompt=negative)
        return [dataclasses.replace(told, seed=seed) for seed in self.seeds]

    def remarks(self, crafted: CraftedPrompt) -> tuple[str, ...]:
        """What has to be said of a prompt before it is drawn: what of it means nothing to the engine."""
        said = []
        if not self.capabilities.weights and prompt_weights.has_weights(crafted.prompt):
            said.append(f"{self.drawer[:1].upper()}{self.drawer[1:]} does not weigh words, so all of them count the same.")
        if crafted.negative_prompt and self.capabilities.negative_prompt and self.request.guidance_scale <= 1:
            said.append("With a guidance of 1 or less a negative prompt has no effect.")
        return tuple(said)

    @property
    def taught(self) -> tuple[str, ...]:
        """What its LoRAs add to the words of a model that has few: their names and their trigger words."""
        names = [adapter.name for adapter in self.request.adapters]
        if not names or self.model.vocabulary is None:
            return ()
        found = [choice for choice in self.engine.adapters() if any(f":{name}:" in choice.written for name in names)]
        return (*names, *(word for choice in found for word in choice.trigger_words))

    @property
    def seconds(self) -> float | None:
        """About how long all its pictures take, None where nobody knows."""
        each = self.engine.estimate(self.request)
        return None if each is None else each * len(self.seeds)

    @property
    def drawer(self) -> str:
        """Who draws, as a person says it: "SDXL base 1.0 on this machine"."""
        place = "" if self.model.is_address else f" {models.PLACES.get(self.engine.name, self.engine.name)}"
        return f"{self.model.label}{place}"

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
    start: StartImage = NO_START_IMAGE,
) -> DrawingPlan:
    """The plan for a request; ModelNotFound and RequestRefused where the named engine or model does not exist or do not fit.

    With `--raw` nothing is added that the line does not say: no phrases, LoRAs or refiner from the settings.
    """
    flags, said_of_model = _without_version(flags)
    engine, model = _who(flags, settings, engines)
    can = engine.capabilities(model.id, settings)
    settled, said = settle_flags(flags, settings, model, can, start)
    no_last = flags.seed == "last" and last_seed is None
    plan = DrawingPlan(
        engine=engine,
        model=model,
        capabilities=can,
        request=_request(settled, model, can, start),
        seeds=_seeds(flags, last_seed),
        negative=() if flags.raw else merge_negative(*map(split_phrases, (settings.negative_prompt, model.negative_prompt))),
        notices=(*said_of_model, *(("There is no last picture yet, so its seed is random.",) if no_last else ()), *said),
    )
    plan = _within_reach(plan)
    shape = flags.aspect or (start.shape if plan.request.image else None)
    return _with_shape(plan, shape) if shape else plan


def _request(flags: Flags, model: ImageModel, can: Capabilities, start: StartImage) -> ImageRequest:
    """All that is asked of one picture, by settled flags, over the model's own numbers."""
    width, height = model.sizes[0]
    own = ImageRequest(
        prompt="",
        model=model.id,
        width=width,
        height=height,
        num_inference_steps=model.num_inference_steps,
        guidance_scale=model.guidance_scale,
        scheduler=model.scheduler if can.scheduler else "",
        adapters=flags.adapters,
        image=start.image,
        mask=start.mask,
        source=start.source,
    )
    return commands.fill_request(own, flags)


def _within_reach(plan: DrawingPlan) -> DrawingPlan:
    """The plan without what its engine cannot do, all of it named in one sentence."""
    request, can = plan.request, plan.capabilities
    flags = commands.find_unsupported(request, can)
    left_out = {flag.request: flag.label or flag.written for flag in flags}
    request = commands.without_flags(request, flags)
    if request.adapters and not can.adapters:
        left_out["adapters"] = f"a LoRA ({', '.join(adapter.name for adapter in request.adapters)})"
        request = dataclasses.replace(request, adapters=())
    if request.image and not can.image:
        left_out["image"] = "beginning from a picture"
        request = dataclasses.replace(request, image=b"", mask=b"", source="")
    if request.mask and not can.mask:
        left_out["mask"] = "drawing only a part anew"
        request = dataclasses.replace(request, mask=b"")
    if not left_out:
        return plan
    names, several = join_names(list(left_out.values())), len(left_out) > 1
    verb, rest = ("are", "they were") if several else ("is", "it was")
    said = f"{names} {verb} not possible with {plan.drawer}, so {rest} left out."
    return dataclasses.replace(plan, request=request, ignored=tuple(left_out), notices=(*plan.notices, said))


def plan_again(
    recipe: Recipe,
    settings: Settings,
    engines: Mapping[str, ImageEngine],
    seed: int | None,
    start: StartImage = NO_START_IMAGE,
) -> DrawingPlan:
    """The plan that a kept picture was drawn by, with another seed if wanted (None: random); `start` what it began from."""
    kept = recipe.request
    plan = make_plan(_said_by(dataclasses.replace(kept, source=start.source), recipe.engine), settings, engines, None, start)
    size = kept.width, kept.height
    width, height = models.nearest_size(plan.model, *size) if kept.hd else size  # the large one was made of a native size
    request = dataclasses.replace(plan.request, width=width, height=height, scheduler=kept.scheduler)
    return dataclasses.replace(plan, request=request, seeds=(seed,))


def canonical_line(request: ImageRequest, engine: str) -> str:
    """The canonical /imagine line that makes a picture again: its final prompt, verbatim, and every number."""
    return commands.format_line(canonical_command(request, engine))


def canonical_command(request: ImageRequest, engine: str) -> Imagine:
    """The same as a command."""
    flags = dataclasses.replace(
        _said_by(request, engine),
        aspect=Aspect(request.width, request.height),
        seed=request.seed,
        negative=split_phrases(request.negative_prompt),
        references=(commands.to_own(request.source),) if request.source else (),
    )
    return Imagine(request.prompt, flags)


def _said_by(request: ImageRequest, engine: str) -> Flags:
    """The flags that ask for such a request, its words, shape and seed aside, and for nothing else."""
    said = commands.read_request(request)
    said["strength"] = request.strength if request.source else None
    return Flags(**said, raw=True, model=request.model, engine=engine, adapters=request.adapters)


def announce(asked: Sequence[tuple[DrawingPlan, ImageRequest]]) -> str:
    """What would have been drawn, pictures alike counted together, and about how long all of them take."""
    counted = Counter[str]()
    for planned, request in asked:
        size = f"{request.width} x {request.height}{', then enlarged' if request.hd else ''}"
        drawn_with = planned.model.drawn_with(planned.engine.name)
        counted[f"{size}, {request.num_inference_steps} steps, {drawn_with}"] += len(planned.seeds)
    each = (f"{number} pictures, each {what}" if number > 1 else what for what, number in counted.items())
    estimates = [(planned.engine.estimate(request), len(planned.seeds)) for planned, request in asked]
    told = [seconds * number for seconds, number in estimates if seconds is not None]
    about = f" About {max(1, round(sum(told)))} s." if len(told) == len(asked) else ""
    return f"Nothing was drawn, as asked. It would be {'; '.join(each)}.{about}"


def merge_negative(*lists: Iterable[str]) -> tuple[str, ...]:
    """Phrases of several lists in order, each once whatever its case."""
    seen: dict[str, str] = {}
    for phrases in lists:
        for phrase in phrases:
            seen.setdefault(phrase.casefold(), phrase)
    return tuple(seen.values())


def refuse_unknown_engine(name: str, engines: Mapping[str, ImageEngine]) -> None:
    """Raises RequestRefused for a name that no engine has."""
    if name.lower() not in (AUTO, *engines):
        raise RequestRefused(f"There is no engine called {name}.", f"Choose one of {AUTO}, {', '.join(engines)}.")


def _who(flags: Flags, settings: Settings, engines: Mapping[str, ImageEngine]) -> tuple[ImageEngine, ImageModel]:
    """The engine and the model: one asked for by name never gives way to another by itself."""
    name = (flags.engine or settings.engine).lower()
    wanted = ModelPlaces(settings.home_path).locate(flags.model, settings.image_model)
    if name == AUTO:
        name = choose(engines, settings, wanted)
    refuse_unknown_engine(name, engines)
    engine = engines[name]
    if name in models.BY_THEIR_OWN_NAME and wanted and not models.find_model(wanted).is_their_own:
        wanted = f"{name}:{wanted}"
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
    if model.is_their_own or "/" in model.source or "\\" in model.source:
        return model
    near = commands.nearest(name, [spelling for entry in models.CATALOGUE for spelling in (entry.id, *entry.aliases)])
    hint = f"Did you mean {near}?" if near else "Choose one in Settings, or name one of Hugging Face as owner/name."
    raise ModelNotFound(f"There is no image model called {name[:60]}.", hint)


def _without_version(flags: Flags) -> tuple[Flags, tuple[str, ...]]:
    """`--v 6` counts the models of another service: it is left out, and said."""
    if not flags.model or not _VERSION.fullmatch(flags.model):
        return flags, ()
    said = f"Models have names here, not versions, so --model {flags.model} was left out."
    return dataclasses.replace(flags, model=None), (said,)


def _seeds(flags: Flags, last_seed: int | None) -> tuple[int | None, ...]:
    start = last_seed if flags.seed == "last" else flags.seed
    places = range(flags.count or 1)
    return tuple((start + place) % SEEDS if isinstance(start, int) else None for place in places)


def _with_shape(plan: DrawingPlan, aspect: Aspect) -> DrawingPlan:
    """The nearest native size, said where its shape is not the one asked for."""
    width, height = models.nearest_size(plan.model, aspect.width, aspect.height)
    request, notices = dataclasses.replace(plan.request, width=width, height=height), plan.notices
    if abs(width * aspect.height / (height * aspect.width) - 1) > 0.06:
        notices += (f"{plan.model.label} draws {width} x {height}, the nearest to {aspect.width}:{aspect.height}.",)
    return dataclasses.replace(plan, request=request, notices=notices)
