"""The must-keep contract: what is held and what is watched, what counts as changed, how a prompt is put right."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gemini_diffusion.crafting import account, check_prompt, only_yours, put_in, without_parts
from gemini_diffusion.crafting.contract import verify
from gemini_diffusion.crafting.lexicon import stem
from gemini_diffusion.crafting.merge import merge
from gemini_diffusion.crafting.pairs import Pair
from gemini_diffusion.crafting.prompt_text import PromptText
from gemini_diffusion.crafting.provenance import parts_of, trim
from gemini_diffusion.crafting.required_terms import find_required_terms
from gemini_diffusion.types import CraftedPrompt
from tests.tables import read_table

CASES = read_table("contract")

KEPT = CASES["kept"]
LOST = CASES["lost"]
UNSEEN = CASES["unseen"]


@pytest.mark.parametrize(("idea", "prompt"), KEPT)
def test_other_words_for_the_same_thing_keep_the_contract(idea: str, prompt: str) -> None:
    verdict = check_prompt(idea, prompt)
    assert verdict.holds, verdict.missing
    assert not (verdict.unseen or verify(find_required_terms(idea), prompt, pairs=[Pair(idea[-1], "a")]).uncovered)


@pytest.mark.parametrize(("idea", "prompt", "term"), LOST)
def test_a_dropped_or_changed_held_term_is_missing(idea: str, prompt: str, term: str) -> None:
    assert term in [missing.said for missing in check_prompt(idea, prompt).missing]


@pytest.mark.parametrize(("idea", "prompt", "term"), UNSEEN)
def test_a_noun_is_said_to_be_unseen_only_where_no_word_could_stand_for_it(idea: str, prompt: str, term: str | None) -> None:
    verdict = check_prompt(idea, prompt)
    assert [noun.said for noun in verdict.unseen] == ([term] if term else [])
    assert verdict.holds


@pytest.mark.parametrize(("idea", "prompt"), CASES["no answer"])
def test_another_picture_is_no_answer(idea: str, prompt: str) -> None:
    assert check_prompt(idea, prompt).strange


@pytest.mark.parametrize(("idea", "prompt", "term"), LOST)
@pytest.mark.parametrize("tags", [True, False])
def test_merging_puts_back_what_was_lost(idea: str, prompt: str, term: str, tags: bool) -> None:
    reading = find_required_terms(idea)
    merged = merge(prompt, reading, tags)
    assert not verify(reading, merged).missing, merged


@pytest.mark.parametrize("idea", [idea for idea, *_ in (*KEPT, *LOST, *UNSEEN)])
@pytest.mark.parametrize("prompt", ["a purple giraffe", "", "a man in a hat and a scary woman with roses under clouds"])
def test_merging_never_draws_what_is_ruled_out_and_never_adds_a_bare_noun(idea: str, prompt: str) -> None:
    reading = find_required_terms(idea)
    merged = PromptText(merge(prompt, reading, tags=True))
    denied = frozenset[str]().union(*(term.stems for term in reading.terms if term.kind == "negation"))
    with_value = frozenset[str]().union(*(term.of for term in reading.terms))
    nouns = frozenset[str]().union(*(term.stems for term in reading.terms if term.kind == "noun")) - with_value
    sides = frozenset[str]().union(*(term.stems for term in reading.terms if term.kind == "side"))
    assert not merged.shown & denied
    assert merged.shown & nouns <= PromptText(prompt).shown | sides


def test_a_changed_colour_or_number_is_told_from_a_dropped_one() -> None:
    assert [term.said for term in check_prompt("a red cat", "a blue cat").changed] == ["red"]
    assert [term.said for term in check_prompt("three cats", "five cats").changed] == ["three"]
    assert check_prompt("a red cat", "a cat").changed == ()


@pytest.mark.parametrize(
    ("idea", "prompt", "merged"),
    CASES["merged"],
)
def test_merging_replaces_the_wrong_value_where_it_stands(idea: str, prompt: str, merged: str) -> None:
    assert merge(prompt, find_required_terms(idea), tags=True) == merged


def test_what_no_flag_rules_out_is_held_to_as_well() -> None:
    assert not check_prompt("a street", "a street with cars", "", avoid=("cars",)).holds
    assert check_prompt("a street", "a street", "cars", avoid=("cars",)).holds


@pytest.mark.parametrize(
    ("idea", "denied"),
    CASES["denied"],
)
def test_denials_are_read_in_every_language(idea: str, denied: list[str]) -> None:
    assert {term.english for term in find_required_terms(idea).terms if term.kind == "negation"} == set(denied)


def test_a_contradiction_is_named_and_not_held_against_the_prompt() -> None:
    reading = find_required_terms("a cat with a hat, no hat")
    assert reading.contradictions == ("hat",)
    assert verify(reading, "a cat with a hat").holds


@pytest.mark.parametrize(("idea", "prompt", "pairs", "lost"), CASES["paired"])
def test_the_chat_models_pairs_count_as_far_as_they_are_true(
    idea: str, prompt: str, pairs: tuple[tuple[str, str], ...], lost: list[str]
) -> None:
    negative = "dog" if "bez psa" in idea else ""
    verdict = verify(find_required_terms(idea), prompt, negative, True, [Pair(*pair) for pair in pairs])
    assert [term.said for term in (*verdict.missing, *verdict.unseen)] == lost


def test_added_words_are_those_of_substance_only() -> None:
    verdict = check_prompt("a red cat", "a red cat in the soft warm light of a lamp")
    assert verdict.added == ("soft", "warm", "light", "lamp")
    assert (len(verdict.kept), verdict.added_words) == (2, 4)


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
    verdict = verify(reading, prompt, negative, pairs=[Pair(idea[:5], prompt[:5]), Pair(idea, negative)])
    merge(prompt, reading, tags=True)
    assert verdict.added_words <= len(PromptText(prompt).tokens)


@pytest.mark.parametrize(("idea", "marked", "own"), CASES["owned"])
def test_each_piece_of_a_prompt_is_told_whose_it_is_and_can_be_taken_out(idea: str, marked: str, own: str) -> None:
    prompt = re.sub(r"\{[^>]*>([^}]*)\}|[\[\]]", r"\1", marked)
    told = account(CraftedPrompt(idea, prompt, crafted_by="gemini"))
    shown = {"added": "[{0}]", "changed": "{{{1}>{0}}}", "yours": "{0}"}
    pieces = (part.text.replace(part.words, shown[part.source].format(part.words, part.said)) for part in told.parts)
    assert "".join(pieces) == marked
    assert only_yours(told) == own
    for place, part in enumerate(told.parts):
        if part.source == "added" and len(told.parts) > 1:
            rest = without_parts(told.parts, (place,))
            assert part.words not in rest and not re.search(r"[,.] ?[,.]|  |^[,. ]|, ?$", rest)


WHOLE = ("<lora:a:0.8>", "(red, blue:1.3)", "(a (b, c)++ d)", "[a, b]", "{a|b, c}", '"open, late"')
PIECES = st.lists(st.sampled_from([*WHOLE, "a fox", "soft light", "on the beach", "mist,", "a,"]), min_size=1, max_size=9)


@settings(max_examples=60, deadline=None)
@given(pieces=PIECES, style=st.booleans())
def test_no_chip_tears_a_tag_a_group_or_a_quotation(pieces: list[str], style: bool) -> None:
    prompt = " ".join(pieces)
    own = parts_of(prompt, find_required_terms("a red fox on the beach"), "soft light" if style else "")
    crafted = CraftedPrompt("a red fox on the beach", prompt, parts=own)
    edited = account(crafted, prompt.replace("beach", "pier"))
    for parts in (own, edited.parts):
        texts = [part.text for part in parts]
        texts += [without_parts(parts, (place,)) for place in range(len(parts))]
        texts += [only_yours(crafted), put_in(edited, "fog")]
        assert all(_is_whole(text) for text in texts), texts


def _is_whole(text: str) -> bool:
    for piece in WHOLE:
        text = text.replace(piece, "")
    return not set(text) & set("<>()[]{}|")


def test_an_edited_prompt_keeps_its_account_and_a_lost_word_can_be_put_in() -> None:
    kept = ("fox", "no rain")
    crafted = account(CraftedPrompt("a fox by a pier, no rain", "a fox, soft light, mist", crafted_by="gemini", kept=kept))
    assert (crafted.dropped, crafted.added) == (("pier",), ("soft light", "mist"))
    assert put_in(crafted, "pier") == "a fox, pier, soft light, mist"
    edited = account(crafted, "a big fox on the pier, mist")
    assert (edited.dropped, edited.added, edited.added_words) == ((), ("mist",), 1)
    assert (edited.kept, account(crafted, "a wolf, soft light").kept) == (kept, ("no rain",))
