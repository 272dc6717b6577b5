"""The names and passwords of a file, a line NAME:PASSWORD each: who may come in, and who may not any more.

A password that is written there is replaced by its hash when the file is read, which it is again whenever it has changed.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gemini_diffusion.storage.files import write_atomically
from gemini_diffusion.types.errors import BadInput, GeminiDiffusionError

_LOG = logging.getLogger(__name__)
_MARK = "scrypt$"
_COST = {"n": 2**14, "r": 8, "p": 1}


@dataclass(eq=False)
class Accounts:
    """Those of `file`; `gone` are names that left it, or have another password, since somebody asked. Raises BadInput where it
    cannot be read at the start, or a line is no name and password; later what was read before holds."""

    file: Path
    gone: set[str] = field(default_factory=set)
    _lines: dict[str, str] = field(default_factory=dict)
    _stamp: tuple[int, int] | None = None
    _reading: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._read()

    async def let_in(self, name: str, password: str) -> bool:
        """Whether a name and a password belong together; takes as long for a name that there is not."""
        await self.look_again()
        return await asyncio.to_thread(self._fits, name, password)

    async def look_again(self) -> None:
        """Reads the file where it has changed."""
        stamp = self._stamped()
        if stamp in (self._stamp, None):
            return
        try:
            await asyncio.to_thread(self._read)
        except GeminiDiffusionError as error:
            self._stamp = stamp  # said once
            _LOG.warning("The names and passwords stay as they were: %s", error)

    def _fits(self, name: str, password: str) -> bool:
        kept = self._lines.get(name, f"{_MARK}{'0' * 32}$")
        return hmac.compare_digest(_hashed(password, bytes.fromhex(kept.split("$")[1])), kept)

    def _stamped(self) -> tuple[int, int] | None:
        try:
            status = self.file.stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size

    def _read(self) -> None:
        with self._reading:
            stamp = self._stamped()
            try:
                text = self.file.read_text("utf-8-sig")
            except (OSError, UnicodeDecodeError) as error:
                raise BadInput(f"{self.file.name} cannot be read.", "Write a line NAME:PASSWORD for each person.") from error
            before, self._lines, self._stamp = self._lines, dict(map(_entry, _entries(text))), stamp
            self.gone |= {name for name, kept in before.items() if self._lines.get(name) != kept}
            if any(f"{name}:{kept}" not in text for name, kept in self._lines.items()):
                self._write(text)

    def _write(self, text: str) -> None:
        """Passwords become hashes, comments and order stay."""
        lines = []
        for line in text.splitlines():
            name = line.partition(":")[0].strip()
            lines.append(f"{name}:{self._lines[name]}" if list(_entries(line)) else line)
        write_atomically(self.file, "".join(f"{line}\n" for line in lines).encode("utf-8"))
        self.file.chmod(0o600)
        self._stamp = self._stamped()


def _entries(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]


def _entry(line: str) -> tuple[str, str]:
    name, colon, password = line.partition(":")
    name, password = name.strip(), password.strip()
    if not (name and colon and password):
        raise BadInput("A line of the file of names is no name and password.", "Write it as NAME:PASSWORD.")
    return name, password if password.startswith(_MARK) else _hashed(password, secrets.token_bytes(16))


def _hashed(password: str, salt: bytes) -> str:
    digest = hashlib.scrypt(password.encode("utf-8", "replace"), salt=salt, **_COST, maxmem=2**26)
    return f"{_MARK}{salt.hex()}${digest.hex()}"


class RemovedAccounts:
    """ASGI middleware before Gradio's login: who is gone from the file is asked for a password again at the next request, and
    what is still streamed to them ends with the next piece."""

    def __init__(self, app: ASGIApp, people: Accounts) -> None:
        self.app, self._people = app, people

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._people.look_again()
            tokens, gone = scope["app"].tokens, self._people.gone
            for token in [token for token, name in tokens.items() if name in gone]:
                del tokens[token]
            gone.clear()
            send = _while_in(tokens, scope, send)
        await self.app(scope, receive, send)


def _while_in(tokens: Mapping[str, str], scope: Scope, send: Send) -> Send:
    """`send` for as long as whoever asks is let in; then the answer is over."""
    held = [cookie for cookie in Request(scope).cookies.values() if cookie in tokens]
    over = False

    async def watched(message: Message) -> None:
        nonlocal over
        if over:
            return
        over = message["type"] == "http.response.body" and any(token not in tokens for token in held)
        await send({"type": "http.response.body", "body": b"", "more_body": False} if over else message)

    return watched
