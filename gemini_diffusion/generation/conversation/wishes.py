"""Standing wishes: what a person wants of every picture of a conversation, "in watercolour", as their own words."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from gemini_diffusion.commands import Imagine, parse
from gemini_diffusion.generation.drawing.job import Job
from gemini_diffusion.types import Finished
from gemini_diffusion.types.errors import BadInput

MOST = 3
LONGEST = 200
"""Characters of one."""
_STANDING = re.compile(
    r"(?:please\s+)?"
    r"(?:always|from now on|ab jetzt|von nun an|immer|toujours|d\u00e9sormais|siempre|de ahora en adelante|sempre)\b"
    r"[\s,:]*(?:(?:draw|paint|make)\s+(?:it|them|everything|all)?\s*)?"
    r"((?:in|with|without|as|im|mit|ohne|als|en|con|sin|com|sem|\u00e0|au|avec|sans)\s.+)",
    re.IGNORECASE | re.DOTALL,
)


def read_wish(text: str) -> str:
    """What a message wants of every picture from now on; "" where it says no such thing."""
    found = _STANDING.fullmatch(text.strip().rstrip(".!"))
    return " ".join(found[1].split()) if found and len(text) <= LONGEST else ""


def add_wish(wishes: Sequence[str], words: str) -> tuple[str, ...]:
    """The wishes with one more. Raises BadInput for what cannot be one, and for one too many."""
    wish = " ".join(words.split()).strip(" ,.")
    read = parse(f"/imagine {wish}")
    if not wish or len(wish) > LONGEST or not isinstance(read, Imagine) or read != Imagine(wish):
        raise BadInput("A standing wish is a few plain words, without flags.", "Write it like this: in watercolour.")
    if wish in wishes:
        return tuple(wishes)
    if len(wishes) >= MOST:
        raise BadInput(f"There are {MOST} standing wishes already.", "Take one away with its x, then add another.")
    return (*wishes, wish)


def confirmation(wish: str) -> Callable[[Job], Awaitable[None]]:
    """The work of a turn that says that a wish holds from now on."""

    async def confirm(job: Job) -> None:
        job.emit(Finished(f"From now on, for every picture of this conversation: {wish}. Its x above the box takes it away."))

    return confirm


def with_wishes(command: Imagine, wishes: Sequence[str]) -> Imagine:
    """The request with the wishes as part of the person's words; those that it already says are not said twice."""
    if command.flags.raw:
        lost = f"Your words are drawn as they are, so this was left out: {', '.join(wishes)}."
        return replace(command, notices=(*command.notices, lost)) if wishes else command
    lacking = [wish for wish in wishes if wish.casefold() not in command.idea.casefold()]
    return replace(command, idea=", ".join((command.idea, *lacking)))
