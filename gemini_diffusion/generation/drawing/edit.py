"""What changes when a kept picture is drawn again: its words, its seed, its size, or what it begins from."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from gemini_diffusion import commands, crafting
from gemini_diffusion.commands import Flags, Imagine
from gemini_diffusion.config.settings import Settings
from gemini_diffusion.crafting.edits.change_list import ChangeList
from gemini_diffusion.crafting.keywords import follow_prompt
from gemini_diffusion.engines import ImageEngine
from gemini_diffusion.generation.drawing import plan
from gemini_diffusion.generation.drawing.job import Job
from gemini_diffusion.generation.drawing.plan import DrawingPlan
from gemini_diffusion.storage import uploads
from gemini_diffusion.storage.gallery import is_drawn
from gemini_diffusion.types import NO_START_IMAGE, CraftedPrompt, Picture, Recipe, StartImage
from gemini_diffusion.types.errors import BadInput, RequestRefused


@dataclass(frozen=True, slots=True)
class Edit:
    """None leaves it as it was. With `begin` it is drawn from the picture itself, `strength` away from it and, where there is a
    `mask` (a PNG, white where it is drawn anew), only there. `hd` makes it large. `changes` hold the prompt to the letter in
    place of `prompt`.
    """

    prompt: str | None = None
    negative_prompt: str | None = None
    prompt_2: str | None = None
    seed: int | Literal["random"] | None = None
    begin: bool = False
    mask: bytes = b""
    strength: float | None = None
    hd: bool = False
    changes: ChangeList | None = None

    def begins(self, recipe: Recipe) -> bool:
        """Whether the picture itself is what is begun from; with one that nobody drew there is no other way."""
        return self.begin or not is_drawn(recipe)

    def crafted(self, recipe: Recipe) -> CraftedPrompt:
        """The prompt of a kept picture with the person's changes; what was crafted stays known while it is unchanged."""
        if self.changes is not None:
            told = _told(recipe, self.changes.prompt, self.changes.negative_prompt)
            return dataclasses.replace(told, prompt_2=self._prompt_2(recipe))
        prompt = recipe.prompt if self.prompt is None else _words_only(self.prompt)
        negative = recipe.negative_prompt if self.negative_prompt is None else self.negative_prompt.strip()
        if not is_drawn(recipe):
            return CraftedPrompt(prompt, prompt, negative)
        if prompt != recipe.prompt:
            return dataclasses.replace(_told(recipe, prompt, negative), prompt_2=self._prompt_2(recipe))
        return dataclasses.replace(recipe.crafted, negative_prompt=negative, prompt_2=self._prompt_2(recipe), reply="")

    def _prompt_2(self, recipe: Recipe) -> str:
        """What the second encoder reads: as the person left it, or with what plain words changed in the prompt."""
        if self.prompt_2 is not None:
            return self.prompt_2.strip()
        kept = recipe.request.prompt_2
        return follow_prompt(kept, recipe.prompt, self.changes.prompt) if kept and self.changes else kept

    def canvas(self, job: Job, picture: Picture) -> StartImage:
        """What the drawing begins from: what the picture itself began from, or the picture, as it is or marked; on a thread."""
        if self.mask:
            picture = job.services.gallery.save(uploads.with_marks(picture, self.mask), picture.recipe)
            job.keep(picture)
        if self.begins(picture.recipe):
            return uploads.start_image(picture)
        source = picture.recipe.request.source
        if not source:
            return NO_START_IMAGE
        found = job.find(source)
        if found is None:
            raise BadInput("The picture that it began from is not here any more.", "Choose another one, or ask for it anew.")
        return uploads.start_image(found)

    async def prepare(self, job: Job, picture: Picture) -> tuple[DrawingPlan, CraftedPrompt]:
        """All that is decided before the picture is drawn again. Raises BadInput, RequestRefused where nobody can do it."""
        crafted = await asyncio.to_thread(self.crafted, picture.recipe)
        canvas = await asyncio.to_thread(self.canvas, job, picture)
        planned = self.planned(picture.recipe, job.settings, job.services.engines, canvas)
        if self.begins(picture.recipe) and not planned.request.source:
            raise RequestRefused(f"{planned.drawer} cannot begin from a picture.", "Choose another image model or engine.")
        return dataclasses.replace(planned, parent=picture.id), crafted

    def planned(
        self, recipe: Recipe, settings: Settings, engines: Mapping[str, ImageEngine], canvas: StartImage
    ) -> DrawingPlan:
        """How it is drawn: as it was, or as the settings say where nobody drew it yet. Raises RequestRefused."""
        if not is_drawn(recipe):
            return plan.make_plan(Flags(strength=self.strength, hd=self.hd), settings, engines, None, canvas)
        kept = recipe.request
        strength = kept.strength if self.strength is None else self.strength
        finish = () if self.begin else kept.finish  # what a picture is drawn from has been finished
        told = dataclasses.replace(kept, strength=strength, hd=kept.hd or self.hd, finish=finish)
        told = dataclasses.replace(told, prompt_2="")  # its words are crafted
        altered = dataclasses.replace(recipe, request=told)
        seed = None if self.seed == "random" else recipe.seed if self.seed is None else self.seed
        return plan.plan_again(altered, settings, engines, seed, canvas)


def _told(recipe: Recipe, prompt: str, negative: str) -> CraftedPrompt:
    """A picture's prompt in other words: what is new in it is the person's, what was added before still is that."""
    told = crafting.account(recipe.crafted, prompt)
    return dataclasses.replace(told, negative_prompt=negative, reply="", crafted_by="you")


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
