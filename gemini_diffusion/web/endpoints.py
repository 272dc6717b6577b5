"""Endpoints for programs, /chat, /imagine and /recipe: functions of their own, the same sessions and the same sentences."""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import gradio as gr

from gemini_diffusion.commands import as_line, as_text
from gemini_diffusion.generation.drawing.recipe_offer import offer_of_texts
from gemini_diffusion.storage.metadata import read_picture_texts
from gemini_diffusion.types.errors import GeminiDiffusionError
from gemini_diffusion.web.cookies import visitor_name

if TYPE_CHECKING:
    from gemini_diffusion.config.settings import Settings
    from gemini_diffusion.generation.turn.session import Session
    from gemini_diffusion.generation.visitors import Visitor, Visitors
    from gemini_diffusion.types.turn import Turn


@dataclass(frozen=True, slots=True)
class Endpoints:
    """A program is a visitor as well: by its cookie if it keeps one, otherwise by its connection."""

    visitors: Visitors

    async def chat(self, message: str, request: gr.Request) -> AsyncIterator[str]:
        """Answers a message; yields the growing answer, the whole one last. Remembers within one client session."""
        said = None
        async for turn in self._turn(message, request):
            if turn.text and turn.text != said:
                said = turn.text
                yield said
        if said is None:
            yield ""

    async def imagine(self, line: str, request: gr.Request) -> tuple[list[str], list[dict[str, Any]]]:
        """Draws what the line asks for; gives the pictures' files and their recipes, in the order of their seeds.

        With --dry there are no files, and the recipes are what would be drawn.
        """
        last = None
        async for turn in self._turn(line, request, as_line):
            last = turn
        if last is None or not (last.pictures or last.planned):
            raise _refused(why(last))
        recipes = [*(picture.recipe for picture in last.pictures), *last.planned]
        return [str(picture.path) for picture in last.pictures], [recipe.flat() for recipe in recipes]

    async def recipe(self, texts: dict[str, Any], request: gr.Request) -> dict[str, Any]:
        """What a picture's recipe offers: `line`, `prompt`, `seed`, `program` and `notices`; {} where it has none.

        `texts` is what the picture carries as text by name, as Pillow's `image.info` has it, or the picture itself, if it is
        small, as {"picture": "data:image/png;base64,..."}.
        """
        found = {name: value for name, value in texts.items() if isinstance(value, str)} if isinstance(texts, dict) else {}
        visitor = self.visitors.of(visitor_name(request))
        return await asyncio.to_thread(_offer, found, self.visitors, visitor.settings)

    async def _turn(self, text: Any, request: gr.Request, read: Callable[[Any], str] = as_text) -> AsyncIterator[Turn]:
        turn = None
        try:
            async for turn in follow(self.visitors.of(visitor_name(request)), read(text)):
                yield turn
        except GeminiDiffusionError as error:
            raise _refused(str(error)) from None
        if turn is None or turn.state != "done":
            raise _refused(why(turn))

    def publish(self) -> None:
        """Adds them to the page that is being built. Their components are never shown; they only give the shapes."""
        with gr.Row(visible=False):
            text, said = gr.Textbox(), gr.Textbox()
            files, recipes = gr.File(file_count="multiple"), gr.JSON()
            ask, draw = gr.Button(), gr.Button()
        limits = {"concurrency_limit": None, "show_progress": "hidden"}
        ask.click(self.chat, text, said, api_name="chat", **limits)
        draw.click(self.imagine, text, [files, recipes], api_name="imagine", **limits)
        gr.api(self.recipe, api_name="recipe", queue=False)


async def follow(visitor: Visitor, text: str) -> AsyncIterator[Turn]:
    """Every state of a turn that a program started; it is stopped when the program goes away.

    A prompt under review is drawn as it is, since a program has nobody to ask. Raises BadInput if nothing can be started.
    """
    session: Session = visitor.session
    sending = asyncio.ensure_future(session.send(text, visitor.settings))
    try:
        begun = await asyncio.shield(sending)
        async for turn in session.watch(begun.id):
            if turn.state == "review":
                session.choose("draw")
            yield turn
    finally:
        begun = await sending  # a program that went away meanwhile has something in line all the same
        if session.line.take(begun.id) is None and session.running and session.running.id == begun.id:  # not another's
            await session.stop()


def _offer(texts: dict[str, str], visitors: Visitors, settings: Settings) -> dict[str, Any]:
    with contextlib.suppress(binascii.Error):
        coded = texts.get("picture", "").partition(";base64,")[2]
        texts = read_picture_texts(base64.b64decode(coded, validate=True)) if coded else texts
    offer = offer_of_texts(texts, visitors.services, settings, host=visitors.owner)
    return offer.flat() if offer else {}


def why(turn: Turn | None) -> str:
    """The sentence the window shows in place of a picture or an answer."""
    if turn is None:
        return "Nothing came of it. Try again."
    if turn.failures:
        return f"{turn.failures[-1].text} {turn.failures[-1].hint}".strip()
    return turn.text or (turn.notices[-1] if turn.notices else "Nothing came of it. Try again.")


def _refused(text: str) -> gr.Error:
    return gr.Error(text, print_exception=False)
