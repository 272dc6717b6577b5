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


def test_every_field_has_a_row_with_a_group_a_label_and_a_sentence() -> None:
    for name, option in Settings.table().items():
        assert option.group in GROUPS, name
        assert option.label and option.help.endswith("."), name


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


def test_googles_own_name_beats_geminis() -> None:
    both = {"GEMINI_API_KEY": "second-key-here", "GOOGLE_API_KEY": KEY}
    assert Settings.from_environment(both).google_api_key.reveal() == KEY
    assert Settings.from_environment({"GEMINI_API_KEY": "second-key-here"}).google_api_key.reveal() == "second-key-here"


def test_every_setting_has_its_own_variable() -> None:
    for name in Settings.table():
        assert f"GEMINI_DIFFUSION_{name.upper()}" in Settings.environment_names(name)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("temperature", "hot"),
        ("temperature", 2.1),
        ("temperature", math.nan),
        ("temperature", math.inf),
        ("top_k", 1.5),
        ("top_k", 10**30),
        ("engine", "cloud"),
        ("review", "perhaps"),
        ("negative_prompt", "x" * 2001),
        ("no_such_setting", 1),
    ],
)
def test_a_value_that_does_not_fit_is_refused_with_what_would(name: str, value: object) -> None:
    with pytest.raises(BadInput) as caught:
        Settings().replaced({name: value})
    assert caught.value.hint


def test_the_bad_variable_is_named() -> None:
    with pytest.raises(BadInput, match="GEMINI_DIFFUSION_DEADLINE"):
        Settings.from_environment({"GEMINI_DIFFUSION_DEADLINE": "soon"})


def test_an_empty_number_means_the_models_own() -> None:
    assert Settings().replaced({"temperature": 0.5}).replaced({"temperature": ""}).temperature is None


def test_a_key_never_shows_itself() -> None:
    settings = Settings().replaced({"google_api_key": KEY})
    assert KEY not in repr(settings) and KEY not in str(settings.google_api_key) and KEY not in f"{settings.google_api_key}"
    assert settings.google_api_key.tail == "4f2a"
    assert Secret("short").tail == ""
    assert "google_api_key" not in settings.public()


def test_the_hosts_settings_are_not_a_visitors() -> None:
    assert {"home", "deadline", "hf_inference_url", "google_base_url", "agreed_downloads"}.isdisjoint(Settings().public())


@given(st.sampled_from(sorted(Settings.table())), st.one_of(st.text(max_size=30), st.floats(), st.integers(), st.none()))
def test_any_value_is_taken_or_refused_in_words(name: str, value: object) -> None:
    try:
        settings = Settings().replaced({name: value})
    except BadInput as error:
        assert error.message
    else:
        assert settings.replaced({name: getattr(settings, name)}) == settings
