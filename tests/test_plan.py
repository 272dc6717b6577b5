"""What will be drawn: flags before settings before wording before the model's own, and a line that says it again."""

from __future__ import annotations

import dataclasses
import io
from typing import Any

import pytest
from PIL import Image

from gemini_diffusion.commands import Flags, Imagine, parse
from gemini_diffusion.config.settings import Settings
from gemini_diffusion.engines.models import CATALOGUE, find_model, nearest_size
from gemini_diffusion.generation.drawing import plan
from gemini_diffusion.generation.drawing.edit import Edit
from gemini_diffusion.generation.drawing.plan import DrawingPlan
from gemini_diffusion.generation.drawing.request_options import FEWEST_DRAFT_STEPS, choose_flags
from gemini_diffusion.types import Adapter, Aspect, Capabilities, CraftedPrompt, ImageRequest, StartImage
from gemini_diffusion.types.errors import ModelNotFound, RequestRefused
from tests.recipes import changed
from tests.sketch_engine import SketchEngine

ENGINES = {"local": SketchEngine("local", "sdxl"), "hosted": SketchEngine("hosted", "black-forest-labs/FLUX.1-schnell")}
ANOTHER = "0123456789abcdef" * 2
TOKEN: dict[str, Any] = {"hf_token": "hf-test-token-0000"}


ABLE = {"local": SketchEngine("local", "sdxl", able=True)}


def drawn(flags: Flags | None = None, prompt: str = "a fox", canvas: StartImage | None = None, **settings: Any) -> ImageRequest:
    """The request that an engine which can do everything gets."""
    planned = plan.make_plan(flags or Flags(), Settings().replaced(settings), ABLE, None, canvas or StartImage())
    assert not planned.notices
    return planned.requests(CraftedPrompt(prompt, prompt))[0]


def png(width: int, height: int) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width, height)).save(file, "PNG")
    return file.getvalue()


def decided(flags: Flags | None = None, last_seed: int | None = None, **settings: Any) -> DrawingPlan:
    return plan.make_plan(flags or Flags(), Settings().replaced(settings), ENGINES, last_seed)


def test_a_flag_beats_a_setting_which_beats_the_models_own() -> None:
    assert decided().request.num_inference_steps == find_model("sdxl").num_inference_steps
    assert decided(num_inference_steps=9).request.num_inference_steps == 9
    assert decided(Flags(steps=7), num_inference_steps=9).request.num_inference_steps == 7
    assert decided(Flags(cfg=0.0), guidance_scale=3).request.guidance_scale == 0.0


CHOSEN = Settings(aspect_ratio="16:9", style="Anime", pictures=3)


@pytest.mark.parametrize(
    ("flags", "alone", "expected"),
    [
        (Flags(), True, Flags(aspect=Aspect(16, 9), style="Anime", count=3)),
        (Flags(), False, Flags(aspect=Aspect(16, 9), style="Anime")),
        (Flags(aspect=Aspect(1, 1), style="Noir", count=1), True, Flags(aspect=Aspect(1, 1), style="Noir", count=1)),
        (Flags(references=("a",)), False, Flags(references=("a",), style="Anime")),
        (Flags(raw=True), True, Flags(raw=True)),
    ],
)
def test_what_is_chosen_for_every_drawing_fills_what_a_line_leaves_open(flags: Flags, alone: bool, expected: Flags) -> None:
    assert choose_flags(flags, CHOSEN, alone=alone) == expected
    assert choose_flags(flags, Settings(), alone=alone) == flags


def test_a_scheduler_is_the_flags_else_the_settings_else_the_models_own() -> None:
    assert decided(Flags(scheduler="Heun"), scheduler="DDIM").request.scheduler == "Heun"
    assert decided(scheduler="DDIM").request.scheduler == "DDIM"
    assert decided().request.scheduler == "", "an engine that has none is told of none"


@pytest.mark.parametrize(
    ("slip", "hint"),
    [("sdxl-lightnin", "Did you mean sdxl-lightning?"), ("Postcrd", "Did you mean postcard?"), ("wombat", "owner/name")],
)
def test_a_word_that_names_no_model_is_told_before_anything_is_asked_of_anybody(slip: str, hint: str) -> None:
    with pytest.raises(ModelNotFound) as refused:
        decided(Flags(model=slip))
    assert refused.value.message == f"There is no image model called {slip}." and hint in refused.value.hint
    with pytest.raises(ModelNotFound):
        decided(image_model=slip)


@pytest.mark.parametrize("version", ["6", "6.1", "7"])
def test_the_version_of_another_services_model_is_left_out_with_a_notice(version: str) -> None:
    planned = decided(Flags(model=version))
    assert planned.model.id == "sdxl"
    assert planned.notices == (f"Models have names here, not versions, so --model {version} was left out.",)
    assert decided(Flags(model=f"{version}th/layer")).model.id == f"{version}th/layer", "a name may begin with a number"


def test_a_refiner_is_no_model_to_begin_with_and_the_flag_for_it_is_told() -> None:
    with pytest.raises(RequestRefused, match="only goes on with the drawings of others"):
        decided(Flags(model="sdxl-refiner"))


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
    assert ((wide.request.width, wide.request.height), wide.notices) == ((1344, 768), ())
    square = decided(Flags(aspect=Aspect(16, 9), model="postcard"))
    assert "the nearest to 16:9" in square.notices[0]


@pytest.mark.parametrize(("height", "said"), [(939, True), (943, False), (1059, False), (1061, True)])
def test_a_shape_is_called_another_when_its_sides_are_more_than_6_percent_off(height: int, said: bool) -> None:
    square = decided(Flags(aspect=Aspect(1000, height), model="postcard"))
    assert (square.request.width, square.request.height) == (128, 128)
    assert bool(square.notices) is said


def test_wording_shapes_a_picture_and_nonsense_does_not() -> None:
    assert decided().shaped("9:16").request.height == 1344
    for wording in ("", "wide", "0:1", "16:", "-1:2"):
        assert decided().shaped(wording) == decided()


@pytest.mark.parametrize("model", [entry.id for entry in CATALOGUE])
def test_every_native_size_is_the_nearest_to_itself(model: str) -> None:
    for width, height in find_model(model).sizes:
        assert nearest_size(find_model(model), width, height) == (width, height)


def test_what_is_never_wanted_joins_what_this_picture_avoids_once() -> None:
    request = decided(negative_prompt="text, hands").requests(CraftedPrompt("a", "a", "Hands, red"))[0]
    assert request.negative_prompt.startswith("Hands, red, text")
    assert request.negative_prompt.lower().count("hands") == 1


def test_a_raw_request_gets_nothing_it_did_not_say() -> None:
    assert decided(Flags(raw=True), negative_prompt="text").requests(CraftedPrompt("a", "a", "red"))[0].negative_prompt == "red"


# --- work per picture ---


@pytest.mark.parametrize(("quality", "steps"), [(0.25, 8), (0.5, 15), (1.0, 30), (2.0, 60), (None, 30)])
def test_quality_multiplies_the_usual_steps(quality: float | None, steps: int) -> None:
    assert drawn(Flags(quality=quality)).num_inference_steps == steps


def test_quality_multiplies_the_settings_steps_and_stays_drawable() -> None:
    assert drawn(Flags(quality=0.25), num_inference_steps=1).num_inference_steps == 1
    assert drawn(Flags(quality=2.0), num_inference_steps=100).num_inference_steps == 150


def test_a_draft_is_a_quarter_of_the_steps_at_full_size() -> None:
    draft = drawn(Flags(draft=True))
    assert (draft.num_inference_steps, draft.width) == (8, 1024)
    assert drawn(Flags(draft=True), num_inference_steps=12).num_inference_steps == FEWEST_DRAFT_STEPS
    assert drawn(Flags(draft=True), num_inference_steps=4).num_inference_steps == 4


def test_steps_said_exactly_beat_draft_and_quality() -> None:
    planned = decided(Flags(steps=9, draft=True, quality=2.0))
    assert planned.request.num_inference_steps == 9
    assert [notice.split(",")[0] for notice in planned.notices] == ["--steps says it exactly"] * 2


def test_a_draft_is_without_what_only_the_real_drawing_needs() -> None:
    planned = plan.make_plan(Flags(draft=True, hd=True, refine=True, tile=True), Settings(), ABLE, None)
    assert planned.request.tile and not planned.request.hd and planned.request.refine == 1
    assert planned.notices == ("--hd and the refiner are for the real drawing, so the draft is without.",)


# --- LoRAs, the refiner, tiles and large pictures ---


def test_the_refiner_takes_over_where_the_flag_or_else_the_setting_says() -> None:
    assert drawn().refine == 1
    assert drawn(Flags(refine=True)).refine == 0.8
    assert drawn(Flags(refine=0.6), refine=0.9).refine == 0.6
    assert drawn(Flags(refine=True), refine=0.9).refine == 0.9
    assert drawn(refine=0.9).refine == 0.9
    assert drawn(Flags(refine=1.0), refine=0.9).refine == 1
    assert drawn(Flags(raw=True), refine=0.9).refine == 1


def test_loras_of_the_line_join_those_of_the_settings_and_beat_them() -> None:
    always = "ink:0.5, owner/name , old: -1"
    assert drawn(adapters=always).adapters == (Adapter("ink", 0.5), Adapter("owner/name"), Adapter("old", -1))
    both = drawn(Flags(adapters=(Adapter("Ink", 0.0), Adapter("oil"))), adapters=always).adapters
    assert both == (Adapter("Ink", 0.0), Adapter("owner/name"), Adapter("old", -1), Adapter("oil"))
    assert drawn(Flags(raw=True), adapters=always).adapters == ()


def test_a_lora_in_the_settings_that_cannot_be_read_is_named() -> None:
    planned = plan.make_plan(Flags(), Settings().replaced({"adapters": "ink:loud, oil"}), ABLE, None)
    assert planned.request.adapters == (Adapter("oil"),)
    assert '"ink:loud" under LoRAs in Settings is no name:strength' in planned.notices[0]


@pytest.mark.parametrize(
    ("flags", "what"),
    [
        (Flags(tile=True), "--tile"),
        (Flags(hd=True), "--hd"),
        (Flags(clip_skip=2), "--clip-skip"),
        (Flags(refine=True), "The refiner"),
        (Flags(adapters=(Adapter("ink"), Adapter("oil"))), "A LoRA (ink, oil)"),
    ],
)
def test_what_an_engine_cannot_do_is_left_out_in_words(flags: Flags, what: str) -> None:
    planned = decided(flags, **TOKEN)
    assert planned.notices == (f"{what} is not possible with FLUX.1 schnell at Hugging Face, so it was left out.",)
    request = planned.requests(CraftedPrompt("a", "a"))[0]
    assert (request.tile, request.hd, request.refine, request.adapters) == (False, False, 1.0, ())


def test_all_that_an_engine_cannot_do_is_one_sentence_and_named_in_the_plan() -> None:
    planned = decided(Flags(tile=True, refine=0.7, adapters=(Adapter("ink"),)), **TOKEN)
    assert planned.notices == (
        "--tile, the refiner and a LoRA (ink) are not possible with FLUX.1 schnell at Hugging Face, so they were left out.",
    )
    assert planned.ignored == ("tile", "refine", "adapters")


# --- a picture to begin from ---


def test_a_picture_is_begun_from_in_its_own_shape_as_far_as_strength_says() -> None:
    canvas = StartImage(png(160, 90))
    request = drawn(canvas=canvas)
    assert (request.image, request.strength) == (canvas.image, 0.6)
    assert (request.width, request.height) == (1344, 768)
    assert drawn(Flags(aspect=Aspect(1, 1), strength=0.3), canvas=canvas).width == 1024
    assert drawn(Flags(strength=0.3), canvas=canvas).strength == 0.3


def test_a_marked_part_is_drawn_anew_and_a_picture_to_be_larger_stays_what_it_is() -> None:
    whole, part = StartImage(png(160, 90)), StartImage(png(160, 90), png(160, 90))
    assert (drawn(canvas=part).mask, drawn(canvas=part).strength) == (part.mask, 0.9)
    assert [drawn(Flags(hd=True), canvas=canvas).strength for canvas in (whole, part)] == [0.3, 0.9]
    assert drawn(Flags(hd=True, strength=0.7), canvas=whole).strength == 0.7


@pytest.mark.parametrize(("pull", "strength"), [(0.0, 1.0), (0.5, 0.8), (1.0, 0.6), (2.0, 0.4), (3.0, 0.2)])
def test_the_pull_of_a_picture_is_the_less_strength_the_stronger_it_is(pull: float, strength: float) -> None:
    assert drawn(Flags(image_weight=pull), canvas=StartImage(png(8, 8))).strength == strength


def test_strength_beats_pull_and_without_a_picture_both_are_named() -> None:
    planned = plan.make_plan(Flags(strength=0.3, image_weight=1.0), Settings(), ABLE, None, StartImage(png(8, 8)))
    assert (planned.request.strength, len(planned.notices)) == (0.3, 1)
    planned = plan.make_plan(Flags(strength=0.3, image_weight=1.0), Settings(), ABLE, None)
    assert planned.notices == (
        "--strength matters only with a picture to begin from, so it was left out.",
        "--iw matters only with a picture to begin from, so it was left out.",
    )


def test_an_engine_that_begins_from_nothing_is_given_no_picture_and_that_is_said() -> None:
    planned = plan.make_plan(Flags(strength=0.3), Settings(), ENGINES, None, StartImage(png(160, 90), png(160, 90)))
    request = planned.requests(CraftedPrompt("a", "a"))[0]
    assert (request.image, request.mask, request.width) == (b"", b"", 1024)
    assert planned.notices == (
        "Beginning from a picture is not possible with SDXL base 1.0 on this machine, so it was left out.",
    )


# --- marks of emphasis ---


def test_marks_reach_only_an_engine_that_weighs_words() -> None:
    assert drawn(prompt="a (red:1.3) fox++").prompt == "a (red:1.3) fox++"
    marked = CraftedPrompt("a", "a (red:1.3) fox++, C++", "(dull)+")
    assert decided().requests(marked)[0].prompt == "a red fox, C++"
    assert decided().requests(marked)[0].negative_prompt.startswith("dull, ")
    assert decided().remarks(marked) == ("SDXL base 1.0 on this machine does not weigh words, so all of them count the same.",)
    assert decided().remarks(CraftedPrompt("a", "C++ (c) 2020")) == ()
    assert plan.make_plan(Flags(), Settings(), ABLE, None).remarks(marked) == ()
    assert "no effect" in plan.make_plan(Flags(cfg=1), Settings(), ABLE, None).remarks(marked)[0]


def test_what_counts_below_zero_is_ruled_out() -> None:
    request = drawn(Flags(raw=True), prompt="a fox, (dog:-1)")
    assert (request.prompt, request.negative_prompt) == ("a fox", "dog")


# --- the way back ---

EVERYTHING = Flags(
    scheduler="Euler a", adapters=(Adapter("ink", 0.8), Adapter("oil", 0.0)), refine=0.7, tile=True, hd=True, clip_skip=2
)


def test_the_line_of_a_picture_says_all_that_decided_it() -> None:
    request = drawn(EVERYTHING, prompt="a (red:1.3) fox++")
    command = parse(plan.canonical_line(request, "local"))
    assert isinstance(command, Imagine) and not command.notices
    again = drawn(command.flags, prompt=command.idea, adapters="other", refine=0.9, scheduler="DDIM")
    assert dataclasses.replace(again, seed=None) == dataclasses.replace(request, negative_prompt=again.negative_prompt)


def test_a_picture_begun_from_another_says_from_which_and_how_far_it_went() -> None:
    request = drawn(Flags(strength=0.3), canvas=StartImage(png(8, 8), source=ANOTHER))
    line = plan.canonical_line(request, "local")
    assert line.startswith(f"/imagine picture:{ANOTHER} a fox ") and "--strength 0.3" in line
    assert "--strength" not in plan.canonical_line(drawn(), "local")
    assert plan.make_plan(Flags(), Settings(), ABLE, None, StartImage(png(8, 8), source=ANOTHER)).request.source == ANOTHER
    assert decided_from(StartImage(png(8, 8), source=ANOTHER)).request.source == "", "an engine that cannot begins from nothing"


class WithoutMasks(SketchEngine):
    """Begins from a picture as it is, as most services do."""

    def capabilities(self, model: str, settings: Settings) -> Capabilities:
        return dataclasses.replace(super().capabilities(model, settings), mask=False)


def test_an_engine_that_takes_no_mask_begins_from_the_whole_picture_and_says_so() -> None:
    engines = {"local": WithoutMasks("local", "sdxl", able=True)}
    planned = plan.make_plan(Flags(), Settings(), engines, None, StartImage(png(8, 8), png(8, 8)))
    request = planned.requests(CraftedPrompt("a", "a"))[0]
    assert (request.image, request.mask) == (png(8, 8), b"")
    assert planned.notices == (
        "Drawing only a part anew is not possible with SDXL base 1.0 on this machine, so it was left out.",
    )


def test_a_large_picture_stays_large_whatever_else_of_it_is_changed() -> None:
    large = changed(width=2048, height=2048, model="sdxl", hd=True)
    edited = Edit(prompt="a blue fox").planned(large, Settings(), ABLE, StartImage())
    assert edited.requests(CraftedPrompt("a", "a"))[0].hd


def decided_from(canvas: StartImage) -> DrawingPlan:
    return plan.make_plan(Flags(), Settings(), ENGINES, None, canvas)


def test_a_kept_picture_is_planned_with_all_that_decided_it() -> None:
    kept = changed(
        width=2048,
        height=2048,
        model="sdxl",
        adapters=EVERYTHING.adapters,
        refine=0.7,
        tile=True,
        hd=True,
        strength=0.3,
    )
    settings, canvas = Settings().replaced({"adapters": "other", **TOKEN}), StartImage(png(8, 8), source=ANOTHER)
    planned = plan.plan_again(kept, settings, {**ENGINES, **ABLE}, 9, canvas)
    assert (planned.engine.name, planned.model.id, planned.seeds) == ("local", "sdxl", (9,))
    request = planned.requests(CraftedPrompt("a", "a"))[0]
    assert (request.adapters, request.refine, request.tile, request.hd) == (EVERYTHING.adapters, 0.7, True, True)
    assert (request.width, request.height, request.strength, planned.notices) == (1024, 1024, 0.3, ())
    assert (request.num_inference_steps, request.scheduler) == (12, "Euler")
