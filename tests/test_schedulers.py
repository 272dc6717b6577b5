"""Schedulers by name: each is what its name says on any model, and a model's own comes back as it was."""

from __future__ import annotations

from typing import Any

import pytest

from gemini_diffusion.engines.local.sampling.schedulers import SCHEDULERS, make_scheduler, scheduler_name
from gemini_diffusion.engines.torch_imports import TorchImports
from gemini_diffusion.types.errors import RequestRefused

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # diffusers' own, about numpy


@pytest.fixture(scope="module")
def diffusers(packages: TorchImports) -> Any:
    return packages.diffusers


@pytest.mark.parametrize("name", SCHEDULERS)
def test_a_name_leads_to_its_scheduler_and_the_scheduler_back_to_its_name(name: str, diffusers: Any) -> None:
    own = diffusers.EulerDiscreteScheduler(beta_schedule="scaled_linear", prediction_type="v_prediction")
    made = make_scheduler(diffusers, name.upper(), own)
    assert scheduler_name(made) == name
    assert made is not own
    assert (made.config.beta_schedule, made.config.prediction_type) == ("scaled_linear", "v_prediction")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("DPM++ 2M Karras", {"use_karras_sigmas": True, "algorithm_type": "dpmsolver++"}),
        ("DPM++ 2M SDE", {"use_karras_sigmas": False, "algorithm_type": "sde-dpmsolver++"}),
        ("DDIM", {"clip_sample": False}),
        ("LCM", {"timestep_spacing": "trailing"}),
        ("TCD", {"timestep_spacing": "trailing"}),
    ],
)
def test_a_scheduler_gets_what_it_needs_whatever_the_model_came_with(name: str, said: dict[str, Any], diffusers: Any) -> None:
    config = make_scheduler(diffusers, name, diffusers.EulerDiscreteScheduler(timestep_spacing="leading")).config
    assert {key: config[key] for key in said} == said


def test_the_name_of_the_models_own_is_its_own_even_where_the_table_knows_another(diffusers: Any) -> None:
    strange = diffusers.DDPMScheduler(beta_schedule="scaled_linear")
    clipping = diffusers.DDIMScheduler(clip_sample=True)
    for own in (strange, clipping):
        for name in ("", scheduler_name(own)):
            made = make_scheduler(diffusers, name, own)
            assert type(made) is type(own) and made is not own
            assert dict(made.config) == dict(own.config)


def test_a_name_that_there_is_not_is_refused_with_those_that_there_are(diffusers: Any) -> None:
    with pytest.raises(RequestRefused, match=r"no scheduler called Eulr\. Choose one of DPM"):
        make_scheduler(diffusers, "Eulr", diffusers.EulerDiscreteScheduler())


@pytest.mark.parametrize("spacing", ["leading", "linspace"])
@pytest.mark.parametrize("name", SCHEDULERS)
def test_any_number_of_steps_begins_where_there_is_noise(name: str, spacing: str, diffusers: Any) -> None:
    own = diffusers.EulerDiscreteScheduler(beta_schedule="scaled_linear", timestep_spacing=spacing, steps_offset=1)
    few = (*range(1, 9), 12, 20, 50, 150)  # of the one that takes a third of a second for each
    for steps in few if name == "KDPM2 a" else range(1, 151):
        made = make_scheduler(diffusers, name, own, steps)
        made.set_timesteps(steps)
        assert made.timesteps[0] > 700, steps


def test_more_than_three_steps_are_those_of_the_models_own_schedule(diffusers: Any) -> None:
    own = diffusers.EulerDiscreteScheduler(timestep_spacing="leading")
    assert dict(make_scheduler(diffusers, "", own, 4).config) == dict(own.config)
