"""Turns as chat messages. Nothing in them that a person or a model wrote is live."""

from __future__ import annotations

import html
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote

import gradio as gr

from gemini_diffusion.crafting.languages import detect_language
from gemini_diffusion.types import Picture
from gemini_diffusion.types.turn import Step, Turn
from gemini_diffusion.ui import escape
from gemini_diffusion.ui.picture_details import alt
from gemini_diffusion.ui.progress import progress_text, waiting
from gemini_diffusion.ui.recovery import corrections, recovery_options

Message = dict[str, Any]

_WRITING = ("crafting", "paraphrasing")
"""Stages whose line opens to show what was written."""
SHOWN = 60
"""Turns on the screen at most: a page with more grows slow, and nobody scrolls that far."""
REMEMBERED = 2000
"""Ended turns, of all visitors, that are kept as rendered; about 3 kB each."""
_BUTTONS = "".join(f'<button type="button" data-do="{name.lower()}">{name}</button>' for name in ("Edit", "Again", "More"))
_REWORD = '<button type="button" class="reword" title="Say it in other words, from here">Reword</button>'


class Transcript:
    """Conversations as a chat shows them. A turn that has ended is rendered once, however often it is shown."""

    def __init__(self, chat: gr.Chatbot) -> None:
        self._chat = chat
        self._ended: OrderedDict[str, tuple[Turn, list[Any]]] = OrderedDict()

    def messages(self, turns: Sequence[Turn]) -> list[Any]:
        """The last turns, oldest first, in what Gradio's Chatbot takes."""
        return [message for turn in turns[-SHOWN:] for message in self._rendered(turn)]

    def reworded(self, turns: Sequence[Turn], index: int) -> Turn | None:
        """The turn whose button to say it in other words is the message of that index; None where another message has it."""
        place = 0
        for turn in turns[-SHOWN:]:
            if index == place + (turn.source is not None) + 1 and not turn.running:
                return turn
            place += len(self._rendered(turn))
        return None

    def _rendered(self, turn: Turn) -> list[Any]:
        if turn.running:
            return list(turn_messages(turn))
        known = self._ended.pop(turn.id, None)
        if known is None or known[0] is not turn:
            known = turn, list(self._chat.postprocess(list(turn_messages(turn))).root)
        self._ended[turn.id] = known
        if len(self._ended) > REMEMBERED:
            self._ended.popitem(last=False)
        return known[1]


def turn_messages(turn: Turn) -> Iterator[Message]:
    """The request, what it was taken for, what was done for it, the pictures, the answer, what failed, what corrects it."""
    yield from _asked(turn)
    several = _places(turn) > 1
    for steps in _alike(turn.steps):
        yield _thought(turn, steps, several)
    if turn.waiting:
        yield _pending(waiting(turn), "")
    elif turn.state == "running" and not turn.text and not any(step.seconds is None for step in turn.steps):
        yield _pending("Thinking" if turn.kind == "say" else "Getting ready", "")
    if turn.notices:
        yield _said("\n".join(f"> {escape.escape_text(notice)}" for notice in turn.notices))
    for picture in turn.pictures or _shown_again(turn):
        yield _picture(picture)
        yield _actions(picture)
        yield from _numbers(picture)
    if turn.state == "review":
        yield _said("This is the prompt. Draw it, change it, or use your own words.")
    if turn.text:
        yield _said(escape.escape_answer(turn.text))
        if turn.kind == "say" and not turn.running:
            yield _aloud(turn)
    yield from _failures(turn, several)
    yield from _corrections(turn)


def _asked(turn: Turn) -> Iterator[Message]:
    """What the person sent, and what it was taken for, before anything is done."""
    if turn.source:
        yield {**_picture(turn.source), "role": "user"}
    yield {"role": "user", "content": escape.escape_text(turn.asked)}
    if not turn.running:
        yield {**_component("html", _REWORD, {}), "role": "user"}
    if turn.understood:
        yield _said(escape.escape_text(turn.understood))


def _shown_again(turn: Turn) -> tuple[Picture, ...]:
    """The picture that an undo or redo went to."""
    return (turn.selected,) if turn.selected and turn.kind == "note" else ()


def _corrections(turn: Turn) -> Iterator[Message]:
    """The button that puts a wrong reading right, under everything else."""
    if turn.offer and not turn.failures:
        yield {**_said(""), "options": [{"value": value, "label": label} for value, label in corrections(turn)]}


def _said(text: str) -> Message:
    return {"role": "assistant", "content": text}


def _pending(title: str, text: str) -> Message:
    return {**_said(text), "metadata": {"title": escape.escape_text(title), "status": "pending"}}


def _alike(steps: Sequence[Step]) -> list[list[Step]]:
    """The steps in order, those that say the same of several pictures together."""
    groups: dict[Any, list[Step]] = {}
    for place, step in enumerate(steps):
        key = place if step.stage in _WRITING else (step.stage, step.text, step.seconds is None)
        groups.setdefault(key, []).append(step)
    return list(groups.values())


def _thought(turn: Turn, steps: list[Step], several: bool) -> Message:
    """One stage as a line that can be opened: with a spinner while it runs, with its time when it is done."""
    first, writing = steps[0], steps[0].stage in _WRITING
    title = first.text
    if several and not writing:
        title = _titled(first, len(steps))
    if first.seconds is None:
        return _pending(title, escape.escape_text(turn.writing if first.stage == "crafting" else _under_way(turn, steps)))
    done = {
        "title": escape.escape_text(title),
        "status": "done",
        "duration": round(max(step.seconds or 0.0 for step in steps), 1),
    }
    written = {"crafting": prompt, "paraphrasing": paraphrases}.get(first.stage)
    return {**_said(escape.escape_text(written(turn)) if written else ""), "metadata": done}


def _titled(step: Step, count: int) -> str:
    """A stage's line where several pictures are made: which one it is about, or how many."""
    if count == 1:
        return f"Picture {step.index + 1}: {step.text}"
    return f"{step.text}, {count} pictures" if step.stage == "drawing" else step.text


def prompt(turn: Turn) -> str:
    """The prompt of a turn, as far as it is written."""
    return turn.crafted.prompt if turn.crafted else turn.writing


def paraphrases(turn: Turn) -> str:
    """The paraphrases that keywords were counted in, a line each, and how many of them hold each keyword."""
    found = turn.crafted.paraphrases if turn.crafted else ()
    counted = (f"{word.word} {word.held}" for word in (turn.crafted.keywords if turn.crafted else ()))
    lines = [f"{number}. {text}" for number, text in enumerate(found, 1)]
    return "\n\n".join([*lines, f"Held by how many of {len(found)}: {', '.join(counted)}."]) if found else ""


def _under_way(turn: Turn, steps: list[Step]) -> str:
    """How far each picture of a stage has come, a line each."""
    found = {entry.index: progress_text(entry) for entry in turn.progress if entry.stage == steps[0].stage}
    lines = [(step.index, found[step.index]) for step in steps if step.index in found]
    return lines[0][1] if len(lines) == 1 else "\n".join(f"picture {index + 1}: {text}" for index, text in lines)


def _picture(picture: Picture) -> Message:
    """As `gr.Image` would be shown, but with an address of our own: Gradio would look up the file again for every state."""
    seen = {"alt_text": alt(picture.recipe), "show_label": False, "container": False, "buttons": [], "interactive": False}
    return _component("image", {"path": str(picture.path), "url": address(picture)}, seen)


def _actions(picture: Picture) -> Message:
    """What can be done with a picture; the style sheet shows it on a phone, where the large picture's actions are not in view.

    It tells the page the picture's shape too, so that its place is kept while it is loaded.
    """
    name, shape = html.escape(picture.path.name, quote=True), picture.recipe.width / picture.recipe.height
    link = f'<a class="download-picture" href="{address(picture)}" download="{name}">Download</a>'
    return _component("html", f'<div class="picture-actions" data-shape="{shape:.4f}">{link}{_BUTTONS}</div>', {})


def _numbers(picture: Picture) -> Iterator[Message]:
    """The numbers of a sweep, where the picture is its sheet."""
    table = picture.path.with_suffix(".csv")
    if table.exists():
        name, link = html.escape(table.name, quote=True), f"/gradio_api/file={quote(str(table))}"
        yield _component("html", f'<a class="table-link" href="{link}" download="{name}">Download the numbers (CSV)</a>', {})


def _aloud(turn: Turn) -> Message:
    """The buttons that read an answer aloud and save it as sound; the style sheet shows each where that can be done."""
    read = f'<button type="button" class="read-aloud" lang="{detect_language(turn.text)}">Read aloud</button>'
    save = f'<button type="button" class="save-aloud" data-turn="{html.escape(turn.id)}">Save as audio</button>'
    return _component("html", read + save, {})


def address(picture: Picture) -> str:
    """Where a page finds the kept file."""
    return f"/gradio_api/file={quote(str(picture.path))}"


def _component(name: str, value: Any, props: dict[str, Any]) -> Message:
    content = {"type": "component", "component": name, "value": value, "constructor_args": {}, "props": props}
    return {"role": "assistant", "content": content}


def _failures(turn: Turn, several: bool) -> Iterator[Message]:
    """What went wrong, in plain words, the last with the buttons that lead on."""
    for failed in turn.failures:
        which = f"Picture {failed.index + 1}: " if several and failed.index is not None else ""
        message = _said(escape.escape_text(f"{which}{failed.text} {failed.hint}".strip()))
        if failed is turn.failures[-1] and not turn.running:
            message["options"] = [
                {"value": value, "label": label} for value, label in recovery_options(failed, turn.alternative)
            ]
        yield message
        kind, _, name = failed.action.partition(":")
        if kind == "unsaved":
            yield _component("html", f'<a class="unsaved" href="/unsaved/{quote(name)}" download>Download the picture</a>', {})


def _places(turn: Turn) -> int:
    """How many pictures a turn is about, as far as is known yet."""
    indices = [step.index for step in turn.steps] + [entry.index for entry in turn.kept]
    indices += [failed.index for failed in turn.failures if failed.index is not None]
    return max((turn.count, *(index + 1 for index in indices)))
