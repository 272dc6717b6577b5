"""A LoRA or a textual inversion on its way from the hub: one .safetensors file of a repository; applies nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gemini_diffusion.engines.downloads.fetch import Bundle, Fetch, refuse_offline
from gemini_diffusion.engines.downloads.model_store import WEIGHTS, in_bytes
from gemini_diffusion.engines.local.adapters.hub_id import one_of, repository_of
from gemini_diffusion.engines.models.safetensors_header import ONLY_SAFETENSORS
from gemini_diffusion.engines.worker import WorkerJob
from gemini_diffusion.types.errors import AgreementNeeded, BadInput

INSTEAD = "leave it out"


@dataclass(frozen=True, slots=True)
class AdapterDownload:
    """One file of the hub: `name` is `owner/name`, or `owner/name/file.safetensors` where a repository has several."""

    name: str
    delivery: Fetch

    def plan(self) -> Bundle:
        """The file and its size, asked of the hub; nothing is fetched.

        Raises Unreachable, ModelNotFound, and BadInput where the repository has no such file or does not say which one.
        """
        refuse_offline(self.name, INSTEAD)
        return Bundle((self.delivery.plan(repository_of(self.name), (f"*{WEIGHTS}",), self._chosen),))

    def agreement(self, job: WorkerJob) -> AgreementNeeded:
        """What a person is asked before anything is fetched. Raises what `plan` does."""
        job.check()
        size, free = self.plan().missing, self.delivery.shelf.free_bytes
        return AgreementNeeded(
            f"{self.name} is a {in_bytes(size)} download; {in_bytes(free)} are free here.",
            f"Agree to it, or {INSTEAD}.",
            model=self.name,
            download_bytes=size,
            free_bytes=free,
        )

    def run(self, job: WorkerJob) -> None:
        """Fetch the file to where it is found the next time. What has arrived is kept, also after a stop."""
        self.delivery.bring(self.name, self.plan, job)

    def _chosen(self, files: Sequence[str]) -> list[str]:
        if not files:
            raise BadInput(f"{repository_of(self.name)} has no {WEIGHTS} file.", ONLY_SAFETENSORS)
        return [one_of(self.name, files)]
