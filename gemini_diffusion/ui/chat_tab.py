"""The event handlers of the Chat tab. The visitor's session does the work; the handlers show it.

Each handler looks up by itself who asks, and takes only words and choices from the page: no picture, no earlier message.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import gradio as gr

from gemini_diffusion.generation.health import welcome
from gemini_diffusion.types.errors import BadInput, GeminiDiffusionError
from gemini_diffusion.ui.attachment import AttachmentHandlers
from gemini_diffusion.ui.chat_panel import ChatPanel
from gemini_diffusion.ui.conversation_actions import ConversationActions
from gemini_diffusion.ui.error_display import show_error
from gemini_diffusion.ui.image_actions import ImageActions
from gemini_diffusion.ui.image_panel import ImagePanel
from gemini_diffusion.ui.live_updates import LiveUpdates
from gemini_diffusion.ui.model_pickers import Listed, ModelPickers
from gemini_diffusion.ui.prompt_words import press_words, show_words
from gemini_diffusion.ui.recovery import Recovery, can_move
from gemini_diffusion.ui.welcome import EXAMPLES, listed
from gemini_diffusion.web.cookies import visitor_name

if TYPE_CHECKING:
    from gemini_diffusion.generation.drawing.job import ReviewChoice
    from gemini_diffusion.generation.visitors import Visitor, Visitors
    from gemini_diffusion.types import CraftedPrompt

Updates = dict[Any, Any]

SURPRISES = (
    *EXAMPLES,
    "/imagine a blue boat far out on the left, in the morning",
    "/imagine a purple bird with a heart, in the forest",
    "/imagine a green car on a snowy road in the evening",
    "/imagine a small rabbit in a meadow in the morning light",
)


@dataclass(frozen=True, slots=True)
class ChatTab:
    """The handlers and the components they change."""

    visitors: Visitors
    conversation: ChatPanel
    panel: ImagePanel
    choices: ModelPickers
    tabs: gr.Tabs

    @property
    def following(self) -> LiveUpdates:
        return LiveUpdates(self.visitors, self.conversation, self.panel)

    # A turn

    async def send(
        self, text: str, held: str, request: gr.Request, selected: str = "", editing: str = ""
    ) -> AsyncGenerator[Updates, None]:
        """Sends the message in the box with the picture `held`. A blank one does nothing.

        One that says the words of the turn `editing` in other words goes on in a copy that ends before them.
        """
        if not text.strip():
            yield gr.skip()
            return
        visitor = self._visitor(request)
        if editing:
            await visitor.session.branch(editing)
        turn = await visitor.session.send(text, visitor.settings, held, selected)
        async for updates in self.following.follow(visitor, text, turn.id, clear=True):
            yield updates

    async def again(self, draft: str, data: gr.SelectData, request: gr.Request) -> AsyncGenerator[Updates, None]:
        """A button under a turn was pressed. The text it sends again leaves the box; a newer draft stays."""
        visitor = self._visitor(request)
        step = Recovery.read(str(data.value), visitor.session.turns)
        if step.tab:
            yield {self.tabs: gr.Tabs(selected=step.tab)}
            return
        source, only_talk = visitor.session.turns[-1].source, step.kind == "talk"
        attached = source.id if source and not only_talk else ""
        settings = step.settings(self.visitors, visitor)
        turn = await visitor.session.instead(step.text, settings, attached, only_talk=only_talk)
        async for updates in self.following.follow(visitor, step.text, turn.id, clear=draft.strip() == step.text.strip()):
            yield updates

    async def move(self, request: gr.Request) -> AsyncGenerator[Updates, None]:
        """Stops a drawing that waits for a service, and has another engine draw the same."""
        visitor = self._visitor(request)
        session, turn = visitor.session, visitor.session.running
        if turn is None or turn.alternative is None or not can_move(turn):
            raise BadInput("The drawing is no longer waiting.", "Send the request again.")
        again = await session.instead(turn.alternative.line, visitor.settings)
        async for updates in self.following.follow(visitor, turn.asked, again.id):
            yield updates

    # Everything else

    async def stop(self, request: gr.Request) -> None:
        """Stops the running turn; the handler that follows it shows how it ended."""
        await self._visitor(request).session.stop()

    async def choose(self, choice: ReviewChoice, prompt: str, request: gr.Request) -> Updates:
        """The answer to a review."""
        self._visitor(request).session.choose(choice, prompt)
        return {self.conversation.review: gr.update(visible=False)}

    async def review_words(self, prompt: str, request: gr.Request) -> Updates:
        """Tells the words of the prompt under review apart."""
        return await show_words(self.conversation.review_words, self._reviewed(request), prompt)

    async def press_review(self, prompt: str, data: gr.EventData, request: gr.Request) -> Updates:
        """Takes words out of the prompt under review or puts lost ones in."""
        talk, crafted = self.conversation, self._reviewed(request)
        return await press_words(talk.review_words, talk.review_prompt, crafted, prompt, data) if crafted else gr.skip()

    def _reviewed(self, request: gr.Request) -> CraftedPrompt | None:
        turn = self._visitor(request).session.running
        return turn.crafted if turn and turn.state == "review" else None

    async def take(self, data: gr.SelectData, request: gr.Request) -> Updates:
        """Selects a picture that was clicked in the conversation, or begins to say one's own words in other words."""
        visitor = self._visitor(request)
        if turn := self.conversation.transcript.reworded(visitor.session.turns, int(data.index)):
            return ConversationActions(self.following).edit(turn, request)
        picture = visitor.session.picture(tapped(data.value))
        return await self.following.show_picture(visitor, picture) if picture else gr.skip()

    async def pick(self, data: gr.EventData, request: gr.Request) -> Updates:
        """Selects a picture of the filmstrip."""
        visitor = self._visitor(request)
        picture = visitor.session.picture(str(data._data))
        if picture is None:
            raise BadInput("That picture is not here any more.", "Choose another one.")
        return await self.following.show_picture(visitor, picture)

    async def mend(self, selected: str, shown: str, request: gr.Request) -> Updates:
        """Shows the selected picture again to a page that missed the update and still has another one `shown`."""
        visitor = self._visitor(request)
        picture = visitor.session.picture(selected) if selected != shown else None
        return await self.following.show_picture(visitor, picture) if picture else gr.skip()

    async def arrive(self, request: gr.Request) -> AsyncGenerator[Updates, None]:
        """A page was opened: shows the conversation and follows what runs, and what waits in line, to its end."""
        visitor = self._visitor(request)
        session = visitor.session
        latest = await asyncio.to_thread(lambda: session.latest)
        shown = await self.following.show_picture(visitor, latest) if latest else {}
        yield (
            self.conversation.show(session)
            | self.conversation.listed.show(session.conversations)
            | shown
            | self.conversation.speech.show(visitor)
        )
        self.visitors.services.prepare(visitor.settings)
        while session.busy:
            turn = session.running or session.line.waiting[0].turn
            async for state in self.following.follow(visitor, turn.asked, turn.id):
                yield state

    async def return_here(self, known: Listed, request: gr.Request) -> Updates:
        """The tab was opened: shows what was changed in Settings."""
        visitor = self._visitor(request)
        return self.choices.show(visitor.settings, known) | self._set_up(visitor) | self.conversation.speech.show(visitor)

    def _set_up(self, visitor: Visitor) -> Updates:
        """What is set up for this visitor and what is not, for the welcome."""
        try:
            return {self.panel.set_up: listed(welcome(self.visitors.services, visitor.settings))}
        except GeminiDiffusionError as error:
            return {self.panel.set_up: listed([str(error)])}

    def _visitor(self, request: gr.Request) -> Visitor:
        return self.visitors.of(visitor_name(request))

    # Events

    def wire(self, page: gr.Blocks, tab: gr.Tab) -> None:
        """Connects every event. None is published; none is limited in number, because following a turn is cheap."""
        talk, panel = self.conversation, self.panel
        AttachmentHandlers(self.visitors, talk.attachment, self.following.show_picture, panel.components()).wire()
        self._turn(
            talk.box.submit, self.send, [talk.box, talk.attachment.held, panel.selected, talk.editing], trigger_mode="multiple"
        )
        for button, text in zip(panel.examples, EXAMPLES, strict=True):
            self._turn(button.click, self._example(text))
        self._turn(panel.surprise.click, self._example(""))
        self._turn(talk.chat.option_select, self.again, talk.box)
        self._turn(panel.draw_here.click, self.move)
        self._turn(page.load, self.arrive)
        ImageActions(self.following, talk.attachment).wire(self._turn)
        private = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
        talk.box.stop(show_error(self.stop), None, None, **private)
        quiet = {"show_progress": "hidden", "api_visibility": "private", "concurrency_limit": None}
        models = [self.choices.chat_model, self.choices.image_model]
        known, shown = self.choices.listed, [*models, self.choices.drawing, panel.set_up, talk.speech.ready]
        opened = tab.select(show_error(self.return_here), known, shown, **quiet)
        opened.then(show_error(self.choices.lists), None, [*models, known], **quiet)
        ConversationActions(self.following).wire()
        talk.builder.wire(talk.box)
        talk.speech.wire(self.visitors)
        talk.chat.select(show_error(self.take), None, [talk.editing, talk.returned, talk.chips, *panel.components()], **quiet)
        talk.filmstrip.press(show_error(self.pick), None, panel.components(), trigger_mode="always_last", **quiet)
        panel.selected.change(show_error(self.mend), [panel.selected, panel.shown], panel.components(), js=_SLOW, **quiet)
        answers: dict[ReviewChoice, Any] = {"draw": talk.draw, "again": talk.again, "mine": talk.mine}
        for choice, button in answers.items():
            button.click(show_error(self._choice(choice)), talk.review_prompt, talk.review, **quiet)
        talk.asked.change(None, talk.asked, talk.review_prompt, js=_ASK, **private)
        talk.asked.change(show_error(self.review_words), talk.asked, talk.review_words, **quiet)
        talk.review_prompt.blur(show_error(self.review_words), talk.review_prompt, talk.review_words, **quiet)
        talk.review_words.press(
            show_error(self.press_review), talk.review_prompt, [talk.review_prompt, talk.review_words], **quiet
        )  # fmt: skip
        talk.returned.change(None, [talk.box, talk.returned], [talk.box, talk.returned], js=_GIVE_BACK, **private)

    def _turn(self, trigger: Any, handler: Callable[..., Any], inputs: Any = None, trigger_mode: str = "once") -> None:
        outputs = [*self.conversation.components(), *self.panel.components(), self.tabs]
        trigger(
            show_error(handler), inputs, outputs, show_progress="hidden", concurrency_limit=None, api_visibility="private",
            trigger_mode=trigger_mode,
        )  # fmt: skip

    def _example(self, text: str) -> Callable[..., AsyncIterator[Updates]]:
        async def send_example(request: gr.Request) -> AsyncGenerator[Updates, None]:
            visitor, words = self._visitor(request), text or random.choice(SURPRISES)
            turn = await visitor.session.send(words, visitor.settings)
            async for updates in self.following.follow(visitor, words, turn.id):
                yield updates

        return send_example

    def _choice(self, choice: ReviewChoice) -> Callable[..., Any]:
        async def choose_this(prompt: str, request: gr.Request) -> Updates:
            return await self.choose(choice, prompt, request)

        return choose_this


_ASK = "(asked) => asked || undefined"
_SLOW = """async (held) => {
    await new Promise((go) => setTimeout(go, 2000));
    return [held, document.querySelector("#shown textarea").value];
}"""
"""By then a page shows the picture, or has missed the update."""
_GIVE_BACK = "(draft, text) => text && !draft.trim() ? [text, ''] : [undefined, undefined]"
"""Undefined leaves the box alone: the draft that was read may be older than what the box holds by now."""


def tapped(value: Any) -> str:
    """The id of the picture in a click event: its folder's name. It is only looked up among the visitor's own pictures."""
    found = value.get("value") if isinstance(value, dict) else None
    path = str(found.get("path", "")) if isinstance(found, dict) else ""
    return path.replace("\\", "/").rpartition("/")[0].rpartition("/")[2]
