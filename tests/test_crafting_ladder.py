"""The ladder down from a whole answer to the rules: cuts, fences, prose, errors, refusals, Stop."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as given_settings
from hypothesis import strategies as st

from gemini_diffusion.config.settings import Settings
from gemini_diffusion.crafting import PromptRequest, craft, craft_by_rules
from gemini_diffusion.engines.models import find_model
from gemini_diffusion.types import ChatAnswer, errors
from tests.scripted import GOOD, IDEA, ScriptedChatModel, as_json, crafted_from
from tests.waiting import until

SDXL = find_model("sdxl")
FAILURES = [
    errors.KeyNeeded("No Gemini key yet."),
    errors.KeyRefused("Gemini does not accept this key."),
    errors.ModelNotFound("Gemini has no model gemini-0."),
    errors.RequestRefused("Gemini cannot take this request."),
    errors.PackageMissing("google-genai is not installed."),
    errors.OutOfCredit("The account has no credit."),
    errors.OutOfQuota("Today's allowance is used up."),
    errors.RateLimited("Too many requests this minute."),
    errors.Overloaded("Gemini is busy."),
    errors.Unreachable("Gemini could not be reached."),
    errors.BadAnswer("The answer was cut."),
    errors.GaveUp("Gemini did not answer in 180 seconds."),
]


@pytest.mark.parametrize("wrapping", ["```json\n{}\n```", "Sure, here is your prompt:\n{}\nEnjoy.", "{}{}"])
async def test_json_in_a_fence_or_after_a_preamble_is_dug_out(wrapping: str) -> None:
    crafted, model, _ = await crafted_from(wrapping.replace("{}", as_json(GOOD)))
    assert (crafted.prompt, len(model.history)) == (GOOD, 1)


async def test_a_cut_answer_is_asked_for_again() -> None:
    whole = as_json(GOOD)
    crafted, model, _ = await crafted_from(ChatAnswer(whole[:70], "scripted-1", truncated=True), whole)
    assert (crafted.prompt, len(model.history)) == (GOOD, 2)


@pytest.mark.parametrize(("said", "english", "calls"), [("nad jeziorem", "over a lake", 1), ("", "", 2)])
async def test_what_no_pair_and_no_table_covers_is_asked_for_once(said: str, english: str, calls: int) -> None:
    kept = [{"said": "czerwony latawiec", "english": "red kite"}, {"said": said, "english": english}]
    answer = as_json(f"a red kite {english}".strip(), kept=kept)
    crafted, model, _ = await crafted_from(answer, answer, idea="czerwony latawiec nad jeziorem")
    assert len(model.history) == calls
    assert ('"jeziorem"' in model.history[-1].messages[-1].text) == (calls == 2)
    assert crafted.prompt.startswith("a red kite"), "what is only watched is not put in"


async def test_an_answer_cut_twice_is_used_as_far_as_it_came_if_the_contract_holds() -> None:
    cut = as_json(GOOD)[: as_json(GOOD).index("soft wav") + 8]
    crafted, _, _ = await crafted_from(cut, cut)
    assert crafted.prompt == "a red cat on the beach, warm light, soft"
    assert any("broke off" in notice for notice in crafted.notices)


async def test_an_answer_cut_before_the_persons_words_leaves_it_to_the_rules() -> None:
    cut = as_json(GOOD)[: as_json(GOOD).index("on the") + 4]
    crafted, _, _ = await crafted_from(cut, cut)
    assert crafted.crafted_by == "rules"
    assert IDEA in crafted.prompt
    assert any("by rule" in notice for notice in crafted.notices)


async def test_prose_that_keeps_the_contract_is_used_and_said() -> None:
    crafted, model, _ = await crafted_from(GOOD, GOOD)
    assert (crafted.prompt, len(model.history)) == (GOOD, 2)
    assert any("plain text" in notice for notice in crafted.notices)


@pytest.mark.parametrize(
    "prose",
    [
        "Sure! I would love to draw a red cat on the beach for you.",
        "Error 500: a red cat on the beach could not be made.",
        "Do you want a red cat on the beach?",
        "I cannot help with a red cat on the beach.",
        "A lovely afternoon somewhere.",
        "",
    ],
)
async def test_talk_and_complaints_never_become_a_prompt(prose: str) -> None:
    crafted, _, _ = await crafted_from(prose, prose)
    assert crafted.crafted_by == "rules"
    assert crafted.prompt == craft_by_rules(PromptRequest(IDEA, SDXL)).prompt
    assert any("could not be used" in notice for notice in crafted.notices)


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: type(failure).__name__)
async def test_an_error_of_the_chat_model_steps_down_to_the_rules_and_says_why(failure: errors.GeminiDiffusionError) -> None:
    crafted, _, _ = await crafted_from(failure)
    assert crafted.crafted_by == "rules"
    assert crafted.prompt == craft_by_rules(PromptRequest(IDEA, SDXL)).prompt
    assert failure.message not in crafted.prompt
    assert crafted.notices[0] == f"{failure.message} I wrote the prompt by rule instead. {failure.hint}"


async def test_an_error_in_the_second_call_keeps_the_first_answer() -> None:
    crafted, _, _ = await crafted_from(as_json("a cat on the beach, warm light"), errors.RateLimited("Too many requests."))
    assert crafted.prompt == "a red cat on the beach, warm light"
    assert crafted.crafted_by == "scripted-1"
    assert "Asking for a better prompt failed: Too many requests." in crafted.notices


async def test_a_refusal_is_raised_in_the_models_own_words() -> None:
    with pytest.raises(errors.Blocked, match="Das zeichne ich nicht") as caught:
        await crafted_from(as_json("", refusal="Das zeichne ich nicht."))
    assert "--raw" in caught.value.hint


async def test_an_empty_word_of_refusal_is_none() -> None:
    crafted, _, _ = await crafted_from(as_json(GOOD, refusal="None"))
    assert crafted.prompt == GOOD


async def test_a_block_by_the_service_is_raised() -> None:
    with pytest.raises(errors.Blocked):
        await crafted_from(errors.Blocked("Gemini declined."))


async def test_stopping_passes_through() -> None:
    asked = asyncio.Event()

    class Slow(ScriptedChatModel):
        async def answer(self, request: Any, settings: Settings, emit: Any) -> ChatAnswer:
            asked.set()
            await asyncio.Event().wait()
            raise AssertionError

    task = asyncio.create_task(craft(PromptRequest(IDEA, SDXL), (), Slow(), Settings(), lambda event: None))
    await until(asked.is_set)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_model_that_cannot_answer_by_schema_leaves_it_to_the_rules_without_alarm() -> None:
    model = ScriptedChatModel([], structured=False)
    crafted = await craft(PromptRequest(IDEA, SDXL), (), model, Settings(), lambda event: None)
    assert (crafted.crafted_by, crafted.notices, model.history) == ("rules", (), [])


@given_settings(max_examples=60, deadline=None)
@given(
    idea=st.text(max_size=120),
    answers=st.lists(st.one_of(st.text(max_size=200), st.builds(as_json, st.text(max_size=200))), min_size=2, max_size=2),
)
async def test_no_answer_breaks_crafting_and_the_prompt_always_fits(idea: str, answers: list[str]) -> None:
    wish = PromptRequest(idea, SDXL)
    crafted = await craft(wish, (), ScriptedChatModel(answers), Settings(), lambda event: None)
    assert wish.count(crafted.prompt) <= 77
    assert crafted.original == idea
