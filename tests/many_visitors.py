"""Many visitors at once over plain HTTP: each opens the page, brings a key, draws, looks, talks, and knows its own words.

It knows no module of the app: what came back is held against what was asked, and against what the services were told.
"""

from __future__ import annotations

import asyncio
import io
import json
import re
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any, Generic, TypeVar

import httpx2
from PIL import Image

from tests.local_services import StandIns, answered
from tests.servers import gemini, hugging_face
from tests.servers.faults import reset
from tests.servers.gemini import GeminiCall
from tests.servers.hugging_face import Drawing, HuggingFaceCall
from tests.servers.picture import Picture
from tests.servers.wire import Call, Reply, Scripted
from tests.waiting import PATIENCE

API = "/gradio_api"
AGAIN = 1.0
"""Seconds after which a visitor who was told to come again does."""
SHARE = 10
"""Of so many new calls of a service one fails."""
_MARK = re.compile(r"quoll\d{4}")
_COLOURS = 61
C = TypeVar("C", bound=Call)


def mark(number: int) -> str:
    """The word of one visitor, which nobody else says."""
    return f"quoll{number:04}"


def key(number: int) -> str:
    return f"AIza-own-key-of-{mark(number)}"


def colour(number: int) -> tuple[int, int, int]:
    """What the stand-in paints for this visitor, and nobody else's."""
    return 64 + number % _COLOURS, 64 + number // _COLOURS, 200


@dataclass
class Tenth(Generic[C]):
    """A service that fails once at every tenth new call, in turn in each of its ways, and answers it when asked again."""

    respond: Callable[[C], Scripted[C]]
    faults: tuple[Reply, ...]
    seen: set[bytes] = field(default_factory=set)
    failed: int = 0

    def __call__(self, call: C) -> Scripted[C]:
        if call.content not in self.seen:
            self.seen.add(call.content)
            if len(self.seen) % SHARE == 0:
                self.failed += 1
                return self.faults[self.failed % len(self.faults)]
        return self.respond(call)


def unsteady(services: StandIns) -> tuple[Tenth[GeminiCall], Tenth[HuggingFaceCall]]:
    """Makes a tenth of both services' calls fail: busy, too many; talk also by a reset, as no picture is ordered twice."""
    talking = Tenth(answered, (gemini.overloaded(), gemini.too_many_requests_per_minute(0.5), reset()))
    drawing = Tenth(painted, (hugging_face.unavailable("1"), hugging_face.too_many_requests("1")))
    services.gemini.respond, services.hub.respond = talking, drawing
    return talking, drawing


def painted(call: HuggingFaceCall) -> Drawing:
    """A picture in the colour of whose word is in the prompt."""
    found = _MARK.search(call.prompt)
    red, green, blue = colour(int(found[0].removeprefix("quoll")) if found else 0)
    width, height = (int(call.parameters.get(side) or 512) for side in ("width", "height"))
    return hugging_face.picture(Picture.solid(f"#{red:02x}{green:02x}{blue:02x}", width, height).png())


@dataclass
class Tally:
    """What came of everything: `seconds` of each request that was answered; the rest should stay empty but `sent_away`."""

    seconds: list[float] = field(default_factory=list)
    pictures: int = 0
    sent_away: int = 0
    hung: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)

    @property
    def faults(self) -> list[str]:
        return [*self.hung, *self.lost, *self.foreign]


@dataclass
class Person:
    """One of the crowd, with a connection of their own, and a cookie once they opened the page."""

    number: int
    http: httpx2.AsyncClient
    tally: Tally = field(default_factory=Tally)
    connection: str = field(default_factory=lambda: secrets.token_hex(6))
    headers: dict[str, str] = field(default_factory=dict)

    async def visit(self, key_event: int | None) -> None:
        """Opens the page, brings a key if the number is odd and the page takes one, draws, looks at the picture and talks."""
        own = mark(self.number)
        page = await self.http.get("/")
        self.headers = {"Cookie": SimpleCookie(page.headers.get("set-cookie", "")).output(attrs=[], header="").strip()}
        if key_event is not None and self.number % 2:
            await self._brings_key(key_event)
        drawn = await self._asks("imagine", f"a {own} lamp on a table --seed {self.number}", own)
        if drawn:
            await self._looks(*drawn)
        await self._asks("chat", f"What do you know of {own}?", own)

    async def _asks(self, endpoint: str, words: str, due: str) -> Any:
        """The answer, in which `due` must stand; asked again where the app says to come again. None where it was lost."""
        started = time.monotonic()
        try:
            async with asyncio.timeout(PATIENCE):
                answer = await self._answer(endpoint, words)
        except TimeoutError:
            self.tally.hung.append(words)
            return None
        except (httpx2.HTTPError, LookupError) as error:
            self.tally.lost.append(f"{words}: {error!r}")
            return None
        self.tally.seconds.append(time.monotonic() - started)
        self._holds(words, json.dumps(answer), due)
        return answer

    async def once(self, endpoint: str, words: str) -> tuple[str, Any]:
        """The last event of one call, "complete" or "error", and what came with it."""
        asked = {"data": [words], "session_hash": self.connection}
        joined = await self.http.post(f"{API}/call/{endpoint}", json=asked, headers=self.headers)
        joined.raise_for_status()
        return [told async for told in self._told(f"{API}/call/{endpoint}/{joined.json()['event_id']}")][-1]

    async def _answer(self, endpoint: str, words: str) -> Any:
        while True:
            event, data = await self.once(endpoint, words)
            if event == "complete":
                return data
            if "in a moment" not in str(data):
                raise LookupError(str(data))
            self.tally.sent_away += 1
            await asyncio.sleep(AGAIN)

    async def _told(self, place: str) -> AsyncIterator[tuple[str, Any]]:
        """The events of a stream and their data."""
        event = ""
        async with self.http.stream("GET", place, headers=self.headers) as stream:
            async for line in stream.aiter_lines():
                if line.startswith("event:"):
                    event = line.removeprefix("event:").strip()
                elif line.startswith("data:") and event != "heartbeat":
                    yield event, json.loads(line.removeprefix("data:"))

    async def _looks(self, files: list[dict[str, Any]], recipes: list[dict[str, Any]]) -> None:
        """Fetches the picture: it must be in this visitor's colour."""
        self.tally.pictures += 1
        fetched = await self.http.get(f"{API}/file={files[0]['path']}", headers=self.headers)
        if not fetched.is_success:
            self.tally.lost.append(f"the file of {recipes[0]['original']}")
        elif Image.open(io.BytesIO(fetched.content)).convert("RGB").getpixel((1, 1)) != colour(self.number):
            self.tally.foreign.append(f"the file of {recipes[0]['original']}")
        self._holds("the picture's own recipe", fetched.content.decode("latin-1"), mark(self.number))

    def _holds(self, asked: str, came: str, due: str) -> None:
        if due not in came:
            self.tally.lost.append(f"{asked}: {came[:300]}")
        if strangers := {*_MARK.findall(came)} - {mark(self.number)}:
            self.tally.foreign.append(f"{asked}: {strangers}")

    async def _brings_key(self, event: int) -> None:
        """Types a key into the window and presses Save."""
        pressed = {"fn_index": event, "data": [key(self.number)], "session_hash": self.connection}
        (await self.http.post(f"{API}/queue/join", json=pressed, headers=self.headers)).raise_for_status()
        told = await self.http.get(f"{API}/queue/data?session_hash={self.connection}", headers=self.headers)
        self._holds("a key", told.text + mark(self.number), f"ends in {key(self.number)[-4:]}")


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[httpx2.AsyncClient]:
    """As many connections as are asked for, none of them used twice, none of them given up."""
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=0)
    async with httpx2.AsyncClient(base_url=url, timeout=None, limits=limits, trust_env=False) as http:
        yield http


async def crowd(url: str, count: int) -> Tally:
    """So many visitors at once, each doing everything; what came of it."""
    tally = Tally()
    async with opened(url) as http:
        event = _key_event((await http.get("/config")).json())
        async with asyncio.TaskGroup() as group:
            for number in range(count):
                group.create_task(Person(number, http, tally).visit(event))
    return tally


def _key_event(config: dict[str, Any]) -> int | None:
    """The number of the event behind Save beside the box for a key; None where the page has none."""
    named = {entry["id"]: entry["props"].get("elem_id") for entry in config["components"]}
    for entry in config["dependencies"]:
        if any((named.get(place), event) == ("google_api_key-save", "click") for place, event in entry["targets"]):
            return int(entry["id"])
    return None


def mixed(services: StandIns, host_key: str) -> list[str]:
    """Calls of the services in which somebody else's words, or a key that is not theirs, went out."""
    found = []
    for call in services.gemini.generations:
        words = {*_MARK.findall(call.content.decode())}
        numbers = {int(word.removeprefix("quoll")) for word in words}
        if len(numbers) != 1 or call.key != (key(*numbers) if max(numbers) % 2 else host_key):
            found.append(f"{words} with {call.key}")
    return found + [call.prompt for call in services.hub.drawings if len({*_MARK.findall(call.content.decode())}) != 1]
