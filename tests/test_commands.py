"""The `/imagine` line by example: tests/data/commands.json holds each row of the grammar, and what phones make of it."""

from dataclasses import fields
from typing import Any

import pytest

from gemini_diffusion.commands import (
    FLAGS,
    USAGE,
    BadChoice,
    Flags,
    Imagine,
    PictureCommand,
    Say,
    TooManyChoices,
    Unknown,
    Usage,
    as_line,
    count_choices,
    expand,
    format_line,
    format_picture_line,
    nearest,
    own_picture,
    parse,
)
from gemini_diffusion.commands.flags import find_flag
from gemini_diffusion.commands.unknown import INSTEAD
from gemini_diffusion.types import Adapter, Aspect, Capabilities, FinishStep, ImageRequest
from gemini_diffusion.types.errors import BadInput
from gemini_diffusion.types.prompt_weights import WeightedSpan
from tests.tables import read_table

LINES = read_table("commands")
LONG = "9" * 5000


def imagine(line: str) -> Imagine:
    """The picture that a line without its command asks for."""
    command = parse(f"/imagine {line}")
    assert isinstance(command, Imagine), command
    return command


def said(command: Imagine | Usage) -> str:
    return " / ".join(command.notices)


def flags_of(fields: dict[str, Any]) -> Flags:
    """The flags that a row of the table names."""
    kinds = {"aspect": lambda value: Aspect(*value), "adapters": _each(Adapter), "weights": _each(WeightedSpan)}
    kinds["finish"] = _each(FinishStep)
    return Flags(**{name: kinds.get(name, _plain)(value) for name, value in fields.items()})


def _each(kind: Any) -> Any:
    return lambda rows: tuple(kind(*row) for row in rows)


def _plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


# The line


@pytest.mark.parametrize(("line", "idea", "fields"), LINES["read"])
def test_a_line_is_read_without_a_word_and_written_back(line: str, idea: str, fields: dict[str, Any]) -> None:
    command, flags = parse(line), flags_of(fields)
    assert command == Imagine(idea, flags)
    assert isinstance(command, Imagine) and parse(format_line(command)) == command
    assert type(command.flags.refine) is type(flags.refine)


@pytest.mark.parametrize(
    ("line", "idea", "fields", "told"),
    [
        *LINES["noticed"],
        (f"/imagine a cat --ar {LONG}:1", "a cat", {}, "--ar"),
        (f"/imagine a cat --seed {LONG}", "a cat", {}, "Without one the seed is random"),
        (f"/imagine a cat --steps {LONG}", "a cat", {"steps": 150}, "150 was used instead of 999"),
        ("/imagine " + "{" * 900, "{" * 900, {}, "Braces offer"),
        ("/imagine " + "{a," * 500, "{a," * 500, {}, "Braces offer"),
    ],
)
def test_what_is_read_otherwise_than_it_stands_there_is_told_in_one_notice(
    line: str, idea: str, fields: dict[str, Any], told: str
) -> None:
    command = parse(line)
    assert isinstance(command, Imagine)
    assert (command.idea, command.flags, command.template) == (idea, flags_of(fields), False)
    assert len(command.notices) == 1 and told in said(command)
    assert expand(command) == [command]
    again = imagine(format_line(command).removeprefix("/imagine "))
    assert (again.idea, again.flags) == (command.idea, command.flags)


@pytest.mark.parametrize(("line", "why"), LINES["nothing to draw"])
def test_nothing_to_draw_is_usage_that_says_why(line: str, why: str) -> None:
    command = parse(line)
    assert isinstance(command, Usage) and command.topic == "/imagine"
    assert why in said(command) and bool(why) == bool(command.notices)


@pytest.mark.parametrize("text", LINES["chat"])
def test_anything_else_is_chat_exactly_as_typed(text: str) -> None:
    assert parse(text) == Say(text)


@pytest.mark.parametrize("idea", LINES["text"])
def test_an_idea_that_a_model_wrote_comes_back_as_text_whatever_it_looks_like(idea: str) -> None:
    command = Imagine(idea, Flags(style="Film Noir", raw=True))
    assert parse(format_line(command)) == command


@pytest.mark.parametrize(("words", "line"), LINES["asked by a program"])
def test_what_a_program_asks_for_is_a_line_unless_it_begins_with_a_command(words: str, line: str) -> None:
    assert as_line(words) == line


# Other commands


@pytest.mark.parametrize("name", INSTEAD)
def test_a_command_that_does_not_exist_says_what_works_instead(name: str) -> None:
    assert parse(f"/{name.upper()}  make it\ndarker ") == Unknown(name, f"There is no /{name} here: {INSTEAD[name]}.")


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("/edit #2 make it night", PictureCommand("edit", "make it night", 2)),
        ("/VARY Strong", PictureCommand("vary", "strong")),
        ("/again same #12", PictureCommand("again", "same", 12)),
        ("/seed 7", PictureCommand("seed", "7")),
        ("/undo", PictureCommand("undo")),
    ],
)
def test_a_line_about_a_picture_is_read_and_written_back(line: str, command: PictureCommand) -> None:
    assert parse(line) == command == parse(format_picture_line(command))


@pytest.mark.parametrize("line", ["/edit", "/ask #2", "/vary loud", "/again older", "/seed x", "/seed 4294967296"])
def test_a_line_about_a_picture_that_says_too_little_says_what_to_say(line: str) -> None:
    command = parse(line)
    assert isinstance(command, Usage) and command.notices


@pytest.mark.parametrize("slip", ["imagin", "imagie", "IMAGINEE", "imagime", "iamgine", "imagined"])
def test_a_command_one_letter_off_is_asked_about_with_the_line_it_stands_for(slip: str) -> None:
    said = f"There is no command /{slip.lower()}. Did you mean /imagine?"
    assert parse(f"/{slip} a cat --ar 1:1") == Unknown(slip.lower(), said, "/imagine a cat --ar 1:1")
    assert parse("/hlep me") == Unknown("hlep", "There is no command /hlep. Did you mean /help?", "/help")


@pytest.mark.parametrize("words", [5, None, b"a cat", ["a cat"]])
def test_what_is_no_text_is_refused(words: object) -> None:
    with pytest.raises(BadInput, match="A text is needed, not "):
        as_line(words)


def test_help_is_usage() -> None:
    assert parse("/help") == parse("/help me") == Usage("/help")


# Text


def test_escapes_are_written_only_where_the_text_would_be_read_otherwise() -> None:
    for idea in (r"\{red, green\} bird", 'a sign "<lora:ink:1>"', r"a cat \<lora:ink>", "<my-cat> on a sofa", r"\<lora: and"):
        assert format_line(imagine(idea)) == f"/imagine {idea}"


def test_the_nearest_name_is_found() -> None:
    assert nearest("film noire", ["Anime", "Film Noir"]) == "Film Noir"
    assert nearest("nope", ["Anime", "Film Noir"]) is nearest("x" * 10_000, ["Anime"]) is None


def test_a_picture_of_ones_own_is_known_in_any_case() -> None:
    assert own_picture("Picture:" + "0123456789ABCDEF" * 2) == "0123456789abcdef" * 2


def test_many_unknown_flags_are_all_named() -> None:
    command = imagine("a cat " + " ".join(f"--zz{letter}" for letter in "abcdefgh"))
    assert all(f"--zz{letter}" in said(command) for letter in "abcdefgh")


def test_five_thousand_characters_are_read_whole_with_a_notice() -> None:
    command = imagine("cat " * 1250 + "--ar 1:1")
    assert command.idea.split() == ["cat"] * 1250
    assert command.flags.aspect == Aspect(1, 1)
    assert "4,999 characters" in said(command)


def test_half_a_surrogate_pair_can_be_written_to_a_file_afterwards() -> None:
    imagine("a \ud83d cat").idea.encode()


# Choices


@pytest.mark.parametrize(("line", "ideas"), LINES["choices"])
def test_choices_make_one_job_each(line: str, ideas: list[str]) -> None:
    command = imagine(line)
    jobs = expand(command)
    assert command.template and count_choices(command) == len(ideas)
    assert [job.idea for job in jobs] == ideas and not any(job.template for job in jobs)


def test_choices_stand_inside_flags_too() -> None:
    command = imagine('a {red, green} bird --ar {1:1, 16:9} --style {Film Noir, "Low Poly"} --no {fog, old cars}, rain')
    assert count_choices(command) == 16
    jobs = expand(command)
    assert len(set(jobs)) == 16
    assert jobs[0] == Imagine("a red bird", Flags(aspect=Aspect(1, 1), style="Film Noir", negative=("fog", "rain")))
    assert jobs[-1] == Imagine("a green bird", Flags(aspect=Aspect(16, 9), style="Low Poly", negative=("old cars", "rain")))


def test_whole_flags_may_be_choices() -> None:
    jobs = expand(imagine("a bird {--ar 1:1, --raw} --{seed 5, no fog}"))
    assert [job.flags for job in jobs] == [
        Flags(aspect=Aspect(1, 1), seed=5),
        Flags(aspect=Aspect(1, 1), negative=("fog",)),
        Flags(raw=True, seed=5),
        Flags(raw=True, negative=("fog",)),
    ]


def test_the_last_of_a_value_and_a_choice_wins() -> None:
    assert imagine("a cat --ar {1:1, 2:1} --ar 3:2").flags == Flags(aspect=Aspect(3, 2))
    assert imagine("a cat --ar 3:2 --ar {1:1, 2:1}").flags == Flags(choices=(("ar", "{1:1, 2:1}"),))


def test_an_unclosed_quote_does_not_reach_into_a_choice() -> None:
    command = imagine('--style {5", 6"} a "cat')
    assert command == Imagine('a "cat', Flags(choices=(("style", "{5', 6'}"),)))
    assert parse(format_line(command)) == command


def test_braces_nested_by_the_thousand_are_read_without_falling_over() -> None:
    command = imagine("{a," * 3000 + "b" + "}" * 3000)
    assert count_choices(command) >= 1
    assert parse(format_line(command)) == command


def test_too_many_choices_are_counted_and_refused_before_they_are_made() -> None:
    command = imagine("{a,b}" * 12)
    assert count_choices(command) == 4096
    with pytest.raises(TooManyChoices, match="4,096 pictures"):
        expand(command)
    with pytest.raises(TooManyChoices, match="more than a million"):
        expand(imagine("{a,b}" * 20_000))
    assert len(expand(command, limit=4096)) == 4096


def test_as_many_choices_as_may_be_are_made_and_not_one_more() -> None:
    assert len(expand(imagine("a {red, green, blue} bird"), limit=3)) == 3
    with pytest.raises(TooManyChoices, match="3 pictures"):
        expand(imagine("a {red, green, blue} bird"), limit=2)


def test_a_choice_that_leaves_nothing_to_draw_is_named() -> None:
    with pytest.raises(BadChoice, match="--raw"):
        expand(imagine("{--raw, cat}"))


def test_notices_of_the_line_are_told_by_the_first_of_its_jobs_only() -> None:
    command = imagine("{a, b} cat --loud --n {1, 99}")
    assert len(command.notices) == 1
    assert [len(job.notices) for job in expand(command)] == [1, 1, 0, 1]


# Weights


def test_a_last_part_without_a_number_stays_without_one() -> None:
    command = imagine('cat::2 " --ar "')
    assert format_line(command) == '/imagine cat::2 " --ar "'
    assert format_line(imagine("cat::1")) == "/imagine cat::1"


# LoRAs


def test_a_lora_too_strong_or_named_twice_is_told() -> None:
    command = imagine("a cat <lora:ink:9> <lora:Ink:0.5>")
    assert command.flags.adapters == (Adapter("Ink", 0.5),)
    assert "2 was used for ink" in said(command)
    assert "more than once" in said(command)


def test_loras_may_be_choices() -> None:
    command = imagine("a cat {<lora:ink>, <lora:oil:0.5>} <lora:all>")
    assert [job.flags.adapters for job in expand(command)] == [
        (Adapter("ink"), Adapter("all")),
        (Adapter("oil", 0.5), Adapter("all")),
    ]
    assert {job.idea for job in expand(command)} == {"a cat"}


# The table


def test_values_from_elsewhere_are_written_so_that_they_can_be_read() -> None:
    said = Flags(aspect=Aspect(1344, 768), negative=('the "x" logo\nold', "a, b"))
    line = """/imagine a cat --ar 7:4 --no "the 'x' logo old", "a, b\""""
    assert format_line(Imagine("a\ncat", said)) == line


def test_the_canonical_line_says_everything_once_in_the_order_of_the_table() -> None:
    line = (
        '/imagine a cat --ar 3:2 --seed 7 --no fog, "red, white" --stylize 0 --raw --style "Film Noir" --n 2 '
        '--cfg 7.5 --scheduler "Euler a" --quality 0.25 --model sdxl --tile --review'
    )
    shuffled = (
        '/imagine --fast --tile a --review --q .25 --cfg 7.50 --n 2 --s 0 --style raw --style "Film Noir" '
        '--v sdxl --sampler "Euler a" cat --no fog, "red, white" --seed last --seed 007 --ar 6:4'
    )
    command = parse(shuffled)
    assert isinstance(command, Imagine)
    assert format_line(command) == line
    assert parse(line) == Imagine(command.idea, command.flags, parse(line).notices)  # type: ignore[union-attr]


@pytest.mark.parametrize("flag", FLAGS, ids=lambda flag: flag.name)
def test_every_flag_of_the_table_is_read_and_written_back(flag: object) -> None:
    assert flag in FLAGS
    samples = {
        "whole": "50",
        "decimal": "0.5",
        "share": "0.5",
        "step": "0.5",
        "aspect": "2:3",
        "seed": "9",
        "switch": "",
        "finish": "light:-1, sharpen",
    }
    row = next(row for row in FLAGS if row is flag)
    value = "3" if row.name == "n" else samples.get(row.kind, "word1")
    command = imagine(f"a cat {row.written} {value}".strip())
    assert command.idea == "a cat" and command.flags != Flags()
    assert imagine(format_line(command).removeprefix("/imagine ")).flags == command.flags
    for alias in row.aliases:
        assert imagine(f"a cat --{alias} {value}".strip()).flags == command.flags


def test_no_name_is_taken_twice_and_every_row_of_a_request_names_fields_that_are_there() -> None:
    names = [name for flag in FLAGS for name in (flag.name, *flag.aliases)]
    assert len(names) == len(set(names))
    assert {flag.request for flag in FLAGS} - {""} <= {entry.name for entry in fields(ImageRequest)}
    assert {flag.needs for flag in FLAGS} - {""} <= {entry.name for entry in fields(Capabilities)}


def test_the_help_names_every_flag_that_has_an_effect_and_no_other() -> None:
    assert all(f"`{flag.written}`" in USAGE for flag in FLAGS)
    assert not [name for name in ("fast", "sref", "niji", "chaos", "weird") if f"--{name}" in USAGE or find_flag(name).field]  # type: ignore[union-attr]
    assert "!" not in USAGE
