"""What a gateway may make of Gemini's stream and the format allows: the whole answer is read all the same."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from gemini_diffusion.chat_models.gemini.chat_model import GeminiChatModel
from gemini_diffusion.config.options import Secret
from gemini_diffusion.config.settings import Settings
from gemini_diffusion.types import ChatAnswer, ChatRequest, Message
from gemini_diffusion.types.errors import RequestRefused
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


async def asked(server: g.GeminiServer) -> ChatAnswer:
    model = GeminiChatModel()
    settings = Settings(google_api_key=Secret("AIza-of-a-visitor"), google_base_url=server.url, deadline=60)
    try:
        return await model.answer(ChatRequest((Message("user", "What is snow?"),)), settings, lambda event: None)
    finally:
        await model.close()


@pytest.mark.parametrize("name", STREAMS)
async def test_the_whole_answer_is_read(name: str) -> None:
    with g.GeminiServer() as server:
        server.enqueue(STREAMS[name])
        answer = await asked(server)
    assert answer.text == "".join(WORDS)
    assert server.calls[-1].headers["accept-encoding"] == "identity"


async def test_an_error_instead_of_events_keeps_its_words() -> None:
    body = json.dumps({"error": {"code": 400, "message": "Snow is out of season.", "status": "INVALID_ARGUMENT"}}, indent=1)
    with g.GeminiServer() as server:
        server.enqueue(Reply(headers=(("Content-Type", "text/event-stream"),), pieces=(Piece(body.encode()),), chunked=True))
        with pytest.raises(RequestRefused, match="Snow is out of season"):
            await asked(server)
