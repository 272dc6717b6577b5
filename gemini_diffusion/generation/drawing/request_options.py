"""What a line leaves open, settled before the request is made: shorthand, settings, and what one flag means for another.

A flag beats a setting, which beats the model's own. With `--raw` the settings add no LoRA and no refiner: the line says all
there is.
"""

from __future__ import annotations

import dataclasses
import math
import re

from gemini_diffusion import commands
from gemini_diffusion.commands import Flags, Imagine
from gemini_diffusion.config.settings import Settings
from gemini_diffusion.engines.models import ImageModel
from gemini_diffusion.generation.drawing.presets import with_preset
from gemini_diffusion.generation.drawing.wildcards import fill_wildcards
from gemini_diffusion.types import Adapter, Aspect, Capabilities, StartImage
from gemini_diffusion.types.errors import BadInput

MOST_PICTURES = 8
"""Pictures one request may ask for, choices and --n together."""
MOST_STEPS = 150
FEWEST_DRAFT_STEPS = 6
"""With fewer a model that was not made for it draws fog; one that was needs no more than it has."""
REFINED = 0.8
"""Where the refiner takes over if nobody says where; what its makers trained it for."""
STRENGTH = 0.6
"""How far to move from an attached picture if nobody says how far."""
ANEW = 0.9
"""The same for a marked part: what is drawn anew should not look like what was there."""
ENLARGED = 0.3
"""The same where a whole picture is to be larger: it should stay what it is."""
_SETTING = re.compile(r"\s*([^:,]+?)\s*(?::\s*(-?[0-9]*\.?[0-9]+)\s*)?")

Notices = tuple[str, ...]


def settle_flags(
    flags: Flags, settings: Settings, model: ImageModel, can: Capabilities, start: StartImage
) -> tuple[Flags, Notices]:
    """The flags with exact values in place of shorthand and settings, and what has to be said of that.

    `steps` is a number, `refine` one or False, `strength` one where there is a picture to begin from, else None.
    """
    steps, said_of_steps = _steps(flags, settings.num_inference_steps or model.num_inference_steps, can)
    strength, said_of_strength = _strength(flags, start, can)
    adapters, said_of_adapters = _adapters(flags, settings)
    settled = dataclasses.replace(
        flags,
        steps=steps,
        cfg=settings.guidance_scale if flags.cfg is None else flags.cfg,
        scheduler=flags.scheduler or settings.scheduler or None,
        refine=_refine(flags, settings),
        strength=strength,
        adapters=adapters,
    )
    settled, said_of_draft = _draft(settled) if flags.draft else (settled, ())
    return settled, (*said_of_steps, *said_of_adapters, *said_of_draft, *said_of_strength)


def choose_flags(flags: Flags, settings: Settings, *, alone: bool) -> Flags:
    """The flags with the preset, and with the shape, the style and, for a request that is `alone`, the number that the settings
    choose for every drawing. A line with --raw says all there is, and a picture to begin from has a shape of its own.
    """
    flags = with_preset(flags, settings)
    if flags.raw:
        return flags
    width, _, height = settings.aspect_ratio.partition(":")
    shape = Aspect(int(width), int(height)) if height and not flags.references else None
    count = settings.pictures if alone and settings.pictures > 1 else None
    return dataclasses.replace(
        flags, aspect=flags.aspect or shape, style=flags.style or settings.style or None, count=flags.count or count
    )


def join_names(names: list[str]) -> str:
    """Names as the beginning of a sentence: "--tile, the refiner and --hd"."""
    listed = " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
    return listed[:1].upper() + listed[1:]


def _steps(flags: Flags, usual: int, can: Capabilities) -> tuple[int, Notices]:
    """`--steps` exactly, else the usual ones by draft or quality.

    A draft is a quarter of the steps at full size, so that the same seed shows what the real drawing will be like.
    """
    asked = [name for name, said in (("--draft", flags.draft), ("--quality", flags.quality)) if said]
    if flags.steps is not None:
        return flags.steps, tuple(f"--steps says it exactly, so {name} was left out." for name in asked)
    if not can.num_inference_steps:
        return usual, tuple(f"This model chooses its own number of steps, so {name} was left out." for name in asked)
    if flags.draft:
        both = ("A draft has its own number of steps, so --quality was left out.",) if flags.quality else ()
        return min(usual, max(FEWEST_DRAFT_STEPS, math.ceil(usual / 4))), both
    return max(1, min(MOST_STEPS, round(usual * (flags.quality or 1)))), ()


def _draft(flags: Flags) -> tuple[Flags, Notices]:
    """A draft without what only makes the real drawing finer."""
    names = [name for name, asked in (("--hd", flags.hd), ("the refiner", flags.refine)) if asked]
    if not names:
        return flags, ()
    said = f"{join_names(names)} {'are' if len(names) > 1 else 'is'} for the real drawing, so the draft is without."
    return dataclasses.replace(flags, hd=False, refine=False), (said,)


def _adapters(flags: Flags, settings: Settings) -> tuple[tuple[Adapter, ...], Notices]:
    """The line's LoRAs and those that every picture is drawn with; the line's strength counts where both name one."""
    entries = [entry for entry in settings.adapters.split(",") if entry.strip() and not flags.raw]
    read = [(entry.strip(), _SETTING.fullmatch(entry)) for entry in entries]
    always = [Adapter(match[1], float(match[2] or 1)) for _, match in read if match]
    by_name = {adapter.name.casefold(): adapter for adapter in (*always, *flags.adapters)}
    bad = (f'"{entry}" under LoRAs in Settings is no name:strength, so it was left out.' for entry, match in read if not match)
    return tuple(by_name.values()), tuple(bad)


def _refine(flags: Flags, settings: Settings) -> float | bool:
    """The part of the drawing after which the refiner goes on, False for never."""
    if flags.refine is True:
        return settings.refine if settings.refine < 1 else REFINED
    wanted = flags.refine if flags.refine is not False else 1.0 if flags.raw else settings.refine
    return wanted if wanted < 1 else False


def _strength(flags: Flags, start: StartImage, can: Capabilities) -> tuple[float | None, Notices]:
    """How far to move from the picture it begins from, and what has to be said of it."""
    said = [name for name, value in (("--strength", flags.strength), ("--iw", flags.image_weight)) if value is not None]
    if not start.image:
        return None, tuple(f"{name} matters only with a picture to begin from, so it was left out." for name in said)
    if not can.image:
        return None, ()
    if flags.strength is not None:
        return flags.strength, tuple(f"--strength says it exactly, so {name} was left out." for name in said[1:])
    if flags.image_weight is not None:
        return _pulled(flags.image_weight), ()
    return (ANEW if start.mask and can.mask else ENLARGED if flags.hd else STRENGTH), ()


def _pulled(weight: float) -> float:
    """A picture's pull as strength: 0 forgets it (1), 1 is the usual pull (0.6), 3 hardly leaves it (0.2)."""
    return round(1 - (1 - STRENGTH) * weight if weight <= 1 else STRENGTH - 0.2 * (weight - 1), 4)


def expand_choices(command: Imagine, settings: Settings) -> list[Imagine]:
    """One job for each choice of {a, b} and each picture with a wildcard, with what is set for every drawing.

    BadInput names how many pictures it would be.
    """
    try:
        jobs = commands.expand(command, MOST_PICTURES)
    except commands.TooManyChoices as error:
        raise BadInput(str(error), f"Take out a choice or two: at most {MOST_PICTURES} are drawn at once.") from None
    except commands.BadChoice as error:
        raise BadInput(str(error), "Let every choice leave something to draw.") from None
    alone = len(jobs) == 1
    jobs = [dataclasses.replace(job, flags=choose_flags(job.flags, settings, alone=alone)) for job in jobs]
    total = sum(job.flags.count or 1 for job in jobs)
    if total > MOST_PICTURES:
        raise BadInput(f"That would be {total} pictures.", f"Ask for at most {MOST_PICTURES} at once.")
    return [filled for job in jobs for filled in fill_wildcards(job, settings.home_path)]
