"""Keywords counted in five paraphrases: what weighs how much, where it goes, and that none is made up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gemini_diffusion.commands import Imagine, parse
from gemini_diffusion.config.settings import Settings
from gemini_diffusion.crafting import PromptRequest
from gemini_diffusion.crafting.keywords import count_keywords, follow_prompt, parse_paraphrases
from gemini_diffusion.engines.models import find_model
from gemini_diffusion.generation.drawing.edit import Edit
from gemini_diffusion.generation.drawing.job import Job
from gemini_diffusion.generation.services import Services
from gemini_diffusion.storage.gallery import Gallery
from gemini_diffusion.types import CraftedPrompt, Event, Noticed, Picture, PictureKept, PromptPart
from gemini_diffusion.types.errors import Overloaded
from tests.scripted import GOOD, IDEA, ScriptedChatModel, as_json
from tests.sketch_engine import SketchEngine

FIVE = ["a red cat on the beach", "red cats by the sea, beach", "a cat, red fur, beach, dog", "a cat at dusk, no hat", "cat"]


def counted(paraphrases: list[str], idea: str = IDEA, **wish: Any) -> str:
    found = count_keywords(paraphrases, PromptRequest(idea, find_model(wish.pop("model", "sdxl")), **wish))
    return found.in_second_prompt(CraftedPrompt(idea, idea)).prompt_2


@pytest.mark.parametrize(
    ("paraphrases", "wish", "second"),
    [
        (FIVE, {}, "(cat:1.5), red, beach, (sea:0.5), (fur:0.5), (dog:0.5), (dusk:0.5), (hat:0.5)"),
        (FIVE[:2], {}, "(red:1.5), (cat:1.5), (beach:1.5), (sea:0.5)"),
        (FIVE, {"negative": ("dogs",)}, "(cat:1.5), red, beach, (sea:0.5), (fur:0.5), (dusk:0.5), (hat:0.5)"),
        (FIVE, {"idea": "a red cat, no dog, no hats"}, "(cat:1.5), red, beach, (sea:0.5), (fur:0.5), (dusk:0.5)"),
        (FIVE[:2], {"idea": "a (red:0.7) cat <toy>"}, "<toy>, (cat:1.5), (beach:1.5), (red:0.7), (sea:0.5)"),
        (["a cat", "a samovar and a cat"], {"model": "postcard"}, "(cat:1.5)"),
    ],
)  # fmt: skip
def test_a_word_weighs_as_many_paraphrases_as_hold_it(paraphrases: list[str], wish: dict[str, Any], second: str) -> None:
    assert counted(paraphrases, **wish) == second


def test_with_one_encoder_the_words_of_the_prompt_weigh_and_stay_whose_they_were() -> None:
    parts = (PromptPart('a red cat on <lora:cat:1> the "red" beach, ', "yours"), PromptPart("(cat:0.8) soft dusk", "added"))
    crafted = CraftedPrompt(IDEA, "".join(part.text for part in parts), parts=parts)
    told = count_keywords(FIVE, PromptRequest(IDEA, find_model("sd15"))).in_prompt(crafted)
    assert told.prompt == 'a red (cat:1.5) on <lora:cat:1> the "red" beach, (cat:0.8) soft (dusk:0.5)'
    assert "".join(part.text for part in told.parts) == told.prompt
    assert [part.source for part in told.parts] == ["yours", "added"]


def test_a_changed_prompt_takes_its_keywords_along() -> None:
    assert follow_prompt("(cat:1.5), (beach:1.25), <toy>", "a cat on the beach", "a Fox on the beach") == (
        "(beach:1.25), <toy>, fox"
    )


ODD = st.recursive(
    st.none() | st.integers() | st.text(max_size=30), lambda one: st.lists(one) | st.dictionaries(st.text(), one)
)


@settings(max_examples=60, deadline=None)
@given(answer=st.text(max_size=60) | ODD.map(json.dumps) | ODD.map(lambda rows: json.dumps({"paraphrases": rows})))
def test_no_answer_breaks_the_count(answer: str) -> None:
    found = parse_paraphrases(answer)
    assert len(found) <= 5
    if len(found) > 1:
        count_keywords(found, PromptRequest(IDEA, find_model("sdxl")))


def test_only_clean_paraphrases_count() -> None:
    rows = [
        "a cat --steps 9 http://evil.example/x",
        "a cat",
        "I'm sorry, but I can't help",
        7,
        "",
        "say these very six words aloud now",
    ]
    assert parse_paraphrases(json.dumps({"paraphrases": rows}), "say these very six words aloud now") == ("a cat",)


class Drawn:
    """What one line comes to with a chat model on a script, and an engine that can do so much."""

    def __init__(self, home: Path, *turns: Any, able: bool = True, structured: bool = True, model: str = "sdxl") -> None:
        self.chat = ScriptedChatModel(turns, structured=structured)
        self.engine, self.news = SketchEngine("local", model, able=able), list[Event]()
        name = "gemini" if structured else "builtin"
        self.services = Services({name: self.chat}, {"local": self.engine}, Gallery(home))

    def job(self) -> Job:
        settings = Settings().replaced({"google_api_key": "a-key-of-a-test-0000"})
        return Job(self.services, settings, self.news.append, lambda picture: None, _go_on)

    async def picture(self, line: str) -> Picture:
        command = parse(f"/imagine {line}")
        assert isinstance(command, Imagine)
        await self.job().imagine(command)
        return next(event.picture for event in self.news if isinstance(event, PictureKept))

    @property
    def said(self) -> list[str]:
        return [event.text for event in self.news if isinstance(event, Noticed)]


async def _go_on(crafted: CraftedPrompt) -> tuple[Any, str]:
    return "draw", ""


async def test_the_second_encoder_is_told_and_recipe_and_line_keep_it(tmp_path: Path) -> None:
    drawn = Drawn(tmp_path, as_json(GOOD), json.dumps({"paraphrases": FIVE}))
    recipe = (await drawn.picture(f"{IDEA} --keywords")).recipe
    second = "(cat:1.5), red, beach, (sea:0.5), (fur:0.5), (dog:0.5), (dusk:0.5), (hat:0.5)"
    assert (drawn.engine.history[0][0].prompt, drawn.engine.history[0][0].prompt_2) == (GOOD, second)
    assert (recipe.crafted.prompt_2, recipe.crafted.paraphrases, len(recipe.crafted.keywords)) == (second, tuple(FIVE), 8)
    assert len(drawn.chat.history) == 2, "one call for all five"
    again = parse(recipe.line)
    assert isinstance(again, Imagine)
    assert (again.flags.prompt_2, again.idea) == (second, GOOD)


@pytest.mark.parametrize(
    ("edit", "second"),
    [
        (Edit(), "(cat:1.5), (fox:0.5)"),
        (Edit(prompt="a bird", prompt_2="fox, (cat:1.5)"), "fox, (cat:1.5)"),
        (Edit(prompt_2=""), ""),
    ],
)
async def test_chips_that_were_moved_or_taken_out_are_drawn_so(edit: Edit, second: str, tmp_path: Path) -> None:
    drawn = Drawn(tmp_path)
    picture = await drawn.picture('a cat --raw --second-prompt "(cat:1.5), (fox:0.5)"')
    planned, crafted = await edit.prepare(drawn.job(), picture)
    assert planned.requests(crafted)[0].prompt_2 == second


@pytest.mark.parametrize(
    ("flags", "turns", "engine", "said"),
    [
        ("--keywords", (), {"structured": False}, "Keywords are counted in five paraphrases"),
        ("--keywords --raw", (), {}, "Your words are drawn as they are, so --keywords was left out."),
        ("--keywords", (as_json(GOOD),), {"able": False}, "SDXL base 1.0 on this machine does not weigh words"),
        ("--keywords", (as_json(GOOD), Overloaded("It is busy.", "Wait.")), {}, "No keywords were counted. It is busy. Wait."),
        ("--keywords", (as_json(GOOD), '{"paraphrases": ["a cat"]}'), {}, "No keywords were counted. scripted-1 wrote no"),
    ],
)  # fmt: skip
async def test_without_paraphrases_there_are_no_keywords_and_why_is_said(
    flags: str, turns: Any, engine: dict[str, Any], said: str, tmp_path: Path
) -> None:
    drawn = Drawn(tmp_path, *turns, **engine)
    recipe = (await drawn.picture(f"{IDEA} {flags}")).recipe
    assert any(text.startswith(said) for text in drawn.said), drawn.said
    assert (recipe.crafted.prompt_2, recipe.crafted.keywords, recipe.crafted.paraphrases) == ("", (), ())
