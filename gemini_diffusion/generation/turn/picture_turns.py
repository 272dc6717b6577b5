"""What one turn does about a kept picture: changes it, draws it again, goes back to another version, tells its seed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from gemini_diffusion.commands import PictureAction, PictureCommand
from gemini_diffusion.crafting.edits.change_list import ChangeList, own_part
from gemini_diffusion.crafting.edits.edit_clauses import forbids, read_edit
from gemini_diffusion.crafting.edits.picture_check import stress
from gemini_diffusion.crafting.edits.rule_changes import add_words, apply_clauses
from gemini_diffusion.generation.conversation import versions
from gemini_diffusion.generation.drawing.edit import Edit
from gemini_diffusion.generation.drawing.finished_copy import finish_picture, steps_in
from gemini_diffusion.generation.drawing.job import Job
from gemini_diffusion.generation.turn import picture_questions
from gemini_diffusion.storage.gallery import is_drawn
from gemini_diffusion.types import Capabilities, Finished, Picture, PictureKept, Recipe, Selected, Understood
from gemini_diffusion.types.errors import BadInput
from gemini_diffusion.types.turn import Kind, Turn

STRENGTHS = {"": 0.4, "subtle": 0.4, "strong": 0.7}
"""How far a variation moves from its picture."""
HELD = 0.6
"""The same for a change that is to leave the composition as it is."""
KINDS: dict[PictureAction, Kind] = {
    "seed": "note",
    "undo": "note",
    "redo": "note",
    "describe": "note",
    "ask": "say",
    "check": "say",
}
"""What a turn is to whoever watches it; one that is not named draws."""


@dataclass(frozen=True, slots=True)
class PictureTurn:
    """One command about `picture`; `turns` are those of the conversation before it, `offer` what corrects a reading of plain
    words.
    """

    job: Job
    command: PictureCommand
    picture: Picture
    turns: Sequence[Turn]
    offer: str = ""

    async def run(self) -> None:
        """Does what the command says. Raises errors of errors.py."""
        await _RUN[self.command.name](self)

    async def edit(self) -> None:
        """Shows what is kept and what is changed, then draws it."""
        text, recipe = self.command.text, self.picture.recipe
        if forbids(text):
            raise BadInput("That says what should not change, so nothing was drawn.", "Say what should change: make it darker.")
        before = ChangeList(recipe.prompt, recipe.negative_prompt)
        if stressed := stress(text, before):
            await self.draw_changed(stressed, anew=not self._able(recipe).weights)
            return
        message = read_edit(text)
        await self.draw_changed(apply_clauses(message.clauses, before) if message else add_words(text, before))

    async def draw_changed(self, changes: ChangeList, *, anew: bool = False) -> None:
        """Draws the picture with its prompt so changed, and says before how; `anew` with another seed. Raises BadInput where
        nothing would change.
        """
        recipe = self.picture.recipe
        if not is_drawn(recipe):
            raise BadInput("That picture has no prompt to change.", "Attach it, and write /imagine and what to see.")
        if (changes.prompt, changes.negative_prompt) == (recipe.prompt, recipe.negative_prompt):
            raise BadInput("It is like that already.", "Say in other words what should change, or change its prompt.")
        changes = replace(changes, from_picture=changes.from_picture and self._able(recipe).image)
        self.job.emit(Understood(changes.told(recipe.prompt, None if anew else recipe.seed), self.offer, draws=True))
        held = HELD if changes.from_picture else None
        seed: Literal["random"] | None = "random" if anew else None
        await self._draw(Edit(changes=changes, begin=changes.from_picture, strength=held, seed=seed))

    def _able(self, recipe: Recipe) -> Capabilities:
        engine = self.job.services.engines.get(recipe.engine)
        return engine.capabilities(recipe.model, self.job.settings) if engine else Capabilities()

    async def again(self) -> None:
        same = self.command.text == "same"
        await self._draw_told("same seed" if same else "new seed", Edit() if same else Edit(seed="random"))

    async def vary(self) -> None:
        strength = STRENGTHS[self.command.text]
        await self._draw_told(f"from the picture, strength {strength:g}", Edit(seed="random", begin=True, strength=strength))

    async def upscale(self) -> None:
        await self._draw_told("at twice the size", Edit(hd=True))

    async def finish(self) -> None:
        """Keeps a finished copy; nothing is drawn."""
        steps = steps_in(self.command.text)
        told = ", ".join(f"{step.name} {step.strength:g}" for step in steps)
        self.job.emit(Understood(f"{self._name().capitalize()} finished: {told}. The original stays.", draws=True))
        picture = await asyncio.to_thread(finish_picture, self.picture, steps, self.job.services.gallery)
        self.job.keep(picture)
        self.job.emit(PictureKept(picture))
        self.job.emit(Finished())

    async def seed(self) -> None:
        """Tells the seed, or draws with another one."""
        if self.command.text:
            await self._draw_told(f"seed {self.command.text}", Edit(seed=int(self.command.text)))
            return
        if not is_drawn(self.picture.recipe):
            raise BadInput("That picture was not drawn here, so it has no seed.", "Choose another one.")
        self.job.emit(Finished(f"The seed of {self._name()} is {self.picture.recipe.seed}."))

    async def _draw_told(self, how: str, edit: Edit) -> None:
        self.job.emit(Understood(f"{self._name().capitalize()} again, {how}.", self.offer, draws=True))
        await self._draw(edit)

    async def _draw(self, edit: Edit) -> None:
        planned, crafted = await edit.prepare(self.job, self.picture)
        await self.job.redraw(planned, crafted)

    async def undo(self) -> None:
        """Puts the version before in front of the person: the kept file itself."""
        original = self.job.find(self.picture.recipe.parent)  # of a finished one it is in no turn
        self._select(original or versions.before(self.turns, self.picture), "before")

    async def redo(self) -> None:
        self._select(versions.after(self.turns, self.picture), "after")

    def _select(self, picture: Picture | None, where: str) -> None:
        if picture is None:
            raise BadInput(f"There is no picture {where} this one.", "A click on any picture of the conversation selects it.")
        if not picture.path.exists():
            raise BadInput(f"The picture {where} this one was deleted.", "Put it back on the Pictures tab, under Deleted.")
        self.job.emit(Selected(picture, self.picture.id))
        self.job.emit(
            Finished(f"Back to {versions.name_of(self.turns, picture)}: {own_part(picture.recipe.prompt) or 'your own'}.")
        )

    async def ask(self) -> None:
        """Has the chat model look at the picture."""
        self.job.emit(Selected(self.picture))
        await picture_questions.answer(self.job, self.picture, self.command.text, first=self._first_look)

    async def check(self) -> None:
        """Has the chat model look for each thing that was asked for."""
        self.job.emit(Selected(self.picture))
        await picture_questions.check(self.job, self.picture, first=self._first_look)

    @property
    def _first_look(self) -> bool:
        return not any(turn.kind == "say" and turn.selected for turn in self.turns)

    async def describe(self) -> None:
        """A request and a shape that would draw such a picture."""
        self.job.emit(Selected(self.picture))
        recipe = self.picture.recipe
        if is_drawn(recipe):
            self.job.emit(Finished(f"{own_part(recipe.prompt)}\n\n`{recipe.line}`"))
            return
        await picture_questions.describe(self.job, self.picture)

    def _name(self) -> str:
        return versions.name_of(self.turns, self.picture)


_RUN: dict[PictureAction, Callable[[PictureTurn], Awaitable[None]]] = {
    "edit": PictureTurn.edit,
    "again": PictureTurn.again,
    "vary": PictureTurn.vary,
    "upscale": PictureTurn.upscale,
    "finish": PictureTurn.finish,
    "seed": PictureTurn.seed,
    "undo": PictureTurn.undo,
    "redo": PictureTurn.redo,
    "ask": PictureTurn.ask,
    "check": PictureTurn.check,
    "describe": PictureTurn.describe,
}
