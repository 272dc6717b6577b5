"""The one table of settings: environment in, checked values out, keys never shown."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gemini_diffusion.config.options import Secret
from gemini_diffusion.config.settings import GROUPS, Settings, read_value
from gemini_diffusion.types.errors import BadInput

KEY = "AIzaTestTestTestTest4f2a"


def test_every_field_has_a_row_with_a_group_a_label_a_sentence_and_a_variable() -> None:
    for name, option in Settings.table().items():
        assert option.group in GROUPS, name
        assert option.label and option.help.endswith("."), name
        assert f"GEMINI_DIFFUSION_{name.upper()}" in Settings.environment_names(name)


def test_the_fields_own_terms_are_the_labels() -> None:
    """What people know from Gemini's API, from diffusers and from every other program of the field."""
    known = {
        "temperature": "Temperature", "top_p": "Top P", "top_k": "Top K", "max_output_tokens": "Max output tokens",
        "max_prompt_tokens": "Max output prompt tokens", "num_inference_steps": "Steps", "guidance_scale": "Guidance",
        "scheduler": "Scheduler", "negative_prompt": "Negative prompt", "refine": "Refiner", "adapters": "LoRAs",
        "engine": "Engine", "image_model": "Image model", "provider": "Provider", "chat_model": "Chat model",
    }  # fmt: skip
    assert {name: Settings.table()[name].label for name in known} == known


def test_every_default_fits_its_own_row() -> None:
    plain = Settings()
    for name in Settings.table():
        assert read_value(name, getattr(plain, name)) == getattr(plain, name)


def test_the_environment_fills_the_defaults() -> None:
    settings = Settings.from_environment(
        {"GOOGLE_API_KEY": KEY, "GEMINI_DIFFUSION_STYLIZE": "0", "GEMINI_DIFFUSION_REVIEW": "yes", "HF_TOKEN": " "}
    )
    assert settings.google_api_key.reveal() == KEY
    assert (settings.stylize, settings.review, bool(settings.hf_token)) == (0, True, False)
    both = {"GEMINI_API_KEY": "second-key-here", "GOOGLE_API_KEY": KEY}
    assert Settings.from_environment(both).google_api_key.reveal() == KEY
    assert Settings.from_environment({"GEMINI_API_KEY": "second-key-here"}).google_api_key.reveal() == "second-key-here"
    with pytest.raises(BadInput, match="GEMINI_DIFFUSION_DEADLINE"):
        Settings.from_environment({"GEMINI_DIFFUSION_DEADLINE": "soon"})


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("temperature", "hot", "Temperature cannot be 'hot'. Use a number from 0 to 2."),
        ("temperature", 2.1, "Temperature cannot be 2.1. Use a number from 0 to 2."),
        ("temperature", math.nan, "Temperature cannot be nan. Use a number from 0 to 2."),
        ("temperature", math.inf, "Temperature cannot be inf. Use a number from 0 to 2."),
        ("top_k", 1.5, "Top K cannot be 1.5. Use a whole number from 1 to 1,000."),
        ("top_k", 10**30, f"Top K cannot be {10**30}. Use a whole number from 1 to 1,000."),
        ("picture_filter", "cloud", "Picture filter cannot be 'cloud'. Choose one of auto, on, off."),
        ("review", "perhaps", "Review cannot be 'perhaps'. Use true or false."),
        ("negative_prompt", "x" * 2001, f"Negative prompt cannot be '{'x' * 39}. Keep it under 2,000 characters."),
        ("negative_prompt", ["fog"], "Negative prompt cannot be ['fog']. Write it as text."),
        ("no_such_setting", 1, "There is no setting called no_such_setting. See the tables in docs/settings.md."),
    ],
)
def test_a_value_that_does_not_fit_is_refused_with_what_would(name: str, value: object, said: str) -> None:
    with pytest.raises(BadInput) as caught:
        Settings().replaced({name: value})
    assert str(caught.value) == said


@pytest.mark.parametrize(
    ("name", "written", "read"),
    [
        ("temperature", " 0.5 ", 0.5), ("top_k", "40", 40), ("top_k", 40.0, 40), ("review", "Yes", True),
        ("review", " 0", False), ("picture_filter", " ON ", "on"), ("safety", "block_none", "BLOCK_NONE"),
        ("negative_prompt", " fog ", "fog"), ("image_model", 5, "5"), ("negative_prompt", "", ""), ("stylize", " ", 100),
    ],
)  # fmt: skip
def test_a_value_is_read_as_a_person_writes_it(name: str, written: object, read: object) -> None:
    found = getattr(Settings().replaced({name: written}), name)
    assert (found, type(found)) == (read, type(read))


def test_an_empty_number_means_the_models_own() -> None:
    assert Settings().replaced({"temperature": 0.5}).replaced({"temperature": ""}).temperature is None


def test_a_key_never_shows_itself_and_the_hosts_settings_are_not_a_visitors() -> None:
    settings = Settings().replaced({"google_api_key": KEY})
    assert KEY not in repr(settings) and KEY not in str(settings.google_api_key) and KEY not in f"{settings.google_api_key}"
    assert settings.google_api_key.tail == "4f2a"
    assert Secret("short").tail == ""
    hosts = {"home", "deadline", "hf_inference_url", "google_base_url", "agreed_downloads"}
    assert {"google_api_key", *hosts}.isdisjoint(settings.public())


@given(st.sampled_from(sorted(Settings.table())), st.one_of(st.text(max_size=30), st.floats(), st.integers(), st.none()))
def test_any_value_is_taken_or_refused_in_words(name: str, value: object) -> None:
    try:
        settings = Settings().replaced({name: value})
    except BadInput as error:
        assert error.message
    else:
        assert settings.replaced({name: getattr(settings, name)}) == settings
