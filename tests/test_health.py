"""What is said of a program that is opened: who draws, and what stands in the way where nobody can."""

from __future__ import annotations

from pathlib import Path

import pytest

from gemini_diffusion.config.settings import Settings
from gemini_diffusion.generation.health import welcome
from gemini_diffusion.generation.services import open_services


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "Postcard, the small model that came with the app, draws on this machine."),
        ({"image_model": "sdxl"}, "SDXL base 1.0 draws on this machine."),
        ({"hf_token": "hf-test-token-0000"}, "Pictures are drawn by FLUX.1 schnell, at Hugging Face."),
        ({"image_model": "sdxl-turbp"}, "There is no image model called sdxl-turbp. Did you mean sdxl-turbo?"),
        (
            {"engine": "hosted", "image_model": "postcard"},
            "Postcard cannot draw at Hugging Face. Choose another image model or engine.",
        ),
    ],
)
def test_whoever_opens_it_reads_who_draws_or_why_nobody_can(settings: dict[str, object], said: str, tmp_path: Path) -> None:
    assert said in welcome(open_services(tmp_path), Settings().replaced(settings))
