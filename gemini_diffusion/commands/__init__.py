"""The `/imagine` line: pure text in, a value out, and back to the same line; knows no model, no setting and no file."""

from gemini_diffusion.commands.command import Command, Flags, Imagine, Notice, Other, Say, Usage, Weight
from gemini_diffusion.commands.flags import FLAGS, USAGE, Flag, nearest
from gemini_diffusion.commands.line import (
    MOST_CHOICES,
    BadChoice,
    TooManyChoices,
    as_line,
    count_choices,
    expand,
    format_line,
    parse,
)
from gemini_diffusion.commands.references import own_picture, to_own

__all__ = [
    "FLAGS",
    "MOST_CHOICES",
    "USAGE",
    "BadChoice",
    "Command",
    "Flag",
    "Flags",
    "Imagine",
    "Notice",
    "Other",
    "Say",
    "TooManyChoices",
    "Usage",
    "Weight",
    "as_line",
    "count_choices",
    "expand",
    "format_line",
    "nearest",
    "own_picture",
    "parse",
    "to_own",
]
