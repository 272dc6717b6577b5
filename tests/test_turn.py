"""The fold of a turn: events in any sensible order become what a person sees, live and after a restart."""

from __future__ import annotations

from pathlib import Path

from pydantic import TypeAdapter

from gemini_diffusion.types import (
    Crafted,
    CraftedPrompt,
    Event,
    Failed,
    Finished,
    Noticed,
    Picture,
    PictureKept,
    Preview,
    Progress,
    StageFinished,
    StageStarted,
    Stopped,
    TextGrew,
    Waiting,
)
from gemini_diffusion.types.turn import Turn
from tests.recipes import FOX


def told(*events: Event) -> Turn:
    turn = Turn("t", "/imagine a fox", "imagine")
    for event in events:
        turn = turn.after(event, now=1.0)
    return turn


def test_words_that_grow_while_crafting_are_the_prompts_later_ones_the_answers() -> None:
    turn = told(
        StageStarted("crafting", "Writing"), TextGrew("a fox"), StageFinished("crafting", "Wrote", 1.0), TextGrew("Hello")
    )
    assert (turn.writing, turn.text) == ("a fox", "Hello")


def test_a_stage_ends_where_it_began() -> None:
    turn = told(
        StageStarted("drawing", "Drawing", 1), StageStarted("drawing", "Drawing", 0), StageFinished("drawing", "Drew", 2.0, 1)
    )
    assert [(step.index, step.seconds) for step in turn.steps] == [(1, 2.0), (0, None)]


def test_progress_is_the_latest_of_each_picture_and_goes_with_its_stage() -> None:
    turn = told(Progress("drawing", 1, 9), Progress("drawing", 2, 9), Progress("drawing", 5, 9, index=1))
    assert [(entry.index, entry.done) for entry in turn.progress] == [(0, 2), (1, 5)]
    turn = turn.after(StageFinished("drawing", "Drew", 1.0, 0))
    assert [entry.index for entry in turn.progress] == [1]


def test_a_stage_told_again_is_told_better_not_begun_anew() -> None:
    turn = told(StageStarted("waiting", "Waiting, 2 before this one"), StageStarted("waiting", "Waiting, 1 before this one"))
    assert [step.text for step in turn.steps] == ["Waiting, 1 before this one"]


def test_places_in_the_queue_of_several_pictures_move_each_by_itself() -> None:
    turn = told(
        *(StageStarted("waiting", f"Waiting, {others} before this one", index) for others in (2, 1) for index in (0, 1))
    )
    assert [(step.index, step.text) for step in turn.steps] == [
        (0, "Waiting, 1 before this one"),
        (1, "Waiting, 1 before this one"),
    ]
    turn = turn.after(StageFinished("waiting", "Waited", 1.0, 0))
    assert [(step.index, step.seconds) for step in turn.steps] == [(0, 1.0), (1, None)]


def test_a_preview_is_the_latest_and_never_outlives_its_picture_or_its_turn() -> None:
    drawing = told(StageStarted("drawing", "Drawing"), Preview(b"1"), Preview(b"2"))
    assert drawing.preview == Preview(b"2")
    kept = PictureKept(Picture("1", Path("1.png"), FOX))
    for end in (kept, Stopped("Stopped."), Failed("No.", ""), Finished()):
        assert drawing.after(end).preview is None


def test_a_preview_of_another_picture_stays_and_a_late_one_is_not_seen() -> None:
    first, second = PictureKept(Picture("1", Path("1.png"), FOX)), Preview(b"2", 1)
    assert told(second, first).preview == second
    assert told(first, Preview(b"late")).preview is None
    assert told(Finished("Done."), Preview(b"late")).preview is None


def test_waiting_ends_when_something_comes() -> None:
    waiting = told(Waiting("waking up", 9.0, 2))
    assert waiting.waiting
    assert waiting.after(TextGrew("Hi")).waiting is None
    assert waiting.after(Waiting("waking up", 0.0, 2)).waiting is None


def test_pictures_stand_in_the_order_they_were_asked_for() -> None:
    first, second = Picture("1", Path("1.png"), FOX), Picture("2", Path("2.png"), FOX)
    assert told(PictureKept(second, 1), PictureKept(first, 0)).pictures == (first, second)


def test_one_pictures_failure_leaves_the_turn_going() -> None:
    assert told(Failed("No room.", "Draw smaller.", index=1)).running
    assert told(Failed("No room.", "Draw smaller.")).state == "failed"


def test_an_ended_turn_has_nothing_under_way() -> None:
    turn = told(StageStarted("drawing", "Drawing"), Progress("drawing", 3, 9), Stopped("Stopped at step 3 of 9."))
    assert (turn.state, turn.steps, turn.progress, turn.notices) == ("stopped", (), (), ("Stopped at step 3 of 9.",))


def test_a_notice_is_said_once() -> None:
    assert told(Noticed("a"), Noticed("a"), Noticed("b")).notices == ("a", "b")


def test_the_last_words_say_where_it_was() -> None:
    drawing = told(StageStarted("drawing", "Drawing"), Progress("drawing", 12, 25))
    assert drawing.last_words() == "Stopped at step 12 of 25."
    assert told(Waiting("waking up", 9.0, 2)).last_words() == "Stopped waiting."
    assert told(StageStarted("crafting", "Writing")).last_words() == "Stopped while the prompt was being written."
    assert told().last_words() == "Stopped."


def test_the_conversation_knows_the_words_and_the_picture_but_no_instructions() -> None:
    kept = PictureKept(Picture("1", Path("1.png"), FOX))
    turn = told(Crafted(CraftedPrompt("a fox", "a fox, light")), kept, Finished("Here it is."))
    assert [message.role for message in turn.messages()] == ["user", "assistant"]
    assert "a fox in the snow" in turn.messages()[1].text
    assert told().messages() == ()


def test_a_turn_written_is_the_turn_read() -> None:
    turn = told(
        StageStarted("crafting", "Writing"),
        StageFinished("crafting", "Wrote", 1.0),
        Crafted(CraftedPrompt("a fox", "a fox", kept=("fox",))),
        PictureKept(Picture("1", Path("1.png"), FOX)),
        Failed("No", "Yes", "retry", 1),
        Finished("Here"),
    )
    adapter = TypeAdapter(Turn)
    assert adapter.validate_json(adapter.dump_json(turn)) == turn
