"""The service for public links on loopback: the address that names a server, the server, and the link behind which it forwards.

Nothing of the app or of Gradio is changed for it: it is reached as a proxy in the environment, its certificate is trusted by
the environment, and its client is a program in the place where the real one is kept.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import ipaddress
import itertools
import json
import shlex
import ssl
import sys
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.waiting import PATIENCE

API = "api.gradio.app"
LINK = "abc123.gradio.live"
CLIENT = Path(__file__).with_name("link_client.py")
_Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class LinkService:
    """As a context manager it runs. `logins` are the tokens of the clients that came, `processes` their ids, `wanted` the
    hosts that were asked for through the proxy. `mute` gives no link, `answer` is said in place of a server's address."""

    def __init__(self, folder: Path) -> None:
        self.certificate = folder / "service.pem"
        self.logins: list[str] = []
        self.processes: list[int] = []
        self.wanted: list[str] = []
        self.mute = False
        self.answer = b""
        self._key = folder / "service.key"
        self._clients: list[asyncio.StreamWriter] = []
        self._visitors: dict[int, asyncio.Future[_Streams]] = {}
        self._numbers = itertools.count()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._ports: dict[str, int] = {}
        _write_certificate(self.certificate, self._key)

    @property
    def environment(self) -> dict[str, str]:
        """Variables under which an app finds this service for the real one."""
        return {"HTTPS_PROXY": f"http://127.0.0.1:{self._ports['proxy']}", "SSL_CERT_FILE": str(self.certificate)}

    @property
    def public(self) -> str:
        """Where whoever asks for a link's name really arrives."""
        return f"http://127.0.0.1:{self._ports['public']}"

    def move(self, name: str) -> None:
        """Gives the last client another link."""
        self._soon(self._tell(self._clients[-1], {"link": f"http://{name}"})).result(PATIENCE)

    def end(self) -> None:
        """Ends the link of the last client."""
        self._loop.call_soon_threadsafe(self._clients[-1].close)

    def __enter__(self) -> Self:
        self._thread.start()
        self._soon(self._open()).result(PATIENCE)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE)

    def _soon(self, work: Coroutine[Any, Any, None]) -> Future[None]:
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    async def _open(self) -> None:
        served = {"proxy": self._proxy, "control": self._control, "data": self._data, "public": self._visit}
        for name, handler in served.items():
            server = await asyncio.start_server(handler, "127.0.0.1", 0, ssl=self._safe() if name == "control" else None)
            self._ports[name] = server.sockets[0].getsockname()[1]

    def _safe(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self._key)
        return context

    async def _proxy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A proxy that leads to the service's own address and nowhere else."""
        asked = (await reader.readuntil(b"\r\n\r\n")).split()[1].decode()
        self.wanted.append(asked.partition(":")[0])
        if self.wanted[-1] != API:
            writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
            writer.close()
            return
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await writer.start_tls(self._safe())
        await reader.readuntil(b"\r\n\r\n")
        authority = self.certificate.read_text("ascii")
        body = json.dumps([{"host": "127.0.0.1", "port": self._ports["control"], "root_ca": authority}]).encode()
        body = self.answer or body
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        await writer.drain()
        writer.close()

    async def _control(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came = json.loads(await reader.readline())
        self.logins.append(came["login"])
        self.processes.append(came["process"])
        self._clients.append(writer)
        if not self.mute:
            await self._tell(writer, {"link": f"http://{LINK}"})

    async def _tell(self, client: asyncio.StreamWriter, order: dict[str, object]) -> None:
        client.write(f"{json.dumps(order)}\n".encode())
        await client.drain()

    async def _visit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Somebody opens the link: the client is told, and what it connects is joined with them."""
        number = next(self._numbers)
        self._visitors[number] = self._loop.create_future()
        await self._tell(self._clients[-1], {"visitor": number, "port": self._ports["data"]})
        inside, window = await self._visitors[number]
        await asyncio.gather(_copy(reader, window), _copy(inside, writer))

    async def _data(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._visitors[int(await reader.readline())].set_result((reader, writer))


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while piece := await reader.read(65536):
            writer.write(piece)
            await writer.drain()
    writer.close()


def install_client(hub: Path, name: str, *, allowed: bool = True) -> None:
    """Puts the client where Gradio keeps its own, below a HF_HOME; one that is not allowed cannot be run."""
    path = hub / "gradio" / "frpc" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    # By way of the shell, since the first line of a script cannot name a Python whose path has a blank in it.
    path.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {shlex.quote(str(CLIENT))} "$@"\n', "utf-8")
    path.chmod(0o755 if allowed else 0o644)


def _write_certificate(certificate: Path, key: Path) -> None:
    """A certificate that is its own authority, for the service's name and for loopback."""
    made = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, API)])
    begin = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
    names = [x509.DNSName(API), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    signed = (
        x509.CertificateBuilder(name, name, made.public_key(), x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + datetime.timedelta(days=7))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(made.public_key()), critical=False)
        .sign(made, hashes.SHA256())
    )
    certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    private = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    key.write_bytes(made.private_bytes(*private))
