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


def make_scheduler(diffusers: Any, name: str, own: Any) -> Any:
    """A scheduler of its own for one drawing: the named one, or one like the model's `own` where it is that or "".

    Raises RequestRefused.
    """
    if name.lower() in ("", scheduler_name(own).lower()):
        return type(own).from_config(own.config)
    known = {entry.lower(): entry for entry in SCHEDULERS}
    if name.lower() not in known:
        raise RequestRefused(f"There is no scheduler called {name[:40]}.", f"Choose one of {', '.join(SCHEDULERS)}.")
    kind, changes = SCHEDULERS[known[name.lower()]]
    return getattr(diffusers, kind).from_config(own.config, **changes)


def scheduler_name(scheduler: Any) -> str:
    """The name people know a scheduler by, its class's where it has none."""
    kind = type(scheduler).__name__
    for name, (known, changes) in SCHEDULERS.items():
        if known == kind and all(scheduler.config.get(key) == value for key, value in changes.items()):
            return name
    return next((name for name, (known, _) in SCHEDULERS.items() if known == kind), kind)
