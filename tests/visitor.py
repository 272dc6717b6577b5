"""A visitor without a browser: opens the page, keeps its cookie, presses whatever a page, or a forged one, could press."""

from __future__ import annotations

import json
import secrets
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from http.cookiejar import CookieJar
from typing import Any

from gradio_client import Client  # type: ignore[import-untyped]
from gradio_client.exceptions import AppError  # type: ignore[import-untyped]

from tests.waiting import PATIENCE

__all__ = ["PAGE", "AppError", "Client", "Told", "Visitor"]

API = "/gradio_api"
PAGE = "page"
"""Stands for the page itself where an element is named: its first event is `load`."""


@dataclass(frozen=True)
class Told:
    """What the server says of one event: the whole stream to the letter, and the last value of each element by its id."""

    text: str
    values: dict[str, Any]


class Visitor:
    """One person at one address. Everything that came back from the server is kept word for word in `heard`."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.heard: list[str] = []
        self._jar = CookieJar()
        self._connection = secrets.token_hex(6)
        self._open = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self._jar)).open
        self.read("/")

    @property
    def cookie(self) -> str:
        return "; ".join(f"{entry.name}={entry.value}" for entry in self._jar)

    def program(self) -> Client:
        """A program of the same person: it carries the cookie."""
        return Client(self.url, headers={"Cookie": self.cookie}, verbose=False, httpx_kwargs={"timeout": PATIENCE})

    def read(self, path: str) -> str:
        """A page of the app, as text."""
        with self._open(self.url + path) as answer:
            self.heard.append(answer.read().decode("utf-8", "replace"))
        return self.heard[-1]

    def press(self, elem_id: str, event: str, *data: Any, about: Any = None) -> Told:
        """Fires one of the window's events, inputs and event data as given, and listens to its end.

        Inputs left out at the end are null, as a page sends what the server keeps of it.
        """
        found = self._event(elem_id, event)
        given = [*data, *[None] * (len(found["inputs"]) - len(data))]
        asked = {"fn_index": found["id"], "data": given, "event_data": about, "session_hash": self._connection}
        headers = {"Content-Type": "application/json"}
        self._open(urllib.request.Request(f"{self.url}{API}/queue/join", json.dumps(asked).encode(), headers)).close()
        lines = list(self._stream())
        self.heard += lines
        return Told("".join(lines), self._values(found, lines))

    def _stream(self) -> Iterator[str]:
        with self._open(f"{self.url}{API}/queue/data?session_hash={self._connection}") as answer:
            for raw in answer:
                yield raw.decode("utf-8")
                if b'"close_stream"' in raw:
                    return

    def _values(self, found: dict[str, Any], lines: list[str]) -> dict[str, Any]:
        """The last value of each output; a generator's news are differences, so only what is given whole is read."""
        values: dict[str, Any] = {}
        for line in lines:
            said = json.loads(line.removeprefix("data:")) if line.startswith("data:") else {}
            if said.get("msg") == "process_completed" and said.get("success"):
                for identity, value in zip(found["outputs"], said["output"]["data"], strict=False):
                    update = isinstance(value, dict) and value.get("__type__") == "update"
                    if not update or "value" in value:
                        values[self._named[identity]] = value["value"] if update else value
        return values

    def _event(self, elem_id: str, event: str) -> dict[str, Any]:
        for entry in self._config["dependencies"]:
            if any((self._named.get(target[0], PAGE), target[1]) == (elem_id, event) for target in entry["targets"]):
                found: dict[str, Any] = entry
                return found
        raise LookupError(f"The window has no {event} of {elem_id}.")

    @cached_property
    def _named(self) -> dict[int, str]:
        return {entry["id"]: entry["props"].get("elem_id") or "" for entry in self._config["components"]}

    @cached_property
    def _config(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.read("/config"))
        return found
