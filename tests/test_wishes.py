"""Two hundred wishes in thirteen languages: good crafts are left alone, planted faults are found, with pairs and without."""

from __future__ import annotations

import os
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gemini_diffusion.config.settings import Settings
from gemini_diffusion.crafting import PromptRequest, account, craft, only_yours, put_in, without_parts
from gemini_diffusion.crafting.contract import ContractResult, verify
from gemini_diffusion.crafting.pairs import Pair
from gemini_diffusion.crafting.parse_answer import is_complaint
from gemini_diffusion.crafting.required_terms import find_required_terms
from gemini_diffusion.engines.models import find_model
from gemini_diffusion.types import ChatAnswer, ChatRequest, Emit
from tests.scripted import ScriptedChatModel, as_json
from tests.tables import read_table
from tests.wishes import ANSWERLESS, HELD, Craft, crafts

EXAMPLES = int(os.environ.get("CONTRACT_EXAMPLES", "150"))
"""How many odd pairs of wish and answer are tried; 10,000 take some minutes."""


def judged(case: Craft, step: int) -> ContractResult:
    pairs = [Pair(*pair) for pair in (case.pairs[::step] if step else ())]
    return verify(find_required_terms(case.wish), case.prompt, case.negative, True, pairs)


@pytest.mark.parametrize(("step", "held"), [(1, 0.98), (2, 0.97), (0, 0.97)], ids=["all pairs", "half", "none"])
def test_faithful_crafts_are_let_be_and_faults_are_found(step: int, held: float) -> None:
    """A craft that holds makes no second call; `held` is the share of held faults that are found at least."""
    told, flagged = Counter[str](), Counter[str]()
    for case in crafts():
        result = judged(case, step)
        group = "good" if case.is_good else "held" if case.kind in HELD else case.kind
        told[group] += 1
        flagged[group] += not result.holds or bool(result.unseen)
        assert result.holds or not case.is_good, (case.wish, case.prompt, result.missing)
    assert flagged["good"] <= 0.02 * told["good"]
    assert flagged["held"] >= held * told["held"]
    assert flagged["strange"] >= 0.95 * told["strange"]


def test_there_are_enough_wishes_in_enough_languages() -> None:
    cases = list(crafts())
    assert len({case.wish for case in cases}) >= 200
    assert len({case.language for case in cases}) >= 10
    assert {*HELD, *ANSWERLESS, "noun"} <= {case.kind for case in cases}
    assert len({case.kind for case in cases} - {"faithful", "free"}) >= 14


@pytest.mark.parametrize("case", [case for case in crafts() if case.is_good], ids=lambda case: case.prompt)
def test_no_good_prompt_reads_as_a_refusal_or_an_error(case: Craft) -> None:
    assert not is_complaint(case.prompt)


REFUSALS = """I'm sorry, but I can't draw that. | I cannot help with this | Error 503: overloaded | HTTP error 429 |
As an AI model, I | Lo siento, no puedo | 죄송하지만 그릴 수 없어요 | 申し訳ありません | Es tut mir leid | null |
429 Too Many Requests | {"prompt": 1}"""


@pytest.mark.parametrize("prompt", REFUSALS.replace("\n", " ").split(" | "))
def test_a_refusal_or_an_error_is_no_prompt(prompt: str) -> None:
    assert is_complaint(prompt)


class AtOnce(ScriptedChatModel):
    """Answers without growing."""

    async def answer(self, request: ChatRequest, settings: Settings, emit: Emit) -> ChatAnswer:
        self.history.append(request)
        return ChatAnswer(str(self.turns.popleft()), "scripted-1")


_SCRIPTS = ("aZ ,.", "äß é", "가힣 을", "あア漢鳥", "的没有两", "بدون٣", "без две", "बिना३ לא ไม่")
_WORDS = read_table("scraps")["wishes"]
ODD = st.lists(
    st.sampled_from(_WORDS) | st.text(st.sampled_from("".join(_SCRIPTS)) | st.characters(), max_size=6), max_size=25
).map(" ".join)
PAIRS = st.lists(st.fixed_dictionaries({"said": ODD, "english": ODD}) | st.none() | st.integers() | ODD, max_size=4)
ANSWERS = st.one_of(
    ODD, st.builds(as_json, ODD, kept=PAIRS | ODD | st.none(), negative_prompt=ODD, aspect_ratio=ODD, title=PAIRS)
)


@settings(max_examples=EXAMPLES, deadline=None)
@given(idea=ODD, answers=st.lists(ANSWERS, min_size=2, max_size=2), negative=st.lists(ODD, max_size=2))
async def test_no_wish_and_no_answer_raise_anything(idea: str, answers: list[str], negative: list[str]) -> None:
    for model in ("sdxl", "FLUX.1 schnell", "postcard"):
        wish = PromptRequest(idea, find_model(model), tuple(negative))
        crafted = await craft(wish, (), AtOnce(answers), Settings(), lambda event: None)
        assert crafted.original == idea
        for told, prompt in ((crafted, crafted.prompt), (account(crafted, idea), idea)):
            assert "".join(part.text for part in told.parts) == prompt
            for place in range(len(told.parts)):
                without_parts(told.parts, (place,))
            put_in(told, only_yours(told))
