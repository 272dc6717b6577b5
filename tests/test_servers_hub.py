"""The hub's listings and downloads on the local server, shown to Hugging Face's own client."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from huggingface_hub import HfApi, hf_hub_download, snapshot_download
from huggingface_hub import errors as hub_errors

from tests.servers import hugging_face as h


@pytest.fixture
def hub() -> Iterator[h.HuggingFaceServer]:
    with h.HuggingFaceServer() as server:
        yield server


def test_hosted_models_are_listed_with_their_providers(hub: h.HuggingFaceServer) -> None:
    api = HfApi(endpoint=hub.url, token=False)

    def listed(provider: str) -> dict[str, list[tuple[str, str]]]:
        asked: Any = {"inference_provider": provider, "pipeline_tag": "text-to-image", "expand": ["inferenceProviderMapping"]}
        found = api.list_models(**asked)
        return {m.id: [(p.provider, p.status) for p in m.inference_provider_mapping or []] for m in found}

    everywhere = listed("all")
    assert list(everywhere) == [h.FLUX, "Qwen/Qwen-Image", h.SD3, "zai-org/GLM-Image", "ByteDance/Hyper-SD"]
    assert everywhere["ByteDance/Hyper-SD"] == [("fal-ai", "staging")]
    assert list(listed("hf-inference")) == [h.FLUX, h.SD3]


def test_whoami_knows_the_tokens_it_was_given() -> None:
    with h.HuggingFaceServer(tokens=frozenset({"hf_good"})) as hub:
        api = HfApi(endpoint=hub.url)
        assert api.whoami(token="hf_good")["name"] == "visitor"
        with pytest.raises(hub_errors.HfHubHTTPError, match="Invalid user token"):
            api.whoami(token="hf_bad")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    source = tmp_path / "source"
    (source / "unet").mkdir(parents=True)
    (source / "model_index.json").write_text('{"_class_name": "StableDiffusionXLPipeline"}')
    (source / "unet" / "model.fp16.safetensors").write_bytes(bytes(range(256)) * 1000)
    return source


def download(hub: h.HuggingFaceServer, target: Path, **options: Any) -> Any:
    return snapshot_download("me/xl", cache_dir=target, endpoint=hub.url, **{"token": False, **options})


def test_a_repository_downloads_whole_and_tells_its_size_before(hub: h.HuggingFaceServer, folder: Path, tmp_path: Path) -> None:
    hub.serve("me/xl", folder)
    planned = download(hub, tmp_path / "cache", dry_run=True)
    assert sum(file.file_size for file in planned) == sum(path.stat().st_size for path in folder.rglob("*.*"))
    got = Path(download(hub, tmp_path / "cache"))
    for name in hub.repositories["me/xl"].files():
        assert (got / name).read_bytes() == (folder / name).read_bytes()


def test_a_download_cut_once_resumes_where_it_broke(hub: h.HuggingFaceServer, folder: Path, tmp_path: Path) -> None:
    name, written_at_once = "unet/model.fp16.safetensors", 10 * 1024 * 1024  # by the hub's client, which resumes from there
    (folder / name).write_bytes(b"weights!" * 1_400_000)
    hub.serve("me/xl", folder, cut_once_after=written_at_once + 100)
    got = Path(download(hub, tmp_path / "cache"))
    assert (got / name).read_bytes() == (folder / name).read_bytes()
    ranges = [call.headers.get("range") for call in hub.calls if call.path.endswith(name) and call.method == "GET"]
    assert ranges == [None, f"bytes={written_at_once}-"]


def test_a_download_can_be_slow_by_the_megabyte(hub: h.HuggingFaceServer, folder: Path, tmp_path: Path) -> None:
    hub.serve("me/xl", folder, seconds_per_megabyte=1.0)
    started = time.monotonic()
    download(hub, tmp_path / "cache")
    assert time.monotonic() - started > 0.2


def test_gated_and_private_repositories_open_to_their_reader_only(
    hub: h.HuggingFaceServer, folder: Path, tmp_path: Path
) -> None:
    hub.serve("me/xl", folder, gated=True)
    with pytest.raises(hub_errors.GatedRepoError):
        download(hub, tmp_path / "cache", token="hf_stranger")
    hub.serve("me/xl", folder, private=True)
    with pytest.raises(hub_errors.RepositoryNotFoundError) as caught:
        download(hub, tmp_path / "cache", token="hf_stranger")
    assert not isinstance(caught.value, hub_errors.GatedRepoError)
    assert Path(download(hub, tmp_path / "cache", token="hf_reader")).is_dir()


def test_missing_files_and_repositories_have_their_own_errors(hub: h.HuggingFaceServer, folder: Path, tmp_path: Path) -> None:
    hub.serve("me/xl", folder)
    options: dict[str, Any] = {"endpoint": hub.url, "cache_dir": tmp_path / "cache", "token": False}
    with pytest.raises(hub_errors.RemoteEntryNotFoundError):
        hf_hub_download("me/xl", "nothing.json", **options)
    with pytest.raises(hub_errors.RepositoryNotFoundError):
        hf_hub_download("me/nothing", "model_index.json", **options)


def test_a_cut_happens_once(hub: h.HuggingFaceServer, folder: Path) -> None:
    address = f"{hub.url}/me/xl/resolve/{hub.serve('me/xl', folder, cut_once_after=10).commit}/model_index.json"
    with pytest.raises(httpx2.RemoteProtocolError):
        httpx2.get(address)
    assert httpx2.get(address).content == (folder / "model_index.json").read_bytes()
