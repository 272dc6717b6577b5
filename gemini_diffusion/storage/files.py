"""Files that are written whole or not at all; does not know what is in them."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from gemini_diffusion.types.errors import BadInput, DiskFull

_PART_LIVES = 3600.0
"""Seconds after which nobody can still be writing a partial file."""


def remove_parts(folder: Path) -> None:
    """Removes what a program that was killed had written by half, in `folder` and the folders in it."""
    for part in folder.rglob(".*.????????.part"):
        with contextlib.suppress(OSError):  # gone by itself, or not ours to remove
            if time.time() - part.stat().st_mtime > _PART_LIVES:
                part.unlink()


def free_bytes(folder: Path) -> int:
    """Of the disk that a folder lies on, or will once it is made."""
    return shutil.disk_usage(next(place for place in (folder, *folder.parents) if place.exists())).free


def write_atomically(path: Path, content: bytes, *, durable: bool = True) -> None:
    """Writes `content` to `path` as `replacing` does."""
    with replacing(path, durable=durable) as file:
        file.write(content)


@contextlib.contextmanager
def replacing(path: Path, *, durable: bool = True) -> Iterator[IO[bytes]]:
    """A file beside `path` that is renamed into its place at the end: a reader, or a crash, sees the old one or the new one.

    What can be made again need not be `durable`, which costs a wait for the disk. Raises DiskFull where there is no room and
    BadInput where the folder cannot be written to; no partial file stays.
    """
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            yield file
            if durable:
                file.flush()
                os.fsync(file.fileno())
        part.replace(path)
    except BaseException as error:
        with contextlib.suppress(OSError):  # the first error is the one to tell
            part.unlink()
        if isinstance(error, OSError):
            raise _in_our_words(error, path) from error
        raise


def _in_our_words(error: OSError, path: Path) -> BadInput | DiskFull:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull("The disk is full, so the file could not be kept.")
    return BadInput(f"{path.parent} cannot be written to ({error.strerror}).", "Choose another folder with --data-dir.")
