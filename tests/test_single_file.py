"""Models in one .safetensors file: drawn as from their folder, with settings that are here or fetched, or refused in words."""

from __future__ import annotations

import asyncio
import pickle
import shutil
import struct
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gemini_diffusion.config.settings import Settings
from gemini_diffusion.engines.downloads.fetch import Hub
from gemini_diffusion.engines.downloads.model_download import model_download
from gemini_diffusion.engines.downloads.model_store import ModelParts, ModelStore
from gemini_diffusion.engines.local.loading.loader import count_weights, load_pipeline
from gemini_diffusion.engines.local.loading.single_file import FIRST_OF_FAMILY, fits, refuse_unusable
from gemini_diffusion.engines.local.local_engine import LocalEngine
from gemini_diffusion.engines.models import find_model
from gemini_diffusion.engines.torch_imports import TorchImports
from gemini_diffusion.engines.worker import WorkerJob
from gemini_diffusion.types.errors import AgreementNeeded, GeminiDiffusionError, ModelNotFound, RequestRefused
from tests.engine_harness import Local, Trap, draw_one, reading
from tests.original_layout import save_single_file
from tests.servers import hugging_face as hf
from tests.tiny_sdxl import build_sd15

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # diffusers' own, about numpy


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory, sdxl: Path, packages: TorchImports) -> Path:
    """xl and sd15, each a folder, and one file beside it with the same weights.

    SDXL's two encoders have to be of different widths, as the real ones are: by that they are told apart in a file.
    """
    place = tmp_path_factory.mktemp("single")
    base = load_pipeline(sdxl, packages).base
    for name, hidden in (("text_encoder", 24), ("text_encoder_2", 40)):
        config = getattr(base, name).config
        config.hidden_size, config.projection_dim = hidden, 32
        packages.torch.manual_seed(hidden)
        setattr(base, name, type(getattr(base, name))(config).eval())
    base.save_pretrained(place / "xl")
    build_sd15(place / "sd15")
    for name in ("xl", "sd15"):
        save_single_file(load_pipeline(place / name, packages).base, place / f"{name}.safetensors")
    return place


@pytest.mark.parametrize("name", ["xl", "sd15"])
async def test_a_single_file_draws_what_its_folder_draws(models: Path, packages: TorchImports, name: str) -> None:
    folder, file = models / name, models / f"{name}.safetensors"
    assert fits(folder, file)
    one, other = load_pipeline(file, packages, parts=ModelParts(settings=folder)), load_pipeline(folder, packages)
    assert draw_one(one).image.tobytes() == draw_one(other).image.tobytes()
    whole, weighed = count_weights(folder), count_weights(file)
    assert weighed.largest == whole.largest
    assert abs(weighed.total - whole.total) / whole.total < 0.01


def test_settings_of_another_width_or_family_or_of_a_few_step_model_do_not_fit(
    models: Path, sdxl: Path, tmp_path: Path
) -> None:
    assert not fits(models / "sd15", models / "xl.safetensors")
    assert not fits(models / "nothing", models / "xl.safetensors")
    few = shutil.copytree(models / "xl", tmp_path / "few", ignore=shutil.ignore_patterns("*.safetensors"))
    assert fits(few, models / "xl.safetensors")
    scheduler = few / "scheduler" / "scheduler_config.json"
    scheduler.write_text(scheduler.read_text().replace('"leading"', '"trailing"'))
    assert not fits(few, models / "xl.safetensors")
    wide = shutil.copytree(models / "xl", tmp_path / "wide", ignore=shutil.ignore_patterns("*.safetensors"))
    unet = wide / "unet" / "config.json"
    unet.write_text(unet.read_text().replace('"cross_attention_dim": 64', '"cross_attention_dim": 2048'))
    assert not fits(wide, models / "xl.safetensors")


def test_settings_are_taken_from_a_model_of_the_family_that_is_here(models: Path, tmp_path: Path) -> None:
    store, entry = ModelStore(tmp_path), find_model(str(models / "xl.safetensors"))
    assert (entry.family, entry.is_file, store.find(entry)) == ("sdxl", True, None)
    put(tmp_path, "me/other", models / "sd15")
    assert store.find(entry) is None
    put(tmp_path, "me/like-it", models / "xl")
    assert store.find(entry) == models / "xl.safetensors"
    assert store.parts(entry).settings == tmp_path / "models--me--like-it" / "snapshots" / "1"
    put(tmp_path, FIRST_OF_FAMILY["sdxl"], models / "xl")
    settings = store.parts(entry).settings
    assert settings is not None
    assert "stable-diffusion-xl-base" in str(settings)


def put(store: Path, name: str, folder: Path) -> None:
    """A model as the hub's cache keeps it."""
    shutil.copytree(folder, store / f"models--{name.replace('/', '--')}" / "snapshots" / "1")


# --- settings that have to be fetched ---


@pytest.fixture
async def local(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hub: hf.HuggingFaceServer) -> AsyncIterator[Local]:
    monkeypatch.delenv("HF_HOME")
    made = Local(LocalEngine(tmp_path / "home", hub.url))
    yield made
    await made.engine.close()


async def test_only_the_settings_are_fetched_for_a_file(models: Path, hub: hf.HuggingFaceServer, tmp_path: Path) -> None:
    hub.serve(FIRST_OF_FAMILY["sdxl"], models / "xl")
    store, file = ModelStore(tmp_path), models / "xl.safetensors"
    entry = find_model(str(file))
    download = model_download(entry, Hub(store, hub.url))
    job = WorkerJob(asyncio.get_running_loop(), lambda event: None)
    assert 0 < (await asyncio.to_thread(download.plan)).total < 200_000
    await asyncio.to_thread(download.run, job)
    assert not [call for call in hub.calls if call.path.endswith(".safetensors")]
    assert store.find(entry) == file


async def test_the_engine_draws_with_a_single_file_once_its_settings_are_here(
    local: Local, models: Path, hub: hf.HuggingFaceServer, tmp_path: Path
) -> None:
    hub.serve(FIRST_OF_FAMILY["sd15"], models / "sd15")
    file = models / "sd15.safetensors"
    with pytest.raises(AgreementNeeded):
        await local.draw(file)
    result = await local.draw(file, Settings(agreed_downloads=str(file)))
    assert result.image.tobytes() == (await local.draw(models / "sd15")).image.tobytes()


# --- what is no model ---


def safetensors(path: Path, **shapes: tuple[int, ...]) -> Path:
    import torch
    from safetensors.torch import save_file

    save_file({name.replace("__", "."): torch.zeros(shape) for name, shape in shapes.items()}, path)
    return path


def unet(channels: int, *others: str) -> dict[str, tuple[int, ...]]:
    """The first layer of a network of the first code, and tensors beside it."""
    return {"model__diffusion_model__input_blocks__0__0__weight": (8, channels, 3, 3), **dict.fromkeys(others, (1,))}


FIRST, TEXT, TEXT_2 = (
    "first_stage_model__a",
    "cond_stage_model__transformer__a",
    "conditioner__embedders__0__model__logit_scale",
)
UNUSABLE: list[tuple[bytes | dict[str, tuple[int, ...]], str]] = [
    ({"lora_unet_down_blocks_0__lora_down__weight": (4, 8)}, "is a LoRA: it changes a model and is none by itself"),
    ({"encoder__conv_in__weight": (8, 3, 3, 3), "decoder__conv_in__weight": (8, 4, 3, 3)}, "is a decoder (VAE), one part"),
    ({"control_model__input_hint_block__0__weight": (8, 3, 3, 3)}, "is a ControlNet"),
    ({"emb_params": (2, 768)}, "is a textual inversion"),
    ({"down_blocks__0__resnets__0__conv1__weight": (8, 8, 3, 3)}, "is only one part of a model"),
    ({"double_blocks__0__img_attn__qkv__weight": (8, 8)}, "is of FLUX's family"),
    (unet(4, FIRST, TEXT_2), "is the SDXL refiner"),
    (unet(9, FIRST, TEXT), "is made to fill in parts"),
    (unet(4, TEXT), "is only one part of a model"),
    (b"GGUF\x03\0\0\0", "is a GGUF file"),
    (b"PK\x03\x04" + bytes(40), "is a pickle, which could run a program when it is read, so it was not opened"),
    (b"<!doctype html><html>", "is no model that is known here, or damaged"),
    (b"", "is no model that is known here"),
    (struct.pack("<Q", 10**15) + b"{", "is no model that is known here"),
]


@pytest.mark.parametrize(("inside", "told"), UNUSABLE)
async def test_a_file_that_is_no_model_is_refused_by_what_is_inside(
    local: Local, tmp_path: Path, inside: bytes | dict[str, tuple[int, ...]], told: str
) -> None:
    file = tmp_path / "great_model_sdxl.safetensors"
    file.write_bytes(inside) if isinstance(inside, bytes) else safetensors(file, **inside)
    with reading(RequestRefused, f"great_model_sdxl.safetensors {told}"):
        refuse_unusable(file)
    with pytest.raises(GeminiDiffusionError, match="Choose a whole model") as caught:
        await local.draw(file)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("ending", "told"),
    [(".safetensors", "is a pickle"), *((end, "was not opened: only") for end in (".ckpt", ".pt", ".bin", ".CKPT", ".gguf"))],
)
async def test_a_pickle_runs_nothing_whatever_it_is_called(local: Local, tmp_path: Path, ending: str, told: str) -> None:
    file = tmp_path / f"model{ending}"
    file.write_bytes(pickle.dumps(Trap(tmp_path / "ran")))
    with reading(RequestRefused, f"model{ending} {told}"):
        await local.draw(file)
    assert not (tmp_path / "ran").exists()


async def test_a_file_that_is_not_there_is_told_so(local: Local, tmp_path: Path) -> None:
    with reading(ModelNotFound, "There is no file model.safetensors there. Check its path"):
        await local.draw(tmp_path / "model.safetensors")
