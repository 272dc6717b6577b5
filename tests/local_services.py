"""Gemini and Hugging Face for a whole app: both servers, the variables that lead to them, quick answers, calls that wait."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Any, Self

from tests.servers import friendly
from tests.servers.gemini import Answer, GeminiCall, GeminiServer, reply, structured
from tests.servers.hugging_face import Drawing, HuggingFaceCall, HuggingFaceServer, picture
from tests.servers.picture import Picture
from tests.servers.wire import MAIN, Call, Piece, Reply

HOST_KEY = "AIza-the-hosts-own-key-0001"
TICK = 0.05


@dataclass
class StandIns:
    """Both services, as a context manager."""

    gemini: GeminiServer = field(default_factory=GeminiServer)
    hub: HuggingFaceServer = field(default_factory=HuggingFaceServer)

    @property
    def environment(self) -> dict[str, str]:
        """Variables under which an app talks to Gemini with the host's key and draws at one endpoint without a token."""
        return {"GOOGLE_API_KEY": HOST_KEY, **self.addresses}

    @property
    def addresses(self) -> dict[str, str]:
        """The same without a key."""
        return {"GOOGLE_GEMINI_BASE_URL": self.gemini.url, "HF_INFERENCE_URL": f"{self.hub.url}/draw"}

    def forget(self) -> None:
        """As on the first day: quick answers, no script left over, no call remembered."""
        self.gemini.respond, self.hub.respond, self.gemini.keys = answered, drawn, None
        for server in (self.gemini, self.hub):
            while server.scripted(MAIN):
                pass
            server.calls.clear()

    def __enter__(self) -> Self:
        self.gemini.__enter__()
        self.hub.__enter__()
        self.forget()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.hub.__exit__(kind, error, at)
        self.gemini.__exit__(kind, error, at)


def answered(call: GeminiCall) -> Answer:
    """The friendly words, in a few pieces without a pause."""
    if call.wants_json:
        return structured(friendly.crafted(call.schema or {}, call.last_user_text), size=80)
    return reply(*friendly.chat(call.last_user_text).splitlines(keepends=True))


def drawn(call: HuggingFaceCall) -> Drawing:
    """A picture of the size that was asked for, in a colour of its seed, flat so that it is made at once."""
    width, height = (int(call.parameters.get(side) or 512) for side in ("width", "height"))
    shade = (call.seed or 0) * 2654435761 % 2**24
    return picture(Picture.solid(f"#{shade | 0x404040:06x}", width, height).png())


class Held:
    """A reply whose last piece does not come before it is let go: for what happens in the middle of something."""

    def __init__(self, scripted: Callable[[Any], object]) -> None:
        self._scripted = scripted
        self._free = threading.Event()

    def let_go(self) -> None:
        self._free.set()

    def __call__(self, call: Call) -> Reply:
        made: Any = self._scripted
        while not isinstance(made, Reply):
            made = made(call)
        return replace(made, pieces=_Gated(made.pieces, self._free), length=len(made.content))


class _Gated(tuple[Piece, ...]):
    """Pieces, the last of them when it is free to go."""

    _free: threading.Event

    def __new__(cls, pieces: tuple[Piece, ...], free: threading.Event) -> Self:
        made = super().__new__(cls, pieces)
        made._free = free
        return made

    def __iter__(self) -> Iterator[Piece]:
        *first, last = super().__iter__()
        yield from first
        while not self._free.is_set():
            yield Piece(b"", after=TICK)
        yield last
