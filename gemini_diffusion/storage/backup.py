"""Everything of a data folder that is a person's own in one file, and back: a zip, so that any program can look into it.

Models, logs and indexes are left out, since they are fetched or made again; keys too, unless they are asked for.
"""

from __future__ import annotations

import json
import secrets
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from gemini_diffusion import __version__
from gemini_diffusion.storage.files import replacing
from gemini_diffusion.storage.restored import Restored
from gemini_diffusion.types.errors import BadInput, DiskFull

NOTE = "gemini-diffusion-backup.json"
"""Stands first in the file and says what it is."""
FORM = 1
LEFT_OUT = ("models", "logs")
KEYS = ".env"
HALF = ".restore.*.part"
"""A folder that is being restored into."""
_REMADE = (".db", ".db-wal", ".db-shm", ".part")
_PACKED = (".json", ".txt", ".jsonl", ".log", ".yaml")
"""Files that get much smaller; pictures and weights do not."""


@dataclass(frozen=True, slots=True)
class BackupReport:
    """How many files went into a backup or came out of it, and their bytes."""

    files: int
    size: int

    def __str__(self) -> str:
        return f"{self.files:,} file{'' if self.files == 1 else 's'}, {self.size / 1e6:,.1f} MB"


def make_backup(home: Path, file: Path, *, with_keys: bool = False) -> BackupReport:
    """Writes all that is a person's own in the data folder `home` into `file`, whole or not at all; the app may run meanwhile.

    Raises BadInput where there is such a file already, or nothing to keep, and DiskFull.
    """
    if file.exists():
        raise BadInput(f"{file} is there already.", "Name a file that is not, so that no backup is lost.")
    own = list(_own_files(home, with_keys=with_keys))
    if not own:
        raise BadInput(f"There is nothing of yours in {home}.", "Name the data folder with --data-dir.")
    count = size = 0
    with replacing(file) as written, zipfile.ZipFile(written, "w", strict_timestamps=False) as archive:
        said = {"form": FORM, "version": __version__, "created": datetime.now(UTC).isoformat(timespec="seconds")}
        archive.writestr(NOTE, json.dumps(said))
        for path, name in own:
            packing = zipfile.ZIP_DEFLATED if path.suffix.lower() in _PACKED else zipfile.ZIP_STORED
            try:
                archive.write(path, name, packing)
            except FileNotFoundError:  # deleted meanwhile
                continue
            count, size = count + 1, size + archive.getinfo(name).file_size
    return BackupReport(count, size)


def _own_files(home: Path, *, with_keys: bool) -> Iterator[tuple[Path, str]]:
    """Each file with its name in the backup, in order."""
    for entry in sorted(home.iterdir()) if home.is_dir() else ():
        if entry.name in LEFT_OUT or (entry.name == KEYS and not with_keys):
            continue
        for path in sorted(entry.rglob("*")) if entry.is_dir() else [entry]:
            if path.is_file() and not path.name.endswith(_REMADE):
                yield path, path.relative_to(home).as_posix()


def restore_backup(file: Path, home: Path) -> BackupReport:
    """Puts what is in a backup into the data folder `home`, all of it or nothing.

    Raises BadInput where something of a person's is there already, or `file` is no whole backup of ours, and DiskFull.
    """
    here = [entry for entry in home.iterdir() if not entry.match(HALF)] if home.is_dir() else []
    if any(entry.name not in (*LEFT_OUT, KEYS) for entry in here):
        raise BadInput(
            f"There is something in {home} already.", "Name an empty folder with --data-dir, so that nothing is lost."
        )
    for left in home.glob(HALF):  # of one that was ended by force
        shutil.rmtree(left, ignore_errors=True)
    staging = home / f".restore.{secrets.token_hex(4)}.part"
    try:
        with zipfile.ZipFile(file) as archive:
            members = _members(archive, file)
            _refuse_without_room(home, sum(member.file_size for member in members))
            for member in members:
                _extract(archive, member, staging)
        for entry in sorted(staging.iterdir()):
            if not (home / entry.name).exists():  # keys that are there stay
                entry.rename(home / entry.name)
    except (OSError, zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError) as error:
        raise BadInput(f"{file.name} cannot be restored: {error}.", "Choose a whole file that --backup wrote.") from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    Restored(home).offer()
    return BackupReport(len(members), sum(member.file_size for member in members))


def _members(archive: zipfile.ZipFile, file: Path) -> list[zipfile.ZipInfo]:
    """The files in a backup; raises BadInput where it is none of ours, or one of them would lie anywhere else."""
    members = archive.infolist()
    if not members or members[0].filename != NOTE:
        raise BadInput(f"{file.name} is no backup of this program.", "Choose a file that --backup wrote.")
    for member in members[1:]:
        parts = PurePosixPath(member.filename).parts
        odd = member.filename.startswith("/") or ".." in parts or "\\" in member.filename or ":" in member.filename
        if odd or not parts or member.is_dir() or parts[0] in LEFT_OUT:
            raise BadInput(
                f"{file.name} holds {member.filename[:80]!r}, which no backup has.", "Choose a file that --backup wrote."
            )
    return members[1:]


def _refuse_without_room(home: Path, size: int) -> None:
    place = next(folder for folder in (home, *home.absolute().parents) if folder.is_dir())
    if size > shutil.disk_usage(place).free:
        raise DiskFull(
            f"That needs {size / 1e6:,.0f} MB, and the disk has less.", "Make room, or name a folder on another disk."
        )


def _extract(archive: zipfile.ZipFile, member: zipfile.ZipInfo, staging: Path) -> None:
    """Read to its end, where its checksum is compared."""
    path = staging / member.filename
    path.parent.mkdir(parents=True, exist_ok=True)
    with archive.open(member) as packed, path.open("xb") as content:
        shutil.copyfileobj(packed, content, 1 << 20)
