"""Turns as chat messages, pictures as what the image panel shows: the only place that knows both shapes. Pure; asks nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from gemini_diffusion.commands import FLAGS
from gemini_diffusion.engines import models
from gemini_diffusion.storage.gallery import is_drawn
from gemini_diffusion.types import Capabilities, Failed, Picture, Progress, Recipe
from gemini_diffusion.types.turn import Step, Turn
from gemini_diffusion.ui import escape

Message = dict[str, Any]

SHOWN = 60
"""Turns on the screen at most: a page with more grows slow, and nobody scrolls that far."""

_GIGABYTE, _MEGABYTE = 1_000_000_000, 1_000_000
_FIELDS = {flag.request: flag.label or flag.written for flag in FLAGS if flag.request} | {
    "negative_prompt": "the negative prompt",
    "prompt_2": "the second prompt",
    "seed": "the seed",
    "num_inference_steps": "the number of steps",
    "guidance_scale": "the guidance",
    "width": "the width",
    "height": "the height",
    "scheduler": "the scheduler",
    "adapters": "the LoRAs",
    "image": "the picture to begin from",
    "mask": "the marked part",
}


def messages(turns: Sequence[Turn]) -> list[Message]:
    """The conversation, oldest first, as the chat shows it; nothing in it that a person or a model wrote is live."""
    return [message for turn in turns[-SHOWN:] for message in _turn(turn)]


def _turn(turn: Turn) -> Iterator[Message]:
    if turn.source:
        yield {**_picture(turn.source), "role": "user"}
    yield {"role": "user", "content": escape.escape_text(turn.asked)}
    several = _places(turn) > 1
    for steps in _alike(turn.steps):
        yield _thought(turn, steps, several)
    if turn.waiting:
        yield _pending(waiting(turn), "")
    elif turn.state == "running" and not turn.text and not any(step.seconds is None for step in turn.steps):
        yield _pending("Thinking" if turn.kind == "say" else "Getting ready", "")
    if turn.notices:
        yield _said("\n".join(f"> {escape.escape_text(notice)}" for notice in turn.notices))
    for picture in turn.pictures:
        yield _picture(picture)
    if turn.state == "review":
        yield _said("This is the prompt. Draw it, change it, or use your own words.")
    if turn.text:
        yield _said(escape.escape_answer(turn.text))
    yield from _failures(turn, several)


def _said(text: str) -> Message:
    return {"role": "assistant", "content": text}


def _pending(title: str, text: str) -> Message:
    return {**_said(text), "metadata": {"title": escape.escape_text(title), "status": "pending"}}


def _alike(steps: Sequence[Step]) -> list[list[Step]]:
    """The steps in order, those that say the same of several pictures together."""
    groups: dict[Any, list[Step]] = {}
    for place, step in enumerate(steps):
        key = place if step.stage == "crafting" else (step.stage, step.text, step.seconds is None)
        groups.setdefault(key, []).append(step)
    return list(groups.values())


def _thought(turn: Turn, steps: list[Step], several: bool) -> Message:
    """One stage as a line that can be opened: with a spinner while it runs, with its time when it is done."""
    first, crafting = steps[0], steps[0].stage == "crafting"
    title = first.text
    if several and not crafting:
        title = _titled(first, len(steps))
    if first.seconds is None:
        return _pending(title, escape.escape_text(turn.writing if crafting else _under_way(turn, steps)))
    done = {
        "title": escape.escape_text(title),
        "status": "done",
        "duration": round(max(step.seconds or 0.0 for step in steps), 1),
    }
    return {**_said(escape.escape_text(prompt(turn)) if crafting else ""), "metadata": done}


def _titled(step: Step, count: int) -> str:
    """A stage's line where several pictures are made: which one it is about, or how many."""
    if count == 1:
        return f"Picture {step.index + 1}: {step.text}"
    return f"{step.text}, {count} pictures" if step.stage == "drawing" else step.text


def prompt(turn: Turn) -> str:
    """The prompt of a turn, as far as it is written."""
    return turn.crafted.prompt if turn.crafted else turn.writing


def _under_way(turn: Turn, steps: list[Step]) -> str:
    """How far each picture of a stage has come, a line each."""
    found = {entry.index: progress(entry) for entry in turn.progress if entry.stage == steps[0].stage}
    lines = [(step.index, found[step.index]) for step in steps if step.index in found]
    return lines[0][1] if len(lines) == 1 else "\n".join(f"picture {index + 1}: {text}" for index, text in lines)


def _picture(picture: Picture) -> Message:
    image = gr.Image(
        str(picture.path), alt_text=alt(picture.recipe), show_label=False, container=False, buttons=[], interactive=False
    )
    return {"role": "assistant", "content": image}


def _failures(turn: Turn, several: bool) -> Iterator[Message]:
    """What went wrong, in plain words, the last with the buttons that lead on."""
    for failed in turn.failures:
        which = f"Picture {failed.index + 1}: " if several and failed.index is not None else ""
        message = _said(escape.escape_text(f"{which}{failed.text} {failed.hint}".strip()))
        if failed is turn.failures[-1] and not turn.running:
            message["options"] = [{"value": value, "label": label} for value, label in recovery_options(failed)]
        yield message


def recovery_options(failed: Failed) -> list[tuple[str, str]]:
    """The next steps a failure offers, as (what it means, what its button says)."""
    kind, _, which = failed.action.partition(":")
    if kind == "download":
        return [(failed.action, "Download and draw"), ("postcard", "Draw a postcard instead")]
    if kind == "settings":
        return [("settings", "Open Settings"), ("retry", "Try again")]
    if kind == "engine":
        return [("retry", "Try again"), (failed.action, f"Draw it {models.PLACES.get(which, which)}")]
    return [("retry", "Try again")]


def waiting(turn: Turn) -> str:
    """The countdown of a turn that waits for a service, empty for any other: "The model is waking up: 14 s"."""
    if not turn.waiting:
        return ""
    again = f", attempt {turn.waiting.attempt}" if turn.waiting.attempt > 1 else ""
    return f"{turn.waiting.reason.rstrip('.: ')}: {duration(turn.waiting.seconds_left)}{again}"


def progress(entry: Progress) -> str:
    """How far a stage has come, in numbers: "step 12 of 25, 48 %, about 6 s left"."""
    left = f", about {duration(entry.seconds_left)} left" if entry.seconds_left is not None else ""
    if entry.unit == "step":
        return f"step {entry.done} of {entry.total}, {percent(entry)} %{left}"
    speed = (entry.total - entry.done) / entry.seconds_left if entry.seconds_left else 0.0
    pace = f", {size(speed)} a second" if speed else ""
    return f"{size(entry.done)} of {size(entry.total)}, {percent(entry)} %{pace}{left}"


def percent(entry: Progress) -> int:
    return max(0, min(100, 100 * entry.done // entry.total)) if entry.total > 0 else 0


def size(count: float) -> str:
    """A number of bytes as a person reads it, in the powers of ten that disks are sold by."""
    return f"{count / _GIGABYTE:.1f} GB" if count >= _GIGABYTE else f"{count / _MEGABYTE:.0f} MB"


def duration(seconds: float) -> str:
    """Seconds as a person counts them: "14 s", "3 min"."""
    return f"{seconds / 60:.0f} min" if seconds >= 120 else f"{max(0, round(seconds))} s"


BLURRED = "Blurred picture"
"""How the description of a blurred picture begins; the style sheet and the page's script know it by that."""


def alt(recipe: Recipe) -> str:
    """What a picture shows, for who cannot see it."""
    words = " ".join((recipe.crafted.title or recipe.original or recipe.prompt).split())
    return f"{BLURRED if recipe.veiled else 'Picture'}: {words[:200]}"


@dataclass(frozen=True, slots=True)
class Stage:
    """What runs, for the image panel and the line under the box: `percent` None while there is nothing to count."""

    text: str
    percent: int | None = None


def stage(turn: Turn | None) -> Stage | None:
    """What a turn is doing right now; None when it is over, or waits for the person."""
    if turn is None or turn.state != "running":
        return None
    if turn.waiting:
        return Stage(waiting(turn))
    running = sorted((step for step in turn.steps if step.seconds is None), key=lambda step: step.stage == "waiting")
    if not running:
        return Stage("Thinking" if turn.kind == "say" else "Getting ready")
    found = [entry for entry in turn.progress if entry.stage == running[0].stage]
    if not found:
        return Stage(running[0].text)
    total = sum(entry.total for entry in found)
    share = 100 * sum(entry.done for entry in found) // total if total > 0 else 0
    if len(found) > 1:
        return Stage(f"{running[0].text}, {len(found)} pictures, {share} %", share)
    return Stage(f"{running[0].text}, {progress(found[0])}", share)


def can_move(turn: Turn) -> bool:
    """Whether a turn waits for a service that is to draw, so that somebody else may be asked instead."""
    crafting = turn.step("crafting")
    return turn.kind == "imagine" and turn.waiting is not None and not (crafting and crafting.seconds is None)


@dataclass(frozen=True, slots=True)
class PictureDetails:
    """A picture as the image panel shows it; `account` and `facts` are plain text, one line each.

    `can_begin` and `can_grow` say whether another drawing may begin from it and whether it can be drawn large.
    """

    identity: str
    path: Path
    alt: str
    prompt: str
    negative_prompt: str
    takes_negative: bool
    account: str
    facts: str
    ignored: str
    line: str
    is_drawn: bool = True
    can_begin: bool = False
    can_grow: bool = False


def details(picture: Picture, capabilities: Capabilities) -> PictureDetails:
    """The selected picture; `capabilities` are those of the engine and model that drew it, or would draw from it."""
    recipe, drawn = picture.recipe, is_drawn(picture.recipe)
    return PictureDetails(
        identity=picture.id,
        path=picture.path,
        alt=alt(recipe),
        prompt=recipe.prompt,
        negative_prompt=recipe.negative_prompt,
        takes_negative=capabilities.negative_prompt,
        account=account(recipe),
        facts=facts(recipe),
        ignored=ignored(recipe.ignored),
        line=recipe.line,
        is_drawn=drawn,
        can_begin=capabilities.image,
        can_grow=drawn and capabilities.hd and not recipe.request.hd,
    )


def account(recipe: Recipe) -> str:
    """What the crafting made of the person's words: "kept 3 of 3, added 9 words"."""
    if recipe.crafted_by == "you":
        return "your own words" if is_drawn(recipe) else "your own picture"
    crafted = recipe.crafted
    wanted = len(crafted.kept) + len(crafted.missing)
    parts = [f"kept {len(crafted.kept)} of {wanted}"] if wanted else []
    parts.append(f"added {crafted.added_words} word{'' if crafted.added_words == 1 else 's'}")
    if crafted.missing:
        parts.append(f"missing: {', '.join(crafted.missing)}")
    by = "by rule" if recipe.crafted_by == "rules" else f"by {recipe.crafted_by}"
    return f"{', '.join(parts)}, written {by}"


def facts(recipe: Recipe) -> str:
    """The numbers under a picture, in one line."""
    if not is_drawn(recipe):
        return f"{recipe.width} x {recipe.height}"
    parts = [
        f"seed {recipe.seed}",
        f"{recipe.width} x {recipe.height}",
        models.find_model(recipe.model).drawn_with(recipe.engine),
        f"{recipe.num_inference_steps} steps",
    ]
    if recipe.request.source:
        parts.append(f"from a picture, strength {recipe.request.strength:g}")
    if recipe.seconds:
        parts.append(f"{recipe.seconds:.1f} s")
    return " · ".join(parts)


def ignored(fields: Iterable[str]) -> str:
    """What the engine could not honour, named; empty where it honoured all."""
    names = [_FIELDS.get(field, field) for field in fields]
    return f"Not used by this model: {', '.join(names)}." if names else ""


def _places(turn: Turn) -> int:
    """How many pictures a turn is about, as far as is known yet."""
    indices = [step.index for step in turn.steps] + [entry.index for entry in turn.kept]
    indices += [failed.index for failed in turn.failures if failed.index is not None]
    return max((turn.count, *(index + 1 for index in indices)))
