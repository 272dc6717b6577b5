"""LoRAs and textual inversions as files: told apart by their headers, found by name, refused in words; none is ever run."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gemini_diffusion.engines.local.adapters.adapter_files import AdapterFolder, read_adapter
from gemini_diffusion.engines.local.adapters.triggers import choose_adapters
from gemini_diffusion.types import Adapter, ImageRequest
from gemini_diffusion.types.errors import BadInput, ModelNotFound
from tests.adapter_makers import QUERY, lora, write_header
from tests.engine_harness import Trap, reading

REQUEST = ImageRequest("a cat in the rain", "sdxl", 64, 64, 2, 5.0)


@pytest.fixture
def adapter_folder(tmp_path: Path) -> AdapterFolder:
    return AdapterFolder(tmp_path / "adapters", tmp_path / "hub")


LAYER = "down_blocks.1.attentions.0.transformer_blocks.0.attn2"
LAYERS = {  # of a LoRA, in every spelling, and the family it tells by the width of the text that it reads
    f"unet.{LAYER}.to_k.lora_A.weight": "sdxl",
    f"unet.{LAYER}.to_k.lora.down.weight": "sdxl",
    f"unet.{LAYER}.processor.to_k_lora.down.weight": "sdxl",
    f"{LAYER}.processor.to_k_lora.down.weight": "sdxl",
    f"base_model.model.unet.{LAYER}.to_k.lora_A.default.weight": "sdxl",
    "lora_unet_input_blocks_4_1_transformer_blocks_0_attn2_to_k.lora_down.weight": "sdxl",
    "lora_unet_double_blocks_0_img_attn_proj.lora_down.weight": "flux",
    "transformer.single_transformer_blocks.0.attn.to_k.lora_A.weight": "flux",
    "diffusion_model.blocks.0.self_attn.q.lora_A.weight": "other",
    "double_blocks.0.processor.proj_lora1.down.weight": "flux",  # as XLabs writes it
    "double_blocks.0.img_attn.proj.lora_A.weight": "flux",  # as Black Forest Labs do
}
VECTORS: list[tuple[dict[str, tuple[int, ...]], str]] = [
    ({"clip_l": (2, 768), "clip_g": (2, 1280)}, "sdxl"), ({"emb_params": (3, 768)}, "sd15"), ({"<cat-toy>": (768,)}, "sd15"),
    ({"text_encoders_0": (2, 768), "text_encoders_1": (2, 1280)}, "sdxl"),  # of a pivotal tuning
]  # fmt: skip


@pytest.mark.parametrize(("key", "family"), LAYERS.items())
def test_every_spelling_of_a_lora_is_read(key: str, family: str, tmp_path: Path) -> None:
    assert read_adapter(write_header(tmp_path / "a.safetensors", {key: (4, 2048)})).family == family


@pytest.mark.parametrize(("width", "family"), [(768, "sd15"), (1024, "sd2"), (2048, "sdxl"), (160, "postcard"), (99, "")])
def test_a_lora_tells_its_family_by_the_width_of_the_text_it_reads(width: int, family: str, tmp_path: Path) -> None:
    file = read_adapter(lora(tmp_path / "style.safetensors", width))
    assert (file.kind, file.family, file.width) == ("LoRA", family, width)
    assert file.size == (tmp_path / "style.safetensors").stat().st_size


@pytest.mark.parametrize(("shapes", "family"), VECTORS)
def test_a_textual_inversion_is_known_by_its_vectors(shapes: dict[str, tuple[int, ...]], family: str, tmp_path: Path) -> None:
    file = read_adapter(write_header(tmp_path / "Toy.safetensors", shapes))
    assert (file.kind, file.family, file.token) == ("textual inversion", family, "<toy>")


def test_a_lora_with_words_of_its_own_is_used_without_them_and_says_so(adapter_folder: AdapterFolder) -> None:
    shapes: dict[str, tuple[int, ...]] = {f"{QUERY}.lora_down.weight": (4, 2048), f"{QUERY}.lora_up.weight": (64, 4)}
    bundled: dict[str, tuple[int, ...]] = {"bundle_emb.ohwx.clip_l": (2, 768), "bundle_emb.ohwx.clip_g": (2, 1280)}
    write_header(adapter_folder.folder / "pet.safetensors", shapes | bundled)
    assert adapter_folder.find("pet").family == "sdxl"
    chosen = choose_adapters(replace(REQUEST, adapters=(Adapter("pet"),)), adapter_folder)
    assert [notice for notice in chosen.notices if "(ohwx), which are not used here" in notice]


@pytest.mark.parametrize(
    ("metadata", "words"),
    [
        ({"modelspec.trigger_phrase": "ohwx man,  in oils"}, ("ohwx man", "in oils")),
        ({"ss_tag_frequency": json.dumps({"10_ohwx": {"ohwx": 20, "1girl": 18, "solo": 3}})}, ("ohwx",)),
        ({"ss_tag_frequency": json.dumps({"10_ohwx": {"1girl": 20, "solo": 20}})}, ()),
        ({"ss_tag_frequency": "not json"}, ()),
        ({"ss_tag_frequency": json.dumps([1, 2])}, ()),
        ({}, ()),
    ],
)
def test_trigger_words_come_from_the_files_own_notes(metadata: dict[str, str], words: tuple[str, ...], tmp_path: Path) -> None:
    assert read_adapter(lora(tmp_path / "a.safetensors", metadata=metadata)).trigger_words == words


@pytest.mark.parametrize(
    ("key", "words"),
    [
        (f"{QUERY}.hada_w1_a", "is a LoHa"),
        (f"{QUERY}.lokr_w1", "is a LoKr"),
        (f"{QUERY}.dora_scale", "is a DoRA"),
        (f"{QUERY}.lora_mid.weight", "is a LoCon of CP's kind"),
        ("model.diffusion_model.input_blocks.0.0.weight", "is a whole model"),
        ("controlnet_cond_embedding.conv_in.weight", "is neither a LoRA nor a textual inversion"),
    ],
)
def test_what_would_only_partly_be_used_is_refused_with_the_reason(key: str, words: str, tmp_path: Path) -> None:
    path = write_header(tmp_path / "odd.safetensors", {f"{QUERY}.lora_down.weight": (4, 768), key: (4, 4)})
    with reading(BadInput, f"odd {words}"):
        read_adapter(path)


@pytest.mark.parametrize("name", ["bomb.bin", "bomb.pt", "bomb.ckpt", "bomb.safetensors"])
@pytest.mark.parametrize("protocol", [0, 2, 5])
def test_a_pickle_is_refused_under_any_name_and_runs_nothing(
    name: str, protocol: int, adapter_folder: AdapterFolder, tmp_path: Path
) -> None:
    marker = tmp_path / "marker"
    adapter_folder.folder.mkdir()
    (adapter_folder.folder / name).write_bytes(pickle.dumps(Trap(marker), protocol))
    with reading(BadInput, "Only .safetensors files are used: they hold numbers and nothing that runs."):
        adapter_folder.find("bomb")
    assert [file.name for file in adapter_folder.files() if file.problem] == ["bomb"]
    assert not marker.exists()
    pickle.loads((adapter_folder.folder / name).read_bytes())
    assert marker.exists()  # it would have run


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"short",
        b"\xff" * 64,
        (10**6).to_bytes(8, "little") + b"{}",
        (2).to_bytes(8, "little") + b"[]",
        (9).to_bytes(8, "little") + b'{"a":{}}}',
        (200_000).to_bytes(8, "little") + b"[" * 200_000,
        (30).to_bytes(8, "little") + b'{"emb_params":{"shape":[]}    }',
    ],
)
def test_a_broken_file_is_refused_in_words(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "broken.safetensors"
    path.write_bytes(content)
    with pytest.raises(BadInput, match="broken"):
        read_adapter(path)


def test_a_file_is_found_by_name_in_any_case_and_with_its_folder_or_without(adapter_folder: AdapterFolder) -> None:
    path = lora(adapter_folder.folder / "styles" / "PixelArt.safetensors")
    for name in ("PixelArt", "pixelart", " pixelart.safetensors", "styles/pixelart"):
        assert adapter_folder.find(name).path == path


def test_an_unknown_name_brings_the_nearest_one(adapter_folder: AdapterFolder) -> None:
    lora(adapter_folder.folder / "pixel-art.safetensors")
    with reading(ModelNotFound, "Did you mean pixel-art?"):
        adapter_folder.find("pixelart-xl")
    with reading(ModelNotFound, "into adapters in the data folder."):
        adapter_folder.find("watercolour")


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "..", "a/../../secret"])
def test_a_name_leads_nowhere_outside_the_folder(name: str, adapter_folder: AdapterFolder) -> None:
    lora(adapter_folder.folder.parent / "secret.safetensors")
    adapter_folder.folder.mkdir()
    with pytest.raises(ModelNotFound):
        adapter_folder.find(name)


def test_a_hub_id_is_found_among_what_was_fetched(adapter_folder: AdapterFolder) -> None:
    kept = adapter_folder.hub / "models--nerijs--pixel-art-xl" / "snapshots" / "abc"
    lora(kept / "pixel-art-xl.safetensors")
    assert adapter_folder.find("nerijs/pixel-art-xl").name == "pixel-art-xl"
    lora(kept / "other.safetensors")
    with reading(BadInput, "nerijs/pixel-art-xl/other.safetensors"):
        adapter_folder.find("nerijs/pixel-art-xl")
    assert adapter_folder.find("nerijs/pixel-art-xl/other.safetensors").name == "other"
    lora(kept / "pytorch_lora_weights.safetensors")
    assert adapter_folder.find("nerijs/pixel-art-xl").path.name == "pytorch_lora_weights.safetensors"
    with reading(ModelNotFound, "https://huggingface.co/nobody/nothing"):
        adapter_folder.find("nobody/nothing")


def test_reading_files_needs_no_torch(adapter_folder: AdapterFolder) -> None:
    lora(adapter_folder.folder / "a.safetensors")
    program = (
        "import sys; from pathlib import Path; from gemini_diffusion.engines.local.adapters import adapter_files, triggers;"
        "assert adapter_files.AdapterFolder(Path(sys.argv[1]), Path(sys.argv[1])).find('a').family == 'sdxl';"
        "assert not {'torch', 'diffusers', 'safetensors', 'transformers'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program, str(adapter_folder.folder)], check=True, cwd=Path(__file__).parents[1])


def with_adapters(*adapters: tuple[str, float], **changes: Any) -> ImageRequest:
    return replace(REQUEST, adapters=tuple(Adapter(*adapter) for adapter in adapters), **changes)


def test_trigger_words_are_put_before_a_prompt_that_has_none_and_that_is_said(adapter_folder: AdapterFolder) -> None:
    lora(adapter_folder.folder / "oils.safetensors", metadata={"modelspec.trigger_phrase": "ohwx style"})
    chosen = choose_adapters(with_adapters(("oils", 0.7)), adapter_folder)
    assert chosen.request.prompt == "ohwx style, a cat in the rain"
    assert chosen.notices == ('oils answers to "ohwx style", which was put before the prompt.',)
    assert [(file.name, strength) for file, strength in chosen.files] == [("oils", 0.7)]


def test_a_prompt_that_says_a_trigger_word_stays_as_it_is(adapter_folder: AdapterFolder) -> None:
    lora(adapter_folder.folder / "oils.safetensors", metadata={"modelspec.trigger_phrase": "ohwx, oils"})
    chosen = choose_adapters(with_adapters(("oils", 1.0), prompt="a cat in OILS"), adapter_folder)
    assert (chosen.request.prompt, chosen.notices) == ("a cat in OILS", ())
    assert choose_adapters(with_adapters(("oils", 1.0), prompt="a cat in toils"), adapter_folder).notices


def test_strength_0_asks_for_no_file_and_silences_a_token(
    adapter_folder: AdapterFolder,
) -> None:
    lora(adapter_folder.folder / "oils.safetensors", metadata={"modelspec.trigger_phrase": "ohwx"})
    write_header(adapter_folder.folder / "Toy.safetensors", {"clip_l": (2, 768), "clip_g": (2, 1280)})
    request = with_adapters(("oils", 0.0), ("gone", 0.0), ("toy", 0.0), prompt="a <toy>")
    chosen = choose_adapters(request, adapter_folder)
    assert (chosen.request, chosen.files, chosen.notices) == (request, (), ())


@pytest.mark.parametrize("text", ["prompt", "negative_prompt", "prompt_2"])
def test_a_token_in_any_text_brings_its_file_without_being_named(text: str, adapter_folder: AdapterFolder) -> None:
    write_header(adapter_folder.folder / "Toy.safetensors", {"clip_l": (2, 768), "clip_g": (2, 1280)})
    chosen = choose_adapters(with_adapters(**{text: "of <TOY> and <unknown>"}), adapter_folder)
    assert [file.name for file, _ in chosen.files] == ["Toy"]
    assert getattr(chosen.request, text) == "of <toy> and <unknown>"
    assert chosen.notices == ("There is no textual inversion called <unknown> here, so it was drawn as plain text.",)


def test_a_named_token_that_stands_nowhere_is_put_where_its_name_says(adapter_folder: AdapterFolder) -> None:
    for name in ("toy", "BadHands"):
        write_header(adapter_folder.folder / f"{name}.safetensors", {"emb_params": (1, 768)})
    chosen = choose_adapters(with_adapters(("toy", 0.5), ("badhands", 1.0), negative_prompt="blurry"), adapter_folder)
    assert chosen.request.prompt == "<toy>, a cat in the rain"
    assert chosen.request.negative_prompt == "<badhands>, blurry"
    assert [file.name for file, _ in chosen.files] == ["toy", "BadHands"]
    assert len(chosen.notices) == 3
