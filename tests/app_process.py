"""The real app.py, as a process or in this one: flags, variables and .env in, its address and what it says out; no service."""

from __future__ import annotations

import _thread
import contextlib
import io
import logging
import os
import re
import secrets
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from gemini_diffusion.cli.main import chosen, main, open_app, read_flags
from gemini_diffusion.config.environment import read_settings
from gemini_diffusion.generation.services import open_services
from tests.waiting import PATIENCE

APP = Path(__file__).resolve().parent.parent / "app.py"
ENDING = 30.0
"""Seconds an app that is told to end has for it, before it is ended."""
NOWHERE = "http://127.0.0.1:9"
"""A proxy that nobody is: whatever a test would send outside fails at once instead."""
QUIET = {"GEMINI_DIFFUSION_PRELOAD": "off"}
"""Most tests draw nothing on this machine."""
_ADDRESS = re.compile(r"^Gemini Diffusion is at (\S+)$", re.MULTILINE)


def free_port() -> int:
    """A loopback port that nobody holds: one below those that outgoing connections are given, so that it stays free."""
    while True:
        port = 20_000 + secrets.randbelow(12_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


@dataclass
class App:
    """One installation of the app in `folder`, with a data folder, a home and temporary files of its own, none of them shared.

    As a context manager it is a window that is open, at `url`; `port` None leaves the choice to the app. `env_file` is what
    stands in the .env beside app.py.
    """

    folder: Path
    flags: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    env_file: bytes = b""
    port: int | None = field(default_factory=free_port)
    url: str = ""

    def __post_init__(self) -> None:
        for place in (self.home, self.temporary, self.gradio):
            place.mkdir(parents=True, exist_ok=True)
        # Through a link, the .env that is read is ours and never the one of whoever runs the tests.
        if not (self.folder / "app.py").exists():
            (self.folder / "app.py").symlink_to(APP)
        if self.env_file:
            (self.folder / ".env").write_bytes(self.env_file)

    @property
    def home(self) -> Path:
        """The data folder."""
        return self.folder / "home"

    @property
    def temporary(self) -> Path:
        return self.folder / "temporary"

    @property
    def gradio(self) -> Path:
        """Where Gradio keeps what it serves."""
        return self.folder / "gradio"

    @property
    def pictures(self) -> list[Path]:
        """Every picture that was kept, oldest first."""
        return sorted(self.home.glob("pictures/*/*.png"), key=lambda path: path.stat().st_mtime_ns)

    @property
    def said(self) -> str:
        """Everything on standard output and standard error so far."""
        return "".join(path.read_text("utf-8", "replace") for path in (self._out, self._errors) if path.exists())

    @property
    def _out(self) -> Path:
        return self.folder / "stdout.txt"

    @property
    def _errors(self) -> Path:
        return self.folder / "stderr.txt"

    def hear(self, pattern: str) -> re.Match[str]:
        """Waits until it says something of the pattern."""
        until = time.monotonic() + PATIENCE
        while not (found := re.search(pattern, self.said, re.MULTILINE)):
            if time.monotonic() > until or self._process.poll() is not None:
                raise AssertionError(f"The app did not say {pattern}. It said:\n{self.said}")
            time.sleep(0.05)
        return found

    def run(self, *flags: str) -> subprocess.CompletedProcess[str]:
        """Runs it to its end with more flags; what it said comes with the exit code."""
        command, variables = self._command(*flags), self._variables()
        return subprocess.run(
            command, env=variables, cwd=self.folder, capture_output=True, text=True, timeout=PATIENCE, check=False
        )

    def __enter__(self) -> Self:
        port = () if self.port is None else ("--port", str(self.port))
        command = self._command("--no-browser", *port)
        with self._out.open("wb") as out, self._errors.open("wb") as errors:
            self._process = subprocess.Popen(command, env=self._variables(), cwd=self.folder, stdout=out, stderr=errors)
        self.url = self._address()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._process.terminate()
        try:
            self._process.wait(ENDING)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(PATIENCE)

    def _address(self) -> str:
        """Where it says it is, once it does; the process is ended if it never does."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and self._process.poll() is None:
            if found := _ADDRESS.search(self._out.read_text("utf-8")):
                return found[1].rstrip("/")
            time.sleep(0.05)
        self.__exit__(None, None, None)
        raise AssertionError(f"The app did not open its window. It said:\n{self.said}")

    def _command(self, *flags: str) -> list[str]:
        start = [sys.executable, str(self.folder / "app.py"), "--data-dir", str(self.home)]
        return [*start, *self.flags, *flags]

    def _variables(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH") if name in os.environ}
        own = {
            "HOME": str(self.folder),
            "HF_HOME": str(self.folder / "hub"),
            "TMPDIR": str(self.temporary),
            "GRADIO_TEMP_DIR": str(self.gradio),
            "LANG": "C.UTF-8",
            "OMP_NUM_THREADS": "1",
            **QUIET,
            "HTTP_PROXY": NOWHERE,
            "HTTPS_PROXY": NOWHERE,
            "NO_PROXY": "127.0.0.1,localhost",
        }
        return {**kept, **own, **self.environment}


class AppHere(App):
    """The same in this process, seconds quicker: for what asks nothing of a process, a terminal or a library's variables."""

    @property
    def gradio(self) -> Path:
        """Where Gradio keeps what it serves, for all tests of this process."""
        return Path(os.environ["GRADIO_TEMP_DIR"])

    def run(self, *flags: str) -> subprocess.CompletedProcess[str]:
        _, _, *arguments = self._command(*flags)
        out, errors, handlers = io.StringIO(), io.StringIO(), logging.root.handlers[:]
        giving_up = threading.Timer(PATIENCE, _thread.interrupt_main)
        giving_up.start()
        try:
            with self._variables_set(), contextlib.redirect_stdout(out), contextlib.redirect_stderr(errors):
                code = main(arguments, self.folder / ".env")
        finally:
            giving_up.cancel()
            logging.root.handlers[:] = handlers
        return subprocess.CompletedProcess(arguments, code, out.getvalue(), errors.getvalue())

    def __enter__(self) -> Self:
        port = () if self.port is None else ("--port", str(self.port))
        flags = read_flags(self._command("--no-browser", *port)[2:])
        with self._variables_set():
            settings = read_settings(chosen(flags), self.folder / ".env")
            self._window = open_app(open_services(settings.home_path), settings, flags)
        self.url = self._window.url.rstrip("/")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._window.close()

    @contextlib.contextmanager
    def _variables_set(self) -> Iterator[None]:
        with pytest.MonkeyPatch.context() as machine:
            for name, value in {**QUIET, **self.environment}.items():
                machine.setenv(name, value)
            yield


@contextlib.contextmanager
def taken_port(port: int = 0) -> Iterator[int]:
    """A port that somebody else holds."""
    with socket.socket() as holder:
        holder.bind(("0.0.0.0", port))
        holder.listen()
        yield holder.getsockname()[1]
