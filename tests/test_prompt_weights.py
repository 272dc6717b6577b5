"""Marks in a prompt: what counts as one, what stays text, and the way back."""

import os
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gemini_diffusion.types.prompt_weights import (
    HIGHEST,
    WeightedSpan,
    format_weights,
    has_weights,
    parse_weights,
    split_negative,
    strip_weights,
)
from tests.tables import read_table

MARKS = read_table("prompt_weights")
MANY = settings(max_examples=int(os.environ.get("PARSER_EXAMPLES", "150")), deadline=None)


@pytest.mark.parametrize(
    ("prompt", "spans"),
    MARKS["weighed"],
)
def test_a_mark_weighs_its_words(prompt: str, spans: list[tuple[str, float]]) -> None:
    assert parse_weights(prompt) == tuple(WeightedSpan(text, weight) for text, weight in spans)


@pytest.mark.parametrize(
    "text",
    MARKS["text"],
)
def test_ordinary_text_is_untouched(text: str) -> None:
    assert strip_weights(text) == text
    assert not has_weights(text)
    assert format_weights(parse_weights(text)) == text


@pytest.mark.parametrize(
    ("escaped", "text"),
    MARKS["escaped"],
)
def test_a_backslash_makes_a_mark_text(escaped: str, text: str) -> None:
    assert parse_weights(escaped) == (WeightedSpan(text),)


def test_parts_below_zero_are_taken_out() -> None:
    assert split_negative("a fox, (dog:-1), (old cat:-0.5) in (snow:1.2)") == ("a fox, in (snow:1.2)", ("dog", "old cat"))
    assert split_negative("a (red:1.3)  fox") == ("a (red:1.3)  fox", ())
    assert split_negative("(dog:-1)") == ("", ("dog",))


SIGNS = set("+-:.\\")
PIECES: list[str] = MARKS["pieces"]
texts = st.lists(st.sampled_from(PIECES) | st.text(max_size=4), max_size=16).map("".join)
plain = st.sampled_from([piece for piece in PIECES if not set(piece) & SIGNS])
signless = st.lists(plain | st.text(st.characters(exclude_characters=SIGNS), max_size=4), max_size=16).map("".join)
weights = st.integers(-200, 200).map(lambda hundredths: hundredths / 100)
# A span's text that begins or ends with a blank or a digit is as good as any other; only nothing at all cannot be weighed.
pieces = st.lists(st.builds(WeightedSpan, texts.filter(str.strip), weights), max_size=6)


@MANY
@given(texts)
def test_what_was_read_is_written_so_that_it_reads_the_same(prompt: str) -> None:
    spans = parse_weights(prompt)
    assert parse_weights(format_weights(spans)) == spans
    assert format_weights(parse_weights(format_weights(spans))) == format_weights(spans)


@MANY
@given(pieces)
def test_any_pieces_survive_being_written_and_read(spans: list[WeightedSpan]) -> None:
    again = parse_weights(format_weights(spans))
    assert "".join(span.text for span in again) == "".join(span.text for span in spans)
    weighed = [(sign, span.weight) for span in again for sign in span.text if sign.strip()]
    assert weighed == [(sign, span.weight) for span in spans for sign in span.text if sign.strip()]


@MANY
@given(texts)
def test_reading_takes_nothing_but_signs_away(prompt: str) -> None:
    kept = [sign for sign in strip_weights(prompt) if sign.isalpha()]
    assert kept == [sign for sign in prompt if sign.isalpha()]
    assert all(abs(span.weight) <= HIGHEST**21 for span in parse_weights(prompt))


@MANY
@given(signless)
def test_text_without_a_sign_is_never_marked(text: str) -> None:
    assert parse_weights(text) == ((WeightedSpan(text),) if text else ())


@pytest.mark.parametrize(
    "piece",
    ["(", ")", "(a:1.2)", "((", ":1.2)", "a+", "a++ ", '"', "\u201c", "\u201d", "\\", "(\\", "a-", "-", "(a:1.2", "a'", "<a"],
)
def test_time_grows_with_the_length_and_no_faster(piece: str) -> None:
    started = time.process_time()
    format_weights(parse_weights(piece * (20_000 // len(piece))))
    assert time.process_time() - started < 20
