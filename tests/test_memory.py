"""How models fit: every rung from measured numbers, its reason in words, and parts that wait draw the same picture."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from types import SimpleNamespace

import pytest

from gemini_diffusion.engines.local.loading.device import Machine, Placement, measure
from gemini_diffusion.engines.local.loading.loader import count_weights, load_pipeline
from gemini_diffusion.engines.local.loading.memory_plan import MEGAPIXEL, MemoryPlan, Weights, fits_beside, plan_memory
from gemini_diffusion.engines.local.loading.offload import PartOffload, offload_parts
from gemini_diffusion.engines.local.pipeline import Pipeline
from gemini_diffusion.engines.torch_imports import TorchImports
from gemini_diffusion.types.errors import OutOfMemory
from tests.engine_harness import draw_one, reading

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # diffusers' own, about numpy

SDXL = Weights(total=3_469_000_000, largest=2_567_500_000)
SD15 = Weights(total=1_066_000_000, largest=860_000_000)
GB = 1_000_000_000
CARD = Placement("cuda", "bfloat16", "a card is there")
OLD_CARD = Placement("cuda", "float16", "a card is there")
MAC = Placement("mps", "float16", "the graphics are fast")
SLOW = Placement("cpu", "float32", "no GPU was found")
FAST = Placement("cpu", "bfloat16", "no GPU was found")


def machine(placement: Placement, free: float, ram: float = 32, name: str = "") -> Machine:
    return Machine(placement, int(free * GB), int(ram * GB), name or ("RTX 3060" if placement.device == "cuda" else ""))


# --- the rungs ---


@pytest.mark.parametrize(
    ("placement", "free", "offload", "tiling", "dtype"),
    [
        (CARD, 23, "", False, "bfloat16"),
        (CARD, 11.5, "", False, "bfloat16"),
        (CARD, 8.5, "", True, "bfloat16"),
        (CARD, 7.2, "model", True, "bfloat16"),
        (CARD, 5.5, "sequential", True, "bfloat16"),
        (CARD, 2, "sequential", True, "bfloat16"),
        (OLD_CARD, 9.2, "", True, "float16"),
        (MAC, 16, "", False, "float16"),
        (MAC, 8.5, "", True, "float16"),
        (FAST, 12, "", False, "bfloat16"),
        (FAST, 8.2, "", True, "bfloat16"),
        (SLOW, 24, "", False, "float32"),
        (SLOW, 15.9, "", True, "float32"),
        (SLOW, 12, "", True, "bfloat16"),
    ],
)
def test_sdxl_is_put_where_it_fits_the_fastest_way(
    placement: Placement, free: float, offload: str, tiling: bool, dtype: str
) -> None:
    plan = plan_memory("SDXL", SDXL, machine(placement, free))
    assert (plan.offload, plan.tiling, plan.placement.dtype, plan.scale) == (offload, tiling, dtype, 1.0)


def test_what_fits_needs_no_words_and_what_does_not_says_how_much_is_wanted_and_free() -> None:
    assert plan_memory("SDXL", SDXL, machine(CARD, 23)).reason == ""
    assert plan_memory("SDXL", SDXL, machine(CARD, 7.2)).reason == (
        "SDXL needs about 8.7 GB; 7.2 GB are free on RTX 3060, so its parts wait in memory and take turns."
    )
    assert plan_memory("SDXL", SDXL, machine(FAST, 8.2)).reason == (
        "SDXL needs about 8.7 GB; 8.2 GB are free here, so pictures are decoded in tiles."
    )


def test_a_large_picture_asks_for_more_than_a_small_one() -> None:
    assert plan_memory("SDXL", SDXL, machine(CARD, 9.5), MEGAPIXEL).tiling is False
    assert plan_memory("SDXL", SDXL, machine(CARD, 9.5), 4 * MEGAPIXEL).tiling is True
    assert plan_memory("SD 1.5", SD15, machine(CARD, 4), MEGAPIXEL // 4) == MemoryPlan(CARD)


@pytest.mark.parametrize("placement", [CARD, OLD_CARD, MAC, FAST, SLOW])
def test_a_model_that_fits_nowhere_is_refused_before_it_is_loaded(placement: Placement) -> None:
    with reading(OutOfMemory, "or draw it at Hugging Face."):
        plan_memory("SDXL", SDXL, machine(placement, 0.3))
    with reading(OutOfMemory, "SDXL needs about 8.7 GB of memory; 5.5 GB are free on RTX 3060. Close other programs"):
        plan_memory("SDXL", SDXL, machine(CARD, 5.5, ram=5))  # parts can only wait in memory that is there


def test_where_all_else_is_too_much_the_picture_is_drawn_smaller() -> None:
    plan = plan_memory("SD 1.5", SD15, machine(CARD, 6.5), 9 * MEGAPIXEL)
    assert (plan.offload, plan.scale) == ("sequential", 1.0)
    plan = plan_memory("SD 1.5", SD15, machine(CARD, 4), 9 * MEGAPIXEL)
    assert plan.scale == 0.75
    assert plan.reason.endswith("so pictures are drawn at 75% of their sides.")
    assert plan.size(1024, 1024) == (768, 768)
    assert plan.size(1216, 832) == (896, 640)
    assert dataclasses.replace(plan, scale=1.0).size(1000, 8) == (1000, 8)


@pytest.mark.parametrize(
    ("plan", "free", "ram", "fits"),
    [
        (MemoryPlan(CARD), 8.9, 32, True),  # 6.6 GB of weights, what decoding takes, and slack
        (MemoryPlan(CARD), 8.5, 32, False),
        (MemoryPlan(CARD, tiling=True), 8.0, 32, True),
        (MemoryPlan(CARD, offload="model"), 3, 7, True),  # for its largest part there is room already
        (MemoryPlan(CARD, offload="model"), 3, 6, False),
        (MemoryPlan(SLOW), 17.2, 17.2, True),
        (MemoryPlan(SLOW), 16.0, 16.0, False),
    ],
)
def test_a_second_model_needs_room_for_its_own_weights_only(plan: MemoryPlan, free: float, ram: float, fits: bool) -> None:
    refiner = Weights(total=3_300_000_000, largest=2_560_000_000)
    assert fits_beside(plan, SDXL, refiner, machine(plan.placement, free, ram), MEGAPIXEL) is fits


@pytest.mark.parametrize(
    ("placement", "words"),
    [
        (CARD, ["decoded in tiles", "wait in memory", "one by one", "at 75%"]),
        (MAC, ["decoded in tiles", "at 75%"]),
        (FAST, ["decoded in tiles", "at 75%"]),
        (SLOW, ["decoded in tiles", "in bfloat16", "at 75%"]),
    ],
)
def test_each_step_down_needs_less_and_says_what_it_does_until_there_is_none(placement: Placement, words: list[str]) -> None:
    rung, before = MemoryPlan(placement), MemoryPlan(placement).needed(SDXL, MEGAPIXEL)[0]
    for expected in words:
        cheaper = rung.cheaper()
        assert cheaper is not None
        assert cheaper.reason.startswith("The memory did not suffice, so ")
        assert expected in cheaper.reason
        needed = cheaper.needed(SDXL, MEGAPIXEL)[0]
        assert needed < before or expected == "at 75%"
        rung, before = cheaper, needed
    assert rung.cheaper() is None


# --- what is measured ---


def test_memory_that_torch_keeps_for_the_next_counts_as_free() -> None:
    card = SimpleNamespace(
        mem_get_info=lambda _: (5 * GB, 12 * GB),
        memory_reserved=lambda _: 3 * GB,
        memory_allocated=lambda _: 1 * GB,
        get_device_name=lambda _: "a test card",
    )
    measured = measure(SimpleNamespace(cuda=card), CARD)
    assert (measured.free, measured.name) == (7 * GB, "a test card")
    assert measured.ram > 0


def test_a_containers_limit_counts_and_files_it_only_remembers_do_not(tmp_path: Path) -> None:
    unlimited = measure(None, FAST, tmp_path).free
    (tmp_path / "memory.current").write_text("900000\n")
    (tmp_path / "memory.stat").write_text("anon 300000\ninactive_file 600000\nactive_file 5\n")
    (tmp_path / "memory.max").write_text("max\n")
    assert abs(measure(None, FAST, tmp_path).free - unlimited) < 2 * GB
    (tmp_path / "memory.max").write_text("1000000\n")
    assert measure(None, FAST, tmp_path).free == 700_000


def test_a_model_is_weighed_by_the_heads_of_its_files(sdxl: Path, packages: TorchImports) -> None:
    base = load_pipeline(sdxl, packages).base
    counts = [
        sum(p.numel() for p in part.parameters()) for part in (base.unet, base.vae, base.text_encoder, base.text_encoder_2)
    ]
    weighed = count_weights(sdxl)
    assert weighed.largest == max(counts)
    assert sum(counts) <= weighed.total <= sum(counts) * 1.01
    both = weighed + Weights(10, 10**9)
    assert (both.total, both.largest) == (weighed.total + 10, 10**9)


# --- drawing by a plan ---


async def drawn(pipeline: Pipeline) -> bytes:
    return bytes(draw_one(pipeline, width=128, height=128).image.tobytes())


@pytest.mark.parametrize("offload", ["model", "sequential"])
async def test_a_model_whose_parts_wait_in_memory_draws_the_same_picture(
    sdxl: Path, packages: TorchImports, offload: str
) -> None:
    whole = load_pipeline(sdxl, packages)
    waiting = load_pipeline(sdxl, packages, MemoryPlan(whole.placement, offload=offload))  # type: ignore[arg-type]
    assert hasattr(waiting.base.unet, "_hf_hook")
    expected = await drawn(whole)
    assert await drawn(waiting) == expected
    assert await drawn(waiting) == expected


async def test_tiles_are_small_enough_to_matter_and_leave_a_small_picture_alone(sdxl: Path, packages: TorchImports) -> None:
    whole = load_pipeline(sdxl, packages)
    tiled = load_pipeline(sdxl, packages, MemoryPlan(whole.placement, tiling=True, reason="SDXL needs more."))
    vae = tiled.base.vae
    assert (vae.use_tiling, vae.tile_latent_min_size) == (True, 64)
    assert str(tiled.placement).endswith("and the model is small. SDXL needs more")
    assert await drawn(tiled) == await drawn(whole)


class Part:
    """Stands for a module: remembers where it was sent."""

    def __init__(self, name: str, log: list[str]) -> None:
        self.name, self.log = name, log

    def to(self, place: str) -> None:
        self.log.append(f"{self.name} to {place}")


def test_only_the_part_at_work_is_on_the_device_in_whatever_order_they_are_called() -> None:
    log: list[str] = []
    turns, (encoder, unet, vae) = PartOffload("cuda"), (Part(name, log) for name in ("encoder", "unet", "vae"))
    for part in (encoder, unet, unet, encoder, vae):
        turns.enter(part)
    assert log == [
        "encoder to cuda",
        *("encoder to cpu", "unet to cuda"),
        *("unet to cpu", "encoder to cuda"),
        *("encoder to cpu", "vae to cuda"),
    ]


@pytest.mark.parametrize("offload", ["", "model", "sequential"])
def test_a_second_models_part_waits_as_the_firsts_do(sdxl: Path, packages: TorchImports, offload: str) -> None:
    base = load_pipeline(sdxl, packages, MemoryPlan(FAST, offload=offload)).base  # type: ignore[arg-type]
    second = packages.torch.nn.Linear(4, 4)
    offload_parts(second, base.unet)
    assert hasattr(second, "_hf_hook") == bool(offload)
    if offload == "model":
        assert second._hf_hook.turns is base.unet._hf_hook.turns
    assert second(packages.torch.zeros(1, 4)).shape == (1, 4)
