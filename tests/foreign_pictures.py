"""Pictures with recipes as other programs write them, made from texts: where a text stands, in which chunk and coding."""

from __future__ import annotations

import base64
import gzip
import io
import struct
import zlib
from typing import Any

import numpy
from PIL import Image

SIZE = (24, 40)


def plain(kind: str = "PNG", **options: Any) -> bytes:
    content = io.BytesIO()
    Image.new("RGB", SIZE, "teal").save(content, kind, **options)
    return content.getvalue()


def data_url(content: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(content).decode()}"


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(*, form: str = "tEXt", after: bool = False, **texts: str) -> bytes:
    """One chunk for each text, before the pixels or after them; a name has "_" for "-"."""
    made = b"".join(_text(form, name.replace("__", "-").encode(), value) for name, value in texts.items())
    whole = plain()
    at = len(whole) - 12 if after else 33
    return whole[:at] + made + whole[at:]


def _text(form: str, name: bytes, value: str) -> bytes:
    if form == "tEXt":
        return chunk(b"tEXt", name + b"\0" + value.encode("utf-8"))
    if form == "zTXt":
        return chunk(b"zTXt", name + b"\0\0" + zlib.compress(value.encode("latin-1")))
    packed = form == "packed iTXt"
    coded = zlib.compress(value.encode()) if packed else value.encode()
    return chunk(b"iTXt", name + (b"\0\1\0" if packed else b"\0\0\0") + b"en\0\0" + coded)


def exif(order: str, first: dict[int, bytes], second: dict[int, bytes]) -> bytes:
    """EXIF with these fields in its first directory and in the one of EXIF, in an order of bytes ("<" or ">")."""
    rows = len(first) + (1 if second else 0)
    directory, nested = 8, 8 + 2 + 12 * rows + 4
    data_at = nested + (2 + 12 * len(second) + 4 if second else 0)
    data, written = b"", struct.pack(f"{order}2sHI", b"II" if order == "<" else b"MM", 42, directory)
    for fields in [first, second] if second else [first]:
        entries = [(tag, 7 if tag in (0x9286, 0x927C) else 2, value) for tag, value in sorted(fields.items())]
        pointer = fields is first and bool(second)
        written += struct.pack(f"{order}H", len(entries) + pointer)
        for tag, kind, value in entries:
            written += struct.pack(f"{order}HHII", tag, kind, len(value), data_at + len(data))
            data += value
        written += struct.pack(f"{order}HHII", 0x8769, 4, 1, nested) if pointer else b""
        written += b"\0" * 4
    return written + data


def comment(
    text: str,
    coding: str = "utf-16-be",
    *,
    mark: bytes = b"UNICODE\0",
    kind: str = "JPEG",
    order: str = ">",
    first: bool = False,
) -> bytes:
    """A picture with this comment, in EXIF's own directory or, as Fooocus writes it, in the first one."""
    fields = {0x9286: mark + text.encode(coding)}
    return plain(kind, exif=b"Exif\0\0" + exif(order, fields if first else {}, {} if first else fields))


def webp(**texts: str) -> bytes:
    """As ComfyUI writes: in the model's and the maker's field, with a word before it."""
    fields = (f"{name}:{value}".encode() + b"\0" for name, value in texts.items())
    tags = dict(zip((0x0110, 0x010F), fields, strict=False))
    return plain("WEBP", exif=exif("<", tags, {}), lossless=True)


def xmp(comment_text: str) -> bytes:
    """As Draw Things exports on a Mac."""
    escaped = comment_text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    packet = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
        'xmlns:exif="http://ns.adobe.com/exif/1.0/"><exif:UserComment><rdf:Alt><rdf:li xml:lang="x-default">'
        f"{escaped}</rdf:li></rdf:Alt></exif:UserComment></rdf:Description></rdf:RDF></x:xmpmeta>"
    )
    return plain("JPEG", xmp=packet.encode())


def stealth(text: str, *, packed: bool = True) -> bytes:
    """The text in the lowest bits of the transparency, column by column."""
    body = gzip.compress(text.encode()) if packed else text.encode()
    hidden = (b"stealth_pngcomp" if packed else b"stealth_pnginfo") + struct.pack(">I", 8 * len(body)) + body
    bits = numpy.unpackbits(numpy.frombuffer(hidden, numpy.uint8))
    alpha = numpy.full((128, 128), 254, numpy.uint8)
    columns = alpha.T.reshape(-1).copy()
    columns[: len(bits)] |= bits
    image = Image.new("RGB", (128, 128), "teal")
    image.putalpha(Image.fromarray(columns.reshape(128, 128).T.copy(), "L"))
    content = io.BytesIO()
    image.save(content, "PNG")
    return content.getvalue()
