"""Commands that do not exist: what works instead of each, and which one a slip of the finger stands for."""

from gemini_diffusion.commands.command import Unknown

EXISTING = ("imagine", "help")

INSTEAD = {
    "describe": "the words a picture was drawn with stand beside it",
    "vary": "press Vary beside a picture",
    "upscale": "press Enlarge beside a picture, or add --hd to your line",
    "edit": "press Edit beside a picture, or change its prompt there and draw again",
    "ask": "write your question as it is, without a command",
    "again": "press Draw again beside a picture",
    "undo": "every picture stays in the conversation, and a click on an earlier one takes it in hand again",
    "redo": "every picture stays in the conversation, and a click on a later one takes it in hand again",
    "seed": "the seed stands beside each picture, and --seed with that number draws it again",
    "sweep": "choices draw one picture each, as in /imagine a {red, green} bird",
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
    line = f"/{meant} {rest}".strip() if meant == "imagine" else f"/{meant}"
    return Unknown(name, f"There is no command /{name}. Did you mean /{meant}?", line)


def is_slip(word: str, known: str) -> bool:
    """Whether a word is one letter off: one more, one less, another one, or two that changed places."""
    if word == known or abs(len(word) - len(known)) > 1:
        return False
    shorter, shorter_known = _without_one(word), _without_one(known)
    return known in shorter or word in shorter_known or (len(word) == len(known) and bool(shorter & shorter_known))


def _without_one(word: str) -> set[str]:
    return {word[:place] + word[place + 1 :] for place in range(len(word))}
