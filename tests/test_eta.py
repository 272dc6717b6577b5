"""How long a drawing will take, told from those before it."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from gemini_diffusion.engines.local.eta import FILE, REMEMBERED, DurationEstimator, WorkSize
from gemini_diffusion.engines.local.local_engine import LocalEngine
from gemini_diffusion.types import ImageRequest, StageStarted
from tests.engine_harness import Local
from tests.waiting import until

WORK = WorkSize("sdxl", "cuda", 1024, 1024, 30, 5.0)


def test_nothing_is_estimated_before_anything_was_drawn(tmp_path: Path) -> None:
    assert DurationEstimator(tmp_path / "none" / "pace.json").estimate(WORK) is None


def test_more_steps_and_larger_pictures_take_longer_in_proportion(tmp_path: Path) -> None:
    durations = DurationEstimator(tmp_path / "home" / "pace.json")
    durations.learn(WORK, 6.0)
    again = DurationEstimator(tmp_path / "home" / "pace.json")
    assert again.estimate(WORK) == pytest.approx(6.0)
    assert again.estimate(dataclasses.replace(WORK, num_inference_steps=60)) == pytest.approx(12.0)
    assert again.estimate(dataclasses.replace(WORK, width=512, height=512)) == pytest.approx(1.5)


@pytest.mark.parametrize("other", [{"model": "sdxl-turbo"}, {"device": "cpu"}, {"guidance_scale": 0.0}])
def test_another_model_device_or_way_of_guiding_tells_nothing(tmp_path: Path, other: dict[str, object]) -> None:
    durations = DurationEstimator(tmp_path / "pace.json")
    durations.learn(WORK, 6.0)
    assert durations.estimate(dataclasses.replace(WORK, **other)) is None  # type: ignore[arg-type]


def test_one_slow_hour_does_not_spoil_it_and_a_faster_machine_is_learned(tmp_path: Path) -> None:
    durations = DurationEstimator(tmp_path / "pace.json")
    for seconds in (6.0, 6.0, 90.0):
        durations.learn(WORK, seconds)
    assert durations.estimate(WORK) == pytest.approx(6.0)
    for _ in range(REMEMBERED):
        durations.learn(WORK, 2.0)
    assert durations.estimate(WORK) == pytest.approx(2.0)


@pytest.mark.parametrize("damage", ["", "[]", '{"sdxl cuda guided": "x"}', '{"sdxl cuda guided": 3}', "\x00"])
def test_a_damaged_file_is_begun_anew(tmp_path: Path, damage: str) -> None:
    (tmp_path / "pace.json").write_text(damage)
    durations = DurationEstimator(tmp_path / "pace.json")
    assert durations.estimate(WORK) is None
    durations.learn(WORK, 6.0)
    assert durations.estimate(WORK) == pytest.approx(6.0)


def test_what_a_sentence_says_of_it_is_rounded_and_left_out_where_nothing_is_known_or_it_is_short(tmp_path: Path) -> None:
    durations = DurationEstimator(tmp_path / "pace.json")
    assert durations.about(WORK) == ""
    durations.learn(WORK, 39.7)
    assert durations.about(WORK) == ", about 40 s"
    assert durations.about(dataclasses.replace(WORK, pictures=4)) == ", about 3 min"
    assert durations.about(dataclasses.replace(WORK, num_inference_steps=2)) == ""


def test_before_the_device_is_known_whichever_was_drawn_on_tells(tmp_path: Path) -> None:
    durations = DurationEstimator(tmp_path / "pace.json")
    durations.learn(WORK, 6.0)
    durations.learn(dataclasses.replace(WORK, model="sdxl-turbo"), 60.0)
    durations.learn(dataclasses.replace(WORK, guidance_scale=0.0), 60.0)
    assert durations.estimate(dataclasses.replace(WORK, device="")) == pytest.approx(6.0)


def test_a_folder_that_cannot_be_written_costs_no_picture_and_the_host_reads_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "home").write_text("a file where the folder should be")
    DurationEstimator(tmp_path / "home" / "pace.json").learn(WORK, 6.0)
    assert "How long the drawing took was not kept" in caplog.text


@pytest.mark.parametrize(
    ("changes", "seconds"),
    [
        ({}, 6.0),
        ({"image": b"x", "strength": 0.5}, 3.0),
        ({"hd": True}, 6.0 + 4 * 1.8 * (1088 / 1024) ** 2),
        ({"hd": True, "image": b"x", "strength": 0.2}, 4 * 1.2 * (1088 / 1024) ** 2),
        ({"model": "postcard", "hd": True}, None),
    ],
)
def test_a_large_picture_and_one_begun_from_another_are_told_by_their_steps(
    changes: dict[str, Any], seconds: float | None, tmp_path: Path
) -> None:
    DurationEstimator(tmp_path / FILE).learn(WORK, 6.0)
    request = dataclasses.replace(ImageRequest("a fox", "sdxl", 1024, 1024, 30, 5.0), **changes)
    assert LocalEngine(tmp_path).estimate(request) == (seconds and pytest.approx(seconds))


async def test_a_drawing_says_how_long_it_will_take_by_those_before_it_and_is_learned_from(sdxl: Path, tmp_path: Path) -> None:
    local, durations = Local(LocalEngine(tmp_path)), DurationEstimator(tmp_path / FILE)
    work = WorkSize(str(sdxl), "cpu", 64, 64, 3, 5.0)
    durations.learn(work, 40.0)
    try:
        await local.draw(sdxl)
        (begun,) = [event for event in local.told(StageStarted) if event.stage == "drawing"]
        assert begun.text == f"Drawing with {sdxl.name}, about 40 s"
        await until(lambda: (durations.estimate(work) or 0) < 40)  # the picture is not kept waiting for it
        assert local.engine.loading(str(sdxl)) == 0.0 and (durations.loading(str(sdxl)) or 0) > 0
        await local.draw(sdxl)
        assert local.told(StageStarted)[-1].text != begun.text
    finally:
        await local.engine.close()
