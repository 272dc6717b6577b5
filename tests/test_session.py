"""A conversation: one turn at a time, stopped, watched, kept, failed in words, and never mixed with another's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from gemini_diffusion.chat_models import ChatModel
from gemini_diffusion.chat_models.builtin import BuiltinChatModel
from gemini_diffusion.commands import parse
from gemini_diffusion.commands.unknown import INSTEAD
from gemini_diffusion.config.settings import Settings
from gemini_diffusion.generation.drawing.edit import Edit
from gemini_diffusion.generation.error_messages import describe_failure
from gemini_diffusion.generation.limits.access import MOST_DRAWINGS, Access, DrawingSlots
from gemini_diffusion.generation.services import Services
from gemini_diffusion.generation.turn.session import Session
from gemini_diffusion.generation.turn.turn_queue import MOST
from gemini_diffusion.generation.turn.unfinished_turns import NAME, UnfinishedTurn, after_a_crash
from gemini_diffusion.storage.gallery import Gallery, read_recipe
from gemini_diffusion.storage.history import CLOSED
from gemini_diffusion.types import Alternative, ChatAnswer, ChatRequest, Emit, Failed, Noticed, Picture, PictureKept
from gemini_diffusion.types.errors import AgreementNeeded, BadInput, Blocked, KeyNeeded, KeyRefused, OutOfCredit, RequestRefused
from gemini_diffusion.types.turn import Turn
from tests.recipes import changed
from tests.scripted import ScriptedChatModel
from tests.sketch_engine import SketchEngine
from tests.waiting import patiently, until

PLAIN = Settings()
KEPT = PictureKept(Picture("0" * 32, Path("fox.png"), changed()))
KEYED = Settings().replaced({"google_api_key": "AIza-test-test-test-0001"})


class Mute(ScriptedChatModel):
    """Says nothing, for ever."""

    asked = False

    async def answer(self, request: ChatRequest, settings: Settings, emit: Emit) -> ChatAnswer:
        self.asked = True
        await asyncio.Event().wait()
        raise AssertionError("It never speaks.")


class Talking(ScriptedChatModel):
    """Reads aloud too."""

    async def speak(self, text: str, settings: Settings) -> bytes:
        return b"RIFF" + text.encode()


class Room:
    """A session with an engine that sketches and a chat model that says what it is told to."""

    def __init__(self, home: Path, engine: SketchEngine | None = None) -> None:
        self.home = home
        self.engine = engine or SketchEngine()
        self.gemini = ScriptedChatModel()
        self.gallery = Gallery(home / "pictures")
        models: dict[str, ChatModel] = {"gemini": self.gemini, "builtin": BuiltinChatModel()}
        self.studio = Services(models, {"local": self.engine}, self.gallery)
        self.session = self.anew()

    def anew(self) -> Session:
        """The session as it is after a restart."""
        return Session(self.studio, self.home / "visitor")

    async def done(self, text: str, settings: Settings = PLAIN) -> Turn:
        self.session.start(text, settings)
        return await self.ended()

    async def ended(self) -> Turn:
        turns = [turn async for turn in self.session.watch()]
        return turns[-1]

    async def until(self, condition: Callable[[Turn], bool]) -> None:
        async for turn in self.session.watch():
            if condition(turn):
                return
        raise AssertionError("The turn ended before that came.")


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path)


async def test_a_picture_is_crafted_drawn_and_kept_with_its_recipe(room: Room) -> None:
    turn = await room.done("/imagine a red cat on the beach --seed 7 --steps 3")
    assert turn.state == "done"
    [picture] = turn.pictures
    recipe = read_recipe(picture.path)
    assert recipe == picture.recipe
    assert (recipe.original, recipe.seed, recipe.num_inference_steps) == ("a red cat on the beach", 7, 3)
    assert "red cat" in recipe.prompt and recipe.crafted_by == "rules"
    assert Image.open(picture.path).size == (recipe.width, recipe.height)
    assert [step.stage for step in turn.steps] == ["crafting", "drawing"]


async def test_plain_words_draw_change_and_go_back(room: Room) -> None:
    first = (await room.done("draw me a red cat on the beach")).pictures[0]
    walk = ("make it night", "in snow", "undo", "undo", "redo", "the first one but in snow")
    turns = [await room.done(text) for text in walk]
    night, snow, back, further, again, other = turns
    recipe = night.pictures[0].recipe
    assert recipe.prompt == first.recipe.prompt.replace("on the beach", "on the beach at night")
    same = ("seed", "width", "height", "model", "negative_prompt", "num_inference_steps", "guidance_scale", "scheduler")
    assert {name: getattr(recipe, name) for name in same} == {name: getattr(first.recipe, name) for name in same}
    assert night.understood.startswith("Keep: a red cat on the beach. Change: add at night. Drawn again with the same seed")
    assert "in the snow at night" in snow.pictures[0].recipe.prompt and "beach" not in snow.pictures[0].recipe.prompt
    assert (back.selected, further.selected, again.selected) == (night.pictures[0], first, night.pictures[0])
    assert other.pictures[0].recipe.parent == first.id and "night" not in other.pictures[0].recipe.prompt
    assert (await room.done("hello")).kind == "say" and room.anew().latest == other.pictures[0]


async def test_ten_edits_in_a_row_lose_nothing(room: Room) -> None:
    await room.done('/imagine a red cat on the beach, a sign that says "open: {x}" --no text --seed 7')
    edits = ("make it night", "in snow", "make it blue", "add a hat", "darker", "at sunset", "in the city", "brighter",
             "make it a dog", "without the hat")  # fmt: skip
    last = [await room.done(text) for text in edits][-1].pictures[0].recipe
    assert last.prompt.startswith('a blue dog in the city at sunset, a sign that says "open: {x}"')
    assert (last.negative_prompt, last.seed) == ("text, hat", 7) and last.prompt.endswith("bright light")


async def test_one_click_says_that_it_was_only_talk(room: Room) -> None:
    await room.done("/imagine a fox")
    drawn = len(room.engine.history)
    assert (await room.done("darker")).offer == "talk"
    assert (await room.done("make it cyberpunk")).offer == "/edit make it cyberpunk"
    assert len(room.engine.history) == drawn + 1
    assert (await room.done("/edit make it cyberpunk")).pictures[0].recipe.prompt.endswith("cyberpunk")
    quiet = PLAIN.replaced({"plain_words": False})
    assert (await room.done("darker", quiet)).kind == "say"


async def test_undo_does_not_bring_back_what_was_deleted(room: Room) -> None:
    first = (await room.done("/imagine a cat")).pictures[0]
    await room.done("make it night")
    first.path.unlink()
    assert "was deleted" in (await room.done("undo")).failures[-1].text


async def test_what_should_not_change_is_not_drawn(room: Room) -> None:
    await room.done("/imagine a fox")
    drawn = len(room.engine.history)
    assert "nothing was drawn" in (await room.done("/edit do not make it night")).failures[-1].text
    assert (await room.done("don't make it night")).kind == "say"
    assert len(room.engine.history) == drawn


async def test_without_a_key_a_picture_is_offered_for_what_may_be_one(room: Room) -> None:
    assert (await room.done("fox in the snow", PLAIN)).offer == "/imagine fox in the snow"
    assert not any([(await room.done(text, PLAIN)).offer for text in ("hello", "what is a fox?", "I like you")])


async def test_of_several_pictures_one_may_fail_and_the_others_stay(room: Room) -> None:
    room.engine.enqueue(None, RequestRefused("Too small.", "Draw it larger."), None)
    turn = await room.done("/imagine a cat --n 3 --seed 7 --steps 2")
    assert turn.state == "done"
    assert [picture.recipe.seed for picture in turn.pictures] == [7, 9]
    assert [(failed.text, failed.index) for failed in turn.failures] == [("Too small.", 1)]


async def test_when_none_can_be_drawn_the_turn_fails_once_with_the_reason(room: Room) -> None:
    room.engine.enqueue(OutOfCredit("No credit."), OutOfCredit("No credit."))
    turn = await room.done("/imagine a cat --n 2")
    assert (turn.state, len(turn.failures)) == ("failed", 1)
    assert "use another engine" in turn.failures[0].hint


async def test_choices_draw_each_and_too_many_are_refused_before_any(room: Room) -> None:
    turn = await room.done("/imagine a {red, green} cat --steps 1 --raw")
    assert [picture.recipe.prompt for picture in turn.pictures] == ["a red cat", "a green cat"]
    drawn = len(room.engine.history)
    for line in ("/imagine a {a,b,c} {d,e,f} cat", "/imagine a {a,b,c} cat --n 3"):
        turn = await room.done(line)
        assert turn.state == "failed" and "8" in turn.failures[0].hint
    assert len(room.engine.history) == drawn


async def test_raw_words_reach_the_engine_untouched(room: Room) -> None:
    turn = await room.done("/imagine  a CAT,,  weird   spacing --raw --steps 1", KEYED)
    assert turn.crafted and turn.crafted.crafted_by == "you"
    assert room.engine.history[-1][0].prompt == turn.crafted.prompt
    assert room.gemini.history == []


@pytest.mark.parametrize("text", ["/imagine", "/imagine   ", "/imagine --ar 16:9", "/help"])
async def test_an_empty_request_shows_usage_and_calls_nothing(room: Room, text: str) -> None:
    turn = await room.done(text, KEYED)
    assert turn.state == "done" and "/imagine a fox" in turn.text
    assert room.gemini.history == [] and room.engine.history == []


async def test_a_command_that_does_not_exist_fails_and_says_what_works(room: Room) -> None:
    turn = await room.done("/settings 2")
    assert (turn.state, turn.failures[0].text) == ("failed", f"There is no /settings here: {INSTEAD['settings']}.")
    turn = await room.done("/imagin a cat")
    assert turn.failures == (Failed("There is no command /imagin. Did you mean /imagine?", "", "send:/imagine a cat"),)


async def test_chat_tells_the_model_what_was_said_and_no_instructions(room: Room) -> None:
    room.gemini.enqueue(["Hello.", "A good day to you."])
    await room.done("Hi there", KEYED)
    await room.done("And you?", KEYED)
    told = room.gemini.history[-1]
    assert [message.text for message in told.messages] == ["Hi there", "Hello.", "And you?"]
    assert told.system_instruction == ""


async def test_crafting_leaves_no_instructions_in_the_chat(room: Room) -> None:
    await room.done("/imagine a cat --steps 1")
    room.gemini.enqueue(["Yes, a cat."])
    await room.done("What did you draw?", KEYED)
    texts = [message.text for message in room.gemini.history[-1].messages]
    assert texts[0] == "/imagine a cat --steps 1" and len(texts) == 3
    assert not any("JSON" in text or "schema" in text for text in texts)


async def test_a_new_conversation_knows_nothing_of_the_last_and_keeps_the_pictures(room: Room) -> None:
    kept = (await room.done("/imagine a cat --steps 1")).pictures[0]
    await room.session.new()
    room.gemini.enqueue(["Hello."])
    await room.done("Hi", KEYED)
    assert [message.text for message in room.gemini.history[-1].messages] == ["Hi"]
    assert room.session.picture(kept.id) == kept
    assert room.anew().picture(kept.id) == kept


async def test_stop_says_the_last_words_and_the_next_turn_works(room: Room) -> None:
    room.engine.pause_at(3)
    room.session.start("/imagine a cat --steps 9", PLAIN)
    await room.until(lambda turn: bool(turn.progress))
    await room.session.stop()
    turn = room.session.turns[-1]
    assert (turn.state, turn.notices[-1], turn.asked) == ("stopped", "Stopped at step 3 of 9.", "/imagine a cat --steps 9")
    room.engine.resume()
    assert (await room.done("/imagine a dog --steps 1")).state == "done"


async def test_stop_straight_after_a_start_ends_it_too(room: Room) -> None:
    room.session.start("/imagine a cat", PLAIN)
    await room.session.stop()
    assert (room.session.running, room.session.turns[-1].state) == (None, "stopped")
    assert (await room.done("/imagine a dog --steps 1")).state == "done"


async def test_stop_ends_a_chat_at_once_and_stopping_nothing_is_no_fault(room: Room) -> None:
    await room.session.stop()
    mute = room.studio.chat_models["gemini"] = Mute()  # type: ignore[index]
    room.session.start("Tell me everything", KEYED)
    await until(lambda: mute.asked)
    async with patiently("the chat to stop"):
        await room.session.stop()
    assert room.session.turns[-1].state == "stopped"


async def test_what_is_sent_while_something_runs_waits_and_can_be_taken_back(room: Room) -> None:
    room.engine.pause_at(1)
    room.session.start("/imagine a cat --steps 2", PLAIN)
    later = [room.session.start(text, PLAIN) for text in ("make it night", "hello", "/imagine a dog --steps 1")]
    assert [turn.state for turn in later] == ["queued"] * 3 and len(room.session.turns) == 1
    assert room.session.take_back(later[1].id).asked == "hello"
    for work in (room.session.new, lambda: room.session.take_back(later[1].id)):
        with pytest.raises(BadInput):
            await work()  # type: ignore[misc]
    await until(lambda: room.engine.history)
    room.engine.resume()
    watched = [turn async for turn in room.session.watch(later[2].id)]
    assert (watched[0].state, watched[-1].state, watched[-1].asked) == ("queued", "done", "/imagine a dog --steps 1")
    room.engine.pause_at(1)
    room.session.start("/imagine a hen --steps 2", PLAIN)
    last = room.session.start("hello", PLAIN)
    await until(lambda: room.session.running and room.session.running.progress)
    said = await room.session.instead("a hen", PLAIN, only_talk=True)
    room.engine.resume()
    ended = [turn async for turn in room.session.watch(last.id)][-1]
    hen, *after = list(room.session.turns)[-3:]
    assert [turn.id for turn in after] == [said.id, ended.id] and hen.state == "stopped"
    cat, night = list(room.session.turns)[:2]
    assert night.pictures[0].recipe.parent == cat.pictures[0].id, "it is about the picture that came before it"
    assert room.anew().turns == room.session.turns and not room.session.busy


async def test_stop_ends_the_running_one_only_and_the_line_is_not_endless(room: Room) -> None:
    room.engine.pause_at(1)
    first = room.session.start("/imagine a cat --steps 2", PLAIN)
    with pytest.raises(BadInput, match="wait already"):
        for _ in range(MOST + 1):
            room.session.start("/undo", PLAIN)
    await until(lambda: room.engine.history)
    await room.session.stop()
    assert [turn async for turn in room.session.watch(first.id)][-1].state == "stopped"
    await until(lambda: not room.session.busy)
    assert [turn.state for turn in room.session.turns] == ["stopped", *["failed"] * MOST], "there was nothing to undo"


@pytest.mark.parametrize("text", ["", "  \n ", "x" * 20_001])
def test_nothing_and_too_much_are_refused_in_words(room: Room, text: str) -> None:
    with pytest.raises(BadInput) as caught:
        room.session.start(text, PLAIN)
    assert caught.value.hint


async def test_drawings_of_one_conversation_are_one_party_that_nobody_else_is(room: Room, tmp_path: Path) -> None:
    await room.done("/imagine a cat --n 2 --steps 1")
    await room.done("/imagine a dog --steps 1")
    other = Session(room.studio, tmp_path / "other")
    other.start("/imagine a dog --steps 1", PLAIN)
    assert [turn async for turn in other.watch()][-1].state == "done"
    first, second, third, stranger = [request.party for request, _ in room.engine.history]
    assert first == second == third != stranger and first and stranger


async def test_more_drawings_than_there_are_places_for_are_refused_in_words(room: Room, tmp_path: Path) -> None:
    places = DrawingSlots()
    crowd = [Session(room.studio, tmp_path / f"{number}", Access(places)) for number in range(MOST_DRAWINGS // 8 + 1)]
    room.engine.pause_at(1)
    for session in crowd[:-1]:
        session.start("/imagine a cat --n 8 --steps 1 --raw", PLAIN)
    await until(lambda: places.taken.total() == MOST_DRAWINGS)
    room.session = crowd[-1]
    async with patiently("the one drawing too many to be refused"):
        turn = await room.done("/imagine a dog --n 2 --steps 1")
    assert turn.state == "failed" and len(room.engine.history) == MOST_DRAWINGS
    assert "Many pictures" in turn.failures[0].text and "in a moment" in turn.failures[0].hint

    await crowd[0].stop()
    room.engine.resume()
    assert (await room.done("/imagine a dog --n 2 --steps 1")).state == "done"
    for session in crowd[1:]:
        assert [turn async for turn in session.watch()][-1].state == "done"
    assert places.taken.total() == 0


async def test_several_watchers_see_the_same_end_and_come_and_go_freely(room: Room) -> None:
    room.engine.pause_at(2)
    room.session.start("/imagine a cat --steps 3", PLAIN)
    first, leaving = list[Turn](), list[Turn]()
    watchers = [asyncio.create_task(_watched(room, seen)) for seen in (first, leaving)]
    await until(lambda: first and leaving)
    watchers[1].cancel()
    late = list[Turn]()
    watchers.append(asyncio.create_task(_watched(room, late)))
    await until(lambda: late)
    room.engine.resume()
    await asyncio.gather(watchers[0], watchers[2])
    assert first[-1] == late[-1] == room.session.turns[-1]
    assert room.session.turns[-1].state == "done"


async def _watched(room: Room, seen: list[Turn]) -> None:
    async for turn in room.session.watch():
        seen.append(turn)


@pytest.mark.parametrize("steps", range(3))
async def test_who_leaves_in_the_moment_in_which_something_changes_has_left(room: Room, steps: int) -> None:
    room.engine.pause_at(1)
    room.session.start("/imagine a cat --steps 2", PLAIN)
    watcher = asyncio.create_task(_watched(room, []))
    await until(lambda: room.session._changed.next._waiters)
    room.session._emit(Noticed("It goes on."))
    for _ in range(steps):
        await asyncio.sleep(0)
    watcher.cancel()
    async with patiently("the watcher to leave"):
        await asyncio.wait({watcher})
    assert watcher.cancelled()
    await room.session.stop()


async def test_a_running_turn_is_shown_again_and_again_though_nothing_changes(room: Room) -> None:
    room.engine.pause_at(1)
    room.session.start("/imagine a cat --steps 1", PLAIN)
    shown = 0
    async with patiently("the turn to be shown again"):
        async for _ in room.session.watch():
            shown += 1
            if shown == 4:
                break
    await room.session.stop()
    assert shown == 4


async def test_a_conversation_survives_a_restart(room: Room) -> None:
    await room.done("/imagine a cat --steps 1")
    await room.done("hello")
    assert room.anew().turns == room.session.turns


async def test_a_data_folder_that_was_moved_still_shows_its_pictures(room: Room, tmp_path: Path) -> None:
    await room.done("/imagine a cat --steps 1")
    room.home.joinpath("pictures").rename(tmp_path / "elsewhere")
    room.studio = Services(room.studio.chat_models, room.studio.engines, Gallery(tmp_path / "elsewhere"))
    [picture] = room.anew().turns[-1].pictures
    assert picture.path.exists()


async def test_what_was_under_way_at_the_end_of_the_program_is_begun_once_more_and_what_waited_follows(room: Room) -> None:
    room.engine.pause_at(1)
    sessions = [room.session]
    await room.session.send("/imagine a cat --steps 2", PLAIN)
    await room.session.send("hello", PLAIN)
    for attempt in (1, 2):
        await until(lambda so_far=attempt: len(room.engine.history) == so_far)  # type: ignore[misc]
        [turn] = room.anew().turns
        assert turn.state == "stopped" and turn.notices == (CLOSED,) and turn.asked == "/imagine a cat --steps 2"
        sessions.append(room.anew())
        sessions[-1].resume(PLAIN)
    await until(lambda: not sessions[-1].busy)
    cat, hello = sessions[-1].turns
    assert len(room.engine.history) == 2 and "ended twice while this was under way" in cat.failures[0].text
    assert (hello.state, hello.asked) == ("done", "hello")
    await until(lambda: room.anew().turns == sessions[-1].turns and not (room.home / "visitor" / NAME).exists())
    for session in sessions:
        await session.stop()


@pytest.mark.parametrize(
    ("came", "settings", "state"),
    [({}, KEYED, ""), ({"text": "One two"}, KEYED, "stopped"), ({"kept": (KEPT,)}, KEYED, "stopped"), ({}, PLAIN, "failed")],
)
def test_what_had_been_seen_of_a_turn_stays_and_only_what_had_not_is_asked_again(
    came: dict[str, Any], settings: Settings, state: str
) -> None:
    entry = UnfinishedTurn(Turn("1", "two cats", **came), 1, keys=("google_api_key",))
    turns, again = after_a_crash(
        [entry], (Turn("1", "two cats", state="stopped", notices=(CLOSED,)),), settings, lambda picture: picture
    )
    assert [turn.state for turn in turns] == ([state] if state else []) and [each.turn.id for each in again] == ["1"][
        bool(state) :
    ]
    assert not turns or (turns[0].text, turns[0].kept) == (entry.turn.text, entry.turn.kept)
    done = (Turn("1", "two cats", state="done"),)
    assert after_a_crash([entry], done, settings, lambda picture: picture) == (done, []), "the program ended between two files"


async def test_a_conversation_that_cannot_be_read_is_set_aside(room: Room) -> None:
    await room.done("hello")
    file = room.home / "visitor" / "conversation.json"
    file.write_text("{")
    assert room.anew().turns == ()
    assert (room.home / "visitor" / "conversation.unreadable.json").read_text() == "{"


async def test_a_failure_keeps_the_words_and_leads_on(room: Room) -> None:
    room.gemini.enqueue([KeyRefused("Gemini does not accept this key.")])
    turn = await room.done("hello", KEYED)
    assert (turn.state, turn.asked, turn.failures[0].action) == ("failed", "hello", "settings")
    other = Alternative("/imagine a fox --engine local", "local", "It can draw it: free.")
    assert describe_failure(OutOfCredit("No credit.", "Add some."), other) == Failed(
        "No credit.", "Add some. It can draw it: free.", "retry", elsewhere=True
    )
    assert not describe_failure(Blocked("No."), other).elsewhere, "safety rules are not got round"
    assert describe_failure(AgreementNeeded("6.9 GB", model="sdxl", download_bytes=7)).action == "download:sdxl"
    assert describe_failure(AgreementNeeded("A licence.", model="sdxl")).action == "", "a licence is agreed to elsewhere"


async def test_what_nobody_foresaw_is_one_calm_sentence(room: Room) -> None:
    room.gemini.enqueue([RuntimeError("secret detail")])
    turn = await room.done("hello", KEYED)
    assert turn.state == "failed" and "secret detail" not in str(turn)


async def test_an_edited_prompt_is_drawn_as_it_stands(room: Room) -> None:
    kept = (await room.done("/imagine a red cat --seed 7 --steps 2")).pictures[0]
    await room.session.redraw(kept.id, Edit(prompt="a blue cat"), PLAIN)
    turn = await room.ended()
    recipe = turn.pictures[0].recipe
    assert (recipe.prompt, recipe.seed, recipe.crafted_by, recipe.original) == ("a blue cat", 7, "you", "a red cat")
    assert parse(turn.asked) == parse(recipe.line)


async def test_a_conversations_pictures_are_saved_together(room: Room) -> None:
    with pytest.raises(BadInput, match="nothing in this conversation"):
        room.session.store.bundle(room.session.turns)
    await room.done("/imagine a cat --n 2 --steps 1")
    assert room.session.store.bundle(room.session.turns).name == "gemini-diffusion-2-pictures.zip"


async def test_a_new_seed_changes_nothing_else(room: Room) -> None:
    kept = (await room.done("/imagine a red cat --seed 7 --steps 2")).pictures[0]
    await room.session.redraw(kept.id, Edit(seed="random"), PLAIN)
    recipe = (await room.ended()).pictures[0].recipe
    assert recipe.seed != 7
    assert (recipe.prompt, recipe.crafted_by, recipe.crafted.kept) == (kept.recipe.prompt, "rules", kept.recipe.crafted.kept)


@pytest.mark.parametrize("prompt", ["", "   ", "a cat --ar 16:9", "cat::2 dog::1"])
async def test_the_prompt_box_takes_words_alone(room: Room, prompt: str) -> None:
    kept = (await room.done("/imagine a red cat --steps 1")).pictures[0]
    with pytest.raises(BadInput) as caught:
        await room.session.redraw(kept.id, Edit(prompt=prompt), PLAIN)
    assert caught.value.hint


async def reviewing(room: Room) -> None:
    room.session.start("/imagine a cat --review --steps 1", PLAIN)
    await room.until(lambda turn: turn.state == "review")


@pytest.mark.parametrize(("choice", "prompt", "drawn"), [("draw", "a striped cat", "a striped cat"), ("mine", "", "a cat")])
async def test_in_review_nothing_is_drawn_until_the_person_chooses(room: Room, choice: str, prompt: str, drawn: str) -> None:
    await reviewing(room)
    await asyncio.sleep(0.05)
    assert room.engine.history == []
    room.session.choose(choice, prompt)  # type: ignore[arg-type]
    assert (await room.ended()).pictures[0].recipe.prompt == drawn


async def test_a_review_can_be_stopped_and_no_choice_waits_afterwards(room: Room) -> None:
    await reviewing(room)
    await room.session.stop()
    assert room.session.turns[-1].state == "stopped" and room.engine.history == []
    with pytest.raises(BadInput):
        room.session.choose("draw")


async def test_a_dry_run_says_what_it_would_be_and_draws_nothing(room: Room) -> None:
    turn = await room.done("/imagine a cat --dry --ar 1:1")
    assert room.engine.history == [] and turn.crafted
    assert "Nothing was drawn" in turn.text
    several = await room.done("/imagine a cat --dry --steps 5 --n 3")
    assert several.text.endswith(" About 30 s.")


async def test_an_unknown_style_is_said_with_the_nearest(room: Room) -> None:
    turn = await room.done("/imagine a cat --style watercolr --steps 1")
    assert any("watercolr" in notice and "atercolour" in notice for notice in turn.notices)


async def test_an_answer_becomes_one_sound_file_where_something_speaks_with_a_key_of_ones_own(room: Room) -> None:
    turn, voice = await room.done("hello"), room.session.voice
    assert not voice.speaks(KEYED)
    room.studio.chat_models["gemini"] = Talking()  # type: ignore[index]
    assert voice.speaks(KEYED) and not voice.speaks(PLAIN)
    first = await voice.save(turn, KEYED)
    assert first.read_bytes() == b"RIFF" + turn.text.encode() and first.suffix == ".wav"
    with pytest.raises(KeyNeeded, match="key of your own"):
        await voice.save(turn, PLAIN)
    await voice.save(None, KEYED)
    assert not first.exists(), "only the latest is kept"
