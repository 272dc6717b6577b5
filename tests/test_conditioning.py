"""The words of requests as a pipeline takes them: its own embeddings bit for bit, weights, long texts, the refiner."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from gemini_diffusion.engines.local.sampling.conditioning import LONGEST, condition
from gemini_diffusion.engines.local.sampling.sampling import Models, Segment
from gemini_diffusion.engines.local.sampling.text_encoder import MOST_WINDOWS
from gemini_diffusion.engines.models import find_model
from gemini_diffusion.engines.torch_imports import TorchImports
from gemini_diffusion.types import ImageRequest
from tests.closeness import nearly_equal

LONG = "a cat, " * 60 + "a dog"
FAMILIES = ["sdxl", "sd15"]


@pytest.fixture(scope="module")
def pipes(packages: TorchImports, sdxl: Path, sd15: Path) -> dict[str, Any]:
    """A tiny pipeline of each family, and SDXL's refiner made of its parts."""
    found = {
        "sdxl": packages.diffusers.StableDiffusionXLPipeline.from_pretrained(sdxl, local_files_only=True),
        "sd15": packages.diffusers.StableDiffusionPipeline.from_pretrained(sd15, local_files_only=True),
    }
    parts = {**found["sdxl"].components, "text_encoder": None, "tokenizer": None}
    kind = packages.diffusers.StableDiffusionXLImg2ImgPipeline
    return {**found, "refiner": kind(**parts, requires_aesthetics_score=False, force_zeros_for_empty_prompt=False)}


def asked(prompt: str, **changes: Any) -> ImageRequest:
    return dataclasses.replace(ImageRequest(prompt, "", 64, 64, 2, 5.0, seed=7), **changes)


def told(pipe: Any, prompt: str, **changes: Any) -> dict[str, Any]:
    return condition(pipe, asked(prompt, **changes)).arguments


def own(pipe: Any, prompt: str, negative: str | None = None) -> tuple[Any, Any]:
    """What the pipeline itself makes of the words: embeddings for and against."""
    found = pipe.encode_prompt(prompt, device="cpu", num_images_per_prompt=1, do_classifier_free_guidance=True,
                               negative_prompt=negative)  # fmt: skip
    return found[0].detach(), found[1].detach()


@pytest.mark.parametrize("family", FAMILIES)
def test_words_without_marks_go_to_the_pipeline_as_they_are(pipes: dict[str, Any], family: str) -> None:
    assert told(pipes[family], "a (small) cat") == {"prompt": "a (small) cat", "negative_prompt": None}
    assert told(pipes[family], r"a \(cat\)", negative_prompt="dog") == {"prompt": "a (cat)", "negative_prompt": "dog"}


@pytest.mark.parametrize("family", FAMILIES)
def test_encoded_here_words_are_the_pipelines_own_bit_for_bit(
    pipes: dict[str, Any], packages: TorchImports, family: str
) -> None:
    """What stands beside weighted words has to be encoded here too."""
    for negative in ("dog", None):
        arguments = told(pipes[family], "a (cat:1.3)", negative_prompt=negative or "")
        assert packages.torch.equal(arguments["negative_prompt_embeds"], own(pipes[family], "x", negative)[1])


def test_where_sdxl_takes_zeros_for_nothing_ruled_out_so_do_weighted_words(
    pipes: dict[str, Any], packages: TorchImports
) -> None:
    kind = packages.diffusers.StableDiffusionXLPipeline
    pipe = kind(**pipes["sdxl"].components, force_zeros_for_empty_prompt=True)
    assert not told(pipe, "a (cat:1.2)")["negative_prompt_embeds"].any()
    assert told(pipe, "a (cat:1.2)", negative_prompt="dog")["negative_prompt_embeds"].any()


def test_weights_are_applied_in_the_models_own_numbers(packages: TorchImports, sdxl: Path) -> None:
    torch = packages.torch
    pipe = packages.diffusers.StableDiffusionXLPipeline.from_pretrained(sdxl, local_files_only=True, dtype=torch.bfloat16)
    arguments = told(pipe, f"a (cat:1.3) and a (dog:0.6), {LONG}", negative_prompt="fog")
    assert {value.dtype for value in arguments.values()} == {torch.bfloat16}


@pytest.mark.parametrize("family", FAMILIES)
def test_a_long_text_is_read_whole_in_windows_and_its_negative_is_as_long(
    pipes: dict[str, Any], packages: TorchImports, family: str
) -> None:
    pipe = pipes[family]
    arguments = told(pipe, LONG, negative_prompt="dog")
    first, second = "a cat, " * 25, "a cat, " * 10 + "a dog"
    parts = [own(pipe, text.strip())[0] for text in (first, first, second)]
    assert nearly_equal(arguments["prompt_embeds"], packages.torch.cat(parts, dim=1))
    padded = [own(pipe, "x", negative)[1] for negative in ("dog", "", "")]
    assert nearly_equal(arguments["negative_prompt_embeds"], packages.torch.cat(padded, dim=1))
    assert condition(pipe, asked(LONG)).notices == ()


def test_a_long_text_breaks_after_a_comma_and_no_word_is_cut(pipes: dict[str, Any], packages: TorchImports) -> None:
    words = "cat " * 60 + "dog, " + "cat " * 20
    arguments = told(pipes["sd15"], words)
    parts = [own(pipes["sd15"], text)[0] for text in ("cat " * 60 + "dog,", "cat " * 20)]
    assert nearly_equal(arguments["prompt_embeds"], packages.torch.cat(parts, dim=1))


def test_what_is_longer_than_all_windows_is_named(pipes: dict[str, Any]) -> None:
    whole = condition(pipes["sdxl"], asked("cat " * (LONGEST - 2)))
    assert (whole.notices, whole.arguments["prompt_embeds"].shape[1]) == ((), MOST_WINDOWS * 77)
    cut = condition(pipes["sdxl"], asked("cat " * (LONGEST - 2) + "dog"))
    assert cut.notices == ('The end of the prompt did not fit the encoder and was left out: "dog".',)
    assert cut.arguments["prompt_embeds"].shape[1] == MOST_WINDOWS * 77


def test_parts_below_zero_join_what_is_ruled_out(pipes: dict[str, Any]) -> None:
    assert told(pipes["sdxl"], "a cat, (dog:-1)", negative_prompt="fog") == {"prompt": "a cat", "negative_prompt": "fog, dog"}


def test_the_second_encoder_may_be_told_other_words_of_another_length(pipes: dict[str, Any]) -> None:
    pipe = pipes["sdxl"]
    assert told(pipe, "a cat", prompt_2="a dog")["prompt_2"] == "a dog"
    longer = told(pipe, "a cat", prompt_2=LONG)["prompt_embeds"]
    assert nearly_equal(longer[:, :77, :32], own(pipe, "a cat")[0][:, :, :32])
    assert nearly_equal(longer[..., 32:], told(pipe, LONG)["prompt_embeds"][..., 32:])


def test_the_refiner_is_told_by_its_one_encoder(pipes: dict[str, Any]) -> None:
    refiner = pipes["refiner"]
    arguments = told(refiner, "a (cat:1.3) dog", negative_prompt="fog")
    whole = told(pipes["sdxl"], "a (cat:1.3) dog", negative_prompt="fog")
    for name in ("prompt_embeds", "negative_prompt_embeds"):
        assert nearly_equal(arguments[name], whole[name][..., 32:])
    assert nearly_equal(arguments["pooled_prompt_embeds"], whole["pooled_prompt_embeds"])
    assert condition(refiner, asked("a cat", prompt_2="a dog")).ignored == ("prompt_2",)


@pytest.mark.parametrize(
    ("family", "asked_for", "theirs"),
    [("sd15", 1, None), ("sd15", 2, 1), ("postcard", 1, None), ("postcard", 2, None), ("postcard", 3, 1)],
)
def test_clip_skip_counts_from_1_and_is_diffusers_own_bit_for_bit(
    pipes: dict[str, Any],
    packages: TorchImports,
    monkeypatch: pytest.MonkeyPatch,
    family: str,
    asked_for: int,
    theirs: int | None,
) -> None:
    pipe = pipes.get(family)
    if pipe is None:  # SDXL's kind, with a layer more than the tiny one
        kind = packages.diffusers.StableDiffusionXLPipeline
        pipe = kind.from_pretrained(find_model("postcard").source, local_files_only=True)
    # transformers 5.6 took the inner model away, and diffusers 0.42 still asks it for the norm
    monkeypatch.setattr(type(pipe.text_encoder), "text_model", property(lambda encoder: encoder), raising=False)
    plain = {"device": "cpu", "num_images_per_prompt": 1, "do_classifier_free_guidance": True}
    found = pipe.encode_prompt("a red cat", **plain, clip_skip=theirs)
    [ours] = Models(pipe, None, packages, clip_skip=1).conditionings(
        [Segment(pipe, 2, {})], asked("a red cat", clip_skip=asked_for)
    )
    if theirs is None:
        assert ours.arguments["prompt"] == "a red cat", "the pipeline reads it by itself"
    else:
        assert packages.torch.equal(ours.arguments["prompt_embeds"], found[0])
        assert packages.torch.equal(ours.arguments["negative_prompt_embeds"], found[1])
        assert not packages.torch.equal(found[0], own(pipe, "a red cat")[0])


@pytest.mark.parametrize("family", FAMILIES)
def test_more_layers_left_out_than_there_are_leave_the_first_and_say_so(pipes: dict[str, Any], family: str) -> None:
    most = 1 if family == "sd15" else 0  # of two layers, SDXL reads the last but one as it is
    beyond, all_that_can = (condition(pipes[family], asked("a (cat:1.2)"), clip_skip=skip) for skip in (11, most))
    assert nearly_equal(beyond.arguments["prompt_embeds"], all_that_can.arguments["prompt_embeds"])
    assert beyond.notices == ("The text encoder has fewer layers than were to be skipped, so its first one was read.",)
    assert all_that_can.notices == ()


@pytest.mark.parametrize("prompt", [LONG, "a (cat:1.3) and a (dog:0.6)"])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_pipeline_draws_from_what_it_is_told(pipes: dict[str, Any], packages: TorchImports, family: str, prompt: str) -> None:
    def drawn(request: ImageRequest) -> Any:
        shape = {"width": 64, "height": 64, "num_inference_steps": 2, "guidance_scale": request.guidance_scale}
        seed = packages.torch.Generator().manual_seed(7)
        arguments = condition(pipes[family], request).arguments
        return pipes[family](**arguments, **shape, generator=seed, output_type="np").images[0]

    assert abs(drawn(asked(prompt)) - drawn(asked("a cat"))).max() > 1e-3
    assert abs(drawn(asked(prompt)) - drawn(asked(prompt, negative_prompt="fog"))).max() > 1e-3
    assert drawn(asked(prompt, guidance_scale=1.0)).shape == (64, 64, 3)


def test_guidance_that_looks_at_no_negative_is_given_none(pipes: dict[str, Any]) -> None:
    arguments = condition(pipes["sdxl"], asked("a (cat:1.2)", negative_prompt="dog", guidance_scale=1.0))
    assert "negative_prompt_embeds" not in arguments.arguments
    assert arguments.ignored == ("negative_prompt",)


@pytest.mark.parametrize("family", FAMILIES)
def test_no_text_breaks_it(pipes: dict[str, Any], family: str) -> None:
    markers = "<|endoftext|> (cat:1.3) <|startoftext|>"
    for prompt in ("((((", "a:1.3)", markers, "(!:1.4) (!!:0.4)" * 40, "\U0001f98a" * 90, "(\n:1.2)", "C++ :-)", ""):
        arguments = told(pipes[family], f"(a:0.5) {prompt}", negative_prompt=prompt)
        assert arguments["prompt_embeds"].isfinite().all(), prompt
        assert arguments["prompt_embeds"].shape == arguments["negative_prompt_embeds"].shape, prompt


@pytest.mark.parametrize(
    "prompt",
    [
        "a cat and a dog",
        "a (cat)1.3 and a dog",
        "a cat++ and a dog--",
        "a (red cat)0.5 and a (dog)1.4",
        "(a cat)1.2, (a (very small)1.1 dog)0.8, a tree",
        "a cat (in the rain)0.0 at noon",
    ],
)
@pytest.mark.parametrize("family", FAMILIES)
def test_weights_mean_what_they_mean_to_compel(pipes: dict[str, Any], packages: TorchImports, family: str, prompt: str) -> None:
    """What was weighed for InvokeAI, or by diffusers' own advice, looks the same here."""
    from compel import Compel, ReturnedEmbeddingsType  # type: ignore[import-untyped]

    pipe, torch = pipes[family], packages.torch
    pairs = [(pipe.tokenizer, pipe.text_encoder)]
    kind = ReturnedEmbeddingsType.LAST_HIDDEN_STATES_NORMALIZED
    if family == "sdxl":
        pairs.append((pipe.tokenizer_2, pipe.text_encoder_2))
        kind = ReturnedEmbeddingsType.PENULTIMATE_HIDDEN_STATES_NON_NORMALIZED
    theirs = [Compel(tokenizer, encoder, returned_embeddings_type=kind)(prompt).detach() for tokenizer, encoder in pairs]
    ours = told(pipe, prompt).get("prompt_embeds", own(pipe, prompt)[0])
    assert nearly_equal(ours, torch.cat(theirs, dim=-1))
