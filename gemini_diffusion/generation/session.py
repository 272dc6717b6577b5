"""One person's open conversation: its turns, one of them at most under way, kept on disk.

Work runs as one task that outlives the page that began it; whoever looks watches its Turn. It knows no window.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

from gemini_diffusion.config.settings import Settings
from gemini_diffusion.generation import plan, versions
from gemini_diffusion.generation.conversation_store import ConversationStore
from gemini_diffusion.generation.dispatch import Sent, dispatch, intent_of, new_id, talk
from gemini_diffusion.generation.edit import Edit
from gemini_diffusion.generation.error_messages import describe_failure
from gemini_diffusion.generation.intent import Intent
from gemini_diffusion.generation.job import Job, ReviewChoice
from gemini_diffusion.generation.limits.access import Access
from gemini_diffusion.generation.recall import recall
from gemini_diffusion.generation.reproduction import BroughtRecipe
from gemini_diffusion.generation.services import Services
from gemini_diffusion.generation.wishes import confirmation, read_wish
from gemini_diffusion.storage import history, uploads
from gemini_diffusion.storage.collection import Collection
from gemini_diffusion.storage.conversations import Conversations
from gemini_diffusion.storage.gallery import FileFormat
from gemini_diffusion.types import CraftedPrompt, Event, Failed, Noticed, Picture, Stopped
from gemini_diffusion.types.errors import BadInput, GeminiDiffusionError, OutOfQuota
from gemini_diffusion.types.turn import Turn

FRAMES = 8
"""States of a running turn that a watcher is shown in a second at most; it is shown one at least."""
LONGEST_MESSAGE = 20_000
"""Characters of one message."""

_LOG = logging.getLogger(__name__)


class Session:
    """The conversations kept in `folder`, one of them open, with `access` or with whoever is the host. All its methods belong
    to one event loop.
    """

    def __init__(self, services: Services, folder: Path, access: Access | None = None) -> None:
        self._services = services
        self._access = access or Access()
        self.store = ConversationStore(folder, services.gallery, self._access)
        self.collection = Collection(folder, services.gallery, self._access.keeps)
        self._turns = self.store.read()
        self._brought = BroughtRecipe()
        self._task: asyncio.Task[None] | None = None
        self._choice: asyncio.Future[tuple[ReviewChoice, str]] | None = None
        self._changed = asyncio.Event()

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
        return self.collection.pictures

    @property
    def latest(self) -> Picture | None:
        """The picture in front: the newest of the conversation, or what an undo went to; after a Clear the newest of all."""
        front = versions.selected_in(self._turns)
        return (self.picture(front.id) if front else None) or self.collection.newest

    def picture(self, identity: str) -> Picture | None:
        """A picture of this person's own, None for anybody else's id."""
        return self.collection.picture(identity)

    def export(self, picture: Picture, file_format: FileFormat) -> Path:
        """The file to download: the kept PNG itself, or a JPEG or WebP made beside it where there is room for one more."""
        try:
            self._access.refuse_more()
        except OutOfQuota:
            return picture.path
        path = self._services.gallery.export(picture, file_format)
        self._access.keeps(path.parent)
        return path

    @property
    def conversations(self) -> Conversations:
        return self.store.conversations

    def bundle(self) -> Path:
        """The zip of this conversation. Raises BadInput where it is empty."""
        return self.store.bundle(self._turns)

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
                async with asyncio.timeout(1 - 1 / FRAMES):  # wait_for of Python 3.11 loses a cancellation that meets a change
                    await changed.wait()
        if task is not None:
            await asyncio.wait({task})

    # What a person does

    def start(self, text: str, settings: Settings, attached: str = "", selected: str = "") -> Turn:
        """Begins what `text` asks for. `attached` is the id of a picture of this person's that goes with it, `selected` the id
        of the one in front of them.

        Raises BadInput for no text, too much of it, a picture that is not theirs, or while another turn is under way, and
        OutOfQuota for a picture more than the host keeps.
        """
        sent = self._sent(text, settings, attached, selected)
        return self._answer(sent, intent_of(sent))

    async def send(self, text: str, settings: Settings, attached: str = "", selected: str = "") -> Turn:
        """As `start`, for a loop that serves others too: a long message is read beside it."""
        sent = self._sent(text, settings, attached, selected)
        return self._answer(sent, await asyncio.to_thread(intent_of, sent))

    def _answer(self, sent: Sent, intent: Intent) -> Turn:
        if sent.settings.plain_words and (wish := read_wish(sent.text)):
            self._refuse_a_second()
            self.store.wish(wish)
            return self._begin(Turn(new_id(), sent.text, "note"), confirmation(wish), sent.settings)
        return self._begin(*dispatch(sent, intent, self._access, self._services.chat_model(sent.settings)), sent.settings)

    def say(self, text: str, settings: Settings) -> Turn:
        """Begins an answer to `text`, whatever else it could mean. Raises BadInput as `start`."""
        return self._begin(*talk(self._sent(text, settings)), settings)

    def _sent(self, text: str, settings: Settings, attached: str = "", selected: str = "") -> Sent:
        if not text.strip():
            raise BadInput("There is nothing to send.", "Type a message, or /imagine and what you want to see.")
        if len(text) > LONGEST_MESSAGE:
            raise BadInput(f"This message is {len(text):,} characters long.", f"Keep it under {LONGEST_MESSAGE:,}.")
        front = self.picture(selected) or self.latest
        return Sent(text, settings, self._turns, front, self._own(attached) if attached else None)

    async def redraw(self, identity: str, edit: Edit, settings: Settings) -> Turn:
        """Draws a kept picture again, changed by `edit`; shown as the line that asks for it.

        Raises BadInput, RequestRefused where nobody can draw it so, and OutOfQuota as `start`.
        """
        self._refuse_a_second()
        self._access.refuse_more()
        picture = self._own(identity)
        planned, crafted = await edit.prepare(self._job(settings), picture)
        asked = plan.canonical_line(planned.requests(crafted)[0], planned.engine.name)
        return self._begin(Turn(new_id(), asked, "imagine"), lambda job: job.redraw(planned, crafted), settings)

    async def bring(self, content: bytes, name: str = "", recipe: str = "") -> Picture:
        """Keeps a picture that this person brings, cleaned of all but what is seen; what is drawn by the `recipe` it came with
        is compared with it. Raises BadInput, DiskFull, OutOfQuota."""
        self._access.refuse_more()
        image = await asyncio.to_thread(uploads.read_upload, content)
        picture = await asyncio.to_thread(self._services.gallery.save, image, uploads.upload_recipe(image, name))
        self._keep_picture(picture)
        self._brought.take(picture, content, recipe)
        return picture

    async def bring_back(self) -> None:
        """Opens the conversation that `store.receive` took. Raises BadInput, DiskFull, OutOfQuota."""
        engines = self._services.engines
        await self.switch(lambda: self.store.bring_back(self.collection, engines))

    def _own(self, identity: str) -> Picture:
        picture = self.picture(identity)
        if picture is None:
            raise BadInput("That picture is not here any more.", "Choose another one, or ask for it anew.")
        return picture

    def choose(self, choice: ReviewChoice, prompt: str = "") -> None:
        """Answers a turn in review: "draw" (with the prompt as edited), "again", or "mine" for the person's own words."""
        if self._choice is None or self._choice.done():
            raise BadInput("Nothing waits for a choice.", "Send a request first.")
        self._choice.set_result((choice, prompt))

    async def stop(self) -> None:
        """Cancels what runs and returns when its last words are said."""
        if self._task is not None and not self._task.done():
            await asyncio.sleep(0)  # cancelled before its first step, a task ends without a word
            self._task.cancel()
            await asyncio.wait({self._task})

    async def new(self) -> None:
        """Begins another conversation; this one stays in the list. Raises BadInput while a turn runs."""
        await self.switch(self.conversations.begin)

    async def branch(self, identity: str) -> None:
        """Goes on in a copy that ends before the turn of that id, so that it can be said in other words. Raises BadInput."""
        place = next((place for place, turn in enumerate(self._turns) if turn.id == identity), None)
        if place is None:
            raise BadInput("That message is not in this conversation.", "Open the conversation that it is in.")
        before = self._turns[:place]
        await self.switch(lambda: self.conversations.branch(before))

    async def switch(self, change: Callable[[], object]) -> None:
        """Makes a change to the conversations on disk, and shows the one that is open then. Raises BadInput while a turn runs,
        and what `change` raises.
        """
        if self.running:
            raise BadInput("Something is still under way.", "Stop it first, or wait for it.")
        if self._task is not None:
            await asyncio.wait({self._task})  # until its last words are on disk
        await asyncio.to_thread(change)
        self.store.counted()
        self._turns = await asyncio.to_thread(self.store.read)
        self._tell_watchers()

    # The running turn

    def _begin(self, turn: Turn, work: Callable[[Job], Awaitable[None]], settings: Settings) -> Turn:
        self._refuse_a_second()
        job = self._job(settings)
        self._turns = (*self._turns, turn)
        self._task = asyncio.get_running_loop().create_task(self._carry(work, job))
        return turn

    def _job(self, settings: Settings) -> Job:
        seeds = [picture.recipe.seed for picture in self._drawn()]
        return Job(
            self._services, settings, self._emit, self._keep_picture, self._review,
            recall(self._turns), seeds[-1] if seeds else None, self._access, self.picture,
            wishes=self.conversations.current.wishes, compare=self._brought.compare,
        )  # fmt: skip

    def _refuse_a_second(self) -> None:
        if self.running:
            raise BadInput("One thing at a time: the last one is still under way.", "Wait for it, or stop it.")

    async def _carry(self, work: Callable[[Job], Awaitable[None]], job: Job) -> None:
        """The one place where the errors of a turn become words; its beginning and its end are kept."""
        try:
            await self._keep_turns()
            await work(job)
        except asyncio.CancelledError:
            self._emit(Stopped(self._turns[-1].last_words()))
        except GeminiDiffusionError as error:
            self._emit(describe_failure(error, self._turns[-1].kind, self._services.engines))
        except Exception:  # noqa: BLE001 - the border to the person: what nobody foresaw is logged and still gets a sentence
            _LOG.exception("A turn failed in a way nobody foresaw.")
            self._emit(Failed("Something unexpected went wrong.", "Try again; the log on this machine says more.", "retry"))
        await self._keep_turns()

    async def _keep_turns(self) -> None:
        leaving = history.overflow(self._turns)
        try:
            await asyncio.to_thread(self.store.keep, self._turns)
        except GeminiDiffusionError as error:
            self._emit(Noticed(f"This conversation could not be kept on disk. {error}"))
        self._turns = self._turns[leaving:]

    def _keep_picture(self, picture: Picture) -> None:
        self.collection.add(picture)

    async def _review(self, crafted: CraftedPrompt) -> tuple[ReviewChoice, str]:
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

    def _drawn(self) -> list[Picture]:
        return versions.pictures_in(self._turns)
