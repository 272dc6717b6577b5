"""What a gateway may make of Gemini's stream and the format allows: the whole answer is read all the same."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from gemini_diffusion.types.errors import RequestRefused
from tests.gemini_harness import Gemini
from tests.servers import gemini as g
from tests.servers.wire import Piece, Reply

WORDS = ("Snow is\u2028frozen\u0085water,", "\u2029 and ", "\N{SNOWFLAKE} cold.")
EVENTS = [json.dumps(event, ensure_ascii=False) for event in g.Answer(WORDS).events("gemini-flash-latest")]


def stream(write: Callable[[str], str], *, before: str = "", after: str = "", size: int = 4096) -> Reply:
    content = (before + "".join(map(write, EVENTS)) + after).encode()
    pieces = tuple(Piece(content[at : at + size]) for at in range(0, len(content), size))
    return Reply(headers=(("Content-Type", "text/event-stream; charset=utf-8"),), pieces=pieces, chunked=True)


STREAMS = {
    "as Google writes it": stream("data: {}\r\n\r\n".format),
    "comments to keep it open": stream(": ping\n\ndata: {}\n\n".format, before=": hello\n\n"),
    "other fields": stream("event: message\nid: 7\nretry: 3000\ndata: {}\n\n".format),
    "no blank after the colon": stream("data:{}\n\n".format),
    "carriage returns alone": stream("data: {}\r\r".format),
    "a mark at the beginning": stream("data: {}\n\n".format, before="\ufeff"),
    "a last word of another protocol": stream("data: {}\n\n".format, after="data: [DONE]\n\n"),
    "no end of the last line": stream("data: {}\n\n".format, after=": bye"),
    "byte by byte": stream(":\r\ndata: {}\r\n\r\n".format, size=1),
}


@pytest.mark.parametrize("name", STREAMS)
async def test_the_whole_answer_is_read(name: str, gemini: Gemini) -> None:
    gemini.server.enqueue(STREAMS[name])
    assert (await gemini.answer()).text == "".join(WORDS)
    assert gemini.server.calls[-1].headers["accept-encoding"] == "identity"


async def test_an_error_instead_of_events_keeps_its_words(gemini: Gemini) -> None:
    body = json.dumps({"error": {"code": 400, "message": "Snow is out of season.", "status": "INVALID_ARGUMENT"}}, indent=1)
    headers = (("Content-Type", "text/event-stream"),)
    gemini.server.enqueue(Reply(headers=headers, pieces=(Piece(body.encode()),), chunked=True))
    with pytest.raises(RequestRefused, match="Snow is out of season"):
        await gemini.answer()
