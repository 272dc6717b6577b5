"""Schedulers by the names people know them by, as data; loads nothing."""

from __future__ import annotations

from typing import Any

from gemini_diffusion.types.errors import RequestRefused

SCHEDULERS: dict[str, tuple[str, dict[str, Any]]] = {
    "DPM++ 2M Karras": ("DPMSolverMultistepScheduler", {"algorithm_type": "dpmsolver++", "use_karras_sigmas": True}),
    "DPM++ 2M": ("DPMSolverMultistepScheduler", {"algorithm_type": "dpmsolver++", "use_karras_sigmas": False}),
    "DPM++ 2M SDE Karras": (
        "DPMSolverMultistepScheduler",
        {"algorithm_type": "sde-dpmsolver++", "use_karras_sigmas": True},
    ),
    "DPM++ 2M SDE": ("DPMSolverMultistepScheduler", {"algorithm_type": "sde-dpmsolver++", "use_karras_sigmas": False}),
    "Euler": ("EulerDiscreteScheduler", {}),
    "Euler a": ("EulerAncestralDiscreteScheduler", {}),
    "UniPC": ("UniPCMultistepScheduler", {}),
    "DDIM": ("DDIMScheduler", {"clip_sample": False}),
    "Heun": ("HeunDiscreteScheduler", {}),
    "LCM": ("LCMScheduler", {"timestep_spacing": "trailing"}),
    "TCD": ("TCDScheduler", {"timestep_spacing": "trailing"}),
    "DEIS": ("DEISMultistepScheduler", {}),
    "PNDM": ("PNDMScheduler", {"skip_prk_steps": True}),
    "KDPM2 a": ("KDPM2AncestralDiscreteScheduler", {}),
}
"""Name -> diffusers class, and what it takes besides the model's own scheduler configuration.

Few-step schedulers begin at the last timestep ("trailing"); DDIM would clip latents of models that never asked for it.
"""
TWO_CALLS = ("Heun", "KDPM2 a")
"""They ask the model twice for each step, so that no single timestep parts their steps in two."""
FEW_STEPS = 3
"""With so few, a schedule that does not begin at its last timestep begins where hardly any noise is left to draw from."""
_BY_NAME = {name.lower(): name for name in SCHEDULERS}


def refuse_unknown(name: str) -> None:
    """Raises RequestRefused for a name that neither the table has nor a class of diffusers, which a model may bring along."""
    if name and name.lower() not in _BY_NAME and not name.endswith("Scheduler"):
        raise _unknown(name)


def make_scheduler(diffusers: Any, name: str, own: Any, steps: int = 0) -> Any:
    """A scheduler of its own for one drawing of `steps`: the named one, or one like the model's `own` where that is it or "".

    With few steps it begins at its last timestep, with many the distilled ones count on more. Raises RequestRefused.
    """
    if name.lower() in ("", scheduler_name(own).lower()):
        made = type(own).from_config(own.config)
    elif known := _BY_NAME.get(name.lower()):
        kind, changes = SCHEDULERS[known]
        made = getattr(diffusers, kind).from_config(own.config, **changes)
    else:
        raise _unknown(name)
    config = made.config
    if 0 < steps <= FEW_STEPS and config.get("timestep_spacing", "trailing") != "trailing":
        made.register_to_config(timestep_spacing="trailing")
    if steps > config.get("original_inference_steps", steps):
        made.register_to_config(original_inference_steps=steps)
    return made


def _unknown(name: str) -> RequestRefused:
    return RequestRefused(f"There is no scheduler called {name[:40]}.", f"Choose one of {', '.join(SCHEDULERS)}.")


def scheduler_name(scheduler: Any) -> str:
    """The name people know a scheduler by, its class's where it has none."""
    kind = type(scheduler).__name__
    for name, (known, changes) in SCHEDULERS.items():
        if known == kind and all(scheduler.config.get(key) == value for key, value in changes.items()):
            return name
    return next((name for name, (known, _) in SCHEDULERS.items() if known == kind), kind)
