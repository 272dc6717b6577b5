"""What will be drawn: flags before settings before wording before the model's own, and a line that says it again."""

from __future__ import annotations

from typing import Any

import pytest

from gemini_diffusion import plan
from gemini_diffusion.catalogue import CATALOGUE, find, nearest_size
from gemini_diffusion.commands import Aspect, Flags, Imagine, parse
from gemini_diffusion.errors import RequestRefused
from gemini_diffusion.plan import Plan
from gemini_diffusion.settings import Settings
from gemini_diffusion.types import CraftedPrompt
from tests.sketch import SketchEngine
from tests.test_gallery import recipe

ENGINES = {"local": SketchEngine("local", "sdxl"), "hosted": SketchEngine("hosted", "black-forest-labs/FLUX.1-schnell")}
TOKEN: dict[str, Any] = {"hf_token": "hf-test-token-0000"}


def decided(flags: Flags | None = None, last_seed: int | None = None, **settings: Any) -> Plan:
    return plan.decide(flags or Flags(), Settings().replaced(settings), ENGINES, last_seed)


def test_a_flag_beats_a_setting_which_beats_the_models_own() -> None:
    assert decided().num_inference_steps == find("sdxl").num_inference_steps
    assert decided(num_inference_steps=9).num_inference_steps == 9
    assert decided(Flags(steps=7), num_inference_steps=9).num_inference_steps == 7
    assert decided(Flags(cfg=0.0), guidance_scale=3).guidance_scale == 0.0


def test_auto_draws_hosted_with_a_token_or_an_address_and_here_without() -> None:
    assert decided().engine.name == "local"
    assert decided(**TOKEN).engine.name == "hosted"
    assert decided(hf_inference_url="http://127.0.0.1:9/draw").engine.name == "hosted"


def test_auto_takes_the_engine_that_can_draw_the_model() -> None:
    assert decided(Flags(model="postcard"), **TOKEN).engine.name == "local"
    assert decided(Flags(model="Qwen/Qwen-Image")).engine.name == "hosted"


def test_an_engine_asked_for_by_name_never_gives_way() -> None:
    with pytest.raises(RequestRefused, match="Postcard cannot draw at Hugging Face"):
        decided(Flags(engine="hosted", model="postcard"), **TOKEN)
    with pytest.raises(RequestRefused, match="no engine called cloud"):
        decided(Flags(engine="cloud"))


def test_several_pictures_have_the_seeds_after_the_first() -> None:
    assert decided(Flags(seed=2**32 - 1, count=3)).seeds == (2**32 - 1, 0, 1)
    assert decided(Flags(count=2)).seeds == (None, None)
    assert decided(Flags(seed="last"), last_seed=7).seeds == (7,)
    assert "random" in decided(Flags(seed="last")).notices[0]


def test_the_shape_is_the_nearest_native_one_and_said_when_it_differs() -> None:
    wide = decided(Flags(aspect=Aspect(16, 9)))
    assert ((wide.width, wide.height), wide.notices) == ((1344, 768), ())
    square = decided(Flags(aspect=Aspect(16, 9), model="postcard"))
    assert "the nearest to 16:9" in square.notices[0]


def test_wording_shapes_a_picture_and_nonsense_does_not() -> None:
    assert decided().shaped("9:16").height == 1344
    for wording in ("", "wide", "0:1", "16:", "-1:2"):
        assert decided().shaped(wording) == decided()


@pytest.mark.parametrize("model", [entry.id for entry in CATALOGUE])
def test_every_native_size_is_the_nearest_to_itself(model: str) -> None:
    for width, height in find(model).sizes:
        assert nearest_size(find(model), width, height) == (width, height)


def test_what_is_never_wanted_joins_what_this_picture_avoids_once() -> None:
    request = decided(negative_prompt="text, hands").requests(CraftedPrompt("a", "a", "Hands, red"))[0]
    assert request.negative_prompt.startswith("Hands, red, text")
    assert request.negative_prompt.lower().count("hands") == 1


def test_a_raw_request_gets_nothing_it_did_not_say() -> None:
    assert decided(Flags(raw=True), negative_prompt="text").requests(CraftedPrompt("a", "a", "red"))[0].negative_prompt == "red"


@pytest.mark.parametrize("prompt", ["a fox", 'a sign that says "--no parking"', "{a, b}", "half\u2014finished", "C++:: code"])
def test_the_line_of_a_picture_asks_for_that_very_picture(prompt: str) -> None:
    planned = decided(Flags(aspect=Aspect(16, 9)), negative_prompt="text")
    request = planned.requests(CraftedPrompt(prompt, prompt, "red hat"))[0]
    command = parse(plan.line(request, "local", 77))
    assert isinstance(command, Imagine) and not command.template
    again = plan.decide(command.flags, Settings(), ENGINES, None)
    same = again.requests(CraftedPrompt(command.idea, command.idea, ", ".join(command.flags.negative)))[0]
    assert (same.prompt, same.negative_prompt, same.seed) == (request.prompt, request.negative_prompt, 77)
    assert (same.width, same.height, same.num_inference_steps, same.guidance_scale) == (
        request.width,
        request.height,
        request.num_inference_steps,
        request.guidance_scale,
    )


def test_a_kept_picture_is_planned_as_it_was_drawn() -> None:
    planned = plan.repeat(recipe(width=64, height=48, scheduler="Euler"), Settings().replaced(TOKEN), ENGINES, 9)
    assert (planned.engine.name, planned.model.id, planned.seeds) == ("local", "postcard", (9,))
    assert (planned.width, planned.height, planned.num_inference_steps, planned.scheduler) == (64, 48, 12, "Euler")
