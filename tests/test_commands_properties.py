"""The `/imagine` line by property: whatever is typed, nothing crashes, nothing vanishes, and the way back is exact."""

import os
import time
from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gemini_diffusion.commands import (
    FLAGS,
    BadChoice,
    Flags,
    Imagine,
    TooManyChoices,
    count_choices,
    expand,
    format_line,
    parse,
)
from gemini_diffusion.commands.multi_prompt import emphasised
from gemini_diffusion.commands.tokenize_line import collapse_blanks
from gemini_diffusion.types import Adapter, Aspect
from gemini_diffusion.types.prompt_weights import WeightedSpan, split_negative
from tests.tables import read_table

SCRAPS = read_table("scraps")
PIECES = [
    *(flag.written for flag in FLAGS),
    *(f"--{alias}" for flag in FLAGS for alias in flag.aliases),
    *SCRAPS["lines"],
]
scraps = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=6)), max_size=14)
bodies = st.builds(lambda pieces, glue: glue.join(pieces), scraps, st.sampled_from([" ", " ", " ", ""]))
lines = st.builds("/imagine {}".format, bodies)

MANY = settings(max_examples=int(os.environ.get("PARSER_EXAMPLES", "200")), deadline=None)


def same(command: Imagine) -> Imagine:
    return replace(command, notices=())


@MANY
@given(st.one_of(lines, bodies, st.text()))
def test_no_text_crashes_the_reader(text: str) -> None:
    parse(text)


@MANY
@given(lines)
def test_the_canonical_line_of_any_line_reads_back_as_the_same_command(line: str) -> None:
    command = parse(line)
    if isinstance(command, Imagine):
        again = parse(format_line(command))
        assert isinstance(again, Imagine)
        assert same(again) == same(command)
        assert format_line(again) == format_line(command)
        assert "\n" not in format_line(command)
        assert command.idea


@MANY
@given(lines)
def test_choices_are_counted_as_they_are_made(line: str) -> None:
    command = parse(line)
    if not isinstance(command, Imagine):
        return
    try:
        jobs = expand(command, limit=64)
    except TooManyChoices:
        assert count_choices(command) > 64
    except BadChoice:
        assert count_choices(command) > 1
    else:
        assert len(jobs) == count_choices(command)
        assert all(count_choices(job) == 1 and same(parse(format_line(job))) == same(job) for job in jobs)  # type: ignore[arg-type]


ordinary = st.sampled_from(SCRAPS["words"])
spoken = st.sampled_from(
    ["--ar 16:9", "--seed 5", "\u2014raw", "--style anime", "--foo", "--ar nope", '--style "Film Noir"', "--s 9999"]
)


@MANY
@given(st.lists(st.one_of(ordinary, spoken), min_size=1, max_size=12), ordinary)
def test_every_word_outside_the_flags_is_in_the_idea_in_order_and_no_flag_is(parts: list[str], first: str) -> None:
    parts = [first, *parts]
    command = parse("/imagine " + " ".join(parts))
    assert isinstance(command, Imagine)
    assert command.idea == " ".join(part for part in parts if not part.startswith(("--", "\u2014")))


markers = st.sampled_from(["markerone", "markertwo", "markerthree"])


@MANY
@given(st.lists(st.one_of(st.sampled_from(PIECES), markers), min_size=1, max_size=14))
def test_no_word_disappears_without_a_trace(pieces: list[str]) -> None:
    """Each is in the canonical line or named in a notice; a value that a later one replaced is told, not named."""
    command = parse("/imagine " + " ".join(pieces))
    if isinstance(command, Imagine):
        kept = " ".join([format_line(command), *command.notices])
        for word in {piece for piece in pieces if piece.startswith("marker")}:
            assert word in kept or "more than once" in kept


@MANY
@given(bodies)
def test_any_text_written_as_an_idea_comes_back_as_that_idea(text: str) -> None:
    assume(not split_negative(collapse_blanks(text))[1])
    idea = getattr(parse(f"/imagine {format_line(Imagine(text)).removeprefix('/imagine ')}"), "idea", "")
    assert idea == collapse_blanks(text)


names = st.from_regex(r"[A-Za-z\uac00-\ud7a3][\w .,:/{}'-]{0,12}[\w{}-]", fullmatch=True).map(
    lambda text: " ".join(text.split())
)
styles = names.filter(lambda name: name.casefold() != "raw")
plain = st.from_regex(r"[a-z]{1,6}( ([a-z]{1,6}|rock--paper|\{|\{a, b\}|\"--no x\"|,|10::30|C\+\+::)){0,5}", fullmatch=True)
weight = st.builds(
    WeightedSpan, st.from_regex(r"[a-z]{1,6}( [a-z]{1,6})?", fullmatch=True), st.integers(1, 40).map(lambda n: n / 4)
)


def tenths(high: int) -> st.SearchStrategy[float | None]:
    return st.none() | st.integers(0, high * 10).map(lambda number: number / 10)


def whole(low: int, high: int) -> st.SearchStrategy[int | None]:
    return st.none() | st.integers(low, high)


flags = st.builds(
    Flags,
    aspect=st.sampled_from([None, Aspect(1, 1), Aspect(16, 9), Aspect(1, 4), Aspect(239, 100)]),
    seed=st.none() | st.sampled_from(["last", "random"]) | st.integers(0, 2**32 - 1),
    negative=st.lists(names, max_size=3, unique=True).map(tuple),
    stylize=whole(0, 1000),
    raw=st.booleans(),
    style=st.none() | styles,
    count=whole(1, 8),
    steps=whole(1, 150),
    cfg=tenths(30),
    scheduler=st.none() | names,
    quality=st.sampled_from([None, 0.25, 0.5, 1.0, 2.0]),
    draft=st.booleans(),
    model=st.none() | names,
    tile=st.booleans(),
    strength=tenths(1),
    image_weight=tenths(3),
    refine=st.booleans() | st.sampled_from([0.5, 0.75, 1.0]),
    adapters=st.sampled_from([(), (Adapter("ink"),), (Adapter("a b", 0.25), Adapter("owner/name", -2.0), Adapter("c", 0.0))]),
    hd=st.booleans(),
    engine=st.none() | names,
    review=st.booleans(),
    dry=st.booleans(),
    references=st.sampled_from(
        [(), ("https://x/y.png",), ("https://x/y.png", "http://example.com/b?c=d"), ("picture:" + "a" * 32,)]
    ),
    choices=st.just(()),
    weights=st.just(()),
)


@settings(max_examples=150, deadline=None)
@given(plain, flags)
def test_any_command_survives_being_written_and_read(idea: str, said: Flags) -> None:
    command = Imagine(idea, said)
    again = parse(format_line(command))
    assert isinstance(again, Imagine)
    assert same(again) == command


@settings(max_examples=100, deadline=None)
@given(st.lists(weight, min_size=1, max_size=4).map(tuple), flags)
def test_weights_survive_being_written_and_read(parts: tuple[WeightedSpan, ...], said: Flags) -> None:
    command = Imagine(emphasised(parts), replace(said, weights=parts))
    again = parse(format_line(command))
    assert isinstance(again, Imagine)
    assert same(again) == command


@pytest.mark.parametrize(
    "piece",
    SCRAPS["repeated"],
)
def test_time_grows_with_the_length_and_no_faster(piece: str) -> None:
    """Twenty thousand characters take a third of a second at most; anything quadratic takes many."""
    started = time.process_time()
    command = parse("/imagine x " + piece * (20_000 // len(piece)))
    if isinstance(command, Imagine):
        count_choices(command)
        parse(format_line(command))
    assert time.process_time() - started < 2.5
