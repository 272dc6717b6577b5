"""What is asked beyond words, size and numbers, as far as the engine can: LoRAs, refiner, steps, a picture to begin from.

Flags come before settings. What cannot be done is left out with a sentence, never in silence. It knows no engine and no file.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from gemini_diffusion.commands import Flags
from gemini_diffusion.config.settings import Settings
from gemini_diffusion.types import NO_START_IMAGE, Adapter, Capabilities, StartImage

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


@dataclass(frozen=True, slots=True)
class RequestOptions:
    """What is asked and can be done; the fields are those of a request, `notices` name what cannot."""

    adapters: tuple[Adapter, ...] = ()
    refine: float = 1.0
    canvas: StartImage = NO_START_IMAGE
    strength: float = STRENGTH
    tile: bool = False
    hd: bool = False
    notices: tuple[str, ...] = ()


NO_OPTIONS = RequestOptions()


@dataclass(frozen=True, slots=True)
class DrawingTarget:
    """Who is asked: the model and its place as a person says them, and what they can do."""

    name: str
    can: Capabilities

    def cannot(self, what: str) -> str:
        """The sentence for what is asked and not possible."""
        return f"{what} is not possible with {self.name}, so it was left out."


def decide_steps(flags: Flags, usual: int, drawer: DrawingTarget) -> tuple[int, tuple[str, ...]]:
    """The steps of a drawing and what has to be said of them: `--steps` exactly, else the usual ones by draft or quality.

    A draft is a quarter of the steps at full size, so that the same seed shows what the real drawing will be like.
    """
    asked = [name for name, said in (("--draft", flags.draft), ("--quality", flags.quality)) if said]
    if flags.steps is not None:
        return flags.steps, tuple(f"--steps says it exactly, so {name} was left out." for name in asked)
    if not drawer.can.num_inference_steps:
        return usual, tuple(map(drawer.cannot, asked))
    if flags.draft:
        both = ("A draft has its own number of steps, so --quality was left out.",) if flags.quality else ()
        return min(usual, max(FEWEST_DRAFT_STEPS, math.ceil(usual / 4))), both
    return max(1, min(MOST_STEPS, round(usual * (flags.quality or 1)))), ()


def decide_options(flags: Flags, settings: Settings, canvas: StartImage, drawer: DrawingTarget) -> RequestOptions:
    """All of it, decided. With `--raw` the settings add no LoRA and no refiner: the line says all there is."""
    can = drawer.can
    adapters, bad = _adapters(flags, settings)
    refine = _refine(flags, settings)
    begun = StartImage(canvas.image, canvas.mask if can.mask else b"", canvas.source) if can.image else NO_START_IMAGE
    strength, said_of_strength = _strength(flags, canvas, begun)
    wishes = [
        ("--tile", flags.tile, can.tile),
        ("--hd", flags.hd, can.hd and not flags.draft),
        ("The refiner", refine < 1, can.refine and not flags.draft),
        (f"A LoRA ({', '.join(adapter.name for adapter in adapters)})", adapters, can.adapters),
        ("Beginning from a picture", canvas.image, can.image),
        ("Drawing only a part anew", canvas.mask and can.image, can.mask),
    ]
    waiting = [name for name, asked, _ in wishes[1:3] if asked and flags.draft]
    notices = [drawer.cannot(name) for name, asked, possible in wishes if asked and not possible and name not in waiting]
    notices += [f"{name} is for the real drawing, so the draft is without." for name in waiting]
    return RequestOptions(
        adapters=adapters if can.adapters else (),
        refine=refine if can.refine and not flags.draft else 1.0,
        canvas=begun,
        strength=strength,
        tile=flags.tile and can.tile,
        hd=flags.hd and can.hd and not flags.draft,
        notices=(*bad, *notices, *said_of_strength),
    )


def _adapters(flags: Flags, settings: Settings) -> tuple[tuple[Adapter, ...], tuple[str, ...]]:
    """The line's LoRAs and those that every picture is drawn with; the line's strength counts where both name one."""
    entries = [entry for entry in settings.adapters.split(",") if entry.strip() and not flags.raw]
    read = [(entry.strip(), _SETTING.fullmatch(entry)) for entry in entries]
    always = [Adapter(match[1], float(match[2] or 1)) for _, match in read if match]
    by_name = {adapter.name.casefold(): adapter for adapter in (*always, *flags.adapters)}
    bad = (f'"{entry}" under LoRAs in Settings is no name:strength, so it was left out.' for entry, match in read if not match)
    return tuple(by_name.values()), tuple(bad)


def _refine(flags: Flags, settings: Settings) -> float:
    """The part of the drawing after which the refiner goes on, 1 for never."""
    if flags.refine is True:
        return settings.refine if settings.refine < 1 else REFINED
    if flags.refine is not False:
        return flags.refine
    return 1.0 if flags.raw else settings.refine


def _strength(flags: Flags, canvas: StartImage, begun: StartImage) -> tuple[float, tuple[str, ...]]:
    """How far to move from the picture, and what has to be said of it; `begun` is what the engine takes of the canvas."""
    said = [name for name, value in (("--strength", flags.strength), ("--iw", flags.image_weight)) if value is not None]
    if not begun.image:
        return STRENGTH, () if canvas.image else tuple(
            f"{name} matters only with a picture to begin from, so it was left out." for name in said
        )
    if flags.strength is not None:
        return flags.strength, tuple(f"--strength says it exactly, so {name} was left out." for name in said[1:])
    if flags.image_weight is not None:
        return _pulled(flags.image_weight), ()
    return (ANEW if begun.mask else ENLARGED if flags.hd else STRENGTH), ()


def _pulled(weight: float) -> float:
    """A picture's pull as strength: 0 forgets it (1), 1 is the usual pull (0.6), 3 hardly leaves it (0.2)."""
    return round(1 - (1 - STRENGTH) * weight if weight <= 1 else STRENGTH - 0.2 * (weight - 1), 4)
