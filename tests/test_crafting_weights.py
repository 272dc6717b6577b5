"""The weights of a wish, and its tokens, through crafting: on the same words, in whatever language, and never lost."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as given_settings
from hypothesis import strategies as st

from gemini_diffusion.crafting import PromptRequest, craft_by_rules, verbatim
from gemini_diffusion.crafting.apply_weights import apply_weights
from gemini_diffusion.crafting.required_terms import find_required_terms
from gemini_diffusion.engines.models import find_model
from gemini_diffusion.types import prompt_weights
from tests.scripted import as_json, crafted_from

SDXL = find_model("sdxl")


def ruled(idea: str, model: str = "sdxl", stylize: int = 0) -> str:
    return craft_by_rules(PromptRequest(idea, find_model(model), stylize=stylize)).prompt


@pytest.mark.parametrize(
    ("idea", "prompt"),
    [
        ("a (red:1.3) fox++ in snow", "a (red:1.3) (fox:1.21) in snow"),
        ("a red house and a (red:1.2) fox", "a red house and a (red:1.2) fox"),
        ("(a red fox)+ and a red house", "a (red fox:1.1) and a red house"),
        ("(misty:0.6) forest, C++ (c) 2020", "(misty:0.6) forest, C++ (c) 2020"),
        ("(space:1.33) (ship:0.67)", "(space:1.33) (ship:0.67)"),
        ('a sign (that says "OPEN":1.4)', 'a sign that (says "OPEN":1.4)'),
        ("(the:1.3) cat", "the cat"),
        ("un (zorro rojo:1.3) en la nieve", "(red fox:1.3) in the snow"),
        ("(\ube68\uac04:1.3) \uc5ec\uc6b0", "(red:1.3) fox"),
        ("ein (roter Fuchs:1.3) im Schnee", "(red fox:1.3) in the snow"),
    ],
)
def test_the_rules_keep_each_weight_on_its_words(idea: str, prompt: str) -> None:
    assert ruled(idea) == prompt


def test_what_is_ruled_out_or_not_weighed_has_no_weight() -> None:
    crafted = craft_by_rules(PromptRequest("two cats without (hats:1.2)", SDXL, stylize=0))
    assert (crafted.prompt, crafted.negative_prompt) == ("two cats", "hats")


def test_a_small_models_own_word_takes_the_weight_of_the_one_it_stands_for() -> None:
    assert ruled("two (cats:1.3) on the beach", "postcard") == "two (cat:1.3) on the beach"


async def test_the_chat_model_reads_plain_words_and_its_prompt_carries_the_weights() -> None:
    answer = as_json("a fox of deep red, snow falling, misty forest")
    crafted, model, _ = await crafted_from(answer, idea="a (red:1.3) fox in a (misty forest:0.7), snow")
    assert crafted.prompt == "a fox of deep (red:1.3), snow falling, (misty forest:0.7)"
    assert crafted.original == "a (red:1.3) fox in a (misty forest:0.7), snow"
    [asked] = model.history
    assert asked.messages[-1].text == "a red fox in a misty forest, snow"
    assert "have to be in prompt, in English; what stands in angle brackets stays as it is: red; misty forest." in str(
        asked.system_instruction
    )


async def test_a_weighted_quality_that_the_chat_model_drops_is_asked_for_and_then_put_in() -> None:
    idea = "a (glowing:1.3) room"
    assert "glowing" not in [term.english for term in find_required_terms("a glowing room").terms]
    crafted, model, _ = await crafted_from(as_json("a room"), as_json("a room"), idea=idea)
    assert 'the word "glowing"' in model.history[1].messages[-1].text
    assert crafted.prompt == "(glowing:1.3), a room"
    assert crafted.missing == ()


async def test_weights_that_a_chat_model_writes_itself_are_taken_out() -> None:
    crafted, _, _ = await crafted_from(as_json("a (red:1.9) fox++, (glow:1.4)"), idea="a red (fox:1.2)")
    assert crafted.prompt == "a red (fox:1.2), glow"


async def test_tokens_stay_letter_by_letter_and_others_do_not_get_in() -> None:
    idea = "<my-cat> on a sofa"
    crafted, model, _ = await crafted_from(as_json("my cat on a sofa"), as_json("a sofa with <my-cat>, <b>, <evil>"), idea=idea)
    assert crafted.prompt == "a sofa with <my-cat>"
    assert 'the token "<my-cat>"' in model.history[1].messages[-1].text
    crafted, _, _ = await crafted_from(as_json("my cat on a sofa"), as_json("my cat on a sofa"), idea=idea)
    assert "<my-cat>" in crafted.prompt.split(", ")


async def test_a_token_in_what_is_to_be_avoided_stays_letter_by_letter_too() -> None:
    avoided: dict[str, Any] = {"idea": "a cat", "negative": ("<BadHands>", "rain")}
    crafted, _, _ = await crafted_from(as_json("a cat", negative_prompt="rain, <evil>"), **avoided)
    assert {"<BadHands>", "rain"} <= set(crafted.negative_prompt.split(", "))
    assert "<evil>" not in crafted.negative_prompt
    assert "<BadHands>" in craft_by_rules(PromptRequest("a cat", SDXL, ("<BadHands>",))).negative_prompt


async def test_a_chat_model_that_changes_a_token_does_not_get_its_own_way() -> None:
    changed = as_json("<My-Cat> and <my-cats> on a sofa")
    crafted, _, _ = await crafted_from(changed, changed, idea="<my-cat> on a sofa")
    assert "<my-cat>" in crafted.prompt
    assert crafted.prompt.count("<") == 1


def test_the_rules_keep_tokens_in_every_language() -> None:
    assert ruled("<my-cat>++ on a sofa") == "(<my-cat>:1.21) on a sofa"
    assert ruled("<my-cat> \uace0\uc591\uc774") == "cat, <my-cat>"
    assert ruled('a sign "<b>"') == 'a sign "<b>"'


def test_verbatim_leaves_the_marks_to_the_engine() -> None:
    assert verbatim(PromptRequest("a (red:1.3) fox++", SDXL)).prompt == "a (red:1.3) fox++"


LONG = ", ".join(f"a red fox number {number}" for number in range(40))


def test_an_engine_that_reads_on_gets_all_of_the_persons_words() -> None:
    cut = craft_by_rules(PromptRequest(LONG, SDXL))
    assert any("the end of your words was left out" in notice for notice in cut.notices)
    whole = craft_by_rules(PromptRequest(LONG, SDXL, stylize=0, max_tokens=602))
    assert whole.prompt.endswith("a red fox number 39")
    assert whole.notices == ()
    longer = craft_by_rules(PromptRequest(f"{LONG}, {LONG}, {LONG}", SDXL, max_tokens=602))
    assert any("reads 602 tokens" in notice for notice in longer.notices)


async def test_the_chat_model_is_allowed_as_many_words_as_the_person_said() -> None:
    _, model, _ = await crafted_from(as_json(LONG), idea=LONG, max_tokens=602)
    assert "under 42 words" not in str(model.history[0].system_instruction)


@pytest.mark.parametrize("piece", ["(red fox:1.2) and ", "(a:1.1)", "fox++ ", "<a>++ ", '("a":1.2) '])
def test_endless_weights_are_read_quickly(piece: str) -> None:
    started = time.process_time()
    craft_by_rules(PromptRequest(piece * (20_000 // len(piece)), SDXL, max_tokens=602))
    assert time.process_time() - started < 20


pieces = st.sampled_from(
    ["fox", "red", "fox++", "(red fox:1.3)", '"a (b:1.2)"', "(", ")", "<t>", "C++", "(a:0.5)", "\ubc14\ub2e4", ",", "(x)+"]
)
ideas = st.lists(pieces, max_size=10).map(" ".join)


@given_settings(max_examples=100, deadline=None)
@given(idea=ideas, prompt=st.lists(pieces | st.text(max_size=4), max_size=12).map(" ".join))
def test_weights_never_change_the_words_of_a_prompt(idea: str, prompt: str) -> None:
    """And each weight in the prompt is one that the person gave."""
    wish = PromptRequest(idea, SDXL)
    marked = apply_weights(prompt, wish, find_required_terms(wish.words, (), wish.weighed))
    assert prompt_weights.strip_weights(marked) == prompt
    given_weights = {span.weight for span in prompt_weights.parse_weights(idea)} | {1.0}
    assert {span.weight for span in prompt_weights.parse_weights(marked)} <= given_weights
