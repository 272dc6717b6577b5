"""The prompt of one request, as the person wants it: verbatim, written by a model or by rule, weighed, reviewed."""

from __future__ import annotations

import asyncio
import dataclasses
from typing import TYPE_CHECKING

from gemini_diffusion import chat_models, crafting
from gemini_diffusion.chat_models import Answerer
from gemini_diffusion.commands import Imagine
from gemini_diffusion.config.settings import Settings
from gemini_diffusion.crafting import PromptRequest
from gemini_diffusion.generation.drawing.keyword_weights import Weigh, find_weighing
from gemini_diffusion.generation.drawing.plan import DrawingPlan
from gemini_diffusion.types import Crafted, CraftedPrompt, StageFinished, StageStarted
from gemini_diffusion.types.errors import GeminiDiffusionError

if TYPE_CHECKING:
    from gemini_diffusion.generation.drawing.job import Job


async def write_prompt(job: Job, command: Imagine, planned: DrawingPlan) -> CraftedPrompt:
    """The prompt, as the person wants it: verbatim, written by a model, or reviewed."""
    prompt_request = _prompt_request(job.settings, command, planned)
    job.notify(await asyncio.to_thread(crafting.validate, prompt_request))
    if command.flags.raw:
        crafted = crafting.verbatim(prompt_request)
        job.notify(["Your words are drawn as they are, so --stylize was left out."] if command.flags.stylize else [])
    else:
        crafted = await _write(job, prompt_request)
    crafted = (weigh := await find_weighing(job, command.flags, prompt_request, planned))(crafted)
    if command.flags.review or (job.settings.review and not command.flags.dry):
        crafted = await _reviewed(job, prompt_request, crafted, weigh)
    job.notify(crafted.notices)
    job.emit(Crafted(crafted))
    return crafted


async def _write(job: Job, prompt_request: PromptRequest) -> CraftedPrompt:
    start = (loop := asyncio.get_running_loop()).time()
    job.emit(StageStarted("crafting", "Writing the prompt"))
    crafted = await crafting.craft(prompt_request, job.conversation, await _writer(job), job.settings, job.emit)
    job.emit(StageFinished("crafting", "Wrote the prompt", loop.time() - start))
    return crafted


async def _writer(job: Job) -> Answerer:
    """Who writes the prompt; the rules write it, and say so, where the host lends no more answers today."""
    try:
        return await job.lent_model()
    except GeminiDiffusionError as error:
        job.notify([str(error), "I wrote the prompt by rule instead."])
        return chat_models.fallback(job.services.chat_models)


async def _reviewed(job: Job, prompt_request: PromptRequest, crafted: CraftedPrompt, weigh: Weigh) -> CraftedPrompt:
    """Nothing runs until the person has chosen; "again" writes it anew and asks again."""
    while True:
        job.emit(Crafted(crafted))
        choice, prompt = await job.review(crafted)
        if choice == "mine":
            return weigh(crafting.verbatim(prompt_request))
        if choice == "draw":
            if prompt.strip() in ("", crafted.prompt):
                return crafted
            told = await asyncio.to_thread(crafting.account, crafted, prompt.strip())
            return dataclasses.replace(told, crafted_by="you")
        crafted = weigh(await _write(job, prompt_request))


def _prompt_request(settings: Settings, command: Imagine, planned: DrawingPlan) -> PromptRequest:
    flags = command.flags
    return PromptRequest(
        idea=command.idea,
        model=planned.model,
        negative=flags.negative,
        stylize=settings.stylize if flags.stylize is None else flags.stylize,
        style=flags.style or "",
        aspect=f"{flags.aspect.width}:{flags.aspect.height}" if flags.aspect else "",
        max_prompt_tokens=settings.max_prompt_tokens,
        max_tokens=planned.capabilities.max_tokens,
        count_tokens=lambda text: planned.engine.count_tokens(planned.model.id, text),
        taught=planned.taught,
    )
