"""The one table of flags, from which the reader, the writer and the help are made; knows no line and no value."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

Kind = Literal["switch", "whole", "decimal", "share", "step", "aspect", "seed", "phrases", "text", "maybe", "address"]


@dataclass(frozen=True, slots=True)
class Flag:
    """One row. `field` is the field of Flags it fills, empty for one that is only kept; low and high are inclusive."""

    name: str
    kind: Kind
    tier: int
    help: str
    aliases: tuple[str, ...] = ()
    field: str = ""
    values: str = ""
    low: float = 0
    high: float = 0
    built: bool = False

    @property
    def written(self) -> str:
        """The flag as a person types it."""
        return f"--{self.name}"


FLAGS: tuple[Flag, ...] = (
    Flag("ar", "aspect", 1, "shape of the picture", ("aspect",), "aspect", "16:9, portrait, landscape, square", built=True),
    Flag("seed", "seed", 1, "the same seed draws the same picture", (), "seed", "0 to 4294967295, last, random", built=True),
    Flag("no", "phrases", 1, "what to leave out", ("negative",), "negative", "red, long shadows", built=True),
    Flag("stylize", "whole", 1, "how much may be added to your words", ("s",), "stylize", "0 to 1000", 0, 1000, True),
    Flag("raw", "switch", 1, "your words exactly, nothing added", (), "raw", built=True),
    Flag("style", "text", 1, "a style by name", (), "style", 'a name, "Film Noir"', built=True),
    Flag("n", "whole", 1, "that many pictures", ("repeat", "r"), "count", "1 to 8", 1, 8, True),
    Flag("steps", "whole", 1, "work per picture", (), "steps", "1 to 150", 1, 150, True),
    Flag("cfg", "decimal", 1, "how strictly the words are followed", (), "cfg", "0 to 30", 0, 30, True),
    Flag("scheduler", "text", 2, "the way noise becomes a picture", ("sampler",), "scheduler", 'a name, "Euler a"', built=True),
    Flag("quality", "step", 1, "work per picture, in four steps", ("q",), "quality", ".25, .5, 1, 2", built=True),
    Flag("draft", "switch", 1, "quick and rough: a quarter of the steps", (), "draft", built=True),
    Flag("model", "text", 1, "the image model", ("v", "version"), "model", "a name or an id", built=True),
    Flag("tile", "switch", 1, "edges that meet, for patterns", (), "tile", built=True),
    Flag("strength", "decimal", 2, "how far to move from the picture it begins from", (), "strength", "0 to 1", 0, 1, True),
    Flag("iw", "decimal", 2, "pull of the picture it begins from", (), "image_weight", "0 to 3", 0, 3, True),
    Flag("refine", "share", 2, "a second model finishes the picture", (), "refine", "alone, or 0.5 to 1", 0.5, 1, True),
    Flag("hd", "switch", 2, "a large picture", (), "hd", built=True),
    Flag("chaos", "whole", 2, "how different several pictures may be", ("c",), "chaos", "0 to 100", 0, 100),
    Flag("engine", "text", 2, "who draws", (), "engine", "auto, local, hosted", built=True),
    Flag("review", "switch", 2, "shows the prompt before anything is drawn", (), "review", built=True),
    Flag("dry", "switch", 2, "only the prompt and an estimate", (), "dry", built=True),
    Flag("sref", "address", 3, "a picture for the style", values="an address or a code"),
    Flag("sw", "whole", 3, "pull of the style picture", (), "", "0 to 1000", 0, 1000),
    Flag("oref", "address", 3, "a picture for the subject", values="an address"),
    Flag("cref", "address", 3, "a picture for the character", values="an address"),
    Flag("ow", "whole", 3, "pull of the subject picture", (), "", "1 to 1000", 1, 1000),
    Flag("cw", "whole", 3, "pull of the character picture", (), "", "0 to 100", 0, 100),
    Flag("weird", "whole", 3, "unusual looks", ("w",), "", "0 to 3000", 0, 3000),
    Flag("exp", "whole", 3, "experimental looks", (), "", "0 to 100", 0, 100),
    Flag("stop", "whole", 3, "stops the drawing early", (), "", "10 to 100", 10, 100),
    Flag("p", "maybe", 3, "a personal look", values="a code"),
    Flag("niji", "maybe", 4, "a model of another service"),
    Flag("fast", "switch", 4, "the speed at other services"),
    Flag("relax", "switch", 4, "the speed at other services"),
    Flag("turbo", "switch", 4, "the speed at other services"),
    Flag("public", "switch", 4, "who sees the picture at other services"),
    Flag("stealth", "switch", 4, "who sees the picture at other services"),
    Flag("video", "switch", 4, "a film at other services"),
)

_ELSEWHERE = {"width": "ar", "height": "ar", "size": "ar", "guidance": "cfg", "batch": "n", "count": "n", "denoise": "strength"}
"""What other programs call a flag that is spelled otherwise here."""
_BY_NAME = {name: flag for flag in FLAGS for name in (flag.name, *flag.aliases)}


def find_flag(name: str) -> Flag | None:
    """The flag of that name or alias, in any case, without its dashes."""
    return _BY_NAME.get(name.lower())


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


def _row(flag: Flag) -> str:
    names = ", ".join(f"`--{name}`" for name in (flag.name, *flag.aliases))
    return f"| {names} | {flag.values} | {flag.help} |"


def _usage() -> str:
    built = "\n".join(_row(flag) for flag in FLAGS if flag.built)
    later = ", ".join(f"`{flag.written}`" for flag in FLAGS if not flag.built and flag.tier < 4)
    foreign = ", ".join(f"`{flag.written}`" for flag in FLAGS if flag.tier == 4)
    return (
        "Say what you want to see, in any language:\n\n"
        "`/imagine a fox in the snow --ar 16:9 --seed 7`\n\n"
        f"| flag | values | does |\n|---|---|---|\n{built}\n\n"
        "Flags may stand anywhere. `a {red, green} bird` draws one picture for each choice. "
        'Text in double quotes is taken as it is: `a sign that says "open"`.\n\n'
        "`(red:1.3) fox++` makes words count more, `(fog:0.6)` less, `space::2 ship` weighs the parts of an idea, and "
        "`<lora:name:0.8>` draws with a LoRA. An attached picture, or `picture:` and its id before your words, is what it "
        "begins from.\n\n"
        f"Accepted, not built yet: {later}. Accepted, without effect here: {foreign}."
    )


USAGE = _usage()
