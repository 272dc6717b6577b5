"""Gemini's local server, each reply of it shown to Google's own client."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest
from google import genai
from google.genai import errors, types
from PIL import Image

from tests.servers import gemini as g
from tests.servers.clients import gemini_client
from tests.servers.picture import Picture
from tests.servers.wire import Reply

MODEL = "gemini-flash-latest"
CRAFTED = {"title": "A red fox", "prompt": "a red fox in the snow, soft light", "seed": None}
SCHEMA = {"type": "object", "properties": {"title": {"type": "string"}, "prompt": {"type": "string"}}, "required": ["prompt"]}


@pytest.fixture
def gemini() -> Iterator[g.GeminiServer]:
    with g.GeminiServer() as server:
        yield server


def say(client: genai.Client, text: str = "Hi", **config: Any) -> types.GenerateContentResponse:
    return client.models.generate_content(model=MODEL, contents=text, config=types.GenerateContentConfig(**config))


def stream(client: genai.Client, text: str = "Hi", **config: Any) -> list[types.GenerateContentResponse]:
    made = client.models.generate_content_stream(model=MODEL, contents=text, config=types.GenerateContentConfig(**config))
    return list(made)


def test_words_stream_one_event_at_a_time(gemini: g.GeminiServer) -> None:
    gemini.enqueue(g.reply("Good ", "morning", every=0.5, model_version="gemini-3.8-flash"))
    client, arrived = gemini_client(gemini.url), []
    for event in client.models.generate_content_stream(model=MODEL, contents="Hi"):
        arrived.append((event.text, time.monotonic()))
    assert [text for text, _ in arrived] == ["Good ", "morning"]
    assert arrived[1][1] - arrived[0][1] > 0.1
    assert event.candidates and event.candidates[0].finish_reason == types.FinishReason.STOP
    assert event.model_version == "gemini-3.8-flash"
    assert event.usage_metadata and event.usage_metadata.candidates_token_count == 2


def test_the_same_words_come_whole_when_not_streamed(gemini: g.GeminiServer) -> None:
    gemini.enqueue(g.reply("Good ", "morning", thoughts=["Shall I greet?"]))
    answer = say(gemini_client(gemini.url))
    assert answer.text == "Good morning"
    parts = answer.candidates[0].content.parts  # type: ignore[index, union-attr]
    assert [bool(part.thought) for part in parts or []] == [True, False, False]


def test_a_schema_is_seen_and_answered_with_json(gemini: g.GeminiServer) -> None:
    gemini.enqueue(g.structured(CRAFTED))
    answer = say(gemini_client(gemini.url), response_mime_type="application/json", response_json_schema=SCHEMA)
    assert answer.parsed == CRAFTED
    assert gemini.generations[0].wants_json and gemini.generations[0].schema == SCHEMA


def test_a_call_shows_what_was_asked_in_either_case(gemini: g.GeminiServer) -> None:
    client = gemini_client(gemini.url, "secret-key")
    say(client, "A fox", system_instruction="Be brief.", temperature=0.3, max_output_tokens=99)
    snake = {
        "contents": [{"role": "user", "parts": [{"text": "A fox"}]}],
        "system_instruction": {"parts": [{"text": "Be brief."}]},
        "generation_config": {"temperature": 0.3, "max_output_tokens": 99},
    }
    httpx2.post(f"{gemini.url}/v1beta/models/{MODEL}:generateContent", json=snake, headers={"x-goog-api-key": "secret-key"})
    for call in gemini.generations:
        assert (call.key, call.model, call.streams, call.wants_json) == ("secret-key", MODEL, False, False)
        assert (call.system_text, call.last_user_text, call.turns) == ("Be brief.", "A fox", [("user", "A fox")])
        assert call.config == {"temperature": 0.3, "maxOutputTokens": 99}
    assert len(gemini.generations) == 2


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (g.fenced(CRAFTED), "```json"),
        (g.preamble(CRAFTED), "Sure"),
        (g.truncated(CRAFTED), '{"title"'),
        (g.broken_stream(), None),
    ],
    ids=["fenced", "preamble", "truncated", "broken"],
)
def test_json_that_is_not_only_json_parses_as_nothing(gemini: g.GeminiServer, answer: g.Answer, text: str | None) -> None:
    gemini.enqueue(answer)
    if text is None:
        with pytest.raises(errors.ServerError):
            stream(gemini_client(gemini.url))
        return
    got = say(gemini_client(gemini.url), response_mime_type="application/json", response_json_schema=SCHEMA)
    assert got.parsed is None and (got.text or "").startswith(text)


@pytest.mark.parametrize(
    ("answer", "finish", "block"),
    [
        (g.truncated(CRAFTED), "MAX_TOKENS", None),
        (g.thinking_only(), "MAX_TOKENS", None),
        (g.blocked_prompt(), None, "SAFETY"),
        (g.blocked_prompt("PROHIBITED_CONTENT"), None, "PROHIBITED_CONTENT"),
        (g.blocked_answer(), "SAFETY", None),
        (g.blocked_answer("RECITATION", "Once upon"), "RECITATION", None),
        (g.empty_candidate(), "STOP", None),
    ],
    ids=["truncated", "thinking", "prompt", "prohibited", "answer", "recitation", "empty"],
)
@pytest.mark.parametrize("ask", [stream, lambda client: [say(client)]], ids=["stream", "whole"])
def test_an_answer_says_why_it_ended(
    gemini: g.GeminiServer, ask: Callable[[genai.Client], Any], answer: g.Answer, finish: str | None, block: str | None
) -> None:
    gemini.enqueue(answer)
    last = ask(gemini_client(gemini.url))[-1]
    assert (last.candidates[0].finish_reason.value if last.candidates else None) == finish
    assert (last.prompt_feedback.block_reason.value if last.prompt_feedback else None) == block


def test_thinking_only_and_empty_answers_hold_no_text(gemini: g.GeminiServer) -> None:
    gemini.enqueue(g.thinking_only(), g.empty_candidate(), g.no_candidates())
    client = gemini_client(gemini.url)
    assert [say(client).text for _ in range(3)] == [None, None, None]


def test_a_stream_can_break_after_some_words(gemini: g.GeminiServer) -> None:
    gemini.enqueue(g.broken_stream("Once ", "upon"))
    client, heard = gemini_client(gemini.url), []
    with pytest.raises(errors.ServerError) as caught:
        for event in client.models.generate_content_stream(model=MODEL, contents="Hi"):
            heard.append(event.text)
    assert heard == ["Once ", "upon"] and caught.value.code == 503


@pytest.mark.parametrize(
    ("refusal", "code", "status", "word"),
    [
        (g.no_key(), 403, "PERMISSION_DENIED", "unregistered callers"),
        (g.invalid_key(), 400, "INVALID_ARGUMENT", "API_KEY_INVALID"),
        (g.bad_request(), 400, "INVALID_ARGUMENT", "invalid argument"),
        (g.field_unsupported("thinking_level"), 400, "INVALID_ARGUMENT", "thinking_level"),
        (g.location_unsupported(), 400, "FAILED_PRECONDITION", "User location is not supported"),
        (g.service_disabled(), 403, "PERMISSION_DENIED", "SERVICE_DISABLED"),
        (g.permission_denied(), 403, "PERMISSION_DENIED", "does not have permission"),
        (g.model_not_found("gemini-1.5-pro"), 404, "NOT_FOUND", "gemini-1.5-pro"),
        (g.too_many_requests_per_minute(2.5), 429, "RESOURCE_EXHAUSTED", "'retryDelay': '2.5s'"),
        (g.too_many_requests_per_day(), 429, "RESOURCE_EXHAUSTED", "PerDay"),
        (g.not_in_free_tier(), 429, "RESOURCE_EXHAUSTED", "limit: 0"),
        (g.internal_error(), 500, "INTERNAL", "internal error"),
        (g.overloaded(), 503, "UNAVAILABLE", "overloaded"),
        (g.deadline_exceeded(), 504, "DEADLINE_EXCEEDED", "timed out"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_refusal_reaches_the_client_in_googles_shape(
    gemini: g.GeminiServer, refusal: Reply, code: int, status: str, word: str
) -> None:
    gemini.enqueue(refusal, refusal)
    client = gemini_client(gemini.url)
    for ask in (say, stream):
        with pytest.raises(errors.APIError) as caught:
            ask(client)
        assert (caught.value.code, caught.value.status) == (code, status)
        assert word in str(caught.value.details)


def test_models_are_listed_page_by_page(gemini: g.GeminiServer) -> None:
    client = gemini_client(gemini.url)
    listed = list(client.models.list())
    assert [model.name for model in listed] == [entry["name"] for entry in gemini.listing]
    assert [call.query.get("pageToken") for call in gemini.calls] == [None, "10"]
    assert listed[0].supported_actions and "generateContent" in listed[0].supported_actions
    assert not gemini.generations


def test_a_listing_can_be_scripted_without_touching_the_answers(gemini: g.GeminiServer) -> None:
    gemini.enqueue(g.invalid_key(), to=g.MODELS)
    client = gemini_client(gemini.url)
    assert say(client).text
    with pytest.raises(errors.ClientError, match="API key not valid"):
        list(client.models.list())


def test_a_call_without_a_key_is_refused_and_uses_up_nothing(gemini: g.GeminiServer) -> None:
    gemini.enqueue(g.reply("For a key only"))
    refused = httpx2.post(f"{gemini.url}/v1beta/models/{MODEL}:generateContent", json={"contents": []})
    assert refused.status_code == 403 and "unregistered callers" in refused.text and gemini.calls[0].key is None
    assert say(gemini_client(gemini.url)).text == "For a key only"


def test_only_known_keys_are_let_in_where_they_are_named() -> None:
    with g.GeminiServer(keys=frozenset({"key-1"})) as gemini:
        assert say(gemini_client(gemini.url, "key-1")).text
        with pytest.raises(errors.ClientError, match="API key not valid"):
            say(gemini_client(gemini.url, "key-2"))
        assert [call.key for call in gemini.calls] == ["key-1", "key-2"]


def test_an_unlisted_model_is_not_found(gemini: g.GeminiServer) -> None:
    client = gemini_client(gemini.url)
    with pytest.raises(errors.ClientError, match=r"models/gemini-1\.5-pro is not found"):
        client.models.generate_content(model="gemini-1.5-pro", contents="Hi")


def test_unscripted_answers_follow_the_schema_and_hold_the_request(gemini: g.GeminiServer) -> None:
    schema = {
        "type": "object",
        "properties": {
            "prompt": {"type": "string"},
            "aspect_ratio": {"type": "string", "enum": ["16:9", "1:1"]},
            "seed": {"type": ["integer", "null"]},
            "kept_terms": {"type": "array", "items": {"type": "string"}},
            "refusal": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        },
    }
    events = stream(
        gemini_client(gemini.url), "two red foxes", response_mime_type="application/json", response_json_schema=schema
    )
    crafted = json.loads("".join(event.text or "" for event in events))
    assert "two red foxes" in crafted["prompt"] and len(events) > 1
    assert (crafted["aspect_ratio"], crafted["seed"], crafted["refusal"]) == ("1:1", None, None)
    assert crafted["kept_terms"] == ["two", "red", "foxes"]


def test_a_native_picture_comes_as_inline_data(gemini: g.GeminiServer) -> None:
    gemini.enqueue(g.Answer(("Here.",), image=Picture.noise(3).png()))
    parts = say(gemini_client(gemini.url)).candidates[0].content.parts or []  # type: ignore[index, union-attr]
    assert Image.open(io.BytesIO(parts[1].inline_data.data)).size == (64, 64)  # type: ignore[union-attr, arg-type]
