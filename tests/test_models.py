"""The catalogue: each entry can be drawn with as it stands, few steps set the rest with them, and finding never raises."""

from __future__ import annotations

from pathlib import Path

import pytest

from gemini_diffusion.engines import models
from gemini_diffusion.engines.local.sampling.schedulers import SCHEDULERS
from gemini_diffusion.engines.models import CATALOGUE, REFINERS, ImageModel

LOCAL = [entry for entry in CATALOGUE if "local" in entry.engines]
FETCHED = [entry for entry in LOCAL if not entry.is_folder]
EVERY = [*CATALOGUE, *REFINERS]


@pytest.mark.parametrize("entry", EVERY, ids=lambda entry: entry.id)
def test_every_name_of_an_entry_leads_to_it(entry: ImageModel) -> None:
    for name in (entry.id, entry.id.upper(), f"  {entry.label} ", *entry.aliases):
        assert models.find_model(name) is entry


@pytest.mark.parametrize("entry", LOCAL, ids=lambda entry: entry.id)
def test_a_local_entry_names_a_scheduler_that_there_is_and_sizes_on_the_grid(entry: ImageModel) -> None:
    assert entry.scheduler in ("", *SCHEDULERS)
    assert all(side % 64 == 0 for size in entry.sizes for side in size)
    assert entry.licence


@pytest.mark.parametrize("entry", [*FETCHED, *REFINERS], ids=lambda entry: entry.id)
def test_what_must_be_fetched_says_how_much_companions_included(entry: ImageModel) -> None:
    beside = sum(companion.download_bytes for companion in entry.companions)
    assert entry.download_bytes > beside
    assert all(companion.source.count("/") == 1 for companion in entry.companions)


@pytest.mark.parametrize("entry", [entry for entry in LOCAL if entry.num_inference_steps <= 8], ids=lambda entry: entry.id)
def test_a_few_step_model_sets_guidance_scheduler_and_negative_with_its_steps(entry: ImageModel) -> None:
    assert entry.guidance_scale <= 1
    assert entry.scheduler == "LCM" or entry.timestep_spacing == "trailing"
    assert not entry.takes_negative
    assert not entry.negative_prompt


def test_every_way_of_the_field_is_there_and_what_needs_an_agreement_says_so() -> None:
    assert {entry.label for entry in EVERY if entry.gated} == {"FLUX.1 dev", "FLUX.1 Krea", "Stable Diffusion 3 medium"}
    flux = models.find_model("flux")  # the word means the one that anybody may use
    assert (flux.label, flux.licence, flux.gated) == ("FLUX.1 schnell", "Apache 2.0", False)
    assert models.find_model("stabilityai/stable-diffusion-xl-base-1.0").id == "sdxl", "of those that share it, the plain one"
    few = {entry.id for entry in LOCAL if entry.num_inference_steps <= 8}
    assert {"sdxl-turbo", "sdxl-lightning", "sdxl-lcm"} <= few
    laptops = [entry for entry in LOCAL if 1e9 <= entry.download_bytes <= 3e9]
    assert {entry.id for entry in laptops} == {"dreamshaper-lcm", "sd-turbo"}
    vision = models.find_model("realistic-vision")
    vae = vision.companion("vae")
    assert vae is not None
    assert (vae.source, vision.left_out, vision.companion("lora")) == ("stabilityai/sd-vae-ft-mse", ("vae",), None)


def test_a_refiner_is_found_by_its_name_and_never_offered_to_begin_a_picture() -> None:
    base = models.find_model("sdxl")
    refiner = models.find_model(base.refiner)
    assert (refiner.label, refiner.left_out) == ("SDXL refiner 1.0", ("text_encoder_2", "vae"))
    assert refiner not in CATALOGUE
    assert {entry.refiner for entry in CATALOGUE} == {"", "sdxl-refiner"}
    assert models.find_model("somebody/fine-xl").refiner == base.refiner, "it goes on with any drawing of SDXL's"
    assert models.find_model("somebody/stable-diffusion-v1-5").refiner == ""


@pytest.mark.parametrize(
    ("typed", "family", "engines"),
    [
        ("me/dreamy-XL", "sdxl", ("local", "hosted")),
        ("me/anything-v1-5", "sd15", ("local", "hosted")),
        ("me/my-flux", "flux", ("hosted",)),
        ("me/nobody-knows", "generic", ("local", "hosted")),
        ("https://box.example/draw", "generic", ("local", "hosted")),
    ],
)
def test_a_model_nobody_knows_is_guessed_by_its_name(typed: str, family: str, engines: tuple[str, ...]) -> None:
    entry = models.find_model(typed)
    assert (entry.family, entry.engines, entry.source) == (family, engines, typed)


@pytest.mark.parametrize(
    "typed", ["", "/", "/nowhere/at/all", "~nobody-here/x", "~/models/cat.safetensors", "/dev/null", "/etc/hostname"]
)
def test_finding_never_raises_whatever_is_typed(typed: str) -> None:
    assert models.find_model(typed).sizes


def test_a_file_is_told_from_a_folder_with_a_dot_in_its_name(tmp_path: Path) -> None:
    file, folder = models.find_model(str(tmp_path / "cat.SafeTensors")), models.find_model(str(tmp_path / "model-v5.1"))
    assert (file.is_file, file.is_folder, folder.is_file, folder.is_folder) == (True, False, False, True)
    assert (file.label, folder.label) == ("cat", "model-v5.1")
    assert models.find_model("~/cat.safetensors").source == str(Path.home() / "cat.safetensors")
