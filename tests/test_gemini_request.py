"""What is sent to Gemini and what is made of the answer: only what was moved, only what the model takes, and all of it said."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

import pytest

from gemini_diffusion.chat_models.gemini.chat_answer import CUT
from gemini_diffusion.chat_models.gemini.model_list import ignored_sampling
from gemini_diffusion.network.gemini.refusal_reasons import REASONS
from gemini_diffusion.types import ChatAnswer, ChatRequest, Message, TextGrew
from gemini_diffusion.types.errors import BadInput, GaveUp, ModelNotFound, RequestRefused
from tests.gemini_harness import HELLO, Gemini
from tests.servers import gemini as g

SCHEMA = {"type": "object", "properties": {"prompt": {"type": "string"}}, "required": ["prompt"]}
CRAFT = ChatRequest((Message("user", "a fox"),), "Write a prompt.", SCHEMA)
MOVED: dict[str, Any] = {"temperature": 0.4, "top_p": 0.9, "top_k": 30, "max_output_tokens": 500}
OLDER = "gemini-2.5-flash"
INCOMPLETE = "The answer may be incomplete: Gemini did not say that it was finished."


@pytest.fixture
def gemini(gemini: Gemini) -> Gemini:
    """With two more models."""
    more = (g.model("gemini-3.1-flash-lite", "Lite"), g.model("some-tuned-thing", "Tuned"))
    gemini.server.listing = (*gemini.server.listing, *more)
    return gemini


async def test_a_conversation_is_sent_as_turns_with_its_instruction_and_nothing_else(gemini: Gemini) -> None:
    asked = Message("user", "And snow?", b"\xff\xd8 a photo")
    said = (Message("user", "A fox?"), Message("assistant", "A fox."), Message("assistant", " "), asked)
    await gemini.answer(ChatRequest(said, "Be brief."))
    call = gemini.server.generations[0]
    assert call.path == "/v1beta/models/gemini-flash-latest:streamGenerateContent"
    assert call.turns == [("user", "A fox?"), ("model", "A fox."), ("user", "And snow?")]
    sent = call.body["contents"][-1]["parts"][0]["inlineData"]
    assert base64.urlsafe_b64decode(sent["data"]) == asked.image and "image/jpeg" in sent.values()
    assert call.system_text == "Be brief."
    assert call.config == {}
    assert set(call.body) - {"generationConfig"} == {"contents", "systemInstruction", "safetySettings"}
    assert call.headers["x-server-timeout"] == "21"


@pytest.mark.parametrize("threshold", ["OFF", "BLOCK_ONLY_HIGH", "BLOCK_LOW_AND_ABOVE"])
async def test_the_safety_threshold_goes_to_all_four_categories(threshold: str, gemini: Gemini) -> None:
    await gemini.answer(safety=threshold)
    sent = {entry["category"]: entry["threshold"] for entry in gemini.server.generations[0].body["safetySettings"]}
    harms = ("HARASSMENT", "HATE_SPEECH", "SEXUALLY_EXPLICIT", "DANGEROUS_CONTENT")
    assert sent == {f"HARM_CATEGORY_{harm}": threshold for harm in harms}


@pytest.mark.parametrize(
    ("name", "ignored"),
    [
        ("gemini-2.5-pro", False), ("gemini-2.5-flash-lite", False), ("gemini-3-flash", False), ("gemini-3-pro-preview", False),
        ("gemini-3.1-pro-preview", False), ("gemini-3.1-flash-lite", False), ("gemini-3.5-flash", False),
        ("models/gemini-3.5-flash", False), ("gemini-3.5-flash-lite", True), ("gemini-3.6-flash", True),
        ("gemini-3.8-flash", True), ("gemini-4-argon", True), ("gemini-flash-latest", True), ("something-new", True),
    ],
)  # fmt: skip
def test_newer_models_are_known_to_ignore_sampling(name: str, ignored: bool) -> None:
    assert ignored_sampling(name) == (("temperature", "top_p", "top_k") if ignored else ())


async def test_moved_settings_are_kept_from_a_model_that_ignores_them_and_it_is_said(gemini: Gemini) -> None:
    assert (await gemini.answer(**MOVED, chat_model=OLDER)).notices == ()
    answer = await gemini.answer(**MOVED, chat_model="gemini-3.8-flash")
    reached, kept = (call.config for call in gemini.server.generations)
    assert reached == {"temperature": 0.4, "topP": 0.9, "topK": 30, "maxOutputTokens": 500}
    assert kept == {"maxOutputTokens": 500}
    assert answer.notices == (
        "Temperature is not used by gemini-3.8-flash.",
        "Top P is not used by gemini-3.8-flash.",
        "Top K is not used by gemini-3.8-flash.",
    )


@pytest.mark.parametrize("name", ["temperature", "top_k", "maxOutputTokens"])
async def test_a_setting_the_model_refuses_is_left_out_and_it_is_said(name: str, gemini: Gemini) -> None:
    gemini.server.enqueue(g.field_unsupported(name))
    answer = await gemini.answer(**MOVED, chat_model=OLDER)
    first, second = gemini.server.generations
    assert {*first.config} - {*second.config} == {{"top_k": "topK"}.get(name, name)}
    assert len(answer.notices) == 1 and answer.notices[0].startswith(f"{OLDER} refused ")
    gemini.server.enqueue(*[g.field_unsupported(each) for each in ("temperature", "top_p", "top_k")])
    answer = await gemini.answer(**MOVED, chat_model=OLDER)  # one after the other
    assert gemini.server.generations[-1].config == {"maxOutputTokens": 500} and len(answer.notices) == 3


async def test_a_refused_field_that_was_not_sent_is_the_persons_to_know(gemini: Gemini) -> None:
    gemini.server.enqueue(g.field_unsupported("temperature"))
    with pytest.raises(RequestRefused, match="temperature is not supported"):
        await gemini.answer()
    assert len(gemini.server.generations) == 1


@pytest.mark.parametrize(
    ("name", "thinks"),
    [
        ("gemini-flash-latest", True), ("gemini-3.8-flash", True), (OLDER, False), ("gemma-4-31b-it", False),
        ("some-tuned-thing", False),
    ],
)  # fmt: skip
async def test_a_schema_asks_for_json_and_for_little_thinking_where_that_is_known(
    name: str, thinks: bool, gemini: Gemini
) -> None:
    gemini.server.enqueue(g.structured({"prompt": "a fox in the snow"}))
    answer = await gemini.answer(CRAFT, chat_model=name)
    assert answer.text == '{"prompt": "a fox in the snow"}'
    config = gemini.server.generations[0].config
    assert (config["responseMimeType"], config["responseJsonSchema"]) == ("application/json", SCHEMA)
    assert ("thinkingConfig" in config) == thinks
    if thinks:
        assert list(config["thinkingConfig"].values()) == ["LOW"]


async def test_a_refused_thinking_level_is_left_out(gemini: Gemini) -> None:
    gemini.server.enqueue(g.field_unsupported("thinking_level"))
    answer = await gemini.answer(CRAFT)
    assert ["thinkingConfig" in call.config for call in gemini.server.generations] == [True, False]
    assert answer.notices == ()


async def test_a_short_limit_on_answers_does_not_cut_json(gemini: Gemini) -> None:
    await gemini.answer(CRAFT, max_output_tokens=80)
    await gemini.answer(max_output_tokens=80)
    assert [call.config["maxOutputTokens"] for call in gemini.server.generations] == [2048, 80]


async def test_thoughts_are_never_part_of_the_words(gemini: Gemini) -> None:
    gemini.server.enqueue(g.reply("Good ", "morning", thoughts=("Shall I greet?", "I shall.")))
    assert (await gemini.answer()).text == "Good morning"
    assert gemini.events == [TextGrew("Good "), TextGrew("Good morning")]


@pytest.mark.parametrize(
    ("answer", "limit", "notice"),
    [
        (g.Answer(("Once upon",), finish="MAX_TOKENS"), None, "The answer was cut: it got too long."),
        (g.Answer(("Once upon",), finish="MAX_TOKENS"), 64, "The answer was cut at 64 tokens, the longest set in Settings."),
        (g.Answer(("Once upon",), finish="MALFORMED_RESPONSE"), None, INCOMPLETE),
        (g.Answer(("Once upon",), finish=None), None, INCOMPLETE),
    ],
)
async def test_a_cut_answer_is_kept_and_shown_as_cut(answer: g.Answer, limit: int | None, notice: str, gemini: Gemini) -> None:
    gemini.server.enqueue(answer)
    got = await gemini.answer(max_output_tokens=limit)
    assert got == ChatAnswer("Once upon", "gemini-flash-latest", True, (notice,), input_tokens=8, output_tokens=2)


@pytest.mark.parametrize(
    ("asked", "answered", "notices"),
    [
        (OLDER, "gemini-3.8-flash", (f"gemini-3.8-flash answered in place of {OLDER}.",)),
        ("gemini-3.8-flash", "gemini-3.8-flash-001", ()),
        ("gemini-flash-latest", "gemini-3.8-flash", ()),
    ],
)
async def test_the_model_that_really_answered_is_named(
    asked: str, answered: str, notices: tuple[str, ...], gemini: Gemini
) -> None:
    gemini.server.enqueue(g.reply("Hi", model_version=answered))
    assert await gemini.answer(chat_model=asked) == ChatAnswer("Hi", answered, False, notices, input_tokens=8, output_tokens=1)


def test_every_reason_the_library_knows_to_end_an_answer_has_its_words() -> None:
    from google.genai.types import BlockedReason, FinishReason

    ends = {"STOP", "FINISH_REASON_UNSPECIFIED", *CUT}
    tools = {"MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS", "MISSING_THOUGHT_SIGNATURE"}
    assert {reason.value for reason in FinishReason} - ends - tools - {"MALFORMED_RESPONSE", "NO_IMAGE"} <= set(REASONS)
    assert {reason.value for reason in BlockedReason} <= set(REASONS)


@pytest.mark.parametrize("name", ["../secrets", "a b", "models/", "", "gemini?key=1", "gemini/../x", "\u6a21\u578b"])
async def test_a_name_no_model_can_have_is_told_without_a_call(name: str, gemini: Gemini) -> None:
    with pytest.raises(ModelNotFound, match="There is no Gemini model called"):
        await gemini.answer(chat_model=name)
    with pytest.raises(BadInput):  # nor is a conversation sent that ends with the model
        await gemini.answer(ChatRequest((*HELLO.messages, Message("assistant", "Hi"))))
    assert gemini.server.calls == []


async def test_broken_and_stopped_answers_do_not_use_up_the_connections(gemini: Gemini) -> None:
    async def stop_at_the_first_word() -> None:
        gemini.server.enqueue(g.reply("Good ", "morning", every=5))
        begun = asyncio.Event()
        answering = asyncio.ensure_future(gemini.model.answer(HELLO, gemini.settings, lambda event: begun.set()))
        await begun.wait()
        answering.cancel()
        await asyncio.wait([answering])
        assert answering.cancelled()

    for _ in range(60):  # the client opens a hundred connections at most
        gemini.server.enqueue(g.broken_stream("Good "))
        with pytest.raises(GaveUp):
            await gemini.answer()
        await stop_at_the_first_word()
    assert (await gemini.answer()).text
