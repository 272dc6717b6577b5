"""Models as Hugging Face's hub lists them with their providers; made up of names of late 2026."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.servers.hugging_face_refusals import SDXL


@dataclass(frozen=True)
class HostedModel:
    """A model of the hub and who serves it: `providers` gives the provider's own name for it."""

    name: str
    providers: tuple[tuple[str, str], ...] = ()
    task: str = "text-to-image"
    status: str = "live"

    def entry(self) -> dict[str, Any]:
        """What the hub's listing says of it."""
        mapping = [
            {"provider": provider, "providerId": name, "status": self.status, "task": self.task, "hf_model_id": self.name}
            for provider, name in self.providers
        ]
        return {"_id": self.name, "id": self.name, "modelId": self.name, "private": False, "pipeline_tag": self.task,
                "sha": "0" * 40, "tags": ["diffusers"], "inferenceProviderMapping": mapping}  # fmt: skip


FLUX = "black-forest-labs/FLUX.1-schnell"
SD3 = "stabilityai/stable-diffusion-3-medium-diffusers"
HOSTED = (
    HostedModel(FLUX, (("hf-inference", FLUX), ("fal-ai", "fal-ai/flux/schnell"), ("together", FLUX), ("nscale", FLUX),
                       ("replicate", "black-forest-labs/flux-schnell"), ("wavespeed", "wavespeed-ai/flux-schnell"))),
    HostedModel("Qwen/Qwen-Image", (("fal-ai", "fal-ai/qwen-image"),)),
    HostedModel(SD3, (("hf-inference", SD3),)),
    HostedModel("zai-org/GLM-Image", (("zai-org", "glm-image"),)),
    HostedModel("ByteDance/Hyper-SD", (("fal-ai", "fal-ai/hyper-sdxl"),), status="staging"),
    HostedModel(SDXL),
    HostedModel("Qwen/Qwen4-8B", (("together", "Qwen/Qwen4-8B"),), task="conversational"),
)  # fmt: skip
