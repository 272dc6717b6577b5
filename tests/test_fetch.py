"""A model's repositories as one download: one size, nothing that is not needed, and taken up where it was stopped."""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
import shutil
from pathlib import Path
from typing import Any

import pytest

from gemini_diffusion.engines import models
from gemini_diffusion.engines.downloads.fetch import Download, Hub
from gemini_diffusion.engines.downloads.model_download import model_download
from gemini_diffusion.engines.downloads.model_store import ModelParts, ModelStore, is_whole
from gemini_diffusion.engines.models import Companion, ImageModel
from gemini_diffusion.engines.worker import JobCancelled, WorkerJob
from gemini_diffusion.types import Progress
from gemini_diffusion.types.errors import AgreementNeeded, BadAnswer, ModelNotFound, Unreachable
from tests.engine_harness import reading
from tests.servers import hugging_face as hf
from tests.waiting import until


@dataclasses.dataclass
class Fetching:
    """A model's download on its own, and what it told."""

    entry: ImageModel
    hub: Hub
    told: list[Progress] = dataclasses.field(default_factory=list)

    def job(self) -> WorkerJob:
        return WorkerJob(
            asyncio.get_running_loop(), lambda event: self.told.append(event) if isinstance(event, Progress) else None
        )

    async def run(self) -> Path:
        await asyncio.to_thread(self.download.run, self.job())
        found = self.hub.store.find(self.entry)
        assert found
        return found

    @property
    def download(self) -> Download:
        return model_download(self.entry, self.hub)


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.suffix in (".json", ".safetensors"))


def entry_for(source: str, *companions: Companion, **changes: Any) -> ImageModel:
    return dataclasses.replace(models.find_model("sdxl"), source=source, companions=companions, variant="", **changes)


VAE = Companion("vae", "me/better-vae", 1)
LORA = Companion("lora", "me/fast", 1, "fast_4step.safetensors")


@pytest.fixture
def all_three(hub: hf.HuggingFaceServer, sdxl: Path, tmp_path: Path) -> hf.HuggingFaceServer:
    """A model, another decoder at the top of its repository, and a LoRA among others, code and pickles lying about."""
    others = tmp_path / "others"
    vae = shutil.copytree(sdxl / "vae", others / "vae")
    (vae / "diffusion_pytorch_model.bin").write_bytes(b"pickle")
    (vae / "evil.py").write_text("raise SystemExit")
    lora = others / "lora"
    lora.mkdir()
    for name in ("fast_4step.safetensors", "fast_8step.safetensors"):
        (lora / name).write_bytes(bytes(3000))
    model = shutil.copytree(sdxl, others / "model")
    (model / "pipeline.py").write_text("raise SystemExit")
    (model / "unet" / "diffusion_pytorch_model.bin").write_bytes(b"pickle")
    for name, folder in (("me/tiny-xl", model), ("me/better-vae", vae), ("me/fast", lora)):
        hub.serve(name, folder)
    return hub


async def test_what_a_model_needs_beside_it_is_one_download_with_one_size(
    all_three: hf.HuggingFaceServer, sdxl: Path, tmp_path: Path
) -> None:
    store, entry = ModelStore(tmp_path / "models"), entry_for("me/tiny-xl", VAE, LORA)
    fetching = Fetching(entry, Hub(store, all_three.url))
    bundle = await asyncio.to_thread(fetching.download.plan)
    own = (sdxl / "vae" / "diffusion_pytorch_model.safetensors").stat().st_size
    decoder = _bytes(sdxl / "vae")
    assert [plan.source for plan in bundle.plans] == ["me/tiny-xl", "me/better-vae", "me/fast"]
    assert bundle.total == bundle.missing == _bytes(sdxl) - own + decoder + 3000
    folder = await fetching.run()
    assert store.find(entry) == folder
    assert fetching.told[-1].total == bundle.total
    assert all(event.done <= event.total for event in fetching.told)
    parts = store.parts(entry)
    assert parts.lora is not None
    assert parts.vae is not None
    assert (parts.lora.name, (parts.vae / "config.json").exists()) == ("fast_4step.safetensors", True)
    asked = {call.path.rpartition("/")[2] for call in all_three.calls if call.method == "GET" and "/resolve/" in call.path}
    assert not [name for name in asked if name.endswith((".py", ".bin")) or "8step" in name]
    assert not (folder / "vae" / "diffusion_pytorch_model.safetensors").exists()


async def test_a_model_is_not_here_before_all_it_needs_is_and_shared_repositories_are_fetched_once(
    all_three: hf.HuggingFaceServer, tmp_path: Path
) -> None:
    store = ModelStore(tmp_path / "models")
    plain = entry_for("me/tiny-xl", download_bytes=1000)
    fast = entry_for("me/tiny-xl", dataclasses.replace(LORA, download_bytes=300), download_bytes=1300)
    assert (store.to_fetch(plain), store.to_fetch(fast)) == (1000, 1300)
    await Fetching(plain, Hub(store, all_three.url)).run()
    assert store.find(plain)
    assert store.find(fast) is None
    assert (store.to_fetch(plain), store.to_fetch(fast)) == (0, 300)
    bundle = await asyncio.to_thread(model_download(fast, Hub(store, all_three.url)).plan)
    assert bundle.missing == 3000 < bundle.total
    await Fetching(fast, Hub(store, all_three.url)).run()
    assert store.find(fast) == store.find(plain)
    assert (store.to_fetch(fast), store.parts(plain), store.parts(fast) == ModelParts()) == (0, ModelParts(), False)


async def test_a_refiner_is_fetched_without_the_parts_it_shares(all_three: hf.HuggingFaceServer, tmp_path: Path) -> None:
    store, refiner = ModelStore(tmp_path / "models"), entry_for("me/tiny-xl", shared=("text_encoder_2", "vae"))
    folder = await Fetching(refiner, Hub(store, all_three.url)).run()
    assert [path.parent.name for path in sorted(folder.glob("*/*.safetensors"))] == ["text_encoder", "unet"]
    assert store.find(refiner) == folder
    assert store.find(entry_for("me/tiny-xl")) is None


async def test_a_licence_that_only_a_companion_asks_for_names_its_own_page(
    all_three: hf.HuggingFaceServer, tmp_path: Path
) -> None:
    all_three.repositories["me/fast"].gated = True
    with pytest.raises(AgreementNeeded) as caught:
        await Fetching(entry_for("me/tiny-xl", LORA), Hub(ModelStore(tmp_path / "models"), all_three.url)).run()
    assert "Open https://huggingface.co/me/fast, accept it there" in caught.value.hint


@pytest.mark.parametrize("lacking", [Companion("lora", "me/fast", 1, "nothing.safetensors"), Companion("vae", "me/fast", 1)])
async def test_a_companion_that_lacks_what_is_wanted_is_told_before_anything_is_fetched(
    all_three: hf.HuggingFaceServer, tmp_path: Path, lacking: Companion
) -> None:
    with reading(ModelNotFound, "me/fast holds no model that can be drawn with here"):
        await Fetching(entry_for("me/tiny-xl", lacking), Hub(ModelStore(tmp_path / "models"), all_three.url)).run()
    assert not [call for call in all_three.calls if call.method == "GET" and "/resolve/" in call.path]


# --- stopped, damaged, fetched twice at once ---


async def test_a_download_that_was_stopped_asks_for_the_rest_only(
    hub: hf.HuggingFaceServer, sdxl: Path, tmp_path: Path
) -> None:
    large = shutil.copytree(sdxl, tmp_path / "large")
    weights = large / "unet" / "diffusion_pytorch_model.safetensors"
    weights.write_bytes(bytes(range(256)) * 130_000)  # 33 MB: the hub's client writes ten at once
    repository = hub.serve("me/tiny-xl", large, seconds_per_megabyte=0.05)
    store = ModelStore(tmp_path / "models")
    fetching = Fetching(entry_for("me/tiny-xl"), Hub(store, hub.url))
    job = fetching.job()
    running = asyncio.create_task(asyncio.to_thread(fetching.download.run, job))
    await until(lambda: any(event.done > 13_000_000 for event in fetching.told))
    job.cancel()
    with pytest.raises(JobCancelled):
        await running
    assert store.find(fetching.entry) is None
    before, repository.seconds_per_megabyte = len(hub.calls), 0.0
    fetching.told.clear()
    assert is_whole(await fetching.run())
    (rest,) = [
        call for call in hub.calls[before:] if call.method == "GET" and "/unet/" in call.path and "safetensors" in call.path
    ]
    began = int(rest.headers["range"].removeprefix("bytes=").rstrip("-"))
    assert began >= 10_000_000
    found = store.find(fetching.entry)
    assert found is not None
    assert (found / "unet" / weights.name).read_bytes() == weights.read_bytes()


async def test_a_file_that_arrives_damaged_is_not_kept_and_fetched_anew(
    hub: hf.HuggingFaceServer, sdxl: Path, tmp_path: Path
) -> None:
    hub.serve("me/tiny-xl", sdxl)
    fetching = Fetching(entry_for("me/tiny-xl"), Hub(ModelStore(tmp_path), hub.url))
    (weights,) = (sdxl / "unet").glob("*.safetensors")
    name = hashlib.sha256(weights.read_bytes()).hexdigest()
    part = tmp_path / "models--me--tiny-xl" / "blobs" / f"{name}.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(b"something else" * 100)
    with reading(BadAnswer, "A file of me/tiny-xl did not arrive as it was sent. Send it again"):
        await fetching.run()
    assert (await fetching.run() / "unet" / weights.name).read_bytes() == weights.read_bytes()


async def test_the_token_is_told_to_the_hub_and_to_no_other_host(hub: hf.HuggingFaceServer, sdxl: Path, tmp_path: Path) -> None:
    with hf.HuggingFaceServer() as other:
        other.serve("me/tiny-xl", sdxl)
        hub.serve("me/tiny-xl", sdxl, gated=True, reader="hf_reader", elsewhere=other.url)
        folder = await Fetching(entry_for("me/tiny-xl"), Hub(ModelStore(tmp_path), hub.url, "hf_reader")).run()
        assert is_whole(folder)
        assert {call.token for call in hub.calls} == {"hf_reader"}
        assert {call.token for call in other.calls} == {None}
        assert len(other.calls) == 4


async def test_two_programs_do_not_write_into_one_file(hub: hf.HuggingFaceServer, sdxl: Path, tmp_path: Path) -> None:
    from filelock import FileLock

    hub.serve("me/tiny-xl", sdxl)
    (weights,) = (sdxl / "text_encoder").glob("*.safetensors")
    blobs = tmp_path / "models--me--tiny-xl" / "blobs"
    blobs.mkdir(parents=True)
    with (
        FileLock(blobs / f"{hashlib.sha256(weights.read_bytes()).hexdigest()}.lock"),
        reading(Unreachable, "Another program is fetching me/tiny-xl at this moment. Wait until it is done"),
    ):
        await Fetching(entry_for("me/tiny-xl"), Hub(ModelStore(tmp_path), hub.url)).run()
