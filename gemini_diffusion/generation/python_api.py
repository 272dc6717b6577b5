"""Drawing from a program, without a window: a painter keeps its models warm between pictures; `imagine` makes one for a line.

It knows no visitor and keeps no conversation: a line goes in, kept pictures come out, errors are those of errors.py.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import logging
import queue
import threading
from collections.abc import Callable, Coroutine
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from gemini_diffusion import commands
from gemini_diffusion.commands import Imagine, Sweep, Unknown, Usage
from gemini_diffusion.config.environment import read_settings
from gemini_diffusion.config.settings import Settings
from gemini_diffusion.generation.drawing.finished_copy import finish_picture, steps_in
from gemini_diffusion.generation.drawing.job import Job, ReviewChoice
from gemini_diffusion.generation.drawing.recipe_offer import RecipeOffer, offer_of_file
from gemini_diffusion.generation.drawing.reproduction import Comparison, compare_with_file
from gemini_diffusion.generation.drawing.sweep import SweepResult, run_sweep
from gemini_diffusion.generation.error_messages import nothing_to_draw
from gemini_diffusion.generation.services import Services, open_services
from gemini_diffusion.types import CraftedPrompt, Event, Failed, Picture, PictureKept, Planned
from gemini_diffusion.types.errors import BadInput

Watch = Callable[[Event], None]
"""Told of every stage, step, wait and picture as it comes; what it raises ends the drawing."""

Result = TypeVar("Result")

_LOG = logging.getLogger(__name__)


def imagine(line: str, *, watch: Watch | None = None, **settings: Any) -> list[Picture]:
    """Draws what `line` asks for and returns the kept pictures, in the order of their seeds.

    `line` is what one types after /imagine, flags included: `imagine("a fox in the snow --n 2 --ar 3:2")`. `settings` are
    those of docs/settings.md by name (`hf_token="..."`, `engine="local"`, `home="pictures"`), over the environment and
    .env. Each picture is a PNG file (`picture.path`) with everything that decided it (`picture.recipe`): prompt, seed, what was
    ignored, all notices. With `--dry` nothing is drawn: a picture has no id and no file then, and its recipe is the plan.

    Raises the errors of errors.py when nothing could be drawn. Where some pictures fail the others are returned, and what
    failed is told to `watch` and logged. Works inside a running event loop too, as in a notebook. To draw more than once,
    keep a Painter: its models stay loaded.
    """
    with Painter(**settings) as painter:
        return painter.imagine(line, watch=watch)


async def imagine_async(line: str, *, watch: Watch | None = None, **settings: Any) -> list[Picture]:
    """`imagine` for a program with an event loop of its own; cancelling it ends the drawing within one step."""
    async with Painter(**settings) as painter:
        return await painter.imagine_async(line, watch=watch)


def read_recipe(picture: str | Path, **settings: Any) -> RecipeOffer:
    """What the recipe in a picture of any program offers: its `line` for `imagine`, and in `notices` what is missing here.

    Reads PNG, JPEG and WebP; nothing is loaded or asked. Raises BadInput where there is no recipe, or no picture.
    """
    with Painter(**settings) as painter:
        return painter.read_recipe(picture)


def reproduce(picture: str | Path, *, watch: Watch | None = None, **settings: Any) -> tuple[Picture, Comparison]:
    """Draws what the recipe in a picture says, and compares both: `.verdict` is "identical", "near" or "different".

    `.reasons` name what differs between the two recipes, and between what they were drawn on. Raises as `imagine`, and BadInput
    where there is no recipe.
    """
    with Painter(**settings) as painter:
        return painter.reproduce(picture, watch=watch)


class Painter:
    """Draws line after line with models that stay loaded.

        with Painter(engine="local") as painter:
            for animal in ("fox", "rabbit"):
                print(painter.imagine(f"a {animal} in the snow")[0].path)

    Its work runs on an event loop of its own, in a thread that begins with the first line: any thread and any other loop may
    ask. `settings` are as for `imagine`; a `services` that is given is closed with the painter.
    """

    def __init__(self, services: Services | None = None, **settings: Any) -> None:
        self.settings: Settings = read_settings(settings)
        self._services = services or open_services(Path(self.settings.home))
        self._loop: asyncio.AbstractEventLoop | None = None
        self._opening = threading.Lock()
        self._last_seed: int | None = None

    def imagine(self, line: str, *, watch: Watch | None = None) -> list[Picture]:
        """Draws what `line` asks for, as `imagine` does. `watch` is called on the thread that asked."""
        return self._watched(lambda emit: self._draw(line, emit), watch)

    def sweep(self, line: str, *, watch: Watch | None = None) -> SweepResult:
        """Draws an experiment, as /sweep does: `painter.sweep("steps 10,20 x guidance 3,6 of a fox --seed 7")`.

        The result has the sheet, a CSV file and every cell. The same line goes on where it was broken off.
        """
        return self._watched(lambda emit: self._sweep(line, emit), watch)

    def _watched(self, work: Callable[[Watch], Coroutine[Any, Any, Result]], watch: Watch | None) -> Result:
        """Runs `work` on the painter's loop, its news told on the thread that asked."""
        news: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
        job = self._submit(work(news.put))
        job.add_done_callback(lambda _: news.put(None))
        try:
            while (event := news.get()) is not None:
                if watch:
                    watch(event)
        except BaseException:  # Ctrl+C, or watch has had enough
            job.cancel()
            raise
        return job.result()

    async def imagine_async(self, line: str, *, watch: Watch | None = None) -> list[Picture]:
        """The same for a program with an event loop of its own, on which `watch` is called."""
        news: asyncio.Queue[Event | None] = asyncio.Queue()
        loop = asyncio.get_running_loop()
        job = self._submit(self._draw(line, lambda event: _tell(loop, news, event)))
        job.add_done_callback(lambda _: _tell(loop, news, None))
        try:
            while (event := await news.get()) is not None:
                if watch:
                    watch(event)
        except BaseException:  # cancelled, or watch has had enough
            job.cancel()
            raise
        return job.result()

    def read_recipe(self, picture: str | Path) -> RecipeOffer:
        """What the recipe in a picture offers, as `read_recipe` does."""
        return offer_of_file(Path(picture), self._services, self.settings)

    def reproduce(self, picture: str | Path, *, watch: Watch | None = None) -> tuple[Picture, Comparison]:
        """Draws what the recipe in a picture says, and compares both, as `reproduce` does."""
        [drawn, *_] = self.imagine(self.read_recipe(picture).line, watch=watch)
        return drawn, compare_with_file(Path(picture), drawn)

    def finish(self, picture: Picture, steps: str) -> Picture:
        """A finished copy of a kept picture, as `--finish` makes: `painter.finish(picture, "levels:0.5,sharpen:0.3")`.

        The original stays. Raises BadInput for a step that there is not.
        """
        return finish_picture(picture, steps_in(steps), self._services.gallery)

    def close(self) -> None:
        """Ends what is being drawn and lets the models go. A closed painter that is asked again begins anew."""
        with self._opening:
            loop, self._loop = self._loop, None
        if loop is not None:
            asyncio.run_coroutine_threadsafe(self._close(), loop).result()
            loop.call_soon_threadsafe(loop.stop)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        await asyncio.shield(asyncio.to_thread(self.close))

    # On its own loop

    async def _draw(self, line: str, emit: Watch) -> list[Picture]:
        command = commands.read(commands.as_line(line))
        if isinstance(command, Unknown):
            raise BadInput(command.text)
        if not isinstance(command, Imagine):
            raise nothing_to_draw(command.notices if isinstance(command, Usage) else ())
        kept: dict[int, Picture] = {}

        def tell(event: Event) -> None:
            if isinstance(event, PictureKept):
                kept[event.index] = event.picture
            if isinstance(event, Planned):
                kept[event.index] = Picture("", Path(), event.recipe)
            if isinstance(event, Failed):
                _LOG.warning("A picture failed: %s %s", event.text, event.hint)
            emit(event)

        find = self._services.gallery.find  # who runs the program is the host, whose pictures they are
        turn = Job(self._services, self.settings, tell, _seen, _goes_on, last_seed=self._last_seed, find=find)
        await turn.imagine(command)
        pictures = [kept[place] for place in sorted(kept)]
        drawn = [picture for picture in pictures if picture.id]
        self._last_seed = drawn[-1].recipe.seed if drawn else self._last_seed
        return pictures

    async def _sweep(self, line: str, emit: Watch) -> SweepResult:
        command = commands.parse(f"/sweep {line}")
        if not isinstance(command, Sweep):
            raise nothing_to_draw(command.notices if isinstance(command, Usage) else ())
        find = self._services.gallery.find
        job = Job(self._services, self.settings, emit, _seen, _goes_on, last_seed=self._last_seed, find=find)
        return await run_sweep(job, command)

    async def _close(self) -> None:
        begun = asyncio.all_tasks() - {asyncio.current_task()}
        for task in begun:
            task.cancel()
        await asyncio.gather(*begun, return_exceptions=True)
        for engine in self._services.engines.values():
            await engine.close()
        for model in self._services.chat_models.values():
            await model.close()

    def _submit(self, work: Coroutine[Any, Any, Result]) -> concurrent.futures.Future[Result]:
        with self._opening:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(target=_run, args=(self._loop,), name="painter", daemon=True).start()
            return asyncio.run_coroutine_threadsafe(work, self._loop)


def _run(loop: asyncio.AbstractEventLoop) -> None:
    """A painter's thread, until the loop is stopped."""
    try:
        loop.run_forever()
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


def _tell(loop: asyncio.AbstractEventLoop, news: asyncio.Queue[Event | None], event: Event | None) -> None:
    with contextlib.suppress(RuntimeError):  # whoever asked has closed their loop: nobody is left to tell
        loop.call_soon_threadsafe(news.put_nowait, event)


def _seen(picture: Picture) -> None:
    """A painter keeps no conversation to write a picture into; its place is told with the news of it."""


async def _goes_on(crafted: CraftedPrompt) -> tuple[ReviewChoice, str]:
    """Nobody sits before a program who could be asked about a prompt."""
    return "draw", ""
