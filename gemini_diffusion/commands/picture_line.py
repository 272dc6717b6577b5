"""The lines about a picture of the conversation: "/edit #2 make it night" -> a value, and back; knows no picture."""

import re

from gemini_diffusion.commands.command import Usage
from gemini_diffusion.commands.picture_command import PICTURE_COMMANDS, PictureAction, PictureCommand

_VALUES: dict[PictureAction, tuple[str, ...]] = {"again": ("new", "same"), "vary": ("subtle", "strong")}
_NEEDED: tuple[PictureAction, ...] = ("edit", "ask")
_NUMBER = re.compile(r"#(\d{1,3})(?!\S)\s*")
_SEED = re.compile(r"\d{1,10}")


def parse_picture_line(name: str, rest: str) -> PictureCommand | Usage | None:
    """The command of that name with what stands after it; None where there is no such command."""
    action = next((known for known in PICTURE_COMMANDS if known == name), None)
    if action is None:
        return None
    numbered = _NUMBER.search(rest) if action not in ("undo", "redo") else None
    number = int(numbered[1]) if numbered else 0
    if numbered and not number:
        return Usage(f"/{name}", ("Pictures are counted from 1: #1 is the first one.",))
    text = f"{rest[: numbered.start()]} {rest[numbered.end() :]}".strip() if numbered else rest.strip()
    if action in _NEEDED and not text:
        return Usage(f"/{name}", (f"Say it in words: {PICTURE_COMMANDS[action]}.",))
    known = _VALUES.get(action, ())
    if known and text.lower() not in ("", *known):
        return Usage(f"/{name}", (f"Say {' or '.join(known)} after /{name}: {PICTURE_COMMANDS[action]}.",))
    if action == "seed" and text and not (_SEED.fullmatch(text) and int(text) < 2**32):
        return Usage("/seed", ("A seed is a whole number up to 4294967295.",))
    return PictureCommand(action, text.lower() if known else text, number)


def format_picture_line(command: PictureCommand) -> str:
    """The line that says the same."""
    number = f"#{command.number}" if command.number > 0 else ""
    return " ".join(filter(None, [f"/{command.name}", number, command.text]))
