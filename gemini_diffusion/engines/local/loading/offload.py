"""Parts of a model that share a device too small for all of them: the one at work is on it, the others wait in memory.

It does not know what the parts are. Unlike a chain in a fixed order it holds for every order in which parts are called, also
after a stop in the middle, and for parts of two models, such as a refiner's.
"""

from __future__ import annotations

from typing import Any


class PartOffload:
    """One device, and the part that is on it now."""

    def __init__(self, device: str) -> None:
        self._device = device
        self._at_work: Any = None

    def enter(self, part: Any) -> None:
        """Bring a part to the device; whichever was there goes back to memory first."""
        if self._at_work is part:
            return
        if self._at_work is not None:
            self._at_work.to("cpu")
        part.to(self._device)
        self._at_work = part

    def join(self, part: Any) -> None:
        """Make a torch module take its turn whenever it is called, or decodes."""
        import accelerate.hooks

        taken, device = self, self._device

        class Turn(accelerate.hooks.ModelHook):
            """What accelerate calls before a module computes; diffusers asks it for the device."""

            execution_device, turns = device, taken

            def pre_forward(self, module: Any, *args: Any, **options: Any) -> tuple[Any, Any]:
                taken.enter(module)
                return args, options

        part.to("cpu")
        accelerate.hooks.add_hook_to_module(part, Turn(), append=True)


def offload_parts(part: Any, other: Any) -> None:
    """Put a part where another one is that was placed already: on its device, or in memory as it waits there."""
    hook = getattr(other, "_hf_hook", None)
    if hook is None:
        part.to(other.device)
    elif isinstance(turns := getattr(hook, "turns", None), PartOffload):
        turns.join(part)
    else:
        offload_layers(part, hook.execution_device)


def offload_layers(part: Any, device: str) -> None:
    """Make each layer of a torch module come to the device for its own computation only."""
    import accelerate

    accelerate.cpu_offload(part, device, offload_buffers=bool(part._parameters))
