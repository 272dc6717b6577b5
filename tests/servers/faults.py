"""Faults any HTTP service can have; each is a reply of its own or spoils another reply. Knows no service."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import replace

from tests.servers.wire import FOREVER, C, Piece, Reply, Scripted, for_call, whole

HTML = b"<!doctype html><html><head><title>Gateway</title></head><body><h1>Something went wrong</h1></body></html>"
MEGABYTE = 1_000_000


def hang() -> Reply:
    """Take the call and never say a word."""
    return Reply(status=None, delay=FOREVER)


def headers_only() -> Reply:
    """Send the headers of a promising reply, then nothing."""
    headers = (("Content-Type", "application/json"),)
    return Reply(headers=headers, pieces=(Piece(b"", after=FOREVER),), length=1000)


def hang_up() -> Reply:
    """Close the connection without a word."""
    return Reply(status=None, ending="close")


def reset() -> Reply:
    """Reset the connection without a word."""
    return Reply(status=None, ending="reset")


def html(status: int = 200) -> Reply:
    """A page for people where a program expected data, as proxies and sign-in pages send it."""
    return whole(HTML, "text/html; charset=utf-8", status)


def empty(status: int = 200) -> Reply:
    """The right headers and no body."""
    return whole(b"", "application/json", status)


def invalid_json(status: int = 200) -> Reply:
    """JSON that ends in the middle."""
    return whole(b'{"candidates": [{"content": ', "application/json", status)


def redirect(to: str, status: int = 302) -> Reply:
    """Send the client elsewhere."""
    return Reply(status, (("Location", to),))


def flood(megabytes: int = 3000, content_type: str = "image/png") -> Reply:
    """A body far larger than anybody should read."""
    return Reply(headers=(("Content-Type", content_type),), pieces=(Piece(bytes(MEGABYTE)),) * megabytes)


def gzip_bomb(megabytes: int = 200, content_type: str = "image/png") -> Reply:
    """A small compressed body that unpacks to a very large one."""
    packer = zlib.compressobj(1, wbits=31)
    packed = b"".join(packer.compress(bytes(MEGABYTE)) for _ in range(megabytes)) + packer.flush()
    return whole(packed, content_type, headers={"Content-Encoding": "gzip"})


def slow(reply: Scripted[C], seconds: float) -> Callable[[C], Reply]:
    """The reply, its first byte late."""
    return lambda call: replace(for_call(reply, call), delay=seconds)


def trickle(reply: Scripted[C], every: float = 1.0) -> Callable[[C], Reply]:
    """The reply one byte at a time, so that no single read ever times out."""

    def drip(call: C) -> Reply:
        made = for_call(reply, call)
        return replace(made, pieces=tuple(Piece(bytes([byte]), after=every) for byte in made.content))

    return drip


def cut(reply: Scripted[C], keep: float = 0.5) -> Callable[[C], Reply]:
    """The reply with the connection closed after a share of its body."""
    return lambda call: replace(_shortened(for_call(reply, call), keep), ending="close")


def cut_by_reset(reply: Scripted[C], keep: float = 0.5) -> Callable[[C], Reply]:
    """The reply with the connection reset after a share of its body."""
    return lambda call: replace(_shortened(for_call(reply, call), keep), ending="reset")


def stall(reply: Scripted[C], keep: float = 0.5) -> Callable[[C], Reply]:
    """The reply that falls silent after a share of its body, the connection still open."""

    def halt(call: C) -> Reply:
        made = _shortened(for_call(reply, call), keep)
        return replace(made, pieces=(*made.pieces, Piece(b"", after=FOREVER)))

    return halt


def _shortened(reply: Reply, keep: float) -> Reply:
    """The first share of the body in its own pieces, under the headers of the whole."""
    total = len(reply.content)
    left, pieces = int(total * keep), []
    for piece in reply.pieces:
        if left <= 0:
            break
        pieces.append(Piece(piece.data[:left], piece.after))
        left -= len(piece.data)
    return replace(reply, pieces=tuple(pieces), length=total)
