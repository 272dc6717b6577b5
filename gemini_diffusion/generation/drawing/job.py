"""What one turn does, from the words to the kept pictures: talking, crafting and drawing meet here and nowhere else.

It knows no window and no disk layout, and no service but through the two Protocols; news goes out by `emit`.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

from gemini_diffusion import commands
from gemini_diffusion.chat_models import Answerer
from gemini_diffusion.commands import Flags, Imagine, Say, Unknown, Usage
from gemini_diffusion.config.settings import Settings
from gemini_diffusion.generation.drawing import plan
from gemini_diffusion.generation.drawing.estimate import estimate
from gemini_diffusion.generation.drawing.finished_copy import finish_picture
from gemini_diffusion.generation.drawing.other_engine import find_other_engine
from gemini_diffusion.generation.drawing.plan import DrawingPlan
from gemini_diffusion.generation.drawing.prompt_writing import write_prompt
from gemini_diffusion.generation.drawing.recipe_builder import make_recipe, plan_recipe
from gemini_diffusion.generation.drawing.request_options import expand_choices
from gemini_diffusion.generation.error_messages import describe_failure
from gemini_diffusion.generation.limits.access import Access
from gemini_diffusion.generation.services import Services
from gemini_diffusion.storage import uploads
from gemini_diffusion.types import (
    NO_START_IMAGE,
    ChatRequest,
    Crafted,
    CraftedPrompt,
    Emit,
    Event,
    Failed,
    Finished,
    ImageRequest,
    Message,
    Noticed,
    Picture,
    PictureKept,
    Planned,
    Preview,
    Progress,
    StageFinished,
    StageStarted,
    StartImage,
    Waiting,
)
from gemini_diffusion.types.errors import BadInput, GeminiDiffusionError, NotKept

ReviewChoice = Literal["draw", "again", "mine"]


@dataclass(frozen=True, slots=True)
class Job:
    """One turn's work. `conversation` is what was said before; `review` asks the person and returns choice and prompt.

    `keep` is told of every picture as soon as it is on disk; `access` is who it is for, `find` finds a picture of theirs,
    `notices` collects what the person is told about the pictures, for their recipes;
    `wishes` hold for every picture, `drawn` are those before.
    """

    services: Services
    settings: Settings
    emit: Emit
    keep: Callable[[Picture], None]
    review: Callable[[CraftedPrompt], Awaitable[tuple[ReviewChoice, str]]]
    conversation: tuple[Message, ...] = ()
    last_seed: int | None = None
    access: Access = field(default_factory=Access)
    find: Callable[[str], Picture | None] = field(default=lambda identity: None)
    compare: Callable[[Picture], tuple[str, ...]] = field(default=lambda picture: ())
    notices: list[str] = field(default_factory=list)
    wishes: tuple[str, ...] = ()
    drawn: tuple[Picture, ...] = ()

    async def note(self, command: Usage | Unknown) -> None:
        """Shows the help, or what to do instead of a command that does not exist; nothing is asked of anybody."""
        if isinstance(command, Unknown):
            self.emit(Failed(command.text, "", f"send:{command.meant}" if command.meant else ""))
            return
        self.notify(command.notices)
        self.emit(Finished(commands.USAGE))

    async def say(self, command: Say) -> None:
        """Plain chat: the history holds the words said and no instructions."""
        request = ChatRequest((*self.conversation, Message("user", command.text)))
        answer = await (await self.lent_model()).answer(request, self.settings, self.emit)
        self.notify(answer.notices)
        self.emit(Finished(answer.text))

    async def imagine(self, command: Imagine) -> None:
        """Crafts and draws each of the command's choices in turn; with --dry it only plans them.

        Whatever can be known to fail does so before a chat model is asked for the first prompt.
        """
        made, last_words, dry = 0, "", list[tuple[DrawingPlan, ImageRequest]]()
        jobs = expand_choices(command, self.settings)
        plans = [await self._plan(job, command) for job in jobs]
        for job, checked in zip(jobs, plans, strict=True):
            self.notices[:] = command.notices
            self.notify(job.notices)
            planned, crafted = await self.prepare(job, checked)
            if job.flags.dry:
                dry.append((planned, self._propose(planned, crafted, made)))
            else:
                await self.draw(planned, crafted, made)
                last_words = crafted.reply
            made += len(planned.seeds)
        self.emit(Finished(plan.announce(dry) if dry else last_words))

    async def _plan(self, job: Imagine, command: Imagine) -> DrawingPlan:
        """What one choice of a command comes to. Raises what is known to fail, once it is told what else could be done."""
        planned = self.planned(job.flags, await self._start_image(job.flags.references))
        self.offer(command, planned)
        if not job.flags.dry:
            planned.engine.check_request(planned.requests(CraftedPrompt(job.idea, job.idea))[0], self.settings)
            self._refuse_in_vain(planned)
        return planned

    async def prepare(self, job: Imagine, planned: DrawingPlan | None = None) -> tuple[DrawingPlan, CraftedPrompt]:
        """All that is decided before anything is drawn: the plan, where it is not made yet, and the prompt."""
        self.access.refuse_more()  # the pictures before this one took room
        planned = planned or await self._plan(job, job)
        self.notify(planned.notices)
        self._emit_notices(estimate(planned, self.settings, self.drawn))
        crafted = await write_prompt(self, job, planned)
        has_shape = job.flags.aspect or planned.request.image
        shaped = planned if has_shape else planned.shaped(crafted.aspect_ratio)
        self.notify((*shaped.notices[len(planned.notices) :], *shaped.remarks(crafted)))
        return shaped, crafted

    def offer(self, command: Imagine, planned: DrawingPlan) -> None:
        """Tells which other engine could draw it, for whoever finds that this one cannot."""
        other = find_other_engine(command, planned, self.settings, self.services.engines)
        if other and not self.access.refusal(self.services.engines[other.engine], self.settings):
            self.emit(other)

    def _refuse_in_vain(self, planned: DrawingPlan) -> None:
        """Raises OutOfQuota or DiskFull for what would take too long, or could not be kept."""
        self.access.refuse_long(planned.engine.key, planned.seconds)
        self.services.gallery.refuse_full_disk()

    def _propose(self, planned: DrawingPlan, crafted: CraftedPrompt, first: int) -> ImageRequest:
        """Tells what each picture would be; returns the first one's request."""
        requests = planned.requests(crafted)
        for place, request in enumerate(requests, first):
            recipe = plan_recipe(request, crafted, planned.engine.name)
            self.emit(Planned(dataclasses.replace(recipe, ignored=planned.ignored, notices=tuple(self.notices)), place))
        return requests[0]

    async def redraw(self, planned: DrawingPlan, crafted: CraftedPrompt) -> None:
        """Draws a prompt that needs no crafting."""
        self.offer(plan.canonical_command(planned.requests(crafted)[0], planned.engine.name), planned)
        planned.engine.check_request(planned.requests(crafted)[0], self.settings)
        self._refuse_in_vain(planned)
        self.notify((*planned.notices, *planned.remarks(crafted)))
        self.emit(Crafted(crafted))
        await self.draw(planned, crafted)
        self.emit(Finished())

    async def draw(self, planned: DrawingPlan, crafted: CraftedPrompt, first: int = 0) -> None:
        """Every picture of the plan at once, each failing by itself; raises only when none came."""
        requests = [dataclasses.replace(request, party=self.access.party) for request in planned.requests(crafted)]
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(self.draw_one(planned, crafted, each, place)) for place, each in enumerate(requests, first)
            ]
        failures = [task.result() for task in tasks]
        lost = [error for error in failures if error and not isinstance(error, NotKept)]
        if len(lost) == len(requests):
            raise lost[0]
        for place, error in enumerate(failures, first):
            if error:
                told = describe_failure(error)
                self.emit(dataclasses.replace(told, index=place))

    async def _start_image(self, references: Iterable[str]) -> StartImage:
        """What a line's pictures come to. Raises BadInput for one that is not this person's own."""
        own = [identity for identity in map(commands.own_picture, references) if identity]
        if not own:
            return NO_START_IMAGE
        picture = self.find(own[0])
        if picture is None:
            raise BadInput(f"You have no picture {own[0]}.", "Attach one, or take the line of a picture of yours.")
        if len(own) > 1:
            self.notify(["A drawing begins from one picture, so only the first one counts."])
        return await asyncio.to_thread(uploads.start_image, picture)

    def planned(self, flags: Flags, start: StartImage = NO_START_IMAGE) -> DrawingPlan:
        """The plan; where the choice is ours and the host lends no more pictures today, one without their keys."""
        self.access.refuse_model(flags.model)
        self.access.refuse_more()
        planned = plan.make_plan(flags, self.settings, self.services.engines, self.last_seed, start)
        refusal = self.access.refusal(planned.engine, self.settings)
        if refusal is None:
            return planned
        lent = [engine for engine in self.services.engines.values() if self.access.lends(engine, self.settings)]
        alone = self.settings.replaced({name: "" for engine in lent for name in engine.paid_by})
        own = plan.make_plan(flags, alone, self.services.engines, self.last_seed, start)
        if own.engine is planned.engine:  # asked for by name: the drawing says why not
            return planned
        return dataclasses.replace(own, notices=(str(refusal), "I draw on this machine instead.", *own.notices))

    async def draw_one(
        self, planned: DrawingPlan, crafted: CraftedPrompt, request: ImageRequest, place: int
    ) -> GeminiDiffusionError | None:
        finish, request = request.finish, dataclasses.replace(request, finish=())
        try:
            async with self.access.drawing(planned.engine, request, self.settings, _with_index(self.emit, place)) as emit:
                noted = asyncio.ensure_future(asyncio.to_thread(self.services.gallery.places.note, request.model))
                result = await planned.engine.generate(request, self.settings, emit)
                hashes = {request.model: digest} if (digest := await noted) else {}
                verdict = await self.services.picture_filter.judge(result.image, self.settings, emit)
                notices = (*result.notices, *verdict.notices)
                ignored = tuple(dict.fromkeys((*planned.ignored, *result.ignored)))
                result = dataclasses.replace(
                    result, ignored=ignored, notices=(*self.notices, *notices), hashes=hashes | dict(result.hashes)
                )
                recipe = make_recipe(result, crafted, veiled=verdict.blurred, parent=planned.parent)
                save = partial(self.services.gallery.save, paid=bool(planned.engine.key))
                picture = await asyncio.to_thread(save, result.image, recipe, result.signed)
                if finish:
                    self.keep(picture)  # the original
                    picture = await asyncio.to_thread(finish_picture, picture, finish, self.services.gallery)
        except GeminiDiffusionError as error:
            return error
        self.keep(picture)
        self.emit(PictureKept(picture, place))
        self._emit_notices((*notices, *await asyncio.to_thread(self.compare, picture)))
        return None

    async def lent_model(self) -> Answerer:
        """The chat model for one answer, which is counted where the host pays for it. Raises OutOfQuota, RequestRefused."""
        return await self.access.lend(self.services.chat_model(self.settings), self.settings)

    def notify(self, sentences: Iterable[str]) -> None:
        """Tells the person, and the recipes of the pictures that follow."""
        said = tuple(sentences)
        self.notices.extend(said)
        self._emit_notices(said)

    def _emit_notices(self, sentences: Iterable[str]) -> None:
        for sentence in sentences:
            self.emit(Noticed(sentence))


def _with_index(emit: Emit, place: int) -> Emit:
    """The same emit, with the picture's place written on the news of its drawing."""

    def with_index(event: Event) -> None:
        if isinstance(event, (StageStarted, StageFinished, Waiting, Progress, Preview)):
            event = dataclasses.replace(event, index=place)
        emit(event)

    return with_index
