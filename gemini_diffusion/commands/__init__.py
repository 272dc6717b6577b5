"""The `/imagine` line: pure text in, a value out, and back to the same line; knows no model, no setting and no file."""

from gemini_diffusion.commands.command import Command, Imagine, Say, Sweep, SweepCell, Unknown, Usage
from gemini_diffusion.commands.flags import (
    FLAGS,
    USAGE,
    Flag,
    Flags,
    fill_request,
    find_unsupported,
    nearest,
    read_request,
    without_flags,
)
from gemini_diffusion.commands.line import (
    MOST_CHOICES,
    BadChoice,
    TooManyChoices,
    as_line,
    as_text,
    count_choices,
    expand,
    format_line,
    parse,
)
from gemini_diffusion.commands.picture_command import PictureAction, PictureCommand
from gemini_diffusion.commands.picture_line import format_picture_line
from gemini_diffusion.commands.plain_words import meant_by
from gemini_diffusion.commands.references import own_picture, to_own, with_picture
from gemini_diffusion.commands.typed import read

__all__ = [
    "FLAGS",
    "MOST_CHOICES",
    "USAGE",
    "BadChoice",
    "Command",
    "Flag",
    "Flags",
    "Imagine",
    "PictureAction",
    "PictureCommand",
    "Say",
    "Sweep",
    "SweepCell",
    "TooManyChoices",
    "Unknown",
    "Usage",
    "as_line",
    "as_text",
    "count_choices",
    "expand",
    "fill_request",
    "find_unsupported",
    "format_line",
    "format_picture_line",
    "meant_by",
    "nearest",
    "own_picture",
    "parse",
    "read",
    "read_request",
    "to_own",
    "with_picture",
    "without_flags",
]
