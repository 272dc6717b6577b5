"""Other programs' lines are read as what they say, and what has no like here is named."""

from __future__ import annotations

import pytest

from gemini_diffusion.commands import Imagine, Say, read
from gemini_diffusion.types import prompt_weights

A1111 = """masterpiece, a red cat, (detailed:1.2) <lora:fur:0.8>
Negative prompt: blurry, (bad hands:1.4), [text]
Steps: 20, Sampler: DPM++ 2M Karras, CFG scale: 7.5, Seed: 123, Size: 512x768, Model hash: abc, Model: xyz, Clip skip: 2"""


def imagine(text: str) -> Imagine:
    command = read(text)
    assert isinstance(command, Imagine), command
    return command


@pytest.mark.parametrize("lead", ["", "/imagine ", "/imagine\n", "parameters\n\n"])
def test_a_whole_a1111_text_is_read_as_what_it_says(lead: str) -> None:
    command = imagine(lead.replace("\\\n", "\n") + A1111)
    flags = command.flags
    assert command.idea == "masterpiece, a red cat, (detailed:1.2)"
    assert (flags.steps, flags.scheduler, flags.cfg, flags.seed, flags.clip_skip, flags.raw) == (
        20,
        "DPM++ 2M Karras",
        7.5,
        123,
        2,
        True,
    )
    assert flags.aspect is not None and (flags.aspect.width, flags.aspect.height) == (2, 3)
    assert flags.negative == ("blurry", "bad hands", "text")
    assert [adapter.name for adapter in flags.adapters] == ["fur"]
    assert "Automatic1111" in command.notices[0] and "model xyz" in command.notices[0]


def test_a_prompt_with_its_negative_alone_is_read_too() -> None:
    command = imagine("a red cat\nNegative prompt: dogs, rain")
    assert (command.idea, command.flags.negative) == ("a red cat", ("dogs", "rain"))


@pytest.mark.parametrize(
    ("body", "idea"),
    [
        ("a cat, [fog]", "a cat, (fog:0.91)"),
        ("a cat, [[fog]]", "a cat, (fog:0.83)"),
        ("((red)) fox", "(red:1.21) fox"),
        ("a [cat:dog:0.5] on a sofa", "a cat on a sofa"),
        ("a [cat|dog] on a sofa", "a cat on a sofa"),
        ("a cat BREAK a dog", "a cat, a dog"),
        ("a cat AND a dog", "a cat, a dog"),
        ("a [cat:0.5] on a sofa", "a cat on a sofa"),
        ("a cat AND a dog :1.2", "a cat, (a dog:1.2)"),
        ("a {{red}} fox", "a (red:1.1) fox"),
        ("a red fox (big:1.2)--steps 9", "a red fox (big:1.2)"),
        ("(red:.5) fox", "(red:0.5) fox"),
        ("a cat by embedding:style.pt", "a cat by <style>"),
        ('a sign "[A] AND ((B))"', 'a sign "[A] AND ((B))"'),
        ("a hat and a cat [sic](x)", "a hat and a cat [sic](x)"),
    ],
)
def test_signs_of_other_programs_become_ours(body: str, idea: str) -> None:
    command = imagine(f"/imagine {body}")
    assert prompt_weights.format_weights(prompt_weights.parse_weights(command.idea)) == idea
    named = any(sign in body for sign in ("[cat", "BREAK", " AND a")) and '"' not in body
    assert bool(command.notices) == named


def test_choices_with_bars_are_choices() -> None:
    for written in ("{red|blue}", "{red|blue|}", "{0.3::red|blue}", "{2$$red|blue}"):
        assert imagine(f"/imagine a {written} fox").idea == "a {red, blue} fox"


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("-ar 16:9", "--ar 16:9"),
        ("--aspect_ratio 16:9", "--ar 16:9"),
        ("--width 1600 --height 900", "--ar 1600:900"),
        ("-H 900 --steps 9 -W 1600", "--steps 9 --ar 1600:900"),
        ("-s 50 -n 2", "--stylize 50 --n 2"),
        ("--neg a hat, a dog", "--no a hat, a dog"),
        (". Negative prompt: a hat", "--no a hat"),
        ("--sampler_name DPM++ 2M Karras --cfg_scale 7", '--scheduler "DPM++ 2M Karras" --cfg 7'),
        ("--sampler Euler a --batch_size 2", '--scheduler "Euler a" --n 2'),
        ("--num_inference_steps 30", "--steps 30"),
    ],
)
def test_flags_as_other_programs_write_them(theirs: str, ours: str) -> None:
    assert imagine(f"/imagine a cat {theirs}") == imagine(f"/imagine a cat {ours}")


def test_numbers_are_read_alike_everywhere() -> None:
    assert imagine("/imagine a cat --cfg-scale .5").flags.cfg == 0.5
    assert "red" in imagine("/imagine a fox::2 red::-.5").flags.negative
    assert imagine("/imagine a cat --negative-prompt a hat, a dog").flags.negative == ("a hat", "a dog")


def test_text_that_is_no_recipe_stays_chat() -> None:
    for text in ("Steps: first, boil water", "what is a negative prompt: explain", "hello [you]"):
        assert isinstance(read(text), Say)
