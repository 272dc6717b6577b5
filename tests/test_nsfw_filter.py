"""The picture filter: it judges what it can, veils what it cannot, fetches nothing unasked, and says what is missing."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from PIL import Image

from gemini_diffusion.config.settings import Settings
from gemini_diffusion.engines.nsfw_filter import UNCHECKED, FilterResult, NsfwFilter, unsafe_labels
from gemini_diffusion.generation import health
from gemini_diffusion.generation.services import Services
from gemini_diffusion.storage.gallery import Gallery
from gemini_diffusion.types import Event, Progress, StageFinished, StageStarted
from gemini_diffusion.types.errors import AgreementNeeded, GeminiDiffusionError, ModelNotFound, RequestRefused
from tests.chat_tab_harness import Desk
from tests.engine_harness import reading
from tests.servers import hugging_face as hf
from tests.tiny_classifier import build_classifier

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # torch's own
MODEL = "me/careful"
RED, BLUE = (Image.new("RGB", (64, 48), colour) for colour in ("#d02010", "#1020d0"))


@pytest.fixture(scope="module")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_classifier(tmp_path_factory.mktemp("classifier"))


@pytest.fixture
async def judging(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hub: hf.HuggingFaceServer) -> AsyncIterator[NsfwFilter]:
    monkeypatch.delenv("HF_HOME")
    monkeypatch.setenv("HF_TOKEN", "hf_host")
    made = NsfwFilter(tmp_path / "home", hub.url)
    yield made
    await made.close()


def by(model: Path | str, **settings: str) -> Settings:
    return Settings().replaced({"picture_filter": "on", "picture_filter_model": str(model), **settings})


def unheard(event: Event) -> None:
    raise AssertionError(f"nobody asked to be told {event}")


async def test_only_what_is_more_likely_unsafe_than_not_is_veiled(judging: NsfwFilter, classifier: Path) -> None:
    heard: list[Event] = []
    assert await judging.judge(RED, by(classifier), heard.append) == FilterResult(True)
    assert await judging.judge(BLUE, by(classifier), unheard) == FilterResult(False)
    assert (await judging.judge(RED.convert("L"), by(classifier), unheard)).notices == ()


async def test_no_picture_is_judged_where_the_filter_is_off_or_nobody_turned_it_on(
    judging: NsfwFilter, classifier: Path
) -> None:
    for choice in ("off", "auto"):
        assert await judging.judge(RED, by(classifier, picture_filter=choice), unheard) == FilterResult(False)


async def test_without_its_model_every_picture_is_veiled_and_nothing_is_fetched(
    judging: NsfwFilter, hub: hf.HuggingFaceServer, classifier: Path
) -> None:
    hub.serve(MODEL, classifier)
    assert await judging.judge(BLUE, by(MODEL), unheard) == FilterResult(True, (UNCHECKED,))
    assert hub.calls == []
    with reading(AgreementNeeded, f"not on this machine. Agree to its download with GEMINI_DIFFUSION_AGREED_DOWNLOADS={MODEL}"):
        await judging.check(by(MODEL))
    assert "GEMINI_DIFFUSION_PICTURE_FILTER=off" in judging.lacks(by(MODEL))


async def test_an_agreed_model_is_fetched_with_the_first_picture_without_a_token_and_only_what_it_needs(
    judging: NsfwFilter, hub: hf.HuggingFaceServer, classifier: Path, tmp_path: Path
) -> None:
    offered = shutil.copytree(classifier, tmp_path / "offered")
    (offered / "pytorch_model.bin").write_bytes(b"x" * 50_000)
    hub.serve(MODEL, offered, seconds_per_megabyte=20)
    agreed = by(MODEL, agreed_downloads=f"sdxl,{MODEL}")
    assert judging.lacks(agreed) == ""
    assert "fetched with the first picture" in await judging.check(agreed)
    assert hub.calls == []
    told: list[Event] = []
    assert await judging.judge(BLUE, agreed, told.append) == FilterResult(False)
    stages = [(type(event), event.stage) for event in told if isinstance(event, StageStarted | StageFinished)]
    assert stages == [(kind, stage) for stage in ("downloading", "loading") for kind in (StageStarted, StageFinished)]
    assert any(isinstance(event, Progress) and event.unit == "byte" for event in told)
    assert {call.token for call in hub.calls} == {None}
    assert not [call for call in hub.calls if call.path.endswith(".bin")]
    asked = len(hub.calls)
    again = NsfwFilter(tmp_path / "home", hub.url)
    assert await again.judge(RED, by(MODEL), told.append) == FilterResult(True)
    await again.close()
    assert len(hub.calls) == asked


async def test_a_download_that_was_stopped_goes_on_where_it_was(
    judging: NsfwFilter, hub: hf.HuggingFaceServer, classifier: Path, tmp_path: Path
) -> None:
    hub.serve(MODEL, classifier)
    weights = (classifier / "model.safetensors").read_bytes()
    blobs = tmp_path / "home" / "models" / "models--me--careful" / "blobs"
    blobs.mkdir(parents=True)
    (blobs / f"{hashlib.sha256(weights).hexdigest()}.part").write_bytes(weights[:1000])
    assert await judging.judge(BLUE, by(MODEL, agreed_downloads=MODEL), lambda event: None) == FilterResult(False)
    ranges = [
        call.headers.get("range") for call in hub.calls if call.method == "GET" and call.path.endswith("model.safetensors")
    ]
    assert ranges == ["bytes=1000-"]


async def test_a_hub_that_fails_veils_the_picture_tells_the_host_once_and_is_not_asked_for_every_picture(
    judging: NsfwFilter, hub: hf.HuggingFaceServer, caplog: pytest.LogCaptureFixture
) -> None:
    agreed = by(MODEL, agreed_downloads=MODEL)
    with caplog.at_level(logging.WARNING, "gemini_diffusion"):
        verdicts = [await judging.judge(BLUE, agreed, lambda event: None) for _ in range(3)]
    assert verdicts == [FilterResult(True, (UNCHECKED,))] * 3
    assert caplog.text.count("The picture filter cannot judge") == 1
    assert len([call for call in hub.calls if call.path.startswith("/api/models")]) <= 1


async def test_a_folder_without_a_classifier_and_a_damaged_one_are_refused_in_words(
    judging: NsfwFilter, classifier: Path, tmp_path: Path
) -> None:
    heard: list[Event] = []
    with reading(ModelNotFound, "holds no image classifier"):
        await judging.check(by(tmp_path))
    damaged = shutil.copytree(classifier, tmp_path / "damaged")
    (damaged / "model.safetensors").write_bytes(b"no weights")
    with reading(GeminiDiffusionError, "damaged"):
        await judging.check(by(damaged))
    assert await judging.judge(BLUE, by(damaged), heard.append) == FilterResult(True, (UNCHECKED,))
    assert heard == []  # it was tried a moment ago
    await judging.judge(BLUE, by(tmp_path / "damaged" / ".." / "damaged"), heard.append)
    assert [type(event) for event in heard] == [StageStarted, StageFinished]


async def test_pickled_weights_are_never_opened_and_a_models_own_code_never_runs(
    judging: NsfwFilter, classifier: Path, tmp_path: Path
) -> None:
    pickled = shutil.copytree(classifier, tmp_path / "pickled")
    (pickled / "model.safetensors").rename(pickled / "pytorch_model.bin")
    with reading(ModelNotFound, "safetensors"):
        await judging.check(by(pickled))
    own = shutil.copytree(classifier, tmp_path / "own")
    config = json.loads((own / "config.json").read_text("utf-8"))
    mapped = {"AutoConfig": "evil.Config", "AutoModelForImageClassification": "evil.Model"}
    (own / "config.json").write_text(json.dumps({**config, "model_type": "evil", "auto_map": mapped}), "utf-8")
    (own / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w').close()", "utf-8")
    with pytest.raises(GeminiDiffusionError):
        await judging.check(by(own))
    assert not (tmp_path / "ran").exists()


async def test_labels_that_say_nothing_are_refused_in_words(judging: NsfwFilter, tmp_path: Path) -> None:
    folder = build_classifier(tmp_path / "blank", ("LABEL_0", "LABEL_1"))
    with reading(RequestRefused, r"its labels (LABEL_0, LABEL_1) do not tell safe from unsafe. Another one"):
        await judging.check(by(folder))


@pytest.mark.parametrize(
    ("names", "unsafe"),
    [
        (("normal", "nsfw"), (1,)),
        (("drawings", "hentai", "neutral", "porn", "sexy"), (1, 3, 4)),
        (("Safe for work", "Unsafe"), (1,)),
        (("SFW", "NSFW"), (1,)),
    ],
)
def test_the_labels_of_common_classifiers_are_understood(names: tuple[str, ...], unsafe: tuple[int, ...]) -> None:
    assert unsafe_labels(dict(enumerate(names)), "a") == unsafe


@pytest.mark.parametrize("names", [("cat", "dog"), ("nsfw", "non-nsfw"), ("nsfw", "cat"), ("safe", "normal"), ()])
def test_labels_that_leave_a_side_open_are_not(names: tuple[str, ...]) -> None:
    with pytest.raises(RequestRefused):
        unsafe_labels(dict(enumerate(names)), "a")


@pytest.mark.parametrize(
    ("choice", "strangers", "needed"), [("auto", True, True), ("auto", False, False), ("on", False, True), ("off", True, False)]
)
def test_the_host_is_told_before_the_window_opens_what_is_missing_where_it_is_needed(
    choice: str, strangers: bool, needed: bool, tmp_path: Path
) -> None:
    studio = Services({}, {}, Gallery(tmp_path), NsfwFilter(tmp_path))
    said = health.advice(studio, Settings(picture_filter=choice), strangers=strangers)
    assert bool(said) == needed
    assert not needed or "343 MB, is not on this machine. Agree to its download with GEMINI_DIFFUSION_AGREED_DOWNLOADS=" in said


async def test_a_check_counts_a_missing_filter_as_a_fault_only_where_it_was_asked_for(tmp_path: Path) -> None:
    studio = Desk(tmp_path).studio
    found = {}
    for choice in ("auto", "on", "off"):
        settings = Settings(home=str(tmp_path), picture_filter=choice)
        found[choice] = next(each for each in await health.check_all(studio, settings) if each.part == "Picture filter")
    assert {choice: finding.ok for choice, finding in found.items()} == {"auto": True, "on": False, "off": True}
    assert "GEMINI_DIFFUSION_AGREED_DOWNLOADS" in found["auto"].fix and "GEMINI_DIFFUSION_AGREED_DOWNLOADS" in found["on"].fix


async def test_whoever_comes_is_told_that_some_pictures_are_blurred(tmp_path: Path) -> None:
    studio = Desk(tmp_path).studio
    sentence = "A picture that may not be for everyone stays blurred until you tap it."
    assert sentence in health.welcome(studio, Settings(home=str(tmp_path), picture_filter="on"))
    assert sentence not in health.welcome(studio, Settings(home=str(tmp_path)))


async def test_a_stop_while_it_judges_leaves_it_ready_for_the_next_picture(judging: NsfwFilter, classifier: Path) -> None:
    task = asyncio.create_task(judging.judge(RED, by(classifier), lambda event: None))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await judging.judge(BLUE, by(classifier), lambda event: None) == FilterResult(False)
