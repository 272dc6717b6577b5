"""What --keywords makes of a prompt: keywords asked for once, and put where the model of the plan hears them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from gemini_diffusion import crafting
from gemini_diffusion.chat_models import Answerer
from gemini_diffusion.commands import Flags
from gemini_diffusion.crafting import Keywords, PromptRequest
from gemini_diffusion.generation.drawing.plan import DrawingPlan
from gemini_diffusion.types import CraftedPrompt, StageFinished, StageStarted
from gemini_diffusion.types.errors import GeminiDiffusionError

if TYPE_CHECKING:
    from gemini_diffusion.generation.drawing.job import Job

Weigh = Callable[[CraftedPrompt], CraftedPrompt]
_NO_KEY = (
    "Keywords are counted in five paraphrases that a chat model writes. Without a key there is none, so there are no keywords."
)


async def find_weighing(job: Job, flags: Flags, request: PromptRequest, planned: DrawingPlan) -> Weigh:
    """What puts the keywords of a request into a prompt for it; leaves it as it is where there are none, and says why."""
    model, can = job.services.chat_model(job.settings), planned.capabilities
    if not flags.keywords:
        return lambda crafted: crafted
    if flags.raw:
        job.notify(["Your words are drawn as they are, so --keywords was left out."])
    elif not (can.prompt_2 or can.weights):
        job.notify([f"{planned.drawer[:1].upper()}{planned.drawer[1:]} does not weigh words, so --keywords was left out."])
    elif not model.structured:
        job.notify([_NO_KEY])
    else:
        try:
            keywords = await _count(job, await job.lent_model(), request)
            return keywords.in_second_prompt if can.prompt_2 else keywords.in_prompt
        except GeminiDiffusionError as error:
            job.notify([f"No keywords were counted. {error}"])
    return lambda crafted: crafted


async def _count(job: Job, model: Answerer, request: PromptRequest) -> Keywords:
    loop = asyncio.get_running_loop()
    start = loop.time()
    job.emit(StageStarted("paraphrasing", "Writing paraphrases"))
    try:
        return await crafting.find_keywords(request, model, job.settings, job.emit)
    finally:
        job.emit(StageFinished("paraphrasing", "Counted the words of the paraphrases", loop.time() - start))
