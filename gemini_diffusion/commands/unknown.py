"""Commands that do not exist: what works instead of each, and which one a slip of the finger stands for."""

from gemini_diffusion.commands.command import Unknown
from gemini_diffusion.commands.picture_command import PICTURE_COMMANDS

EXISTING = ("imagine", "sweep", "help", *PICTURE_COMMANDS)

INSTEAD = {
    "settings": "they have their own tab",
}
"""What people write elsewhere, and how the same is done here."""


def find_unknown(name: str, rest: str) -> Unknown | None:
    """What to say to "/name rest" where there is no such command; None for what is no command at all, but chat."""
    if name in INSTEAD:
        return Unknown(name, f"There is no /{name} here: {INSTEAD[name]}.")
    meant = next((known for known in EXISTING if is_slip(name, known)), None)
    if meant is None:
        return None
    line = f"/{meant}" if meant == "help" else f"/{meant} {rest}".strip()
    return Unknown(name, f"There is no command /{name}. Did you mean /{meant}?", line)


def is_slip(word: str, known: str) -> bool:
    """Whether a word is one letter off: one more, one less, another one, or two that changed places."""
    if word == known or abs(len(word) - len(known)) > 1:
        return False
    shorter, shorter_known = _without_one(word), _without_one(known)
    return known in shorter or word in shorter_known or (len(word) == len(known) and bool(shorter & shorter_known))


def _without_one(word: str) -> set[str]:
    return {word[:place] + word[place + 1 :] for place in range(len(word))}
