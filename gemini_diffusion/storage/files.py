"""Files that are written whole or not at all; does not know what is in them."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from pathlib import Path

from gemini_diffusion.types.errors import BadInput, DiskFull


def write_atomically(path: Path, content: bytes, *, durable: bool = True) -> None:
    """Writes `content` beside `path` and renames it into place: a reader, or a crash, sees the old file or the new one.

    What can be made again need not be `durable`, which costs a wait for the disk. Raises DiskFull where there is no room and
    BadInput where the folder cannot be written to; no partial file stays.
    """
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            file.write(content)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):  # the first error is the one to tell
            part.unlink()
        raise _in_our_words(error, path) from error


def _in_our_words(error: OSError, path: Path) -> BadInput | DiskFull:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull("The disk is full, so the file could not be kept.")
    return BadInput(f"{path.parent} cannot be written to ({error.strerror}).", "Choose another folder with --data-dir.")
