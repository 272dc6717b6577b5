"""An SQLite index of one visitor's pictures, to list and search them without opening a file.

It holds nothing that the files do not say: one that is missing, broken or of another version is made anew from them.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import TypeVar

from gemini_diffusion.storage.search_text import TOKENIZER, match_expression, searchable
from gemini_diffusion.types.errors import BadInput, DiskFull

VERSION = 1
"""Of the tables below; an index of another one is made anew."""
MODELS = 50
"""Models that are named as a choice at most."""
_WAIT = 10.0
"""Seconds for another process that writes."""
_DISK_FAULTS = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_PERM,
}
"""What a new index would not mend."""

_TABLES = f"""
CREATE TABLE pictures (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, file TEXT NOT NULL, created TEXT NOT NULL, title TEXT NOT NULL,
    model TEXT NOT NULL, seed INTEGER NOT NULL, width INTEGER NOT NULL, height INTEGER NOT NULL, drawn INTEGER NOT NULL,
    veiled INTEGER NOT NULL, here INTEGER NOT NULL, starred INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX shown ON pictures (number) WHERE here;
CREATE INDEX starred ON pictures (number) WHERE here AND starred;
CREATE INDEX brought ON pictures (number) WHERE here AND NOT drawn;
CREATE INDEX models ON pictures (model, number) WHERE here AND drawn;
CREATE INDEX away ON pictures (number) WHERE NOT here;
CREATE TABLE stamps (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE VIRTUAL TABLE words USING fts5 (text, content='', prefix='1 2 3', tokenize="{TOKENIZER}");
PRAGMA user_version = {VERSION};
"""

_T = TypeVar("_T")


class BrokenIndex(Exception):
    """The index could not be read and is empty now. Whoever searches reads the files into it again."""


@dataclass(frozen=True, slots=True)
class IndexedPicture:
    """What a list shows of a picture. `number` is its place among all of this person's, the first is 1; `file` its file's name;
    `created` is ISO 8601 in UTC; `drawn` is false for one that was brought, `here` for one that is gone or not to be listed."""

    number: int
    id: str
    file: str = ""
    created: str = ""
    title: str = ""
    model: str = ""
    seed: int = 0
    width: int = 0
    height: int = 0
    drawn: bool = False
    veiled: bool = False
    here: bool = False
    starred: bool = False


@dataclass(frozen=True, slots=True)
class Search:
    """Which pictures are wanted: those with all these `words`, and of these kinds; `deleted` are those that can be had back;
    `before` is the number to go on below."""

    words: str = ""
    starred: bool = False
    brought: bool = False
    deleted: bool = False
    model: str = ""
    before: int = 0


_COLUMNS = ", ".join(f"pictures.{entry.name}" for entry in fields(IndexedPicture))
_MARKS = ", ".join("?" for _ in fields(IndexedPicture))


class PictureIndex:
    """The index in `file`. Its methods block, and may be called from any thread and by several processes."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def stamps(self) -> dict[str, str]:
        """What the files looked like when they were last read into it."""
        return self._use(lambda index: dict(index.execute("SELECT name, value FROM stamps").fetchall()))

    def clear(self) -> None:
        """Forgets everything: the files are others than it was made from."""
        for name in (self._file.name, f"{self._file.name}-wal", f"{self._file.name}-shm"):
            self._file.with_name(name).unlink(missing_ok=True)

    def numbers(self) -> set[int]:
        return self._use(lambda index: {number for (number,) in index.execute("SELECT number FROM pictures")})

    def add(self, entries: Iterable[tuple[IndexedPicture, str]]) -> None:
        """Takes in pictures, each with the text it is found by; one that is there already stays, unless it had no file."""

        def write(index: sqlite3.Connection) -> None:
            for entry, text in entries:
                index.execute("DELETE FROM pictures WHERE number = ? AND file = ''", (entry.number,))
                if index.execute(f"INSERT OR IGNORE INTO pictures VALUES ({_MARKS})", astuple(entry)).rowcount and entry.file:
                    index.execute("INSERT INTO words (rowid, text) VALUES (?, ?)", (entry.number, searchable(text)))

        self._use(write)

    def stamp(self, name: str, value: str) -> None:
        self._use(lambda index: index.execute("INSERT OR REPLACE INTO stamps VALUES (?, ?)", (name, value)))

    def star(self, ids: Iterable[str], stamp: str) -> None:
        """Exactly these have a star; `stamp` says what the file that names them looked like."""

        def write(index: sqlite3.Connection) -> None:
            index.execute("UPDATE pictures SET starred = 0 WHERE starred")
            index.executemany("UPDATE pictures SET starred = 1 WHERE id = ?", ((identity,) for identity in ids))
            index.execute("INSERT OR REPLACE INTO stamps VALUES ('stars', ?)", (stamp,))

        self._use(write)

    def move(self, ids: Iterable[str], *, here: bool) -> None:
        """These are no longer where they were, or are back."""
        changes = [(here, identity) for identity in ids]
        self._use(lambda index: index.executemany("UPDATE pictures SET here = ? WHERE id = ?", changes))

    def away(self) -> list[IndexedPicture]:
        """Those that are not listed."""
        return self._rows("SELECT {} FROM pictures WHERE NOT here", ())

    def count(self) -> int:
        """How many are listed."""
        return self._use(lambda index: int(index.execute("SELECT count(*) FROM pictures WHERE here").fetchone()[0]))

    def id_of(self, number: int) -> str:
        """The id of that picture, empty where there is none."""
        query = "SELECT id FROM pictures WHERE number = ?"
        return self._use(lambda index: str(next(iter(index.execute(query, (number,)).fetchone() or ("",)))))

    def find(self, search: Search, most: int) -> list[IndexedPicture]:
        """At most so many of the pictures that are wanted, newest first."""
        wanted, values = ["NOT pictures.here AND file != ''" if search.deleted else "pictures.here"], list[str | int]()
        source, order = "pictures", "pictures.number"
        if expression := match_expression(search.words):
            source, order = "words CROSS JOIN pictures ON pictures.number = words.rowid", "words.rowid"
            wanted.append("words MATCH ?")
            values.append(expression)
        for condition, applies in (("pictures.starred", search.starred), ("NOT pictures.drawn", search.brought)):
            wanted += [condition] if applies else []
        if search.model:
            wanted.append("pictures.drawn AND pictures.model = ?")
            values.append(search.model)
        if search.before:
            wanted.append(f"{order} < ?")
            values.append(search.before)
        query = f"SELECT {{}} FROM {source} WHERE {' AND '.join(wanted)} ORDER BY {order} DESC LIMIT ?"
        return self._rows(query, (*values, most))

    def models(self) -> list[str]:
        """The models that drew the pictures, each found by one step in the index however many pictures it drew."""
        query = """WITH RECURSIVE each (model) AS (
            SELECT min(model) FROM pictures WHERE here AND drawn
            UNION ALL SELECT (SELECT min(model) FROM pictures WHERE here AND drawn AND model > each.model) FROM each
            WHERE each.model IS NOT NULL
        ) SELECT model FROM each WHERE model IS NOT NULL LIMIT ?"""
        return self._use(lambda index: [model for (model,) in index.execute(query, (MODELS,))])

    def _rows(self, query: str, values: tuple[str | int, ...]) -> list[IndexedPicture]:
        found = self._use(lambda index: index.execute(query.format(_COLUMNS), values).fetchall())
        return [IndexedPicture(*row[:9], *map(bool, row[9:])) for row in found]

    def _use(self, work: Callable[[sqlite3.Connection], _T]) -> _T:
        """What `work` gives; all of its changes are kept or none. Raises BrokenIndex, or DiskFull and BadInput."""
        try:
            return self._once(work)
        except sqlite3.DatabaseError as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            if code == sqlite3.SQLITE_FULL:
                raise DiskFull("The disk is full, so the index of your pictures could not be written.") from error
            if code in _DISK_FAULTS:
                raise BadInput(f"The index of your pictures cannot be used ({error}).", "Try again in a moment.") from error
            self.clear()
            raise BrokenIndex(str(error)) from error

    def _once(self, work: Callable[[sqlite3.Connection], _T]) -> _T:
        with contextlib.closing(self._connect()) as index, index:
            return work(index)

    def _connect(self) -> sqlite3.Connection:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        index = sqlite3.connect(self._file, timeout=_WAIT)
        with _closed_on_error(index):
            index.execute("PRAGMA synchronous = NORMAL")
            version = index.execute("PRAGMA user_version").fetchone()[0]
            if version not in (0, VERSION):
                raise sqlite3.DatabaseError(f"an index of version {version}")
            if version == 0:
                index.execute("PRAGMA journal_mode = WAL")
                index.executescript(f"BEGIN IMMEDIATE; {_TABLES} COMMIT;")
        return index


@contextlib.contextmanager
def _closed_on_error(index: sqlite3.Connection) -> Iterator[None]:
    try:
        yield
    except BaseException:
        index.close()
        raise
