"""Crafting with a scripted chat model: whatever it drops, changes or adds, the contract holds and the person is told."""

from __future__ import annotations

import json
import string
from pathlib import Path
from typing import Any

import pytest

from gemini_diffusion.config.settings import Settings
from gemini_diffusion.crafting import PromptRequest, check_prompt, craft
from gemini_diffusion.crafting.parse_answer import answer_schema
from gemini_diffusion.engines.models import find_model
from gemini_diffusion.types import ChatAnswer, Event, Message, TextGrew, Waiting
from tests.scripted import GOOD, IDEA, ScriptedChatModel, as_json, crafted_from

SDXL, FLUX = find_model("sdxl"), find_model("FLUX.1 schnell")
REQUESTS: list[dict[str, Any]] = json.loads(Path(__file__).with_name("requests.json").read_text(encoding="utf-8"))


async def test_a_good_answer_is_taken_as_it_is() -> None:
    crafted, model, _ = await crafted_from(as_json(GOOD, negative_prompt="blurry", title="Red cat", reply="Gern."))
    assert (crafted.prompt, crafted.negative_prompt) == (GOOD, "blurry")
    assert (crafted.title, crafted.reply, crafted.crafted_by) == ("Red cat", "Gern.", "scripted-1")
    assert (crafted.original, crafted.notices, len(model.history)) == (IDEA, (), 1)
    assert (len(crafted.kept), crafted.missing, crafted.added_words) == (3, (), 4)


async def test_the_growing_prompt_is_shown_and_never_the_json_around_it() -> None:
    _, _, events = await crafted_from(as_json(GOOD))
    shown = [event.text for event in events if isinstance(event, TextGrew)]
    assert shown[-1] == GOOD
    assert all(GOOD.startswith(text) for text in shown)
    assert len(shown) > 3


async def test_other_news_of_the_chat_model_is_passed_on() -> None:
    class Waits(ScriptedChatModel):
        async def answer(self, request: Any, settings: Settings, emit: Any) -> ChatAnswer:
            emit(Waiting("busy", 2.0, 2))
            return await super().answer(request, settings, emit)

    events: list[Event] = []
    await craft(PromptRequest(IDEA, SDXL), (), Waits([as_json(GOOD)]), Settings(), events.append)
    assert events[0] == Waiting("busy", 2.0, 2)


async def test_the_instruction_stands_apart_from_the_conversation() -> None:
    talk = [Message("user", f"message {number}") for number in range(9)]
    model = ScriptedChatModel([as_json(GOOD)])
    await craft(PromptRequest(IDEA, SDXL), talk, model, Settings(), lambda event: None)
    request = model.history[0]
    assert [message.text for message in request.messages] == [*(f"message {number}" for number in range(3, 9)), IDEA]
    assert "SDXL" in request.system_instruction
    assert request.schema == answer_schema()
    assert talk == [Message("user", f"message {number}") for number in range(9)]


async def test_a_dropped_colour_is_asked_for_once_by_name() -> None:
    crafted, model, _ = await crafted_from(as_json("a cat on the beach, warm light"), as_json(GOOD))
    assert crafted.prompt == GOOD
    assert 'the colour "red"' in model.history[1].messages[-1].text
    assert crafted.notices == ("The chat model left out red, so I asked it again.",)


async def test_a_colour_dropped_twice_is_put_in_by_rule_and_said() -> None:
    answer = as_json("a blue cat on the beach, warm light")
    crafted, model, _ = await crafted_from(answer, answer)
    assert len(model.history) == 2
    assert "you changed it" in model.history[1].messages[-1].text
    assert crafted.prompt == "a red cat on the beach, warm light"
    assert (crafted.missing, len(crafted.kept), crafted.added_words) == ((), 3, 2)
    assert "I put right what the chat model left out or changed: red." in crafted.notices


async def test_of_two_answers_the_one_that_keeps_more_is_used() -> None:
    crafted, _, _ = await crafted_from(as_json("a cat on the beach, warm light"), as_json("a purple giraffe"))
    assert crafted.prompt == "a red cat on the beach, warm light"


async def test_a_changed_number_is_put_right() -> None:
    answer = as_json("Five cats sleeping in the sun.")
    crafted, _, _ = await crafted_from(answer, answer, idea="three cats", model=FLUX)
    assert "three cats" in crafted.prompt.lower()
    assert "five" not in crafted.prompt.lower()
    assert crafted.missing == ()


async def test_forty_adjectives_are_cut_back_to_the_budget_and_that_is_said() -> None:
    adjectives = ", ".join(f"gorgeous{letter} glorious{letter}" for letter in string.ascii_lowercase[:20])
    crafted, _, _ = await crafted_from(as_json(f"a red cat on the beach, {adjectives}"))
    assert crafted.prompt.startswith("a red cat on the beach, gorgeousa")
    assert 0 < crafted.added_words <= 12
    assert "More was added than asked for, so I shortened it." in crafted.notices


async def test_at_stylize_zero_nothing_added_stays() -> None:
    crafted, _, _ = await crafted_from(as_json("a red fluffy cat on the beach, warm light"), stylize=0)
    assert (crafted.prompt, crafted.added_words) == ("a red cat on the beach", 0)


async def test_a_denial_that_is_shown_is_taken_out_and_ruled_out() -> None:
    answer = as_json("a man wearing a tall hat, in the rain")
    crafted, _, _ = await crafted_from(answer, answer, idea="a man without a hat")
    assert "hat" not in crafted.prompt
    assert crafted.negative_prompt == "hat"
    assert crafted.missing == ()


async def test_a_denial_left_out_goes_into_the_negative_without_a_second_call() -> None:
    crafted, model, _ = await crafted_from(as_json("a man in the rain"), idea="a man without a hat", negative=("cars",))
    assert len(model.history) == 1
    assert crafted.negative_prompt == "cars, hat"
    assert crafted.missing == ()


async def test_a_model_without_negatives_gets_none_and_the_denial_is_said_in_words() -> None:
    answer = as_json("A man in the rain.", negative_prompt="hat")
    crafted, _, _ = await crafted_from(answer, answer, idea="a man without a hat", model=FLUX)
    assert (crafted.negative_prompt, crafted.prompt) == ("", "A man in the rain, a bare head.")
    assert (crafted.missing, crafted.crafted_by) == ((), "scripted-1")


async def test_a_style_is_added_after_the_words_and_the_models_shape_is_read() -> None:
    crafted, model, _ = await crafted_from(as_json(GOOD, aspect_ratio="16:9"), style="Film Noir")
    assert crafted.prompt.startswith(f"{GOOD}, film noir")
    assert (crafted.aspect_ratio, crafted.style, crafted.added_words) == ("16:9", "Film Noir", 4)
    assert "Film Noir" in model.history[0].system_instruction
    crafted, _, _ = await crafted_from(as_json(GOOD, aspect_ratio="16:9"), aspect="1:1")
    assert crafted.aspect_ratio == "1:1"


async def test_a_prompt_longer_than_the_window_loses_additions_first() -> None:
    def words(text: str) -> int:
        return len(text.split()) + 2

    long = f"{GOOD}, " + ", ".join(f"tone{number} shade" for number in range(60))
    crafted, _, _ = await crafted_from(as_json(long), stylize=1000, count_tokens=words)
    assert words(crafted.prompt) <= 77
    assert crafted.prompt.startswith(GOOD)
    assert crafted.missing == ()


async def test_a_foreign_wish_is_held_to_its_english_words() -> None:
    good, bad = as_json("two red cats on the beach, warm light"), as_json("two blue cats on the beach, warm light")
    crafted, _, _ = await crafted_from(good, idea="해변의 빨간 고양이 두 마리")
    assert (crafted.missing, len(crafted.kept), crafted.notices) == ((), 4, ())
    crafted, _, _ = await crafted_from(bad, bad, idea="해변의 빨간 고양이 두 마리")
    assert crafted.prompt == "two red cats on the beach, warm light"


@pytest.mark.parametrize("row", REQUESTS, ids=lambda row: row["idea"])
async def test_every_request_survives_a_chat_model_that_answers_with_something_else(row: dict[str, Any]) -> None:
    answer = as_json("a purple giraffe juggling nine lamps in a museum")
    crafted, _, _ = await crafted_from(answer, answer, idea=row["idea"])
    assert check_prompt(row["idea"], crafted.prompt, crafted.negative_prompt).holds
    assert crafted.missing == ()
    assert crafted.notices
