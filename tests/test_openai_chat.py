"""Servers of chat completions as they are: what is sent, what they leave out, how they refuse, what a person then reads."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from gemini_diffusion.chat_models.openai_compatible.completion_answer import without_thoughts
from gemini_diffusion.chat_models.openai_compatible.completion_models import HuggingFaceChatModel, OpenAiChatModel
from gemini_diffusion.config.settings import Settings
from gemini_diffusion.types import ChatAnswer, ChatRequest, Event, Message, ignore
from gemini_diffusion.types.errors import (
    BadInput,
    Blocked,
    ColdStart,
    GaveUp,
    GeminiDiffusionError,
    KeyNeeded,
    KeyRefused,
    ModelNotFound,
    OutOfCredit,
    OutOfQuota,
    RequestRefused,
)
from tests.servers import faults as f
from tests.servers.openai_chat import MODELS, ChatServer, Completion, refused, say, whole
from tests.servers.wire import Reply, as_json

KEY = "sk-a-key-of-one-visitor-77aa"
HELLO = ChatRequest((Message("user", "Hello"),), "Be brief.")
SCHEMA = {"type": "object", "properties": {"prompt": {"type": "string"}}}
CRAFT = ChatRequest((Message("user", "a fox"),), "Write a prompt.", SCHEMA)


@dataclass
class Ollama:
    """A visitor before a server that the host named; each call may change settings by name."""

    server: ChatServer
    model: OpenAiChatModel = field(default_factory=OpenAiChatModel)
    events: list[Event] = field(default_factory=list)

    async def answer(self, request: ChatRequest = HELLO, **changes: Any) -> ChatAnswer:
        return await self.model.answer(request, self.settings(**changes), self.events.append)

    def settings(self, **changes: Any) -> Settings:
        return Settings().replaced(
            {"openai_base_url": self.server.address, "chat_model": "openai:llama3.2:3b", "deadline": 20, **changes}
        )


@pytest.fixture
def ollama() -> Iterator[Ollama]:
    with ChatServer() as server:
        yield Ollama(server)


async def test_a_question_is_sent_with_what_was_moved_and_nothing_else(ollama: Ollama) -> None:
    seen = ChatRequest(
        (Message("user", "Hi"), Message("assistant", "Hello."), Message("user", "What is it?", b"jpeg")), "Brief."
    )
    await ollama.answer(seen, temperature=0.2, top_p=0.9, top_k=4, max_output_tokens=100)
    picture = {"type": "image_url", "image_url": {"url": "data:image/jpeg;base64,anBlZw=="}}
    assert ollama.server.completions[0].body == {
        "model": "llama3.2:3b", "stream": True, "temperature": 0.2, "top_p": 0.9, "max_tokens": 100,
        "messages": [
            {"role": "system", "content": "Brief."},
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": "Hello."},
            {"role": "user", "content": [picture, {"type": "text", "text": "What is it?"}]},
        ],
    }  # fmt: skip
    assert "authorization" not in ollama.server.calls[0].headers
    assert ollama.model.unused_settings(Settings()) == ("top_k", "safety")


async def test_tokens_are_counted_where_a_paid_service_is_asked_to_and_left_uncounted_where_it_will_not(ollama: Ollama) -> None:
    counted = as_json({"choices": [{"message": {"content": "Hi."}}], "usage": {"prompt_tokens": 31, "completion_tokens": 7}})
    ollama.server.enqueue(counted, refused(400, "Unknown parameter: 'stream_options'."))
    router, settings = HuggingFaceChatModel(ollama.server.address), Settings().replaced({"hf_token": KEY})
    for tokens in ((31, 7), (0, 0)):
        answer = await router.answer(HELLO, settings, ignore)
        assert (answer.input_tokens, answer.output_tokens) == tokens and answer.text
    asked = [call.body.get("stream_options") for call in ollama.server.completions]
    assert asked == [{"include_usage": True}, {"include_usage": True}, None]


async def test_who_chose_no_model_is_answered_by_the_newest_that_chats(ollama: Ollama) -> None:
    await ollama.answer(chat_model=Settings().chat_model)
    assert [call.path for call in ollama.server.calls] == ["/v1/models", "/v1/chat/completions"]
    assert ollama.server.completions[0].model == "llama3.2:3b"
    assert [choice.id for choice in await ollama.model.models(ollama.settings())] == ["openai:llama3.2:3b", "openai:old:1b"]


UNFINISHED = "The answer may be incomplete: the chat model did not say that it was finished."
NO_SCHEMA = "This response_format type is unavailable now"


@pytest.mark.parametrize(("refusals", "kind"), [(0, "json_schema"), (1, "json_object"), (2, None)])
async def test_json_is_asked_for_as_strictly_as_the_server_can(ollama: Ollama, refusals: int, kind: str | None) -> None:
    ollama.server.enqueue(*[refused(400, NO_SCHEMA)] * refusals)
    await ollama.answer(CRAFT, max_output_tokens=64)
    last = ollama.server.completions[-1]
    assert (last.body.get("response_format") or {}).get("type") == kind and last.body["max_tokens"] == 2048
    assert len(ollama.server.completions) == refusals + 1
    assert (json.dumps(SCHEMA) in last.system_text) == bool(refusals) and last.system_text.count("JSON schema") <= 1


async def test_a_part_that_is_refused_is_left_out_and_said(ollama: Ollama) -> None:
    ollama.server.enqueue(
        refused(400, "Unsupported value: 'temperature' does not support 0.2 with this model."),
        refused(400, "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."),
    )
    answer = await ollama.answer(temperature=0.2, max_output_tokens=100)
    body = ollama.server.completions[-1].body
    assert body["max_completion_tokens"] == 100 and not {"temperature", "max_tokens"} & set(body)
    assert answer.notices == ("The chat model refused Temperature; it was left out.",)


@pytest.mark.parametrize(
    ("scripted", "text", "said"),
    [
        (say("<think>Let me see</", "think>\n\nA fox."), "A fox.", ""),
        (say("Let me see.", "</think>A fox."), "A fox.", ""),
        (Completion(("A fox.",), more=({"choices": [{"delta": {"reasoning_content": "Let me see."}}]},)), "A fox.", ""),
        (Completion(("A f", "ox."), more=({"choices": []}, {"usage": {}, "choices": None})), "A fox.", ""),
        (Completion(("A ", "fox."), end="\r\n\r\n"), "A fox.", ""),
        (Completion(("A\u2028", "fox."), end="\n: OPENROUTER PROCESSING\n\n"), "A\u2028fox.", ""),
        (Completion(("A fox.",), done=b""), "A fox.", ""),
        (whole("A fox."), "A fox.", ""),
        (Completion(("A fo",), finish="length"), "A fo", "The answer was cut: it got too long."),
        (Completion(("A fo",), finish=None, done=b""), "A fo", UNFINISHED),
    ],
)  # fmt: skip
async def test_an_answer_is_read_in_every_shape_that_servers_send(ollama: Ollama, scripted: Any, text: str, said: str) -> None:
    ollama.server.enqueue(scripted)
    answer = await ollama.answer()
    assert (answer.text, "".join(answer.notices), answer.model) == (text, said, "llama3.2:3b")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<thi", ""),
        ("<think>a", ""),
        ("<think>a</think>b", "b"),
        (" <think></think>\nb", "b"),
        ("a < b", "a < b"),
        ("<b>", "<b>"),
    ],
)
def test_thinking_is_never_shown_also_while_its_mark_is_only_half_here(text: str, shown: str) -> None:
    assert without_thoughts(text) == shown


REFUSALS: list[tuple[Any, type[GeminiDiffusionError], str, int]] = [
    (refused(401, f"Incorrect API key provided: {KEY}."), KeyRefused, '"Incorrect API key provided: (key)."', 1),
    (as_json({"detail": "No credit"}, 402), OutOfCredit, '"No credit"', 1),
    (as_json({"error": 'model "x" not found, try pulling it first'}, 404), ModelNotFound, "try pulling it first", 1),
    (as_json({"detail": "Not Found"}, 404), RequestRefused, "takes no chat. Give the address up to /v1", 1),
    (refused(429, "You exceeded your current quota", code="insufficient_quota"), OutOfQuota, "exceeded your current quota", 1),
    (refused(400, "This model does not support image input"), RequestRefused, "This model cannot see pictures", 1),
    (refused(400, "context length exceeded"), RequestRefused, '"context length exceeded"', 1),
    (refused(400, "Flagged by moderation", code="content_policy_violation"), Blocked, "did not take this request", 1),
    (Completion((), finish="content_filter"), Blocked, "A filter withheld the answer", 1),
    (Completion(more=({"choices": [{"delta": {"refusal": "I cannot."}}]},)), Blocked, '"I cannot."', 1),
    (Completion((), finish="length"), RequestRefused, "spent its whole limit of words on thinking", 1),
    (f.redirect("http://127.0.0.1:1/"), RequestRefused, "sends its visitors elsewhere", 1),
    (f.html(), GaveUp, "no answer of a model", 2),
    (f.invalid_json(), GaveUp, "no answer of a model", 2),
    (f.hang_up(), GaveUp, "The connection to the chat server broke", 3),
    (f.reset(), GaveUp, "The connection to the chat server broke", 3),
    (f.empty(), GaveUp, "no answer of a model", 2),
    (f.gzip_bomb(), GaveUp, "sends without end", 2),
    (f.flood(9, "application/json"), GaveUp, "sends without end", 2),
    (
        Completion(("A fox ",), more=(), finish=None, done=b'data: {"error": {"message": "boom"}}\n\n'),
        RequestRefused,
        "boom",
        1,
    ),
    (f.cut_by_reset(say("A fox ", "in the ", "snow.", every=0.05), 0.6), GaveUp, "The answer broke off.", 1),
]


@pytest.mark.parametrize(("scripted", "kind", "words", "calls"), REFUSALS)
async def test_a_fault_is_told_in_our_words_and_never_with_the_key(
    ollama: Ollama, scripted: Any, kind: type[GeminiDiffusionError], words: str, calls: int
) -> None:
    ollama.server.enqueue(*[scripted] * 4)
    with pytest.raises(kind) as raised:
        await ollama.answer(openai_api_key=KEY)
    assert words in str(raised.value) and KEY not in repr(raised.value) and raised.value.hint
    assert raised.value.__context__ is None or KEY not in repr(raised.value.__context__)
    assert len(ollama.server.completions) == calls


async def test_a_model_that_is_being_loaded_is_waited_for(ollama: Ollama) -> None:
    ollama.server.enqueue(refused(503, "Loading model", {"Retry-After": "0.25"}), say("Here I am."))
    assert (await ollama.answer()).text == "Here I am."
    ollama.server.enqueue(*[refused(503, "Loading model", {"Retry-After": "60"})])
    with pytest.raises(GaveUp) as raised:
        await ollama.answer()
    assert isinstance(raised.value.__cause__, ColdStart) and "is loading its model" in str(raised.value)


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"openai_base_url": "localhost:11434"}, BadInput),
        ({"openai_base_url": "http://user:word@127.0.0.1/v1"}, BadInput),
        ({"openai_base_url": ""}, KeyNeeded),
        ({"openai_api_key": "kéy"}, KeyRefused),
    ],
)
async def test_what_cannot_be_asked_is_not(ollama: Ollama, changes: dict[str, str], kind: type[Exception]) -> None:
    with pytest.raises(kind):
        await ollama.answer(HELLO, **changes)
    assert not ollama.server.calls


@pytest.mark.parametrize(
    "listing", [as_json({"data": []}), as_json({"object": "list"}), as_json({"data": [{"id": "whisper-1"}, 3]})]
)
async def test_a_server_without_a_model_that_chats_says_so(ollama: Ollama, listing: Reply) -> None:
    ollama.server.enqueue(listing, to=MODELS)
    with pytest.raises(RequestRefused, match="lists no model that chats"):
        await ollama.model.check(ollama.settings())


async def test_the_key_that_is_asked_for_is_named(ollama: Ollama) -> None:
    ollama.server.keys = frozenset({KEY})
    with pytest.raises(KeyNeeded):
        await ollama.model.check(ollama.settings())
    assert await ollama.model.check(ollama.settings(openai_api_key=KEY)) == "The server answers: 2 chat models."
