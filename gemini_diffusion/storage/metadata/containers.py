"""The texts that a PNG, JPEG or WebP carries beside its pixels, read from its bytes within bounds; decodes no pixel.

Texts of PNG come by their keys, fields of EXIF as "exif:9286" with their bytes as Latin-1, XMP as "xmp". The window's script
reads pictures the same way and sends such texts.
"""

from __future__ import annotations

import itertools
import re
import struct
import zlib
from collections.abc import Iterator

from gemini_diffusion.storage.metadata.found_recipe import LONGEST_TEXT

MOST_TEXTS = 100
MOST_BYTES = 4 * LONGEST_TEXT
"""Of all texts of a picture together."""
MOST_PIECES = 20_000
"""Chunks that a picture may be made of: a large one has some thousands."""
EXIF_TAGS = (0x010E, 0x010F, 0x0110, 0x0131, 0x9286, 0x927C)
"""Description, maker, model, software, comment and maker's note: where programs write recipes. Nothing else is looked at."""
_FIRST_TAGS = range(0x0100, 0x0112)
"""ComfyUI counts down from the model's tag for each text more."""
_EXIF_IFD = 0x8769
_JPEG_XMP, _JPEG_MORE_XMP = b"http://ns.adobe.com/xap/1.0/\0", b"http://ns.adobe.com/xmp/extension/\0"


def read_texts(content: bytes) -> dict[str, str]:
    """All texts of a picture by name, each at most LONGEST_TEXT long; what is broken or too long is passed over."""
    found: dict[str, str] = {}
    size = 0
    for name, value in itertools.islice(_texts(content), MOST_TEXTS):
        size += len(value)
        if size > MOST_BYTES:
            break
        if len(value) <= LONGEST_TEXT:
            found[name] = found[name] + value if name == "xmp" and name in found else found.get(name, value)
    return found


def _texts(content: bytes) -> Iterator[tuple[str, str]]:
    view = memoryview(content)
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        yield from _in_png(view)
    elif content.startswith(b"\xff\xd8"):
        yield from _in_jpeg(view)
    elif content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        yield from _in_webp(view)


def _in_png(view: memoryview) -> Iterator[tuple[str, str]]:
    """Chunks before and after the pixels."""
    for kind, data in png_chunks(view):
        if len(data) > MOST_BYTES:
            continue
        if kind in (b"tEXt", b"zTXt", b"iTXt"):
            yield from _png_text(kind, bytes(data))
        elif kind == b"eXIf":
            yield from _in_exif(bytes(data))


def png_chunks(view: memoryview) -> Iterator[tuple[bytes, memoryview]]:
    """Kind and data of each chunk, of so many as a picture may have."""
    at = 8
    for _ in range(MOST_PIECES):
        if at + 12 > len(view):
            return
        length = int.from_bytes(view[at : at + 4])
        yield bytes(view[at + 4 : at + 8]), view[at + 8 : at + 8 + length]
        at += 12 + length


def _png_text(kind: bytes, data: bytes) -> Iterator[tuple[str, str]]:
    key, _, rest = data.partition(b"\0")
    if kind == b"tEXt":
        value: bytes | None = rest
    elif kind == b"zTXt":
        value = inflate(rest[1:])
    else:
        coded = rest[2:].partition(b"\0")[2].partition(b"\0")[2]
        value = inflate(coded) if rest[:1] == b"\1" else coded
    value = value if value is not None else b""
    name = key.decode("latin-1")
    told = value.decode("utf-8", "replace") if kind == b"iTXt" else _latin(value)
    yield ("xmp" if name == "XML:com.adobe.xmp" else name), told


def _latin(value: bytes) -> str:
    """Latin-1, as the format says, or the UTF-8 that several programs write all the same."""
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")


def inflate(data: bytes, bits: int = zlib.MAX_WBITS) -> bytes | None:
    """The text in a zlib stream, None where it is broken or longer than is read: a small one could fill the memory."""
    stream = zlib.decompressobj(bits)
    try:
        found = stream.decompress(data, LONGEST_TEXT)
    except zlib.error:
        return None
    return None if stream.unconsumed_tail else found


def _in_jpeg(view: memoryview) -> Iterator[tuple[str, str]]:
    for marker, data in _jpeg_segments(view):
        if marker == 0xE1 and data.startswith(b"Exif\0\0"):
            yield from _in_exif(data[6:])
        elif marker == 0xE1 and data.startswith(_JPEG_XMP):
            yield "xmp", data[len(_JPEG_XMP) :].decode("utf-8", "replace")
        elif marker == 0xE1 and data.startswith(_JPEG_MORE_XMP):  # its parts: a digest, two lengths, and a piece
            yield "xmp", data[len(_JPEG_MORE_XMP) + 40 :].decode("utf-8", "replace")


def _jpeg_segments(view: memoryview) -> Iterator[tuple[int, bytes]]:
    """Marker and data of each segment before the pixels."""
    at = 2
    while at + 4 <= len(view) and view[at] == 0xFF and view[at + 1] != 0xDA:
        marker, length = view[at + 1], int.from_bytes(view[at + 2 : at + 4])
        yield marker, bytes(view[at + 4 : at + 2 + length])
        at += 2 + max(2, length)


def _in_webp(view: memoryview) -> Iterator[tuple[str, str]]:
    for kind, data in _webp_chunks(view):
        if len(data) > MOST_BYTES:
            continue
        if kind == b"EXIF":
            yield from _in_exif(bytes(data).removeprefix(b"Exif\0\0"))
        elif kind == b"XMP ":
            yield "xmp", bytes(data).decode("utf-8", "replace")


def _webp_chunks(view: memoryview) -> Iterator[tuple[bytes, memoryview]]:
    at = 12
    for _ in range(MOST_PIECES):
        if at + 8 > len(view):
            return
        length = int.from_bytes(view[at + 4 : at + 8], "little")
        yield bytes(view[at : at + 4]), view[at + 8 : at + 8 + length]
        at += 8 + length + length % 2


def _in_exif(data: bytes) -> Iterator[tuple[str, str]]:
    """The fields of EXIF_TAGS in the first directory and the one of EXIF, in either order of bytes."""
    order = {b"II": "<", b"MM": ">"}.get(data[:2])
    if order is None or len(data) < 8:
        return
    directories = [int(struct.unpack_from(f"{order}I", data, 4)[0])]
    for directory in directories:
        for tag, kind, count, place in _entries(data, order, directory):
            if tag == _EXIF_IFD and len(directories) == 1:
                directories.append(place)
            elif tag in EXIF_TAGS or tag in _FIRST_TAGS:
                width = 1 if kind in (1, 2, 7) else 0
                start = place if count * width > 4 else directory
                if width and count > 4:
                    yield f"exif:{tag:04x}", data[start : start + count].decode("latin-1")


def _entries(data: bytes, order: str, directory: int) -> Iterator[tuple[int, int, int, int]]:
    if directory + 2 > len(data):
        return
    (count,) = struct.unpack_from(f"{order}H", data, directory)
    for number in range(min(count, 200)):
        at = directory + 2 + 12 * number
        if at + 12 > len(data):
            return
        yield struct.unpack_from(f"{order}HHII", data, at)


def is_signed(content: bytes) -> bool:
    """Whether a picture holds Content Credentials (C2PA): a signed account of where it comes from, void once a byte changes."""
    view = memoryview(content)
    if content.startswith(b"\x89PNG"):
        return any(kind == b"caBX" for kind, _ in png_chunks(view))
    if content[:4] == b"RIFF":
        return any(kind == b"C2PA" for kind, _ in _webp_chunks(view))
    return any(marker == 0xEB and b"jumb" in data[:40] for marker, data in _jpeg_segments(view))


def exif_text(raw: str) -> str:
    """The text in a field's bytes: with the coding of a comment before it, or plain."""
    data = raw.encode("latin-1", "replace")
    head, rest = data[:8], data[8:]
    if head == b"UNICODE\0":
        return rest.decode(_utf16(rest), "replace").rstrip("\0")
    if head in (b"ASCII\0\0\0", b"JIS\0\0\0\0\0", b"\0" * 8):
        data = rest
    return _latin(data.rstrip(b"\0"))


def _utf16(data: bytes) -> str:
    """Which order of bytes: its own mark tells, or where the zeros of plain letters stand. EXIF's own order is not kept to."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    if data[:1] and data[1:2] and data[0] and data[1] and b"\0" not in data:  # some write UTF-8 behind the mark of UTF-16
        return "utf-8" if _is_utf8(data) else "utf-16-be"
    return "utf-16-le" if data[1::2].count(0) > data[::2].count(0) else "utf-16-be"


def _is_utf8(data: bytes) -> bool:
    try:
        return bool(re.search(r"Steps: |\{", data.decode("utf-8")))
    except UnicodeDecodeError:
        return False
