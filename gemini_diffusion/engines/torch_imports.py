"""torch, diffusers and transformers, imported on first use and in the one safe way; knows no model."""

from __future__ import annotations

import importlib
import os
from dataclasses import dataclass
from types import ModuleType

from gemini_diffusion.engines.error_map import translate_error
from gemini_diffusion.types.errors import PackageMissing

SAFETY = {"DIFFUSERS_DISABLE_REMOTE_CODE": "1"}
"""Read by diffusers at its import, whatever the environment says: without it, code that a model names is fetched and run."""
ENVIRONMENT = {
    "TOKENIZERS_PARALLELISM": "false",
    "DIFFUSERS_VERBOSITY": "error",
    "TRANSFORMERS_VERBOSITY": "error",
}
"""Read by the packages at their import. Their warnings are about their own insides; what concerns a person is said by us."""


@dataclass(frozen=True, slots=True)
class TorchImports:
    """The imported modules."""

    torch: ModuleType
    diffusers: ModuleType
    transformers: ModuleType

    @property
    def versions(self) -> dict[str, str]:
        """By the packages' names."""
        return {name: str(getattr(self, name).__version__) for name in ("torch", "diffusers", "transformers")}

    def stack(self, device: str, dtype: str) -> dict[str, str]:
        """What decides a picture beside its recipe: the versions, where it is drawn and how numbers are added up there."""
        threads = {"threads": str(self.torch.get_num_threads())} if device == "cpu" else {}
        return {**self.versions, "device": device, "dtype": dtype, **threads}


def import_torch() -> TorchImports:
    """Import them, about five seconds the first time. Raises PackageMissing with what helps."""
    os.environ.update(SAFETY)
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    with translate_error("Drawing on this machine"):
        packages = TorchImports(*(_import(name) for name in ("torch", "diffusers", "transformers")))
        for package in (packages.diffusers, packages.transformers):
            package.utils.logging.set_verbosity_error()
            package.utils.logging.disable_progress_bar()
        _ = packages.diffusers.StableDiffusionXLPipeline  # imported on first sight: a package that does not fit shows here
        return packages


def _import(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        missing = (error.name or name).partition(".")[0]
        raise PackageMissing(f"{missing} is not installed, so nothing can be drawn on this machine.") from error
