"""The `/imagine` line by example: each row of the grammar, and what phones and other services make of it."""

from dataclasses import fields, replace

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
from gemini_diffusion.types import Adapter, Aspect, Capabilities, ImageRequest
from gemini_diffusion.types.errors import BadInput
from gemini_diffusion.types.prompt_weights import WeightedSpan


def imagine(line: str) -> Imagine:
    """The picture that a line without its command asks for."""
    command = parse(f"/imagine {line}")
    assert isinstance(command, Imagine), command
    return command


def said(command: Imagine | Usage) -> str:
    return " / ".join(command.notices)


# The command


@pytest.mark.parametrize(
    "line",
    [
        "/imagine a cat",
        "/IMAGINE a cat",
        "/imagine prompt: a cat",
        "/Imagine PROMPT:a cat",
        "/imagine prompt : a cat",
        "/imagine prompt\uff1aa cat",
        "/imagine: a cat",
        "  \n/imagine\ta \n cat  ",
        "\ufeff/imagine\u00a0a\u3000cat",
        "\u200f/imagine a cat",
        "\uff0fimagine a cat",
        "/imagine a\x00cat",
    ],
)
def test_the_command_and_its_spellings_leave_only_the_idea(line: str) -> None:
    assert parse(line) == Imagine("a cat")


@pytest.mark.parametrize("line", ["/imagine", "/imagine    ", "/imagine --ar 16:9", "/imagine prompt:", "/imagine\n"])
def test_nothing_to_draw_is_usage(line: str) -> None:
    assert parse(line) == Usage("/imagine")


@pytest.mark.parametrize(
    "text",
    ["what does /imagine do?", "imagine a cat", "", "hello", "/ imagine", "/unknown x", "//imagine a"],
)
def test_anything_else_is_chat_exactly_as_typed(text: str) -> None:
    assert parse(text) == Say(text)


def test_chat_keeps_its_line_breaks() -> None:
    assert parse("  one\n\ntwo  ") == Say("  one\n\ntwo  ")


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


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("a cat", "/imagine a cat"),
        (" /IMAGINE a cat", "/IMAGINE a cat"),
        ("/usr/bin in rust", "/imagine /usr/bin in rust"),
        ("/help", "/help"),
        ("/imagin a cat", "/imagin a cat"),
        ("imagine a cat", "/imagine imagine a cat"),
    ],
)
def test_what_a_program_asks_for_is_a_line_unless_it_begins_with_a_command(words: str, line: str) -> None:
    assert as_line(words) == line


@pytest.mark.parametrize("words", [5, None, b"a cat", ["a cat"]])
def test_what_is_no_text_is_refused(words: object) -> None:
    with pytest.raises(BadInput, match="A text is needed, not "):
        as_line(words)


def test_help_is_usage() -> None:
    assert parse("/help") == parse("/help me") == Usage("/help")


# Shape


@pytest.mark.parametrize(
    "flag",
    [
        "--ar 16:9",
        "--aspect 16:9",
        "--AR 16:9",
        "--ar=16:9",
        "--ar= 16:9",
        "--ar: 16:9",
        "--ar 16x9",
        "--ar 16\u00d79",
        "--ar 16/9",
        "--ar 16\uff1a9",
        "--ar \uff11\uff16\uff1a\uff19",
        "--ar 16:9,",
        "--ar 1920x1080",
        '--ar "16:9"',
        "\u2014ar 16:9",
        "\u2013ar 16:9",
        "\u2014\u2014ar 16:9",
        "\uff0d\uff0dar 16:9",
        "\u2011\u2011ar 16:9",
        "--\uff41\uff52 16:9",
    ],
)
def test_every_spelling_of_a_shape_is_read_without_a_word(flag: str) -> None:
    assert imagine(f"a cat {flag}") == Imagine("a cat", Flags(aspect=Aspect(16, 9)))


@pytest.mark.parametrize("value", ["0:1", "1:0", "foo", "16", "", "9" * 5000 + ":1"])
def test_a_shape_that_is_none_is_left_out_with_a_notice(value: str) -> None:
    command = imagine(f"a cat --ar {value}")
    assert (command.idea, command.flags) == ("a cat", Flags())
    assert "--ar" in said(command) and len(command.notices) == 1


# Numbers


@pytest.mark.parametrize("value", ["4294967296", "-5", "abc", "1.5", "9" * 6000])
def test_a_seed_that_is_none_is_random_with_a_notice(value: str) -> None:
    command = imagine(f"a cat --seed {value}")
    assert (command.idea, command.flags) == ("a cat", Flags())
    assert value[:60] in said(command) and "Without one the seed is random" in said(command)


@pytest.mark.parametrize(
    ("flags", "read"),
    [
        ("--ar portrait", Flags(aspect=Aspect(2, 3))),
        ("--ar Landscape", Flags(aspect=Aspect(3, 2))),
        ("--ar square", Flags(aspect=Aspect(1, 1))),
        ("--ar 2.39:1", Flags(aspect=Aspect(239, 100))),
        ("--seed 0", Flags(seed=0)),
        ("--seed 4294967295", Flags(seed=4294967295)),
        ("--seed last", Flags(seed="last")),
        ("--seed RANDOM", Flags(seed="random")),
        ("--s 0", Flags(stylize=0)),
        ("--stylize 250", Flags(stylize=250)),
        ("--n 4", Flags(count=4)),
        ("--repeat 4", Flags(count=4)),
        ("--r 4", Flags(count=4)),
        ("--steps 25", Flags(steps=25)),
        ("--cfg 7.5", Flags(cfg=7.5)),
        ("--cfg 7,5", Flags(cfg=7.5)),
        ("--cfg 0", Flags(cfg=0.0)),
        ("--raw", Flags(raw=True)),
        ("--style raw", Flags(raw=True)),
        ('--style "Raw"', Flags(raw=True)),
        ("--style anime --style raw", Flags(style="anime", raw=True)),
        ("--model sdxl-base", Flags(model="sdxl-base")),
        ("--v 6.1", Flags(model="6.1")),
        ("--version stabilityai/sdxl-turbo", Flags(model="stabilityai/sdxl-turbo")),
        ('--sampler "Euler a"', Flags(scheduler="Euler a")),
        ("--engine hosted --review --dry", Flags(engine="hosted", review=True, dry=True)),
        ("--q .5", Flags(quality=0.5)),
        ("--draft", Flags(draft=True)),
        ("--tile", Flags(tile=True)),
        ("--strength 0.4", Flags(strength=0.4)),
        ("--iw 2", Flags(image_weight=2.0)),
        ("--refine", Flags(refine=True)),
        ("--hd", Flags(hd=True)),
        ("--clip-skip 2", Flags(clip_skip=2)),
        ("--refine 0.7", Flags(refine=0.7)),
        ("--refine=.9", Flags(refine=0.9)),
        ("--refine 80%", Flags(refine=0.8)),
        ("--strength 60%", Flags(strength=0.6)),
    ],
)
def test_flags_of_this_release_are_read_without_a_word(flags: str, read: Flags) -> None:
    assert imagine(f"a cat {flags}") == Imagine("a cat", read)


@pytest.mark.parametrize(
    "flags",
    [
        "--c 50",
        "--sref https://x/a.png",
        '--sref "http://10.0.0.1/a b.png"',
        "--w 30",
        "--p",
        "--p abc123",
        "--fast",
        "--niji 6",
    ],
)
def test_a_flag_without_effect_here_is_left_out_with_its_value_and_named(flags: str) -> None:
    command = imagine(f"a {flags} cat")
    assert (command.idea, command.flags) == ("a cat", Flags())
    assert said(command) == f"Without effect here, so left out: {flags.split()[0]}."


NOTICED: dict[str, tuple[str, Imagine, str]] = {
    "a value glued to its flag": (
        "a cat --ar16:9",
        Imagine("a cat", Flags(aspect=Aspect(16, 9))),
        '"--ar16:9" was read as --ar 16:9',
    ),
    "a shape too wide": ("a cat --ar 100:1", Imagine("a cat", Flags(aspect=Aspect(4, 1))), "4:1 was used"),
    "a shape too tall": ("a cat --ar 1:100", Imagine("a cat", Flags(aspect=Aspect(1, 4))), "1:4 was used"),
    "a number too large": ("a cat --s 1001", Imagine("a cat", Flags(stylize=1000)), "1000 was used instead of 1001"),
    "a number too small": ("a cat --s -1", Imagine("a cat", Flags(stylize=0)), "0 was used instead of -1"),
    "too many pictures": ("a cat --n 99", Imagine("a cat", Flags(count=8)), "8 was used instead of 99"),
    "no picture": ("a cat --n 0", Imagine("a cat", Flags(count=1)), "1 was used instead of 0"),
    "a number without end": ("a cat --steps " + "9" * 400, Imagine("a cat", Flags(steps=150)), "150 was used instead of 999"),
    "a decimal below zero": ("a cat --cfg -0.5", Imagine("a cat", Flags(cfg=0.0)), "0 was used instead of -0.5"),
    "a decimal for a whole number": ("a cat --s 10.4", Imagine("a cat", Flags(stylize=10)), "10 was used instead of 10.4"),
    "a quality beside its steps": ("a cat --q 3", Imagine("a cat", Flags(quality=2)), "2 was used"),
    "flags without effect": (
        "a cat --fast --sw 5 --relax --niji --c 50 --video --fast",
        Imagine("a cat"),
        "Without effect here, so left out: --fast, --sw, --relax, --niji, --c, --video.",
    ),
    "an unknown flag, whose words stay": ("a cat --loud purring", Imagine("a cat purring"), '"--loud" is not a flag I know'),
    "a misspelt flag, whose number does not": (
        "a cat --aspct 16:9",
        Imagine("a cat"),
        '"--aspct 16:9" is not a flag I know, so it was left out; did you mean --ar?',
    ),
    "a flag given thrice": (
        "a cat --s 5 --stylize 6 --s 7",
        Imagine("a cat", Flags(stylize=7)),
        "--stylize was given more than once; the last one counts.",
    ),
    "a useless value after a good one": ("a cat --seed 5 --seed abc", Imagine("a cat", Flags(seed=5)), '"abc" was left out'),
    "a value for a switch": ("a cat --raw=yes", Imagine("a cat", Flags(raw=True)), '"yes" was left out'),
    "a flag in place of a value": ("a cat --seed --raw", Imagine("a cat", Flags(raw=True)), "--seed stands without a value"),
}


@pytest.mark.parametrize("case", NOTICED)
def test_what_is_read_otherwise_than_it_stands_there_is_told_in_one_notice(case: str) -> None:
    line, read, told = NOTICED[case]
    command = imagine(line)
    assert replace(command, notices=()) == read
    assert len(command.notices) == 1 and told in said(command)


# Words


@pytest.mark.parametrize(
    ("flags", "negative"),
    [
        ("--no red, shadows", ("red", "shadows")),
        ("--no text --no logo", ("text", "logo")),
        ("--no text, --no logo, text", ("text", "logo")),
        ("--no modern clothing --ar 1:1", ("modern clothing",)),
        ("--negative red, fog", ("red", "fog")),
        ('--no "red, white flags", fog', ("red, white flags", "fog")),
        ("--no=red, fog", ("red", "fog")),
        ("--no \u7d05\uff0c\u9727\u3001\u96e8", ("\u7d05", "\u9727", "\u96e8")),
    ],
)
def test_what_to_leave_out_is_a_list_of_whole_phrases(flags: str, negative: tuple[str, ...]) -> None:
    command = imagine(f"a cat {flags}")
    assert (command.idea, command.flags.negative, command.notices) == ("a cat", negative, ())


@pytest.mark.parametrize("flags", ["--no", "--no , ,", '--no ""', "--no --seed 5"])
def test_leaving_out_nothing_gives_a_notice(flags: str) -> None:
    command = imagine(f"a cat {flags}")
    assert command.flags.negative == ()
    assert "--no stands without a value" in said(command)


@pytest.mark.parametrize("value", ['"Film Noir"', "\u201cFilm Noir\u201d", '"  Film   Noir "', '"Film Noir",'])
def test_a_quoted_name_is_one_value(value: str) -> None:
    assert imagine(f"a cat --style {value} asleep") == Imagine("a cat asleep", Flags(style="Film Noir"))


def test_a_name_is_kept_for_the_session_to_judge_and_the_nearest_is_found() -> None:
    assert imagine("a cat --style nope").flags.style == "nope"
    assert nearest("film noire", ["Anime", "Film Noir"]) == "Film Noir"
    assert nearest("nope", ["Anime", "Film Noir"]) is None
    assert nearest("x" * 10_000, ["Anime"]) is None


def test_flags_may_stand_anywhere() -> None:
    assert imagine("a cat --ar 1:1 on a sofa") == Imagine("a cat on a sofa", Flags(aspect=Aspect(1, 1)))
    assert imagine("--raw a cat\n--seed 3\non a sofa") == Imagine("a cat on a sofa", Flags(raw=True, seed=3))


@pytest.mark.parametrize(
    "idea",
    [
        "rock--paper",
        "a half\u2014finished bridge",
        "a bridge \u2014 half finished \u2013 at dusk",
        "a bridge \u2014foggy and \u2013old",
        "a -- b --- c --5 -seed",
        'sign that says "--no parking"',
        "sign that says \u201c--no parking --ar 1:1\u201d",
        'a 5" pipe and a 6" pipe',
        'an unclosed "quote',
        "C++::",
        "10::30 clock",
        "std::string",
        "\ub208 \uc18d\uc758 \uc5ec\uc6b0",
        "a \U0001f469\u200d\U0001f680 on the moon \U0001f319",
        "\u0642\u0637\u0629 \u0639\u0644\u0649 \u0623\u0631\u064a\u0643\u0629",
        "see https://example.com/x.png for more",
        "prompts: a study",
    ],
)
def test_text_that_only_looks_like_grammar_is_left_alone(idea: str) -> None:
    assert imagine(idea) == Imagine(idea)


def test_a_second_prompt_word_is_text_and_comes_back() -> None:
    command = imagine("prompt: prompt: a cat")
    assert command == Imagine("prompt: a cat")
    assert parse(format_line(command)) == command


def test_a_flag_right_behind_the_prompt_word_is_a_flag() -> None:
    assert imagine("prompt:--raw a cat") == Imagine("a cat", Flags(raw=True))


@pytest.mark.parametrize(
    ("flag", "meant"),
    [
        ("--width 512", "--ar"),
        ("--height 768", "--ar"),
        ("--guidance 7.5", "--cfg"),
        ("--batch 4", "--n"),
        ("--wombat 80%", ""),
    ],
)
def test_another_programs_flag_is_told_ours_and_takes_its_number_along(flag: str, meant: str) -> None:
    command = imagine(f"a cat {flag} asleep {flag}")
    assert (command.idea, command.flags) == ("a cat asleep", Flags())
    assert said(command).count(f'"{flag}" is not a flag I know') == 1
    assert meant in said(command)


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


@pytest.mark.parametrize(
    ("line", "ideas"),
    [
        ("a {red, green} bird", ["a red bird", "a green bird"]),
        ("a {red, {light, dark} green} bird", ["a red bird", "a light green bird", "a dark green bird"]),
        (r"a {red\, white, blue} flag", ["a red, white flag", "a blue flag"]),
        ('a {"red, white", blue} flag', ['a "red, white" flag', "a blue flag"]),
        ("{a,b}{c\uff0cd}", ["ac", "ad", "bc", "bd"]),
        (r"\{x, y\} {a, b} {", ["{x, y} a {", "{x, y} b {"]),
        (r"{ {a\, b, c} }", ["{ a, b }", "{ c }"]),
    ],
)
def test_choices_make_one_job_each(line: str, ideas: list[str]) -> None:
    command = imagine(line)
    assert command.template
    assert count_choices(command) == len(ideas)
    jobs = expand(command)
    assert [job.idea for job in jobs] == ideas
    assert not any(job.template for job in jobs)


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


@pytest.mark.parametrize("idea", ["{", "{}", "{a", "}", "a {b} c", "{a,}", "{,}", "}{", "{" * 3000, "{a," * 500])
def test_braces_without_choices_are_text_with_a_notice(idea: str) -> None:
    command = imagine(f"x {idea}")
    assert (command.idea, command.template) == (f"x {idea}", False)
    assert "Braces offer" in said(command)
    assert expand(command) == [command]


def test_escaped_braces_are_text_without_a_notice_and_come_back() -> None:
    command = imagine(r"a \{red, green\} bird")
    assert command == Imagine("a {red, green} bird")
    assert format_line(command) == r"/imagine a \{red, green\} bird"


def test_quoted_braces_are_text() -> None:
    assert imagine('a sign "{open, closed}"') == Imagine('a sign "{open, closed}"')


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


def test_weights_stand_beside_the_idea_and_emphasise_its_parts_by_what_they_are_to_each_other() -> None:
    command = imagine("space::2 ship")
    assert command.idea == "(space:1.33) (ship:0.67)"
    assert command.flags.weights == (WeightedSpan("space", 2.0), WeightedSpan("ship", 1.0))
    assert said(command) == "The parts count: space 1.33, ship 0.67."


@pytest.mark.parametrize(
    ("line", "idea"),
    [
        ("cat::7", "cat"),
        ("a::1 b::1", "a b"),
        ("a::100 b::1", "(a:1.5) (b:0.5)"),
        ("a (red:1.2) cat::2 dog", "(a:1.33) (red:1.596) (cat:1.33) (dog:0.67)"),
        ("a cat :-)::2 dog", "(a cat :-\\):1.33) (dog:0.67)"),
    ],
)
def test_a_part_counts_within_what_models_bear(line: str, idea: str) -> None:
    assert imagine(line).idea == idea


def test_a_part_below_zero_is_left_out_and_not_drawn() -> None:
    command = imagine('a still life::2 red "fruit"::-0.5, a bowl')
    assert command.idea == "(a still life:1.33) (a bowl:0.67)"
    assert command.flags.negative == ("red 'fruit'",)


def test_a_part_that_counts_nothing_is_named() -> None:
    command = imagine("a cat::1 a dog::0")
    assert command.idea == "a cat"
    assert said(command) == "The parts count: a cat 1, a dog nothing."


def test_marks_of_emphasis_stay_in_the_idea_and_those_below_zero_join_what_is_left_out() -> None:
    command = imagine("a (red:1.3) fox++, (dog:-1) in snow --no fog")
    assert (command.idea, command.flags.negative) == ("a (red:1.3) (fox:1.21), in snow", ("fog", "dog"))
    assert imagine(format_line(command).removeprefix("/imagine ")) == command
    assert imagine("a (red:1.3) fox++").idea == "a (red:1.3) fox++"
    assert isinstance(parse("/imagine (dog:-1)"), Usage)


def test_a_last_part_without_a_number_stays_without_one() -> None:
    command = imagine('cat::2 " --ar "')
    assert format_line(command) == '/imagine cat::2 " --ar "'
    assert format_line(imagine("cat::1")) == "/imagine cat::1"


@pytest.mark.parametrize("line", ["a::-1", "a::1 b::-1", "a::0"])
def test_weights_that_leave_nothing_draw_nothing_and_say_why(line: str) -> None:
    command = parse(f"/imagine {line}")
    assert isinstance(command, Usage)
    assert "zero or less" in said(command)


# LoRAs


@pytest.mark.parametrize(
    ("line", "idea", "adapters"),
    [
        ("a cat <lora:ink:0.8>", "a cat", [("ink", 0.8)]),
        ("<LORA:ink> a cat", "a cat", [("ink", 1)]),
        ("a cat <lora:ink:0.8:0.5>", "a cat", [("ink", 0.8)]),
        ("a <lora:My Style v2:0>cat<lora:owner/name:-.5>", "a cat", [("My Style v2", 0), ("owner/name", -0.5)]),
        ("space::2 ship <lora:ink:0.8>", "(space:1.33) (ship:0.67)", [("ink", 0.8)]),
        ("<lora:ink> https://x/y.png a cat", "a cat", [("ink", 1)]),
        ("a cat --no dog <lora:ink> --ar 1:1", "a cat", [("ink", 1)]),
    ],
)
def test_loras_leave_the_idea_and_come_back_in_the_line(line: str, idea: str, adapters: list[tuple[str, float]]) -> None:
    command = imagine(line)
    assert (command.idea, command.flags.adapters) == (idea, tuple(Adapter(*adapter) for adapter in adapters))
    again = imagine(format_line(command).removeprefix("/imagine "))
    assert (again.idea, again.flags) == (command.idea, command.flags)


@pytest.mark.parametrize("tag", ["<lora:>", "<lora:ink:loud>", "<lora:ink:0.8:0.5:1>", "<lora: :1>"])
def test_a_lora_that_cannot_be_read_is_text_with_a_notice(tag: str) -> None:
    command = imagine(f"a cat {tag}")
    assert (command.idea, command.flags.adapters) == (f"a cat {tag}", ())
    assert said(command) == f"{tag} does not name a LoRA as <lora:name:0.8> does, so it was taken as text."


@pytest.mark.parametrize("idea", ['a sign "<lora:ink:1>"', r"a cat \<lora:ink>", "<my-cat> on a sofa", r"\<lora: and"])
def test_what_names_no_lora_is_text(idea: str) -> None:
    assert imagine(idea).flags.adapters == ()
    assert imagine(idea).idea == idea.replace("\\", "")
    assert format_line(imagine(idea)) == f"/imagine {idea}"


def test_a_lora_too_strong_or_named_twice_is_told() -> None:
    command = imagine("a cat <lora:ink:9> <lora:Ink:0.5>")
    assert command.flags.adapters == (Adapter("Ink", 0.5),)
    assert "2 was used for ink" in said(command)
    assert "more than once" in said(command)
    assert "its second one, 0.5, was left out" in said(imagine("a cat <lora:ink:0.8:0.5>"))


def test_loras_may_be_choices() -> None:
    command = imagine("a cat {<lora:ink>, <lora:oil:0.5>} <lora:all>")
    assert [job.flags.adapters for job in expand(command)] == [
        (Adapter("ink"), Adapter("all")),
        (Adapter("oil", 0.5), Adapter("all")),
    ]
    assert {job.idea for job in expand(command)} == {"a cat"}


@pytest.mark.parametrize(
    ("line", "idea", "refine"),
    [
        ("--refine 3 cats", "3 cats", True),
        ("cats --refine 0.7 in snow", "cats in snow", 0.7),
        ("cats --refine 0.2", "cats", 0.5),
        ("cats --refine 1.0", "cats", 1.0),
    ],
)
def test_the_refiner_takes_a_number_only_with_a_point(line: str, idea: str, refine: float) -> None:
    command = imagine(line)
    assert (command.idea, command.flags.refine) == (idea, refine)
    assert type(command.flags.refine) is type(refine)
    assert imagine(format_line(command).removeprefix("/imagine ")).flags == command.flags


# References


@pytest.mark.parametrize(
    "address",
    [
        "https://x/y.png",
        "http://example.com/a.jpg?size=2#x",
        "https://8.8.8.8/a.png",
        "https://m\u00fcller.example/a.png",
        "https://[2606:4700::1111]/a",
        "https://[64:ff9b::808:808]/a",
    ],
)
def test_a_picture_address_at_the_head_is_a_reference(address: str) -> None:
    command = imagine(f"{address} a cat")
    assert (command.idea, command.flags.references) == ("a cat", (address,))


@pytest.mark.parametrize(
    "address",
    [
        "file:///etc/passwd",
        "FILE:/etc/passwd",
        "ftp://example.com/a.png",
        "data:image/png;base64,AAAA",
        "http://localhost/a.png",
        "http://LOCALHOST./a.png",
        "http://printer.local/a.png",
        "http://127.0.0.1/a.png",
        "http://user@127.0.0.1:80/a.png",
        "http://127.1/a.png",
        "http://2130706433/a.png",
        "http://0x7f000001/a.png",
        "http://0177.0.0.1/a.png",
        "http://\uff11\uff12\uff17.0.0.1/a.png",
        "http://127\u30020\u30020\u30021/a.png",
        "http://0.0.0.0/a.png",
        "http://10.0.0.8/a.png",
        "http://172.16.0.1/a.png",
        "http://192.168.1.1/a.png",
        "http://169.254.169.254/latest/meta-data",
        "http://100.64.0.1/a.png",
        "http://224.0.0.1/a.png",
        "http://[::1]/a.png",
        "http://[fe80::1]/a.png",
        "http://[fe80::1%25eth0]/a.png",
        "http://[fd00::1]/a.png",
        "http://[::ffff:127.0.0.1]/a.png",
        "http://[64:ff9b::7f00:1]/a.png",
        "http://[2002:7f00:1::]/a.png",
        "http://[2001:0:7f00:1::]/a.png",
        "http://[::1/a.png",
        "http://example.com:99999/a.png",
        "http://example.com\\@127.0.0.1/a.png",
        "http:///a.png",
    ],
)
def test_an_address_that_is_not_public_is_refused_with_a_notice(address: str) -> None:
    command = imagine(f"{address} a cat")
    assert (command.idea, command.flags) == ("a cat", Flags())
    assert "is not a public web address" in said(command)


def test_an_address_alone_is_nothing_to_draw() -> None:
    assert isinstance(parse("/imagine https://example.com/a.png"), Usage)


OWN = "picture:0123456789abcdef0123456789abcdef"


def test_one_of_ones_own_pictures_is_a_reference_at_the_head_without_a_word() -> None:
    command = imagine(f"{OWN} a cat in snow --strength 0.4")
    assert (command.idea, command.flags) == ("a cat in snow", Flags(references=(OWN,), strength=0.4))
    assert command.notices == ()
    assert format_line(command) == f"/imagine {OWN} a cat in snow --strength 0.4"
    assert own_picture(OWN.upper().replace("PICTURE", "Picture")) == OWN.partition(":")[2]


@pytest.mark.parametrize("idea", [f"a {OWN}", "picture: a cat", "picture:book of cats", "picture:1234567 a cat", f"{OWN}0x a"])
def test_what_names_no_picture_of_ones_own_is_text(idea: str) -> None:
    assert imagine(idea).idea == idea


def test_a_picture_alone_is_nothing_to_draw_and_words_are_asked_for() -> None:
    command = parse(f"/imagine {OWN} --strength 0.5")
    assert isinstance(command, Usage)
    assert command.notices == ("Say in words what should become of the picture.",)


# The table


@pytest.mark.parametrize(
    "idea",
    [
        "--ar 1:1",
        "a cat --loud \u2014ar \u2014foggy",
        "cat::2 dog::-1",
        "https://example.com/a.png a cat",
        "file:///etc/passwd",
        "prompt: a cat",
        "picture:0123456789abcdef0123456789abcdef a cat",
        "a {red, green} bird",
        r"\{a, b\} \--ar \\-- \:: \, c\::2",
        'an unclosed "quote --raw',
        "\uff0d\uff0dar 16:9",
    ],
)
def test_an_idea_that_a_model_wrote_comes_back_as_text_whatever_it_looks_like(idea: str) -> None:
    command = Imagine(idea, Flags(style="Film Noir", raw=True))
    assert parse(format_line(command)) == command


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
    samples = {"whole": "50", "decimal": "0.5", "share": "0.5", "step": "0.5", "aspect": "2:3", "seed": "9", "switch": ""}
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
