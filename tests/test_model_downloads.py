"""Models on their way here: agreed to first, with progress, resumed, refused in words; and where they lie."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gemini_diffusion.config.settings import Settings
from gemini_diffusion.engines import models
from gemini_diffusion.engines.downloads.fetch import Hub
from gemini_diffusion.engines.downloads.model_download import choose_files, model_download
from gemini_diffusion.engines.downloads.model_store import ModelStore, in_bytes, is_whole
from gemini_diffusion.engines.local.local_engine import LocalEngine
from gemini_diffusion.engines.worker import WorkerJob
from gemini_diffusion.types import ImageRequest, Progress, StageStarted
from gemini_diffusion.types.errors import AgreementNeeded, DiskFull, ModelNotFound, Unreachable
from tests.engine_harness import Local, reading
from tests.servers import hugging_face as hf
from tests.waiting import patiently, until

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # diffusers' own, about numpy


# --- downloads ---


@pytest.fixture
async def fetching(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hub: hf.HuggingFaceServer) -> AsyncIterator[Local]:
    monkeypatch.delenv("HF_HOME")
    monkeypatch.setenv("HF_TOKEN", "hf_host")
    made = Local(LocalEngine(tmp_path / "home", hub.url))
    yield made
    await made.engine.close()


AGREED = Settings(agreed_downloads="me/tiny-xl")


async def test_nothing_is_fetched_before_somebody_agreed(
    fetching: Local, hub: hf.HuggingFaceServer, sdxl: Path, tmp_path: Path
) -> None:
    with pytest.raises(AgreementNeeded) as caught:
        await fetching.draw("sdxl")
    free = in_bytes(shutil.disk_usage(tmp_path).free)
    assert caught.value.message == f"SDXL base 1.0 is a 6.9 GB download; {free} are free here."
    assert (caught.value.model, caught.value.download_bytes) == ("sdxl", 6_940_000_000)
    assert hub.calls == []
    hub.serve("me/tiny-xl", sdxl)
    with pytest.raises(AgreementNeeded) as other:
        await fetching.draw("me/tiny-xl")
    assert other.value.message.startswith("me/tiny-xl is a 1.")
    assert other.value.download_bytes == _bytes(sdxl)
    assert not [call for call in hub.calls if call.method == "GET" and "/resolve/" in call.path]


async def test_what_models_share_is_not_asked_about_twice(fetching: Local, sdxl: Path, tmp_path: Path) -> None:
    base = tmp_path / "home" / "models" / "models--stabilityai--stable-diffusion-xl-base-1.0"
    shutil.copytree(sdxl, base / "snapshots" / "abc")
    with reading(AgreementNeeded, "SDXL Lightning is a 394 MB download; "):
        await fetching.draw("sdxl-lightning")
    notes = {choice.id: choice.note for choice in await fetching.engine.models(Settings())}
    assert (notes["sdxl"], notes["sdxl-lightning"]) == ("on this machine", "394 MB to download")


async def test_an_agreed_model_is_fetched_with_progress_then_drawn_and_found_the_next_time(
    fetching: Local, hub: hf.HuggingFaceServer, sdxl: Path, tmp_path: Path
) -> None:
    hub.serve("me/tiny-xl", sdxl, seconds_per_megabyte=0.5)
    await fetching.draw("me/tiny-xl", AGREED)
    stages = [event.stage for event in fetching.told(StageStarted)]
    assert stages == ["downloading", "loading", "drawing"]
    bytes_told = [event for event in fetching.told(Progress) if event.unit == "byte"]
    assert bytes_told
    assert all(0 < event.done <= event.total and event.seconds_left >= 0 for event in bytes_told)
    assert {call.token for call in hub.calls} == {None}
    assert [path.name for path in (tmp_path / "home" / "models").glob("models--*")] == ["models--me--tiny-xl"]
    asked = len(hub.calls)
    again = LocalEngine(tmp_path / "home", hub.url)
    result = await again.generate(ImageRequest("a cat", "me/tiny-xl", 64, 64, 2, 5.0), Settings(), fetching.events.append)
    await again.close()
    assert result.image.size == (64, 64)
    assert len(hub.calls) == asked


async def test_a_stopped_download_returns_at_once_and_goes_on_where_it_was(
    fetching: Local, hub: hf.HuggingFaceServer, sdxl: Path
) -> None:
    hub.serve("me/tiny-xl", sdxl, seconds_per_megabyte=20)
    task = asyncio.create_task(fetching.draw("me/tiny-xl", AGREED))
    await until(lambda: [call for call in hub.calls if call.path.endswith("safetensors") and call.method == "GET"])
    task.cancel()
    async with patiently("the download to stop"):
        with pytest.raises(asyncio.CancelledError):
            await task
    assert (await fetching.draw(sdxl)).image.size == (64, 64)  # drawing does not wait for the download's thread


async def test_a_connection_that_breaks_is_taken_up_again(fetching: Local, hub: hf.HuggingFaceServer, sdxl: Path) -> None:
    repository = hub.serve("me/tiny-xl", sdxl, cut_once_after=100_000)
    assert (await fetching.draw("me/tiny-xl", AGREED)).image.size == (64, 64)
    assert repository.cut_once_after is None, "it never broke"


async def test_a_licence_a_private_model_and_a_missing_one_each_have_their_words(
    fetching: Local, hub: hf.HuggingFaceServer, sdxl: Path
) -> None:
    hub.serve("me/gated-xl", sdxl, gated=True, reader="hf_reader")
    agreed = Settings(agreed_downloads="me/gated-xl,me/nothing")
    with pytest.raises(AgreementNeeded) as caught:
        await fetching.draw("me/gated-xl", agreed)
    assert "Open https://huggingface.co/me/gated-xl, accept it there" in caught.value.hint
    with reading(ModelNotFound, "me/nothing is private or does not exist"):
        await fetching.draw("me/nothing", agreed)
    await fetching.draw("me/gated-xl", agreed.replaced({"hf_token": "hf_reader"}))
    assert {call.token for call in hub.calls} == {None, "hf_reader"}


async def test_a_hub_out_of_reach_is_told_with_what_is_kept(fetching: Local, tmp_path: Path) -> None:
    engine = LocalEngine(tmp_path, "http://127.0.0.1:1")
    with reading(Unreachable, "cannot be reached. Check the network and send it again"):
        await engine.generate(ImageRequest("a cat", "me/tiny-xl", 64, 64, 2, 5.0), AGREED, fetching.events.append)
    await engine.close()


def _bytes(folder: Path) -> int:
    """Of all files in a folder that are no link and no note of the hub's library."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and path.suffix in (".json", ".safetensors"))


class FullStore(ModelStore):
    """A disk with hardly any room."""

    @property
    def free_bytes(self) -> int:
        return 100_000


async def test_a_disk_without_room_is_told_before_anything_is_fetched(
    hub: hf.HuggingFaceServer, sdxl: Path, tmp_path: Path
) -> None:
    hub.serve("me/tiny-xl", sdxl)
    download = model_download(models.find_model("me/tiny-xl"), Hub(FullStore(tmp_path), hub.url))
    job = WorkerJob(asyncio.get_running_loop(), lambda event: None)
    with reading(DiskFull, "MB more; 100 kB are free here. Free some space"):
        await asyncio.to_thread(download.run, job)
    assert _bytes(tmp_path) == 0


# --- offline, changed, full ---


async def test_offline_is_said_and_models_on_the_disk_go_on_working(
    fetching: Local, hub: hf.HuggingFaceServer, sdxl: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import huggingface_hub.constants

    hub.serve("me/tiny-xl", sdxl)
    await fetching.draw("me/tiny-xl", AGREED)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    asked = len(hub.calls)
    assert (await fetching.draw("me/tiny-xl", AGREED)).image.size == (64, 64)
    with reading(Unreachable, "me/other is not on this machine, and HF_HUB_OFFLINE keeps it from being fetched. Unset"):
        await fetching.draw("me/other", Settings(agreed_downloads="me/other"))
    assert len(hub.calls) == asked


async def test_a_model_stays_the_version_it_was_when_its_owner_changes_it(
    fetching: Local, hub: hf.HuggingFaceServer, sdxl: Path
) -> None:
    repository = hub.serve("me/tiny-xl", sdxl)
    first = await fetching.draw("me/tiny-xl", AGREED)
    repository.commit = "f" * 40
    asked = len(hub.calls)
    again = await fetching.draw("me/tiny-xl", AGREED)
    assert again.image.tobytes() == first.image.tobytes()
    assert len(hub.calls) == asked


# --- what is chosen and found ---


@pytest.mark.parametrize(
    ("count", "words"),
    [(41.4e9, "41 GB"), (6.94e9, "6.9 GB"), (350e6, "350 MB"), (9.96e6, "10 MB"), (999_900, "1.0 MB"), (99_500, "100 kB"),
     (9_100, "9.1 kB"), (0, "0.0 kB")],
)  # fmt: skip
def test_an_amount_of_bytes_reads_as_a_person_says_it(count: float, words: str) -> None:
    assert in_bytes(count) == words


def test_of_a_repository_only_what_a_drawing_needs_is_chosen() -> None:
    settings = ["model_index.json", "unet/config.json", "tokenizer/vocab.json", "tokenizer/merges.txt"]
    halves = ["unet/diffusion_pytorch_model.fp16.safetensors", "vae/diffusion_pytorch_model.fp16.safetensors"]
    wholes = ["unet/diffusion_pytorch_model.safetensors", "vae/diffusion_pytorch_model.safetensors"]
    others = ["unet/diffusion_pytorch_model.non_ema.safetensors", "vae_1_0/diffusion_pytorch_model.fp16.safetensors"]
    assert choose_files([*settings, *halves, *wholes, *others], "fp16") == {*settings, *halves}
    assert choose_files([*settings, *halves, *wholes, *others], "") == {*settings, *wholes}
    assert choose_files([*settings, *wholes, *others], "fp16") == {*settings, *wholes}
    shards = ["unet/model.safetensors.index.json", "unet/model-1-of-2.safetensors", "unet/model-2-of-2.safetensors"]
    assert choose_files([*settings, *shards], "fp16") == {*settings, *shards}


def test_a_model_whose_shards_are_not_all_there_is_not_whole(sdxl: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(sdxl, tmp_path / "model")
    assert is_whole(folder)
    weights = folder / "unet" / "diffusion_pytorch_model.safetensors"
    index = {"weight_map": {"a": weights.name, "b": "diffusion_pytorch_model-2.safetensors"}}
    (folder / "unet" / "diffusion_pytorch_model.safetensors.index.json").write_text(json.dumps(index))
    assert not is_whole(folder)


def test_models_lie_in_the_hubs_own_cache_where_one_is_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    assert ModelStore.at(tmp_path).folder == tmp_path / "hf" / "hub"
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "cache"))
    assert ModelStore.at(tmp_path).folder == tmp_path / "cache"
    monkeypatch.delenv("HF_HOME")
    monkeypatch.delenv("HF_HUB_CACHE")
    assert ModelStore.at(tmp_path).folder == tmp_path / "models"
