"""How honest the contract is: crafts true and false of two hundred wishes, through the crafter with a chat model on a script.

    python -m benchmarks.contract [all|half|none]

The argument says how many of its pairs the chat model returns. A good craft is accused where a second call is made, anything is
said to be lost, or its words are changed; a fault is found where it is said, put right or given to the rules.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter

from gemini_diffusion.config.settings import Settings
from gemini_diffusion.crafting import PromptRequest, craft
from gemini_diffusion.crafting.prompt_text import PromptText
from gemini_diffusion.crafting.required_terms import find_required_terms
from gemini_diffusion.engines.models import find_model
from gemini_diffusion.types import ChatAnswer, ChatRequest, CraftedPrompt, Emit
from tests.scripted import ScriptedChatModel
from tests.wishes import ANSWERLESS, HELD, Craft, crafts

SHARE = {"all": 1, "half": 2, "none": 0}


class AtOnce(ScriptedChatModel):
    """Answers without growing."""

    async def answer(self, request: ChatRequest, settings: Settings, emit: Emit) -> ChatAnswer:
        self.history.append(request)
        return ChatAnswer(str(self.turns.popleft()), "scripted-1")


def main() -> None:
    step = SHARE[sys.argv[1] if len(sys.argv) > 1 else "all"]
    told, flagged, denied = Counter[str](), Counter[str](), 0
    again = 0
    for case in crafts():
        crafted, calls = asyncio.run(_answer(case, step))
        flagged[_group(case)] += _is_flagged(case, crafted, calls)
        told[_group(case)] += 1
        again += case.is_good and calls > 1
        denied += _draws_denied(case, crafted)
    for group in ("faithful", "free", "held", "watched", "no answer"):
        word = "accused" if group in ("faithful", "free") else "found"
        print(f"{group:10} {word:8} {flagged[group]:4} of {told[group]:4}  {100 * flagged[group] / told[group]:5.1f} %")
    print(f"second calls on good crafts: {again}; denied things put in: {denied}")


def _group(case: Craft) -> str:
    if case.is_good:
        return case.kind
    return "held" if case.kind in HELD else "no answer" if case.kind in ANSWERLESS else "watched"


async def _answer(case: Craft, step: int) -> tuple[CraftedPrompt, int]:
    pairs = [{"said": said, "english": english} for said, english in (case.pairs[::step] if step else ())]
    answer = {
        "title": "",
        "prompt": case.prompt,
        "negative_prompt": case.negative,
        "style": "",
        "aspect_ratio": "auto",
        "reply": "",
    }
    written = json.dumps(answer | ({"kept": pairs} if step else {"kept_terms": [], "added_terms": []}))
    model = AtOnce([written, written])
    wish = PromptRequest(case.wish, find_model("sdxl"), stylize=1000)
    return await craft(wish, (), model, Settings(), lambda event: None), len(model.history)


def _is_flagged(case: Craft, crafted: CraftedPrompt, calls: int) -> bool:
    return (
        calls > 1 or bool(crafted.missing or crafted.unseen) or crafted.crafted_by == "rules" or crafted.prompt != case.prompt
    )


def _draws_denied(case: Craft, crafted: CraftedPrompt) -> bool:
    """Whether crafting put in what the wish denies."""
    reading = find_required_terms(case.wish)
    denied = frozenset[str]().union(*(term.stems for term in reading.terms if term.kind == "negation"))
    new = PromptText(crafted.prompt).shown - PromptText(case.prompt).shown
    return bool(new & denied - reading.wanted)


if __name__ == "__main__":
    main()
