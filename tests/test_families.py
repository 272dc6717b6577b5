"""The family of a model on this machine is read from what is inside a folder or a file, whatever it is called."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gemini_diffusion.engines import models
from gemini_diffusion.engines.local.loading.loader import load_pipeline
from gemini_diffusion.engines.models.detect import family_of, kind_of, kind_of_folder, numbers_in, shapes_in
from gemini_diffusion.engines.models.safetensors_header import PICKLES, read_safetensors_header
from gemini_diffusion.engines.torch_imports import TorchImports
from gemini_diffusion.types.errors import BadInput
from tests.original_layout import save_single_file


@pytest.mark.parametrize(
    ("pipeline", "width", "kind", "family"),
    [
        ("StableDiffusionXLPipeline", 2048, "sdxl", "sdxl"),
        ("StableDiffusionXLImg2ImgPipeline", 1280, "sdxl refiner", None),
        ("StableDiffusionPipeline", 768, "sd15", "sd15"),
        ("StableDiffusionPipeline", 1024, "sd2", "generic"),
        ("FluxPipeline", 4096, "flux", "flux"),
        ("KandinskyPipeline", 768, "other", None),
        (["evil", "Evil"], 768, "other", None),
    ],
)
def test_a_folder_is_known_by_its_table_of_contents_and_the_width_of_its_text(
    tmp_path: Path, pipeline: object, width: int, kind: str, family: str | None
) -> None:
    folder = tmp_path / "my-flux-v1-5-model"
    (folder / "unet").mkdir(parents=True)
    (folder / "model_index.json").write_text(json.dumps({"_class_name": pipeline}))
    (folder / "unet" / "config.json").write_text(json.dumps({"cross_attention_dim": width}))
    assert (kind_of_folder(folder), family_of(folder)) == (kind, family)
    if family:
        assert models.find_model(str(folder)).family == family


@pytest.mark.parametrize("start", PICKLES)
def test_a_disguised_pickle_is_told_what_it_is(start: bytes, tmp_path: Path) -> None:
    file = tmp_path / "model.safetensors"
    file.write_bytes(start + bytes(100))
    assert kind_of(file) == "pickle"
    with pytest.raises(BadInput, match=r"a pickle that is only called \.safetensors"):
        read_safetensors_header(file)


def test_a_file_is_known_by_the_names_of_its_tensors(sdxl: Path, sd15: Path, packages: TorchImports, tmp_path: Path) -> None:
    older = load_pipeline(sd15, packages).base
    file = save_single_file(older, tmp_path / "best-sdxl-ever.safetensors")
    entry = models.find_model(str(file))
    assert (kind_of(file), entry.family, entry.sizes[0], entry.engines) == ("sd15", "sd15", (512, 512), ("local",))
    newer = save_single_file(load_pipeline(sdxl, packages).base, tmp_path / "v1-5.safetensors")
    assert (kind_of(newer), models.find_model(str(newer)).family) == ("sdxl", "sdxl")
    assert numbers_in(shapes_in(newer)) > numbers_in(shapes_in(file)) > 0


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"\x05",
        (2**63).to_bytes(8, "little"),
        (9).to_bytes(8, "little") + b"[1, 2, 3]",
        (9).to_bytes(8, "little") + b'{"a": 12}',
        (20).to_bytes(8, "little") + b'{"a":{"shape":["x"]}',
        (20000).to_bytes(8, "little") + b"[" * 20000,
        (40).to_bytes(8, "little") + b"\xff" * 40,
    ],
)
def test_a_damaged_or_hostile_head_is_no_model_and_no_error(tmp_path: Path, head: bytes) -> None:
    file = tmp_path / "some-xl.safetensors"
    file.write_bytes(head)
    assert (kind_of(file), dict(shapes_in(file)), family_of(file)) == ("other", {}, None)
    assert models.find_model(str(file)).family == "sdxl"  # by its name, until somebody draws with it and it is refused
