"""A diffusers pipeline kept warm, and one drawing with it; runs on the queue's thread only and knows no event loop."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from gemini_diffusion.engines.local.loading.device import Placement
from gemini_diffusion.engines.local.sampling import sampling
from gemini_diffusion.engines.local.sampling.batch import Batch, BatchItem, DrawnImage
from gemini_diffusion.engines.local.sampling.batch import Outcome as Outcome
from gemini_diffusion.engines.local.sampling.callbacks import StepCallbacks, stoppable
from gemini_diffusion.engines.local.sampling.conditioning import Conditioning
from gemini_diffusion.engines.local.sampling.decode import LatentsOverflowed
from gemini_diffusion.engines.local.sampling.pipeline_view import parts_of
from gemini_diffusion.engines.local.sampling.sampling import Models
from gemini_diffusion.engines.local.sampling.upscale import Upscale
from gemini_diffusion.engines.torch_imports import TorchImports
from gemini_diffusion.engines.worker import JoinedJob
from gemini_diffusion.types.errors import BadAnswer, RequestRefused

ANEW = "Delete its folder and fetch it again, or choose another model."
WIDENED = "The model's numbers overflowed in float16, so it was drawn again in bfloat16."


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A loaded model: `base` is shared by all drawings and never called; each drawing gets a view of its own.

    `refiner` is the diffusers pipeline that goes on after it where a request wants that, None while none is loaded. The last
    `clip_skip` layers of the base's encoder are left out.
    """

    base: Any
    packages: TorchImports
    placement: Placement
    refiner: Any = None
    clip_skip: int = 0

    def draw(self, asked: Sequence[BatchItem]) -> list[Outcome]:
        """One picture for each, in one go: their requests differ in words and seeds only. Each fails or is stopped by itself.

        A picture is the one that would come of it alone. Generators are on the CPU, for one seed on all devices. Raises
        JobCancelled when nobody waits any more, and what concerns all of them, like too little memory.
        """
        outcomes = self._draw(asked)
        lost = [place for place, outcome in enumerate(outcomes) if isinstance(outcome, LatentsOverflowed)]
        if lost and self._widened():
            for place, again in zip(lost, self._draw([asked[place] for place in lost]), strict=True):
                outcomes[place] = again.after(WIDENED) if isinstance(again, DrawnImage) else again
        if any(isinstance(outcome, BadAnswer) for outcome in outcomes) and (name := self._unsound()):
            cause = RequestRefused(f"The weights of this model's {name} are not all numbers, so there is no picture.", ANEW)
            return [cause if isinstance(outcome, BadAnswer) else outcome for outcome in outcomes]
        return outcomes

    def _draw(self, asked: Sequence[BatchItem]) -> list[Outcome]:
        """Conditioning, sampling, decoding; what can be sampled in one go is."""
        torch, first = self.packages.torch, asked[0]
        models = Models(self.base, self.refiner, self.packages, self.clip_skip)
        outcomes: dict[int, Outcome] = {}
        with (
            _threads(torch, self.placement.threads),
            stoppable(self._parts(), JoinedJob([one.job for one in asked]).check),
        ):
            segments = sampling.segments(models, first.request, first.strength)
            texts = [models.conditionings(segments, one.request) for one in asked]
            for places in _alike(asked, texts):
                group = [asked[place] for place in places]
                drawing = Batch(models, segments, group, [texts[place] for place in places])
                outcomes.update(zip(places, _made(drawing), strict=True))
        return [outcomes[place] for place in range(len(asked))]

    def _parts(self) -> list[Any]:
        """Every network of the model, each once."""
        pipelines = (self.base, self.refiner) if self.refiner else (self.base,)
        return list({id(part): part for pipeline in pipelines for part in parts_of(pipeline)}.values())

    def _unsound(self) -> str:
        """The network some of whose own weights are no numbers, "" for none: no precision, seed or guidance helps there."""
        for pipeline in filter(None, (self.base, self.refiner)):
            for name, part in pipeline.components.items():
                weights = part.parameters() if hasattr(part, "parameters") else ()
                if not all(bool(each.isfinite().all()) for each in weights if each.device.type != "meta"):
                    return str(name)
        return ""

    def _widened(self) -> bool:
        """Whether the networks could be changed to numbers with the same size and a larger range; they stay so.

        bfloat16 reaches as far as float32: what overflows in the one does in the other, and another try would only cost time.
        """
        torch, unet = self.packages.torch, self.base.unet
        if unet.dtype != torch.float16 or unet.device.type == "meta":  # its layers come from elsewhere one by one
            return False
        for part in self._parts():
            if part is not self.base.vae:  # decoding has its own remedy
                part.to(torch.bfloat16)
        return True


def _made(drawing: Batch) -> list[Outcome]:
    """The pictures of a drawing; where one is asked for large it is the only one, and made so."""
    steps, first = StepCallbacks(JoinedJob([one.job for one in drawing.asked])), drawing.asked[0]
    ahead = Upscale.of(drawing.models, first) if first.large else None
    outcomes = drawing.outcomes(steps, ahead.steps if ahead else 0)
    if ahead:
        outcomes = [ahead.outcome(outcomes[0], steps)]
    return [dataclasses.replace(each, steps=steps.done) if isinstance(each, DrawnImage) else each for each in outcomes]


def _alike(asked: Sequence[BatchItem], texts: Sequence[Sequence[Conditioning]]) -> list[list[int]]:
    """Places that can be sampled in one go: long prompts and weighted ones come as embeddings, of different lengths. The tiles
    of a large picture are sampled one by one, and so is it."""
    groups: dict[Any, list[int]] = {}
    for place, stages in enumerate(texts):
        values = [item for text in stages for item in text.arguments.items()]
        shapes = tuple((name, getattr(value, "shape", type(value))) for name, value in values)
        groups.setdefault((place if asked[place].large else None, shapes), []).append(place)
    return list(groups.values())


@contextmanager
def _threads(torch: Any, wanted: int) -> Iterator[None]:
    """So many threads for one drawing, 0 for torch's own choice, which comes back for the next model."""
    before = torch.get_num_threads()
    torch.set_num_threads(wanted or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)
