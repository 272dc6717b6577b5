"""One person's open conversation: its turns, one of them at most under way, kept on disk.

Work runs as one task that outlives the page that began it; whoever looks watches its Turn. It knows no window.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path

from gemini_diffusion.config.settings import Settings
from gemini_diffusion.generation.conversation import versions
from gemini_diffusion.generation.conversation.chat_context import chat_context
from gemini_diffusion.generation.conversation.conversation_store import ConversationStore
from gemini_diffusion.generation.conversation.read_aloud import ReadAloud
from gemini_diffusion.generation.conversation.wishes import confirmation, read_wish
from gemini_diffusion.generation.drawing import plan
from gemini_diffusion.generation.drawing.edit import Edit
from gemini_diffusion.generation.drawing.job import Job, ReviewChoice
from gemini_diffusion.generation.drawing.reproduction import BroughtRecipe
from gemini_diffusion.generation.error_messages import describe_end, describe_failure
from gemini_diffusion.generation.limits.access import Access
from gemini_diffusion.generation.services import Services
from gemini_diffusion.generation.turn.change_signal import ChangeSignal, wait_for
from gemini_diffusion.generation.turn.dispatch import Sent, Work, dispatch, intent_of, new_id, refuse_text, talk
from gemini_diffusion.generation.turn.intent_by_rules import Intent
from gemini_diffusion.generation.turn.review import Review
from gemini_diffusion.generation.turn.turn_queue import TurnQueue
from gemini_diffusion.generation.turn.unfinished_turns import UnfinishedTurns, after_a_crash
from gemini_diffusion.storage import history, uploads
from gemini_diffusion.storage.collection import Collection
from gemini_diffusion.storage.conversations import Conversations
from gemini_diffusion.types import Event, Noticed, Picture
from gemini_diffusion.types.errors import BadInput, GeminiDiffusionError
from gemini_diffusion.types.turn import Turn


class Session:
    """The conversations kept in `folder`, one of them open, within `access`, else the host's; belongs to one event loop."""

    def __init__(self, services: Services, folder: Path, access: Access | None = None) -> None:
        self._services = services
        self._access = access or Access()
        self.store = ConversationStore(folder, services.gallery, self._access)
        self.collection = Collection(folder, services.gallery, self._access.keeps)
        self.voice = ReadAloud(services, self._access, self.store)
        self._turns = self.store.read()
        self._brought, self.line = BroughtRecipe(), TurnQueue()
        theirs = self._access.name in ("", folder.name)  # those who cannot come back share another
        self._unfinished = UnfinishedTurns(folder, lambda: self.running, self.line, self.store.counted if theirs else None)
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._switching, self._changed = False, ChangeSignal()
        self._review = Review(lambda state: self._set(dataclasses.replace(self._turns[-1], state=state)))

    # What there is

    @property
    def turns(self) -> tuple[Turn, ...]:
        """Oldest first, a running one last."""
        return self._turns

    @property
    def running(self) -> Turn | None:
        return self._turns[-1] if self._turns and self._turns[-1].running else None

    @property
    def busy(self) -> bool:
        """Whether what is sent now would wait in line."""
        return self.running is not None or bool(self.line) or self._switching

    @property
    def latest(self) -> Picture | None:
        """The picture in front: the newest of the conversation, or what an undo went to; after a Clear the newest of all."""
        front = versions.selected_in(self._turns)
        return (self.picture(front.id) if front else None) or self.collection.newest

    def picture(self, identity: str) -> Picture | None:
        """A picture of this person's own, None for anybody else's id."""
        return self.collection.picture(identity)

    @property
    def conversations(self) -> Conversations:
        return self.store.conversations

    async def watch(self, identity: str = "") -> AsyncIterator[Turn]:
        """A turn, the latest one without an id, at every change and once a second, a few times a second at most, its last
        state last. One that waits in line is watched from there on.

        It ends when the turn is on disk too, so that whoever leaves then leaves nothing behind.
        """
        identity = identity or (self._turns[-1].id if self._turns else "")
        while turn := self._find(identity):
            change = self._changed.next
            yield turn
            if not turn.running and turn.state != "queued":
                break
            await wait_for(change)
        if task := self._tasks.get(identity):
            await asyncio.wait({task})

    def _find(self, identity: str) -> Turn | None:
        queued = self.line.find(identity)
        return queued.turn if queued else next((turn for turn in reversed(self._turns) if turn.id == identity), None)

    # What a person does

    def start(self, text: str, settings: Settings, attached: str = "", selected: str = "") -> Turn:
        """Begins what `text` asks for, or lines it up while something else runs. `attached` is the id of a picture of this
        person's that goes with it, `selected` the id of the one in front of them.

        Raises BadInput for no text, too much of it, a picture that is not theirs, a full line, OutOfQuota for a picture more.
        """
        sent = self._sent(text, settings, attached, selected)
        return self.line.add(sent) if self.busy else self._answer(sent, intent_of(sent))

    async def send(self, text: str, settings: Settings, attached: str = "", selected: str = "") -> Turn:
        """As `start`, for a loop that serves others too: a long message is read beside it."""
        sent = self._sent(text, settings, attached, selected)
        intent = await asyncio.to_thread(intent_of, sent)
        turn = self.line.add(sent) if self.busy else self._answer(sent, intent)
        await self._unfinished.keep()
        return turn

    def resume(self, settings: Settings) -> None:
        """Goes on with what was under way or in line when the program was killed; each is begun at most twice."""
        if found := self._unfinished.read():
            self._turns, again = after_a_crash(found, self._turns, settings, lambda picture: self.picture(picture.id))
            self.line.put_back(again)
            self._run("resume", self._end())

    async def instead(self, text: str, settings: Settings, attached: str = "", *, only_talk: bool = False) -> Turn:
        """Ends what runs and answers `text` before all that waits in line: what puts a reading or a failure right. With
        `only_talk` it draws nothing. Raises BadInput as `start`.
        """
        sent = self._sent(text, settings, attached)
        turn = self.line.add(sent, talk=only_talk, first=True)
        await self.stop()
        await self._go_on()
        return self._find(turn.id) or turn

    def take_back(self, identity: str) -> Turn:
        """Takes a message out of the line. Raises BadInput where its turn has come."""
        if turn := self.line.take(identity):
            self._changed.tell()
            self._unfinished.keep_soon()
            return turn
        raise BadInput("That message is not in line any more.", "Stop ends the one that runs.")

    def _answer(self, sent: Sent, intent: Intent) -> Turn:
        if sent.settings.plain_words and (wish := read_wish(sent.text)):
            self.store.wish(wish)
            return self._begin(Turn(sent.id or new_id(), sent.text, "note"), confirmation(wish), sent.settings)
        begun = dispatch(sent, intent, self._access, self._services.chat_model(sent.settings))
        return self._begin(*begun, sent.settings, sent.tries)

    def _sent(self, text: str, settings: Settings, attached: str = "", selected: str = "") -> Sent:
        refuse_text(text)
        front = self.picture(selected) or self.latest
        return Sent(text, settings, self._turns, front, self.collection.own(attached) if attached else None)

    async def redraw(self, identity: str, edit: Edit, settings: Settings) -> Turn:
        """Draws a kept picture again, changed by `edit`; shown as the line that asks for it.

        Raises BadInput, RequestRefused where nobody can draw it so, and OutOfQuota as `start`.
        """
        self._refuse_while_busy()
        self._access.refuse_more()
        picture = self.collection.own(identity)
        planned, crafted = await edit.prepare(self._job(settings), picture)
        asked = plan.canonical_line(planned.requests(crafted)[0], planned.engine.name)
        return self._begin(Turn(new_id(), asked, "imagine"), lambda job: job.redraw(planned, crafted), settings)

    async def bring(self, content: bytes, name: str = "", recipe: str = "") -> Picture:
        """Keeps a picture that this person brings, cleaned of all but what is seen; what is drawn by the `recipe` it came with
        is compared with it. Raises BadInput, DiskFull, OutOfQuota."""
        self._access.refuse_more()
        image = await asyncio.to_thread(uploads.read_upload, content)
        picture = await asyncio.to_thread(self._services.gallery.save, image, uploads.upload_recipe(image, name))
        self.collection.add(picture)
        self._brought.take(picture, content, recipe)
        return picture

    def _refuse_while_busy(self) -> None:
        if self.busy:
            raise BadInput("One thing at a time: the last one is still under way.", "Wait for it, or stop it.")

    def choose(self, choice: ReviewChoice, prompt: str = "") -> None:
        """Answers a turn in review: "draw" (with the prompt as edited), "again", or "mine" for the person's own words."""
        self._review.choose(choice, prompt)

    async def stop(self) -> None:
        """Cancels what runs, and nothing that waits in line; returns when its last words are said."""
        task = self._tasks.get(self.running.id) if self.running else None
        if task is not None:
            await asyncio.sleep(0)  # cancelled before its first step, a task ends without a word
            task.cancel()
            await asyncio.wait({task})

    async def new(self) -> None:
        """Begins another conversation; this one stays in the list. Raises BadInput while a turn runs."""
        await self.switch(self.conversations.begin)

    async def branch(self, identity: str) -> None:
        """Goes on in a copy that ends before the turn of that id, so that it can be said in other words. Raises BadInput."""
        place = next((place for place, turn in enumerate(self._turns) if turn.id == identity), None)
        if place is None:
            raise BadInput("That message is not in this conversation.", "Open the conversation that it is in.")
        await self.switch(lambda: self.conversations.branch(self._turns[:place]))

    async def switch(self, change: Callable[[], object]) -> None:
        """Changes the conversations on disk and shows the one that is open then. Raises BadInput while a turn runs."""
        self._refuse_while_busy()
        self._switching = True
        try:
            if self._tasks:
                await asyncio.wait(set(self._tasks.values()))  # until the last words are on disk
            await asyncio.to_thread(change)
            self.store.counted()
            self._turns = await asyncio.to_thread(self.store.read)
        finally:
            self._switching = False
            self._changed.tell()
            await self._go_on()

    # The running turn

    def _begin(self, turn: Turn, work: Work, settings: Settings, tries: int = 0) -> Turn:
        job = self._job(settings)
        self._unfinished.begin(turn, settings, tries)
        self._turns = (*self._turns, turn)
        self._run(turn.id, self._carry(work, job))
        return turn

    def _run(self, identity: str, work: Coroutine[None, None, None]) -> None:
        self._tasks[identity] = asyncio.get_running_loop().create_task(work)
        self._tasks[identity].add_done_callback(lambda _: self._tasks.pop(identity))

    async def _go_on(self) -> None:
        """Begins what is next in line, about the picture that is in front by now."""
        while self.line and not self.running:
            queued = self.line.waiting[0]
            sent = dataclasses.replace(queued.sent, turns=self._turns, front=self.latest, id=queued.turn.id)
            intent = await asyncio.to_thread(intent_of, sent)
            if self.line.take(queued.turn.id) is None:
                continue  # it was taken back meanwhile
            try:
                self._begin(*talk(sent), sent.settings, sent.tries) if queued.talk else self._answer(sent, intent)
            except GeminiDiffusionError as error:
                failed = Turn(sent.id, sent.text, "note", source=sent.source)
                self._turns = (*self._turns, failed.after(describe_failure(error)))
            self._changed.tell()

    def _job(self, settings: Settings) -> Job:
        drawn = tuple(versions.pictures_in(self._turns))
        return Job(
            self._services, settings, self._emit, self.collection.add, self._review.ask,
            chat_context(self._turns), drawn[-1].recipe.seed if drawn else None, self._access, self.picture,
            wishes=self.conversations.current.wishes, drawn=drawn, compare=self._brought.compare,
        )  # fmt: skip

    async def _carry(self, work: Work, job: Job) -> None:
        """The one place where the errors of a turn become words; its beginning and its end are kept."""
        try:
            await self._unfinished.keep()
            await self._keep_turns()
            await work(job)
        except (asyncio.CancelledError, Exception) as error:  # noqa: BLE001 - the border to the person
            self._emit(describe_end(error, self._turns[-1]))
        end = asyncio.get_running_loop().create_task(self._end())
        while not end.done():
            with contextlib.suppress(asyncio.CancelledError):  # a Stop that comes too late stops nothing
                await asyncio.shield(end)

    async def _end(self) -> None:
        await self._keep_turns()
        await self._unfinished.keep()
        self.store.counted()  # it is smaller by what is no longer under way
        await self._go_on()

    async def _keep_turns(self) -> None:
        leaving = history.overflow(self._turns)
        try:
            if self._turns:
                await asyncio.to_thread(self.store.keep, self._turns)
        except GeminiDiffusionError as error:
            self._emit(Noticed(f"This conversation could not be kept on disk. {error}"))
        self._turns = self._turns[leaving:]

    def _emit(self, event: Event) -> None:
        self._set(self._turns[-1].after(event, time.monotonic()))
        self._unfinished.keep_soon(event)

    def _set(self, turn: Turn) -> None:
        self._turns = (*self._turns[:-1], turn)
        self._changed.tell()
