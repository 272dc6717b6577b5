"""A message that the rules cannot place, answered by a chat model in one call that says what it is and answers if it is talk.

Nothing is drawn that was not asked for: what the model takes for a request is held against the message, and what costs is only
proposed where the rules see no request in it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from gemini_diffusion import commands
from gemini_diffusion.commands import Imagine, PictureCommand
from gemini_diffusion.crafting.edits import model_reading
from gemini_diffusion.crafting.edits.change_list import ChangeList
from gemini_diffusion.crafting.edits.edit_words import pattern
from gemini_diffusion.crafting.edits.model_reading import MessageReading
from gemini_diffusion.crafting.parse_answer import partial_prompt
from gemini_diffusion.generation.conversation import versions
from gemini_diffusion.generation.conversation.wishes import with_wishes
from gemini_diffusion.generation.drawing import plan
from gemini_diffusion.generation.drawing.job import Job
from gemini_diffusion.generation.turn import picture_questions
from gemini_diffusion.generation.turn.picture_turns import PictureTurn
from gemini_diffusion.types import ChatRequest, Event, Finished, Message, Noticed, Picture, Selected, TextGrew, Understood
from gemini_diffusion.types.errors import BadAnswer
from gemini_diffusion.types.turn import Turn

LISTED = 8
"""Pictures of the conversation that the model is told of, the newest."""


async def converse(job: Job, text: str, turns: Sequence[Turn], selected: Picture | None) -> None:
    """Answers `text`, or does what it asks for; `turns` are those before it. Raises errors of errors.py."""
    reading = await _read(job, text, turns, selected)
    picture = versions.numbered(turns, reading.picture) if reading.picture else selected
    asked = model_reading.is_asked(reading, text)
    if reading.intent == "draw" and reading.idea.strip() and asked:
        await _draw(job, reading, text)
    elif reading.intent == "edit" and picture and asked:
        await _edit(job, reading, text, PictureTurn(job, PictureCommand("edit", text), picture, turns, "talk"))
    elif reading.intent == "ask" and picture and picture == _shown(job, text, turns, selected) and reading.answer.strip():
        job.emit(Selected(picture))
        job.emit(Finished(reading.answer.strip()))
    elif reading.intent == "ask" and picture:
        await PictureTurn(job, PictureCommand("ask", text), picture, turns).run()
    elif reading.answer.strip():
        job.emit(Finished(reading.answer.strip()))
    elif reading.intent == "talk":
        raise BadAnswer("The chat model sent an empty answer.", "Say it in other words, or choose another model.")
    else:
        _propose(job, text, f"/imagine {' '.join(text.split())}")


async def _read(job: Job, text: str, turns: Sequence[Turn], selected: Picture | None) -> MessageReading:
    """One call; the answer is shown as it grows, the rest of the form never."""

    def pass_on(event: Event) -> None:
        if not isinstance(event, TextGrew):
            job.emit(event)
        elif grown := partial_prompt(event.text, "answer") if event.text.lstrip()[:1] in ("{", "`") else event.text:
            job.emit(TextGrew(grown))

    known = list(enumerate(versions.pictures_in(turns), 1))
    number = next((place for place, picture in known if picture == selected), 0)
    listed = [(place, picture.recipe.prompt) for place, picture in known if place == number or place > len(known) - LISTED]
    instruction = model_reading.reading_instruction(listed, number)
    shown = _shown(job, text, turns, selected)
    image = await asyncio.to_thread(picture_questions.reduced, shown.path) if shown else b""
    request = ChatRequest((*job.conversation, Message("user", text, image)), instruction, model_reading.reading_schema())
    said = await (await job.lent_model()).answer(request, job.settings, pass_on)
    for notice in said.notices:
        job.emit(Noticed(notice))
    reading = model_reading.parse_reading(said.text)
    cut = reading.answer or partial_prompt(said.text, "answer")
    return reading.model_copy(update={"answer": cut})


def _shown(job: Job, text: str, turns: Sequence[Turn], selected: Picture | None) -> Picture | None:
    """The picture that goes along with a question, so that one call answers it: only where the person was told before that
    pictures of this conversation go to the chat model.
    """
    told = any(turn.kind == "say" and turn.selected for turn in turns)
    asks = told and job.services.chat_model(job.settings).sees and pattern("question").search(text)
    return selected if selected and asks and selected.path.exists() else None


async def _draw(job: Job, reading: MessageReading, text: str) -> None:
    idea = " ".join(reading.idea.split())[: len(text) * 2 + 40]
    read = commands.parse(f"/imagine {idea}")
    command = Imagine(read.idea) if isinstance(read, Imagine) else None  # the flags are the person's to set
    if command is None or not _may(_price(job, command), text):
        _propose(job, text, f"/imagine {' '.join(text.split())}")
        return
    job.emit(Understood(f"I read this as: {commands.format_line(command)}", "talk", draws=True))
    await job.imagine(with_wishes(command, job.wishes))


async def _edit(job: Job, reading: MessageReading, text: str, turn: PictureTurn) -> None:
    recipe = turn.picture.recipe
    changes = model_reading.apply_reading(reading, ChangeList(recipe.prompt, recipe.negative_prompt), text)
    engine = job.services.engines.get(recipe.engine)
    if changes is None or engine is None or not _may(engine.key, text):
        _propose(job, text, f"/edit {' '.join(text.split())}")
        return
    await turn.draw_changed(changes)


def _price(job: Job, command: Imagine) -> str:
    """The key of whoever would draw it, "" where that costs nothing."""
    return plan.make_plan(command.flags, job.settings, job.services.engines, None).engine.key


def _may(key: str, text: str) -> bool:
    """Whether it may be drawn at once: a message that says thanks or asks something never, another one where it costs nothing
    and can be undone, or where the rules see a request in it.
    """
    request = model_reading.is_request(text)
    talk = bool(pattern("question").search(text)) and not pattern("polite").search(text)
    return request or (not key and not talk and not pattern("manners").search(text))


def _propose(job: Job, text: str, line: str) -> None:
    """Says what could have been meant, with a button that does it."""
    job.emit(Understood("", line))
    job.emit(Finished("I was not sure whether you want that drawn, so I have drawn nothing."))
