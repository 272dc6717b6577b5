"""How long a drawing will take, told from those before it."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from gemini_diffusion.engines.diffusion.pace import REMEMBERED, Pace, Work

WORK = Work("sdxl", "cuda", 1024, 1024, 30, 5.0)


def test_nothing_is_estimated_before_anything_was_drawn(tmp_path: Path) -> None:
    assert Pace(tmp_path / "none" / "pace.json").estimate(WORK) is None


def test_more_steps_and_larger_pictures_take_longer_in_proportion(tmp_path: Path) -> None:
    pace = Pace(tmp_path / "home" / "pace.json")
    pace.learn(WORK, 6.0)
    again = Pace(tmp_path / "home" / "pace.json")
    assert again.estimate(WORK) == pytest.approx(6.0)
    assert again.estimate(dataclasses.replace(WORK, num_inference_steps=60)) == pytest.approx(12.0)
    assert again.estimate(dataclasses.replace(WORK, width=512, height=512)) == pytest.approx(1.5)


@pytest.mark.parametrize("other", [{"model": "sdxl-turbo"}, {"device": "cpu"}, {"guidance_scale": 0.0}])
def test_another_model_device_or_way_of_guiding_tells_nothing(tmp_path: Path, other: dict[str, object]) -> None:
    pace = Pace(tmp_path / "pace.json")
    pace.learn(WORK, 6.0)
    assert pace.estimate(dataclasses.replace(WORK, **other)) is None  # type: ignore[arg-type]


def test_one_slow_hour_does_not_spoil_it_and_a_faster_machine_is_learned(tmp_path: Path) -> None:
    pace = Pace(tmp_path / "pace.json")
    for seconds in (6.0, 6.0, 90.0):
        pace.learn(WORK, seconds)
    assert pace.estimate(WORK) == pytest.approx(6.0)
    for _ in range(REMEMBERED):
        pace.learn(WORK, 2.0)
    assert pace.estimate(WORK) == pytest.approx(2.0)


@pytest.mark.parametrize("damage", ["", "[]", '{"sdxl cuda guided": "x"}', '{"sdxl cuda guided": 3}', "\x00"])
def test_a_damaged_file_is_begun_anew(tmp_path: Path, damage: str) -> None:
    (tmp_path / "pace.json").write_text(damage)
    pace = Pace(tmp_path / "pace.json")
    assert pace.estimate(WORK) is None
    pace.learn(WORK, 6.0)
    assert pace.estimate(WORK) == pytest.approx(6.0)
