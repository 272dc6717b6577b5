"""A public link to a port of this machine: asks Gradio's service for one and runs its client.

Gradio can do this by itself, but waits without a word, for ever where its client is mute; writes into the folder one happens
to be in; and does not notice the end of a link.
"""

from __future__ import annotations

import atexit
import logging
import os
import re
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import httpx
from gradio import networking, tunneling
from gradio.exceptions import ChecksumMismatchError

from gemini_diffusion.config.library_variables import naming_variables
from gemini_diffusion.config.log import redacted
from gemini_diffusion.types.errors import Fixable, Unreachable

ANSWER = 30.0
"""Seconds the service has for naming a server."""
PATIENCE = 60.0
"""Seconds the client has for a link."""
BLOCKED = "An antivirus or a firewall may be in the way."
_ITS_BUSINESS = re.compile(
    r"PATH|HOME|USERPROFILE|SYSTEMROOT|TMPDIR|TE?MP|LANG|LD_LIBRARY_PATH|(HTTPS?|ALL|NO)_PROXY|SSL_CERT_(FILE|DIR)",
    re.IGNORECASE,
)
"""Variables that the client is started with: it is somebody else's program, and among the others are keys."""
_OPENED = re.compile(r"start proxy success: (\S+)")
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LinkServer:
    """Who makes links: the address of its door, the scheme of its links, and the file of its certificate if it has one."""

    address: str
    scheme: str
    certificate: Path | None


class ShareLink:
    """A running client. `said` is the last thing it said besides its links."""

    def __init__(self, process: subprocess.Popen[str], scheme: str) -> None:
        self.said = ""
        self._process, self._scheme = process, scheme

    def links(self) -> Iterator[str]:
        """Waits for each link the client tells of: one at first, another when the service changes it. Ends with the client."""
        for line in self._process.stdout or ():
            if found := _OPENED.search(line):
                yield urlunsplit((self._scheme, *urlsplit(found[1])[1:]))
            elif line.strip():
                self.said = redacted(line.strip())
        self.close()

    def close(self) -> None:
        """Asks the client to end, and sees to it."""
        self._process.terminate()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def open_share_link(host: str, port: int, token: str, folder: Path, patience: float = PATIENCE) -> tuple[ShareLink, str]:
    """A tunnel to `host`:`port` and its link; `token` is a secret of this window, `folder` keeps the service's certificate.

    Takes seconds, at worst a minute. Raises Unreachable or Fixable with what may be in the way.
    """
    server = _server(folder)
    process = _run(_client(), [*_flags(host, port, token, server)])
    tunnel = ShareLink(process, server.scheme)
    atexit.register(tunnel.close)  # the program may end while the link is still being made
    silence = threading.Timer(patience, process.kill)
    silence.daemon = True
    silence.start()
    try:
        link = next(tunnel.links(), "")
    finally:
        silence.cancel()
    if not link:
        _LOG.warning("The program that makes public links ended with code %s. %s", process.returncode, tunnel.said)
        raise Unreachable("The program that makes public links could not reach its service.", BLOCKED)
    return tunnel, link


def _server(folder: Path) -> LinkServer:
    """The server of one's own that GRADIO_SHARE_SERVER_ADDRESS names, else the one the public service gives."""
    if networking.GRADIO_SHARE_SERVER_ADDRESS:
        return LinkServer(networking.GRADIO_SHARE_SERVER_ADDRESS, "http", None)
    try:
        with naming_variables():
            asked = httpx.get(networking.GRADIO_API_SERVER, timeout=ANSWER)
        given = asked.raise_for_status().json()[0]
        address, authority = f"{given['host']}:{int(given['port'])}", str(given["root_ca"])
    except (httpx.HTTPError, ValueError, KeyError, IndexError, TypeError) as error:
        raise Unreachable("The service for public links did not answer.", f"Check the network. {BLOCKED}") from error
    certificate = folder / "share-link.pem"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        certificate.write_text(authority, "utf-8")
    except OSError as error:
        raise Fixable(
            "The certificate for a public link could not be kept.", "Choose another folder with --data-dir."
        ) from error
    return LinkServer(address, "https", certificate)


def _client() -> Path:
    """The program, fetched and checked by Gradio if it is not here yet; one that fails the check does not stay."""
    path = Path(tunneling.BINARY_PATH)
    try:
        tunneling.Tunnel.download_binary()
    except ChecksumMismatchError as error:
        path.unlink(missing_ok=True)
        raise Fixable("The program that makes public links came damaged and was thrown away.", "Try again later.") from error
    except (httpx.HTTPError, OSError) as error:
        hint = f"Check the network. {BLOCKED} It comes from {tunneling.BINARY_URL} and belongs at {path}."
        raise Unreachable("The program that makes public links could not be fetched.", hint) from error
    return path


def _flags(host: str, port: int, token: str, server: LinkServer) -> Iterator[str]:
    yield from ("http", "-n", token, "-l", str(port), "-i", host, "--uc", "--sd", "random", "--ue")
    yield from ("--server_addr", server.address, "--disable_log_color")
    if server.certificate:
        yield from ("--tls_enable", "--tls_trusted_ca_file", str(server.certificate))


def _run(client: Path, flags: list[str]) -> subprocess.Popen[str]:
    try:
        return subprocess.Popen(
            [str(client), *flags],
            env={name: value for name, value in os.environ.items() if _ITS_BUSINESS.fullmatch(name)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        )
    except OSError as error:
        hint = f"{BLOCKED} Allow {client}, or delete it so that it is fetched again."
        raise Fixable("The program that makes public links is not allowed to run here.", hint) from error
