"""Stands in for the client program of the service for public links: takes its flags, says its words, really forwards.

It runs by itself, copied to where the real one is looked for; it knows nothing of the tests.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import ssl
import sys
import threading


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=("http",))
    parser.add_argument("-n", dest="token", required=True)
    parser.add_argument("-l", dest="port", type=int, required=True)
    parser.add_argument("-i", dest="host", required=True)
    parser.add_argument("--sd", choices=("random",), required=True)
    parser.add_argument("--server_addr", required=True)
    parser.add_argument("--tls_trusted_ca_file", required=True)
    for flag in ("--uc", "--ue", "--disable_log_color", "--tls_enable"):
        parser.add_argument(flag, action="store_true", required=True)
    flags = parser.parse_args()
    host, port = flags.server_addr.split(":")
    try:
        plain = socket.create_connection((host, int(port)), timeout=180)
        plain.settimeout(None)
        safe = ssl.create_default_context(cafile=flags.tls_trusted_ca_file).wrap_socket(plain, server_hostname=host)
    except OSError as error:
        print(f"[W] login to server failed: {error}", flush=True)
        return 1
    safe.sendall(f"{json.dumps({'login': flags.token, 'process': os.getpid()})}\n".encode())
    for line in safe.makefile("rb"):
        order = json.loads(line)
        if "link" in order:
            print(f"[I] [{flags.token}] start proxy success: {order['link']}", flush=True)
        else:
            ends = ((host, order["port"]), (flags.host, flags.port))
            threading.Thread(target=forward, args=(order["visitor"], *ends), daemon=True).start()
    print("[W] the control connection is closed", flush=True)
    return 1


def forward(visitor: int, out: tuple[str, int], home: tuple[str, int]) -> None:
    """One connection of a visitor, from the service to the window and back."""
    with socket.create_connection(out) as outside, socket.create_connection(home) as inside:
        outside.sendall(f"{visitor}\n".encode())
        back = threading.Thread(target=copy, args=(inside, outside), daemon=True)
        back.start()
        copy(outside, inside)
        back.join()


def copy(source: socket.socket, sink: socket.socket) -> None:
    """Bytes as they come, until there are no more."""
    try:
        while piece := source.recv(65536):
            sink.sendall(piece)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # one of the two has left


if __name__ == "__main__":
    sys.exit(main())
