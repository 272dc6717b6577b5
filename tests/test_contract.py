"""The must-keep contract: what survives, what counts as changed, how a prompt is put right."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gemini_diffusion.crafting import check_prompt
from gemini_diffusion.crafting.contract import PromptText, verify
from gemini_diffusion.crafting.lexicon import stem
from gemini_diffusion.crafting.merge import merge, trim
from gemini_diffusion.crafting.required_terms import find_required_terms

KEPT = [
    ("a red cat on the beach", "a crimson feline at the seaside, soft light"),
    ("a red cat on the beach", "on the beach sits a cat, a red one"),
    ("a red cat", "blue-eyed cat with red fur"),
    ("three blue birds", "a trio of azure birds"),
    ("2 cats", "two cats"),
    ("a cat with white fur", "a white-furred cat"),
    ("a night scene, not too dark", "a night scene, soft glow"),
    ("a deserted street", "a deserted street"),
    ("a cat and a dog", "a kitten and a puppy"),
    ("a night sky full of stars", "a starry night sky"),
    ("a photo of a street", "a photograph of a street"),
    ("una taza en Nueva York", "a cup in New York"),
    ("一个女孩", "a girl"),
    ("a green-eyed black cat", "a black cat with green eyes"),
    ("2 cats and 1 dog", "two cats and a dog"),
    ("a black and white cow", "a cow in black and white"),
    ("a dozen roses", "12 roses"),
    ("one dog", "a dog on a lawn"),
    ("a grey theatre in the harbour", "gray theater, harbor"),
    ("two wolves and a mouse", "mouse watched by two wolf siblings"),
    ("a catt and a rabit", "a cat and a rabbit"),
    ("an astronot", "an astronaut"),
    ("a man without a hat", "a bare man without any hat"),
    ("a sky, no clouds", "a cloudless sky"),
    ("a sky, no clouds", "a cloud-free sky"),
    ('a sign "OPEN  24h"', 'a sign that reads "open 24h"'),
    ("a clock showing 10:30", "a wall clock showing 10:30"),
    ("Frida Kahlo in Paris", "portrait of Frida Kahlo, Paris"),
    ("a lighthouse", "a light house"),
    ("gatto rosso sulla spiaggia", "a red cat on the beach"),
    ("un gato rojo en Londres", "a red cat in London"),
    ("해변의 빨간 고양이 두 마리", "two red cats at the beach"),
    ("zwei schwarze Hunde", "a pair of black dogs"),
]
LOST = [
    ("a red cat on the beach", "a blue cat on the beach, red sky", "red"),
    ("a red cat on the beach", "a cat on the beach", "red"),
    ("three blue birds", "five blue birds, three clouds", "three"),
    ("three blue birds", "blue birds", "three"),
    ("one dog", "two dogs", "one"),
    ("a red cat and a blue dog", "a blue cat and a red dog", "red"),
    ("a horse in a field", "a house in a field", "horse"),
    ("a fox", "a wolf", "fox"),
    ("a sky with a star", "a sky, staring up", "star"),
    ("a car in a desert", "a caring deserted street", "car"),
    ("a shop called 'Bean There'", "a shop with a sign", "Bean There"),
    ("a kitten", "a cat", "kitten"),
    ("a street without people", "a street with a woman", "no people"),
    ("a man without a hat", "a man in a hat", "no hat"),
    ("a man without a hat", "a man", "no hat"),
    ("an empty bench and no people", "an empty bench, a figure far off", "no people"),
    ('a sign "OPEN"', "a sign that reads closed", "OPEN"),
    ("a clock showing 10:30", "a clock showing 10:10", "10:30"),
    ("Frida Kahlo in Paris", "a painter in Paris", "Frida"),
    ("steampunk airship", "steampunk vessel", "airship"),
    ("un perro negro", "a white dog", "negro"),
    ("三只蓝色的鸟", "four blue birds", "三"),
]


@pytest.mark.parametrize(("idea", "prompt"), KEPT)
def test_other_words_for_the_same_thing_keep_the_contract(idea: str, prompt: str) -> None:
    verdict = check_prompt(idea, prompt)
    assert verdict.holds, verdict.missing


@pytest.mark.parametrize(("idea", "prompt", "term"), LOST)
def test_a_dropped_or_changed_term_is_missing(idea: str, prompt: str, term: str) -> None:
    assert term in [missing.said for missing in check_prompt(idea, prompt).missing]


@pytest.mark.parametrize(("idea", "prompt", "term"), LOST)
@pytest.mark.parametrize("tags", [True, False])
def test_merging_puts_back_what_was_lost(idea: str, prompt: str, term: str, tags: bool) -> None:
    reading = find_required_terms(idea)
    missing = verify(reading, prompt).missing
    negative = ", ".join(lost.english for lost in missing if lost.kind == "negation")
    merged = merge(prompt, reading, tags)
    assert verify(reading, merged, negative).holds, merged


def test_a_changed_colour_or_number_is_told_from_a_dropped_one() -> None:
    assert [term.said for term in check_prompt("a red cat", "a blue cat").changed] == ["red"]
    assert [term.said for term in check_prompt("three cats", "five cats").changed] == ["three"]
    assert check_prompt("a red cat", "a cat").changed == ()


def test_merging_replaces_the_wrong_value_at_its_noun() -> None:
    merged = {
        ("a red cat on the beach", "a blue cat on the beach"): "a red cat on the beach",
        ("three blue birds", "five blue birds"): "three blue birds",
        ("three blue birds", "a blue bird in the sky"): "three blue birds in the sky",
        ("a man without a hat", "a man wearing a tall hat in rain"): "a man in rain",
    }
    for (idea, prompt), wanted in merged.items():
        assert merge(prompt, find_required_terms(idea), tags=True) == wanted


def test_a_denial_may_stand_in_the_negative_prompt_and_then_not_in_the_prompt() -> None:
    assert check_prompt("a man without a hat", "a man", "hat, text").holds
    assert not check_prompt("a man without a hat", "a man in a hat", "hat, text").holds


def test_what_no_flag_rules_out_is_held_to_as_well() -> None:
    assert not check_prompt("a street", "a street with cars", "", avoid=("cars",)).holds
    assert check_prompt("a street", "a street", "cars", avoid=("cars",)).holds


def test_a_model_without_negatives_needs_the_denial_in_other_words() -> None:
    assert check_prompt("a street, no people", "an empty street", takes_negative=False).holds
    assert not check_prompt("a street, no people", "a street", "people", takes_negative=False).holds


def test_nobody_is_a_denial_of_people() -> None:
    assert [term.english for term in find_required_terms("a square, nobody around").terms if term.kind == "negation"] == [
        "people"
    ]


def test_several_denials_in_a_row_are_all_read() -> None:
    terms = find_required_terms("a table with no plates or cups, without a cloth").terms
    assert {term.english for term in terms if term.kind == "negation"} == {"plates", "cups", "cloth"}


def test_a_quality_that_is_denied_is_a_denial_and_not_a_wish() -> None:
    for idea in ("a cat that isn't black", "a cat that is not black", "a cat, not black"):
        assert [(term.kind, term.english) for term in find_required_terms(idea).terms] == [
            ("negation", "black"),
            ("noun", "cat"),
        ]
    assert [term.kind for term in find_required_terms("a street not too dark").terms] == ["noun"]


def test_a_contradiction_is_named_and_not_held_against_the_prompt() -> None:
    reading = find_required_terms("a cat with a hat, no hat")
    assert reading.contradictions == ("hat",)
    assert verify(reading, "a cat with a hat").holds


def test_words_that_may_be_english_or_not_count_once_one_of_them_stands_in_the_prompt() -> None:
    assert check_prompt("valkoinen hevonen", "a white horse").holds
    assert [term.said for term in check_prompt("steampunk airship", "steampunk vessel").missing] == ["airship"]


def test_added_words_are_those_of_substance_only() -> None:
    verdict = check_prompt("a red cat", "a red cat in the soft warm light of a lamp")
    assert verdict.added == ("soft", "warm", "light", "lamp")
    assert verdict.account() == "kept 2 of 2, added 4 words"
    assert check_prompt("a red cat", "a red cat, fluffy").account() == "kept 2 of 2, added 1 word"


def test_trimming_takes_additions_from_the_end_and_never_the_persons_words() -> None:
    reading = find_required_terms("a red cat on the beach at sunset")
    prompt = "majestic red cat, golden waves, on the beach, glowing foam, at sunset, glorious mood, superb"
    sizes = []
    for most in range(8, -1, -1):
        shorter = trim(prompt, reading, lambda text, most=most: len(verify(reading, text).added) <= most)  # type: ignore[misc]
        sizes.append(len(verify(reading, shorter).added))
        assert verify(reading, shorter).holds
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] == 0
    assert trim(prompt, reading, lambda text: "superb" not in text).endswith("glorious mood")


@pytest.mark.parametrize(
    "words",
    ["cat cats", "fox foxes", "lady ladies", "wolf wolves", "colour color", "grey gray", "theatre theater", "harbour harbors",
     "realise realize", "ride rides", "moustache mustaches", "child children"],
)  # fmt: skip
def test_forms_and_spellings_of_a_word_share_a_stem(words: str) -> None:
    assert len({stem(word) for word in words.split()}) == 1


def test_different_words_keep_different_stems() -> None:
    animals, things = ("cat", "horse", "bird", "bear"), ("car", "cart", "hat", "house", "bed", "king", "ring", "dress", "tree")
    words = (*animals, *things, "red", "three", "star", "stair", "wedding")
    assert len({stem(word) for word in words}) == len(words)


@settings(max_examples=200, deadline=None)
@given(idea=st.text(max_size=200), prompt=st.text(max_size=200), negative=st.text(max_size=50))
def test_no_text_breaks_the_check_or_the_merge(idea: str, prompt: str, negative: str) -> None:
    reading = find_required_terms(idea)
    verdict = verify(reading, prompt, negative)
    merge(prompt, reading, tags=True)
    assert verdict.added_words <= len(PromptText(prompt).tokens)


QUALITIES, THINGS = ("red", "blue", "three", "five", "tall"), ("cat", "dog", "hat", "beach", "Paris")
WORDS = st.lists(st.sampled_from([*QUALITIES, *THINGS, "no", "without", "a", "the", "and", "in"]), min_size=1, max_size=12)


@settings(max_examples=200, deadline=None)
@given(idea=WORDS, prompt=st.lists(st.sampled_from([*QUALITIES, *THINGS, "a", "the", "and", "in"]), max_size=12))
def test_a_merged_prompt_holds_every_noun_and_name(idea: list[str], prompt: list[str]) -> None:
    reading = find_required_terms(" ".join(idea))
    merged = merge(" ".join(prompt), reading, tags=True)
    lost = [term for term in verify(reading, merged).missing if term.kind in ("noun", "name")]
    denied = {name for term in reading.terms if term.kind == "negation" for name in term.stems}
    assert all(term.stems & denied for term in lost), merged
