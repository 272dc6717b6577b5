"""LoRAs and textual inversions on their way from the hub: agreed to by size, one safe file, for the right family."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gemini_diffusion.config.settings import Settings
from gemini_diffusion.engines import models
from gemini_diffusion.engines.downloads.fetch import Download, Hub
from gemini_diffusion.engines.downloads.model_store import ModelStore, in_bytes
from gemini_diffusion.engines.local.adapters.adapter_download import adapter_download
from gemini_diffusion.engines.local.adapters.adapter_files import AdapterFolder, refuse_others, width_of
from gemini_diffusion.engines.local.local_engine import LocalEngine
from gemini_diffusion.engines.torch_imports import TorchImports
from gemini_diffusion.engines.worker import WorkerJob
from gemini_diffusion.types import Adapter, Emit, Event, Progress, StageFinished, StageStarted
from gemini_diffusion.types.errors import AgreementNeeded, BadInput, ModelNotFound, Unreachable
from tests.adapter_makers import TO_K, TO_Q, UNET, RandomLora, lora
from tests.engine_harness import Local, reading
from tests.servers import hugging_face as hf

NAME = "nerijs/pixel-art-xl"


@pytest.fixture
def adapter_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AdapterFolder:
    monkeypatch.setenv("HF_TOKEN", "hf_host")
    return AdapterFolder(tmp_path / "adapters", tmp_path / "hub")


def download(name: str, adapter_folder: AdapterFolder, hub: hf.HuggingFaceServer, token: str = "") -> Download:
    return adapter_download(name, Hub(ModelStore(adapter_folder.hub), hub.url, token))


def job(watcher: Emit = lambda event: None) -> WorkerJob:
    return WorkerJob(asyncio.get_running_loop(), watcher)


async def fetched(what: Download) -> list[Event]:
    told: list[Event] = []
    await asyncio.to_thread(what.run, job(told.append))
    await asyncio.sleep(0)
    return told


def weights_asked_for(hub: hf.HuggingFaceServer) -> set[str]:
    return {call.path.rpartition("/")[2] for call in hub.calls if call.method == "GET" and "/resolve/" in call.path}


async def test_a_lora_is_asked_about_with_its_size_then_fetched_and_found_without_asking_again(
    adapter_folder: AdapterFolder, hub: hf.HuggingFaceServer, tmp_path: Path
) -> None:
    size = lora(tmp_path / "repository" / "pixel-art-xl.safetensors").stat().st_size
    (tmp_path / "repository" / "README.md").write_text("words")
    (tmp_path / "repository" / "pytorch_lora_weights.bin").write_bytes(b"\x80\x02 a pickle")
    hub.serve(NAME, tmp_path / "repository")
    assert adapter_folder.lacks(NAME)
    lora_of_it = download(NAME, adapter_folder, hub)
    wanted = lora_of_it.agreement(lora_of_it.plan().missing)
    free = in_bytes(shutil.disk_usage(tmp_path).free)
    assert wanted.message == f"{NAME} is a {in_bytes(size)} download; {free} are free here."
    assert (wanted.model, wanted.download_bytes) == (NAME, size)
    assert weights_asked_for(hub) == set()

    told = await fetched(download(NAME, adapter_folder, hub))
    assert [event.text for event in told if isinstance(event, StageFinished)] == [f"Fetched {NAME}, {in_bytes(size)}"]
    assert all(event.total == size for event in told if isinstance(event, Progress))
    assert weights_asked_for(hub) == {"pixel-art-xl.safetensors"}
    assert {call.token for call in hub.calls} == {None}
    assert not adapter_folder.lacks(NAME)
    found = adapter_folder.find(NAME)
    assert (found.name, found.family, found.size) == ("pixel-art-xl", "sdxl", size)


async def test_of_several_files_the_usual_one_is_fetched_or_the_one_that_is_named(
    adapter_folder: AdapterFolder, hub: hf.HuggingFaceServer, tmp_path: Path
) -> None:
    for name in ("a", "b", "old/a"):
        lora(tmp_path / "repository" / f"{name}.safetensors")
    repository = hub.serve(NAME, tmp_path / "repository")
    with reading(BadInput, f"{NAME} has several files. Say which: {NAME}/a.safetensors, {NAME}/b.safetensors, {NAME}/old/a"):
        download(NAME, adapter_folder, hub).plan()
    with reading(BadInput, f"{NAME}/c.safetensors is not among the files there. Say which: {NAME}/a.safetensors"):
        download(f"{NAME}/c.safetensors", adapter_folder, hub).plan()
    assert download(f"{NAME}/a.safetensors", adapter_folder, hub).plan().plans[0].files == ("a.safetensors",)
    named = f"{NAME}/b.safetensors"
    await fetched(download(named, adapter_folder, hub))
    assert weights_asked_for(hub) == {"b.safetensors"}
    assert adapter_folder.find(named).name == "b"
    assert adapter_folder.lacks(f"{NAME}/old/a.safetensors")
    lora(tmp_path / "repository" / "pytorch_lora_weights.safetensors")
    repository.commit = "f" * 40
    assert download(NAME, adapter_folder, hub).plan().plans[0].files == ("pytorch_lora_weights.safetensors",)


async def test_a_repository_of_pickles_only_is_refused_and_none_is_fetched(
    adapter_folder: AdapterFolder, hub: hf.HuggingFaceServer, tmp_path: Path
) -> None:
    (tmp_path / "repository").mkdir()
    for name in ("learned_embeds.bin", "style.pt"):
        (tmp_path / "repository" / name).write_bytes(b"\x80\x02")
    hub.serve(NAME, tmp_path / "repository")
    with reading(BadInput, f"{NAME} has no .safetensors file. Only .safetensors files are used"):
        await fetched(download(NAME, adapter_folder, hub))
    assert weights_asked_for(hub) == set()


async def test_a_disguised_pickle_is_refused_after_it_came(
    adapter_folder: AdapterFolder, hub: hf.HuggingFaceServer, tmp_path: Path
) -> None:
    (tmp_path / "repository").mkdir()
    (tmp_path / "repository" / "style.safetensors").write_bytes(b"PK\x03\x04" + bytes(100))
    hub.serve(NAME, tmp_path / "repository")
    await fetched(download(NAME, adapter_folder, hub))
    with reading(BadInput, "it is a pickle that is only called .safetensors"):
        adapter_folder.find(NAME)


async def test_what_is_not_there_and_being_offline_have_their_words(
    adapter_folder: AdapterFolder, hub: hf.HuggingFaceServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    import huggingface_hub.constants

    with reading(ModelNotFound, f"{NAME} is private or does not exist"):
        download(NAME, adapter_folder, hub).plan()
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with reading(Unreachable, f"{NAME} is not on this machine, and HF_HUB_OFFLINE keeps it from being fetched. Unset"):
        download(NAME, adapter_folder, hub).plan()


@pytest.mark.parametrize(
    "name", ["pixelart", "styles/pixelart", "../../etc", "/etc/passwd", "a/", ".hidden/x", "https://a.b/c"]
)
def test_only_a_hub_id_is_looked_for_at_the_hub(name: str, adapter_folder: AdapterFolder) -> None:
    (adapter_folder.folder / "styles").mkdir(parents=True)
    assert not adapter_folder.lacks(name)
    with pytest.raises(ModelNotFound):
        adapter_folder.find(name)


def test_a_file_for_another_family_is_refused_before_its_model_is_fetched_or_loaded(
    adapter_folder: AdapterFolder, sdxl: Path, tmp_path: Path
) -> None:
    older = adapter_folder.find(lora(adapter_folder.folder / "older.safetensors", 768).stem)
    with reading(BadInput, "older was made for Stable Diffusion 1.5 (a word has 768 numbers there), and this model is SDXL"):
        refuse_others(older, width_of(models.find_model("sdxl"), None))
    refuse_others(older, width_of(models.find_model("realistic-vision"), None))
    here = models.find_model(str(sdxl))
    with reading(BadInput, "and this model is a model of its own kind (a word has"):
        refuse_others(older, width_of(here, sdxl))
    refuse_others(older, width_of(models.find_model("me/who-knows-xl"), None))
    with reading(BadInput, "this model is Postcard"):
        refuse_others(older, width_of(models.find_model("postcard"), Path(models.find_model("postcard").source)))


# Through the engine


@pytest.fixture
async def local(hub: hf.HuggingFaceServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Local]:
    monkeypatch.delenv("HF_HOME")
    made = Local(LocalEngine(tmp_path / "home", hub.url))
    yield made
    await made.engine.close()


async def test_a_picture_is_drawn_with_a_lora_of_the_hub_once_it_was_agreed_to(
    local: Local, hub: hf.HuggingFaceServer, sdxl: Path, packages: TorchImports, tmp_path: Path
) -> None:
    made_for = packages.diffusers.StableDiffusionXLPipeline.from_pretrained(sdxl, local_files_only=True)
    RandomLora.of(made_for, [(UNET, TO_Q), (UNET, TO_K)]).as_peft(tmp_path / "repository" / "style.safetensors")
    hub.serve(NAME, tmp_path / "repository")
    wish = (Adapter(NAME, 0.8),)
    with pytest.raises(AgreementNeeded) as caught:
        await local.draw(sdxl, adapters=wish)
    assert caught.value.model == NAME
    agreed = Settings(agreed_downloads=NAME)
    drawn = await local.draw(sdxl, agreed, adapters=wish)
    assert [event.stage for event in local.told(StageStarted)] == ["downloading", "loading", "drawing"]
    assert drawn.image.tobytes() != (await local.draw(sdxl)).image.tobytes()
    asked = len(hub.calls)
    assert (await local.draw(sdxl, adapters=wish)).image.tobytes() == drawn.image.tobytes()
    assert (await local.draw(sdxl, adapters=(Adapter("nobody/nothing", 0.0),))).image.size == (64, 64)
    assert len(hub.calls) == asked


async def test_a_lora_of_another_family_is_refused_right_after_it_came_and_nothing_is_loaded(
    local: Local, hub: hf.HuggingFaceServer, sdxl: Path, tmp_path: Path
) -> None:
    lora(tmp_path / "repository" / "style.safetensors", 768)
    hub.serve(NAME, tmp_path / "repository")
    with reading(BadInput, "pixel-art-xl was made for Stable Diffusion 1.5"):
        await local.draw(sdxl, Settings(agreed_downloads=NAME), adapters=(Adapter(NAME),))
    assert [event.stage for event in local.told(StageStarted)] == ["downloading"]
    assert (await local.draw(sdxl)).image.size == (64, 64)
