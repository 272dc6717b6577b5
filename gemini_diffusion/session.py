"""One person's conversation: its turns, one of them at most under way, kept on disk.

Work runs as one task that outlives the page that began it; whoever looks watches its Turn. It knows no window.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import logging
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from gemini_diffusion import commands, plan, transcript
from gemini_diffusion.commands import Flags, Imagine, Say
from gemini_diffusion.errand import Choice, Errand
from gemini_diffusion.errors import (
    AgreementNeeded,
    BadInput,
    GaveUp,
    GeminiDiffusionError,
    KeyNeeded,
    KeyRefused,
    OutOfCredit,
    OutOfQuota,
    Transient,
)
from gemini_diffusion.gallery import FileFormat
from gemini_diffusion.guest import Guest
from gemini_diffusion.settings import Settings
from gemini_diffusion.studio import Studio
from gemini_diffusion.turn import Kind, Turn
from gemini_diffusion.types import CraftedPrompt, Event, Failed, Message, Noticed, Picture, Recipe, Stopped

REMEMBERED = 20
"""Messages of the conversation that a chat model is told."""
FRAMES = 8
"""States of a running turn that a watcher is shown in a second at most; it is shown one at least."""
LONGEST_MESSAGE = 20_000
"""Characters of one message."""

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Edit:
    """What changes when a picture is drawn again; None leaves it as it was."""

    prompt: str | None = None
    negative_prompt: str | None = None
    seed: int | Literal["random"] | None = None


class Session:
    """A conversation kept in `folder`, with `guest` or with whoever is the host. All its methods belong to one event loop."""

    def __init__(self, studio: Studio, folder: Path, guest: Guest | None = None) -> None:
        self._studio = studio
        self._guest = guest or Guest()
        self._transcript = transcript.Transcript(folder)
        self._turns = tuple(self._at_home(turn) for turn in self._transcript.turns())
        self._task: asyncio.Task[None] | None = None
        self._choice: asyncio.Future[tuple[Choice, str]] | None = None
        self._changed = asyncio.Event()

    def _at_home(self, turn: Turn) -> Turn:
        """A kept turn with its pictures where the gallery is now: a data folder may have been moved."""
        folder = self._studio.gallery.folder
        moved = [
            dataclasses.replace(
                entry, picture=dataclasses.replace(entry.picture, path=folder / entry.picture.id / entry.picture.path.name)
            )
            for entry in turn.kept
        ]
        return dataclasses.replace(turn, kept=tuple(moved))

    # What there is

    @property
    def turns(self) -> tuple[Turn, ...]:
        """Oldest first, a running one last."""
        return self._turns

    @property
    def running(self) -> Turn | None:
        return self._turns[-1] if self._turns and self._turns[-1].running else None

    @property
    def pictures(self) -> tuple[Picture, ...]:
        """Every picture of this person that is still on disk, oldest first; a Clear keeps them."""
        found = (self._studio.gallery.find(identity) for identity in self._transcript.picture_ids())
        return tuple(picture for picture in found if picture)

    def picture(self, identity: str) -> Picture | None:
        """A picture of this person's own, None for anybody else's id."""
        return self._studio.gallery.find(identity) if identity in self._transcript.picture_ids() else None

    def export(self, picture: Picture, file_format: FileFormat) -> Path:
        """The file to download: the kept PNG itself, or a JPEG or WebP made beside it."""
        return self._studio.gallery.export(picture, file_format)

    def bundle(self) -> Path:
        """One zip of the conversation's pictures, in order. Raises BadInput where there is none."""
        pictures = [picture for turn in self._turns for picture in turn.pictures if picture.path.exists()]
        if not pictures:
            raise BadInput("There is no picture in this conversation yet.", "Ask for one first: /imagine a fox.")
        return self._studio.gallery.bundle(pictures)

    async def watch(self) -> AsyncIterator[Turn]:
        """The latest turn at every change and once a second, at most FRAMES a second, its last state last.

        It ends when the turn is on disk too, so that whoever leaves then leaves nothing behind.
        """
        identity, task = self._turns[-1].id if self._turns else "", self._task
        while turn := next((turn for turn in reversed(self._turns) if turn.id == identity), None):
            changed = self._changed
            yield turn
            if not turn.running:
                break
            await asyncio.sleep(1 / FRAMES)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(changed.wait(), 1 - 1 / FRAMES)
        if task is not None:
            await asyncio.wait({task})

    # What a person does

    def start(self, text: str, settings: Settings) -> Turn:
        """Begins what `text` asks for. Raises BadInput for no text, too much of it, or while another turn is under way."""
        if not text.strip():
            raise BadInput("There is nothing to send.", "Type a message, or /imagine and what you want to see.")
        if len(text) > LONGEST_MESSAGE:
            raise BadInput(f"This message is {len(text):,} characters long.", f"Keep it under {LONGEST_MESSAGE:,}.")
        command = commands.parse(text)
        if isinstance(command, Imagine):
            return self._begin(text, "imagine", lambda errand: errand.imagine(command), settings)
        if isinstance(command, Say):
            return self._begin(text, "say", lambda errand: errand.say(command), settings)
        return self._begin(text, "note", lambda errand: errand.note(command), settings)

    def redraw(self, identity: str, edit: Edit, settings: Settings) -> Turn:
        """Draws a kept picture again, changed by `edit`; shown as the line that asks for it. Raises BadInput."""
        picture = self.picture(identity)
        if picture is None:
            raise BadInput("That picture is not here any more.", "Choose another one, or ask for it anew.")
        crafted = _edited(picture.recipe, edit)
        seed = None if edit.seed == "random" else picture.recipe.seed if edit.seed is None else edit.seed
        planned = plan.repeat(picture.recipe, settings, self._studio.engines, seed)
        asked = plan.line(planned.requests(crafted)[0], planned.engine.name, seed)
        return self._begin(asked, "imagine", lambda errand: errand.redraw(planned, crafted), settings)

    def choose(self, choice: Choice, prompt: str = "") -> None:
        """Answers a turn in review: "draw" (with the prompt as edited), "again", or "mine" for the person's own words."""
        if self._choice is None or self._choice.done():
            raise BadInput("Nothing waits for a choice.", "Send a request first.")
        self._choice.set_result((choice, prompt))

    async def stop(self) -> None:
        """Cancels what runs and returns when its last words are said."""
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.wait({self._task})

    def clear(self) -> None:
        """Forgets the conversation, here and for the chat model; the pictures stay. Raises BadInput while a turn runs."""
        if self.running:
            raise BadInput("Something is still under way.", "Stop it first, then clear.")
        self._turns = ()
        self._tell_watchers()
        self._transcript.keep(self._turns)

    # The running turn

    def _begin(self, asked: str, kind: Kind, work: Callable[[Errand], Awaitable[None]], settings: Settings) -> Turn:
        if self.running:
            raise BadInput("One thing at a time: the last one is still under way.", "Wait for it, or stop it.")
        turn = Turn(secrets.token_hex(8), asked, kind)
        errand = Errand(
            self._studio, settings, self._emit, self._keep_picture, self._review,
            self._remembered(), self._last_seed(), self._guest,
        )  # fmt: skip
        self._turns = (*self._turns, turn)[-transcript.LONGEST :]
        self._task = asyncio.get_running_loop().create_task(self._carry(work, errand))
        return turn

    async def _carry(self, work: Callable[[Errand], Awaitable[None]], errand: Errand) -> None:
        """The one place where the errors of a turn become words; its beginning and its end are kept."""
        try:
            await self._keep_turns()
            await work(errand)
        except asyncio.CancelledError:
            self._emit(Stopped(last_words(self._turns[-1])))
        except GeminiDiffusionError as error:
            self._emit(failure(error, self._turns[-1].kind))
        except Exception:  # noqa: BLE001 - the border to the person: what nobody foresaw is logged and still gets a sentence
            _LOG.exception("A turn failed in a way nobody foresaw.")
            self._emit(Failed("Something unexpected went wrong.", "Try again; the log on this machine says more.", "retry"))
        await self._keep_turns()

    async def _keep_turns(self) -> None:
        try:
            await asyncio.to_thread(self._transcript.keep, self._turns)
        except GeminiDiffusionError as error:
            self._emit(Noticed(f"This conversation could not be kept on disk. {error}"))

    def _keep_picture(self, picture: Picture) -> None:
        self._transcript.add_picture(picture.id)

    async def _review(self, crafted: CraftedPrompt) -> tuple[Choice, str]:
        self._choice = asyncio.get_running_loop().create_future()
        self._set(dataclasses.replace(self._turns[-1], state="review"))
        try:
            return await self._choice
        finally:
            self._choice = None
            self._set(dataclasses.replace(self._turns[-1], state="running"))

    def _emit(self, event: Event) -> None:
        self._set(self._turns[-1].after(event, time.monotonic()))

    def _set(self, turn: Turn) -> None:
        self._turns = (*self._turns[:-1], turn)
        self._tell_watchers()

    def _tell_watchers(self) -> None:
        """Whoever waits wakes up; whoever looks next waits for the next change."""
        self._changed.set()
        self._changed = asyncio.Event()

    def _remembered(self) -> tuple[Message, ...]:
        said = [message for turn in self._turns for message in turn.messages()]
        return tuple(said[-REMEMBERED:])

    def _last_seed(self) -> int | None:
        seeds = [picture.recipe.seed for turn in self._turns for picture in turn.pictures]
        return seeds[-1] if seeds else None


def last_words(turn: Turn) -> str:
    """What is said of a turn that was stopped, from where it had come to."""
    drawing = next((entry for entry in turn.progress if entry.stage == "drawing"), None)
    if drawing:
        return f"Stopped at step {drawing.done} of {drawing.total}."
    if any(entry.stage == "downloading" for entry in turn.progress):
        return "Stopped the download; what has come is kept."
    if turn.waiting:
        return "Stopped waiting."
    under_way = [step.stage for step in turn.steps if step.seconds is None]
    places = {"crafting": "while the prompt was being written", "loading": "while the model was loading"}
    return f"Stopped {places[under_way[-1]]}." if under_way and under_way[-1] in places else "Stopped."


def failure(error: GeminiDiffusionError, kind: Kind) -> Failed:
    """An error as the person reads it, with the button that leads on: where a service cannot draw, this machine can."""
    if isinstance(error, AgreementNeeded) and error.download_bytes:
        return Failed(error.message, error.hint, f"download:{error.model}")
    if isinstance(error, (KeyNeeded, KeyRefused)):
        return Failed(error.message, error.hint, "settings")
    if isinstance(error, (Transient, GaveUp, OutOfCredit, OutOfQuota)):
        return Failed(error.message, error.hint, "engine:local" if kind == "imagine" else "retry")
    return Failed(error.message, error.hint)


def _edited(recipe: Recipe, edit: Edit) -> CraftedPrompt:
    """The prompt of a kept picture with the person's changes; what was crafted stays known while it is unchanged."""
    prompt = recipe.prompt if edit.prompt is None else _words_only(edit.prompt)
    negative = recipe.negative_prompt if edit.negative_prompt is None else edit.negative_prompt.strip()
    if prompt != recipe.prompt:
        return CraftedPrompt(recipe.original, prompt, negative, title=recipe.title, style=recipe.style)
    return CraftedPrompt(
        recipe.original,
        prompt,
        negative,
        title=recipe.title,
        style=recipe.style,
        crafted_by=recipe.crafted_by,
        kept=recipe.kept,
        missing=recipe.missing,
        added_words=recipe.added_words,
    )


def _words_only(prompt: str) -> str:
    """The prompt box holds words alone: a flag there would be drawn as text, so it is refused, not guessed at."""
    command = commands.parse(f"/imagine {prompt}")
    if not isinstance(command, Imagine):
        raise BadInput("The prompt is empty.", "Say what you want to see, then draw again.")
    if command.flags != Flags():
        raise BadInput(
            "The prompt box takes words only, no flags or weights.", "Send them in the chat: /imagine and your line."
        )
    return prompt.strip() if command.template else command.idea
