"""The flags: one table, from which the parser, the canonical line, the help, the request and the capability check are made.

To add a flag: one row here; where it fills a field of ImageRequest, that field; the capability it needs, if not every engine
has it; and the place in the engine that reads the field.
"""

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Literal

from gemini_diffusion.commands.picture_command import PICTURE_COMMANDS, SWEEP_HELP
from gemini_diffusion.types import Adapter, Aspect, Capabilities, FinishStep, ImageRequest
from gemini_diffusion.types.prompt_weights import WeightedSpan

Kind = Literal["switch", "whole", "decimal", "share", "step", "aspect", "seed", "phrases", "text", "finish", "maybe"]


@dataclass(frozen=True, slots=True)
class Flag:
    """One row: how a flag is written, what it takes, and what it decides.

    `values` says what it takes, for the help; `low` and `high` are inclusive. `request` is the field of ImageRequest that its
    value fills, "" for a flag that is no part of one picture's request. `needs` is the capability without which that field is
    left as it was, and said; "" where every engine takes it. `label` is what it is called in that sentence, if not as typed.
    `field` is the field of Flags, filled in from there, and "" for a flag of another program, which has no effect here.
    """

    name: str
    kind: Kind
    help: str = ""
    values: str = ""
    aliases: tuple[str, ...] = ()
    low: float = 0
    high: float = 0
    request: str = ""
    needs: str = ""
    label: str = ""
    field: str = ""

    @property
    def written(self) -> str:
        """The flag as a person types it."""
        return f"--{self.name}"


def row(default: Any, flag: Flag) -> Any:
    """A field of Flags with its row."""
    return field(default=default, metadata={"flag": flag})


@dataclass(frozen=True, slots=True)
class Flags:
    """What a line says by flags: one field a row, in the order of the canonical line; None, False or () where nothing is said.

    The fields without a row are written otherwise: LoRAs as tags, references and weights within the idea. `choices` are flags
    whose value is still open, as (flag name, "{1:1, 16:9}"); `expand` settles them. While `weights` is not empty the idea is
    its parts above zero, so emphasised. `refine` is True where no number was said.
    """

    aspect: Aspect | None = row(
        None, Flag("ar", "aspect", "shape of the picture", "16:9, portrait, landscape, square", ("aspect", "aspect-ratio"))
    )
    seed: int | Literal["last", "random"] | None = row(
        None, Flag("seed", "seed", "the same seed draws the same picture", "0 to 4294967295, last, random")
    )
    negative: tuple[str, ...] = row(
        (), Flag("no", "phrases", "what to leave out", "red, long shadows", ("negative", "negative-prompt"))
    )
    stylize: int | None = row(
        None, Flag("stylize", "whole", "how much may be added to your words", "0 to 1000", ("s",), 0, 1000)
    )
    raw: bool = row(False, Flag("raw", "switch", "your words exactly, nothing added"))
    keywords: bool = row(False, Flag("keywords", "switch", "words counted in five paraphrases weigh the picture; needs a key"))
    prompt_2: str | None = row(
        None,
        Flag(
            "second-prompt", "text", "what a second text encoder reads instead", 'words, "(fox:1.5), snow"',
            request="prompt_2", needs="prompt_2",
        ),
    )  # fmt: skip
    style: str | None = row(None, Flag("style", "text", "a style by name", 'a name, "Film Noir"'))
    preset: str | None = row(None, Flag("preset", "text", "your flags under a name, from Settings", "a name"))
    count: int | None = row(None, Flag("n", "whole", "that many pictures", "1 to 8", ("repeat", "r"), 1, 8))
    steps: int | None = row(
        None, Flag("steps", "whole", "work per picture", "1 to 150", (), 1, 150, request="num_inference_steps")
    )
    cfg: float | None = row(
        None,
        Flag(
            "cfg", "decimal", "how strictly the words are followed", "0 to 30", ("cfg-scale", "guidance-scale"),
            0, 30, request="guidance_scale",
        ),
    )  # fmt: skip
    scheduler: str | None = row(
        None,
        Flag("scheduler", "text", "the way noise becomes a picture", 'a name, "Euler a"', ("sampler",), request="scheduler"),
    )
    clip_skip: int | None = row(
        None,
        Flag(
            "clip-skip", "whole", "text encoder layer to read, from the end; for SDXL 1 is as 2", "1 to 12",
            (), 1, 12, request="clip_skip", needs="clip_skip",
        ),
    )  # fmt: skip
    quality: float | None = row(None, Flag("quality", "step", "work per picture, in four steps", ".25, .5, 1, 2", ("q",)))
    draft: bool = row(False, Flag("draft", "switch", "quick and rough: a quarter of the steps"))
    model: str | None = row(None, Flag("model", "text", "the image model", "a name or an id", ("v", "version")))
    tile: bool = row(False, Flag("tile", "switch", "edges that meet, for patterns", request="tile", needs="tile"))
    strength: float | None = row(
        None,
        Flag("strength", "decimal", "how far to move from the picture it begins from", "0 to 1", (), 0, 1, request="strength"),
    )
    image_weight: float | None = row(None, Flag("iw", "decimal", "pull of the picture it begins from", "0 to 3", (), 0, 3))
    refine: float | bool = row(
        False,
        Flag(
            "refine", "share", "a second model finishes the picture", "alone, or 0.5 to 1", (), 0.5, 1,
            request="refine", needs="refine", label="the refiner",
        ),
    )  # fmt: skip
    finish: tuple[FinishStep, ...] = row(
        (),
        Flag(
            "finish", "finish", "done to the drawn picture; the original is kept", "levels:0.5,sharpen:0.3", (),
            request="finish",
        ),
    )  # fmt: skip
    hd: bool = row(False, Flag("hd", "switch", "a large picture", request="hd", needs="hd"))
    engine: str | None = row(None, Flag("engine", "text", "who draws", "auto, or an engine by name"))
    review: bool = row(False, Flag("review", "switch", "shows the prompt before anything is drawn"))
    dry: bool = row(False, Flag("dry", "switch", "only the prompt and an estimate"))
    adapters: tuple[Adapter, ...] = ()
    references: tuple[str, ...] = ()
    weights: tuple[WeightedSpan, ...] = ()
    choices: tuple[tuple[str, str], ...] = ()


FLAGS: tuple[Flag, ...] = tuple(
    dataclasses.replace(entry.metadata["flag"], field=entry.name) for entry in dataclasses.fields(Flags) if entry.metadata
)
REQUEST_FLAGS = tuple(flag for flag in FLAGS if flag.request)
"""Those whose value is a field of an engine's request."""

_FOREIGN: dict[Kind, tuple[str, ...]] = {
    "switch": ("fast", "relax", "turbo", "public", "stealth", "video"),
    "maybe": ("niji", "p"),
    "text": ("sref", "oref", "cref", "sw", "ow", "cw", "weird", "w", "chaos", "c", "exp", "stop"),
}
"""Flags of Midjourney that have no effect here, by what they take: a value must not end up in the picture."""
_ELSEWHERE = {"width": "ar", "height": "ar", "size": "ar", "guidance": "cfg", "batch": "n", "count": "n", "denoise": "strength"}
"""What other programs call a flag that is spelled otherwise here."""
_BY_NAME = {name: flag for flag in FLAGS for name in (flag.name, *flag.aliases)}
_WITHOUT_EFFECT = {name: Flag(name, kind) for kind, names in _FOREIGN.items() for name in names}
_DEFAULTS: dict[str, Any] = {entry.name: entry.default for entry in dataclasses.fields(ImageRequest)}


def find_flag(name: str) -> Flag | None:
    """The flag of that name or alias, in any case, without its dashes; one without `field` has no effect here."""
    return _BY_NAME.get(name.lower()) or _WITHOUT_EFFECT.get(name.lower())


def flag_named(name: str) -> Flag:
    """The flag of that name; KeyError if the table has none."""
    return _BY_NAME[name]


def nearest(name: str, known: Iterable[str], cutoff: float = 0.6) -> str | None:
    """The known name that looks most like `name`, in any case; None if none is close (cutoff as in difflib)."""
    by_folded = {candidate.casefold(): candidate for candidate in known}
    found = get_close_matches(name.casefold()[:60], by_folded, 1, cutoff)
    return by_folded[found[0]] if found else None


def nearest_flag(name: str) -> Flag | None:
    """The flag that `name` is probably a slip of the finger for, or another program's word."""
    found = _ELSEWHERE.get(name.lower()) or nearest(name, _BY_NAME)
    return _BY_NAME[found] if found else None


def read_request(request: ImageRequest) -> dict[str, Any]:
    """What a request says by fields of Flags, each that differs from its default: the way back from request to line."""
    return {
        flag.field: getattr(request, flag.request)
        for flag in REQUEST_FLAGS
        if getattr(request, flag.request) != _DEFAULTS[flag.request]
    }


def fill_request(request: ImageRequest, flags: Flags) -> ImageRequest:
    """The request with every field that the flags name."""
    said = {flag.request: getattr(flags, flag.field) for flag in REQUEST_FLAGS}
    return dataclasses.replace(
        request, **{name: value for name, value in said.items() if value is not None and value is not False and value != ()}
    )


def find_unsupported(request: ImageRequest, can: Capabilities) -> list[Flag]:
    """The flags whose field is set in the request, and without effect with an engine that can do so much."""
    return [
        flag
        for flag in REQUEST_FLAGS
        if flag.needs and getattr(request, flag.request) != _DEFAULTS[flag.request] and not getattr(can, flag.needs)
    ]


def without_flags(request: ImageRequest, flags: Iterable[Flag]) -> ImageRequest:
    """The request as if these flags had not been said."""
    return dataclasses.replace(request, **{flag.request: _DEFAULTS[flag.request] for flag in flags})


def _help_row(flag: Flag) -> str:
    names = ", ".join(f"`--{name}`" for name in (flag.name, *flag.aliases))
    return f"| {names} | {flag.values} | {flag.help} |"


USAGE = "\n".join(
    [
        "Say what you want to see, in any language:\n",
        "`/imagine a fox in the snow --ar 16:9 --seed 7`\n",
        "| flag | values | does |\n|---|---|---|",
        *map(_help_row, FLAGS),
        "\nFlags may stand anywhere. `a {red, green} bird` draws one picture for each choice. "
        'Text in double quotes is taken as it is: `a sign that says "open"`.\n',
        "`(red:1.3) fox++` makes words count more, `(fog:0.6)` less, `space::2 ship` weighs the parts of an idea, and "
        "`<lora:name:0.8>` draws with a LoRA. An attached picture, or `picture:` and its id before your words, is what it "
        "begins from.\n",
        f"{SWEEP_HELP}\n",
        "About a picture of the conversation, in plain words or as a command; `#2` names the second one, without it the "
        "selected one is meant:\n",
        *(f"- {help_text}" for help_text in PICTURE_COMMANDS.values()),
    ]
)
