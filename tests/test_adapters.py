"""LoRAs and textual inversions on loaded models: they change the drawing as diffusers' own way does, and leave no trace."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gemini_diffusion.engines.local.adapters import apply
from gemini_diffusion.engines.local.adapters.adapter_files import AdapterFile, read_adapter
from gemini_diffusion.engines.local.adapters.apply import AppliedAdapters
from gemini_diffusion.engines.torch_imports import TorchImports
from gemini_diffusion.types.errors import BadInput
from tests.adapter_makers import (
    CONV,
    ENCODER,
    FC1,
    OUT_PROJ,
    TO_K,
    TO_OUT,
    TO_Q,
    UNET,
    V_PROJ,
    RandomLora,
    write_header,
    write_inversion,
)
from tests.engine_harness import reading

ATTENTION = [(UNET, TO_Q), (UNET, TO_OUT), (ENCODER, V_PROJ)]
EVERYWHERE = [*ATTENTION, (UNET, TO_K), (UNET, CONV), (ENCODER, FC1), (ENCODER, OUT_PROJ),
              ("text_encoder_2", V_PROJ), ("text_encoder_2", OUT_PROJ)]  # fmt: skip
FIRST_CODE = {
    TO_Q: "middle_block.1.transformer_blocks.0.attn2.to_q",
    TO_K: "middle_block.1.transformer_blocks.0.attn2.to_k",
    TO_OUT: "input_blocks.3.1.transformer_blocks.0.attn1.to_out.0",
    CONV: "output_blocks.0.0.in_layers.2",
}


@pytest.fixture(scope="module")
def xl(sdxl: Path, packages: TorchImports) -> Any:
    return opened(packages.diffusers.StableDiffusionXLPipeline, sdxl)


@pytest.fixture(scope="module")
def older(sd15: Path, packages: TorchImports) -> Any:
    return opened(packages.diffusers.StableDiffusionPipeline, sd15)


@pytest.fixture(autouse=True)
def no_trace(xl: Any) -> Iterator[None]:
    """Whatever a test does, the model is afterwards what it was: the same modules, hooks, words and numbers."""
    before = state(xl)
    yield
    assert state(xl) == before


def opened(kind: Any, folder: Path) -> Any:
    pipe = kind.from_pretrained(folder, local_files_only=True)
    pipe.set_progress_bar_config(disable=True)
    drawn(pipe)  # transformers puts its own hooks in place when a model is first used
    return pipe


def state(pipe: Any) -> tuple[Any, ...]:
    models = [pipe.unet, pipe.text_encoder, getattr(pipe, "text_encoder_2", pipe.text_encoder)]
    modules = [
        (name, id(module), len(module._forward_hooks), len(module._forward_pre_hooks))
        for model in models
        for name, module in model.named_modules()
    ]
    sums = [float(value.detach().double().abs().sum()) for model in models for value in model.parameters()]
    words = [(id(pipe.tokenizer), len(pipe.tokenizer)), (id(getattr(pipe, "tokenizer_2", None)),)]
    ends = [getattr(model, "text_model", model).eos_token_id for model in models[1:]]
    return modules, sums, words, ends


def drawn(pipe: Any, prompt: str = "a cat", negative: str = "a dog") -> Any:
    import torch

    generator = torch.Generator().manual_seed(3)
    return pipe(prompt, negative_prompt=negative, num_inference_steps=2, width=64, height=64, guidance_scale=4.0,
                generator=generator, output_type="latent").images  # fmt: skip


def with_files(pipe: Any, *chosen: tuple[AdapterFile, float], prompt: str = "a cat", negative: str = "a dog") -> Any:
    with AppliedAdapters(pipe, torch_of()).applied(chosen):
        return drawn(pipe, prompt, negative)


def toy(folder: Path) -> AdapterFile:
    """A textual inversion of two vectors for each encoder of SDXL."""
    return read_adapter(write_inversion(folder / "toy.safetensors", {"clip_l": (2, 32), "clip_g": (2, 32)}))


def torch_of() -> Any:
    import torch

    return torch


def same(one: Any, other: Any) -> bool:
    return bool((one == other).all())


def near(one: Any, other: Any) -> bool:
    return bool(((one - other).abs().max() < 1e-4).all())


@pytest.mark.parametrize("spelling", ["peft", "peft, rank-stabilised", "kohya", "kohya, names of the first code"])
def test_every_spelling_draws_what_diffusers_and_peft_draw_and_says_nothing_on_the_terminal(
    spelling: str, xl: Any, sdxl: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    lora = RandomLora.of(xl, EVERYWHERE)
    path = tmp_path / "style.safetensors"
    if "peft" in spelling:
        lora.as_peft(path, use_rslora="rank" in spelling)
    else:
        lora.as_kohya(path, renamed=FIRST_CODE if "first" in spelling else None)
    reference = opened(type(xl), sdxl)
    reference.load_lora_weights(path, adapter_name="style")
    reference.set_adapters(["style"], [0.8])
    capfd.readouterr()
    ours = with_files(xl, (read_adapter(path), 0.8), (toy(tmp_path), 1.0))
    assert capfd.readouterr() == ("", "")
    assert near(ours, drawn(reference))
    assert not near(ours, drawn(xl))


def test_attention_as_diffusers_first_wrote_it_is_read_too(xl: Any, tmp_path: Path) -> None:
    lora = RandomLora.of(xl, ATTENTION)
    paths = (lora.as_first_diffusers(tmp_path / "first.safetensors"), lora.as_kohya(tmp_path / "kohya.safetensors"))
    first, kohya = (with_files(xl, (read_adapter(path), 1.0)) for path in paths)
    assert near(first, kohya) and not near(first, drawn(xl))


@pytest.mark.parametrize("rank_stabilised", [False, True])
def test_the_alpha_that_peft_notes_in_a_file_of_its_own_counts(xl: Any, tmp_path: Path, rank_stabilised: bool) -> None:
    lora = RandomLora.of(xl, [(UNET, TO_Q), (UNET, CONV)])
    inside = lora.as_peft(tmp_path / "inside.safetensors", use_rslora=rank_stabilised)
    beside = lora.as_peft_folder(tmp_path / "beside", use_rslora=rank_stabilised)
    ours = with_files(xl, (read_adapter(beside), 1.0))
    assert same(ours, with_files(xl, (read_adapter(inside), 1.0)))
    assert not near(ours, drawn(xl))


def test_stable_diffusion_1_5_takes_them_too(older: Any, tmp_path: Path) -> None:
    before, plain = state(older), drawn(older)
    lora = RandomLora.of(older, [(UNET, TO_Q), (UNET, TO_K), (ENCODER, FC1)]).as_kohya(tmp_path / "a.safetensors", False)
    token = write_inversion(tmp_path / "toy.safetensors", {"emb_params": (2, 32)})
    assert not near(with_files(older, (read_adapter(lora), 1.0)), plain)
    assert not near(with_files(older, (read_adapter(token), 1.0), prompt="a <toy>"), drawn(older, "a <toy>"))
    assert state(older) == before
    assert same(drawn(older), plain)


def test_several_at_once_pull_with_their_own_strengths(xl: Any, tmp_path: Path) -> None:
    one, other = (
        read_adapter(RandomLora.of(xl, EVERYWHERE, seed).as_peft(tmp_path / f"{seed}.safetensors")) for seed in (1, 2)
    )
    both = with_files(xl, (one, 0.5), (other, -0.3))
    assert near(both, with_files(xl, (other, -0.3), (one, 0.5)))
    assert not near(both, with_files(xl, (one, 0.5)))
    assert not near(both, with_files(xl, (one, -0.3), (other, 0.5)))


def test_a_drawing_that_fails_leaves_the_model_as_it_was(xl: Any, tmp_path: Path) -> None:
    file = read_adapter(RandomLora.of(xl, EVERYWHERE).as_peft(tmp_path / "a.safetensors"))
    token = toy(tmp_path)
    before, plain = state(xl), drawn(xl)
    with pytest.raises(MemoryError), AppliedAdapters(xl, torch_of()).applied([(file, 1.0), (token, 1.0)]):
        assert state(xl) != before
        raise MemoryError
    assert state(xl) == before
    assert same(drawn(xl), plain)


def test_one_file_that_does_not_fit_keeps_the_others_away_too(xl: Any, tmp_path: Path) -> None:
    good = read_adapter(RandomLora.of(xl, EVERYWHERE).as_peft(tmp_path / "good.safetensors"))
    key = f"lora_unet_{TO_K.replace('.', '_')}"
    bad = read_adapter(
        write_header(tmp_path / "bad.safetensors", {f"{key}.lora_down.weight": (4, 64), f"{key}.lora_up.weight": (9, 4)})
    )
    before = state(xl)
    with pytest.raises(BadInput), AppliedAdapters(xl, torch_of()).applied([(good, 1.0), (bad, 1.0)]):
        pytest.fail("it was applied")
    assert state(xl) == before


@pytest.mark.parametrize(
    ("shapes", "words"),
    [
        ({f"unet.{TO_K}.lora_A.weight": (4, 768)}, "was made for Stable Diffusion 1.5 (a word has 768 numbers there), and"),
        ({f"unet.{TO_K}.lora_A.weight": (4, 64)}, "of its 1 layers 1 are not in it or have another shape, unet.mid_block"),
        ({"lora_unet_double_blocks_0_a.lora_down.weight": (4, 9)}, "was made for FLUX, and this model is"),
        ({"clip_l": (1, 768), "clip_g": (1, 1280)}, "was made for SDXL (a word has 2,048 numbers there)"),
        ({"clip_l": (1, 16), "clip_g": (1, 48)}, "vectors of other lengths than this model's words"),
    ],
)  # fmt: skip
def test_what_was_made_for_another_model_is_refused_in_words(
    shapes: dict[str, tuple[int, ...]], words: str, xl: Any, tmp_path: Path
) -> None:
    file = read_adapter(write_header(tmp_path / "style.safetensors", shapes))
    with reading(BadInput, words), AppliedAdapters(xl, torch_of()).applied([(file, 1.0)]):
        pytest.fail("it was applied")


def test_numbers_that_have_overflowed_are_refused(xl: Any, tmp_path: Path) -> None:
    lora = RandomLora.of(xl, [(UNET, TO_Q)])
    lora.pairs[UNET, TO_Q][0][0, 0] = float("nan")
    with reading(BadInput, "would draw black pictures"), AppliedAdapters(xl, torch_of()).applied(
        [(read_adapter(lora.as_kohya(tmp_path / "nan.safetensors")), 1.0)]
    ):  # fmt: skip
        pytest.fail("it was applied")


def test_a_token_means_its_vectors_in_prompt_and_negative_prompt_and_nothing_afterwards(xl: Any, tmp_path: Path) -> None:
    file = toy(tmp_path)
    plain = drawn(xl, "a <toy>")
    assert not near(with_files(xl, (file, 1.0), prompt="a <toy>"), plain)
    assert not near(with_files(xl, (file, 1.0), negative="a <toy>"), drawn(xl, negative="a <toy>"))
    assert same(with_files(xl, (file, 1.0)), drawn(xl))
    assert same(drawn(xl, "a <toy>"), plain)


def test_a_token_is_what_diffusers_makes_of_it(xl: Any, sdxl: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file

    path = write_inversion(tmp_path / "toy.safetensors", {"clip_l": (2, 32), "clip_g": (2, 32)})
    reference, vectors = opened(type(xl), sdxl), load_file(path)
    for name, suffix in (("clip_l", ""), ("clip_g", "_2")):
        encoder, tokenizer = getattr(reference, f"text_encoder{suffix}"), getattr(reference, f"tokenizer{suffix}")
        reference.load_textual_inversion(vectors[name], token="<toy>", text_encoder=encoder, tokenizer=tokenizer)
    assert near(with_files(xl, (read_adapter(path), 1.0), prompt="a <toy> cat"), drawn(reference, "a <toy> cat"))


def test_a_new_word_is_not_taken_for_the_end_of_the_text(sdxl: Path, packages: TorchImports, tmp_path: Path) -> None:
    """Encoders with the id 2 for the end look for the highest number instead, and a new word would be higher."""
    right, old = (opened(packages.diffusers.StableDiffusionXLPipeline, sdxl) for _ in range(2))
    old.text_encoder_2.text_model.eos_token_id = 2
    assert same(drawn(old), drawn(right))
    file = toy(tmp_path)
    assert same(with_files(old, (file, 1.0), prompt="a <toy> cat"), with_files(right, (file, 1.0), prompt="a <toy> cat"))
    assert old.text_encoder_2.text_model.eos_token_id == 2


def test_a_table_with_rows_to_spare_is_not_mistaken_for_one_without(sdxl: Path, packages: TorchImports, tmp_path: Path) -> None:
    plain, spare = (opened(packages.diffusers.StableDiffusionXLPipeline, sdxl) for _ in range(2))
    for encoder in (spare.text_encoder, spare.text_encoder_2):
        encoder.resize_token_embeddings(len(spare.tokenizer) + 10)
    file = toy(tmp_path)
    assert same(*(with_files(pipe, (file, 1.0), prompt="a <toy> cat") for pipe in (plain, spare)))


def test_a_model_whose_layers_come_to_the_device_one_by_one_takes_them_too(xl: Any, sdxl: Path, tmp_path: Path) -> None:
    import accelerate

    pipe = opened(type(xl), sdxl)
    for part in (pipe.vae, pipe.unet, pipe.text_encoder, pipe.text_encoder_2):
        accelerate.cpu_offload(part, "cpu")
    file = read_adapter(RandomLora.of(xl, EVERYWHERE).as_kohya(tmp_path / "a.safetensors"))
    token = toy(tmp_path)
    assert pipe.text_encoder.get_input_embeddings().weight.is_meta
    assert same(*(with_files(one, (file, 1.0), (token, 1.0), prompt="a <toy> cat") for one in (xl, pipe)))


def test_files_stay_in_memory_but_not_all_for_ever_and_a_changed_one_is_read_again(xl: Any, tmp_path: Path) -> None:
    adapters = AppliedAdapters(xl, torch_of())
    paths = [
        RandomLora.of(xl, [(UNET, TO_Q)], seed).as_kohya(tmp_path / f"{seed}.safetensors") for seed in range(apply.KEPT + 2)
    ]
    files = [read_adapter(path) for path in paths]

    def held() -> list[str]:
        return [path.name for path, *_ in adapters.kept]

    for file in files:
        with adapters.applied([(file, 1.0)]):
            pass
    assert held() == [path.name for path in paths[2:]]
    with adapters.applied([(files[2], 1.0)]):
        first = drawn(xl)
    assert held()[-1] == paths[2].name
    paths[2].unlink()
    paths[7].rename(paths[2])
    with adapters.applied([(files[2], 1.0)]):
        assert not near(first, drawn(xl))
