"""The actions on the selected picture: draw it again, vary, enlarge, paint over, attach, count the tokens of its prompt."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import gradio as gr

from gemini_diffusion.generation.drawing.edit import Edit
from gemini_diffusion.generation.turn.picture_turns import STRENGTHS
from gemini_diffusion.types.errors import BadInput
from gemini_diffusion.types.finishing import read_finish, write_finish
from gemini_diffusion.ui.attachment import Attachment
from gemini_diffusion.ui.error_display import show_error
from gemini_diffusion.ui.live_updates import LiveUpdates, exported
from gemini_diffusion.ui.mask_editor import read_marks
from gemini_diffusion.ui.prompt_words import LONGEST_PROMPT, press_words, show_words
from gemini_diffusion.web.cookies import visitor_name

if TYPE_CHECKING:
    from gemini_diffusion.generation.visitors import Visitor

Updates = dict[Any, Any]
Values = dict[Any, Any]
Turns = AsyncGenerator[Updates, None]


@dataclass(frozen=True, slots=True)
class ImageActions:
    """The handlers. Each looks up by itself who asks, and the picture only among that visitor's own."""

    following: LiveUpdates
    attachment: Attachment

    def redraw(self, values: Values, request: gr.Request) -> Turns:
        """Draws the picture again with the prompt as edited and the same seed."""
        return self._drawn(values, request)

    def reseed(self, values: Values, request: gr.Request) -> Turns:
        """Draws it again with a new seed."""
        return self._drawn(values, request, seed="random")

    def vary(self, values: Values, request: gr.Request) -> Turns:
        """Draws one that is a little different, from the picture itself."""
        return self._drawn(values, request, seed="random", begin=True, strength=STRENGTHS["subtle"])

    def vary_strong(self, values: Values, request: gr.Request) -> Turns:
        """Draws a very different one, from the picture itself."""
        return self._drawn(values, request, seed="random", begin=True, strength=STRENGTHS["strong"])

    def enlarge(self, values: Values, request: gr.Request) -> Turns:
        """Draws it at twice the size."""
        return self._drawn(values, request, hd=True)

    def paint(self, values: Values, request: gr.Request) -> Turns:
        """Redraws the marked part by the prompt, or the whole picture if nothing is marked."""
        mask, strength = read_marks(str(values[self.following.panel.mask.marks]))
        return self._drawn(values, request, seed="random", begin=True, mask=mask, strength=strength)

    async def finish(self, values: Values, request: gr.Request) -> Turns:
        """Keeps a finished copy, by the steps that the sliders say."""
        visitor, panel = self._visitor(request), self.following.panel
        steps, _ = read_finish(str(values[panel.finish_steps]))
        if not steps:
            raise BadInput("Nothing is changed yet.", "Move a slider.")
        line = f"/finish {write_finish(steps)}"
        turn = await visitor.session.send(line, visitor.settings, selected=values[panel.selected])
        async for updates in self.following.follow(visitor, identity=turn.id):
            yield updates

    async def _drawn(self, values: Values, request: gr.Request, **changes: Any) -> Turns:
        visitor, panel = self._visitor(request), self.following.panel
        second = str(values[panel.keywords] or "")[:LONGEST_PROMPT]
        edit = Edit(prompt=values[panel.prompt], negative_prompt=values[panel.negative], prompt_2=second, **changes)
        await visitor.session.redraw(values[panel.selected], edit, visitor.settings)
        async for updates in self.following.follow(visitor):
            yield updates

    async def check(self, values: Values, request: gr.Request) -> Turns:
        """Has the chat model look for each thing that was asked of it."""
        visitor, selected = self._visitor(request), values[self.following.panel.selected]
        turn = await visitor.session.send("/check", visitor.settings, selected=selected)
        async for updates in self.following.follow(visitor, identity=turn.id):
            yield updates

    async def attach(self, selected: str, request: gr.Request) -> Updates:
        """Attaches the picture to the next message."""
        picture = self._visitor(request).session.picture(selected)
        return {self.attachment.held: picture.id} if picture else gr.skip()

    async def measure(self, values: Values, request: gr.Request) -> Updates:
        """Counts the tokens of the edited prompt and tells its words apart."""
        visitor, panel = self._visitor(request), self.following.panel
        picture = visitor.session.picture(values[panel.selected])
        if picture is None:
            return gr.skip()
        prompt = str(values[panel.prompt])[:LONGEST_PROMPT]
        words = await show_words(panel.words, picture.recipe.crafted if picture.recipe.engine else None, prompt)
        return words | {panel.meter: await self.following.meter(visitor, picture, prompt)}

    async def press(self, values: Values, data: gr.EventData, request: gr.Request) -> Updates:
        """Takes words out of the prompt or puts lost ones in; the next drawing has them so."""
        visitor, panel = self._visitor(request), self.following.panel
        picture = visitor.session.picture(values[panel.selected])
        if picture is None:
            return gr.skip()
        updates = await press_words(panel.words, panel.prompt, picture.recipe.crafted, str(values[panel.prompt]), data)
        return updates | {panel.meter: await self.following.meter(visitor, picture, updates[panel.prompt])}

    async def change_format(self, values: Values, request: gr.Request) -> Updates:
        """Changes the file format of the Download button."""
        visitor, panel = self._visitor(request), self.following.panel
        visitor.change({"file_format": values[panel.file_format]})
        picture = visitor.session.picture(values[panel.selected])
        if picture is None:
            return gr.skip()
        return {panel.download: gr.update(value=str(await exported(visitor, picture)))}

    def _visitor(self, request: gr.Request) -> Visitor:
        return self.following.visitors.of(visitor_name(request))

    def wire(self, turn: Callable[..., None]) -> None:
        """Connects every event; `turn(trigger, handler, inputs)` connects one that starts a turn."""
        panel = self.following.panel
        edits = {panel.prompt, panel.keywords, panel.negative, panel.selected}
        turn(panel.redraw.click, _streamed(self.redraw), edits)
        turn(panel.reseed.click, _streamed(self.reseed), edits)
        turn(panel.vary.click, _streamed(self.vary), edits)
        turn(panel.vary_strong.click, _streamed(self.vary_strong), edits)
        turn(panel.enlarge.click, _streamed(self.enlarge), edits)
        turn(panel.check.click, _streamed(self.check), {panel.selected})
        turn(panel.mask.draw.click, _streamed(self.paint), edits | {panel.mask.marks})
        turn(panel.finish_keep.click, _streamed(self.finish), {panel.finish_steps, panel.selected})
        quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private", "concurrency_limit": None}
        panel.attach.click(show_error(self.attach), panel.selected, self.attachment.held, **quiet)
        panel.file_format.input(show_error(self.change_format), {panel.file_format, panel.selected}, panel.download, **quiet)
        written = {panel.prompt, panel.selected}
        shown = [panel.words, panel.meter]
        gr.on([panel.prompt.blur, panel.measure.click], show_error(self.measure), written, shown, **quiet)
        panel.words.press(show_error(self.press), written, [panel.prompt, *shown], **quiet)


def _streamed(handler: Callable[[Values, gr.Request], Turns]) -> Callable[..., Turns]:
    """The handler as a generator function of its own: Gradio streams only what it recognises as one."""

    async def streamed(values: Values, request: gr.Request) -> Turns:
        async for updates in handler(values, request):
            yield updates

    return streamed
