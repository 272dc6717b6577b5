"""The Chat tab: what happens on every press, tap and Enter. The person's own session does the work; this shows it.

Every handler finds out by itself who asks, and takes nothing from the page but words and choices: no picture, no message.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import gradio as gr

from gemini_diffusion.checkup import welcome
from gemini_diffusion.edit import Edit
from gemini_diffusion.errors import GeminiDiffusionError
from gemini_diffusion.ui import render
from gemini_diffusion.ui.choices import Choices
from gemini_diffusion.ui.conversation import Conversation
from gemini_diffusion.ui.easel import EXAMPLES, Easel, listed
from gemini_diffusion.ui.glimpse import glimpse
from gemini_diffusion.ui.identity import name_of
from gemini_diffusion.ui.mishap import told
from gemini_diffusion.ui.next_step import NextStep

if TYPE_CHECKING:
    from gemini_diffusion.errand import Choice
    from gemini_diffusion.gallery import FileFormat
    from gemini_diffusion.turn import Turn
    from gemini_diffusion.types import Picture
    from gemini_diffusion.visitors import Visitor, Visitors

Updates = dict[Any, Any]

SURPRISES = (
    *EXAMPLES,
    "/imagine a blue boat at night, far out on the left",
    "/imagine a black cat in the city at night",
    "/imagine a pink flower in the desert at sunset",
    "/imagine a purple bird with a heart, in the forest",
    "/imagine a green car on a snowy road in the evening",
    "/imagine a small rabbit in a meadow in the morning light",
)
SEEN = 1.5
"""Seconds within which every page has taken an update in."""


@dataclass(frozen=True, slots=True)
class ChatTab:
    """The handlers, over the components they change."""

    visitors: Visitors
    conversation: Conversation
    easel: Easel
    choices: Choices
    tabs: gr.Tabs

    # A turn, from its first sight to its last words

    async def send(self, text: str, request: gr.Request) -> AsyncGenerator[Updates, None]:
        """A message from the box. A blank one does nothing; one sent while another runs stays in the box."""
        if not text.strip():
            yield gr.skip()
            return
        async for updates in self._say(text, request, clear=True):
            yield updates

    async def _say(self, text: str, request: gr.Request, *, clear: bool = False) -> AsyncGenerator[Updates, None]:
        visitor = self._visitor(request)
        visitor.session.start(text, visitor.settings)
        async for updates in self._follow(visitor, text, clear=clear):
            yield updates

    async def again(self, draft: str, data: gr.SelectData, request: gr.Request) -> AsyncGenerator[Updates, None]:
        """A button under a failure. The words it sends once more leave the box, a newer draft stays."""
        visitor = self._visitor(request)
        step = NextStep.read(str(data.value), visitor.session.turns)
        if step.tab:
            yield {self.tabs: gr.Tabs(selected=step.tab)}
            return
        visitor.session.start(step.text, step.settings(self.visitors, visitor))
        async for updates in self._follow(visitor, step.text, clear=draft.strip() == step.text.strip()):
            yield updates

    async def redraw(self, values: dict[Any, Any], request: gr.Request) -> AsyncGenerator[Updates, None]:
        """The picture in hand with the prompt as it stands on the easel, and its own seed."""
        async for updates in self._draw_again(values, None, request):
            yield updates

    async def reseed(self, values: dict[Any, Any], request: gr.Request) -> AsyncGenerator[Updates, None]:
        """The same with a new seed."""
        async for updates in self._draw_again(values, "random", request):
            yield updates

    async def _draw_again(self, values: dict[Any, Any], seed: Any, request: gr.Request) -> AsyncGenerator[Updates, None]:
        visitor, easel = self._visitor(request), self.easel
        edit = Edit(prompt=values[easel.prompt], negative_prompt=values[easel.negative], seed=seed)
        await visitor.session.redraw(values[easel.in_hand], edit, visitor.settings)
        async for updates in self._follow(visitor):
            yield updates

    async def _follow(
        self, visitor: Visitor, words: str = "", *, clear: bool = False, fresh: Updates | None = None
    ) -> AsyncGenerator[Updates, None]:
        """Every state of the running turn; `words` go back into an empty box when it is stopped or fails.

        A page that is slow applies only the latest of several updates, so each is whole, and what must be said once (a
        picture for the easel, a prompt to review) is said again for SEEN seconds, by when nobody has edited it yet.
        """
        session, clock = visitor.session, asyncio.get_running_loop().time
        shown, fresh, until = "", fresh or {}, clock() + SEEN
        seen, judged = None, self.visitors.studio.picture_filter.is_on(visitor.settings)
        async for turn in session.watch():
            news = await self._news(visitor, turn, shown)
            if news:
                shown, fresh, until = _marks(turn), fresh | news, clock() + SEEN
            elif clock() > until:
                fresh = {}
            seen = glimpse(turn, seen, veiled=judged)
            state = fresh | self._state(visitor, turn, words) | self.easel.glimpsed(seen)
            yield state | (self.conversation.emptied() if clear else {})
            clear = False

    def _state(self, visitor: Visitor, turn: Turn, words: str) -> Updates:
        """All that a turn says of itself at any moment."""
        updates = self.conversation.show(visitor.session.turns) | self.easel.free(not turn.running)
        updates |= self.easel.progress(render.stage(turn) if turn.kind == "imagine" else None)
        if turn.running:
            return updates | self.conversation.busy()
        return updates | self.conversation.idle(words if turn.state in ("stopped", "failed") else "")

    async def _news(self, visitor: Visitor, turn: Turn, shown: str) -> Updates:
        """What is new since `shown`: the first picture of the turn, a prompt that waits for a choice, or its end."""
        if _marks(turn) == shown:
            return {}
        news = self.conversation.ask(turn) if turn.state == "review" else self.conversation.asked()
        return news | (await self._hang(visitor, turn.kept[0].picture) if turn.kept else {})

    async def _hang(self, visitor: Visitor, picture: Picture) -> Updates:
        """The picture on the easel, with the file its Download button serves made ready."""
        recipe, settings = picture.recipe, visitor.settings
        file = await exported(visitor, picture)
        capabilities = self.visitors.studio.engines[recipe.engine].capabilities(recipe.model, settings)
        return self.easel.hang(render.framed(picture, capabilities), file, settings.file_format)

    # What needs no turn

    async def stop(self, request: gr.Request) -> None:
        """Ends what runs; whoever follows it shows its last words."""
        await self._visitor(request).session.stop()

    async def clear(self, request: gr.Request) -> Updates:
        """The conversation is forgotten, the pictures are kept, and so is the one on the easel."""
        session = self._visitor(request).session
        session.clear()
        return self.conversation.show(session.turns) | {self.conversation.bundle: None}

    async def save_all(self, request: gr.Request) -> Updates:
        """Every picture of the conversation in one zip, behind a button that the page presses itself."""
        return {self.conversation.bundle: str(await asyncio.to_thread(self._visitor(request).session.bundle))}

    async def choose(self, choice: Choice, prompt: str, request: gr.Request) -> Updates:
        """The answer to a review."""
        self._visitor(request).session.choose(choice, prompt)
        return self.conversation.asked()

    async def take(self, data: gr.SelectData, request: gr.Request) -> Updates:
        """A picture of the conversation was tapped: it goes on the easel. Anything else that was tapped stays there."""
        visitor = self._visitor(request)
        picture = visitor.session.picture(tapped(data.value))
        return await self._hang(visitor, picture) if picture else gr.skip()

    async def change_format(self, values: dict[Any, Any], request: gr.Request) -> Updates:
        """Another kind of file behind the Download button, from now on."""
        visitor, easel = self._visitor(request), self.easel
        visitor.change({"file_format": values[easel.file_format]})
        picture = visitor.session.picture(values[easel.in_hand])
        if picture is None:
            return gr.skip()
        file = await exported(visitor, picture)
        return {easel.download: gr.update(value=str(file))}

    async def arrive(self, request: gr.Request) -> AsyncGenerator[Updates, None]:
        """A page was opened: what was said is there again, and what still runs is followed to its end."""
        visitor = self._visitor(request)
        session = visitor.session
        updates = self.conversation.show(session.turns) | self.choices.show(visitor.settings)
        newest = (turn.pictures[0].id for turn in reversed(session.turns) if turn.pictures)
        latest = next(filter(None, map(session.picture, newest)), None)  # one whose file is gone stays off the easel
        if latest:
            updates |= await self._hang(visitor, latest)
        yield updates | self._set_up(visitor)
        if session.running:
            async for state in self._follow(visitor, session.running.asked, fresh=updates):
                yield state

    async def return_here(self, request: gr.Request) -> Updates:
        """The tab was opened again: what Settings changed shows here."""
        visitor = self._visitor(request)
        return self.choices.show(visitor.settings) | self._set_up(visitor)

    def _set_up(self, visitor: Visitor) -> Updates:
        """What is set up for this visitor and what is not."""
        try:
            return {self.easel.set_up: listed(welcome(self.visitors.studio, visitor.settings))}
        except GeminiDiffusionError as error:
            return {self.easel.set_up: listed([str(error)])}

    def _visitor(self, request: gr.Request) -> Visitor:
        return self.visitors.of(name_of(request))

    # Which press does what

    def wire(self, page: gr.Blocks, tab: gr.Tab) -> None:
        """Connects every event; none is published, none is limited in number: watching costs nothing."""
        talk, easel = self.conversation, self.easel
        self._turn(talk.box.submit, self.send, talk.box)
        for button, text in zip(easel.examples, EXAMPLES, strict=True):
            self._turn(button.click, self._example(text))
        self._turn(easel.surprise.click, self._example(""))
        self._turn(talk.chat.option_select, self.again, talk.box)
        edits = {easel.prompt, easel.negative, easel.in_hand}
        self._turn(easel.redraw.click, self.redraw, edits)
        self._turn(easel.reseed.click, self.reseed, edits)
        self._turn(page.load, self.arrive)
        private = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
        talk.box.stop(told(self.stop), None, None, **private)
        quiet = {"show_progress": "hidden", "api_visibility": "private", "concurrency_limit": None}
        shown = [self.choices.chat_model, self.choices.image_model, easel.set_up]
        tab.select(told(self.return_here), None, shown, **quiet).then(told(self.choices.lists), None, shown[:2], **quiet)
        talk.clear.click(told(self.clear), None, [talk.chat, talk.status, talk.bundle], **quiet)
        talk.save_all.click(told(self.save_all), None, talk.bundle, **quiet).success(None, js=_FETCH, **private)
        talk.chat.select(told(self.take), None, easel.components(), **quiet)
        easel.file_format.input(told(self.change_format), {easel.file_format, easel.in_hand}, easel.download, **quiet)
        answers: dict[Choice, Any] = {"draw": talk.draw, "again": talk.again, "mine": talk.mine}
        for choice, button in answers.items():
            button.click(told(self._choice(choice)), talk.review_prompt, talk.review, **quiet)
        talk.returned.change(None, [talk.box, talk.returned], [talk.box, talk.returned], js=_GIVE_BACK, **private)

    def _turn(self, trigger: Any, handler: Callable[..., Any], inputs: Any = None) -> None:
        outputs = [*self.conversation.components(), *self.easel.components(), self.tabs]
        outputs += [self.choices.chat_model, self.choices.image_model]
        trigger(
            told(handler), inputs, outputs, show_progress="hidden", concurrency_limit=None, api_visibility="private",
        )  # fmt: skip

    def _example(self, text: str) -> Callable[..., AsyncIterator[Updates]]:
        async def send_example(request: gr.Request) -> AsyncGenerator[Updates, None]:
            async for updates in self._say(text or random.choice(SURPRISES), request):
                yield updates

        return send_example

    def _choice(self, choice: Choice) -> Callable[..., Any]:
        async def choose_this(prompt: str, request: gr.Request) -> Updates:
            return await self.choose(choice, prompt, request)

        return choose_this


_FETCH = "() => setTimeout(() => document.querySelector('#bundle').click(), 50)"
_GIVE_BACK = "(draft, text) => text && !draft.trim() ? [text, ''] : [draft, text]"


async def exported(visitor: Visitor, picture: Picture) -> Path:
    """The file for the Download button, in the kind the person chose."""
    chosen = cast("FileFormat", visitor.settings.file_format)
    return await asyncio.to_thread(visitor.session.export, picture, chosen)


def _marks(turn: Turn) -> str:
    """What of a turn is shown once: which picture goes on the easel, which prompt waits for a choice."""
    waiting = turn.crafted.prompt if turn.state == "review" and turn.crafted else ""
    return f"{turn.kept[0].picture.id if turn.kept else ''} {waiting}"


def tapped(value: Any) -> str:
    """The id in what the page says was tapped: a picture's folder is its id. Only ever looked up among one's own."""
    found = value.get("value") if isinstance(value, dict) else None
    path = str(found.get("path", "")) if isinstance(found, dict) else ""
    return path.replace("\\", "/").rpartition("/")[0].rpartition("/")[2]
