"""Idea and conversation in, a crafted prompt out: asks a chat model, holds it to the contract, steps down by rule.

The ladder: a whole answer - one more call that names what is lost of what is held - an answer dug out of a fence or a preamble
- a prompt that was cut - prose that keeps the contract - the rules. Each step down is a notice. Error text, a refusal in the
prompt's place and another picture are no answer. It draws nothing and knows no service.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from gemini_diffusion.chat_models import Answerer
from gemini_diffusion.config.settings import Settings
from gemini_diffusion.crafting.contract import ContractResult, verify
from gemini_diffusion.crafting.instructions import InstructionRequest, known_styles, write_instruction
from gemini_diffusion.crafting.lexicon import read_lexicon, words_in
from gemini_diffusion.crafting.merge import merge
from gemini_diffusion.crafting.pairs import Pair
from gemini_diffusion.crafting.parse_answer import CraftAnswer, How, answer_schema, is_complaint, parse_answer, partial_prompt
from gemini_diffusion.crafting.postprocess import postprocess, with_denials
from gemini_diffusion.crafting.prompt_request import PromptRequest
from gemini_diffusion.crafting.required_terms import find_required_terms, quotes_in, tokens_in
from gemini_diffusion.crafting.rules import craft_by_rules
from gemini_diffusion.crafting.sanitize import repeats, sanitize
from gemini_diffusion.crafting.terms import Term
from gemini_diffusion.crafting.vocabulary import vocabulary_of
from gemini_diffusion.types import ChatAnswer, ChatRequest, CraftedPrompt, Emit, Event, Message, TextGrew
from gemini_diffusion.types.errors import Blocked, GeminiDiffusionError

_CONTEXT_MESSAGES = 6
_LONGEST_CONTEXT = 2000
_GROWTH = 1.02
"""A prompt is shown again when it is so much longer: to read it whole at each letter would take the square of its length."""
_ROUNDS = 2
"""Putting one value right may show that another is lost: of two that were exchanged, the second."""
_GO_ON = "Say it in other words, or add --raw to use your words as they are."
_STEPS_DOWN: dict[How, str] = {
    "whole": "",
    "dug out": "",
    "cut": "The chat model's answer broke off; I used the prompt as far as it came.",
    "prose": "The chat model answered in plain text; I used it as the prompt.",
}


@dataclass(frozen=True, slots=True)
class Attempt:
    """One answer, read: how it was found, what it keeps of the request, and which model gave it."""

    answer: CraftAnswer
    how: How
    verdict: ContractResult
    model: str

    @property
    def pairs(self) -> list[Pair]:
        return [Pair(pair.said, pair.english) for pair in self.answer.kept]

    @property
    def rank(self) -> tuple[bool, int, int, int]:
        """Smaller is better: whether it shows the request at all, what is missing or not covered, how the answer was found."""
        verdict = self.verdict
        return verdict.strange, len(verdict.missing), len(verdict.uncovered), list(_STEPS_DOWN).index(self.how)


async def craft(
    request: PromptRequest, conversation: Sequence[Message], chat_model: Answerer, settings: Settings, emit: Emit
) -> CraftedPrompt:
    """The prompt for a request; on the way TextGrew with the prompt so far. Raises Blocked where it is declined, else nothing.

    An error of the chat model does not fail the turn: the rules craft instead, and a notice says why.
    """
    if not chat_model.structured:
        return await asyncio.to_thread(craft_by_rules, request)
    crafting = await asyncio.to_thread(_Crafting, request, conversation, chat_model, settings, emit)
    return await crafting.run()


class _Crafting:
    """One crafting under way. What reads words, which may be many, runs off the event loop."""

    def __init__(
        self, request: PromptRequest, conversation: Sequence[Message], chat_model: Answerer, settings: Settings, emit: Emit
    ) -> None:
        self.request, self.chat_model, self.settings, self.emit = request, chat_model, settings, emit
        self.reading = find_required_terms(request.words, request.negative, request.weighed)
        self.quotes = [*quotes_in(request.words), *tokens_in(request.words)]
        self.instruction = write_instruction(_order(request))
        context = [Message(entry.role, entry.text[:_LONGEST_CONTEXT]) for entry in conversation[-_CONTEXT_MESSAGES:]]
        self.messages = (*context, Message("user", request.words))
        self.told = self.instruction
        self.notices: list[str] = []

    async def run(self) -> CraftedPrompt:
        try:
            first = await self._ask(self.messages)
        except Blocked:
            raise
        except GeminiDiffusionError as error:
            said = f"{error.message} I wrote the prompt by rule instead. {error.hint}".strip()
            return await asyncio.to_thread(craft_by_rules, self.request, (said,))
        attempt = await asyncio.to_thread(self._read, first)
        if self._needs_repair(attempt):
            attempt = await self._repaired(first, attempt)
        if attempt is None or not self._usable(attempt):
            said = "The chat model's answer could not be used, so I wrote the prompt by rule."
            return await asyncio.to_thread(craft_by_rules, self.request, (*self.notices, said))
        return await asyncio.to_thread(self._crafted, attempt)

    async def _ask(self, messages: tuple[Message, ...]) -> ChatAnswer:
        shown, due = "", 0

        def pass_on(event: Event) -> None:
            nonlocal shown, due
            if not isinstance(event, TextGrew):
                self.emit(event)
                return
            if len(event.text) < due:
                return
            due = int(len(event.text) * _GROWTH)
            prompt = sanitize(partial_prompt(event.text), self.quotes)
            if prompt and prompt != shown:
                shown = prompt
                self.emit(TextGrew(prompt))

        chat_request = ChatRequest(messages, self.instruction, answer_schema())
        answer = await self.chat_model.answer(chat_request, self.settings, pass_on)
        self.notices += answer.notices
        return answer

    def _read(self, given: ChatAnswer) -> Attempt | None:
        """The answer cleaned and judged; None where there is none or it reads the instruction aloud."""
        found = parse_answer(given.text)
        if found is None:
            return None
        answer, how = found
        if answer.refusal and answer.refusal.strip(" .").lower() not in ("", "none", "null", "n/a", "no"):
            raise Blocked(f"{given.model} would not write this prompt: {sanitize(answer.refusal, longest=300)}", _GO_ON)
        answer = self._cleaned(answer)
        if not answer.prompt or is_complaint(answer.prompt) or repeats(answer.prompt, self.told, self.request.words):
            return None
        pairs = [Pair(pair.said, pair.english) for pair in answer.kept]
        verdict = verify(self.reading, answer.prompt, answer.negative_prompt, self.request.model.takes_negative, pairs)
        return Attempt(answer, how, verdict, given.model)

    def _cleaned(self, answer: CraftAnswer) -> CraftAnswer:
        """Every field without markup, addresses and flags; one that repeats the instruction is emptied."""

        def plain(text: str, longest: int) -> str:
            kept = sanitize(text, self.quotes, longest)
            return "" if repeats(kept, self.told, self.request.words) else kept

        return answer.model_copy(
            update={
                "prompt": sanitize(answer.prompt, self.quotes),
                "negative_prompt": plain(answer.negative_prompt, 400),
                "title": plain(answer.title, 80),
                "reply": plain(answer.reply, 300),
            }
        )

    def _needs_repair(self, attempt: Attempt | None) -> bool:
        """Whether to ask once more: for what is held and lost, and for words that neither a pair nor our own reading covers. A
        denial that is merely not written down goes into the negative by rule.
        """
        if attempt is None or attempt.how in ("cut", "prose"):
            return True
        return not attempt.verdict.holds or bool(attempt.verdict.uncovered)

    async def _repaired(self, first: ChatAnswer, attempt: Attempt | None) -> Attempt | None:
        """The better of the first answer and a second one that was told what is missing."""
        complaint = _complaint(attempt)
        self.told += f"\n{complaint}"
        given = Message("assistant", first.text[:_LONGEST_CONTEXT] or "(nothing)")
        asked = (*self.messages, given, Message("user", complaint))
        try:
            second = await asyncio.to_thread(self._read, await self._ask(asked))
        except Blocked:
            raise
        except GeminiDiffusionError as error:
            self.notices.append(f"Asking for a better prompt failed: {error.message}")
            return attempt
        if attempt and (attempt.verdict.missing or attempt.verdict.uncovered):
            lost = dict.fromkeys([*(term.said for term in attempt.verdict.missing), *attempt.verdict.uncovered])
            self.notices.append(f"The chat model left out {', '.join(lost)}, so I asked it again.")
        found = [entry for entry in (second, attempt) if entry]
        return min(found, key=lambda entry: entry.rank) if found else None

    def _usable(self, attempt: Attempt) -> bool:
        """Not another picture; a cut prompt or bare prose must keep the contract by itself, and keep something at all."""
        if attempt.how in ("cut", "prose"):
            return attempt.verdict.holds and not attempt.verdict.unseen and bool(attempt.verdict.kept)
        return not attempt.verdict.strange

    def _crafted(self, attempt: Attempt) -> CraftedPrompt:
        """The answer as a prompt: what is held and still missing put right by rule, then finished; else the rules."""
        answer, missing = attempt.answer, attempt.verdict.missing
        prompt = answer.prompt
        notices = [*self.notices, _STEPS_DOWN[attempt.how]]
        if missing:
            lost = missing
            for _ in range(_ROUNDS):
                prompt = merge(prompt, self.reading, self.request.is_tags, lost, attempt.pairs)
                lost = verify(
                    self.reading, prompt, answer.negative_prompt, self.request.model.takes_negative, attempt.pairs
                ).missing
                if not lost:
                    break
            notices.append(f"I put right what the chat model left out or changed: {_list(missing)}.")
        prompt, said_of_denials = with_denials(prompt, self.request, self.reading, by_rule=False)
        crafted = CraftedPrompt(
            original=self.request.idea,
            prompt=prompt,
            negative_prompt=answer.negative_prompt,
            title=answer.title or " ".join(words_in(answer.prompt)[:6]),
            style=answer.style if answer.style in known_styles() else "",
            aspect_ratio=self.request.aspect or ("" if answer.aspect_ratio == "auto" else answer.aspect_ratio),
            reply=answer.reply or read_lexicon().languages[self.reading.language or "en"].reply,
            crafted_by=attempt.model,
            notices=tuple(filter(None, [*notices, *said_of_denials])),
        )
        finished = postprocess(crafted, self.request, self.reading, attempt.pairs)
        if not finished.missing:
            return finished
        said = "The chat model's prompt could not be put right, so I wrote it by rule."
        ruled = craft_by_rules(self.request, (*self.notices, said))
        return ruled if len(ruled.missing) < len(finished.missing) else finished


def _order(request: PromptRequest) -> InstructionRequest:
    vocabulary = vocabulary_of(request)
    return InstructionRequest(
        family=request.model.family,
        added_words=request.added_words,
        max_tokens=request.room,
        takes_negative=request.model.takes_negative,
        avoid=tuple(sanitize(thing, longest=100) for thing in request.negative),
        aspect=request.aspect,
        style=request.preset,
        keep=(*(" ".join(phrase.split()) for phrase in request.weighed), *tokens_in(request.words)),
        vocabulary=tuple(word for word in vocabulary.words if " " not in word) if vocabulary else (),
    )


def _complaint(attempt: Attempt | None) -> str:
    """What the second call says: exactly what is missing or changed. The person's words stand in it as quotations."""
    if attempt is None or attempt.verdict.strange or not (attempt.verdict.missing or attempt.verdict.uncovered):
        return "That was not one whole JSON object by the schema for my request. Write that object for it, nothing else."
    parts = []
    for term in attempt.verdict.missing:
        if term.kind == "negation":
            parts.append(f'"{term.said}" (must not be shown)')
        else:
            changed = " (you changed it)" if term in attempt.verdict.changed else ""
            parts.append(f'the {term.kind} "{term.said}"{changed}')
    parts += [f'"{word}"' for word in attempt.verdict.uncovered]
    return f"Your prompt lost this of my request: {'; '.join(parts)}. Write the whole answer again with it."


def _list(terms: Sequence[Term]) -> str:
    return ", ".join(dict.fromkeys(term.said for term in terms))
