"""One request and everything that has come of it so far: events are folded into it, the window draws it.

The same value is shown live, after a reload and after a restart. It knows no window, no service and no disk.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from gemini_diffusion.types import (
    Alternative,
    Crafted,
    CraftedPrompt,
    Event,
    Failed,
    Finished,
    Message,
    Noticed,
    Picture,
    PictureKept,
    Planned,
    Preview,
    Progress,
    Recipe,
    Selected,
    Stage,
    StageFinished,
    StageStarted,
    Stopped,
    TextGrew,
    Understood,
    Waiting,
)

Kind = Literal["say", "imagine", "note"]
State = Literal["queued", "running", "review", "done", "stopped", "failed"]


@dataclass(frozen=True, slots=True)
class Step:
    """One stage as a person follows it: `seconds` is None while it runs, `started` the clock's seconds at its start."""

    stage: Stage
    text: str
    index: int = 0
    seconds: float | None = None
    started: float = 0.0


@dataclass(frozen=True, slots=True)
class Turn:
    """`asked` is what was typed, to the letter. `count` pictures are wanted; `kept` and `failures` carry their index.

    `writing` is the prompt as it grows, `text` the answer, `source` the picture that was attached; `planned` are the recipes of
    what was only to be planned. `understood` and `offer` are as in Understood, `selected` and `left` as in Selected. In the
    state "review" nothing runs until the person chooses; "queued" waits for the turns before it.
    """

    id: str
    asked: str
    kind: Kind = "say"
    state: State = "running"
    count: int = 1
    steps: tuple[Step, ...] = ()
    text: str = ""
    writing: str = ""
    crafted: CraftedPrompt | None = None
    waiting: Waiting | None = None
    progress: tuple[Progress, ...] = ()
    kept: tuple[PictureKept, ...] = ()
    planned: tuple[Recipe, ...] = ()
    failures: tuple[Failed, ...] = ()
    notices: tuple[str, ...] = ()
    preview: Preview | None = None
    source: Picture | None = None
    understood: str = ""
    offer: str = ""
    selected: Picture | None = None
    left: str = ""
    alternative: Alternative | None = None

    @property
    def running(self) -> bool:
        return self.state in ("running", "review")

    @property
    def pictures(self) -> tuple[Picture, ...]:
        """The pictures that were kept, in the order they were asked for."""
        return tuple(entry.picture for entry in sorted(self.kept, key=lambda entry: entry.index))

    def step(self, stage: Stage, index: int = 0) -> Step | None:
        """The latest step of a stage for one picture."""
        return next((step for step in reversed(self.steps) if (step.stage, step.index) == (stage, index)), None)

    def after(self, event: Event, now: float = 0.0) -> Turn:
        """The turn once `event` has happened; `now` in seconds of any steady clock."""
        return _FOLDS[type(event)](self, event, now)

    def messages(self) -> tuple[Message, ...]:
        """What a later turn may know of this one: the words said, no instructions, a drawn picture as one sentence."""
        if self.kind == "note" or self.running:
            return ()
        answer = self.text
        if self.pictures:
            answer = f"(I drew a picture: {self.pictures[-1].recipe.prompt})"
        return (Message("user", self.asked), Message("assistant", answer)) if answer else ()

    def last_words(self) -> str:
        """What is said of it when it is stopped now, from where it has come to."""
        drawing = next((entry for entry in self.progress if entry.stage == "drawing"), None)
        if drawing:
            return f"Stopped at step {drawing.done} of {drawing.total}."
        if any(entry.stage == "downloading" for entry in self.progress):
            return "Stopped the download; what has come is kept."
        if self.waiting:
            return "Stopped waiting."
        under_way = [step.stage for step in self.steps if step.seconds is None]
        places = {"crafting": "while the prompt was being written", "loading": "while the model was loading"}
        return f"Stopped {places[under_way[-1]]}." if under_way and under_way[-1] in places else "Stopped."


def _started(turn: Turn, event: StageStarted, now: float) -> Turn:
    """A stage that is told again while it runs (a place in a queue) is the same one, told better."""
    for place, step in enumerate(turn.steps):
        if (step.stage, step.index, step.seconds) == (event.stage, event.index, None):
            told = dataclasses.replace(step, text=event.text)
            return dataclasses.replace(turn, steps=(*turn.steps[:place], told, *turn.steps[place + 1 :]), waiting=None)
    return dataclasses.replace(turn, steps=(*turn.steps, Step(event.stage, event.text, event.index, None, now)), waiting=None)


def _finished_stage(turn: Turn, event: StageFinished, now: float) -> Turn:
    done = Step(event.stage, event.text, event.index, event.seconds)
    steps = list(turn.steps)
    for place in range(len(steps) - 1, -1, -1):
        if (steps[place].stage, steps[place].index, steps[place].seconds) == (event.stage, event.index, None):
            steps[place] = dataclasses.replace(done, started=steps[place].started)
            break
    else:
        steps.append(done)
    progress = tuple(entry for entry in turn.progress if (entry.stage, entry.index) != (event.stage, event.index))
    return dataclasses.replace(turn, steps=tuple(steps), progress=progress, waiting=None)


def _grew(turn: Turn, event: TextGrew, now: float) -> Turn:
    """While a prompt is written the words are the prompt's, otherwise the answer's."""
    crafting = turn.step("crafting")
    if crafting and crafting.seconds is None:
        return dataclasses.replace(turn, waiting=None, writing=event.text)
    return dataclasses.replace(turn, waiting=None, text=event.text)


def _waiting(turn: Turn, event: Waiting, now: float) -> Turn:
    return dataclasses.replace(turn, waiting=event if event.seconds_left > 0 else None)


def _progress(turn: Turn, event: Progress, now: float) -> Turn:
    others = tuple(entry for entry in turn.progress if (entry.stage, entry.index) != (event.stage, event.index))
    return dataclasses.replace(turn, progress=(*others, event), waiting=None)


def _noticed(turn: Turn, event: Noticed, now: float) -> Turn:
    return turn if event.text in turn.notices else dataclasses.replace(turn, notices=(*turn.notices, event.text))


def _crafted(turn: Turn, event: Crafted, now: float) -> Turn:
    return dataclasses.replace(turn, crafted=event.crafted, writing=event.crafted.prompt)


def _understood(turn: Turn, event: Understood, now: float) -> Turn:
    kind: Kind = "imagine" if event.draws else turn.kind
    return dataclasses.replace(turn, understood=event.text, offer=event.offer, kind=kind)


def _selected(turn: Turn, event: Selected, now: float) -> Turn:
    return dataclasses.replace(turn, selected=event.picture, left=event.left)


def _offered(turn: Turn, event: Alternative, now: float) -> Turn:
    return dataclasses.replace(turn, alternative=event)


def _kept(turn: Turn, event: PictureKept, now: float) -> Turn:
    preview = turn.preview if turn.preview and turn.preview.index != event.index else None
    return dataclasses.replace(turn, kept=(*turn.kept, event), preview=preview)


def _planned(turn: Turn, event: Planned, now: float) -> Turn:
    return dataclasses.replace(turn, planned=(*turn.planned, event.recipe))


def _previewed(turn: Turn, event: Preview, now: float) -> Turn:
    """One that comes late, after its picture or its turn, is nothing to see any more."""
    late = not turn.running or any(entry.index == event.index for entry in turn.kept)
    return turn if late else dataclasses.replace(turn, preview=event)


def _failed(turn: Turn, event: Failed, now: float) -> Turn:
    """One picture's failure leaves the others going; the whole turn's ends it."""
    state: State = "failed" if event.index is None else turn.state
    return _settled(dataclasses.replace(turn, failures=(*turn.failures, event)), state)


def _stopped(turn: Turn, event: Stopped, now: float) -> Turn:
    said = (*turn.notices, event.text)
    return _settled(dataclasses.replace(turn, notices=said), "stopped")


def _finished(turn: Turn, event: Finished, now: float) -> Turn:
    return _settled(dataclasses.replace(turn, text=event.text or turn.text), "done")


def _settled(turn: Turn, state: State) -> Turn:
    """An ended turn has nothing under way."""
    if state == turn.state:
        return turn
    steps = tuple(step for step in turn.steps if step.seconds is not None)
    return dataclasses.replace(turn, state=state, waiting=None, progress=(), steps=steps, preview=None)


_FOLDS: dict[type, Callable[[Turn, Any, float], Turn]] = {
    StageStarted: _started,
    StageFinished: _finished_stage,
    TextGrew: _grew,
    Waiting: _waiting,
    Progress: _progress,
    Preview: _previewed,
    Noticed: _noticed,
    Crafted: _crafted,
    Understood: _understood,
    Selected: _selected,
    PictureKept: _kept,
    Planned: _planned,
    Alternative: _offered,
    Failed: _failed,
    Stopped: _stopped,
    Finished: _finished,
}
