"""Gemini's faults, one row each: what the person reads, how many calls were made, and that no key is in any of it."""

from __future__ import annotations

import asyncio
import inspect
import json
import logging
import pickle
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from gemini_diffusion.network.gemini.api_errors import AskedWith, foreign, translate_api_errors
from gemini_diffusion.types import ChatAnswer, TextGrew, Waiting
from gemini_diffusion.types.errors import (
    BadInput,
    Blocked,
    GaveUp,
    GeminiDiffusionError,
    KeyRefused,
    ModelNotFound,
    OutOfCredit,
    OutOfQuota,
    RequestRefused,
)
from tests.gemini_harness import FLASH, HELLO, KEY, Gemini
from tests.servers import faults as f
from tests.servers import gemini as g
from tests.servers.wire import Piece, Reply, Scripted, as_json
from tests.waiting import patiently

WORDS = g.reply(*["Good morning "] * 30)
COPY = "Copy it again from aistudio.google.com/apikey and test it in Settings."
LATER = "Try again in a while, or choose another model."
NETWORK = "Check the network and try again."
SLOW = "Try again, or give it more time"
AGAIN = "What came of it is above. Send your words again for a whole one."
LEAKED = g.refusal(403, "PERMISSION_DENIED", f"Your API key {KEY} was reported as leaked. Please use another API key.")
REFERER = g.refusal(
    403, "PERMISSION_DENIED", "Requests from referer <empty> are blocked.", {"reason": "API_KEY_HTTP_REFERRER_BLOCKED"}
)
DEPLETED = g.refusal(429, "RESOURCE_EXHAUSTED", "Your prepayment credits are depleted. Please go to AI Studio.")

Fault = tuple[Scripted[g.GeminiCall], type[GeminiDiffusionError], str, str]
REFUSED: dict[str, Fault] = {  # the person can set it right, or nobody can
    "key": (g.invalid_key(), KeyRefused, 'not accept this key: "API key not valid. Please pass a valid API key."', COPY),
    "unauthenticated": (g.refusal(401, "UNAUTHENTICATED", "Bad."), KeyRefused, 'not accept this key: "Bad."', COPY),
    "leaked": (LEAKED, KeyRefused, '"Your API key (key) was reported as leaked. Please use another API key."', COPY),
    "referer": (REFERER, KeyRefused, 'not accept this key: "Requests from referer <empty> are blocked."', COPY),
    "disabled": (g.service_disabled(), KeyRefused, 'switched off in the project of this key: "Gen', "Switch it on, then"),
    "permission": (g.permission_denied(), RequestRefused, 'may not do that: "The caller does', "use another key."),
    "proxy page": (f.html(403), RequestRefused, "This key may not do that.", "use another key."),
    "location": (g.location_unsupported(), RequestRefused, "Gemini is not offered where this", "Go on without a key"),
    "bad request": (g.bad_request("Odd."), RequestRefused, 'Gemini cannot take this request: "Odd."', "Change the request"),
    "too large": (g.refusal(413, "X", "Big."), RequestRefused, 'cannot take this request: "Big."', "Change the request"),
    "redirect": (f.redirect("/"), RequestRefused, "Something on the way to Gemini sends its visitors", "Sign in to the"),
    "model": (g.model_not_found(), ModelNotFound, f"no Gemini model called '{FLASH}', or", "gemini-flash-lite-latest for one."),
    "day": (g.too_many_requests_per_day(), OutOfQuota, f"of this key for {FLASH} is used up for today.", "Wait until"),
    "not free": (g.not_in_free_tier(), OutOfQuota, f"{FLASH} is not among the models this key may", "another model, or"),
    "depleted": (DEPLETED, OutOfCredit, 'no credit left: "Your prepayment credits are depleted.', "Add credit at the serv"),
    "unpaid": (g.refusal(402, "X", ""), OutOfCredit, "The Gemini account has no credit left.", "Add credit at the"),
    "blocked": (g.blocked_prompt(), Blocked, "Gemini did not take this request: its safety rules", "Say it in other"),
    "prohibited": (g.blocked_prompt("PROHIBITED_CONTENT"), Blocked, "it is about something prohibited.", "Say it in"),
    "new rule": (g.blocked_prompt("SOMETHING_NEW"), Blocked, "Gemini did not take this request: ", "Say it in other"),
    "withheld": (g.blocked_answer(), Blocked, "Gemini withheld its answer: its safety rules said no.", "Say it in other"),
    "recitation": (g.blocked_answer("RECITATION", "Once "), Blocked, "would repeat a known text word for word.", "Say it"),
    "thinking": (g.thinking_only(), RequestRefused, f"{FLASH} spent its whole limit of words on thinking", "Raise Max"),
}
PASSING: dict[str, Fault] = {  # asked again while the deadline allows it
    "minute": (g.too_many_requests_per_minute(1.1), GaveUp, "no more requests this minute. Asked once; asking again", LATER),
    "internal": (g.internal_error(), GaveUp, "Gemini is overloaded or broken for a moment (500). Asked once;", LATER),
    "overloaded": (g.overloaded(), GaveUp, "Gemini is overloaded or broken for a moment (503). Asked once;", LATER),
    "timeout": (g.deadline_exceeded(), GaveUp, "Gemini is overloaded or broken for a moment (504). Asked once;", LATER),
    "gateway": (f.html(502), GaveUp, "Gemini is overloaded or broken for a moment (502). Asked once;", LATER),
    "late": (g.broken_stream(), GaveUp, "Gemini is overloaded or broken for a moment (503). Asked once;", LATER),
    "hang up": (f.hang_up(), GaveUp, "The connection to Gemini broke. Asked once; asking again would need", NETWORK),
    "reset": (f.reset(), GaveUp, "The connection to Gemini broke. Asked once; asking again would need", NETWORK),
    "page": (f.html(), GaveUp, "What Gemini sent cannot be read. Asked once; asking again would need", LATER),
    "half a JSON": (f.invalid_json(), GaveUp, "What Gemini sent cannot be read. Asked once; asking again", LATER),
    "nothing": (f.empty(), GaveUp, f"{FLASH} sent an empty answer. Asked once; asking again", "Say it in other words, or"),
    "empty": (g.empty_candidate(), GaveUp, f"{FLASH} sent an empty answer. Asked once;", "Say it in other words, or"),
    "no candidate": (g.no_candidates(), GaveUp, f"{FLASH} sent an empty answer. Asked once;", "Say it in other words"),
}
SILENT: dict[str, Fault] = {
    "hang": (f.hang(), GaveUp, "No whole answer came. Asked once; the 0.9 s it may take are over.", SLOW),
}
BROKEN: dict[str, Fault] = {  # words have been shown: not asked again
    "cut": (f.cut(WORDS), GaveUp, "The answer broke off. The connection to Gemini broke.", AGAIN),
    "cut by reset": (f.cut_by_reset(WORDS), GaveUp, "The answer broke off. The connection to Gemini broke.", AGAIN),
    "stall": (f.stall(WORDS), GaveUp, "The answer broke off. It took longer than 0.9 s.", AGAIN),
    "broken": (g.broken_stream("Good "), GaveUp, "The answer broke off. Gemini is overloaded or broken", AGAIN),
}
FAULTS = REFUSED | PASSING | SILENT | BROKEN

ODD: list[Any] = [
    [], None, "x", 5, {}, {"candidates": "no"}, {"candidates": [None]}, {"candidates": [{"content": {"parts": "x"}}]},
    {"candidates": [{"finishReason": 5}]}, {"error": {}}, {"error": "x"}, {"error": {"code": "503"}}, {"usageMetadata": 7},
    {"promptFeedback": "x"}, [{"error": {"code": 429, "message": "x"}}], {"candidates": [{"finishReason": "BRAND_NEW"}]},
]  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
async def test_each_fault_is_asked_once_and_ends_in_a_sentence_and_a_next_step(
    fault: str, gemini: Gemini, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    scripted, kind, message, hint = FAULTS[fault]
    gemini.server.enqueue(*[scripted] * 6)
    await gemini.models()  # so that the connection's own start does not count
    async with patiently("its deadline"):
        with pytest.raises(kind) as raised:
            await gemini.answer(deadline=0.9)
    assert message in raised.value.message and hint in raised.value.hint
    assert len(gemini.server.generations) == 1
    assert {type(event) for event in gemini.events} == ({TextGrew} if fault in BROKEN or fault == "recitation" else set())
    assert KEY not in f"{gemini.events} {caplog.text} {''.join(_everything_in(raised.value))}"


async def test_whatever_may_pass_is_asked_again_and_then_answered() -> None:
    async def ask(fault: str) -> None:
        with g.GeminiServer() as server:
            server.enqueue(PASSING[fault][0], g.reply("Good ", "morning"))
            gemini = Gemini(server)
            assert await gemini.answer() == ChatAnswer("Good morning", FLASH, input_tokens=8, output_tokens=2), fault
            await gemini.model.close()
        first, second = server.generations
        assert second.at - first.at >= 1.0, fault
        waiting, *said = gemini.events[-3:]
        assert isinstance(waiting, Waiting) and [type(event) for event in said] == [TextGrew, TextGrew], fault
        assert all(event.seconds_left < 2.5 for event in gemini.events if isinstance(event, Waiting)), fault

    await asyncio.gather(*(ask(fault) for fault in PASSING))


def _everything_in(error: BaseException) -> Iterator[str]:
    """All that could be shown, logged or written of an error, and of what hangs on to it."""
    seen: BaseException | None = error
    while seen is not None:
        assert isinstance(seen, GeminiDiffusionError), "nothing foreign hangs on to it"
        yield f"{seen!s} {seen!r} {vars(seen)!r} {pickle.dumps(seen.args)!r}"
        seen = seen.__cause__ or seen.__context__


@pytest.mark.filterwarnings("ignore:.*is not a valid:UserWarning")
@pytest.mark.parametrize("body", ODD, ids=json.dumps)
async def test_json_of_any_shape_is_an_answer_that_cannot_be_used(body: Any, gemini: Gemini) -> None:
    event = Reply(
        headers=(("Content-Type", "text/event-stream"),), pieces=(Piece(b"data: %s\r\n\r\n" % json.dumps(body).encode()),)
    )
    gemini.server.enqueue(event)
    gemini.server.enqueue(as_json(body), to=g.MODELS)
    for call in (gemini.answer(deadline=1), gemini.check(deadline=1)):
        with pytest.raises((GaveUp, RequestRefused)) as raised:
            await call
        assert raised.value.message and raised.value.hint


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_every_exception_the_client_can_raise_is_in_the_table() -> None:
    import httpx2
    from google.genai import errors

    found = {kind for module in (errors, httpx2, json) for kind in _exceptions(module)}
    assert len(found) > 30
    assert [kind.__name__ for kind in found if not issubclass(kind, foreign())] == []
    for kind in found - {kind for kind in found if issubclass(kind, errors.APIError)}:
        error = kind.__new__(kind)
        assert isinstance(translate_api_errors(error, AskedWith(FLASH, KEY)), GeminiDiffusionError), kind


def _exceptions(module: ModuleType) -> Iterator[type[Exception]]:
    """The exceptions a module makes or shows, warnings left out: those are not raised."""
    for _, kind in inspect.getmembers(module, inspect.isclass):
        own = kind.__module__.split(".")[0] == module.__name__.split(".")[0]
        if own and issubclass(kind, Exception) and not issubclass(kind, Warning):
            yield kind


@pytest.mark.parametrize(
    "told",
    [
        g.refusal(429, "X", "Busy.", {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "31s"}),
        g.refusal(429, "X", "Busy. Please retry in 31s."),
        as_json({"error": {"code": 429, "message": "Busy."}}, 429, {"Retry-After": "31"}),
        g.refusal(429, "X", "retry in 2s", {"@type": "x", "retryDelay": "31s"}),
    ],
    ids=["RetryInfo", "words", "header", "RetryInfo before words"],
)
async def test_advice_in_seconds_is_found_wherever_it_is(told: Reply, gemini: Gemini) -> None:
    gemini.server.enqueue(told)
    with pytest.raises(GaveUp, match="asking again would need 31 s more"):
        await gemini.answer()


async def test_an_address_where_nobody_listens_is_told(gemini: Gemini) -> None:
    with pytest.raises(GaveUp, match=r"Gemini cannot be reached\. Asked once"):
        await gemini.answer(google_base_url="http://127.0.0.1:1", deadline=0.9)


async def test_an_address_that_cannot_be_one_is_told(gemini: Gemini) -> None:
    for address in ("ftp://127.0.0.1", "gemini", "http://[::1"):
        with pytest.raises(BadInput) as raised:
            await gemini.answer(google_base_url=address)
        assert address in raised.value.message and "https://" in raised.value.hint


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("sch\u00f6ner Schl\u00fcssel", "The Gemini key has characters that no key has."),
        ("two\nlines", "The Gemini key has characters that no key has."),
        ("auth_tokens/abc", "This is a token for live calls, not a Gemini key."),
    ],
)
async def test_what_cannot_be_a_key_is_refused_without_a_call(key: str, message: str, gemini: Gemini) -> None:
    with pytest.raises(KeyRefused) as raised:
        await gemini.check(google_api_key=key)
    assert raised.value.message == message and raised.value.hint
    assert gemini.server.calls == []


async def test_the_check_says_what_is_wrong_with_a_key(gemini: Gemini) -> None:
    gemini.server.keys = frozenset({"another-key"})
    with pytest.raises(KeyRefused, match="API key not valid"):
        await gemini.check()
    gemini.server.keys = None
    assert await gemini.check() == "The key works: 7 chat models."


async def test_stop_reaches_the_service(gemini: Gemini) -> None:
    gemini.server.enqueue(g.reply(*["word "] * 50, every=0.1))
    begun = asyncio.Event()
    answering = asyncio.ensure_future(gemini.model.answer(HELLO, gemini.settings, lambda event: begun.set()))
    await begun.wait()
    answering.cancel()
    await asyncio.wait([answering])
    assert await asyncio.to_thread(gemini.server.wait_for, lambda: gemini.server.generations[0].disconnected)
