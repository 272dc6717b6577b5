"""From a message to the turn it begins and the work of that turn; knows no disk and runs nothing."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from gemini_diffusion import commands
from gemini_diffusion.chat_models import ChatModel
from gemini_diffusion.commands import Imagine, PictureCommand, Say, Sweep
from gemini_diffusion.config.settings import Settings
from gemini_diffusion.generation.conversation import versions
from gemini_diffusion.generation.conversation.wishes import with_wishes
from gemini_diffusion.generation.drawing.job import Job
from gemini_diffusion.generation.drawing.sweep import run_sweep
from gemini_diffusion.generation.limits.access import Access
from gemini_diffusion.generation.turn.intent_by_model import converse
from gemini_diffusion.generation.turn.intent_by_rules import Intent, drawing_line, read_intent
from gemini_diffusion.generation.turn.picture_turns import KINDS, PictureTurn
from gemini_diffusion.types import Picture
from gemini_diffusion.types.errors import BadInput
from gemini_diffusion.types.turn import Kind, Turn

LONGEST_MESSAGE = 20_000
"""Characters of one message."""
Work = Callable[[Job], Awaitable[object]]
Begun = tuple[Turn, Work]


@dataclass(frozen=True, slots=True)
class Sent:
    """A message with what stood there when it was sent: the `turns` before it, the picture in `front` of the person, and the
    one that was attached as `source`. Its turn is to have the `id`, where that is not "". It was begun `tries` times before the
    program was killed.
    """

    text: str
    settings: Settings
    turns: Sequence[Turn]
    front: Picture | None = None
    source: Picture | None = None
    id: str = ""
    tries: int = 0


def dispatch(sent: Sent, intent: Intent, access: Access, model: ChatModel) -> Begun:
    """The turn that a message begins. Raises BadInput for a picture that there is not, OutOfQuota for one too many."""
    if isinstance(intent.command, PictureCommand):
        return _about(intent.command, sent, intent.offer, access)
    command = commands.with_picture(intent.command, sent.source.id) if sent.source else intent.command
    if isinstance(command, Imagine):
        access.refuse_more()
        return _turn(sent, "imagine", intent.offer), lambda job: job.imagine(with_wishes(command, job.wishes))
    if isinstance(command, Sweep):
        access.refuse_more()
        sweep, front = command, sent.source or sent.front
        return _turn(sent, "imagine"), lambda job: run_sweep(job, sweep, front)
    if isinstance(command, Say):
        if intent.open and model.structured and not access.lends(model, sent.settings):
            return _turn(sent, "say"), lambda job: converse(job, sent.text, sent.turns, sent.front)
        # A helper that cannot talk freely has nothing better to give than a picture.
        speechless = sent.settings.plain_words and not model.structured
        return talk(sent, intent.offer or (drawing_line(sent.text) if speechless else ""))
    notes = command
    return _turn(sent, "note"), lambda job: job.note(notes)


def talk(sent: Sent, offer: str = "") -> Begun:
    """An answer to the message, whatever else it could mean."""
    return _turn(sent, "say", offer), lambda job: job.say(Say(sent.text))


def refuse_text(text: str) -> None:
    """Raises BadInput for no message, or too long a one."""
    if not text.strip():
        raise BadInput("There is nothing to send.", "Type a message, or /imagine and what you want to see.")
    if len(text) > LONGEST_MESSAGE:
        raise BadInput(f"This message is {len(text):,} characters long.", f"Keep it under {LONGEST_MESSAGE:,}.")


def new_id() -> str:
    """The id of a turn."""
    return secrets.token_hex(8)


def intent_of(sent: Sent) -> Intent:
    """What the message means; takes the longer the longer it is, and needs no event loop."""
    last = sent.turns[-1] if sent.turns else None
    looked = last is not None and last.kind == "say" and last.selected is not None
    intent = read_intent(sent.text, pictures=sent.front is not None, looked=looked, plain=sent.settings.plain_words)
    return Intent(PictureCommand("ask", sent.text)) if isinstance(intent.command, Say) and sent.source else intent


def _about(command: PictureCommand, sent: Sent, offer: str, access: Access) -> Begun:
    """A turn about a picture: the one that is numbered, else the one attached, else the one in front."""
    picture = versions.numbered(sent.turns, command.number) if command.number else sent.source or sent.front
    if picture is None:
        raise BadInput("There is no such picture in this conversation.", "Ask for one first: /imagine a fox.")
    kind = KINDS.get(command.name, "imagine")
    if kind == "imagine":
        access.refuse_more()
    about = picture
    return _turn(sent, kind, offer), lambda job: PictureTurn(job, command, about, sent.turns, offer).run()


def _turn(sent: Sent, kind: Kind, offer: str = "") -> Turn:
    return Turn(sent.id or new_id(), sent.text, kind, source=sent.source, offer=offer)
