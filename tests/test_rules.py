"""Crafting by rule: every language of the table, every family, nothing lost, nothing beyond the window."""

from __future__ import annotations

import dataclasses
import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gemini_diffusion.crafting import PromptRequest, check_prompt, craft_by_rules, lexicon, read_vocabulary, validate, verbatim
from gemini_diffusion.crafting.languages import detect_language
from gemini_diffusion.crafting.lexicon import LANGUAGES, read_lexicon, stem, words_in
from gemini_diffusion.crafting.prompt_text import PromptText
from gemini_diffusion.crafting.vocabulary import introduce
from gemini_diffusion.engines.models import CATALOGUE, find_model
from gemini_diffusion.types import prompt_weights
from gemini_diffusion.types.errors import BadInput

REQUESTS: list[dict[str, Any]] = json.loads(Path(__file__).with_name("requests.json").read_text(encoding="utf-8"))
SDXL, FLUX, POSTCARD = find_model("sdxl"), find_model("FLUX.1 schnell"), find_model("postcard")
ANY_TEXT = st.text(max_size=400)
CRAFTING = Path(lexicon.__file__).parent
SMALL = "the and you who what where how very please thanks yes no not this there something everyone would could about only"
WORDS = {
    "subjects": {"cat": ["cat", "feline"], "boat": ["boat"]},
    "colours": {"red": ["red", "crimson"]},
    "places": {"beach": ["on the beach"]},
    "times": {"night": ["at night"]},
    "layout": {"left": ["on the left"]},
    "style": ["soft light", "bold shapes"],
}


def small_model(folder: Path) -> Any:
    path = folder / "words.json"
    path.write_text(json.dumps(WORDS), encoding="utf-8")
    return dataclasses.replace(POSTCARD, vocabulary=path)


def test_there_are_sixty_requests_and_more_in_every_language_of_the_table() -> None:
    assert len(REQUESTS) >= 60
    assert {row["language"] for row in REQUESTS} == {"en", *LANGUAGES}


def test_six_hundred_nouns_have_a_name_in_each_of_eight_languages_and_no_small_word_is_one() -> None:
    nouns = {"thing", "place", "time"}
    for code in ("ko", "pt", "es", "ja", "de", "fr", "ar", "zh"):
        tables = (json.loads((CRAFTING / f"{name}.json").read_text("utf-8"))[name] for name in ("words", "nouns"))
        named = {name for rows in tables for name, row in rows.items() if row.get(code) and row.get("kind", "thing") in nouns}
        assert len(named) >= 600, (code, len(named))
    assert not {stem(word) for word in SMALL.split()} & read_lexicon().things


@pytest.mark.parametrize("row", REQUESTS, ids=lambda row: row["idea"])
def test_every_request_keeps_its_words_in_english_and_rules_out_what_it_denies(row: dict[str, Any]) -> None:
    assert detect_language(row["idea"].replace("「営業中」", "")) == row["language"]
    crafted = craft_by_rules(PromptRequest(row["idea"], SDXL))
    for term in row["keep"]:
        assert term.lower() in crafted.prompt.lower(), crafted.prompt
    for thing in row.get("never", ()):
        assert thing in crafted.negative_prompt
        assert stem(thing) not in PromptText(crafted.prompt).shown, crafted.prompt
    assert crafted.missing == ()
    assert crafted.crafted_by == "rules"
    assert crafted.reply == read_lexicon().languages[row["language"]].reply


@pytest.mark.parametrize("row", REQUESTS, ids=lambda row: row["idea"])
def test_a_model_without_negatives_gets_one_sentence_that_shows_nothing_denied(row: dict[str, Any]) -> None:
    crafted = craft_by_rules(PromptRequest(row["idea"], FLUX))
    assert crafted.negative_prompt == ""
    assert crafted.prompt.endswith(".")
    assert crafted.missing == ()
    assert bool(row.get("never")) == any("takes no negative prompt" in notice for notice in crafted.notices)


def test_a_name_in_another_script_does_not_change_the_language() -> None:
    assert detect_language("a painting of a mountain called 山") == "en"
    assert detect_language("a portrait of Łukasz in a café") == "en"
    assert detect_language("iPhone를 든 고양이") == "ko"
    assert detect_language("un œuf sur la table") == "fr"


def test_a_noun_group_is_put_in_english_order() -> None:
    phrases = {
        "un gato rojo en la playa al atardecer": "red cat on the beach at sunset",
        "해변의 빨간 고양이 두 마리": "two red cats on the beach",
        "drei Schneefüchse bei Nacht": "three foxes in the snow at night",
        "海滩上的红色猫": "red cat on the beach",
    }
    for idea, phrase in phrases.items():
        assert craft_by_rules(PromptRequest(idea, SDXL, stylize=0)).prompt == phrase


def test_nothing_is_added_at_stylize_zero_and_more_with_more() -> None:
    sizes = [
        craft_by_rules(PromptRequest("a red cat", SDXL, stylize=stylize)).added_words for stylize in (0, 50, 100, 400, 1000)
    ]
    assert craft_by_rules(PromptRequest("a red cat", SDXL, stylize=0)).prompt == "a red cat"
    assert sizes[0] == 0
    assert sizes == sorted(sizes)
    assert 10 <= sizes[2] <= 12
    assert sizes[-1] > 25


def test_the_budget_never_falls_when_stylize_grows() -> None:
    for model in (SDXL, FLUX):
        budgets = [
            PromptRequest("a red cat on the beach", model, stylize=stylize).added_words for stylize in range(0, 1001, 10)
        ]
        assert budgets == sorted(budgets)
        assert (budgets[0], budgets[10]) == (0, 12)


def test_what_is_added_names_no_thing_place_or_colour() -> None:
    english = read_lexicon().english
    for idea in ("a cat", "a cat at night", "a cat at sunset in the snow", "a cat on the beach by day", "a cat in the rain"):
        crafted = craft_by_rules(PromptRequest(idea, SDXL, stylize=1000))
        added = [word for word in words_in(crafted.prompt) if word not in words_in(idea)]
        kinds = {word: english[stem(word)].kind for word in added if stem(word) in english}
        assert not {word for word, kind in kinds.items() if kind in ("thing", "place", "colour", "number")}, kinds


@pytest.mark.parametrize(
    ("idea", "prompt", "negative"),
    [
        ("a street with no cars and no people in Kyoto, rain", "a street in Kyoto, rain", "cars, people"),
        ("Please draw me a picture of a cat that isn't black, without a collar.", "a cat", "black, collar"),
        ("nobody on the beach", "the beach", "people"),
        ("Two dogs in the park; no leash, no people", "Two dogs in the park", "leash, people"),
        ("a man without a hat walking in the rain", "a man walking in the rain", "hat"),
        ("a knight, no modern clothing", "a knight", "modern clothing"),
        ("a woman, not smiling", "a woman", "smiling"),
        ('a sign "no parking", no cars', 'a sign "no parking"', "cars"),
    ],
)
def test_denials_in_english_are_moved_into_the_negative(idea: str, prompt: str, negative: str) -> None:
    crafted = craft_by_rules(PromptRequest(idea, SDXL, stylize=0))
    assert (crafted.prompt, sorted(crafted.negative_prompt.split(", "))) == (prompt, sorted(negative.split(", ")))


def test_unknown_words_stay_as_written_and_are_named() -> None:
    crafted = craft_by_rules(PromptRequest("un gato con tirachinas", SDXL))
    assert "tirachinas" in crafted.prompt
    assert any("could not translate tirachinas" in notice for notice in crafted.notices)


def test_a_language_outside_the_table_stays_as_it_is_and_that_is_said() -> None:
    crafted = craft_by_rules(PromptRequest("κόκκινη γάτα στην παραλία", SDXL))
    assert crafted.prompt.startswith("κόκκινη γάτα στην παραλία")
    assert any("do not know this language" in notice for notice in crafted.notices)


def test_a_shape_in_the_wording_is_read_and_does_not_reach_the_prompt() -> None:
    crafted = craft_by_rules(PromptRequest("a cat in 16:9", SDXL, stylize=0))
    assert (crafted.prompt, crafted.aspect_ratio) == ("a cat", "16:9")
    assert craft_by_rules(PromptRequest("a cat in 16:9", SDXL, aspect="1:1")).aspect_ratio == "1:1"


def test_what_is_both_wanted_and_ruled_out_is_named() -> None:
    crafted = craft_by_rules(PromptRequest("a man with a hat and a man without a hat", SDXL))
    assert any("both ask for and rule out hat" in notice for notice in crafted.notices)
    assert "hat" in crafted.prompt
    assert crafted.negative_prompt == ""


def test_words_that_name_nothing_still_give_something_to_draw() -> None:
    crafted = craft_by_rules(PromptRequest("no people", SDXL))
    assert crafted.prompt.startswith("a quiet empty scene")
    assert crafted.negative_prompt == "people"
    assert any("name nothing to draw" in notice for notice in crafted.notices)


def test_a_style_stands_after_the_words_and_is_not_counted_as_added() -> None:
    crafted = craft_by_rules(PromptRequest("a red cat", SDXL, style="film noir", stylize=0))
    assert crafted.prompt.startswith("a red cat, film noir")
    assert (crafted.style, crafted.added_words) == ("Film Noir", 0)
    assert "flat light" in crafted.negative_prompt
    assert "Style: film noir" in craft_by_rules(PromptRequest("a red cat", FLUX, style="film noir")).prompt


def test_a_style_never_rules_out_what_was_asked_for() -> None:
    crafted = craft_by_rules(PromptRequest("a photograph of a red cat", SDXL, style="watercolour"))
    assert "photograph" not in crafted.negative_prompt
    assert "hard outlines" in crafted.negative_prompt


def test_verbatim_changes_nothing_and_keeps_the_negatives() -> None:
    crafted = verbatim(PromptRequest("  a (cat:1.2) --odd\n", SDXL, negative=("dogs", "text")))
    assert crafted.prompt == crafted.original == "  a (cat:1.2) --odd\n"
    assert (crafted.negative_prompt, crafted.crafted_by) == ("dogs, text", "you")
    assert "could not be ruled out" in verbatim(PromptRequest("a cat", FLUX, negative=("dogs",))).notices[0]


def test_a_small_model_gets_only_words_it_knows_and_its_own_word_for_a_synonym(tmp_path: Path) -> None:
    model = small_model(tmp_path)
    crafted = craft_by_rules(PromptRequest("a scarlet kitty and a feline", model))
    assert crafted.prompt.startswith("a red cat and a feline")
    assert any("reads scarlet as red, kitty as cat" in notice for notice in crafted.notices)
    vocabulary = read_vocabulary(model.vocabulary)
    assert crafted.prompt.split(", ")[1:] == ["bold shapes", "soft light"]
    assert all(vocabulary.knows(phrase) for phrase in crafted.prompt.split(", ")[1:])
    assert crafted.missing == ()


WITHOUT, CANNOT = "Postcard does not know {}, so the picture is without.", "Postcard does not know {} and draws {} instead."
POSTCARDS = [
    ("a red cat on the beach at sunset", "a red cat on the beach at sunset", ""),
    ("눈 속의 여우", "fox in the snow", ""),
    ("a cute cat, watercolor, 35mm", "a cute cat, watercolor, 35mm", ""),
    ("a poodle in the woods", "a dog in the woods", ""),
    ("a white cat", "a white cat", WITHOUT.format("white")),
    ("a cat in the mountains", "a cat in the snow", CANNOT.format("mountains", "snow")),
    ("a cat in the snowy mountains", "a cat in the snowy mountains", ""),
    ("an astronaut on the beach", "a dog on the beach", CANNOT.format("astronaut", "a dog")),
    ("a cat with an astronaut", "a cat with an astronaut", WITHOUT.format("astronaut")),
    ("a fox after dark", "a fox at night", ""),
    ("a rose", "a flower", ""),
    ("a brown cat", "an orange cat", CANNOT.format("brown", "orange")),
    ("a cat and a dog", "a cat and a dog", "Postcard draws one thing in a picture: of cat, dog only one may be seen."),
    ("two foxes", "two fox", "Postcard cannot count: two may come out as one."),
    ("a cat, no clouds", "a cat", "Postcard does not know clouds, so ruling that out changes nothing."),
    ("a quokka", "a quokka", WITHOUT.format("quokka")),
]


@pytest.mark.parametrize(("idea", "drawn", "said"), POSTCARDS, ids=[row[0] for row in POSTCARDS])
def test_a_model_of_few_words_says_what_it_draws_instead_and_does(idea: str, drawn: str, said: str) -> None:
    request = PromptRequest(idea, POSTCARD, stylize=0)
    crafted = craft_by_rules(request)
    assert crafted.prompt == drawn and crafted.missing == ()
    assert introduce(request) == (f"{said} Another image model knows more." if said else None)
    assert introduce(dataclasses.replace(request, model=SDXL)) is None


@pytest.mark.parametrize(
    ("idea", "parts"),
    [
        ("a square circle, at night at noon", ["noon and night", "square and circle"]),
        ("밤의 고양이, 정오", []),
        ("an empty, crowded street", ["empty and crowded"]),
        ('a sign that says "Open"', ["seldom writes letters right"]),
        ("an empty chair in a crowded room, half at night, half at noon", []),
        ("a round table on a square at night, not at noon", []),
        ('the words "a square circle"', ["seldom"]),
    ],
)
def test_what_no_picture_or_not_this_model_can_show_is_said_and_nothing_in_doubt(idea: str, parts: list[str]) -> None:
    said = validate(PromptRequest(idea, SDXL))
    assert len(said) == len(parts) and all(part in sentence for part, sentence in zip(parts, said, strict=True))


def test_what_is_drawn_instead_is_told_and_a_lora_teaches_a_word() -> None:
    request = PromptRequest("an astronaut in the snow", POSTCARD, stylize=0)
    assert craft_by_rules(request).changed == (("astronaut", "dog"),)
    taught = dataclasses.replace(request, taught=("astronaut",))
    assert (craft_by_rules(taught).prompt, introduce(taught)) == (request.idea, None)


def test_a_broken_vocabulary_is_said_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "words.json"
    path.write_text("[1", encoding="utf-8")
    with pytest.raises(BadInput, match="could not be read"):
        read_vocabulary(path)


@pytest.mark.parametrize(
    ("idea", "words"), [("Dogs in the snow", "dog in the snow"), ("A Fox", "a fox"), ("two black cats", "two black cat")]
)
def test_a_model_of_few_words_is_given_the_form_it_learned(idea: str, words: str) -> None:
    crafted = craft_by_rules(PromptRequest(idea, POSTCARD, stylize=0))
    assert crafted.prompt.lower() == words
    assert any(" as " in notice for notice in crafted.notices) == (words != idea.lower())


@settings(max_examples=150, deadline=None)
@given(idea=ANY_TEXT, stylize=st.integers(0, 1000), model=st.sampled_from(CATALOGUE), style=st.sampled_from(["", "anime", "?"]))
def test_no_text_breaks_the_rules_and_the_prompt_fits_the_window(idea: str, stylize: int, model: Any, style: str) -> None:
    wish = PromptRequest(idea, model, stylize=stylize, style=style)
    crafted = craft_by_rules(wish)
    assert wish.count(prompt_weights.strip_weights(crafted.prompt)) <= model.max_tokens
    assert crafted.original == idea
    assert not idea.strip() or crafted.prompt.strip()
    assert craft_by_rules(wish) == crafted
    assert verbatim(wish).prompt == idea


@settings(max_examples=40, deadline=None)
@given(
    words=st.lists(
        st.sampled_from(["a", "red", "cat", "no", "hat", "two", "猫", "gato", "without", ",", '"', "--x"]), max_size=300
    )
)
def test_long_wishes_fit_and_what_is_cut_is_said(words: list[str]) -> None:
    wish = PromptRequest(" ".join(words), SDXL, count_tokens=lambda text: len(text.split()) + 2)
    crafted = craft_by_rules(wish)
    assert wish.count(crafted.prompt) <= 77
    verdict = check_prompt(wish.idea, crafted.prompt, crafted.negative_prompt)
    assert not verdict.missing or any("left out" in notice or "Not in the prompt" in notice for notice in crafted.notices)


@pytest.mark.parametrize(
    "text", ["(" * 20_000, "a " * 20_000, '"' * 20_000, "no red cat and " * 2000, "没有红色的猫" * 3000, "x" * 50_000]
)
def test_endless_text_is_read_quickly_and_the_end_is_said_to_be_left_out(text: str) -> None:
    start = time.process_time()
    crafted = craft_by_rules(PromptRequest(text, SDXL))
    assert time.process_time() - start < 20
    assert any("Only the first 3,000 characters" in notice for notice in crafted.notices)


@pytest.mark.parametrize(
    ("idea", "said", "meant"),
    [
        ("파란 고양이", "사람", "people"),
        ("a blue cat", "사람", "people"),
        ("eine blaue Katze", "rote Hunde", "red dog"),
        ("un chat bleu", "chien", "dog"),
        ("a blue dog", "chat", "chat"),
        ("파란 고양이", "쿼카", "쿼카"),
    ],
)
def test_what_is_ruled_out_is_said_in_english_as_far_as_the_table_goes(idea: str, said: str, meant: str) -> None:
    crafted = craft_by_rules(PromptRequest(idea, SDXL, negative=(said,)))
    assert crafted.negative_prompt == meant
    assert said in crafted.kept and crafted.missing == ()


@pytest.mark.parametrize(
    ("idea", "drawn"),
    [
        ("16:9 비율의 파란 고양이", "blue cat"),
        ("파란 고양이 16:9 비율로", "blue cat"),
        ("a blue cat, 16:9 aspect ratio", "a blue cat"),
        ("a blue cat in aspect ratio 16:9", "a blue cat"),
        ("a blue cat in 16:9", "a blue cat"),
        ("a blue cat at 16:9:30", "a blue cat at 16:9:30"),
    ],
)
def test_a_shape_in_the_wording_is_no_word_of_the_prompt(idea: str, drawn: str) -> None:
    crafted = craft_by_rules(PromptRequest(idea, SDXL, stylize=0))
    assert (crafted.prompt, crafted.aspect_ratio) == (drawn, "16:9" if "16:9:30" not in idea else "")
    assert not crafted.notices


def test_a_comma_in_what_is_ruled_out_says_nothing_twice() -> None:
    assert (
        craft_by_rules(PromptRequest("a cat", SDXL, negative=("red, white flags", "fog"))).negative_prompt
        == "red, white flags, fog"
    )


def test_a_small_model_rewords_neither_what_is_quoted_nor_a_token(tmp_path: Path) -> None:
    crafted = craft_by_rules(PromptRequest('cats beside a boat that says "cats", <cats>', small_model(tmp_path), stylize=0))
    assert crafted.prompt == 'cat beside a boat that says "cats", <cats>'
    assert crafted.missing == ()


def test_what_is_quoted_stays_whatever_else_is_quoted_beside_it() -> None:
    idea = 'a sign "10", a sign "0", a door "cat", <cat>'
    assert craft_by_rules(PromptRequest(idea, SDXL, stylize=0)).prompt == idea


def test_a_token_is_no_word_that_a_small_model_could_know(tmp_path: Path) -> None:
    assert introduce(PromptRequest("a red cat <bubbles>", small_model(tmp_path))) is None
