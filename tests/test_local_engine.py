"""Drawing on this machine: the pipeline's own pictures, progress, Stop within a step, the queue, devices and counting."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import shutil
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gemini_diffusion.config.settings import Settings
from gemini_diffusion.engines import models
from gemini_diffusion.engines.downloads.model_store import is_whole
from gemini_diffusion.engines.local.loading.device import place
from gemini_diffusion.engines.local.loading.loader import load_pipeline
from gemini_diffusion.engines.local.local_engine import LocalEngine
from gemini_diffusion.engines.token_counter import TokenCounter
from gemini_diffusion.engines.torch_imports import TorchImports
from gemini_diffusion.engines.worker import JobCancelled, Worker, WorkerJob
from gemini_diffusion.types import Adapter, Progress, StageFinished, StageStarted
from gemini_diffusion.types.errors import RequestRefused
from tests.adapter_makers import CONV, TO_Q, UNET, RandomLora
from tests.closeness import nearly_same
from tests.engine_harness import Local, asked, reading, warm_pipeline
from tests.waiting import PATIENCE, until

# --- the picture ---


@pytest.mark.parametrize("negative", ["dog", ""])
@pytest.mark.parametrize("model", ["sdxl", "sd15"])
async def test_it_is_the_picture_that_diffusers_draws(
    local: Local, packages: TorchImports, model: str, negative: str, request: pytest.FixtureRequest
) -> None:
    folder = request.getfixturevalue(model)
    pipeline = packages.diffusers.AutoPipelineForText2Image.from_pretrained(folder, local_files_only=True)
    plain = pipeline(
        "a cat", negative_prompt=negative or None, width=96, height=64, num_inference_steps=4, guidance_scale=5.0,
        generator=packages.torch.Generator().manual_seed(7),
    ).images[0]  # fmt: skip
    ours = await local.draw(folder, negative_prompt=negative, width=96, num_inference_steps=4)
    assert nearly_same(ours.image, plain)
    assert set(ours.versions) == {"torch", "diffusers", "transformers", "device", "dtype", "threads"}


async def test_without_a_scheduler_the_models_own_is_taken_and_named(local: Local, sdxl: Path, sd15: Path) -> None:
    assert (await local.draw(sdxl)).scheduler == "Euler"
    assert (await local.draw(sd15)).scheduler == "DDIM"
    with reading(RequestRefused, "There is no scheduler called Karras. Choose one of DPM"):
        await local.draw(sdxl, scheduler="Karras")


async def test_one_drawings_scheduler_does_not_stay_and_a_negative_prompt_without_guidance_is_named(
    local: Local, sdxl: Path
) -> None:
    before = await local.draw(sdxl)
    await local.draw(sdxl, scheduler="UniPC")
    assert (await local.draw(sdxl)).image.tobytes() == before.image.tobytes()
    for guidance, ignored in ((1.0, ("negative_prompt",)), (2.0, ())):
        assert (await local.draw(sdxl, negative_prompt="dog", guidance_scale=guidance)).ignored == ignored


async def test_what_the_encoder_cannot_hold_is_named(local: Local, sdxl: Path) -> None:
    result = await local.draw(sdxl, prompt="cat " * 600 + "zebra")
    assert [notice for notice in result.notices if "left out" in notice] == [
        'The end of the prompt did not fit the encoder and was left out: "zebra".'
    ]
    assert not [notice for notice in (await local.draw(sdxl, prompt="cat " * 600)).notices if "left out" in notice]


async def test_models_stay_warm_until_too_many_are_and_the_least_recently_used_goes(
    local: Local, sdxl: Path, sd15: Path, tmp_path: Path
) -> None:
    copies = [shutil.copytree(sd15, tmp_path / name) for name in ("third", "fourth")]
    for model in (sdxl, sd15, sdxl, *copies, sdxl, sd15):
        await local.draw(model)
    loaded = [event.text for event in local.told(StageFinished) if event.stage == "loading"]
    assert [text.partition(" ")[0] for text in loaded] == ["tiny-sdxl", "tiny-sd15", "third", "fourth", "tiny-sd15"]
    assert loaded[0] == "tiny-sdxl is in memory: cpu, float32, because no GPU was found and the model is small"


async def test_what_is_prepared_once_is_not_loaded_when_it_is_drawn(local: Local, sdxl: Path) -> None:
    for _ in range(2):
        local.engine.prepare(Settings(image_model=str(sdxl)))
    await until(lambda: local.engine._model_cache._warm)
    assert (await local.draw(sdxl)).image
    assert "loading" not in [event.stage for event in local.told(StageStarted)]


async def test_each_step_is_told_with_the_time_that_is_left(local: Local, sdxl: Path) -> None:
    await local.draw(sdxl, num_inference_steps=8)
    steps = local.told(Progress)
    assert [(step.done, step.total, step.unit) for step in steps] == [(number, 8, "step") for number in range(1, 9)]
    assert steps[-1].seconds_left == 0
    assert all(step.seconds_left > 0 for step in steps[:-1])


@pytest.mark.parametrize(
    ("changes", "reads"),
    [
        ({"width": 65}, "65 x 64 pixels cannot be drawn: sides are multiples of 8, at most 2048. 64 x 64 can."),
        ({"height": 4096}, "64 x 2048 can."),
        ({"width": 0}, "8 x 64 can."),
        ({"num_inference_steps": 0}, "A drawing needs at least one step."),
    ],
)
async def test_what_diffusers_would_stumble_over_is_refused_before_it_starts(
    local: Local, sdxl: Path, changes: dict[str, Any], reads: str
) -> None:
    with pytest.raises(RequestRefused) as caught:
        await local.draw(sdxl, **changes)
    assert reads in str(caught.value)
    assert local.events == []


# --- what else a request may ask for ---


async def test_a_lora_is_heard_in_the_drawing_that_names_it_and_in_no_other(
    tmp_path: Path, sdxl: Path, packages: TorchImports
) -> None:
    made = RandomLora.of(load_pipeline(sdxl, packages).base, [(UNET, TO_Q), (UNET, CONV)])
    made.as_peft(tmp_path / "home" / "adapters" / "ink.safetensors")
    local = Local(LocalEngine(tmp_path / "home"))
    assert local.engine.capabilities(str(sdxl), Settings()).adapters
    pictures = [
        (await local.draw(sdxl, adapters=adapters)).image.tobytes()
        for adapters in ((), (Adapter("ink"),), (Adapter("ink", 0.0),), ())
    ]
    await local.engine.close()
    assert pictures[0] == pictures[2] == pictures[3] != pictures[1]


# --- Stop and the queue ---


async def test_after_stop_there_is_no_further_step_and_no_decoding(sdxl: Path, packages: TorchImports) -> None:
    pipeline = load_pipeline(sdxl, packages)
    steps, decoded = [0], [0]
    pipeline.base.unet.register_forward_hook(lambda *_: steps.__setitem__(0, steps[0] + 1))
    pipeline.base.vae.decoder.register_forward_hook(lambda *_: decoded.__setitem__(0, 1))
    one = asked(num_inference_steps=30)
    pipeline.base.unet.register_forward_hook(lambda *_: one.job.cancel() if steps[0] == 4 else None)
    with pytest.raises(JobCancelled):
        pipeline.draw([one])
    assert (steps, decoded) == ([4], [0])


async def test_the_second_drawing_waits_visibly_and_one_that_was_stopped_meanwhile_never_starts(
    local: Local, sdxl: Path
) -> None:
    await local.draw(sdxl)
    first, second, third = [Local(local.engine) for _ in range(3)]
    gate = threading.Event()

    def hold(*_: object) -> None:
        gate.wait(PATIENCE)

    with warm_pipeline(local).base.unet.register_forward_pre_hook(hold):
        held = asyncio.create_task(first.draw(sdxl))
        await until(lambda: [event for event in first.told(StageStarted) if event.stage == "drawing"])
        stopped, drawn = asyncio.create_task(second.draw(sdxl)), asyncio.create_task(third.draw(sdxl))
        await until(lambda: second.told(StageStarted) and third.told(StageStarted))
        stopped.cancel()
        await asyncio.wait([stopped])
        gate.set()
        await asyncio.gather(held, drawn)
    assert [event.text for event in second.told(StageStarted)] == ["Waiting, 1 before this one"]
    waiting = [event.text for event in third.told(StageStarted | StageFinished) if event.stage == "waiting"]
    assert waiting == ["Waiting, 2 before this one", "Waiting, 1 before this one", "Waited"]
    assert not second.told(Progress)


async def test_work_that_was_stopped_leaves_the_thread_to_the_next(packages: TorchImports) -> None:
    worker, begun, stopped = Worker("test"), threading.Event(), threading.Event()

    def stubborn(job: WorkerJob) -> None:
        begun.set()
        try:
            while True:
                job.check()
                time.sleep(0.01)
        finally:
            stopped.set()

    task = asyncio.create_task(worker.run(stubborn, lambda event: None))
    await until(begun.is_set)
    task.cancel()
    assert await worker.run(lambda job: stopped.is_set(), lambda event: None)
    await worker.close()


async def test_a_small_models_single_thread_does_not_stay_for_the_next_model(sdxl: Path, packages: TorchImports) -> None:
    pipeline, before = load_pipeline(sdxl, packages), packages.torch.get_num_threads()
    counts: list[int] = []
    pipeline.base.unet.register_forward_hook(lambda *_: counts.append(packages.torch.get_num_threads()))
    three = dataclasses.replace(pipeline, placement=dataclasses.replace(pipeline.placement, threads=3))
    three.draw([asked(num_inference_steps=1)])
    assert (counts, packages.torch.get_num_threads()) == ([3], before)


# --- where and in which numbers ---


@pytest.mark.parametrize(
    ("cuda", "mps", "size", "placed"),
    [
        ((9, 0), False, 7e9, "cuda, bfloat16, because a test card is there and is fast in it without overflowing"),
        ((7, 5), False, 7e9, "cuda, float16, because a test card is there and is fast in it"),
        (None, True, 7e9, "mps, float16, because the graphics of this Mac are fast in it"),
        (None, False, 8e6, "cpu, float32, because no GPU was found and the model is small"),
    ],
)
def test_device_and_numbers_are_chosen_with_a_reason(cuda: tuple[int, int] | None, mps: bool, size: int, placed: str) -> None:
    card = SimpleNamespace(
        is_available=lambda: cuda is not None,
        get_device_capability=lambda _: cuda,
        get_device_name=lambda _: "a test card",
    )
    machine = SimpleNamespace(cuda=card, backends=SimpleNamespace(mps=SimpleNamespace(is_available=lambda: mps)))
    assert str(place(machine, int(size))) == placed


def test_a_small_model_takes_one_thread_unless_the_environment_orders_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    none = SimpleNamespace(is_available=lambda: False)
    machine = SimpleNamespace(cuda=none, backends=SimpleNamespace(mps=none))
    monkeypatch.delenv("OMP_NUM_THREADS")
    assert (place(machine, 8_000_000).threads, place(machine, 7_000_000_000).threads) == (1, 0)
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    assert place(machine, 8_000_000).threads == 0


# --- what can be chosen and counted ---

TEXTS = ("", "a cat, a dog", "Don't   shout\n", "café 東京 ::", "<|endoftext|> cat", "3 cats' 12 dogs!?", "cat" * 60)


@pytest.mark.parametrize("layout", ["one file", "vocabulary and merges"])
def test_tokens_are_counted_as_the_encoder_counts_them(sdxl: Path, tmp_path: Path, packages: TorchImports, layout: str) -> None:
    folder = shutil.copytree(sdxl / "tokenizer", tmp_path / "tokenizer").parent
    tokenizer = packages.transformers.AutoTokenizer.from_pretrained(sdxl / "tokenizer")
    if layout == "vocabulary and merges":
        fast = json.loads((folder / "tokenizer" / "tokenizer.json").read_text())
        (folder / "tokenizer" / "vocab.json").write_text(json.dumps(fast["model"]["vocab"]))
        merges = [" ".join(pair) for pair in fast["model"]["merges"]]
        (folder / "tokenizer" / "merges.txt").write_text("\n".join(["#version: 0.2", *merges]))
        (folder / "tokenizer" / "tokenizer.json").unlink()
    counter = TokenCounter()
    for text in TEXTS:
        assert counter.count(folder, text) == len(tokenizer(text)["input_ids"]), text
    engine = LocalEngine(tmp_path)
    assert engine.count_tokens("sdxl", "a cat") is engine.count_tokens(str(tmp_path / "nowhere"), "a cat") is None
    assert engine.count_tokens(str(sdxl), "a cat") == 4, "and none is guessed where no tokenizer is here"


async def test_the_list_says_what_each_model_costs(local: Local) -> None:
    choices = {choice.id: choice for choice in await local.engine.models(Settings())}
    assert choices["sdxl"].note == "6.9 GB to download"
    here = is_whole(Path(models.find_model("postcard").source))
    assert (choices["postcard"].runnable, choices["postcard"].note == "included") == (here, here)
    assert all("local" in models.find_model(model).engines for model in choices)


async def test_a_check_names_device_packages_and_room(local: Local, packages: TorchImports) -> None:
    told = await local.engine.check(Settings())
    assert told.startswith("Large models are drawn on ")
    assert f"diffusers {packages.diffusers.__version__}" in told
    assert told.endswith(" are free.")
