"""What a person does with their conversations: begins, opens, finds, names, deletes and saves them, and wishes for them."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import gradio as gr

from gemini_diffusion.types.errors import BadInput
from gemini_diffusion.ui import composer_chips
from gemini_diffusion.ui.conversation_list import listed
from gemini_diffusion.ui.error_display import answer_errors, show_error
from gemini_diffusion.ui.live_updates import LiveUpdates
from gemini_diffusion.web.cookies import visitor_name

if TYPE_CHECKING:
    from gemini_diffusion.generation.visitors import Visitor
    from gemini_diffusion.types.turn import Turn

Updates = dict[Any, Any]
_FETCH = "() => setTimeout(() => document.querySelector('#bundle').click(), 50)"
_TAKE = "() => window.conversationPiece"
_GO_ON = "(arrived) => { window.sendPieces(Number(arrived)); }"
REMEMBERED = 100
"""Requests that the arrow keys walk through."""
AT_ONCE = 2
"""Zips that are read at the same time for all visitors."""


@dataclass(frozen=True, slots=True)
class ConversationActions:
    """The handlers. Each looks up by itself who asks, and a conversation only among that visitor's own."""

    following: LiveUpdates

    async def new(self, request: gr.Request) -> Updates:
        """Begins another one; the picture on the screen stays."""
        visitor = self._visitor(request)
        await visitor.session.new()
        return self._shown(visitor)

    async def open(self, identity: str | None, request: gr.Request) -> Updates:
        visitor = self._visitor(request)
        await visitor.session.switch(lambda: visitor.session.conversations.open(str(identity)))
        return await self._with_picture(visitor)

    async def delete(self, request: gr.Request) -> Updates:
        visitor = self._visitor(request)
        await visitor.session.switch(visitor.session.conversations.delete)
        return await self._with_picture(visitor)

    async def restore(self, request: gr.Request) -> Updates:
        visitor = self._visitor(request)
        await visitor.session.switch(visitor.session.conversations.restore)
        return await self._with_picture(visitor)

    async def asked_before(self, asked: dict[str, Any], request: gr.Request) -> dict[str, Any]:
        """What this person asked, the newest first, for the arrow keys in an empty message box."""
        conversations = self._visitor(request).session.conversations
        return {"asked": await asyncio.to_thread(conversations.asked, REMEMBERED)}

    async def find(self, words: str, request: gr.Request) -> Updates:
        kept = self._visitor(request).session.conversations
        found = await asyncio.to_thread(kept.search, words)
        return {self.following.conversation.listed.found: listed(found, kept.current)}

    async def rename(self, name: str, request: gr.Request) -> Updates:
        visitor = self._visitor(request)
        visitor.session.conversations.rename(name)
        return self._shown(visitor)

    async def wish(self, words: str, request: gr.Request) -> Updates:
        visitor = self._visitor(request)
        visitor.session.store.wish(words)
        return self._shown(visitor) | {self.following.conversation.listed.wish: ""}

    async def press(self, data: gr.EventData, request: gr.Request) -> Updates:
        """The x of a chip above the box was pressed; a message that was taken back goes into the box, if that is empty."""
        visitor, talk = self._visitor(request), self.following.conversation
        taken = composer_chips.press(visitor.session, data._data)
        if taken is None:
            return self._shown(visitor)
        back = {talk.returned: taken.asked, talk.attachment.back: taken.source.id if taken.source else ""}
        return talk.queued(visitor.session) | back

    def edit(self, turn: Turn, request: gr.Request) -> Updates:
        """The words of a turn are to be said in other words, from where they were said."""
        talk, session = self.following.conversation, self._visitor(request).session
        if session.busy:
            return gr.skip()
        return {talk.editing: turn.id, talk.returned: turn.asked, talk.chips: composer_chips.of(session, turn)}

    async def save(self, request: gr.Request) -> Updates:
        """Puts the conversation and its pictures into one zip, behind a button that the page then presses."""
        session = self._visitor(request).session
        bundle = await asyncio.to_thread(session.store.bundle, session.turns)
        return {self.following.conversation.listed.bundle: str(bundle)}

    async def bring(self, carried: str, request: gr.Request) -> Updates:
        """A piece of a zip that the page reads; with the last one the conversation is here and open."""
        visitor = self._visitor(request)
        at, size, content = _piece(carried)
        arrived = await asyncio.to_thread(visitor.session.store.receive, at, size, content)
        got = {self.following.conversation.listed.brought: str(arrived)}
        if arrived < size:
            return got
        session, engines = visitor.session, self.following.visitors.services.engines
        await session.switch(lambda: session.store.bring_back(session.collection, engines))
        return got | await self._with_picture(visitor)

    def _shown(self, visitor: Visitor) -> Updates:
        talk = self.following.conversation
        return talk.show(visitor.session) | talk.listed.show(visitor.session.conversations)

    async def _with_picture(self, visitor: Visitor) -> Updates:
        """The conversation that is open now, its picture in front."""
        latest = await asyncio.to_thread(lambda: visitor.session.latest)
        picture = await self.following.show_picture(visitor, latest) if latest else {}
        return self._shown(visitor) | picture

    def _visitor(self, request: gr.Request) -> Visitor:
        return self.following.visitors.of(visitor_name(request))

    def wire(self) -> None:
        talk, panel = self.following.conversation, self.following.panel
        its, outputs = talk.listed, [*talk.components(), *panel.components(), talk.listed.wish]
        quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private", "concurrency_limit": None}

        def on(trigger: Callable[..., Any], handler: Callable[..., Any], inputs: Any = None) -> Any:
            return trigger(show_error(handler), inputs, outputs, **quiet)

        its.wire()
        gr.api(answer_errors(self.asked_before), api_name="asked_before", api_visibility="private", queue=False)
        on(its.new.click, self.new)
        on(its.found.input, self.open, its.found)
        on(its.delete.click, self.delete)
        on(its.restore.click, self.restore)
        on(its.rename.click, self.rename, its.name)
        on(its.name.submit, self.rename, its.name)
        on(its.add_wish.click, self.wish, its.wish)
        on(its.wish.submit, self.wish, its.wish)
        on(talk.chips.press, self.press)
        its.words.change(show_error(self.find), its.words, its.found, trigger_mode="always_last", **quiet)
        carried = gr.Textbox(visible=False)  # never holds anything: the page's script gives what is sent
        piece = its.bring.click(
            show_error(self.bring), carried, [its.brought, *outputs], js=_TAKE, **quiet | {"concurrency_limit": AT_ONCE}
        )  # fmt: skip
        piece.then(None, its.brought, None, js=_GO_ON, queue=False, show_progress="hidden", api_visibility="private")
        saved = its.save.click(show_error(self.save), None, its.bundle, **quiet)
        saved.success(None, js=_FETCH, queue=False, show_progress="hidden", api_visibility="private")


def _piece(carried: str) -> tuple[int, int, bytes]:
    """Where a piece begins, how long the whole is, and its bytes. Raises BadInput for anything a page would not send."""
    try:
        told = json.loads(carried)
        return int(told["at"]), int(told["size"]), base64.b64decode(told["piece"], validate=True)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise BadInput("The conversation arrived incomplete.", "Bring it again.") from error
