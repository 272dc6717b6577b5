"""Base and refiner as one drawing, seamless edges, and the finishing pass: on tiny pipelines saved as the big ones are."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import shutil
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest
from PIL import Image

from gemini_diffusion.config.settings import Settings
from gemini_diffusion.engines import models
from gemini_diffusion.engines.local.drawing_queue import DrawingQueue
from gemini_diffusion.engines.local.eta import DurationEstimator
from gemini_diffusion.engines.local.loading.loader import load_pipeline
from gemini_diffusion.engines.local.model_cache import DrawCommand, ModelCache
from gemini_diffusion.engines.local.pipeline import Pipeline
from gemini_diffusion.engines.local.sampling.batch import DrawnImage
from gemini_diffusion.engines.local.sampling.init_image import InitImage
from gemini_diffusion.engines.local.sampling.refiner import open_refiner, refuse_handover
from gemini_diffusion.engines.local.sampling.sampling import Models, segments
from gemini_diffusion.engines.local.sampling.schedulers import SCHEDULERS, TWO_CALLS
from gemini_diffusion.engines.local.sampling.seamless import seamless
from gemini_diffusion.engines.torch_imports import TorchImports
from gemini_diffusion.types import Event, ImageResult, Progress, StageFinished
from gemini_diffusion.types.errors import AgreementNeeded, OutOfMemory, RequestRefused
from tests.closeness import nearly_same
from tests.engine_harness import Local, asked, draw_one, reading
from tests.pictures import edge_jump
from tests.tiny_sdxl import build_refiner, build_sd15

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # diffusers' own, about numpy


@pytest.fixture(scope="module")
def refiner(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_refiner(tmp_path_factory.mktemp("models") / "tiny-refiner")


@pytest.fixture(scope="module")
def loaded(sdxl: Path, refiner: Path, packages: TorchImports) -> Pipeline:
    base = load_pipeline(sdxl, packages)
    return dataclasses.replace(base, refiner=open_refiner(refiner, base.base, packages))


@pytest.fixture
def pair(loaded: Pipeline) -> Iterator[Pipeline]:
    """A base with its refiner in memory, and whatever a test hooks to their networks for as long as it runs."""
    yield loaded
    for network in (loaded.base.unet, loaded.refiner.unet):
        network._forward_hooks.clear()


# --- an ensemble of two ---


@pytest.mark.parametrize(
    ("steps", "strength", "refine", "split"),
    [
        (25, 0, 0.8, (20, 5)), (25, 0, 0.6, (15, 10)), (25, 0, 1.0, (25, 0)),
        (10, 0.3, 0.8, (0, 3)), (10, 0.7, 0.8, (5, 2)), (10, 0.45, 0.5, (0, 4)), (10, 0.7, 1.0, (7, 0)),
    ],
)  # fmt: skip
async def test_steps_are_split_between_the_two_and_counted_as_one_drawing(
    pair: Pipeline, steps: int, strength: float, refine: float, split: tuple[int, int]
) -> None:
    """With a strength it begins from a picture, and a pass that hardly moves from it is the refiner's alone."""
    taken, events = [0, 0], list[Event]()
    pair.base.unet.register_forward_hook(lambda *_: taken.__setitem__(0, taken[0] + 1))
    pair.refiner.unet.register_forward_hook(lambda *_: taken.__setitem__(1, taken[1] + 1))
    begins = InitImage(Image.new("RGB", (64, 64), (200, 90, 30))) if strength else None
    one = asked(events.append, num_inference_steps=steps, strength=strength or 0.6, refine=refine)
    (drawn,) = pair.draw([dataclasses.replace(one, init_image=begins)])
    await asyncio.sleep(0)
    assert isinstance(drawn, DrawnImage)
    assert (tuple(taken), drawn.steps, drawn.ignored) == (split, sum(split), ())
    told = [(event.done, event.total) for event in events if isinstance(event, Progress)]
    assert told == [(number, sum(split)) for number in range(1, sum(split) + 1)]


@pytest.mark.parametrize("name", TWO_CALLS)
async def test_a_scheduler_that_cannot_hand_over_is_refused_before_and_while_drawing(pair: Pipeline, name: str) -> None:
    item = asked(num_inference_steps=10, scheduler=name, refine=0.6)
    with reading(RequestRefused, f"The refiner cannot take over from {name}"):
        refuse_handover(item.request)
    with reading(RequestRefused, f"The refiner cannot take over from {name}"):
        pair.draw([item])


async def test_it_is_the_picture_that_diffusers_draws_with_both(
    pair: Pipeline, packages: TorchImports, sdxl: Path, refiner: Path
) -> None:
    diffusers, torch = packages.diffusers, packages.torch
    base = diffusers.StableDiffusionXLPipeline.from_pretrained(sdxl, local_files_only=True, add_watermarker=False)
    second = diffusers.StableDiffusionXLImg2ImgPipeline.from_pretrained(
        refiner, vae=base.vae, text_encoder_2=base.text_encoder_2, local_files_only=True, add_watermarker=False
    )
    shared = {"num_inference_steps": 10, "guidance_scale": 5.0, "generator": torch.Generator().manual_seed(7)}
    latents = base("a cat", width=64, height=64, denoising_end=0.8, output_type="latent", **shared).images
    plain = second("a cat", image=latents, denoising_start=0.8, **shared).images[0]
    (ours,) = pair.draw([asked(num_inference_steps=10, refine=0.8)])
    (alone,) = pair.draw([asked(num_inference_steps=10)])
    assert isinstance(ours, DrawnImage) and isinstance(alone, DrawnImage)
    assert nearly_same(ours.image, plain)
    assert not nearly_same(ours.image, alone.image)
    assert pair.refiner.vae is pair.base.vae
    assert pair.refiner.text_encoder_2 is pair.base.text_encoder_2


async def test_a_refined_picture_of_a_batch_is_the_refined_picture_drawn_alone(pair: Pipeline) -> None:
    words = [{"prompt": "a cat", "seed": 1}, {"prompt": "two dogs", "seed": 2}]
    batch = pair.draw([asked(refine=0.5, num_inference_steps=6, **each) for each in words])  # type: ignore[arg-type]
    alone = [pair.draw([asked(refine=0.5, num_inference_steps=6, **each)])[0] for each in words]  # type: ignore[arg-type]
    for one, other in zip(batch, alone, strict=True):
        assert isinstance(one, DrawnImage) and isinstance(other, DrawnImage)
        assert nearly_same(one.image, other.image)


@pytest.mark.parametrize("scheduler", [name for name in SCHEDULERS if name not in TWO_CALLS])
async def test_other_schedulers_hand_over_too(pair: Pipeline, scheduler: str) -> None:
    drawn = draw_one(pair, refine=0.7, num_inference_steps=5, scheduler=scheduler)
    assert (drawn.scheduler, drawn.ignored) == (scheduler, ())


@pytest.mark.parametrize("steps", [3, 60])
@pytest.mark.parametrize("scheduler", ["LCM", "TCD", ""])
async def test_more_and_fewer_steps_than_a_scheduler_counts_on_are_split_as_they_are_drawn(
    pair: Pipeline, packages: TorchImports, scheduler: str, steps: int
) -> None:
    request = asked(num_inference_steps=steps, scheduler=scheduler, refine=0.6).request
    base, refiner = segments(Models(pair.base, pair.refiner, packages), request)
    for segment in (base, refiner):
        segment.view.scheduler.set_timesteps(steps)
    assert base.view.scheduler.timesteps.tolist() == refiner.view.scheduler.timesteps.tolist()
    assert base.steps + refiner.steps == steps and base.view.scheduler.timesteps[0] > 700


@pytest.mark.parametrize("refine", [0.999, 0.001])
async def test_a_part_that_leaves_one_of_them_no_step_is_named_as_ignored(pair: Pipeline, refine: float) -> None:
    drawn = draw_one(pair, num_inference_steps=4, refine=refine)
    assert drawn.ignored == ("refine",)


async def test_a_model_without_a_refiner_names_the_wish_as_ignored(local: Local, tmp_path: Path) -> None:
    older = build_sd15(tmp_path / "older")
    assert (await local.draw(older, refine=0.8)).ignored == ("refine",)
    assert not local.engine.capabilities(str(older), Settings()).refine
    for impossible in (0.0, 1.5, -1.0):
        with reading(RequestRefused, "The refiner begins after a part of the drawing, between 0 and 1."):
            await local.draw(older, refine=impossible)


async def test_a_models_relative_of_ones_own_takes_the_refiner_too(local: Local, sdxl: Path) -> None:
    assert local.engine.capabilities(str(sdxl), Settings()).refine and local.engine.capabilities("sdxl", Settings()).refine
    with reading(AgreementNeeded, "SDXL refiner 1.0 is a 4.5 GB download"):
        await local.draw(sdxl, refine=0.8)


@dataclass
class Duo:
    """A queue that draws with a model and, where asked, its refiner."""

    base: Path
    refiner: Path
    queue: DrawingQueue[DrawCommand, ImageResult]
    events: list[Event] = field(default_factory=list)

    async def draw(self, refine: float) -> ImageResult:
        request, entry = asked(refine=refine, num_inference_steps=5).request, models.find_model(str(self.base))
        command = DrawCommand(request, entry, self.base, self.refiner if refine < 1 else None)
        return await self.queue.draw(command, self.events.append)

    @property
    def loaded(self) -> list[str]:
        """What was put into memory, in turn."""
        return [event.text for event in self.events if isinstance(event, StageFinished) and event.stage == "loading"]


@pytest.fixture
async def duo(sdxl: Path, refiner: Path, tmp_path: Path) -> AsyncIterator[Duo]:
    made = Duo(sdxl, refiner, DrawingQueue(ModelCache(DurationEstimator(tmp_path / "pace.json")).draw))
    yield made
    await made.queue.close()


async def test_the_refiner_is_loaded_beside_its_base_when_it_is_first_wanted(duo: Duo) -> None:
    plain, refined, again = [await duo.draw(refine) for refine in (1.0, 0.8, 1.0)]
    assert [text.partition(":")[0] for text in duo.loaded] == ["tiny-sdxl is in memory", "The refiner is in memory"]
    assert refined.ignored == ()
    assert plain.image.tobytes() == again.image.tobytes() != refined.image.tobytes()


async def test_where_the_refiner_does_not_fit_beside_its_base_both_are_planned_anew(
    duo: Duo, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = await duo.draw(1.0)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=2_000_000_000))
    refined = await duo.draw(0.8)
    assert duo.loaded[0].endswith("the model is small")
    assert duo.loaded[1].endswith("2.0 GB are free here, so pictures are decoded in tiles")
    assert duo.loaded[2:] == ["The refiner is in memory"]
    assert refined.image.tobytes() != plain.image.tobytes() == (await duo.draw(1.0)).image.tobytes()
    assert len(duo.loaded) == 3  # what was planned for both stays


async def test_a_refiner_for_which_there_is_no_room_at_all_is_refused_and_its_base_draws_on(
    duo: Duo, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = await duo.draw(1.0)
    with monkeypatch.context() as machine:
        machine.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=1_000_000))
        with reading(OutOfMemory, "tiny-sdxl needs about"):
            await duo.draw(0.8)
    assert (await duo.draw(1.0)).image.tobytes() == plain.image.tobytes()


async def test_only_a_refiner_can_refine_and_only_sdxl(
    sdxl: Path, refiner: Path, packages: TorchImports, tmp_path: Path
) -> None:
    base = load_pipeline(sdxl, packages).base
    with reading(RequestRefused, "A model of the kind StableDiffusionXLPipeline cannot refine this one's pictures."):
        open_refiner(sdxl, base, packages)
    older = load_pipeline(build_sd15(tmp_path / "sd15"), packages).base
    with reading(RequestRefused, "cannot refine this one's pictures. Draw without --refine."):
        open_refiner(refiner, older, packages)


async def test_a_refiner_without_the_parts_it_shares_loads_as_well(
    sdxl: Path, refiner: Path, packages: TorchImports, tmp_path: Path
) -> None:
    lean = shutil.copytree(refiner, tmp_path / "lean")
    for part in ("text_encoder_2", "vae"):
        for weights in (lean / part).glob("*.safetensors"):
            weights.unlink()
    assert json.loads((lean / "model_index.json").read_text())["text_encoder"] == [None, None]
    base = load_pipeline(sdxl, packages)
    pair = dataclasses.replace(base, refiner=open_refiner(lean, base.base, packages))
    assert isinstance(pair.draw([asked(refine=0.5)])[0], DrawnImage)


# --- edges that meet ---


async def test_opposite_edges_of_a_seamless_picture_meet(local: Local) -> None:
    size: dict[str, Any] = {"width": 128, "height": 128, "num_inference_steps": 12, "seed": 1}
    jumps = {tile: edge_jump((await local.draw("postcard", tile=tile, **size)).image) for tile in (False, True)}
    assert jumps[True] < jumps[False] / 3, jumps
    assert local.engine.capabilities("postcard", Settings()).tile


def test_a_seamless_network_knows_no_edge(sdxl: Path, packages: TorchImports) -> None:
    """What is moved round the corner before it is moved round the corner after it."""
    torch, unet = packages.torch, load_pipeline(sdxl, packages).base.unet
    latents, words = torch.randn(1, 4, 8, 8), torch.randn(1, 77, 64)
    more = {"text_embeds": torch.randn(1, 32), "time_ids": torch.ones(1, 6)}

    def moved_before_and_after() -> tuple[Any, Any]:
        with torch.no_grad():
            before = unet(latents.roll((4, 2), (2, 3)), 500, words, added_cond_kwargs=more).sample
            return before, unet(latents, 500, words, added_cond_kwargs=more).sample.roll((4, 2), (2, 3))

    with seamless([unet], torch, wanted=True):
        assert torch.allclose(*moved_before_and_after(), atol=1e-4)
    assert not torch.allclose(*moved_before_and_after(), atol=1e-2)


async def test_the_next_drawing_is_not_seamless_also_after_an_error(local: Local, sdxl: Path, packages: TorchImports) -> None:
    before = await local.draw(sdxl)
    assert (await local.draw(sdxl, tile=True)).image.tobytes() != before.image.tobytes()
    assert (await local.draw(sdxl)).image.tobytes() == before.image.tobytes()
    pipeline = load_pipeline(sdxl, packages)
    pipeline.base.unet.mid_block.register_forward_pre_hook(_fail)
    with pytest.raises(ZeroDivisionError):
        pipeline.draw([asked(tile=True)])
    convolutions = [module for module in pipeline.base.unet.modules() if isinstance(module, packages.torch.nn.Conv2d)]
    assert {convolution.padding_mode for convolution in convolutions} == {"zeros"}


def _fail(*_: object) -> None:
    raise ZeroDivisionError
